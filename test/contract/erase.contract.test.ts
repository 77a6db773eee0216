import { api, byEmail, byId, byObject, ids, makeRecords, typed } from './api';
import type { Api } from './api';
import { kindOf, statuses, tally } from './collect';
import { onEachEngine } from './engines';
import { brokenRules, changesIn } from './world';

const EMAIL = 'Ann.Secret@acme.com';

onEachEngine('Erasing a person', (lab) => {
	/** Ann, whose traces are in every table: fields, a replaced ID, one moved from Bob, the inbox, a merged double. */
	async function ann(all: Api): Promise<string> {
		await all.capture([`Ann Secret <${EMAIL.toUpperCase()}>`]);
		await makeRecords(all.registry, 'accounts', ['A'], () => ({ domains: 'other.com' }));
		const [person] = await all.upsert([{ objectType: 'people', ids: ids({ crm: 'secret-1', erp: 'secret-old' }), fields: { email: EMAIL, name: 'Ann Secret', phone: '+secret' } }]);
		await all.upsert([{ objectType: 'people', ids: ids({ shop: 'bob' }), fields: { email: 'bob@acme.com', name: 'Bob' } }]);
		const [bob] = await all.resolve([byId('people', 'shop', 'bob')]);
		await all.create([{ objectType: 'people', externalType: typed('shop'), externalId: 'secret-moved', objectId: bob?.objectId }], { whenRecordHasOther: 'take', whenIdBelongsToOther: 'take' });
		await all.create([{ objectType: 'people', externalType: typed('shop'), externalId: 'secret-moved', objectId: person?.objectId }], { whenRecordHasOther: 'take', whenIdBelongsToOther: 'take' });
		await all.replace([{ objectType: 'people', externalType: typed('erp'), externalId: 'secret-new', current: { externalId: 'secret-old' } }]);
		await all.link([{ objectType: 'people', ids: ids({ web: 'secret-double' }), email: 'secret@home.org' }]);
		await all.merge([{ objectType: 'people', survivor: byId('people', 'crm', 'secret-1'), other: byId('people', 'web', 'secret-double') }]);
		return String(person?.objectId);
	}

	test('leaves no trace of them in any table, and nothing of others is lost', async () => {
		const all = api(await lab().registry());
		const objectId = await ann(all);
		expect(JSON.stringify(await lab().tables())).toMatch(/secret/i);
		expect(await all.erase(byObject('people', objectId))).toMatchObject([{ status: 'deleted', erased: true, objectId }]);
		const tables = await lab().tables();
		const { setting = [], ...others } = tables;
		expect(JSON.stringify(others)).not.toMatch(/secret/i);
		expect(setting.map(({ key }) => key)).toEqual(['erasedSecret']);
		expect((tables.change ?? []).filter(({ object_id: id }) => id === objectId)).toEqual([expect.objectContaining({ kind: 'recordErased', subject: null, before: null, after: null })]);
		expect(await all.get(byId('people', 'shop', 'bob'), byEmail('people', 'bob@acme.com'))).toMatchObject([{ fields: { name: 'Bob' } }, { fields: { name: 'Bob' } }]);
		expect(brokenRules(tables)).toEqual([]);
	});

	test('leaves no address in the history of one whom they were merged into by mistake, and lets others keep theirs', async () => {
		const all = api(await lab().registry());
		await all.link([{ objectType: 'people', ids: ids({ crm: 'secret-1' }), email: EMAIL }, { objectType: 'people', ids: ids({ crm: 'bob' }), email: 'bob@acme.com' }]);
		await all.upsert([{ objectType: 'people', ids: ids({ crm: 'secret-1' }), fields: { email: 'family@acme.com' } }]);
		await all.upsert([{ objectType: 'people', ids: ids({ crm: 'kim' }), fields: { email: 'family@acme.com' } }], { whenEmailKnown: 'create' });
		await all.merge([{ objectType: 'people', survivor: byId('people', 'crm', 'bob'), other: byId('people', 'crm', 'secret-1') }], { whenBothHaveId: 'keepSurvivor' });
		expect((await all.undo([(await lab().tables()).change?.at(-1)?.run_id])).flat()).toMatchObject([{ status: 'updated', conflicts: 0 }]);
		await all.erase(byEmail('people', EMAIL));
		const tables = await lab().tables();
		expect(JSON.stringify({ ...tables, setting: [] })).not.toMatch(/secret/i);
		const [kim] = await all.resolve([byId('people', 'crm', 'kim')]);
		expect((tables.change ?? []).filter(({ subject }) => subject === 'family@acme.com')).toEqual([expect.objectContaining({ kind: 'emailAdded', object_id: kim?.objectId })]);
		expect(await all.get(byId('people', 'crm', 'bob'))).toMatchObject([{ email: 'bob@acme.com' }]);
		const [linked] = tables.run ?? [];
		expect((await all.undo([linked?.id], { dryRun: true })).flat().at(-1)).toMatchObject({ reason: expect.stringContaining('people who were erased') });
	});

	test('is told once, and again changes nothing, by any of their keys', async () => {
		const all = api(await lab().registry());
		const objectId = await ann(all);
		const names = [byEmail('people', EMAIL), byId('people', 'erp', 'secret-old'), byObject('people', objectId), byId('people', 'web', 'secret-double')];
		expect(tally(await all.erase(...names))).toEqual({ deleted: 1, unchanged: 3 });
		const before = await changesIn(lab());
		expect(statuses(await all.erase(...names))).toEqual(['unchanged', 'unchanged', 'unchanged', 'unchanged']);
		expect(await changesIn(lab())).toBe(before);
	});

	test('keeps every feed from bringing them back', async () => {
		const all = api(await lab().registry());
		await ann(all);
		await all.erase(byEmail('people', EMAIL));
		const [bob] = await all.resolve([byId('people', 'shop', 'bob')]);
		const before = await changesIn(lab());
		const outcomes = [
			...(await all.link([{ objectType: 'people', ids: ids({ crm: 'secret-1' }) }, { objectType: 'people', ids: ids({ crm: 'new' }), email: EMAIL }])),
			...(await all.upsert([{ objectType: 'people', ids: ids({ crm: 'secret-1' }), fields: {} }, { objectType: 'people', ids: ids({ crm: 'new' }), fields: { email: EMAIL } }])),
			...(await all.create([{ objectType: 'people', externalType: typed('erp'), externalId: 'secret-old', objectId: bob?.objectId }])),
			...(await all.replace([{ objectType: 'people', externalType: typed('shop'), externalId: 'secret-moved', current: { externalId: 'bob' } }])),
			...(await all.capture([`${EMAIL}, secret@home.org`])).flat(),
			...(await all.assign([{ waiting: EMAIL, account: byId('accounts', 'crm', 'A') }])),
		];
		await all.configure({ objectType: 'people', externalType: 'app' });
		outcomes.push(...(await all.identify([{ userId: 'u1', traits: { email: EMAIL } }])));
		expect(outcomes.map(kindOf)).toEqual(outcomes.map(() => 'erased'));
		expect(new Set(statuses(outcomes))).toEqual(new Set(['skipped']));
		expect(outcomes[0]?.reason).toContain('Allow Again');
		// The configuration, and nothing else.
		expect(await changesIn(lab())).toBe(before + 1);
	});

	test('a key that somebody else has too goes on being theirs', async () => {
		const all = api(await lab().registry());
		await all.upsert([{ objectType: 'people', ids: ids({ crm: '1' }), fields: { email: 'family@acme.com' } }]);
		await all.upsert([{ objectType: 'people', ids: ids({ crm: '2' }), fields: { email: 'family@acme.com' } }], { whenEmailKnown: 'create' });
		await all.erase(byId('people', 'crm', '1'));
		expect(statuses(await all.upsert([{ objectType: 'people', ids: ids({ crm: '2' }), fields: { email: 'family@acme.com', name: 'Kim' } }]))).toEqual(['updated']);
		expect(await all.capture(['family@acme.com'])).toMatchObject([[{ status: 'unchanged' }]]);
	});

	test('can be taken back deliberately, by any key, for all keys at once', async () => {
		const all = api(await lab().registry());
		await ann(all);
		await all.erase(byEmail('people', EMAIL));
		expect(statuses(await all.allow(byId('people', 'web', 'secret-double'), byEmail('people', EMAIL), byId('people', 'shop', 'bob')))).toEqual(['updated', 'notFound', 'unchanged']);
		expect(statuses(await all.upsert([{ objectType: 'people', ids: ids({ crm: 'secret-1' }), fields: { email: EMAIL } }]))).toEqual(['created']);
		expect((await lab().tables()).erased).toEqual([]);
	});

	test('reaches an address that only waits in the inbox, and no account', async () => {
		const all = api(await lab().registry());
		await all.capture(['Sue Secret <sue.secret@nobody.org>']);
		await makeRecords(all.registry, 'accounts', ['A']);
		const outcomes = await all.erase(byEmail('people', 'Sue.Secret@nobody.org'), byId('accounts', 'crm', 'A'), byEmail('people', 'unknown@nobody.org'));
		expect(outcomes.map(kindOf)).toEqual(['deleted', 'eraseAccount', 'noEmail']);
		expect(JSON.stringify(await lab().tables())).not.toMatch(/secret@/i);
		expect((await all.capture(['sue.secret@nobody.org'])).flat().map(kindOf)).toEqual(['erased']);
	});

	test('keeps hashes that nobody can try addresses on without the secret, other in each workspace', async () => {
		const hashes: string[] = [];
		for (const workspace of ['one', 'two']) {
			const all = api(await lab().registry({ workspace }));
			await all.link([{ objectType: 'people', ids: ids({ crm: '1' }), email: EMAIL }]);
			await all.erase(byId('people', 'crm', '1'));
			hashes.push(...((await lab().tables({ workspace })).erased ?? []).map(({ hash }) => String(hash)));
			expect(JSON.stringify((await all.get(byId('people', 'crm', '1'))))).not.toContain('erasedSecret');
		}
		expect(hashes).toHaveLength(6);
		expect(new Set(hashes).size).toBe(6);
	});

	test('thousands in one run', async () => {
		const all = api(await lab().registry());
		const people = Array.from({ length: 3_000 }, (_, n) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n}` }), email: `p${n}@acme.com` }));
		await all.link(people);
		expect(tally(await all.erase(...people.map((_, n) => byId('people', 'crm', `c${n}`))))).toEqual({ deleted: 3_000 });
		expect((await lab().tables()).record).toEqual([]);
		expect(tally(await all.link(people))).toEqual({ skipped: 3_000 });
	});
});
