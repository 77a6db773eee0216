import { backfill } from '../../../nodes/shared/backfill';
import type { BackfillChoices, BackfillSummary } from '../../../nodes/shared/backfill';
import type { ObjectType, Outcome } from '../../../nodes/shared/identity/outcome';
import type { BackfillEntry, Work } from '../../../nodes/shared/ports';
import { entriesFromField, SalesloftBackfill } from '../../../nodes/Salesloft/backfill';
import type { BackfillTarget } from '../../../nodes/Salesloft/backfill';
import { FAULT_KINDS, SWITCHES } from '../../sandbox/salesloft';
import { kindOf, statuses, tally } from '../collect';
import { addPeople, labs } from './lab';
import type { Lab } from './lab';

const start = labs();

const CHOICES: BackfillChoices = { mode: 'apply', matchBy: new Set(['objectId']), whenIdBelongsToOther: 'conflict', whenRecordHasOther: 'conflict', tryFirst: 0, maxWrites: 0, maxMinutes: 0, maxTroublePercent: 100, maxReplacedPercent: 100 };

async function run(lab: Lab, entries: readonly BackfillEntry[], choices: Partial<BackfillChoices> = {}, more: Partial<Work> & { onSettle?: (settled: number) => void } = {}, target: Partial<BackfillTarget> = {}): Promise<{ outcomes: Outcome[]; summary: BackfillSummary }> {
	let summary: BackfillSummary | undefined;
	const outcomes = await lab.do(
		entries,
		async (salesloft, all, work) => {
			const system = new SalesloftBackfill(salesloft, { objectType: 'people', externalType: 'crm', severalIds: false, exclusive: true, ...target }, work);
			summary = await backfill(system, all, { ...CHOICES, ...choices }, work);
		},
		more,
	);
	return { outcomes, summary: summary as BackfillSummary };
}

const byObject = (people: readonly string[]): BackfillEntry[] => people.map((objectId, n) => ({ externalId: `C${n}`, keys: { objectId } }));
const byEmail = (count: number): BackfillEntry[] => Array.from({ length: count }, (_, n) => ({ externalId: `C${n}`, keys: { email: `P${n}@acme.com` } }));
const stored = ({ sandbox }: Lab, type = 'crm') => sandbox.mappings(type).map(({ externalId, objectId }) => `${externalId}=${objectId}`).sort();
const writes = ({ sandbox }: Lab) => sandbox.calls.filter(({ method }) => method !== 'GET').length;

async function team(count: number, options?: Parameters<typeof start>[0]): Promise<{ lab: Lab; people: string[] }> {
	const lab = await start(options);
	const people = addPeople(lab, count);
	lab.sandbox.addConfiguration('crm', 'people');
	return { lab, people };
}

