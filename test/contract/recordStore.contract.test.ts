import { listRecords } from '../../nodes/ExternalId/registry/lists';
import type { Outcome } from '../../nodes/shared/identity/outcome';
import { api, byEmail, byId, byObject, ids, makeRecords } from './api';
import { kindOf, statuses } from './collect';
import { onEachEngine } from './engines';
import { brokenRules, changesIn } from './world';

const person = (crm: unknown, fields: Record<string, unknown> = {}, more: object = {}) => ({ objectType: 'people' as const, ids: ids({ crm }), fields, ...more });
const account = (crm: unknown, fields: Record<string, unknown> = {}) => ({ objectType: 'accounts' as const, ids: ids({ crm }), fields });

onEachEngine('Upserting by External ID', (lab) => {
	test('creates, then updates what differs, and says what it changed', async () => {
		const all = api(await lab().registry());
		const [made] = await all.upsert([person('1', { name: 'Ann', age: 30, tags: ['a'], custom: { tier: 'gold' } })]);
		expect(made).toMatchObject({ status: 'created', objectType: 'people', externalIds: { crm: '1' } });
		expect(statuses(await all.upsert([person('1', { name: 'Ann' }), person('1', {})]))).toEqual(['unchanged', 'unchanged']);
		expect(await all.upsert([person('1', { name: 'Anna', tags: ['b', 'c'], custom: { size: 2 } })])).toMatchObject([{ status: 'updated', changed: ['name', 'tags', 'custom'] }]);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ fields: { name: 'Anna', age: 30, tags: ['b', 'c'], custom: { tier: 'gold', size: 2 } } }]);
	});

	test('a further ID links; IDs of several records are a conflict; a second ID of a type is a conflict', async () => {
		const all = api(await lab().registry());
		await all.upsert([person('1'), person('2')]);
		const both = (byType: Record<string, unknown>) => ({ objectType: 'people' as const, ids: ids(byType), fields: { name: 'New' } });
		expect(await all.upsert([both({ crm: '1', erp: 'E1' })])).toMatchObject([{ status: 'linked', externalIds: { crm: '1', erp: 'E1' } }]);
		const outcomes = await all.upsert([both({ erp: 'E1', crm: '2' }), both({ erp: 'E2', crm: '2' })]);
		expect(outcomes[0]).toMatchObject({ status: 'conflict' });
		// Drawn together by crm 2, so both are decided as one.
		expect(outcomes[1]).toMatchObject({ status: 'conflict' });
		expect(statuses(await all.upsert([both({ erp: 'E1', crm: '3' })]))).toEqual(['conflict']);
		expect(await all.get(byId('people', 'crm', '2'))).toMatchObject([{ fields: {} }]);
	});

	test('empty values change nothing, unless they are to clear', async () => {
		const all = api(await lab().registry());
		const full = { name: 'Ann', city: 'Rome', custom: { a: 1, b: 2 } };
		await all.upsert([person('1', full)]);
		const empty = { name: '', city: null, custom: { a: '' }, extra: null };
		expect(statuses(await all.upsert([person('1', empty)]))).toEqual(['unchanged']);
		expect(await all.upsert([person('1', empty)], { emptyValues: 'clear' })).toMatchObject([{ status: 'updated', changed: ['name', 'city', 'custom'] }]);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ fields: { custom: { b: 2 } } }]);
		expect((await all.get(byId('people', 'crm', '1')))[0]).not.toMatchObject({ fields: { name: expect.anything() } });
	});

	test('clearing nested values twice changes nothing the second time', async () => {
		const all = api(await lab().registry());
		const entry = person('1', { custom: { a: '', b: 'x', deep: { c: null } } });
		expect(statuses(await all.upsert([entry], { emptyValues: 'clear' }))).toEqual(['created']);
		expect(statuses(await all.upsert([entry], { emptyValues: 'clear' }))).toEqual(['unchanged']);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ fields: { custom: { b: 'x' } } }]);
	});

	test('items of one record that agree are one; that disagree are conflicts, or the last one wins', async () => {
		const all = api(await lab().registry());
		expect(statuses(await all.upsert([person('1', { name: 'Ann' }), person('1', { city: 'Rome' })]))).toEqual(['created', 'unchanged']);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ fields: { name: 'Ann', city: 'Rome' } }]);
		const two = [person('1', { name: 'Bea' }), person('1', { name: 'Cleo' }), person('2', { name: 'Dan' })];
		const outcomes = await all.upsert(two);
		expect(statuses(outcomes)).toEqual(['conflict', 'conflict', 'created']);
		expect(outcomes[0]?.reason).toContain('"name"');
		expect(statuses(await all.upsert(two, { whenItemsDisagree: 'last' }))).toEqual(['updated', 'unchanged', 'unchanged']);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ fields: { name: 'Cleo' } }]);
	});

	test('nested fields of several items of one record merge as they do over two runs', async () => {
		const all = api(await lab().registry());
		await all.upsert([person('1', { custom: { a: 1 } }), person('1', { custom: { b: 2 } })], { whenItemsDisagree: 'last' });
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ fields: { custom: { a: 1, b: 2 } } }]);
	});

	test.each([
		['link', 'linked', 1],
		['create', 'created', 2],
		['conflict', 'conflict', 1],
	] as const)('when the ID is new and the e-mail is known: %s', async (choice, status, people) => {
		const all = api(await lab().registry());
		await all.upsert([person('1', { email: 'Ann@acme.com' })]);
		const [outcome] = await all.upsert([{ objectType: 'people', ids: ids({ erp: 'E1' }), fields: { email: 'ann@ACME.com ' } }], { whenEmailKnown: choice });
		expect(outcome?.status).toBe(status);
		if (choice === 'conflict') expect(outcome).toMatchObject({ conflict: { wanted: { externalIds: { erp: 'E1' } }, existing: [{ objectId: expect.stringMatching(/^per_/) }] } });
		expect((await lab().tables()).record).toHaveLength(people);
	});

	test.each([
		['link', 'linked', 1],
		['create', 'created', 2],
		['conflict', 'conflict', 1],
	] as const)('when the ID is new and an account with exactly that domain is known: %s', async (choice, status, accounts) => {
		const all = api(await lab().registry());
		await all.upsert([account('1', { name: 'Acme', domains: 'acme.com' })]);
		const [outcome] = await all.upsert([{ objectType: 'accounts', ids: ids({ erp: 'E1' }), fields: { domains: ['https://www.acme.com/about'] } }], { whenDomainKnown: choice });
		expect(outcome?.status).toBe(status);
		expect((await lab().tables()).record).toHaveLength(accounts);
	});

	test('accounts are never linked by a parent domain', async () => {
		const all = api(await lab().registry());
		await all.upsert([account('1', { domains: 'acme.com' })]);
		expect(statuses(await all.upsert([account('2', { domains: 'eu.acme.com' })], { whenDomainKnown: 'link' }))).toEqual(['created']);
	});

	test('several new items with one e-mail: one record with Link, conflicts with Conflict, two records with Create', async () => {
		const input = () => [
			{ objectType: 'people' as const, ids: ids({ crm: '1' }), fields: { email: 'ann@acme.com' } },
			{ objectType: 'people' as const, ids: ids({ erp: '1' }), fields: { email: 'Ann@Acme.com' } },
		];
		const outcome = async (workspace: string, whenEmailKnown: 'link' | 'conflict' | 'create') => statuses(await api(await lab().registry({ workspace })).upsert(input(), { whenEmailKnown }));
		expect(await outcome('a', 'link')).toEqual(['created', 'unchanged']);
		expect(await outcome('b', 'conflict')).toEqual(['conflict', 'conflict']);
		expect(await outcome('c', 'create')).toEqual(['created', 'created']);
	});

	test('a new address becomes primary and the old one stays; one that another person holds is a conflict', async () => {
		const all = api(await lab().registry());
		await all.upsert([person('1', { email: 'ann@acme.com' }), person('2', { email: 'bob@acme.com' })]);
		expect(await all.upsert([person('1', { email: 'ann@new.com' })])).toMatchObject([{ status: 'updated', changed: ['email'] }]);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ email: 'ann@new.com', emails: ['ann@new.com', 'ann@acme.com'] }]);
		expect(statuses(await all.upsert([person('1', { email: 'ann@acme.com' })]))).toEqual(['unchanged']);
		const [refused] = await all.upsert([person('1', { email: 'bob@acme.com', name: 'X' })]);
		expect([refused?.status, kindOf(refused as Outcome)]).toEqual(['conflict', 'emailBelongsToOther']);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ fields: {} }]);
		expect(statuses(await all.upsert([person('3', { email: 'no address' }), person('4', { email: 'bea@acme.com' })]))).toEqual(['invalid', 'created']);
	});

	test('of two people that claim one new address neither gets it', async () => {
		const all = api(await lab().registry());
		await all.upsert([person('1'), person('2')]);
		const before = await changesIn(lab());
		expect(statuses(await all.upsert([person('1', { email: 'x@acme.com' }), person('2', { email: 'x@acme.com' })]))).toEqual(['conflict', 'conflict']);
		expect(await changesIn(lab())).toBe(before);
	});

	test('a deleted record is skipped, and comes back only when told to', async () => {
		const all = api(await lab().registry());
		await all.upsert([person('1', { name: 'Ann' })]);
		await all.remove([byId('people', 'crm', '1')]);
		expect(statuses(await all.upsert([person('1', { name: 'Bea' }), person('2')]))).toEqual(['skipped', 'created']);
		expect(statuses(await all.upsert([person('1', { name: 'Bea' })], { restoreDeleted: true }))).toEqual(['updated']);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ status: 'found', fields: { name: 'Bea' } }]);
	});

	test('a person is put on the account that is named by any of its keys; an account that is not there is said', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const [acme] = await makeRecords(registry, 'accounts', ['ACME']);
		const outcomes = await all.upsert([
			person('1', {}, { account: byId('accounts', 'crm', 'ACME') }),
			person('2', {}, { account: byObject('accounts', acme) }),
			person('3', {}, { account: byId('accounts', 'crm', 'OTHER') }),
			person('4', {}, { account: byId('accounts', 'crm', '') }),
			person('5'),
		]);
		expect(statuses(outcomes)).toEqual(['created', 'created', 'invalid', 'invalid', 'created']);
		expect(outcomes[2]).toMatchObject({ retry: true });
		expect(await all.get(byId('people', 'crm', '1'), byId('people', 'crm', '2'), byId('people', 'crm', '5'))).toMatchObject([{ accountId: acme }, { accountId: acme }, { accountId: null }]);
		expect(statuses(await all.upsert([person('1', {}, { account: byObject('accounts', acme) })]))).toEqual(['unchanged']);
	});

	test('items that put one person on different accounts are conflicts', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await makeRecords(registry, 'accounts', ['A', 'B']);
		const outcomes = await all.upsert([person('1', {}, { account: byId('accounts', 'crm', 'A') }), person('1', {}, { account: byId('accounts', 'crm', 'B') })]);
		expect(statuses(outcomes)).toEqual(['conflict', 'conflict']);
	});

	test('Related Domains that cannot be used are told, and the account is made', async () => {
		const all = api(await lab().registry());
		const [outcome] = await all.upsert([account('1', { name: 'Acme', domains: 'acme.com, gmail.com, co.uk, , not a domain' })]);
		expect(outcome).toMatchObject({ status: 'created', refusedDomains: [{ domain: 'gmail.com' }, { domain: 'co.uk' }, { domain: 'not a domain' }] });
		expect((await lab().tables()).related_domain).toMatchObject([{ domain: 'acme.com' }]);
		expect(statuses(await all.upsert([account('1', { domains: 'ACME.com;acme.de' })]))).toEqual(['updated']);
		expect((await lab().tables()).related_domain).toHaveLength(2);
	});

	test('fields that look like an outcome of ours are fields', async () => {
		const all = api(await lab().registry());
		const fields = { status: 'conflict', problemKey: 'idBelongsToOther:0123456789ab', reason: 'What another node said.', retry: false };
		expect(statuses(await all.upsert([person('1', fields)]))).toEqual(['created']);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ fields }]);
	});

	test('people, accounts and users keep their own fields and e-mails', async () => {
		const all = api(await lab().registry());
		await all.upsert([
			{ objectType: 'people', ids: ids({ crm: '1' }), fields: { email: 'ann@acme.com' } },
			{ objectType: 'users', ids: ids({ crm: '1' }), fields: { email: 'ann@acme.com' } },
			{ objectType: 'accounts', ids: ids({ crm: '1' }), fields: { email: 'info@acme.com', domains: 'acme.com' } },
		]);
		expect(await all.get(byEmail('people', 'ann@acme.com'), byEmail('users', 'ann@acme.com'), byId('accounts', 'crm', '1'))).toMatchObject([
			{ objectType: 'people' },
			{ objectType: 'users' },
			{ fields: { email: 'info@acme.com' }, domains: ['acme.com'] },
		]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});
});

