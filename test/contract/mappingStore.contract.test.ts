import { listMappings } from '../../nodes/ExternalId/registry/lists';
import type { Outcome } from '../../nodes/shared/identity/outcome';
import { api, byEmail, byId, byObject, CONFLICT, id, ids, makeRecords, picked, TAKE, typed } from './api';
import type { Api } from './api';
import { kindOf, statuses } from './collect';
import { onEachEngine } from './engines';
import { brokenRules, changesIn } from './world';

const SALESFORCE = { short: '001A0000006Vm9r', long: '001A0000006Vm9rIAC' };

/** Two people, `a` with the `crm` ID A and `b` with B. */
async function twoPeople(registry: Api['registry']): Promise<{ a: string; b: string }> {
	const [a, b] = await makeRecords(registry, 'people', ['A', 'B']);
	return { a: a as string, b: b as string };
}

const mapping = (externalType: string, externalId: unknown, objectId: unknown) => ({ objectType: 'people' as const, externalType: picked(externalType), externalId, objectId });
const replacement = (from: { old: unknown } | { objectId: unknown }, to: unknown) => ({
	objectType: 'people' as const,
	externalType: typed('crm'),
	externalId: to,
	current: 'old' in from ? { externalId: from.old } : from,
});

/** Which object each `crm` ID leads to, as a current or a former ID. */
async function owners({ resolve }: Api, ...crmIds: string[]): Promise<Array<[unknown, unknown]>> {
	return (await resolve(crmIds.map((each) => byId('people', 'crm', each)))).map((outcome: Outcome) => [outcome.status === 'found' ? (outcome as Record<string, unknown>).objectId : outcome.status, (outcome as Record<string, unknown>).isFormer]);
}