describe('never more calls than it needs', () => {
	it('2,000 identifiers, Object IDs known, none mapped: a call each and 22; the same again: 21, and no write', async () => {
		const { lab, people } = await team(2_000);
		expect(tally((await run(lab, byObject(people))).outcomes)).toEqual({ linked: 2_000 });
		expect(lab.sandbox.accounting.to('POST', '/external/mappings')).toHaveLength(2_000);
		expect(lab.sandbox.calls.length).toBeLessThanOrEqual(2_022);
		expect(stored(lab)).toHaveLength(2_000);
		lab.sandbox.accounting.reset();
		const again = await run(lab, byObject(people));
		expect(tally(again.outcomes)).toEqual({ unchanged: 2_000 });
		expect(writes(lab)).toBe(0);
		expect(lab.sandbox.calls.length).toBeLessThanOrEqual(21);
		expect(again.summary.calls).toBe(lab.sandbox.calls.length);
	});

	it('2,000 people by e-mail: 100 a call', async () => {
		const { lab } = await team(2_000);
		const { outcomes } = await run(lab, byEmail(2_000), { mode: 'dryRun', matchBy: new Set(['email']) });
		expect(tally(outcomes)).toEqual({ planned: 2_000 });
		expect(lab.sandbox.accounting.to('GET', '/people').length).toBe(20);
		expect(lab.sandbox.calls.length).toBeLessThanOrEqual(22);
		expect(writes(lab)).toBe(0);
	});

	it.each([[{}], [{ proxyKeys: 'brackets' }], [{ proxyMostIds: 25 }], [{ proxyPaging: 'paged' }], [{ mappingMetadata: 'missing' }], [{ proxyUnknownIds: 'notFound' }]] as const)('few identifiers beside very many mappings are not looked for in the whole list (%j)', async (switches) => {
		const { lab, people } = await team(300, { switches });
		for (let n = 0; n < 30_000; n++) lab.sandbox.addMapping('crm', 'people', `OLD${n}`, n < 5 ? Number(people[299]) : 1_000_000 + n);
		const { outcomes } = await run(lab, byObject(people.slice(0, 100)), {}, {}, { severalIds: true });
		expect(tally(outcomes)).toEqual({ linked: 100 });
		// Some to see that the list is long, and one by one where the proxy cannot be relied on.
		const reads = lab.sandbox.calls.length - writes(lab);
		expect(reads).toBeLessThanOrEqual('mappingMetadata' in switches ? 70 : 'proxyUnknownIds' in switches ? 110 : 20);
		expect(lab.sandbox.accounting.totals().cost).toBeLessThanOrEqual(100 + 220);
	});

	it('accounts by domain: all of them read once, 100 a call, compared without scheme, www. and path', async () => {
		const lab = await start();
		lab.sandbox.addConfiguration('crm', 'accounts');
		const written = ['nike.com', 'https://www.puma.com', 'http://adidas.com/de', 'WWW.Asics.com'];
		const ids = written.map((domain) => String(lab.sandbox.addAccount({ name: domain, domain })));
		for (let n = 0; n < 150; n++) lab.sandbox.addAccount({ name: `A${n}`, domain: `a${n}.com` });
		const entries = ['https://nike.com/', 'puma.com', 'adidas.com', 'asics.com', 'eu.nike.com', 'gmail.com', 'nowhere.com'].map((domain, n) => ({ externalId: `C${n}`, keys: { domain } }));
		const { outcomes } = await run(lab, entries, { matchBy: new Set(['domain']) }, {}, { objectType: 'accounts' });
		expect(statuses(outcomes)).toEqual(['linked', 'linked', 'linked', 'linked', 'ambiguous', 'skipped', 'notFound']);
		expect(stored(lab)).toEqual(ids.map((id, n) => `C${n}=${id}`).sort());
		expect(lab.sandbox.accounting.to('GET', '/accounts').length).toBe(3);
	});
});

