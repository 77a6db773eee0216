import fc from 'fast-check';

import { changeSettings } from '../../nodes/ExternalId/registry/status';
import type { Outcome } from '../../nodes/shared/identity/outcome';
import type { Work } from '../../nodes/shared/ports';
import { api, byId, byObject, ids, makeRecords, picked, TAKE, typed } from './api';
import type { Api } from './api';
import { caller, kindOf, statuses, tally } from './collect';
import { ENGINES, onEachEngine } from './engines';
import type { Lab } from './engines';
import { brokenRules, changesIn, worldOf } from './world';

const upTo = <T>(count: number, make: (number: number) => T): T[] => Array.from({ length: count }, (_, number) => make(number));
const silent = (operation = 'test'): Work => ({ caller: caller(), operation, settle: () => undefined });

/** The run that wrote last. */
async function lastRun(lab: Lab): Promise<string> {
	const { change = [] } = await lab.tables();
	return String(change.at(-1)?.run_id);
}

/** What is true now; records that an undo took away, which nothing leads to any more, count as not there. */
async function present(lab: Lab): Promise<Record<string, string[]>> {
	const world = await worldOf(lab, { history: false });
	return { ...world, record: (world.record ?? []).filter((row) => !/"<\w+ deleted \{[^|]*\}>"/.test(row)) };
}

/** Each writer, on a registry that has something of everything. */
const WRITERS: Record<string, (all: Api, people: string[], accounts: string[]) => Promise<unknown>> = {
	'mapping: link': async ({ link }) => await link(upTo(60, (n) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n}`, shop: `s${n}` }), email: `second${n}@x.com` }))),
	'mapping: create': async ({ create }, people) => await create(people.map((objectId, n) => ({ objectType: 'people' as const, externalType: picked('web'), externalId: `w${n}`, objectId }))),
	'mapping: create that moves and replaces': async ({ create }, people) => await create(people.map((objectId, n) => ({ objectType: 'people' as const, externalType: picked('crm'), externalId: n % 2 ? `c${n - 1}` : `new${n}`, objectId })), TAKE),
	'mapping: replace': async ({ replace }) => await replace(upTo(40, (n) => ({ objectType: 'people' as const, externalType: typed('crm'), externalId: `d${n}`, current: { externalId: `c${n}` } }))),
	'mapping: delete': async ({ unmap }) => await unmap(upTo(40, (n) => ({ name: { objectType: 'people' as const, externalType: typed('crm'), externalId: `c${n}` } }))),
	'record: upsert of people': async ({ upsert }) => await upsert(upTo(60, (n) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n}`, shop: `s${n}` }), fields: { name: `Other ${n}`, email: `other${n}@x.com`, accountId: 'a field', custom: { n } }, account: byId('accounts', 'crm', `a${n % 5}`) }))),
	'record: upsert of accounts': async ({ upsert }) => await upsert(upTo(12, (n) => ({ objectType: 'accounts' as const, ids: ids({ crm: `a${n}` }), fields: { name: `Account ${n}`, domains: `a${n}.com, b${n}.com` } }))),
	'record: delete': async ({ remove }, people, accounts) => await remove([byObject('people', people[0]), ...accounts.slice(0, 2).map((id) => byObject('accounts', id))]),
	'record: restore': async ({ remove }, people) => await remove([byObject('people', people[39])], true),
	'domain: add': async ({ domains }, _people, accounts) => await domains('add', [{ account: byObject('accounts', accounts[0]), domains: 'new.com, a0.com', preferred: true }]),
	'domain: set': async ({ domains }, _people, accounts) => await domains('set', accounts.map((id, n) => ({ account: byObject('accounts', id), domains: `set${n}.com` }))),
	'domain: remove': async ({ domains }, _people, accounts) => await domains('remove', [{ account: byObject('accounts', accounts[1]), domains: 'a1.com' }]),
	'contact: capture': async ({ capture }) => await capture([...upTo(30, (n) => `new${n}@a${n % 8}.com`), 'waiting@a5.com', 'Late Name <late@unknown.org>']),
	'configuration: create': async ({ configure }) => await configure({ objectType: 'people', externalType: 'new' }, { objectType: 'people', externalType: 'crm', idsPerObject: 3, pattern: '.*' }),
	'configuration: delete with its mappings': async ({ unconfigure }) => await unconfigure([{ objectType: 'people', externalType: 'crm' }], true),
};