onEachEngine('Creating mappings', (lab) => {
	test('ties an ID to an object; the same again is unchanged', async () => {
		const registry = await lab().registry();
		const { create, resolve } = api(registry);
		const { a } = await twoPeople(registry);
		const [made] = await create([mapping('erp', 'E1', a)]);
		expect(made).toMatchObject({ status: 'created', objectId: a, externalType: 'erp', externalId: 'E1', mappingId: expect.stringMatching(/^map_/) });
		const before = await changesIn(lab());
		expect(await create([mapping('erp', 'E1', a)])).toMatchObject([{ status: 'unchanged', objectId: a, mappingId: (made as Record<string, unknown>).mappingId }]);
		expect(await changesIn(lab())).toBe(before);
		expect(await resolve([byId('people', 'erp', 'E1')])).toMatchObject([{ status: 'found', objectId: a, isFormer: false }]);
	});

	test('an ID that belongs to another object is a conflict that shows both sides, and moves when the builder chose so', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		await all.create([mapping('erp', 'E1', a)]);
		const [refused] = await all.create([mapping('erp', 'E1', b)]);
		expect(refused).toMatchObject({ status: 'conflict', conflict: { wanted: { externalId: 'E1', objectId: b }, existing: { externalId: 'E1', objectId: a } } });
		expect(kindOf(refused as Outcome)).toBe('idBelongsToOther');
		const [moved] = await all.create([mapping('erp', 'E1', b)], { ...CONFLICT, whenIdBelongsToOther: 'take' });
		expect(moved).toMatchObject({ status: 'created', objectId: b, before: { movedFrom: a } });
		expect(await all.resolve([byId('people', 'erp', 'E1')])).toMatchObject([{ objectId: b }]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('an object that has another ID is a conflict that shows both sides, and the old ID becomes former when the builder chose so', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a } = await twoPeople(registry);
		const [refused] = await all.create([mapping('crm', 'A2', a)]);
		expect(refused).toMatchObject({ status: 'conflict', conflict: { wanted: { externalId: 'A2', objectId: a }, existing: [{ externalId: 'A', objectId: a }] } });
		expect(await all.create([mapping('crm', 'A2', a)], { ...CONFLICT, whenRecordHasOther: 'take' })).toMatchObject([{ status: 'created', before: { replacedId: 'A' } }]);
		expect(await owners(all, 'A', 'A2')).toEqual([[a, true], [a, false]]);
		expect(await all.translate([byId('people', 'crm', 'A')], 'crm')).toMatchObject([{ externalId: 'A2', isFormer: true }]);
	});

	test('with both taken and both choices made, ID and place change hands at once', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		expect(statuses(await all.create([mapping('crm', 'A', b)], TAKE))).toEqual(['created']);
		expect(await owners(all, 'A', 'B')).toEqual([[b, false], [b, true]]);
		expect(await all.resolve([byObject('people', a)], true)).toMatchObject([{ externalIds: {}, formerIds: [] }]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('one ID for two objects in one input is a conflict for all of them, and nothing of it is written', async () => {
		const registry = await lab().registry();
		const { create } = api(registry);
		const { a, b } = await twoPeople(registry);
		const before = await changesIn(lab());
		const outcomes = await create([mapping('erp', 'E1', a), mapping('erp', 'E1', b), mapping('erp', 'E2', b)]);
		// The third is drawn in: together with the second it would give b two IDs.
		expect(statuses(outcomes)).toEqual(['conflict', 'conflict', 'conflict']);
		expect(outcomes[0]).toMatchObject({ conflict: { items: [{ item: 0, objectId: a }, { item: 1, objectId: b }, { item: 2 }] } });
		// Only the type was made.
		expect(await changesIn(lab())).toBe(before + 1);
	});

	test('the same ID for the same object twice in one input: the second is unchanged, however it is written', async () => {
		const registry = await lab().registry();
		const { create, configure } = api(registry);
		const { a, b } = await twoPeople(registry);
		expect(statuses(await create([mapping('erp', 'é', a), mapping('erp', ' é ', a)]))).toEqual(['created', 'unchanged']);
		await configure({ objectType: 'people', externalType: 'sf', idFormat: 'salesforce' });
		expect(statuses(await create([mapping('sf', SALESFORCE.short, b), mapping('sf', SALESFORCE.long, b)]))).toEqual(['created', 'unchanged']);
	});

	test('IDs of different types for one object are no contradiction, whatever the choices', async () => {
		for (const [workspace, choices] of Object.entries({ conflict: CONFLICT, take: TAKE })) {
			const registry = await lab().registry({ workspace });
			const { a } = await twoPeople(registry);
			expect(statuses(await api(registry).create([mapping('erp', 'E1', a), mapping('shop', 'S1', a)], choices))).toEqual(['created', 'created']);
		}
	});

	test('an object may have as many IDs as its configuration allows, and no more', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		await all.configure({ objectType: 'people', externalType: 'shop', idsPerObject: 2 });
		expect(statuses(await all.create([mapping('shop', '1', a), mapping('shop', '2', a)]))).toEqual(['created', 'created']);
		expect(statuses(await all.create([mapping('shop', '3', a)]))).toEqual(['conflict']);
		expect(statuses(await all.create(['4', '5', '6'].map((each) => mapping('shop', each, b))))).toEqual(['conflict', 'conflict', 'conflict']);
		expect(await all.translate([byObject('people', a)], 'shop')).toMatchObject([{ externalId: '1', externalIds: ['1', '2'] }]);
		expect(statuses(await all.create([mapping('shop', '3', a)], TAKE))).toEqual(['created']);
		expect(await all.resolve([byObject('people', a)], true)).toMatchObject([{ externalIds: { shop: ['2', '3'] }, formerIds: [{ externalId: '1' }] }]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('an object that is not there, deleted, or of another type gets no mapping', async () => {
		const registry = await lab().registry();
		const { create, remove } = api(registry);
		const { a, b } = await twoPeople(registry);
		const [account] = await makeRecords(registry, 'accounts', ['A']);
		await remove([byObject('people', b)]);
		const outcomes = await create([mapping('erp', '1', `${a.slice(0, -3)}ZZZ`), mapping('erp', '2', b), mapping('erp', '3', account), mapping('erp', '4', 'crm-17'), mapping('erp', '5', ''), mapping('erp', '6', a)]);
		expect(statuses(outcomes)).toEqual(['notFound', 'notFound', 'invalid', 'invalid', 'invalid', 'created']);
		expect(outcomes[1]?.reason).toMatch(/deleted on/);
	});
});

onEachEngine('Linking IDs', (lab) => {
	const link = (byType: Record<string, unknown>, email?: unknown) => ({ objectType: 'people' as const, ids: ids(byType), email });

	test('stores that IDs belong to one object: finds it by any of them, or makes it', async () => {
		const all = api(await lab().registry());
		const [made] = await all.link([link({ crm: '123', erp: 'C-9' })]);
		expect(made).toMatchObject({ status: 'created', externalIds: { crm: '123', erp: 'C-9' }, mappings: [{ externalType: 'crm' }, { externalType: 'erp' }] });
		expect(await all.translate([byId('people', 'erp', 'C-9')], 'crm')).toMatchObject([{ status: 'found', externalId: '123' }]);
		expect(await all.link([link({ erp: 'C-9', shop: 'S' })])).toMatchObject([{ status: 'linked', externalIds: { crm: '123', erp: 'C-9', shop: 'S' } }]);
		expect(statuses(await all.link([link({ shop: 'S', crm: '123' })]))).toEqual(['unchanged']);
	});

	test('items that share an ID in one input become one object, through as many steps as it takes', async () => {
		const all = api(await lab().registry());
		const outcomes = await all.link([link({ crm: '1', erp: '1' }), link({ shop: '1', mail: '1' }), link({ erp: '1', shop: '1' }), link({ crm: '2' })]);
		expect(statuses(outcomes)).toEqual(['created', 'linked', 'unchanged', 'created']);
		expect(new Set(outcomes.map((each) => (each as Record<string, unknown>).objectId)).size).toBe(2);
	});

	test('IDs of different objects are a conflict that shows both, and nothing of the item is done', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		await all.create([mapping('erp', 'EB', b)]);
		const before = await changesIn(lab());
		const [refused] = await all.link([link({ crm: 'A', erp: 'EB' })]);
		expect(refused).toMatchObject({ status: 'conflict', conflict: { existing: [{ objectId: a }, { objectId: b }] } });
		expect(await changesIn(lab())).toBe(before);
		// A part of an item that could be done is not done either.
		await all.link([link({ crm: 'A', shop: 'new', erp: 'EB' }), link({ crm: 'A', mail: 'M', erp: 'EB' })]);
		expect((await lab().tables()).mapping).toHaveLength(3);
	});

	test('with Take, the first ID that is known decides and the others move to it', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		await all.create([mapping('erp', 'EB', b)]);
		expect(await all.link([link({ crm: 'A', erp: 'EB' })], TAKE)).toMatchObject([{ status: 'linked', objectId: a, externalIds: { crm: 'A', erp: 'EB' } }]);
		expect(await all.resolve([byId('people', 'erp', 'EB'), byObject('people', b)], true)).toMatchObject([{ objectId: a }, { externalIds: { crm: 'B' } }]);
	});

	test('an input that gives one object two IDs of a type is a conflict, within an item and across items', async () => {
		const all = api(await lab().registry());
		const outcomes = await all.link([{ objectType: 'people', ids: [id('crm', '1'), id('crm', '2')] }, link({ erp: 'E', crm: '3' }), link({ erp: 'E', crm: '4' }), link({ crm: '5' })]);
		expect(statuses(outcomes)).toEqual(['invalid', 'conflict', 'conflict', 'created']);
		expect(outcomes[1]).toMatchObject({ conflict: { items: [{ item: 1, externalIds: { crm: '3' } }, { item: 2, externalIds: { crm: '4' } }] } });
	});

	test('the e-mail finds the object where no ID is known; two people with it are ambiguous', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const [ann] = await makeRecords(registry, 'people', ['A'], () => ({ email: 'Ann@Acme.com' }));
		expect(await all.link([link({ erp: 'E1' }, ' ann@acme.COM ')])).toMatchObject([{ status: 'linked', objectId: ann }]);
		await all.upsert([{ objectType: 'people', ids: ids({ crm: 'B' }), fields: { email: 'ann@acme.com' } }], { whenEmailKnown: 'create' });
		expect(await all.link([link({ shop: 'S1' }, 'ann@acme.com')])).toMatchObject([{ status: 'ambiguous', candidates: [{ objectId: ann }, {}] }]);
		expect(await all.link([link({ shop: 'S2' }, 'bob@acme.com')])).toMatchObject([{ status: 'created' }]);
		expect(await all.get(byEmail('people', 'bob@acme.com'))).toMatchObject([{ status: 'found', externalIds: { shop: 'S2' } }]);
	});

	test('an address that another person holds is a conflict, and nothing of the item is done', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await makeRecords(registry, 'people', ['A', 'B'], (crmId) => ({ email: `${crmId.toLowerCase()}@acme.com` }));
		const before = await changesIn(lab());
		const outcomes = await all.link([link({ crm: 'A' }, 'b@acme.com')]);
		expect(statuses(outcomes)).toEqual(['conflict']);
		expect(await changesIn(lab())).toBe(before);
	});

	test('empty rows of IDs are left out; an item without any is invalid', async () => {
		const all = api(await lab().registry());
		const outcomes = await all.link([link({ crm: '1', erp: '' }), link({ crm: null, erp: '  ' }), { objectType: 'people', ids: [] }, link({ crm: '' })]);
		expect(statuses(outcomes)).toEqual(['created', 'invalid', 'invalid', 'invalid']);
	});

	test('IDs of a deleted record are skipped, and it stays deleted', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a } = await twoPeople(registry);
		await all.remove([byObject('people', a)]);
		expect(statuses(await all.link([link({ crm: 'A', erp: 'E' }), link({ crm: 'B', erp: 'F' })]))).toEqual(['skipped', 'linked']);
		expect(statuses(await all.resolve([byId('people', 'crm', 'A')]))).toEqual(['notFound']);
	});
});

