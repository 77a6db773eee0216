import fc from 'fast-check';

import { listRecords } from '../../nodes/ExternalId/registry/lists';
import type { MergeEntry } from '../../nodes/ExternalId/registry/merge';
import type { ObjectType } from '../../nodes/shared/identity/outcome';
import { api, byEmail, byId, byObject, ids, makeRecords, typed } from './api';
import type { Api } from './api';
import { caller, kindOf, statuses } from './collect';
import { onEachEngine } from './engines';
import type { Lab } from './engines';
import { brokenRules, changesIn, worldOf } from './world';

const pair = (survivor: string, other: string, objectType: ObjectType = 'people'): MergeEntry => ({ objectType, survivor: byId(objectType, 'crm', survivor), other: byId(objectType, 'crm', other) });
const keepSurvivor = { whenBothHaveId: 'keepSurvivor' } as const;
const objectOf = (id: string, objectType: ObjectType = 'people') => byObject(objectType, id);

async function changesOf(lab: Lab, objectId: string) {
	return ((await lab.tables()).change ?? []).filter((row) => row.object_id === objectId).map((row) => ({ kind: String(row.kind), before: JSON.parse(String(row.before ?? 'null')) as unknown, after: JSON.parse(String(row.after ?? 'null')) as unknown, subject: row.subject }));
}

