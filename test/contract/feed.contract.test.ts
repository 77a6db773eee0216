import { newestEntry, readFeed, shownEntries } from '../../nodes/ExternalId/registry/feed';
import type { FeedChoice, FeedEvent } from '../../nodes/ExternalId/registry/feed';
import type { Registry } from '../../nodes/ExternalId/registry/registry';
import { DAY_MS } from '../../nodes/ExternalId/registry/retention';
import type { Work } from '../../nodes/shared/ports';
import { api, byId, byObject, id, ids, makeRecords } from './api';
import { caller } from './collect';
import { onEachEngine } from './engines';

const signal = new AbortController().signal;

export function choiceOf(events: readonly FeedEvent[], more: Partial<FeedChoice> = {}): FeedChoice {
	return { events: new Set(events), exceptWorkflowId: undefined, exceptOrigins: new Set(), alsoFrom: new Set(), withLinked: false, objectTypes: new Set(), externalTypes: new Set(), ...more };
}

async function itemsOf(registry: Registry, choice: FeedChoice): Promise<Array<Record<string, unknown>>> {
	const { entries } = await readFeed(registry, choice, 0, await registry.store.lastChange(), 100_000, signal);
	return await shownEntries(registry, entries);
}

const ACME = { objectType: 'accounts' as const, ids: ids({ crm: 'A' }), fields: { name: 'Acme', domains: 'acme.com' } };

const ofOperation = (operation: string, more: Parameters<typeof caller>[0] = {}): Pick<Work, 'caller' | 'operation'> => ({ caller: caller(more), operation });