onEachEngine('Replacing IDs', (lab) => {
	test('the old ID becomes former and still resolves; the answer says so; translate gives the new one', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a } = await twoPeople(registry);
		expect(await all.replace([replacement({ old: 'A' }, 'A2')])).toMatchObject([{ status: 'updated', objectId: a, externalId: 'A2', replacedId: 'A' }]);
		expect(await owners(all, 'A', 'A2')).toEqual([[a, true], [a, false]]);
		expect(await all.translate([byId('people', 'crm', 'A')], 'crm')).toMatchObject([{ externalId: 'A2' }]);
		expect(statuses(await all.replace([replacement({ old: 'A' }, 'A2')]))).toEqual(['unchanged']);
		expect(statuses(await all.replace([replacement({ objectId: a }, 'A2')]))).toEqual(['unchanged']);
	});

	test('an ID may be replaced back: the former one becomes current again', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a } = await twoPeople(registry);
		await all.replace([replacement({ old: 'A' }, 'A2')]);
		expect(statuses(await all.replace([replacement({ old: 'A2' }, 'A')]))).toEqual(['updated']);
		expect(await owners(all, 'A', 'A2')).toEqual([[a, false], [a, true]]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('naming a former ID replaces the current one: an object never has more IDs than allowed', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a } = await twoPeople(registry);
		await all.replace([replacement({ old: 'A' }, 'A2')]);
		await all.replace([replacement({ old: 'A' }, 'A3')]);
		expect(brokenRules(await lab().tables())).toEqual([]);
		expect(await owners(all, 'A', 'A2', 'A3')).toEqual([[a, true], [a, true], [a, false]]);
	});

	test('an ID of another record is a conflict, and both stay as they were', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		expect(await all.replace([replacement({ old: 'A' }, 'B')])).toMatchObject([{ status: 'conflict', conflict: { existing: { objectId: b } } }]);
		expect(await owners(all, 'A', 'B')).toEqual([[a, false], [b, false]]);
	});

	test('what nobody has cannot be replaced; an object without an ID of the type gets its first', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a } = await twoPeople(registry);
		await all.configure({ objectType: 'people', externalType: 'erp' });
		const erp = (current: { objectId: unknown } | { externalId: unknown }, externalId: string) => ({ objectType: 'people' as const, externalType: typed('erp'), externalId, current });
		expect(statuses(await all.replace([erp({ externalId: 'missing' }, 'E1'), erp({ objectId: a }, 'E2')]))).toEqual(['notFound', 'created']);
	});

	test('items that replace the same ID in different ways are conflicts, all of them', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		const outcomes = await all.replace([replacement({ old: 'A' }, 'A2'), replacement({ old: 'A' }, 'A3'), replacement({ old: 'B' }, 'B2')]);
		expect(statuses(outcomes)).toEqual(['conflict', 'conflict', 'updated']);
		expect(await owners(all, 'A', 'B', 'B2')).toEqual([[a, false], [b, true], [b, false]]);
	});

	test('where several IDs are allowed, a record with several is ambiguous, and one with one is replaced once', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		await all.configure({ objectType: 'people', externalType: 'crm', idsPerObject: 0 });
		await all.create([mapping('crm', 'A2', a)]);
		expect(await all.replace([replacement({ objectId: a }, 'A3')])).toMatchObject([{ status: 'ambiguous', candidates: [{}, {}] }]);
		const again = [replacement({ objectId: b }, 'B2')];
		expect(statuses(await all.replace(again))).toEqual(['updated']);
		const before = await changesIn(lab());
		expect(statuses(await all.replace(again))).toEqual(['unchanged']);
		expect(await changesIn(lab())).toBe(before);
	});

	test('where several IDs are allowed, the one that is named gives way', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a } = await twoPeople(registry);
		await all.configure({ objectType: 'people', externalType: 'crm', idsPerObject: 2 });
		await all.create([mapping('crm', 'A2', a)]);
		expect(await all.replace([replacement({ old: 'A2' }, 'A3')])).toMatchObject([{ status: 'updated', replacedId: 'A2' }]);
		expect(await all.resolve([byObject('people', a)], true)).toMatchObject([{ externalIds: { crm: ['A', 'A3'] }, formerIds: [{ externalId: 'A2' }] }]);
	});
});

