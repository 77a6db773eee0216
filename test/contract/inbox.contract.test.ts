import fc from 'fast-check';

import { listInbox, missingDomains } from '../../nodes/ExternalId/registry/inbox';
import { changeSettings } from '../../nodes/ExternalId/registry/status';
import { api, byId, byObject, ids, makeRecords } from './api';
import type { Api } from './api';
import { caller, kindOf, statuses } from './collect';
import { onEachEngine } from './engines';
import type { Lab } from './engines';
import { brokenRules, changesIn, worldOf } from './world';

const account = (crm: string) => byId('accounts', 'crm', crm);
const settle = { caller: caller(), operation: 'test', settle: () => {} };

async function inboxOf(lab: Lab): Promise<Record<string, string>> {
	return Object.fromEntries(((await lab.tables()).inbox ?? []).map(({ key, state, reason }) => [String(key), `${String(state)} ${String(reason)}`]));
}

const peopleIn = async (lab: Lab) => ((await lab.tables()).record ?? []).filter(({ object_type: type, state }) => type === 'people' && state === 'active');

onEachEngine('A Related Domain that is added', (lab) => {
	const waiting = (count: number, domain = 'later.com') => Array.from({ length: count }, (_, n) => `Person ${n} <p${n}@${domain}>`);

	test('makes contacts of what waited for it, at the domain and under it, as by capture', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'accounts', ['A', 'B'], (name) => (name === 'B' ? { domains: 'eu.later.com' } : {}));
		await all.capture([waiting(3), 'x@uk.later.com', 'y@later.org', 'z@gmail.com']);
		expect(await all.domains('add', [{ account: account('A'), domains: 'later.com' }])).toMatchObject([[{ status: 'created', contactsCreated: 4 }]]);
		const [first] = await all.get({ by: 'email', objectType: 'people', email: 'p1@later.com' });
		expect(first).toMatchObject({ fields: { name: 'Person 1' }, accountId: expect.stringMatching(/^acc_/) });
		const created = ((await lab().tables()).change ?? []).filter(({ kind, object_type: type }) => kind === 'recordCreated' && type === 'people').map(({ after }) => JSON.parse(String(after)) as object);
		expect(created).toHaveLength(4);
		for (const after of created) expect(after).toMatchObject({ origin: 'domain', matchedDomain: 'later.com' });
		expect(Object.values(await inboxOf(lab())).filter((each) => each.startsWith('waiting'))).toHaveLength(2);
		expect(await all.domains('add', [{ account: account('A'), domains: 'later.com' }])).toEqual([[expect.not.objectContaining({ contactsCreated: expect.anything() })]]);
	});

	test('by upsert, set or preference does the same', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'accounts', ['A', 'B'], () => ({ domains: 'shared.com' }));
		await all.capture(['a@one.com', 'b@two.com', 'c@shared.com']);
		expect(await all.upsert([{ objectType: 'accounts', ids: ids({ crm: 'A' }), fields: { domains: 'one.com' } }, { objectType: 'accounts', ids: ids({ crm: 'C' }), fields: { name: 'C' } }])).toMatchObject([{ status: 'updated', contactsCreated: 1 }, { status: 'created' }]);
		expect(await all.domains('set', [{ account: account('B'), domains: 'two.com, shared.com' }])).toMatchObject([[{ status: 'updated', contactsCreated: 1 }]]);
		expect(await all.domains('add', [{ account: account('B'), domains: 'shared.com', preferred: true }])).toMatchObject([[{ status: 'updated', contactsCreated: 1 }]]);
	});

	test('leaves what two accounts of one input would have to nobody, in whatever order they come', async () => {
		for (const order of [['A', 'B'], ['B', 'A']]) {
			const all = api(await lab().registry({ workspace: order.join('') }));
			await makeRecords(all.registry, 'accounts', ['A', 'B']);
			await all.capture(['a@both.com']);
			await all.domains('add', order.map((crm) => ({ account: account(crm), domains: 'both.com' })));
		}
		expect(await peopleIn(lab())).toEqual([]);
	});

	test('that would make more contacts than the settings allow lets them wait for approval; capture does not go around it', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'accounts', ['A']);
		await all.capture([waiting(51), waiting(50, 'small.com')]);
		expect(await all.domains('add', [{ account: account('A'), domains: 'later.com, small.com' }])).toMatchObject([[{ domain: 'later.com', waitingForApproval: 51 }, { domain: 'small.com', contactsCreated: 50 }]]);
		expect((await all.capture(['p1@later.com'])).flat().map(kindOf)).toEqual(['waitsForApproval']);
		expect(await all.identify([{ userId: 'u1', traits: { email: 'p1@later.com' } }])).toMatchObject([{ status: 'skipped' }]);
		expect(await all.domains('add', [{ account: account('A'), domains: 'later.com' }])).toMatchObject([[{ status: 'unchanged', waitingForApproval: 51 }]]);
		expect(await peopleIn(lab())).toHaveLength(50);
		expect(await listInbox(all.registry, { states: ['waiting'], reason: 'approval' }, 100)).toHaveLength(51);
		expect(await all.approve('later.com', 'later.com', 'not a domain')).toMatchObject([{ status: 'updated', contactsCreated: 51 }, { status: 'unchanged', contactsCreated: 0 }, { status: 'invalid' }]);
		expect(await peopleIn(lab())).toHaveLength(101);
	});

	test('asks above the number that the settings say', async () => {
		const all = api(await lab().registry());
		expect(await changeSettings(all.registry, { approveAbove: 2 }, settle)).toMatchObject({ status: 'updated', approveAbove: 2 });
		expect(await changeSettings(all.registry, { approveAbove: -1 }, settle)).toMatchObject({ status: 'invalid' });
		await makeRecords(all.registry, 'accounts', ['A']);
		await all.capture([waiting(3)]);
		expect(await all.domains('add', [{ account: account('A'), domains: 'later.com' }])).toMatchObject([[{ waitingForApproval: 3 }]]);
	});

	test('5,000 contacts by one domain: they wait, a run that is stopped loses none, and approving goes on where it was', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await makeRecords(registry, 'accounts', ['A']);
		await all.capture([waiting(2_500), Array.from({ length: 2_500 }, (_, n) => `q${n}@eu.later.com`)]);
		expect(await all.domains('add', [{ account: account('A'), domains: 'later.com' }])).toMatchObject([[{ waitingForApproval: 5_000 }]]);
		const stop = new AbortController();
		const { transact } = registry.store;
		let steps = 0;
		registry.store.transact = async (...args) => {
			if (++steps === 5) stop.abort();
			return (await transact.apply(registry.store, args as never)) as never;
		};
		const [stopped] = await api(registry, { signal: stop.signal }).approve('later.com');
		registry.store.transact = transact;
		const made = (await peopleIn(lab())).length;
		expect(made).toBeGreaterThan(0);
		expect(made).toBeLessThan(5_000);
		expect(stopped).toMatchObject({ status: 'updated', contactsCreated: made });
		expect(await all.approve('later.com')).toMatchObject([{ contactsCreated: 5_000 - made }]);
		expect(await peopleIn(lab())).toHaveLength(5_000);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});
});