onEachEngine('Getting and deleting records', (lab) => {
	test('a deleted record is told as deleted, stays found by no feed, and can be restored', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const [a] = await makeRecords(registry, 'people', ['A', 'B']);
		expect(statuses(await all.remove([byObject('people', a), byObject('people', a), byId('people', 'crm', 'missing')]))).toEqual(['deleted', 'unchanged', 'notFound']);
		const [gone] = await all.get(byId('people', 'crm', 'A'));
		expect(gone).toMatchObject({ status: 'notFound', deletedAt: expect.any(String), objectId: a });
		expect(statuses(await all.remove([byId('people', 'crm', 'A')], true))).toEqual(['updated']);
		expect(statuses(await all.remove([byId('people', 'crm', 'A')], true))).toEqual(['unchanged']);
		expect(statuses(await all.get(byId('people', 'crm', 'A')))).toEqual(['found']);
	});

	test('what was deleted by its e-mail is unchanged the second time and can be restored by its e-mail', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await makeRecords(registry, 'people', ['A'], () => ({ email: 'ann@acme.com' }));
		const ann = byEmail('people', 'ann@acme.com');
		expect(statuses(await all.remove([ann]))).toEqual(['deleted']);
		expect(statuses(await all.remove([ann]))).toEqual(['unchanged']);
		expect(statuses(await all.remove([ann], true))).toEqual(['updated']);
	});

	test('the contacts of a deleted account wait in the inbox, all of them, with the reason', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const [acme] = await makeRecords(registry, 'accounts', ['ACME'], () => ({ domains: 'acme.com' }));
		await all.capture(Array.from({ length: 450 }, (_, number) => `p${number}@acme.com`));
		await all.upsert([person('1', {}, { account: byObject('accounts', acme) })]);
		expect(await all.remove([byObject('accounts', acme)])).toMatchObject([{ status: 'deleted', contactsMovedToInbox: 451 }]);
		const { inbox = [], record = [] } = await lab().tables();
		expect(inbox).toHaveLength(451);
		expect(new Set(inbox.map(({ reason, state }) => `${reason} ${state}`))).toEqual(new Set(['accountDeleted waiting']));
		expect(record.filter(({ account_id }) => account_id !== null)).toEqual([]);
		expect(await all.remove([byObject('accounts', acme)])).toMatchObject([{ status: 'unchanged' }]);
		expect(statuses(await all.match(['new@acme.com']))).toEqual(['notFound']);
	});

	test('an e-mail of two people is ambiguous, with both as candidates', async () => {
		const all = api(await lab().registry());
		await all.upsert([person('1', { email: 'x@acme.com' }), person('2', { email: 'x@acme.com' })], { whenEmailKnown: 'create' });
		const [outcome] = await all.get(byEmail('people', 'x@acme.com'));
		expect(outcome).toMatchObject({ status: 'ambiguous', candidates: [{}, {}] });
		expect(statuses(await all.remove([byEmail('people', 'x@acme.com')]))).toEqual(['ambiguous']);
	});

	test('a list gives the records that fit all filters, whole, and no more than asked for', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await makeRecords(registry, 'accounts', ['ACME'], () => ({ name: 'Acme', domains: 'acme.com' }));
		await all.upsert([person('1', { name: 'Ann', email: 'ann@acme.com' }, { account: byId('accounts', 'crm', 'ACME') }), person('2', { name: 'Bob' })]);
		await all.link([{ objectType: 'people', ids: ids({ erp: 'E1' }) }]);
		await all.remove([byId('people', 'crm', '2')]);
		const list = async (query: object, limit = 50) => await listRecords(registry, { objectType: 'people', states: ['active'], ...query }, limit);
		expect(await list({})).toHaveLength(2);
		expect(await list({}, 1)).toHaveLength(1);
		expect(await list({ withoutType: 'crm' })).toMatchObject([{ externalIds: { erp: 'E1' } }]);
		expect(await list({ withType: 'crm' })).toMatchObject([{ externalIds: { crm: '1' }, email: 'ann@acme.com' }]);
		expect(await list({ search: 'ANN@' })).toHaveLength(1);
		expect(await list({ states: ['deleted'] })).toMatchObject([{ fields: { name: 'Bob' }, recordState: 'deleted' }]);
		expect(await list({ updatedAfter: Date.now() + 60_000 })).toEqual([]);
		expect(await listRecords(registry, { objectType: 'accounts', states: ['active'] }, 50)).toMatchObject([{ domains: ['acme.com'] }]);
	});
});