onEachEngine('Deleting mappings', (lab) => {
	const named = (externalId: unknown, externalType = 'crm') => ({ name: { objectType: 'people' as const, externalType: typed(externalType), externalId } });

	test('by type and ID, or by Mapping IDs; deleting again changes nothing; the ID is free for another object', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { b } = await twoPeople(registry);
		const mappingIds = ((await lab().tables()).mapping ?? []).map((row) => row.id);
		expect((await all.unmap([named('A'), named('A'), named('never')])).map(statuses)).toEqual([['deleted'], ['unchanged'], ['notFound']]);
		expect((await all.unmap([named('A')])).map(statuses)).toEqual([['unchanged']]);
		expect((await all.unmap([{ name: { mappingIds: mappingIds.join(', ') } }])).map(statuses)).toEqual([['unchanged', 'deleted']]);
		expect(await owners(all, 'A', 'B')).toEqual([['notFound', undefined], ['notFound', undefined]]);
		expect(statuses(await all.create([mapping('crm', 'A', b)]))).toEqual(['created']);
	});

	test('with Only If It Still Points To, a mapping that points elsewhere stays', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		expect((await all.unmap([{ ...named('A'), onlyIfObjectId: b }, { ...named('B'), onlyIfObjectId: ` ${b} ` }])).map(statuses)).toEqual([['conflict'], ['deleted']]);
		expect(await owners(all, 'A', 'B')).toEqual([[a, false], ['notFound', undefined]]);
	});

	test('a name that says nothing is invalid', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'people', ['A']);
		expect((await all.unmap([{ name: { mappingIds: '' } }, { name: { mappingIds: [] } }, { name: { mappingIds: undefined } }, named(''), named('A')])).map(statuses)).toEqual([['invalid'], ['invalid'], ['invalid'], ['invalid'], ['deleted']]);
	});
});