async function furnish(all: Api): Promise<{ people: string[]; accounts: string[] }> {
	const accounts = await makeRecords(all.registry, 'accounts', upTo(5, (n) => `a${n}`), (name) => ({ name, domains: `${name}.com` }));
	const people = await makeRecords(all.registry, 'people', upTo(40, (n) => `c${n}`), (name) => ({ name, email: `${name}@a1.com` }));
	await all.capture([...upTo(10, (n) => `known${n}@a${n % 2}.com`), 'waiting@a5.com', 'Early <late@unknown.org>']);
	await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: 'c1x', current: { externalId: 'c1' } }]);
	await all.remove([byObject('people', people[39])]);
	return { people, accounts };
}

onEachEngine('Undo of a run', (lab) => {
	test.each(Object.keys(WRITERS))('"%s" leaves the registry as it was before, and the undo of the undo as it was after', async (name) => {
		const all = api(await lab().registry());
		const { people, accounts } = await furnish(all);
		const before = await present(lab());
		await WRITERS[name]?.(all, people, accounts);
		const after = await present(lab());
		expect(after).not.toEqual(before);
		const run = await lastRun(lab());
		const { change = [] } = await lab().tables();
		const changes = change.filter(({ run_id }) => run_id === run).length;

		const world = await worldOf(lab(), { history: true });
		const dry = await all.undo([run], { dryRun: true });
		expect(dry).toEqual([[expect.objectContaining({ status: 'planned', changes, undone: changes, conflicts: 0 })]]);
		expect(await worldOf(lab(), { history: true })).toEqual(world);

		expect(await all.undo([run])).toEqual([[expect.objectContaining({ status: 'updated', runId: run, changes, undone: changes, conflicts: 0 })]]);
		expect(await present(lab())).toEqual(before);
		expect(brokenRules(await lab().tables())).toEqual([]);
		const undo = await lastRun(lab());
		expect((await all.undo([undo]))[0]?.[0]).toMatchObject({ status: 'updated', conflicts: 0 });
		expect(await present(lab())).toEqual(after);
		// Now the run is in effect again, and can be undone again.
		expect((await all.undo([run]))[0]?.[0]).toMatchObject({ status: 'updated', undone: changes, conflicts: 0 });
		expect(await present(lab())).toEqual(before);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test.each([true, false])('of a merge gives both records back, whichever of them its history tells first (the merge itself first: %s)', async (first) => {
		const all = api(await lab().registry());
		const { registry } = all;
		const [winner, loser] = (await makeRecords(registry, 'accounts', ['w', 'l'], (name) => ({ name, domains: `${name}.com` }))) as [string, string];
		await all.link([{ objectType: 'accounts', ids: ids({ crm: 'l', erp: 'L' }) }]);
		const [ann] = (await all.capture(['ann@l.com'])).flat() as unknown as Array<Record<string, string>>;
		const [one, two] = (await makeRecords(registry, 'people', ['p1', 'p2'], (name) => ({ email: `${name}@x.com` }))) as [string, string];
		const before = await present(lab());
		const work = { caller: caller(), operation: 'record:merge' };
		const pairs: Array<[string, string]> = [[winner, loser], [one, two]];
		await registry.transact({ objectIds: [...pairs.flat(), String(ann?.objectId)], with: { mappings: true, emails: true, domains: true } }, work, (unit) => {
			const mark = () => pairs.forEach(([into, from]) => unit.updateRecord(from, { state: 'merged', mergedInto: into }, 'recordsMerged', { state: 'active' }, { state: 'merged', mergedInto: into }));
			if (first) mark();
			for (const [into, from] of pairs) {
				for (const row of unit.mappingsOf(from)) {
					unit.setMappingState(row, 'deleted');
					const moved = unit.addMapping({ ...row, key: row.idKey }, row.externalId, into);
					if (unit.currentOf(into, row.externalType).length > 1) unit.setMappingState(moved, 'former');
				}
				for (const row of unit.emailsOf(from)) {
					unit.removeEmail(row);
					unit.addEmail(unit.record(into) as never, row, false);
				}
				for (const row of unit.domainsOf(from)) {
					unit.removeDomain(row);
					unit.putDomain(into, row.domain, row.preferred);
				}
			}
			unit.updateRecord(String(ann?.objectId), { accountId: winner }, 'recordUpdated', { accountId: loser }, { accountId: winner });
			if (!first) mark();
		});
		const after = await present(lab());
		expect((await all.undo([work.caller.runId])).flat()).toMatchObject([{ status: 'updated', conflicts: 0 }]);
		expect(await present(lab())).toEqual(before);
		expect((await all.undo([await lastRun(lab())])).flat()).toMatchObject([{ status: 'updated', conflicts: 0 }]);
		expect(await present(lab())).toEqual(after);
		expect(brokenRules(await lab().tables())).toEqual([]);
		// What became of the survivor since stays.
		await all.unmap([{ name: { objectType: 'accounts', externalType: typed('erp'), externalId: 'L' } }]);
		const kept = (await all.undo([work.caller.runId])).flat();
		expect(kept[0]).toMatchObject({ status: 'updated', conflicts: 0, alreadySo: 1 });
		expect(await all.resolve([byId('accounts', 'erp', 'L')])).toMatchObject([{ objectId: loser }]);
	});

	test('of settings puts the old ones back; what is secret is not in the history and stays', async () => {
		const all = api(await lab().registry(undefined, 'key'));
		await changeSettings(all.registry, { ownDomains: 'me.com' }, silent());
		await changeSettings(all.registry, { ownDomains: 'mine.com', retentionDays: 30 }, silent());
		expect((await all.undo([await lastRun(lab())]))[0]?.[0]).toMatchObject({ status: 'updated', undone: 2 });
		expect(all.registry.settings).toMatchObject({ ownDomains: ['me.com'], retentionDays: 180 });
	});

	test('gives an e-mail that was primary before its place back, also where another is older', async () => {
		const all = api(await lab().registry());
		const one = (email: string) => all.upsert([{ objectType: 'people', ids: ids({ crm: 'c' }), fields: { email } }]);
		await one('z@x.com');
		await one('b@x.com');
		await one('c@x.com');
		await all.undo([await lastRun(lab())]);
		expect(await all.get(byId('people', 'crm', 'c'))).toMatchObject([{ email: 'b@x.com', emails: ['b@x.com', 'z@x.com'] }]);
	});

	test('takes a record away so that feeds make a new one instead of stopping at a deleted one', async () => {
		const all = api(await lab().registry());
		const entry = { objectType: 'people' as const, ids: ids({ crm: 'c' }), fields: { email: 'ann@x.com' } };
		const [first] = await all.upsert([entry]);
		await all.undo([await lastRun(lab())]);
		expect(await all.resolve([byId('people', 'crm', 'c')])).toMatchObject([{ status: 'invalid' }]);
		const [second] = await all.upsert([entry]);
		expect(second).toMatchObject({ status: 'created' });
		expect((second as Record<string, unknown>).objectId).not.toBe((first as Record<string, unknown>).objectId);
	});
});

onEachEngine('Promise 5: what changed since the run is a conflict with both sides and stays', (lab) => {
	/** Undoes a run after something else has happened, and gives its troubles. */
	async function after(all: Api, work: () => Promise<unknown>, since: () => Promise<unknown>): Promise<Outcome[]> {
		await work();
		const run = await lastRun(lab());
		await since();
		const [outcomes = []] = await all.undo([run]);
		expect(brokenRules(await lab().tables())).toEqual([]);
		return outcomes;
	}

	test('an ID that another run replaced, moved or gave away', async () => {
		const all = api(await lab().registry());
		const people = await makeRecords(all.registry, 'people', ['1', '2', '3', '4']);
		const create = (pairs: Array<[string, number]>) => all.create(pairs.map(([externalId, n]) => ({ objectType: 'people' as const, externalType: picked('erp'), externalId, objectId: people[n] })), TAKE);
		await create([['old', 3]]);
		const outcomes = await after(all, () => create([['a', 0], ['b', 1], ['c', 2], ['new', 3]]), async () => {
			await all.replace([{ objectType: 'people', externalType: typed('erp'), externalId: 'a2', current: { externalId: 'a' } }]);
			await all.unmap([{ name: { objectType: 'people', externalType: typed('erp'), externalId: 'c' } }]);
			await create([['old', 0]]);
		});
		// Sorted by Object ID, newest first: new/old of 4, c of 3 (deleted already), b of 2, a of 1 (former by now).
		expect(outcomes[0]).toMatchObject({ status: 'updated', changes: 5, undone: 2, alreadySo: 1, conflicts: 2 });
		expect(outcomes.slice(1).map((each) => [kindOf(each), each.externalId])).toEqual([['changedSince', 'old'], ['changedSince', 'a']]);
		expect(outcomes[1]).toMatchObject({ reason: expect.stringContaining('is deleted now') });
		expect(await all.resolve([byId('people', 'erp', 'a2'), byId('people', 'erp', 'old')])).toMatchObject([{ objectId: people[0] }, { objectId: people[0] }]);
	});

	test('a field that was changed again stays, and the others of the record get their old values', async () => {
		const all = api(await lab().registry());
		const one = (fields: Record<string, unknown>) => all.upsert([{ objectType: 'people', ids: ids({ crm: 'c' }), fields }]);
		await one({ name: 'Ann', title: 'CEO' });
		const outcomes = await after(all, () => one({ name: 'Anna', title: 'CTO' }), () => one({ title: 'Chair' }));
		expect(outcomes).toMatchObject([{ status: 'conflict', conflicts: 1, undone: 0 }, { status: 'conflict', conflict: { left: { title: 'CTO' }, now: { title: 'Chair' } } }]);
		expect(await all.get(byId('people', 'crm', 'c'))).toMatchObject([{ fields: { name: 'Ann', title: 'Chair' } }]);
	});

	test('a record that got an ID, an e-mail, a domain or contacts since stays, without what the run gave it', async () => {
		const all = api(await lab().registry());
		const outcomes = await after(
			all,
			() => all.upsert(upTo(4, (n) => ({ objectType: 'accounts' as const, ids: ids({ crm: `a${n}` }), fields: { domains: `a${n}.com` } })), { whenDomainKnown: 'create' }),
			async () => {
				await all.link([{ objectType: 'accounts', ids: ids({ crm: 'a0', erp: 'E' }) }]);
				await all.domains('add', [{ account: byId('accounts', 'crm', 'a1'), domains: 'more.com' }]);
				await all.capture(['ann@a2.com']);
			},
		);
		expect(outcomes[0]).toMatchObject({ status: 'updated', changes: 13, conflicts: 3 });
		expect(outcomes.slice(1).map((each) => String(each.reason).split(': ')[1])).toEqual([expect.stringContaining('contacts'), expect.stringContaining('more.com'), expect.stringContaining('erp')]);
		const { record = [] } = await lab().tables();
		expect(record.filter(({ object_type }) => object_type === 'accounts').map(({ state }) => state)).toEqual(['active', 'active', 'active', 'deleted']);
		// An erp ID cannot lead to nothing.
		expect(await all.resolve([byId('accounts', 'erp', 'E')])).toMatchObject([{ status: 'found' }]);
	});

	test('once the later run is undone as well, the earlier one can be; both in one input are done newest first, whatever their order', async () => {
		for (const order of [0, 1]) {
			const workspace = `w${order}`;
			const all = api(await lab().registry({ workspace }));
			const before = await worldOf(lab(), { history: false, workspace });
			const runOf = async () => String((await lab().tables({ workspace })).change?.at(-1)?.run_id);
			await makeRecords(all.registry, 'people', ['1', '2'], () => ({ name: 'x' }));
			const first = await runOf();
			await new Promise((resolve) => setTimeout(resolve, 3));
			await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: 'new', current: { externalId: '1' } }]);
			const second = await runOf();
			expect((await all.undo([first], { dryRun: true }))[0]?.[0]).toMatchObject({ conflicts: 3 });
			const outcomes = await all.undo(order ? [first, second] : [second, first]);
			expect(outcomes.flat().map(({ status }) => status)).toEqual(['updated', 'updated']);
			const now = await worldOf(lab(), { history: false, workspace });
			expect(now.mapping).toEqual(before.mapping);
			expect(now.configuration).toEqual([]);
		}
	});
});

