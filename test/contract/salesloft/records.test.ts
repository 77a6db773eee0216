import type { Outcome } from '../../../nodes/shared/identity/outcome';
import { upsertRecords } from '../../../nodes/Salesloft/upsert';
import type { UpsertChoices, UpsertEntry } from '../../../nodes/Salesloft/upsert';
import { FAULT_KINDS, SWITCHES } from '../../sandbox/salesloft';
import { kindOf, statuses, tally } from '../collect';
import { labs, picked, typed } from './lab';
import type { Lab } from './lab';

const start = labs();

const USUAL: UpsertChoices = { whenKnown: 'link', whenGone: 'conflict', emptyValues: 'ignore' };

type Entry = readonly [externalId: unknown, fields: Record<string, unknown>, account?: string];
async function upsert(lab: Lab, entries: readonly Entry[], choices: Partial<UpsertChoices> = {}, objectType: 'people' | 'accounts' = 'people'): Promise<Outcome[]> {
	return await lab.do(entries, async (salesloft, all, work) => {
		const given = all.map(([externalId, fields, account]): UpsertEntry => ({ externalType: picked('crm'), externalId, fields, ...(account === undefined ? {} : { account: { externalType: typed('crm'), externalId: account } }) }));
		await upsertRecords(salesloft, objectType, given, { ...USUAL, ...choices }, work);
	});
}
const people = ({ sandbox }: Lab) => sandbox.team.people.all().map(({ fields }) => `${String(fields.email_address)} ${String(fields.first_name ?? '')}`.trim()).sort();
const mapped = ({ sandbox }: Lab) => sandbox.mappings().map(({ externalId, objectId }) => `${externalId}=${objectId}`).sort();
const writes = ({ sandbox }: Lab) => sandbox.calls.filter(({ method }) => method !== 'GET').length;

/** What happens to people and accounts that are upserted; the same whatever nobody has confirmed. */
async function story(lab: Lab): Promise<void> {
	const known = lab.sandbox.addPerson({ email_address: 'Known@acme.com', first_name: 'Kay' });
	lab.sandbox.addCustomField('Plan', 'person');
	const accounts = await upsert(lab, [['ACC', { name: 'Acme', domain: 'https://www.Acme.com/' }]], {}, 'accounts');
	expect(accounts).toEqual([expect.objectContaining({ status: 'created', objectId: expect.any(String), fields: expect.objectContaining({ domain: 'acme.com' }) })]);
	const accountId = Number((accounts[0] as Record<string, unknown>).objectId);

	const input: Entry[] = [
		['A', { email_address: 'ann@acme.com', first_name: 'Ann', last_name: '', custom_fields: { Plan: 'gold' } }, 'ACC'],
		['K', { email_address: 'known@acme.com', first_name: 'Kay' }],
		['A', { email_address: 'ann@acme.com', first_name: 'Ann', last_name: '', custom_fields: { Plan: 'gold' } }, 'ACC'],
	];
	const first = await upsert(lab, input);
	expect(statuses(first)).toEqual(['created', 'linked', 'unchanged']);
	expect(first[0]).toMatchObject({ fields: { account: { id: accountId }, custom_fields: { Plan: 'gold' } } });
	expect(first[1]).toMatchObject({ objectId: String(known) });
	expect(people(lab)).toHaveLength(2);
	const after = mapped(lab);
	expect(after).toHaveLength(3);

	lab.sandbox.accounting.reset();
	expect(statuses(await upsert(lab, input))).toEqual(['unchanged', 'unchanged', 'unchanged']);
	expect(statuses(await upsert(lab, [['ACC', { name: 'Acme', domain: 'acme.com' }]], {}, 'accounts'))).toEqual(['unchanged']);
	expect(writes(lab)).toBe(0);

	const changed = await upsert(lab, [['A', { first_name: 'Anna' }]]);
	expect(changed).toEqual([expect.objectContaining({ status: 'updated', changed: ['first_name'] })]);
	expect(people(lab)).toContain('ann@acme.com Anna');
	expect(statuses(await upsert(lab, [['ACC', { industry: 'Shoes' }]], {}, 'accounts'))).toEqual(['updated']);
	expect(lab.sandbox.team.accounts.get(accountId)?.fields).toMatchObject({ name: 'Acme', domain: 'acme.com', industry: 'Shoes' });

	// An account with exactly the domain is a conflict unless the builder says otherwise.
	expect((await upsert(lab, [['ACC2', { name: 'Acme 2', domain: 'www.acme.com' }]], { whenKnown: 'conflict' }, 'accounts')).map(kindOf)).toEqual(['recordHasOtherId']);
	expect(mapped(lab)).toEqual(after);
	expect(lab.sandbox.team.accounts.all()).toHaveLength(1);
	expect(lab.sandbox.team.people.all()).toHaveLength(2);
}

