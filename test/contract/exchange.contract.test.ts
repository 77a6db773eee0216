import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

import { saveCheckpoints } from '../../nodes/ExternalId/registry/checkpoints';
import { changeSettings } from '../../nodes/ExternalId/registry/status';
import type { Work } from '../../nodes/shared/ports';
import { api, byId, byObject, ids, makeRecords, picked, typed } from './api';
import type { Api } from './api';
import { caller, kindOf, tally } from './collect';
import { ENGINES, onEachEngine } from './engines';
import type { Lab } from './engines';
import { brokenRules, changesIn, worldOf } from './world';

const upTo = <T>(count: number, make: (number: number) => T): T[] => Array.from({ length: count }, (_, number) => make(number));
const silent = (): Work => ({ caller: caller(), operation: 'test', settle: () => undefined });

/** A registry with something of everything. */
async function furnish(all: Api): Promise<void> {
	const { registry } = all;
	await changeSettings(registry, { ownDomains: 'me.com' }, silent());
	await all.configure({ objectType: 'people', externalType: 'sf', idFormat: 'salesforce', idsPerObject: 2 });
	const accounts = await makeRecords(registry, 'accounts', upTo(30, (n) => `a${n}`), (name) => ({ name, domains: `${name}.com` }));
	await makeRecords(registry, 'people', upTo(1_200, (n) => `c${n}`), (name) => ({ name: `Zoë ${name} 🎈`, email: `${name}@x.com`, nested: { a: [1, null, { b: 'ü' }] } }));
	await all.upsert([{ objectType: 'people', ids: ids({ crm: 'c1', sf: '001000000000001AAA' }), fields: { email: 'second@x.com' }, account: byId('accounts', 'crm', 'a1') }]);
	await all.capture([...upTo(20, (n) => `known${n}@a${n}.com`), 'Ann <waiting@unknown.org>']);
	await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: 'c2x', current: { externalId: 'c2' } }]);
	await all.unmap([{ name: { objectType: 'people', externalType: typed('crm'), externalId: 'c3' } }]);
	await all.remove([byId('people', 'crm', 'c4'), byObject('accounts', accounts[5])]);
	await all.domains('add', [{ account: byId('accounts', 'crm', 'a6'), domains: 'shared.com', preferred: true }, { account: byId('accounts', 'crm', 'a7'), domains: 'shared.com' }]);
	await saveCheckpoints(registry, [{ name: 'flow', kind: 'date', value: '2026-01-01' }], { mayGoBack: false }, silent());
}

/** What is there, Object and Mapping IDs as they are. */
async function exactly(lab: Lab, workspace: string): Promise<Record<string, unknown>> {
	const tables = await lab.tables({ workspace });
	const passing = new Set(['workspace', 'updated_at', 'slot', 'seq', 'saved_at']);
	const rows = (table: string) => (tables[table] ?? []).map((row) => JSON.stringify(Object.entries(row).filter(([column]) => !passing.has(column) && !(column === 'created_at' && table !== 'record' && table !== 'mapping')))).sort();
	return Object.fromEntries(['configuration', 'record', 'mapping', 'email', 'related_domain', 'inbox', 'checkpoint', 'setting'].map((table) => [table, rows(table)]));
}