describe('by every key', () => {
	it('Object ID, another External ID, CRM ID and e-mail, in this order', async () => {
		const { lab, people } = await team(4);
		const crm = '003A0000012abcXIAQ';
		lab.sandbox.addConfiguration('erp', 'people');
		lab.sandbox.addMapping('erp', 'people', 'E1', Number(people[1]));
		const ann = lab.sandbox.addPerson({ email_address: 'ann@acme.com', crm_id: crm });
		const entries: BackfillEntry[] = [
			{ externalId: 'A', keys: { objectId: people[0], email: 'p3@acme.com' } },
			{ externalId: 'B', keys: { externalId: 'E1', email: 'p3@acme.com' } },
			{ externalId: 'C', keys: { crmId: crm, email: 'p3@acme.com' } },
			{ externalId: 'D', keys: { email: ' P3@ACME.com ' } },
			{ externalId: 'E', keys: { objectId: '987654', email: 'p2@acme.com' } },
			{ externalId: 'F', keys: { email: 'nobody@acme.com' } },
			{ externalId: 'G', keys: { crmId: '003short' } },
		];
		const { outcomes } = await run(lab, entries, { matchBy: new Set(['objectId', 'externalId', 'crmId', 'email']) }, {}, { otherType: 'erp' });
		expect(outcomes.slice(0, 4).map((one) => [one.status, (one as Record<string, unknown>).matchedBy])).toEqual([['linked', 'objectId'], ['linked', 'externalId'], ['linked', 'crmId'], ['linked', 'email']]);
		// An Object ID says outright which record is meant: the e-mail does not put another in its place.
		expect(statuses(outcomes).slice(4)).toEqual(['notFound', 'notFound', 'invalid']);
		expect(stored(lab)).toEqual([`A=${people[0]}`, `B=${people[1]}`, `C=${ann}`, `D=${people[3]}`]);
	});

	it('users by e-mail, deactivated ones too', async () => {
		const lab = await start();
		lab.sandbox.addConfiguration('crm', 'users');
		const eve = lab.sandbox.addUser({ email: 'Eve@acme.com', firstName: 'Eve', lastName: 'X', active: false });
		const { outcomes } = await run(lab, [{ externalId: 'U', keys: { email: 'eve@acme.com' } }], { matchBy: new Set(['email']) }, {}, { objectType: 'users' });
		expect(statuses(outcomes)).toEqual(['linked']);
		expect(stored(lab)).toEqual([`U=${eve}`]);
	});

	it('two people with one e-mail are ambiguous', async () => {
		const { lab } = await team(0, { switches: { duplicateEmails: 'allowed' } });
		for (let n = 0; n < 2; n++) lab.sandbox.addPerson({ email_address: 'twin@acme.com', last_name: `${n}` });
		const { outcomes } = await run(lab, [{ externalId: 'T', keys: { email: 'twin@acme.com' } }], { matchBy: new Set(['email']) });
		expect(outcomes).toEqual([expect.objectContaining({ status: 'ambiguous', candidates: [expect.anything(), expect.anything()] })]);
	});

	it('addresses are found as they are written where case counts', async () => {
		const { lab } = await team(0, { switches: { emailMatching: 'exact' } });
		lab.sandbox.addPerson({ email_address: 'Ann@Acme.com' });
		const { outcomes } = await run(lab, [{ externalId: 'A', keys: { email: 'Ann@Acme.com' } }], { matchBy: new Set(['email']) });
		expect(statuses(outcomes)).toEqual(['linked']);
	});
});

it('conflicts are shown with both sides and never overwritten unless the builder chose to, whatever the order', async () => {
	for (const reversed of [false, true]) {
		const { lab, people } = await team(4);
		lab.sandbox.addMapping('crm', 'people', 'C0', Number(people[3]));
		lab.sandbox.addMapping('crm', 'people', 'OLD', Number(people[1]));
		const entries = byObject(people.slice(0, 3));
		const inOrder = reversed ? [...entries].reverse() : entries;
		const { outcomes } = await run(lab, inOrder);
		expect(tally(outcomes)).toEqual({ conflict: 2, linked: 1 });
		expect(stored(lab)).toEqual([`C0=${people[3]}`, `C2=${people[2]}`, `OLD=${people[1]}`]);
		const taken = await run(lab, inOrder, { whenIdBelongsToOther: 'take', whenRecordHasOther: 'take' });
		expect(tally(taken.outcomes)).toEqual({ linked: 2, unchanged: 1 });
		expect(stored(lab)).toEqual(people.slice(0, 3).map((id, n) => `C${n}=${id}`));
		expect(taken.outcomes).toEqual(expect.arrayContaining([expect.objectContaining({ before: [expect.objectContaining({ externalId: 'OLD', mappingId: expect.any(String) })] })]));
	}
});