onEachEngine('The feed of the history', (lab) => {
	test('a contact made by domain comes with its account, and the domain that decided', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const [account] = await all.upsert([ACME]);
		await all.capture(['Ann Lee <ann@eu.acme.com>', 'eve@nowhere.com']);
		await all.link([{ objectType: 'people', ids: ids({ crm: 1 }), email: 'bob@acme.com' }]);
		const items = await itemsOf(registry, choiceOf(['contactCreatedByDomain']));
		expect(items).toEqual([
			expect.objectContaining({
				event: 'contactCreatedByDomain',
				objectType: 'people',
				email: 'ann@eu.acme.com',
				fields: { name: 'Ann Lee' },
				externalIds: {},
				accountId: account?.objectId,
				accountName: 'Acme',
				matchedDomain: 'acme.com',
				matchKind: 'registrable',
				isNew: true,
				changedBy: expect.objectContaining({ workflowId: 'workflow1', origin: 'manual', runId: expect.stringMatching(/^run_/) }),
			}),
		]);
	});

	test('a contact that was there and gets its account by domain is updated, and counts as made by domain only where that is asked for', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await all.link([{ objectType: 'people', ids: ids({ crm: 1 }), email: 'bob@acme.com' }]);
		await all.upsert([ACME]);
		await all.capture(['bob@acme.com']);
		expect(await itemsOf(registry, choiceOf(['contactCreatedByDomain']))).toEqual([]);
		const linked = { email: 'bob@acme.com', externalIds: { crm: '1' }, matchedDomain: 'acme.com', matchKind: 'exact', accountName: 'Acme' };
		expect(await itemsOf(registry, choiceOf(['contactCreatedByDomain'], { withLinked: true }))).toEqual([expect.objectContaining({ ...linked, isNew: false })]);
		expect(await itemsOf(registry, choiceOf(['recordUpdated']))).toEqual([expect.objectContaining({ ...linked, changed: ['accountId'], before: { accountId: null } })]);
	});

	test('an address without an account comes with its reason', async () => {
		const registry = await lab().registry();
		await api(registry).capture(['Eve <eve@nowhere.com>', 'eve@nowhere.com']);
		expect(await itemsOf(registry, choiceOf(['contactWithoutAccount']))).toEqual([
			expect.objectContaining({ event: 'contactWithoutAccount', email: 'eve@nowhere.com', name: 'Eve', domain: 'nowhere.com', reason: 'domainWithoutAccount', inboxState: 'waiting' }),
		]);
	});

	test('each change of a record is an item of its own, with what it changed and the record as it is now', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await makeRecords(registry, 'people', ['1'], () => ({ name: 'Ann' }));
		for (const title of ['Buyer', 'CEO']) await all.upsert([{ objectType: 'people', ids: ids({ crm: '1' }), fields: { title } }]);
		await all.remove([byId('people', 'crm', '1')]);
		await all.remove([byId('people', 'crm', '1')], true);
		const items = await itemsOf(registry, choiceOf(['recordUpdated']));
		expect(items.map(({ changed, before, after }) => ({ changed, before, after }))).toEqual([
			{ changed: ['title'], before: { title: null }, after: { title: 'Buyer' } },
			{ changed: ['title'], before: { title: 'Buyer' }, after: { title: 'CEO' } },
			{ changed: ['state'], before: { state: 'deleted' }, after: { state: 'active' } },
		]);
		expect(items.map(({ fields }) => fields)).toEqual(Array(3).fill({ name: 'Ann', title: 'CEO' }));
	});

	test('mappings that come and go tell of their ID, and may be asked for by External Type', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const [objectId] = await makeRecords(registry, 'people', ['1']);
		const [made] = await all.create([{ objectType: 'people', objectId, ...id('erp', 'E-1') }]);
		await all.unmap([{ name: { mappingIds: made?.mappingId } }]);
		const created = await itemsOf(registry, choiceOf(['mappingCreated']));
		expect(created.map(({ externalType, externalId, objectId: of }) => [externalType, externalId, of])).toEqual([['crm', '1', objectId], ['erp', 'E-1', objectId]]);
		expect(await itemsOf(registry, choiceOf(['mappingCreated', 'mappingDeleted'], { externalTypes: new Set(['erp']) }))).toEqual([
			expect.objectContaining({ event: 'mappingCreated', externalId: 'E-1', mappingId: made?.mappingId }),
			expect.objectContaining({ event: 'mappingDeleted', externalId: 'E-1', mappingId: made?.mappingId, externalIds: { crm: '1' } }),
		]);
	});

	test('of a merge the record that is left is shown, and which one it took up', async () => {
		const registry = await lab().registry();
		const [loser, survivor] = await makeRecords(registry, 'people', ['1', '2']);
		// As a merge writes it.
		await lab().execute(`INSERT INTO change (workspace, at, kind, object_type, object_id, before, after) VALUES ('default', 1, 'recordsMerged', 'people', '${loser}', '{"state":"active"}', '{"state":"merged","mergedInto":"${survivor}"}')`);
		expect(await itemsOf(registry, choiceOf(['recordsMerged']))).toEqual([expect.objectContaining({ event: 'recordsMerged', objectId: survivor, mergedFrom: loser, externalIds: { crm: '2' } })]);
	});

	test('changes of the own workflow, and of origins that are left out, are not among them', async () => {
		const registry = await lab().registry();
		await makeRecords(registry, 'people', ['1']);
		await api(registry, { caller: caller({ workflowId: 'other', origin: 'api' }) }).upsert([{ objectType: 'people', ids: ids({ crm: '2' }), fields: {} }]);
		const idsOf = async (more: Partial<FeedChoice>) => (await itemsOf(registry, choiceOf(['mappingCreated'], more))).map(({ externalId }) => externalId);
		expect(await idsOf({})).toEqual(['1', '2']);
		expect(await idsOf({ exceptWorkflowId: 'workflow1' })).toEqual(['2']);
		expect(await idsOf({ exceptOrigins: new Set(['api']) })).toEqual(['1']);
	});

	test.each([
		['backfill', ofOperation('mapping:backfill')],
		['import', ofOperation('registry:import')],
		['undo', ofOperation('registry:undo')],
	])('%s fires nothing unless asked', async (name, work) => {
		const registry = await lab().registry();
		await registry.transact({}, work, (unit) => {
			unit.putConfiguration({ objectType: 'people', externalType: 'crm', maxLength: 255, idsPerObject: 1, idFormat: 'asIs', pattern: null, example: null });
			unit.addMapping({ objectType: 'people', externalType: 'crm', key: '1' }, '1', unit.addRecord({ objectType: 'people', fields: {}, origin: 'manual' }).id);
		});
		expect(await itemsOf(registry, choiceOf(['mappingCreated']))).toEqual([]);
		expect(await itemsOf(registry, choiceOf(['mappingCreated'], { alsoFrom: new Set(['something else', name]) }))).toHaveLength(1);
	});

	test('Object Types narrow it down', async () => {
		const registry = await lab().registry();
		await makeRecords(registry, 'people', ['1']);
		await makeRecords(registry, 'accounts', ['2']);
		expect((await itemsOf(registry, choiceOf(['mappingCreated'], { objectTypes: new Set(['accounts']) }))).map(({ externalId }) => externalId)).toEqual(['2']);
	});

	test('another workspace of the registry has a feed of its own', async () => {
		await makeRecords(await lab().registry({ workspace: 'other' }), 'people', ['1']);
		expect(await itemsOf(await lab().registry(), choiceOf(['mappingCreated']))).toEqual([]);
	});

	test('is read in pages that end where they say, however the changes lie', async () => {
		const registry = await lab().registry();
		await makeRecords(registry, 'people', Array.from({ length: 1_500 }, (_, n) => `c${n}`));
		const last = await registry.store.lastChange();
		const seen: unknown[] = [];
		for (let at = 0; at < last; ) {
			const { entries, to } = await readFeed(registry, choiceOf(['mappingCreated']), at, last, 400, signal);
			expect(to).toBeGreaterThan(at);
			expect(entries.every(({ change }) => change.seq > at && change.seq <= to)).toBe(true);
			seen.push(...entries.map(({ change }) => change.subject));
			at = to;
		}
		expect(new Set(seen).size).toBe(1_500);
		expect(seen).toHaveLength(1_500);
	});

	test('a stretch of the history ends where it is told to', async () => {
		const registry = await lab().registry();
		await makeRecords(registry, 'people', ['1', '2', '3']);
		const { entries: all } = await readFeed(registry, choiceOf(['mappingCreated']), 0, await registry.store.lastChange(), 10, signal);
		const [first, second] = all;
		const { entries, to } = await readFeed(registry, choiceOf(['mappingCreated']), first?.change.seq ?? 0, second?.change.seq ?? 0, 10, signal);
		expect(entries.map(({ change }) => change.seq)).toEqual([second?.change.seq]);
		expect(to).toBe(second?.change.seq);
	});

	test('the newest change that is wanted is found behind many that are not', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await all.upsert([ACME]);
		await all.capture(['ann@acme.com', 'bob@acme.com']);
		await makeRecords(registry, 'people', Array.from({ length: 1_500 }, (_, n) => `c${n}`));
		const newest = await newestEntry(registry, choiceOf(['contactCreatedByDomain']));
		expect(newest?.change.after).toMatchObject({ email: 'bob@acme.com' });
		expect(await newestEntry(registry, choiceOf(['recordsMerged']))).toBeUndefined();
	});

	test('a record that is gone for good gives no item, one that is deleted says so', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const [first, second] = await makeRecords(registry, 'people', ['1', '2']);
		await all.remove([byObject('people', first)]);
		await lab().execute(`PRAGMA foreign_keys = OFF; DELETE FROM record WHERE id = '${second}'`);
		expect((await itemsOf(registry, choiceOf(['mappingCreated']))).map(({ objectId, recordState }) => [objectId, recordState])).toEqual([[first, 'deleted']]);
	});
});