onEachEngine('Export and import', (lab) => {
	test.each([{ compress: false }, { compress: true }])('another registry takes the file: all is the same, Object and Mapping IDs too ($compress)', async ({ compress }) => {
		const one = api(await lab().registry({ workspace: 'one' }));
		await furnish(one);
		const file = await one.export({ compress });
		const two = api(await lab().registry({ workspace: 'two' }));
		const [[summary, ...troubles] = []] = await two.import([file.bytes]);
		expect(troubles).toEqual([]);
		const rows = Object.values(file.rows).reduce((sum, count) => sum + count, 0);
		expect(summary).toMatchObject({ status: 'created', fromWorkspace: 'one', rows, created: rows, unchanged: 0, conflicts: 0, sha256: file.sha256 });
		expect(await exactly(lab(), 'two')).toEqual(await exactly(lab(), 'one'));
		expect(await worldOf(lab(), { history: false, workspace: 'two' })).toEqual(await worldOf(lab(), { history: false, workspace: 'one' }));
		expect(brokenRules(await lab().tables({ workspace: 'two' }))).toEqual([]);
		expect((await lab().tables({ workspace: 'two' })).run).toEqual([expect.objectContaining({ operation: 'registry:import', origin: 'import' })]);
		// The taken IDs work: e-mail, format, former ID, deleted record.
		expect(await two.resolve([byId('people', 'sf', '001000000000001'), byId('people', 'crm', 'c2'), byId('people', 'crm', 'c4')])).toMatchObject([{ status: 'found' }, { isFormer: true }, { status: 'notFound' }]);
		expect(two.registry.settings.ownDomains).toEqual(['me.com']);
	});

	test('Promise 1: the same file again changes nothing, and neither does it in the registry that it comes from', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		await furnish(one);
		for (const history of [false, true]) {
			const { bytes } = await one.export({ history });
			const two = api(await lab().registry({ workspace: `two${String(history)}` }));
			await two.import([bytes]);
			const changes = await changesIn(lab());
			for (const again of [two, one]) expect((await again.import([bytes])).flat()).toEqual([expect.objectContaining({ status: 'unchanged', created: 0, conflicts: 0 })]);
			expect(await changesIn(lab())).toBe(changes);
		}
	});

	test('Promise 5: what differs is shown with both sides and stays as it is here, whatever the order of two files', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		await furnish(one);
		const first = (await one.export()).bytes;
		await new Promise((resolve) => setTimeout(resolve, 3));
		const person = (name: string) => one.upsert([{ objectType: 'people', ids: ids({ crm: 'c10' }), fields: { name } }]);
		await person('Another');
		await one.replace([{ objectType: 'people', externalType: typed('crm'), externalId: 'c11x', current: { externalId: 'c11' } }]);
		await one.configure({ objectType: 'people', externalType: 'crm', maxLength: 20 });
		await changeSettings(one.registry, { ownDomains: 'other.com' }, silent());
		await one.domains('add', [{ account: byId('accounts', 'crm', 'a8'), domains: 'a8.com', preferred: true }]);
		const second = (await one.export()).bytes;
		const worlds: Array<Record<string, unknown>> = [];
		for (const files of [[first, second], [second, first]]) {
			const workspace = `w${worlds.length}`;
			const all = api(await lab().registry({ workspace }));
			const outcomes = await all.import(files);
			const troubles = outcomes.flat().filter(({ status }) => status === 'conflict');
			expect(troubles.map(kindOf).sort()).toEqual(['configurationDiffers', 'domainDiffers', 'mappingDiffers', 'recordDiffers', 'recordHasOtherId', 'settingDiffers']);
			for (const trouble of troubles) expect(trouble.conflict).toMatchObject({ wanted: expect.anything(), existing: expect.anything() });
			expect(await all.get(byId('people', 'crm', 'c10'))).toMatchObject([{ fields: { name: 'Zoë c10 🎈' } }]);
			worlds.push(await exactly(lab(), workspace));
		}
		expect(worlds[1]).toEqual(worlds[0]);
	});

	test('an ID that another record has here stays with it, and the rest is taken', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		await makeRecords(one.registry, 'people', ['1', '2']);
		const two = api(await lab().registry({ workspace: 'two' }));
		const [here] = await makeRecords(two.registry, 'people', ['1']);
		const [outcomes = []] = await two.import([(await one.export()).bytes]);
		expect(outcomes).toMatchObject([{ status: 'created', conflicts: 1 }, { status: 'conflict', row: 'mapping', conflict: { existing: { objectId: here } } }]);
		expect(await two.resolve([byId('people', 'crm', '1'), byId('people', 'crm', '2')])).toMatchObject([{ objectId: here }, { status: 'found' }]);
		expect(brokenRules(await lab().tables({ workspace: 'two' }))).toEqual([]);
	});

	test('nothing is put on a record that was merged away here: nobody would find it there', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'accounts', ['A', 'B'], (name) => ({ domains: `${name}.com` }));
		await all.link(upTo(2, (n) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n}` }), email: `p${n}@x.com` })));
		const before = await all.export();
		// What the other registry learns of the two later, while they are still two there.
		await all.link([{ objectType: 'people', ids: ids({ crm: 'c1', shop: 's1' }), email: 'late@x.com' }]);
		const after = await all.export();
		const two = api(await lab().registry({ workspace: 'two' }));
		await two.import([before.bytes]);
		const merge = (objectType: 'accounts' | 'people', survivor: string, other: string) => ({ objectType, survivor: byId(objectType, 'crm', survivor), other: byId(objectType, 'crm', other) });
		await two.merge([merge('accounts', 'A', 'B'), merge('people', 'c0', 'c1')], { whenBothHaveId: 'keepSurvivor' });
		const { email, related_domain: domains, mapping } = await lab().tables({ workspace: 'two' });
		const dry = (await two.import([after.bytes], true)).flat();
		const [summary, ...conflicts] = (await two.import([after.bytes])).flat();
		expect(conflicts).toEqual(dry.slice(1));
		expect(summary).toMatchObject({ byKind: { email: { created: 0, unchanged: 2, conflicts: 1 }, domain: { created: 0, unchanged: 2, conflicts: 0 } } });
		const [survivor] = await two.resolve([byId('people', 'crm', 'c0')]);
		expect(conflicts.filter((each) => kindOf(each) === 'mergedHere')).toMatchObject([
			{ row: 'mapping', reason: expect.stringContaining(String(survivor?.objectId)) },
			{ row: 'email', conflict: { existing: { objectId: survivor?.objectId } } },
		]);
		expect(await lab().tables({ workspace: 'two' })).toMatchObject({ email, related_domain: domains, mapping });
	});

	test('a dry run says the same and writes nothing', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		await furnish(one);
		const { bytes } = await one.export();
		const two = api(await lab().registry({ workspace: 'two' }));
		await makeRecords(two.registry, 'people', ['c7']);
		const changes = await changesIn(lab());
		const [dry = []] = await two.import([bytes], true);
		expect(await changesIn(lab())).toBe(changes);
		const [real = []] = await two.import([bytes]);
		expect(dry[0]).toMatchObject({ status: 'planned', created: real[0]?.created, unchanged: real[0]?.unchanged, conflicts: real[0]?.conflicts });
		expect(dry.slice(1)).toEqual(real.slice(1));
		expect(real[0]).toMatchObject({ conflicts: 1 });
	});

	test('an import can be undone as a whole', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		await furnish(one);
		const two = api(await lab().registry({ workspace: 'two' }));
		const [[summary] = []] = await two.import([(await one.export()).bytes]);
		const runId = (summary as unknown as Record<string, unknown>).runId;
		expect((await two.undo([runId], { dryRun: true })).flat()).toMatchObject([{ status: 'planned', conflicts: 0 }]);
		expect((await two.undo([runId])).flat()).toMatchObject([{ status: 'updated', conflicts: 0 }]);
		const tables = await lab().tables({ workspace: 'two' });
		expect([tables.record?.filter(({ state }) => state === 'active'), tables.mapping?.filter(({ state }) => state !== 'deleted'), tables.email, tables.related_domain, tables.inbox, tables.configuration]).toEqual([[], [], [], [], [], []]);
		expect(two.registry.settings.ownDomains).toEqual([]);
	});

	test('with its history the other registry can tell, and undo, what was done before', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		const [ann] = await makeRecords(one.registry, 'people', ['1']);
		await one.create([{ objectType: 'people', externalType: picked('erp'), externalId: 'E', objectId: ann }]);
		const run = String((await lab().tables({ workspace: 'one' })).change?.at(-1)?.run_id);
		const two = api(await lab().registry({ workspace: 'two' }));
		await two.import([(await one.export({ history: true })).bytes]);
		const told = async (workspace: string) => ((await lab().tables({ workspace })).change ?? []).filter(({ run_id }) => run_id === run).map(({ kind, at, object_id, subject, before, after }) => ({ kind, at, object_id, subject, before, after }));
		expect(await told('two')).toEqual(await told('one'));
		expect((await lab().tables({ workspace: 'two' })).run?.find(({ id }) => id === run)).toMatchObject({ operation: 'test', origin: 'import' });
		expect((await two.undo([run])).flat()).toMatchObject([{ status: 'updated', conflicts: 0 }]);
		expect(await two.resolve([byId('people', 'erp', 'E')])).toMatchObject([{ status: 'invalid' }]);
	});

	test('a file from before does not bring back somebody who was erased, nor what its history says of them', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'people', ['a', 'b'], (name) => ({ name: `Name of ${name}`, email: `${name}@x.com` }));
		await all.capture(['waiting@nobody.com']);
		const { bytes } = await all.export({ history: true });
		await all.erase(byId('people', 'crm', 'a'), { by: 'email', objectType: 'people', email: 'waiting@nobody.com' });
		const told = (await all.import([bytes])).flat();
		expect(told.filter(({ status }) => status === 'skipped').map(kindOf)).toEqual(expect.arrayContaining(['erased']));
		const kept = JSON.stringify(await lab().tables());
		expect(kept).not.toContain('Name of a');
		expect(kept).not.toContain('a@x.com');
		expect(kept).not.toContain('waiting@nobody.com');
		expect(kept).toContain('Name of b');
	});

	test('Related Domains that come in catch the addresses that wait here', async () => {
		const there = api(await lab().registry({ workspace: 'there' }));
		await makeRecords(there.registry, 'accounts', ['a'], () => ({ domains: 'acme.com' }));
		const { bytes } = await there.export();
		const here = api(await lab().registry());
		await here.capture(['ann@acme.com']);
		await here.import([bytes]);
		expect((await here.capture(['ann@acme.com'])).flat()).toEqual([expect.objectContaining({ status: 'unchanged', accountId: expect.stringMatching(/^acc_/) })]);
	});

	test('secrets do not leave the registry', async () => {
		const one = api(await lab().registry({ workspace: 'one' }, 'a key'));
		await makeRecords(one.registry, 'people', ['1']);
		const text = (await one.export({ history: true })).bytes.toString();
		expect(text).toContain('"mappingCreated"');
		expect(text).not.toContain('accessKey');
	});
});

onEachEngine('A file that is not whole, or not ours, is refused before anything is written', (lab) => {
	/** The file with other lines, its checksum made right. */
	const resealed = (bytes: Buffer, change: (lines: string[]) => string[]): Buffer => {
		const lines = change(bytes.toString().trimEnd().split('\n').slice(0, -1));
		const body = `${lines.join('\n')}\n`;
		const rows: Record<string, number> = {};
		for (const line of lines.slice(1)) {
			const { type } = JSON.parse(line) as { type: string };
			rows[type] = (rows[type] ?? 0) + 1;
		}
		return Buffer.from(`${body}${JSON.stringify({ type: 'end', rows, sha256: createHash('sha256').update(body).digest('hex') })}\n`);
	};

	test('cut anywhere, changed anywhere, of another kind or version', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		await makeRecords(one.registry, 'people', upTo(300, (n) => `c${n}`), (name) => ({ email: `${name}@x.com` }));
		const { bytes } = await one.export();
		const packed = gzipSync(bytes);
		const lines = bytes.toString().trimEnd().split('\n');
		const without = (at: number) => Buffer.from([...lines.slice(0, at), ...lines.slice(at + 1)].join('\n'));
		const bad: Array<[string, Buffer]> = [
			['notOurFile', Buffer.from('')],
			['notOurFile', Buffer.from('name;email\nAnn;ann@x.com\n')],
			['notOurFile', Buffer.from('{"format":"something else"}\n')],
			['notOurFile', Buffer.from([0xff, 0xfe, 0x00, 0x01])],
			['notOurFile', Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from('no gzip at all')])],
			['fileVersion', resealed(bytes, ([header = '', ...rest]) => [header.replace('"version":1', '"version":2'), ...rest])],
			['fileDamaged', bytes.subarray(0, bytes.length / 2)],
			['fileDamaged', Buffer.from(lines.slice(0, -1).join('\n'))],
			['fileDamaged', packed.subarray(0, packed.length - 500)],
			['fileDamaged', without(5)],
			['fileDamaged', Buffer.from(bytes.toString().replace('c7@x.com', 'c8@x.com'))],
			['fileDamaged', Buffer.concat([bytes, Buffer.from('{"type":"record","row":{}}\n')])],
			['fileDamaged', resealed(bytes, (all) => all.map((line) => line.replace('"objectType":"people"', '"objectType":"robots"')))],
			['fileDamaged', resealed(bytes, (all) => all.map((line) => line.replace('"state":"active"', '"state":1')))],
			['fileDamaged', resealed(bytes, (all) => [...all, '{"type":"nonsense","row":{}}'])],
		];
		expect(gunzipSync(packed).equals(bytes)).toBe(true);
		const two = api(await lab().registry({ workspace: 'two' }));
		const outcomes = (await two.import([...bad.map(([, file]) => file), undefined])).flat();
		expect(outcomes.map(kindOf)).toEqual([...bad.map(([kind]) => kind), 'noFile']);
		expect(tally(outcomes)).toEqual({ invalid: bad.length + 1 });
		expect((await lab().tables({ workspace: 'two' })).change).toEqual([]);
		// A bad file never blocks a good one (promise 6).
		expect((await two.import([bad[6]?.[1], packed])).flat()).toMatchObject([{ status: 'invalid' }, { status: 'created', conflicts: 0 }]);
	});

	test('what a forged file says of records and IDs that are not in it is a conflict, not a breakdown', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		await makeRecords(one.registry, 'accounts', ['a'], () => ({ domains: 'a.com' }));
		await one.upsert([{ objectType: 'people', ids: ids({ crm: 'c' }), fields: { email: 'c@x.com' }, account: byId('accounts', 'crm', 'a') }]);
		const { bytes } = await one.export();
		const two = api(await lab().registry({ workspace: 'two' }));
		const forged = resealed(bytes, (lines) => lines.filter((line) => !line.includes('"id":"acc_')));
		const outcomes = (await two.import([forged])).flat();
		expect(outcomes.slice(1).map(kindOf).sort()).toEqual(['accountMissing', 'recordMissing', 'recordMissing', 'recordMissing', 'recordMissing']);
		expect(brokenRules(await lab().tables({ workspace: 'two' }))).toEqual([]);
	});
});

describe('Promise 2: an import that was stopped goes on where it was', () => {
	test.each(ENGINES)('$name', async (engine) => {
		const lab = engine.lab();
		try {
			const one = api(await lab.registry({ workspace: 'one' }));
			await furnish(one);
			const { bytes, rows } = await one.export({ history: true });
			const registry = await lab.registry({ workspace: 'two' });
			const { transact } = registry.store;
			for (const batches of [1, 4, 9, 14]) {
				const stop = new AbortController();
				let done = 0;
				registry.store.transact = async (workspace, reads, run, decide) => {
					if (++done === batches) stop.abort();
					return (await transact.call(registry.store, workspace, reads, run, decide)) as never;
				};
				expect((await api(registry, { signal: stop.signal }).import([bytes])).flat()[0]).toMatchObject({ status: 'notAttempted', retry: true });
			}
			registry.store.transact = transact;
			const [[summary] = []] = await api(registry).import([bytes]);
			expect(summary).toMatchObject({ status: 'created', conflicts: 0 });
			expect(await exactly(lab, 'two')).toEqual(await exactly(lab, 'one'));
			const taken = (await lab.tables({ workspace: 'two' })).change ?? [];
			const imports = new Set(((await lab.tables({ workspace: 'two' })).run ?? []).filter(({ operation }) => operation === 'registry:import').map(({ id }) => id));
			expect(taken.filter(({ run_id }) => !imports.has(run_id))).toHaveLength(rows.change ?? 0);
		} finally {
			await lab.remove();
		}
	});
});

onEachEngine('An export while others write', (lab) => {
	test('holds every record and External Type that its rows refer to', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		await makeRecords(one.registry, 'people', upTo(50, (n) => `c${n}`));
		const { store } = one.registry;
		const { scanMappings } = store;
		let written = false;
		store.scanMappings = async (...parameters) => {
			if (!written) {
				written = true;
				await makeRecords(one.registry, 'accounts', ['late'], () => ({ domains: 'late.com' }));
				await one.capture(['late@late.com']);
			}
			return await scanMappings.apply(store, parameters);
		};
		const { bytes } = await one.export();
		store.scanMappings = scanMappings;
		const two = api(await lab().registry({ workspace: 'two' }));
		expect(tally((await two.import([bytes])).flat())).toEqual({ created: 1 });
		expect(await two.get(byId('accounts', 'crm', 'late'))).toMatchObject([{ domains: ['late.com'] }]);
	});
});