onEachEngine('Merging two records', (lab) => {
	/** Ann by crm 1 with erp E1, and Ann once more by shop S1. */
	async function twoAnns(all: Api): Promise<[string, string]> {
		const made = await all.upsert([
			{ objectType: 'people', ids: ids({ crm: '1', erp: 'E1' }), fields: { email: 'ann@acme.com', name: 'Ann', custom: { a: 1 } } },
			{ objectType: 'people', ids: ids({ shop: 'S1' }), fields: { email: 'ann@home.org', name: 'Ann Lee', phone: '123', custom: { a: 2, b: 3 } } },
		]);
		return made.map(({ objectId }) => String(objectId)) as [string, string];
	}
	const anns = (survivor: string, other: string): MergeEntry[] => [{ objectType: 'people', survivor: objectOf(survivor), other: objectOf(other) }];

	test('takes IDs, addresses and missing fields to the survivor, and the other leads to it whatever names it', async () => {
		const all = api(await lab().registry());
		const [kept, gone] = await twoAnns(all);
		expect(await all.merge(anns(kept, gone))).toMatchObject([{ status: 'updated', objectId: kept, mergedFrom: gone, externalIds: { crm: '1', erp: 'E1', shop: 'S1' }, changed: expect.arrayContaining(['phone', 'custom']) }]);
		expect(await all.get(objectOf(kept))).toMatchObject([{ email: 'ann@acme.com', emails: ['ann@acme.com', 'ann@home.org'], fields: { name: 'Ann', phone: '123', custom: { a: 1, b: 3 } } }]);
		expect(await all.get(objectOf(gone))).toMatchObject([{ status: 'found', objectId: kept, mergedFrom: gone }]);
		expect(await all.resolve([objectOf(gone), byId('people', 'shop', 'S1'), byEmail('people', 'ann@home.org')])).toMatchObject([{ objectId: kept, mergedFrom: gone }, { objectId: kept }, { objectId: kept }]);
		expect(await all.translate([objectOf(gone)], 'erp')).toMatchObject([{ externalId: 'E1', objectId: kept, mergedFrom: gone }]);
		expect(await all.create([{ objectType: 'people', externalType: typed('shop'), externalId: 'S1', objectId: gone }])).toMatchObject([{ status: 'unchanged', objectId: kept, mergedFrom: gone }]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('again changes nothing, by whatever key', async () => {
		const all = api(await lab().registry());
		const [kept, gone] = await twoAnns(all);
		await all.merge(anns(kept, gone));
		const before = await changesIn(lab());
		expect(statuses(await all.merge([...anns(kept, gone), { objectType: 'people', survivor: byId('people', 'crm', '1'), other: byId('people', 'shop', 'S1') }]))).toEqual(['unchanged', 'unchanged']);
		expect(await changesIn(lab())).toBe(before);
	});

	test.each([
		['survivor', { name: 'Ann', phone: '123', custom: { a: 1, b: 3 } }, 'ann@acme.com'],
		['other', { name: 'Ann Lee', phone: '123', custom: { a: 2, b: 3 } }, 'ann@home.org'],
		['newest', { name: 'Ann Lee', phone: '123', custom: { a: 2, b: 3 } }, 'ann@home.org'],
	] as const)('with fields from the %s', async (fieldsFrom, fields, email) => {
		const all = api(await lab().registry());
		const [kept, gone] = await twoAnns(all);
		await new Promise((resolve) => setTimeout(resolve, 3));
		await all.upsert([{ objectType: 'people', ids: ids({ shop: 'S1' }), fields: { city: 'Rome' } }]);
		await all.merge(anns(kept, gone), { fieldsFrom });
		expect(await all.get(objectOf(kept))).toMatchObject([{ email, fields: { ...fields, city: 'Rome' } }]);
	});

	test('of two current IDs of one type makes a conflict, or the other’s becomes former and still resolves', async () => {
		const all = api(await lab().registry());
		const [one, two] = await makeRecords(all.registry, 'people', ['1', '2']);
		await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: '2b', current: { externalId: '2' } }]);
		const before = await worldOf(lab(), { history: true });
		expect(await all.merge([pair('1', '2')])).toMatchObject([{ status: 'conflict', conflict: { keep: { objectId: one, externalIds: { crm: '1' } }, merge: { objectId: two, externalIds: { crm: '2b' } } } }]);
		expect(await worldOf(lab(), { history: true })).toEqual(before);
		expect(await all.merge([pair('1', '2')], keepSurvivor)).toMatchObject([{ status: 'updated', externalIds: { crm: '1' } }]);
		expect(await all.resolve([byId('people', 'crm', '2'), byId('people', 'crm', '2b')])).toMatchObject([{ objectId: one, isFormer: true }, { objectId: one, isFormer: true }]);
		expect(await all.translate([byId('people', 'crm', '2b')], 'crm')).toMatchObject([{ externalId: '1' }]);
	});

	test('keeps several current IDs of a type where the configuration allows them', async () => {
		const all = api(await lab().registry());
		await all.configure({ objectType: 'people', externalType: 'crm', idsPerObject: 2 });
		await makeRecords(all.registry, 'people', ['1', '2', '3']);
		expect(await all.merge([pair('1', '2')])).toMatchObject([{ status: 'updated', externalIds: { crm: ['1', '2'] } }]);
		expect(statuses(await all.merge([pair('1', '3')]))).toEqual(['conflict']);
	});

	test('of a record with itself, of other types, of deleted and of unknown ones says why it is not done', async () => {
		const all = api(await lab().registry());
		const [one] = await makeRecords(all.registry, 'people', ['1', '2']);
		const [account] = await makeRecords(all.registry, 'accounts', ['A']);
		await all.remove([byId('people', 'crm', '2')]);
		const outcomes = await all.merge([
			pair('1', '1'),
			{ objectType: 'people', survivor: objectOf(one as string), other: objectOf(account as string) },
			pair('1', '2'),
			pair('2', '1'),
			pair('1', '404'),
		]);
		expect(outcomes.map(kindOf)).toEqual(['mergeWithItself', 'wrongObjectId', 'recordDeleted', 'recordDeleted', 'noMapping']);
		expect(outcomes[2]?.reason).toContain('The record to merge');
		expect(outcomes[3]?.reason).toContain('The record to keep');
	});

	test('follows chains of merges, in one input and over several', async () => {
		const all = api(await lab().registry());
		const [a, b, c, d] = await makeRecords(all.registry, 'people', ['A', 'B', 'C', 'D']);
		expect(statuses(await all.merge([pair('A', 'B'), pair('B', 'C')], keepSurvivor))).toEqual(['updated', 'updated']);
		expect(statuses(await all.merge([pair('D', 'A')], keepSurvivor))).toEqual(['updated']);
		expect(await all.resolve([a, b, c].map((id) => objectOf(id as string)))).toMatchObject([a, b, c].map((mergedFrom) => ({ objectId: d, mergedFrom })));
		expect(await all.get(objectOf(d as string))).toMatchObject([{ formerIds: expect.arrayContaining(['A', 'B', 'C'].map((externalId) => ({ externalType: 'crm', externalId }))) }]);
	});

	test('that contradict each other does none of them', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'people', ['A', 'B', 'C', 'D', 'E']);
		const before = await changesIn(lab());
		for (const input of [[pair('A', 'B'), pair('C', 'B')], [pair('A', 'B'), pair('B', 'A')], [pair('A', 'B'), pair('B', 'C'), pair('C', 'A'), pair('D', 'A')]]) {
			expect((await all.merge(input, keepSurvivor)).map(kindOf)).toEqual(input.map(() => 'mergesContradict'));
		}
		expect((await all.merge([pair('A', 'B'), pair('B', 'C'), pair('D', 'E')])).map(kindOf)).toEqual(['mergeGivesSeveralIds', 'mergeGivesSeveralIds', 'bothHaveIds']);
		expect(await changesIn(lab())).toBe(before);
	});

	test.each([['conflict'], ['keepSurvivor']] as const)('never depends on the order of the input, when both have an ID: %s', async (whenBothHaveId) => {
		let workspaces = 0;
		const names = ['A', 'B', 'C', 'D', 'E'];
		const run = async (input: ReadonlyArray<readonly [string, string]>) => {
			const workspace = `${whenBothHaveId}${++workspaces}`;
			const all = api(await lab().registry({ workspace }));
			await all.configure({ objectType: 'people', externalType: 'crm', idsPerObject: whenBothHaveId === 'conflict' ? 3 : 1 });
			await makeRecords(all.registry, 'people', names, (name) => ({ name, [`of${name}`]: 1, email: `${name}@x.com` }));
			const outcomes = await all.merge(input.map(([survivor, other]) => pair(survivor, other)), { whenBothHaveId });
			const told = outcomes.map((outcome, at) => `${input[at]?.join('<')} ${['updated', 'unchanged'].includes(outcome.status) ? 'done' : kindOf(outcome)}`).sort();
			return { told, world: await worldOf(lab(), { history: false, workspace }) };
		};
		const name = fc.constantFrom(...names);
		await fc.assert(
			fc.asyncProperty(fc.array(fc.tuple(name, name), { minLength: 2, maxLength: 4 }), async (input) => {
				const straight = await run(input);
				expect(await run([...input].reverse())).toEqual(straight);
				expect(await run([...input].sort())).toEqual(straight);
			}),
			{ numRuns: 25, seed: 20_261_124 },
		);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('writes a history that holds all it takes to turn it round', async () => {
		const all = api(await lab().registry());
		const [kept, gone] = await twoAnns(all);
		await all.merge(anns(kept, gone));
		const ofGone = (await changesOf(lab(), gone)).slice(3);
		expect(ofGone).toEqual([
			{ kind: 'mappingDeleted', before: { state: 'current', externalId: 'S1' }, after: { state: 'deleted' }, subject: expect.stringMatching(/^map_/) },
			{ kind: 'emailRemoved', before: { isPrimary: true }, after: null, subject: 'ann@home.org' },
			// Last: turned round first to last, the record lives again before anything is put back on it.
			{ kind: 'recordsMerged', before: { state: 'active' }, after: { state: 'merged', mergedInto: kept }, subject: kept },
		]);
		const ofKept = (await changesOf(lab(), kept)).slice(4);
		expect(ofKept).toEqual([
			{ kind: 'recordUpdated', before: { phone: null, custom: { a: 1 } }, after: { phone: '123', custom: { a: 1, b: 3 } }, subject: null },
			{ kind: 'mappingCreated', before: null, after: { externalId: 'S1' }, subject: expect.stringMatching(/^map_/) },
			{ kind: 'emailAdded', before: null, after: { isPrimary: false }, subject: 'ann@home.org' },
		]);
		expect((await lab().tables()).record?.find(({ id }) => id === gone)).toMatchObject({ state: 'merged', merged_into: kept, fields: expect.stringContaining('Ann Lee') });
	});

	test('takes the account, and what waits in the inbox, to the survivor', async () => {
		const all = api(await lab().registry());
		const [acme] = await makeRecords(all.registry, 'accounts', ['A'], () => ({ domains: 'acme.com' }));
		const [withAccount, waits] = (await all.identify([{ userId: 'u1', traits: { email: 'ann@acme.com' } }, { userId: 'u2', traits: { name: 'Ann' } }, { userId: 'u3', traits: { email: 'x@nobody.org' } }, { userId: 'u4' }])).map(({ objectId }) => String(objectId)) as [string, string];
		await all.merge([{ objectType: 'people', survivor: objectOf(waits), other: objectOf(withAccount) }], keepSurvivor);
		expect(await all.get(objectOf(waits))).toMatchObject([{ accountId: acme }]);
		await all.merge([{ objectType: 'people', survivor: byId('people', 'app', 'u3'), other: byId('people', 'app', 'u4') }], keepSurvivor);
		expect(((await lab().tables()).inbox ?? []).map(({ address, state }) => [address, state]).sort()).toEqual([['', 'assigned'], ['', 'assigned'], ['x@nobody.org', 'waiting']]);
	});
});