it('creates, links, updates and leaves alone, and says which', async () => {
	await story(await start());
});

describe('the same, whatever nobody has confirmed', () => {
	// Where Salesloft itself tells addresses by their case, nobody can find "Known@" by "known@".
	it.each(SWITCHES.filter(({ isDefault, name }) => !isDefault && name !== 'emailMatching'))('$name: $position', async ({ switches }) => {
		await story(await start({ switches }));
	});
});

describe('never a duplicate and never a dead end', () => {
	it.each(FAULT_KINDS.filter((kind) => !['pageLoop', 'answer', 'slow'].includes(kind)))('%s at the create', async (kind) => {
		const lab = await start({ patience: { timeoutMs: 150 } });
		lab.sandbox.addConfiguration('crm', 'people');
		const fault = lab.sandbox.fault({ kind, method: 'POST', path: '/external/ids' });
		expect(statuses(await upsert(lab, [['A', { email_address: 'ann@acme.com' }]]))).toEqual(['created']);
		expect(fault.hits).toBe(1);
		expect([people(lab).length, mapped(lab).length]).toEqual([1, 1]);
	});

	it.each(FAULT_KINDS.filter((kind) => !['pageLoop', 'answer', 'slow'].includes(kind)))('%s at every fourth call', async (kind) => {
		const lab = await start({ patience: { timeoutMs: 150 } });
		for (let after = 1; after < 60; after += 3) lab.sandbox.fault({ kind, after });
		const input: Entry[] = Array.from({ length: 12 }, (_, n) => [`C${n}`, { email_address: `p${n}@acme.com`, first_name: 'P' }]);
		expect(tally(await upsert(lab, input))).toEqual({ created: 12 });
		expect([people(lab).length, mapped(lab).length]).toEqual([12, 12]);
	});

	it.each([{}, { mappingAfterFailedCreate: 'stays' }] as const)('what Salesloft refuses leaves nothing behind, and works once it is right (%j)', async (switches) => {
		const lab = await start({ switches });
		const [refused] = await upsert(lab, [['A', { first_name: 'Ann' }]]);
		expect(refused).toMatchObject({ status: 'rejected', reason: expect.stringContaining('email_address is required') });
		expect(mapped(lab)).toEqual([]);
		expect(statuses(await upsert(lab, [['A', { email_address: 'ann@acme.com' }]]))).toEqual(['created']);
	});

	it('a known e-mail: link, conflict or create anyway, as chosen', async () => {
		const lab = await start({ switches: { duplicateEmails: 'allowed' } });
		lab.sandbox.addPerson({ email_address: 'ann@acme.com' });
		expect((await upsert(lab, [['A', { email_address: 'ann@acme.com' }]], { whenKnown: 'conflict' })).map(kindOf)).toEqual(['keyKnown']);
		expect(people(lab)).toHaveLength(1);
		expect(statuses(await upsert(lab, [['A', { email_address: 'ann@acme.com', title: 'Boss' }]], { whenKnown: 'link' }))).toEqual(['linked']);
		expect(people(lab)).toHaveLength(1);
		expect(statuses(await upsert(lab, [['B', { email_address: 'ann@acme.com' }]], { whenKnown: 'create' }))).toEqual(['created']);
		expect(people(lab)).toHaveLength(2);
		expect(await upsert(lab, [['C', { email_address: 'ann@acme.com' }]])).toEqual([expect.objectContaining({ status: 'ambiguous', candidates: [expect.anything(), expect.anything()] })]);
	});

	it('several new IDs with one e-mail, and one ID with different values: conflicts, whatever the order', async () => {
		const entries: Entry[] = [['A', { email_address: 'ann@acme.com' }], ['B', { email_address: 'ANN@acme.com' }], ['C', { first_name: 'x' }], ['C', { first_name: 'y' }], ['D', { email_address: 'dan@acme.com' }]];
		for (const order of [entries, [...entries].reverse()]) {
			const lab = await start();
			const outcomes = await upsert(lab, order);
			expect(tally(outcomes)).toEqual({ conflict: 4, created: 1 });
			expect(people(lab)).toEqual(['dan@acme.com']);
		}
	});

	it('a record that was deleted: a conflict, or made anew', async () => {
		const lab = await start();
		const [made] = await upsert(lab, [['A', { email_address: 'ann@acme.com' }]]);
		const id = Number((made as Record<string, unknown>).objectId);
		lab.sandbox.team.people.remove(lab.sandbox.team.people.get(id)!);
		expect((await upsert(lab, [['A', { email_address: 'ann@acme.com' }]])).map(kindOf)).toEqual(['mappedToGone']);
		expect(statuses(await upsert(lab, [['A', { email_address: 'ann@acme.com' }]], { whenGone: 'create' }))).toEqual(['created']);
		expect([people(lab).length, mapped(lab).length]).toEqual([1, 1]);
	});
});