describe('stopping at any point and starting again', () => {
	it.each([1, 7, 60, 140])('stopped after %d items: no duplicate, none lost, no wasted write', async (settledBefore) => {
		const { lab, people } = await team(200);
		const stop = new AbortController();
		const first = await run(lab, byObject(people), {}, { signal: stop.signal, onSettle: (settled) => { if (settled >= settledBefore) stop.abort(); } });
		const done = tally(first.outcomes);
		expect((done.linked ?? 0) + (done.notAttempted ?? 0)).toBe(200);
		expect(done.notAttempted).toBeGreaterThan(0);
		const second = await run(lab, byObject(people));
		expect(tally(second.outcomes)).toMatchObject({ linked: expect.any(Number), unchanged: expect.any(Number) });
		expect(stored(lab)).toHaveLength(200);
		expect(new Set(stored(lab)).size).toBe(200);
		expect(lab.sandbox.accounting.to('POST', '/external/mappings').length).toBe(200);
	});

	it.each(FAULT_KINDS.filter((kind) => !['pageLoop', 'answer', 'slow', 'timeoutBefore', 'timeoutAfter'].includes(kind)))('one call in ten meets %s: all is linked, once', async (kind) => {
		const { lab, people } = await team(150, { patience: { tries: 8 } });
		lab.sandbox.fault({ kind, probability: 0.1 });
		const { outcomes } = await run(lab, byObject(people));
		expect(tally(outcomes)).toEqual({ linked: 150 });
		expect(stored(lab)).toEqual(people.map((id, n) => `C${n}=${id}`).sort());
	});

	it.each(['timeoutBefore', 'timeoutAfter'] as const)('%s', async (kind) => {
		const { lab, people } = await team(20, { patience: { timeoutMs: 150 } });
		lab.sandbox.fault({ kind, method: 'POST', times: 5 });
		expect(tally((await run(lab, byObject(people))).outcomes)).toEqual({ linked: 20 });
		expect(stored(lab)).toHaveLength(20);
	});

	it('a service that is away ends the run; the next one completes it', async () => {
		const { lab, people } = await team(100, { patience: { tries: 2 } });
		lab.sandbox.fault({ kind: 'serverError', method: 'POST', after: 30, times: 1e9 });
		await expect(run(lab, byObject(people))).rejects.toMatchObject({ problem: 'away' });
		lab.sandbox.clearFaults();
		expect(tally((await run(lab, byObject(people))).outcomes)).toEqual({ linked: 70, unchanged: 30 });
		expect(stored(lab)).toHaveLength(100);
	});

	it('one item that the service cannot do does not block the others', async () => {
		const { lab, people } = await team(10, { patience: { tries: 2 } });
		lab.sandbox.fault({ kind: 'serverError', method: 'POST', times: 2, after: 9 });
		expect(tally((await run(lab, byObject(people))).outcomes)).toEqual({ linked: 9, notAttempted: 1 });
	});
});

describe('the same, whatever nobody has confirmed', () => {
	it.each(SWITCHES.filter(({ isDefault }) => !isDefault))('$name: $position', async ({ switches }) => {
		const { lab, people } = await team(120, { switches });
		lab.sandbox.addMapping('crm', 'people', 'C1', Number(people[1]));
		const entries = byEmail(120).map((entry, n) => ({ ...entry, keys: { email: `p${n}@acme.com` } }));
		const { outcomes } = await run(lab, entries, { matchBy: new Set(['email']) });
		// Another integration's mapping is not seen where Salesloft hides it; here it was made by a key, as this run's are.
		expect(tally(outcomes)).toEqual({ linked: 119, unchanged: 1 });
		expect(stored(lab)).toEqual(people.map((id, n) => `C${n}=${id}`).sort());
		const again = await run(lab, entries, { matchBy: new Set(['email']) });
		expect(tally(again.outcomes)).toEqual({ unchanged: 120 });
	});
});