onEachEngine('Resolving and translating', (lab) => {
	test('from any key to the record, and straight to the ID in another system', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const [ann] = await makeRecords(registry, 'people', ['A'], () => ({ name: 'Ann', email: 'ann@acme.com' }));
		await all.create([mapping('erp', 'E', ann)]);
		const names = [byId('people', 'crm', 'A'), byObject('people', ann), byEmail('people', 'ANN@acme.com')];
		expect(await all.resolve(names, true)).toMatchObject(names.map(() => ({ status: 'found', objectId: ann, fields: { name: 'Ann' }, externalIds: { crm: 'A', erp: 'E' } })));
		expect(await all.translate(names, 'erp')).toMatchObject(names.map(() => ({ status: 'found', externalType: 'erp', externalId: 'E' })));
	});

	test('what is not there is notFound, what cannot be looked up is invalid, and reading writes nothing', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a } = await twoPeople(registry);
		await all.configure({ objectType: 'people', externalType: 'erp' });
		const before = await changesIn(lab());
		const names = [byId('people', 'crm', 'missing'), byId('people', 'crm', 'A'), byId('people', 'crmm', 'A'), byObject('people', 'acc_1'), byEmail('people', 'nobody'), byId('people', 'crm', ''), byObject('people', `${a}0`)];
		expect(statuses(await all.resolve(names))).toEqual(['notFound', 'found', 'invalid', 'invalid', 'invalid', 'invalid', 'notFound']);
		expect(statuses(await all.translate(names, 'erp'))).toEqual(['notFound', 'notFound', 'invalid', 'invalid', 'invalid', 'invalid', 'notFound']);
		expect(statuses(await all.translate([byId('people', 'crm', 'A')], 'unknown'))).toEqual(['invalid']);
		expect(await changesIn(lab())).toBe(before);
	});

	test('one ID means different things for a person, an account and another External Type', async () => {
		const all = api(await lab().registry());
		const made = await all.link([
			{ objectType: 'people', ids: ids({ crm: '1' }) },
			{ objectType: 'accounts', ids: ids({ crm: '1' }) },
			{ objectType: 'users', ids: ids({ crm: '1' }) },
			{ objectType: 'people', ids: ids({ erp: '1' }) },
		]);
		expect(statuses(made)).toEqual(['created', 'created', 'created', 'created']);
		const found = await all.resolve([byId('people', 'crm', '1'), byId('accounts', 'crm', '1'), byId('users', 'crm', '1'), byId('people', 'erp', '1')]);
		expect(found.map((each) => (each as Record<string, unknown>).objectId)).toEqual(made.map((each) => (each as Record<string, unknown>).objectId));
	});

	test('IDs are compared by the ID Format of their type', async () => {
		const all = api(await lab().registry());
		await all.configure({ objectType: 'people', externalType: 'sf', idFormat: 'salesforce' }, { objectType: 'people', externalType: 'uid', idFormat: 'uuid' });
		await all.link([{ objectType: 'people', ids: ids({ sf: SALESFORCE.long, uid: '{123E4567-E89B-12D3-A456-426614174000}', crm: 'AbC' }) }]);
		const names = [byId('people', 'sf', SALESFORCE.short), byId('people', 'uid', '123e4567e89b12d3a456426614174000'), byId('people', 'crm', 'AbC'), byId('people', 'crm', 'abc')];
		expect(statuses(await all.resolve(names))).toEqual(['found', 'found', 'found', 'notFound']);
	});
});