describe('bad input', () => {
	it('is refused before any call for it, and blocks no good item', async () => {
		const lab = await start();
		const bad: Entry[] = [
			['', {}],
			['..', { email_address: 'a@acme.com' }],
			['X1', { email_address: 'no address' }],
			['X2', { nickname: 'x' }],
			['X3', { account_id: 'ACC' }],
			['X4', { do_not_contact: 'maybe' }],
			['X5', { custom_fields: 'gold' }],
			['X6', { first_name: { a: 1 } }],
			['X7', { email_address: 'b@acme.com' }, 'NOACC'],
		];
		lab.sandbox.addConfiguration('crm', 'accounts');
		const outcomes = await upsert(lab, [...bad, ['A', { email_address: 'ann@acme.com', do_not_contact: 'true', tags: 'a, b' }]]);
		expect(outcomes.slice(0, bad.length).map(({ status }) => status)).toEqual(bad.map(() => 'invalid'));
		expect(outcomes.at(-1)).toMatchObject({ status: 'created', fields: { do_not_contact: true, tags: ['a', 'b'] } });
		expect(mapped(lab)).toHaveLength(1);
	});

	it.each(['a/b', 'a?b=c', 'a#b', '100%', '%2F', 'é😀', 'a b', '+1'])('the ID %j is one part of the address', async (id) => {
		const lab = await start();
		expect(statuses(await upsert(lab, [[id, { email_address: 'ann@acme.com' }]]))).toEqual(['created']);
		expect(lab.sandbox.mappings()[0]?.externalId).toBe(id);
		expect(statuses(await upsert(lab, [[id, { first_name: 'Ann' }]]))).toEqual(['updated']);
	});
});

it('empty values are ignored, or clear', async () => {
	const lab = await start();
	await upsert(lab, [['A', { email_address: 'ann@acme.com', title: 'Boss' }]]);
	expect(statuses(await upsert(lab, [['A', { title: '', city: null }]]))).toEqual(['unchanged']);
	expect(statuses(await upsert(lab, [['A', { title: '' }]], { emptyValues: 'clear' }))).toEqual(['updated']);
	expect(lab.sandbox.team.people.all()[0]?.fields.title ?? null).toBeNull();
});

describe('lists', () => {
	const all = async (lab: Lab, objectType: 'people' | 'accounts' | 'users', filters = {}) => {
		const ids: string[] = [];
		for await (const page of lab.salesloft().records.every(objectType, filters)) ids.push(...page.map(({ id }) => String(id)));
		return ids;
	};

	it.each([3, 250, 1_000])('give every record once, by time and never by high page numbers, also where %d share one time', async (ties) => {
		const lab = await start();
		const { people: ids } = lab.sandbox.seed({ people: 1_000, ties });
		const found = await all(lab, 'people');
		expect(found).toHaveLength(1_000);
		expect(new Set(found)).toEqual(new Set(ids.map(String)));
		expect(lab.sandbox.calls.length).toBeLessThanOrEqual(24);
		expect(lab.sandbox.accounting.totals().cost).toBe(lab.sandbox.calls.length);
	});

	it('miss nothing that changes while they are read', async () => {
		const lab = await start();
		const { people: ids } = lab.sandbox.seed({ people: 400 });
		const found = new Set<string>();
		for await (const page of lab.salesloft().records.every('people')) {
			for (const { id } of page) found.add(String(id));
			const row = lab.sandbox.team.people.get(ids[ids.length - 1 - Math.floor(found.size / 100)]!)!;
			lab.sandbox.team.people.change(row, () => (row.updatedAt = lab.sandbox.team.now()));
		}
		expect(found.size).toBe(400);
	});

	it('of users hold the deactivated ones where asked', async () => {
		const lab = await start();
		lab.sandbox.seed({ users: 120 });
		expect((await all(lab, 'users', { visible_only: false })).length).toBe(121);
		expect((await all(lab, 'users')).length).toBeLessThan(121);
	});

	it('that go round in circles end with words', async () => {
		const lab = await start();
		lab.sandbox.seed({ people: 300 });
		lab.sandbox.fault({ kind: 'pageLoop', path: '/people' });
		await expect(all(lab, 'people')).rejects.toMatchObject({ message: expect.stringContaining('again and again') });
		expect(lab.sandbox.calls.length).toBeLessThan(10);
	});
});