onEachEngine('A store knows its followers', (lab) => {
	const PENDING = { id: 'b1', from: 7, to: 9, attempt: 1 };

	test('what was put is read again, by workspace, workflow and node', async () => {
		const { store } = await lab().registry();
		expect(await store.follower('default', 'w', 'n')).toBeUndefined();
		await store.putFollower('default', { workflowId: 'w', nodeId: 'n', position: 7, pending: PENDING, seenAt: 100 });
		await store.putFollower('other', { workflowId: 'w', nodeId: 'n', position: 1, pending: null, seenAt: 100 });
		expect(await store.follower('default', 'w', 'n')).toEqual({ workflowId: 'w', nodeId: 'n', position: 7, pending: PENDING, seenAt: 100 });
		await store.putFollower('default', { workflowId: 'w', nodeId: 'n', position: 9, pending: null, seenAt: 200 });
		expect(await store.follower('default', 'w', 'n')).toEqual({ workflowId: 'w', nodeId: 'n', position: 9, pending: null, seenAt: 200 });
		expect(await store.follower('default', 'w', 'm')).toBeUndefined();
	});

	test('the least position is that of the followers seen since', async () => {
		const { store } = await lab().registry();
		expect(await store.leastPosition('default', 0)).toBeUndefined();
		for (const [nodeId, position, seenAt] of [['a', 5, 100], ['b', 8, 200], ['c', 9, 300]] as const) await store.putFollower('default', { workflowId: 'w', nodeId, position, pending: null, seenAt });
		expect(await store.leastPosition('default', 100)).toBe(5);
		expect(await store.leastPosition('default', 200)).toBe(8);
		expect(await store.leastPosition('other', 0)).toBeUndefined();
	});

	test('the newest change is the last that anyone wrote', async () => {
		const registry = await lab().registry();
		expect(await registry.store.lastChange()).toBe(0);
		await makeRecords(await lab().registry({ workspace: 'other' }), 'people', ['1']);
		const rows = (await lab().tables()).change ?? [];
		expect(await registry.store.lastChange()).toBe(Math.max(...rows.map(({ seq }) => Number(seq))));
	});

	test('history that is too old stays as long as a follower of the last seven days needs it', async () => {
		const registry = await lab().registry();
		await makeRecords(registry, 'people', ['1', '2']);
		const seqs = async () => ((await lab().tables()).change ?? []).map(({ seq }) => Number(seq));
		const all = await seqs();
		const middle = all[Math.floor(all.length / 2)] as number;
		await lab().execute('UPDATE change SET at = 1');
		await registry.store.putFollower('default', { workflowId: 'w', nodeId: 'n', position: middle, pending: null, seenAt: Date.now() - 6 * DAY_MS });
		// A registry is looked at once an hour: another name of the file is another registry to the process.
		await openAsNew();
		expect(await seqs()).toEqual(all.filter((seq) => seq > middle));
		await registry.store.putFollower('default', { workflowId: 'w', nodeId: 'n', position: middle, pending: null, seenAt: Date.now() - 8 * DAY_MS });
		await openAsNew();
		expect(await seqs()).toEqual([]);

		async function openAsNew(): Promise<void> {
			const { removeOldHistory } = await import('../../nodes/ExternalId/registry/retention');
			const { store, location, settings, workspace } = registry;
			await removeOldHistory({ store, settings, workspace, location: { ...location, file: `${location.file}#${Math.random()}` } } as Registry);
		}
	});
});