onEachEngine('Listing mappings', (lab) => {
	test('takes its filters in any combination', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const { a, b } = await twoPeople(registry);
		await all.create([mapping('erp', 'A', b)]);
		await all.replace([replacement({ old: 'A' }, 'A2')]);
		await all.unmap([{ name: { objectType: 'people', externalType: typed('crm'), externalId: 'B' } }]);
		await all.link([{ objectType: 'accounts', ids: ids({ crm: 'A' }) }]);
		const list = async (query: object) => ((await listMappings(registry, { states: ['current', 'former'], ...query }, 50)) as Array<Record<string, unknown>>).map((row) => `${row.objectType} ${row.externalType} ${row.externalId} ${row.mappingState}`).sort();
		expect(await list({})).toEqual(['accounts crm A current', 'people crm A former', 'people crm A2 current', 'people erp A current']);
		expect(await list({ externalId: 'A' })).toEqual(['accounts crm A current', 'people crm A former', 'people erp A current']);
		expect(await list({ externalId: 'A', externalType: 'crm' })).toEqual(['accounts crm A current', 'people crm A former']);
		expect(await list({ externalId: 'A', externalType: 'crm', objectType: 'people' })).toEqual(['people crm A former']);
		expect(await list({ objectId: b })).toEqual(['people erp A current']);
		expect(await list({ objectId: a, externalId: 'A2' })).toEqual(['people crm A2 current']);
		expect(await list({ objectId: a, externalId: 'A2', states: ['former'] })).toEqual([]);
		expect(await list({ states: ['deleted'] })).toEqual(['people crm B deleted']);
		expect(await list({ states: ['deleted'], externalId: 'B', objectType: 'people', externalType: 'crm', objectId: b })).toEqual(['people crm B deleted']);
		expect(await list({ externalType: 'unknown' })).toEqual([]);
		expect(await listMappings(registry, { states: ['current'], externalId: '' }, 50)).toMatchObject({ status: 'invalid' });
	});

	test('gives no more rows than asked for, whatever the filter', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await all.link([{ objectType: 'people', ids: ids({ crm: '1', erp: '1', shop: '1' }) }]);
		const [object] = (await lab().tables()).record ?? [];
		for (const query of [{}, { externalType: 'crm', objectType: 'people' as const }, { externalId: '1' }, { objectId: String(object?.id) }]) {
			expect(await listMappings(registry, { states: ['current'], ...query }, 1)).toHaveLength(1);
		}
	});
});
