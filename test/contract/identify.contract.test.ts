import fc from 'fast-check';

import { changeSettings } from '../../nodes/ExternalId/registry/status';
import { api, byEmail, byId, ids, makeRecords } from './api';
import type { Api } from './api';
import { caller, kindOf, statuses } from './collect';
import { onEachEngine } from './engines';
import { brokenRules, changesIn, worldOf } from './world';

type Call = Record<string, unknown>;
const call = (userId: unknown, traits: Call = {}, more: Call = {}): Call => ({ type: 'identify', userId, traits, ...more });
const at = (second: number) => ({ timestamp: `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z` });
const BROWSER = { context: { library: { name: 'analytics.js', version: 'next-1.70.0' } } };
const PUBLIC = { trust: 'public' };

const acme = async (all: Api) => await makeRecords(all.registry, 'accounts', ['A'], () => ({ name: 'Acme', domains: 'acme.com' }));

onEachEngine('Identify', (lab) => {
	test('makes a contact on the account of its domain, with user ID, e-mail and traits; again changes nothing', async () => {
		const all = api(await lab().registry());
		const [account] = await acme(all);
		const calls = [call('u1', { email: 'Ann@eu.acme.com', first_name: 'Ann', lastName: 'Lee', phone: '1', company: { name: 'Acme' }, empty: '' })];
		expect(await all.identify(calls)).toMatchObject([{ status: 'created', accountId: account, accountName: 'Acme', matchedDomain: 'acme.com', matchKind: 'registrable', email: 'Ann@eu.acme.com', externalIds: { app: 'u1' }, fields: { firstName: 'Ann', lastName: 'Lee', phone: '1', company: { name: 'Acme' } } }]);
		const created = (await lab().tables()).change?.find(({ kind, object_type: type }) => kind === 'recordCreated' && type === 'people');
		expect(JSON.parse(String(created?.after))).toMatchObject({ origin: 'domain', matchedDomain: 'acme.com' });
		const before = await changesIn(lab());
		expect(await all.identify(calls)).toMatchObject([{ status: 'unchanged' }]);
		expect(await changesIn(lab())).toBe(before);
	});

	test('the user ID or the e-mail of a known contact decides', async () => {
		const all = api(await lab().registry());
		await all.upsert([{ objectType: 'people', ids: ids({ crm: '1' }), fields: { email: 'ann@x.com' } }]);
		expect(await all.identify([call('u1', { email: 'ann@x.com', plan: 'gold' })])).toMatchObject([{ status: 'linked', externalIds: { crm: '1', app: 'u1' }, changed: ['plan'] }]);
		expect(await all.identify([call('u1', { email: 'ann@new.com' })])).toMatchObject([{ status: 'updated', email: 'ann@new.com', changed: ['email'] }]);
		expect(await all.identify([{ traits: { email: 'ann@x.com', plan: 'red' } }])).toMatchObject([{ status: 'updated', externalIds: { crm: '1', app: 'u1' } }]);
		expect(await all.get(byId('people', 'crm', '1'))).toMatchObject([{ emails: ['ann@new.com', 'ann@x.com'] }]);
		// Another user ID of one contact is no second account of theirs that we may guess.
		expect((await all.identify([call('u2', { email: 'ann@x.com' })])).map(kindOf)).toEqual(['recordHasOtherId']);
	});

	test('where they lead to two people nothing is done, and both are shown', async () => {
		const all = api(await lab().registry());
		await all.configure({ objectType: 'people', externalType: 'app' });
		await all.upsert([{ objectType: 'people', ids: ids({ app: 'u1' }), fields: { email: 'a@x.com' } }, { objectType: 'people', ids: ids({ crm: '2' }), fields: { email: 'b@x.com' } }]);
		const [a, b] = (await all.resolve([byEmail('people', 'a@x.com'), byEmail('people', 'b@x.com')])).map(({ objectId }) => objectId);
		const before = await changesIn(lab());
		expect(await all.identify([call('u1', { email: 'b@x.com', name: 'New' })])).toMatchObject([{ status: 'conflict', objectId: a, conflict: { byUserId: { objectId: a }, byEmail: { objectId: b, externalIds: { crm: '2' } }, mergeCandidate: true } }]);
		expect(await changesIn(lab())).toBe(before);
		await all.merge([{ objectType: 'people', survivor: byId('people', 'app', 'u1'), other: byId('people', 'crm', '2') }]);
		expect(await all.identify([call('u1', { email: 'b@x.com', name: 'New' })])).toMatchObject([{ status: 'updated', objectId: a }]);
	});

	test('a contact without an account waits in the inbox, and gets the account when its domain is added', async () => {
		const all = api(await lab().registry());
		const outcomes = await all.identify([call('u1', { email: 'ann@later.com', name: 'Ann' }), call('u2', { firstName: 'Bob', lastName: 'Ek' }), call('u3', { email: 'joe@gmail.com' })]);
		expect(outcomes).toMatchObject([{ status: 'created', inInbox: true }, { status: 'created', inInbox: true }, { status: 'created', inInbox: true }]);
		expect(((await lab().tables()).inbox ?? []).map(({ address, name, reason, record_id: id }) => [address, name, reason, id]).sort()).toEqual([
			['', 'Bob Ek', 'noEmail', outcomes[1]?.objectId],
			['ann@later.com', 'Ann', 'domainWithoutAccount', outcomes[0]?.objectId],
			['joe@gmail.com', null, 'domainFreeMail', outcomes[2]?.objectId],
		]);
		await makeRecords(all.registry, 'accounts', ['L']);
		expect(await all.domains('add', [{ account: byId('accounts', 'crm', 'L'), domains: 'later.com' }])).toMatchObject([[{ status: 'created', contactsLinked: 1 }]]);
		expect(await all.identify([call('u1', { email: 'ann@later.com' })])).toMatchObject([{ status: 'unchanged', accountName: null }]);
	});

	test('calls that only carry an audience’s true or false change contacts and never make one', async () => {
		const all = api(await lab().registry());
		const personas = { context: { personas: { computation_class: 'audience', computation_key: 'big_spender' } } };
		const input = [call('u1', { big_spender: true }, personas), call('u1', { big_spender: 'false', email: 'ann@x.com' }, personas), call('u9', { vip: true })];
		expect((await all.identify(input)).map(kindOf)).toEqual(['audienceOnly', 'audienceOnly', 'audienceOnly']);
		expect((await lab().tables()).record).toEqual([]);
		await all.identify([call('u1', { email: 'ann@x.com', name: 'Ann', subscribed: true })]);
		expect(await all.identify(input.slice(0, 1))).toMatchObject([{ status: 'updated', fields: { big_spender: true } }]);
	});

	test.each([['from browsers', BROWSER], ['with a public write key', PUBLIC], ['through a client channel', { channel: 'client' }]])('calls %s never set an External ID and link nothing by e-mail', async (_, mark) => {
		const all = api(await lab().registry());
		await acme(all);
		await all.identify([call('u1', { email: 'ann@acme.com', name: 'Ann' })]);
		await all.upsert([{ objectType: 'people', ids: ids({ crm: '9' }), fields: { email: 'zoe@x.com' } }]);
		const outcomes = await all.identify([
			call('u2', { email: 'ann@acme.com', name: 'Mallory' }, mark),
			call('u3', {}, mark),
			call(undefined, { email: 'zoe@x.com', name: 'Mallory' }, mark),
			call('u1', { email: 'zoe@x.com', plan: 'gold' }, mark),
			call('u4', { email: 'new@acme.com' }, mark),
			call('u5', { email: 'new@nobody.org' }, mark),
		]);
		expect(outcomes.map(kindOf)).toEqual(['publicCall', 'publicCall', 'publicCall', 'updated', 'created', 'domainWithoutAccount']);
		expect((await lab().tables()).mapping?.map(({ external_id: id }) => id).sort()).toEqual(['9', 'A', 'u1']);
		expect(await all.get(byId('people', 'app', 'u1'))).toMatchObject([{ email: 'ann@acme.com', fields: { name: 'Ann', plan: 'gold' } }]);
		expect(outcomes[4]).toMatchObject({ externalIds: {} });
	});

	test('other calls, and calls that name nobody, are skipped with the reason', async () => {
		const all = api(await lab().registry());
		const outcomes = await all.identify([...['page', 'screen', 'track', 'group', 'alias', 'delete', 'toString'].map((type) => ({ type, userId: 'u1' })), { type: 'identify', anonymousId: 'x' }, [call('u1')], 'text', call('u1', { email: 'no address' }), call('none')]);
		expect(outcomes.map(kindOf)).toEqual([...Array<string>(7).fill('notIdentify'), 'anonymous', 'noCall', 'noCall', 'emailMalformed', expect.any(String)]);
		expect(outcomes[3]?.reason).toContain('group call');
		expect(outcomes.at(-1)?.status).toBe('invalid');
		expect((await lab().tables()).record).toEqual([]);
	});

	test('own domains, role addresses, and who was deleted or discarded make no contact', async () => {
		const all = api(await lab().registry());
		await changeSettings(all.registry, { ownDomains: 'own.com' }, { caller: caller(), operation: 'test', settle: () => {} });
		await all.identify([call('u1', { email: 'ann@x.com' })]);
		await all.remove([byId('people', 'app', 'u1')]);
		await all.capture(['sue@x.com']);
		await all.discard(['sue@x.com']);
		const outcomes = await all.identify([call('u1', { name: 'Ann' }), call('u2', { email: 'ann@x.com' }), call('u3', { email: 'sue@x.com' }), call('u4', { email: 'noreply@x.com' }), call('u5', { email: 'me@own.com' })]);
		expect(outcomes.map(kindOf)).toEqual(['recordDeleted', 'recordDeleted', 'discarded', 'roleAddress', 'domainOwn']);
	});

	test('calls of one person count in the order of their time, and again change nothing', async () => {
		const all = api(await lab().registry());
		const calls = [call('u1', { email: 'ann@x.com', name: 'C', deep: { a: 3 } }, at(30)), call('u1', { name: 'A', city: 'Rome', deep: { a: 1, b: 1 } }, at(10)), call('u1', { email: 'ann@y.com', name: 'B' }, at(20))];
		await all.identify(calls);
		expect(await all.get(byId('people', 'app', 'u1'))).toMatchObject([{ email: 'ann@x.com', fields: { name: 'C', city: 'Rome', deep: { a: 3, b: 1 } } }]);
		const before = await changesIn(lab());
		expect(statuses(await all.identify(calls))).toEqual(['unchanged', 'unchanged', 'unchanged']);
		expect(await changesIn(lab())).toBe(before);
	});

	test('never depends on the order of the input', async () => {
		let workspaces = 0;
		const run = async (calls: readonly Call[]) => {
			const workspace = `w${++workspaces}`;
			const all = api(await lab().registry({ workspace }));
			await acme(all);
			await all.identify([call('u1', { email: 'ann@acme.com', name: 'Ann' })]);
			await all.upsert([{ objectType: 'people', ids: ids({ crm: '1' }), fields: { email: 'bob@acme.com' } }]);
			const outcomes = await all.identify(calls);
			const told = outcomes.map((outcome, place) => `${JSON.stringify(calls[place])} ${['created', 'linked', 'updated', 'unchanged'].includes(outcome.status) ? 'done' : kindOf(outcome)}`).sort();
			const world = await worldOf(lab(), { history: false, workspace });
			const before = await changesIn(lab());
			await all.identify(calls);
			return { told, world, again: (await changesIn(lab())) - before };
		};
		const someCall = fc.record({
			type: fc.constantFrom('identify', 'identify', 'identify', 'track'),
			userId: fc.constantFrom('u1', 'u2', 'u3', undefined),
			traits: fc.record({ email: fc.constantFrom('ann@acme.com', 'bob@acme.com', 'cleo@acme.com', 'dan@x.org', undefined), name: fc.constantFrom('X', 'Y', undefined), deep: fc.constantFrom({ a: 1 }, { a: 2, b: 1 }, undefined) }),
			timestamp: fc.constantFrom(at(1).timestamp, at(2).timestamp, at(3).timestamp),
			trust: fc.constantFrom(undefined, undefined, 'public'),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(someCall, { minLength: 2, maxLength: 5 }), async (calls) => {
				const straight = await run(calls);
				const { world, told } = straight;
				const backwards = await run([...calls].reverse());
				expect({ world: backwards.world, told: backwards.told }).toEqual({ world, told });
			}),
			{ numRuns: Number(process.env.ORDER_RUNS ?? 40), seed: 20_261_124 },
		);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});
});