onEachEngine('Promise 1: undoing twice changes nothing the second time', (lab) => {
	test('and says by which run it is undone; nor does it when some of it could not be undone', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'people', upTo(20, (n) => `c${n}`));
		const run = await lastRun(lab());
		await all.link([{ objectType: 'people', ids: ids({ crm: 'c3', erp: 'E' }) }]);
		const first = (await all.undo([run])).flat();
		// The record has an ID of another run; all else goes.
		expect(tally(first)).toEqual({ updated: 1, conflict: 1 });
		const changes = await changesIn(lab());
		const second = (await all.undo([run])).flat();
		expect(tally(second)).toEqual({ conflict: 2 });
		expect(second.slice(1).map(({ reason }) => reason)).toEqual(first.slice(1).map(({ reason }) => reason));
		expect(await changesIn(lab())).toBe(changes);
		await all.unmap([{ name: { objectType: 'people', externalType: typed('erp'), externalId: 'E' } }]);
		expect((await all.undo([run, run])).flat()).toMatchObject([{ status: 'updated', conflicts: 0, undone: 1 }, { status: 'unchanged' }]);
		const undoneBy = await lastRun(lab());
		expect((await all.undo([run])).flat()).toEqual([expect.objectContaining({ status: 'unchanged', undoneBy })]);
	});
});