onEachEngine('The inbox', (lab) => {
	async function threeWaiting(all: Api): Promise<void> {
		await makeRecords(all.registry, 'accounts', ['A', 'B'], (name) => ({ name }));
		await all.capture(['Ann Lee <ann@later.com>', 'bob@eu.later.com', 'joe@gmail.com']);
	}

	test('lists what waits, by reason, domain and words', async () => {
		const all = api(await lab().registry());
		await threeWaiting(all);
		await all.discard(['bob@eu.later.com']);
		const emails = async (query: object, limit = 10) => ((await listInbox(all.registry, { states: ['waiting'], ...query }, limit)) as Array<Record<string, unknown>>).map(({ email }) => email);
		expect(await emails({})).toEqual(['joe@gmail.com', 'ann@later.com']);
		expect(await emails({}, 1)).toHaveLength(1);
		expect(await emails({ reason: 'domainFreeMail' })).toEqual(['joe@gmail.com']);
		expect(await emails({ domain: 'https://Later.com' })).toEqual(['ann@later.com']);
		expect(await emails({ domain: 'eu.later.com', states: ['waiting', 'discarded'] })).toEqual(['bob@eu.later.com']);
		expect(await emails({ search: 'LEE' })).toEqual(['ann@later.com']);
		expect(await emails({ states: ['discarded'] })).toEqual(['bob@eu.later.com']);
		expect(await listInbox(all.registry, { states: ['waiting'], domain: 'no domain' }, 10)).toMatchObject({ status: 'invalid' });
	});

	test('assigns an address, which becomes a contact, and a contact; again changes nothing', async () => {
		const all = api(await lab().registry());
		await threeWaiting(all);
		const [zoe] = await all.identify([{ userId: 'u1', traits: { name: 'Zoe' } }]);
		const entries = [{ waiting: 'ANN@later.com', account: account('A') }, { waiting: zoe?.objectId, account: account('B') }, { waiting: 'ann@later.com', account: account('A') }];
		expect(await all.assign(entries)).toMatchObject([{ status: 'created', accountName: 'A', fields: { name: 'Ann Lee' } }, { status: 'linked', accountName: 'B', objectId: zoe?.objectId }, { status: 'unchanged' }]);
		const made = (await peopleIn(lab())).find(({ fields }) => String(fields).includes('Ann Lee'));
		expect(made?.origin).toBe('manual');
		expect(await inboxOf(lab())).toMatchObject({ 'ann@later.com': 'assigned domainWithoutAccount', [String(zoe?.objectId)]: 'assigned noEmail' });
		const before = await changesIn(lab());
		expect(statuses(await all.assign(entries))).toEqual(['unchanged', 'unchanged', 'unchanged']);
		expect(await changesIn(lab())).toBe(before);
		expect((await all.assign([{ waiting: 'ann@later.com', account: account('B') }, { waiting: 'x@nobody.org', account: account('A') }, { waiting: 'joe@gmail.com', account: account('C') }, { waiting: '', account: account('A') }])).map(kindOf)).toEqual(['hasAccount', 'notInInbox', 'noMapping', 'nothingNamed']);
	});

	test('adds the domain with it, which catches the others; free mail and the domains of others are left out', async () => {
		const all = api(await lab().registry());
		await threeWaiting(all);
		await all.capture(['cid@later.com', 'dan@taken.com']);
		await all.domains('add', [{ account: account('B'), domains: 'taken.com' }]);
		await all.capture(['eva@taken.com']);
		await all.link([{ objectType: 'people', ids: ids({ crm: 'p' }), email: 'old@taken.com' }]);
		await all.remove([account('B')]);
		await all.remove([account('B')], true);
		const outcomes = await all.assign([{ waiting: 'ann@later.com', account: account('A') }, { waiting: 'joe@gmail.com', account: account('A') }, { waiting: 'dan@taken.com', account: account('A') }], true);
		expect(outcomes).toMatchObject([
			{ status: 'created', relatedDomain: 'later.com', contactsCreated: 2 },
			{ status: 'created', refusedDomains: [{ domain: 'gmail.com', reason: expect.stringContaining('free mail') }] },
			{ status: 'linked', refusedDomains: [{ domain: 'taken.com', reason: expect.stringContaining('another account') }] },
		]);
		expect((await lab().tables()).related_domain?.map(({ domain }) => domain).sort()).toEqual(['later.com', 'taken.com']);
	});

	test('discards addresses and contacts so that feeds do not bring them back, until they are restored', async () => {
		const all = api(await lab().registry());
		await threeWaiting(all);
		const [zoe] = await all.identify([{ userId: 'u1', traits: { email: 'zoe@later.com' } }]);
		const names = ['ann@later.com', 'zoe@later.com'];
		expect(statuses(await all.discard([...names, 'ann@later.com', 'x@nobody.org']))).toEqual(['deleted', 'deleted', 'unchanged', 'notFound']);
		expect((await all.capture([names])).flat().map(kindOf)).toEqual(['discarded', 'recordDeleted']);
		await all.domains('add', [{ account: account('A'), domains: 'later.com' }]);
		expect((await peopleIn(lab())).map(({ fields }) => fields)).toEqual(['{}']);
		expect(statuses(await all.discard([...names, 'ann@later.com'], true))).toEqual(['updated', 'updated', 'unchanged']);
		expect(await all.get(byObject('people', zoe?.objectId))).toMatchObject([{ status: 'found' }]);
		expect(await all.approve('later.com')).toMatchObject([{ contactsCreated: 1, contactsLinked: 1 }]);
	});

	test('tells which domains would catch how many people, the most first, and what can be no Related Domain apart', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'accounts', ['A', 'B'], () => ({ domains: 'shared.com' }));
		await all.capture(['a@one.com', 'b@eu.one.com', 'c@two.com', 'd@gmail.com', 'e@gmail.com', 'f@shared.com', 'g@two.com', 'h@two.com']);
		expect(await missingDomains(all.registry)).toEqual([
			{ domain: 'two.com', people: 3, usable: true, domainClass: 'business' },
			{ domain: 'one.com', people: 2, usable: true, domainClass: 'business' },
			{ domain: 'gmail.com', people: 2, usable: false, domainClass: 'freeMail' },
		]);
	});

	test('a person who gets an account by an upsert waits no more', async () => {
		const all = api(await lab().registry());
		await threeWaiting(all);
		await all.upsert([{ objectType: 'people', ids: ids({ crm: 'p1' }), fields: { email: 'joe@gmail.com' }, account: account('A') }]);
		expect(await inboxOf(lab())).toMatchObject({ 'joe@gmail.com': 'assigned domainFreeMail' });
	});

	test.each([[true], [false]])('assigning never depends on the order of the input (with domains: %s)', async (addDomain) => {
		let workspaces = 0;
		const run = async (input: ReadonlyArray<readonly [string, string]>) => {
			const workspace = `${String(addDomain)}${++workspaces}`;
			const all = api(await lab().registry({ workspace }));
			await threeWaiting(all);
			await all.capture(['cid@later.com']);
			const outcomes = await all.assign(input.map(([waiting, crm]) => ({ waiting, account: account(crm) })), addDomain);
			const told = outcomes.map((outcome, at) => `${input[at]?.join('>')} ${['created', 'linked', 'unchanged'].includes(outcome.status) ? 'done' : kindOf(outcome)}`).sort();
			return { told, world: await worldOf(lab(), { history: false, workspace }) };
		};
		const entry = fc.tuple(fc.constantFrom('ann@later.com', 'bob@eu.later.com', 'cid@later.com', 'joe@gmail.com'), fc.constantFrom('A', 'B'));
		await fc.assert(
			fc.asyncProperty(fc.array(entry, { minLength: 2, maxLength: 4 }), async (input) => {
				expect(await run([...input].reverse())).toEqual(await run(input));
			}),
			{ numRuns: 20, seed: 20_261_124 },
		);
	});
});