onEachEngine('Merging two accounts', (lab) => {
	const people = (count: number) => Array.from({ length: count }, (_, n) => `p${n}@other.com`);

	async function twoAccounts(all: Api, contacts: number): Promise<[string, string]> {
		const made = await makeRecords(all.registry, 'accounts', ['A', 'B'], (name) => ({ name, domains: name === 'A' ? 'acme.com' : 'other.com, acme.com' }));
		await all.capture([people(contacts)]);
		return made as [string, string];
	}

	test('takes Related Domains and all contacts along, and what waited for a shared domain is caught', async () => {
		const all = api(await lab().registry());
		const [kept, gone] = await twoAccounts(all, 3_000);
		await all.capture(['ann@acme.com']);
		expect(await all.merge([pair('A', 'B', 'accounts')], keepSurvivor)).toMatchObject([{ status: 'updated', objectId: kept, mergedFrom: gone, contactsMoved: 3_000, contactsCreated: 1 }]);
		expect(await all.match(['x@other.com', 'x@acme.com'])).toMatchObject([{ objectId: kept }, { objectId: kept }]);
		const contacts = await listRecords(all.registry, { objectType: 'people', states: ['active'], accountId: gone }, 10_000);
		expect(contacts).toHaveLength(3_001);
		expect(new Set(contacts.map(({ accountId }) => accountId))).toEqual(new Set([kept]));
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('that is stopped midway leaves no contact between two accounts, and is completed by doing it again', async () => {
		const registry = await lab().registry();
		const stop = new AbortController();
		const [kept, gone] = await twoAccounts(api(registry), 1_000);
		// The store is asked for the contacts of the merged account only when the merge itself is done.
		const { scanRecords } = registry.store;
		registry.store.scanRecords = async (...args: Parameters<typeof scanRecords>) => {
			stop.abort();
			return await scanRecords.apply(registry.store, args);
		};
		expect(await api(registry, { signal: stop.signal, caller: caller() }).merge([pair('A', 'B', 'accounts')], keepSurvivor)).toMatchObject([{ status: 'updated' }]);
		registry.store.scanRecords = scanRecords;
		const all = api(await lab().registry());
		const accounts = ((await lab().tables()).record ?? []).filter(({ object_type: type }) => type === 'people').map(({ account_id: id }) => id);
		expect(accounts.filter((id) => id === gone)).toHaveLength(1_000);

		// Until then the old Object ID leads to the survivor, for every reader.
		expect(await all.match(['p1@other.com'])).toMatchObject([{ objectId: kept, matchKind: 'knownContact' }]);
		expect(await all.capture(['p1@other.com'])).toMatchObject([[{ status: 'unchanged', accountId: kept }]]);
		for (const accountId of [kept, gone]) expect(await listRecords(all.registry, { objectType: 'people', states: ['active'], accountId }, 10_000)).toHaveLength(1_000);

		expect(await all.merge([{ objectType: 'accounts', survivor: objectOf(kept, 'accounts'), other: objectOf(gone, 'accounts') }])).toMatchObject([{ status: 'unchanged', contactsMoved: 1_000 }]);
		expect((await lab().tables()).record?.filter(({ account_id: id }) => id === gone)).toEqual([]);
	});

	test('deleting the survivor leaves the contacts of both in the inbox, also of a merge that was stopped', async () => {
		const all = api(await lab().registry());
		const [kept, gone] = await twoAccounts(all, 3);
		await all.merge([pair('A', 'B', 'accounts')], keepSurvivor);
		await lab().execute(`UPDATE record SET account_id = '${gone}' WHERE object_type = 'people'`);
		expect(await all.remove([objectOf(kept, 'accounts')])).toMatchObject([{ status: 'deleted', contactsMovedToInbox: 3 }]);
	});
});