describe('Promise 2: an undo that was stopped goes on where it was', () => {
	test.each(ENGINES)('$name', async (engine) => {
		const lab = engine.lab();
		try {
			const registry = await lab.registry();
			await makeRecords(registry, 'people', ['seed'], () => ({ email: 'seed@x.com' }));
			const before = await present(lab);
			// One person twice in one run, one after the other: a chain of values that only an exact undo gets right.
			const entry = (n: number, name: string) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n}` }), fields: { name, email: `${name}${n}@x.com` } });
			await api(registry, { caller: caller({ runId: 'run_zz' }) }).upsert(upTo(400, (n) => entry(n, 'one')));
			await api(registry, { caller: caller({ runId: 'run_zz' }) }).upsert(upTo(400, (n) => entry(n, 'two')));
			const { change = [] } = await lab.tables();
			const total = change.filter(({ run_id }) => run_id === 'run_zz').length;
			let stops = 0;
			for (let time = 0; time < 3; time++) {
				const stop = new AbortController();
				let batches = 0;
				const { transact } = registry.store;
				registry.store.transact = async (workspace, reads, run, decide) => {
					if (++batches === 2) stop.abort();
					return await transact.call(registry.store, workspace, reads, run, decide) as never;
				};
				const [outcomes = []] = await api(registry, { signal: stop.signal }).undo(['run_zz']);
				registry.store.transact = transact;
				if (outcomes[0]?.status === 'notAttempted') stops++;
				expect(outcomes[0]).toMatchObject({ retry: true, conflicts: 0 });
			}
			expect(stops).toBe(3);
			const [outcomes = []] = await api(registry).undo(['run_zz']);
			expect(outcomes).toMatchObject([{ status: 'updated', conflicts: 0, changes: total }]);
			expect(Number(outcomes[0]?.undone) + Number(outcomes[0]?.undoneBefore)).toBe(total);
			expect(await present(lab)).toEqual(before);
			expect(brokenRules(await lab.tables())).toEqual([]);
		} finally {
			await lab.remove();
		}
	});
});

onEachEngine('Promise 4: every change of the run is accounted for', (lab) => {
	test('one by one where that is asked for, and the counts add up', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'people', upTo(30, (n) => `c${n}`), (name) => ({ email: `${name}@x.com` }));
		const run = await lastRun(lab());
		await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: 'other', current: { externalId: 'c7' } }]);
		await all.unmap([{ name: { objectType: 'people', externalType: typed('crm'), externalId: 'c9' } }]);
		for (const dryRun of [true, false]) {
			const [[summary, ...rest] = []] = await all.undo([run], { dryRun, everyChange: true });
			const { undone, alreadySo, conflicts, changes } = summary as unknown as Record<string, number>;
			expect(Number(undone) + Number(alreadySo) + Number(conflicts)).toBe(changes);
			expect(tally(rest)).toEqual({ [dryRun ? 'planned' : 'updated']: undone, conflict: conflicts });
		}
	});

	test('runs that are not there, that are named wrongly, or whose history is past', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'people', ['1', '2']);
		const run = await lastRun(lab());
		await lab().execute(`DELETE FROM change WHERE kind = 'mappingCreated'`);
		const [outcomes] = await all.undo([run]);
		expect(outcomes?.at(-1)).toMatchObject({ status: 'conflict', reason: expect.stringContaining('2 of the 5 changes') });
		await lab().execute('DELETE FROM change');
		const told = (await all.undo([run, 'run_nothing', '', 7, null])).flat();
		expect(statuses(told)).toEqual(['notFound', 'notFound', 'invalid', 'invalid', 'invalid']);
		expect(told[0]).toMatchObject({ reason: expect.stringContaining('180 days') });
	});
});

onEachEngine('Undo, whatever was done', (lab) => {
	test('any sequence of runs, undone from the newest on, leads back step by step', async () => {
		const names = Object.keys(WRITERS);
		let workspaces = 0;
		await fc.assert(
			fc.asyncProperty(fc.array(fc.nat(names.length - 1), { minLength: 1, maxLength: 6 }), async (steps) => {
				const workspace = `p${++workspaces}`;
				const view = { ...lab(), tables: async () => await lab().tables({ workspace }) } as Lab;
				const all = api(await lab().registry({ workspace }));
				const { people, accounts } = await furnish(all);
				const past: Array<{ run: string; before: Record<string, string[]> }> = [];
				for (const step of steps) {
					const before = await presentIn(view, workspace);
					const changes = (await view.tables()).change?.length;
					await WRITERS[names[step] as string]?.(all, people, accounts);
					if ((await view.tables()).change?.length === changes) continue;
					past.push({ run: await lastRun(view), before });
				}
				for (const { run, before } of past.reverse()) {
					expect((await all.undo([run])).flat()).toMatchObject([{ status: 'updated', conflicts: 0 }]);
					expect(await presentIn(view, workspace)).toEqual(before);
				}
				expect(brokenRules(await view.tables())).toEqual([]);
			}),
			{ numRuns: 15 },
		);
	});
});

async function presentIn(lab: Lab, workspace: string): Promise<Record<string, string[]>> {
	const world = await worldOf(lab, { history: false, workspace });
	return { ...world, record: (world.record ?? []).filter((row) => !/"<\w+ deleted \{[^|]*\}>"/.test(row)) };
}