describe('guards, and two runs at once', () => {
	it('writes no more than it may, the same ones whatever the order, and goes on the next time', async () => {
		const { lab, people } = await team(10);
		const first = await run(lab, byObject(people), { maxWrites: 4 });
		expect(tally(first.outcomes)).toEqual({ linked: 4, notAttempted: 6 });
		expect(tally((await run(lab, byObject(people))).outcomes)).toEqual({ linked: 6, unchanged: 4 });
	});

	it('a second backfill of the type waits its turn, in this process', async () => {
		const { lab, people } = await team(50, { latencyMs: 20 });
		const [first, second] = await Promise.all([run(lab, byObject(people)), run(lab, byObject(people))]);
		expect([tally(first.outcomes), tally(second.outcomes)]).toEqual([{ linked: 50 }, { notAttempted: 50 }]);
		expect(second.outcomes[0]).toMatchObject({ retry: true, runningSince: expect.any(String) });
		expect(tally((await run(lab, byObject(people))).outcomes)).toEqual({ unchanged: 50 });
	});

	it('an ID that somebody else gave away in the meantime is a conflict', async () => {
		const { lab, people } = await team(3);
		const stop = lab.sandbox.accounting.until((calls) => calls.some(({ path }) => path.includes('/people')));
		void stop.then(() => lab.sandbox.addMapping('crm', 'people', 'C0', Number(people[2])));
		const { outcomes } = await run(lab, byObject(people.slice(0, 2)));
		expect(outcomes.map((one) => (one.status === 'linked' ? 'linked' : kindOf(one)))).toEqual(['idBelongsToOther', 'linked']);
	});
});

describe("from a field of Salesloft's own records", () => {
	const fromField = async (lab: Lab, objectType: ObjectType, field: Parameters<typeof entriesFromField>[2], choices: Partial<BackfillChoices> = {}) => {
		const { entries, known } = await entriesFromField(lab.salesloft(), objectType, field, undefined);
		return { entries, ...(await run(lab, entries, choices, {}, { objectType, externalType: 'legacy', known })) };
	};

	it('a custom field becomes mappings, with a call for 100 records and one for each mapping', async () => {
		const lab = await start();
		const { people } = lab.sandbox.seed({ people: 450, ties: 120, customFieldShare: 0.4 });
		lab.sandbox.addConfiguration('legacy', 'people');
		const { entries, outcomes } = await fromField(lab, 'people', { kind: 'customField', name: 'Legacy ID' });
		expect(tally(outcomes)).toEqual({ linked: entries.length });
		const expected = people.flatMap((id) => {
			const value = lab.sandbox.team.people.get(id)?.customFields['Legacy ID'];
			return value === undefined ? [] : [`${value}=${id}`];
		});
		expect(expected.length).toBeGreaterThan(100);
		expect(stored(lab, 'legacy')).toEqual(expected.sort());
		expect(lab.sandbox.accounting.to('GET', '/people').length).toBeLessThanOrEqual(12);
		expect(tally((await fromField(lab, 'people', { kind: 'customField', name: 'Legacy ID' })).outcomes)).toEqual({ unchanged: entries.length });
	});

	it('one value on two records is a conflict for both', async () => {
		const lab = await start();
		lab.sandbox.addCustomField('ERP Number', 'company');
		for (const name of ['a', 'b', 'c']) lab.sandbox.addAccount({ name, domain: `${name}.com`, custom_fields: { 'ERP Number': name === 'c' ? 'E2' : 'E1' } });
		lab.sandbox.addConfiguration('legacy', 'accounts');
		expect(tally((await fromField(lab, 'accounts', { kind: 'customField', name: 'ERP Number' })).outcomes)).toEqual({ conflict: 2, linked: 1 });
	});

	it('the CRM ID too', async () => {
		const lab = await start();
		lab.sandbox.seed({ people: 60, crmIdShare: 0.5 });
		lab.sandbox.addConfiguration('legacy', 'people');
		const { entries, outcomes } = await fromField(lab, 'people', { kind: 'crmId' });
		expect(entries.length).toBeGreaterThan(10);
		expect(tally(outcomes)).toEqual({ linked: entries.length });
	});
});

it('the rate limit: alone it takes nearly all of its share, without a single refusal', async () => {
	// Four minutes in twelve seconds.
	const { lab, people } = await team(1_300, { limitOff: false, timeScale: 20, share: 0.8, patience: { timeoutMs: 30_000 } });
	expect(tally((await run(lab, byObject(people))).outcomes)).toEqual({ linked: 1_300 });
	expect(lab.sandbox.accounting.totals().refused).toBe(0);
	const minutes = lab.sandbox.accounting.costByMinute();
	// A call that was sent in one minute may arrive in the next.
	expect(Math.max(...minutes)).toBeLessThanOrEqual(485);
});
