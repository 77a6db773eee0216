import fc from 'fast-check';

import type { Registry } from '../../nodes/ExternalId/registry/registry';
import type { Outcome } from '../../nodes/shared/identity/outcome';
import type { ConflictChoices } from '../../nodes/shared/ports';
import { api, byId, byObject, id, ids, makeRecords, typed } from './api';
import type { Api } from './api';
import { onEachEngine } from './engines';
import type { Lab } from './engines';
import { brokenRules, worldOf } from './world';

/** Set it to look further: `ORDER_RUNS=2000 npx jest …`; a failure prints the smallest input that shows it. */
const RUNS = Number(process.env.ORDER_RUNS ?? 15);
const SETTINGS = { numRuns: RUNS, seed: Number(process.env.ORDER_SEED ?? 20_261_124) };

const DONE = new Set(['created', 'linked', 'updated', 'unchanged']);
/** Of several items that bring one thing, the first tells of it: which one that is depends on the order, that it is done does not. */
const doneOrStatus = (outcome: Outcome): string => (DONE.has(outcome.status) ? 'done' : outcome.status);
const exactly = (outcome: Outcome): string => outcome.status;

interface Trial<Entry> {
	entries: fc.Arbitrary<Entry>;
	/** Brings the registry to the state that the input meets. */
	prepare?(all: Api): Promise<unknown>;
	run(all: Api, entries: readonly Entry[], prepared: unknown): Promise<Outcome[][]>;
	/** What of an outcome must not depend on the order. */
	class?: (outcome: Outcome) => string;
	/** By what outcomes are told apart, where an item has several. */
	subject?: (entry: Entry, outcome: Outcome) => string;
}

let workspaces = 0;

/** Runs random inputs in the order given, backwards and shuffled, each in a workspace of its own, and compares what came of it. */
async function neverDependsOnOrder<Entry>(lab: Lab, trial: Trial<Entry>): Promise<void> {
	const { class: classOf = exactly, subject = (entry: Entry) => JSON.stringify(entry) } = trial;
	const tryOrder = async (entries: readonly Entry[]) => {
		const workspace = `w${++workspaces}`;
		const all = api(await lab.registry({ workspace }));
		const prepared = await trial.prepare?.(all);
		const outcomes = await trial.run(all, entries, prepared);
		const told = outcomes.flatMap((of, at) => of.map((outcome) => `${subject(entries[at] as Entry, outcome)} → ${classOf(outcome)}`)).sort();
		return { told, world: await worldOf(lab, { history: false, workspace }) };
	};
	await fc.assert(
		fc.asyncProperty(fc.array(fc.tuple(trial.entries, fc.nat({ max: 1_000 })), { minLength: 2, maxLength: 6 }), async (drawn) => {
			const entries = drawn.map(([entry]) => entry);
			const shuffled = [...drawn].sort(([, a], [, b]) => a - b).map(([entry]) => entry);
			const straight = await tryOrder(entries);
			expect(await tryOrder([...entries].reverse())).toEqual(straight);
			expect(await tryOrder(shuffled)).toEqual(straight);
		}),
		SETTINGS,
	);
	expect(brokenRules(await lab.tables())).toEqual([]);
}

const CHOICES: Array<[string, ConflictChoices]> = [
	['Conflict and Conflict', { whenRecordHasOther: 'conflict', whenIdBelongsToOther: 'conflict' }],
	['Conflict and Take', { whenRecordHasOther: 'conflict', whenIdBelongsToOther: 'take' }],
	['Take and Conflict', { whenRecordHasOther: 'take', whenIdBelongsToOther: 'conflict' }],
	['Take and Take', { whenRecordHasOther: 'take', whenIdBelongsToOther: 'take' }],
];

const someIds = fc.dictionary(fc.constantFrom('crm', 'erp', 'shop'), fc.constantFrom('11', '12', '13'), { minKeys: 1, maxKeys: 2 });
const someEmail = fc.option(fc.constantFrom('ann@acme.com', 'bob@acme.com', 'cleo@acme.com'), { nil: undefined });
const link = (byType: Record<string, string>, email?: string) => ({ objectType: 'people' as const, ids: ids(byType), email });

/** Ann (crm, erp, e-mail), Bob (crm, e-mail), Cleo (shop), Dan with a former ID. */
async function fourPeople({ link: linkAll, replace }: Api): Promise<void> {
	await linkAll([link({ crm: '11', erp: '11' }, 'ann@acme.com'), link({ crm: '12' }, 'bob@acme.com'), link({ shop: '11' }), link({ erp: '13' })]);
	await replace([{ objectType: 'people', externalType: typed('erp'), externalId: '14', current: { externalId: '13' } }]);
}

onEachEngine('The result never depends on the order of the input', (lab) => {
	test.each(CHOICES)('backfilling IDs, with %s', async (_, choices) => {
		const key = fc.constantFrom('ann@acme.com', 'bob@acme.com', 'nobody@acme.com');
		const entries = fc.record({ externalId: fc.constantFrom('11', '12', '13', '14', '15'), keys: fc.oneof(fc.record({ email: key }), fc.record({ externalId: fc.constantFrom('11', '12', '99') }), fc.constant({})) });
		await neverDependsOnOrder(lab(), { entries, prepare: fourPeople, class: doneOrStatus, run: async ({ backfill }, input) => (await backfill(input, { ...choices, maxTroublePercent: 100, maxReplacedPercent: 100 })).outcomes.map((each) => [each]) });
	});

	describe.each([
		['an empty registry', undefined],
		['a registry with people in it', fourPeople],
	])('on %s', (_, prepare) => {
		test.each(CHOICES)('linking IDs, with %s', async (__, choices) => {
			await neverDependsOnOrder(lab(), {
				entries: fc.record({ byType: someIds, email: someEmail }),
				prepare,
				run: async ({ link: linkAll }, entries) => (await linkAll(entries.map(({ byType, email }) => link(byType, email)), choices)).map((outcome) => [outcome]),
				class: doneOrStatus,
			});
		});

		test.each([
			['link', 'ignore'],
			['create', 'ignore'],
			['conflict', 'clear'],
		] as const)('upserting people, with a known e-mail: %s', async (whenEmailKnown, emptyValues) => {
			await neverDependsOnOrder(lab(), {
				entries: fc.record({ byType: someIds, fields: fc.record({ email: someEmail, name: fc.constantFrom('A', 'B', undefined), city: fc.constantFrom('Rome', '') }) }),
				prepare,
				run: async ({ upsert }, entries) =>
					(await upsert(entries.map(({ byType, fields }) => ({ objectType: 'people' as const, ids: ids(byType), fields })), { whenEmailKnown, emptyValues })).map((outcome) => [outcome]),
				class: doneOrStatus,
			});
		});

		test.each(['link', 'create', 'conflict'] as const)('upserting accounts, with a known domain: %s', async (whenDomainKnown) => {
			const domains = fc.subarray(['acme.com', 'blau.de', 'cie.fr']);
			await neverDependsOnOrder(lab(), {
				entries: fc.record({ byType: someIds, domains }),
				prepare: async ({ upsert }) =>
					prepare &&
					(await upsert([
						{ objectType: 'accounts', ids: ids({ crm: '11', erp: '11' }), fields: { domains: 'acme.com' } },
						{ objectType: 'accounts', ids: ids({ crm: '12' }), fields: { domains: 'blau.de' } },
					])),
				run: async ({ upsert }, entries) =>
					(await upsert(entries.map(({ byType, domains: given }) => ({ objectType: 'accounts' as const, ids: ids(byType), fields: { domains: given } })), { whenDomainKnown })).map((outcome) => [outcome]),
				class: doneOrStatus,
			});
		});
	});

	const people = async (all: Api): Promise<string[]> => {
		const made = await makeRecords(all.registry, 'people', ['A', 'B', 'C', 'D']);
		await all.configure({ objectType: 'people', externalType: 'many', idsPerObject: 2 }, { objectType: 'people', externalType: 'erp' });
		await all.create([
			{ objectType: 'people', externalType: typed('many'), externalId: 'A', objectId: made[0] },
			{ objectType: 'people', externalType: typed('many'), externalId: 'B', objectId: made[0] },
			{ objectType: 'people', externalType: typed('many'), externalId: 'C', objectId: made[1] },
		]);
		await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: 'D2', current: { externalId: 'D' } }]);
		return made;
	};

	test.each(CHOICES)('creating mappings, with %s', async (_, choices) => {
		await neverDependsOnOrder(lab(), {
			entries: fc.record({ type: fc.constantFrom('crm', 'crm', 'erp', 'many'), externalId: fc.constantFrom('A', 'B', 'C', 'D', 'E'), person: fc.nat({ max: 3 }) }),
			prepare: people,
			run: async ({ create }, entries, made) =>
				(await create(entries.map(({ type, externalId, person }) => ({ objectType: 'people' as const, externalType: typed(type), externalId, objectId: (made as string[])[person] })), choices)).map((outcome) => [outcome]),
			// The first of two equal items tells "created", the other "unchanged": equal items, so they are counted together.
		});
	});

	test('replacing IDs', async () => {
		const crmIds = fc.constantFrom('A', 'B', 'C', 'D', 'D2', 'E', 'F');
		await neverDependsOnOrder(lab(), {
			entries: fc.record({ to: crmIds, from: fc.oneof(fc.record({ old: crmIds }), fc.record({ person: fc.nat({ max: 3 }) })) }),
			prepare: people,
			run: async ({ replace }, entries, made) =>
				(
					await replace(
						entries.map(({ to, from }) => ({
							objectType: 'people' as const,
							externalType: typed('crm'),
							externalId: to,
							current: 'old' in from ? { externalId: from.old } : { objectId: (made as string[])[from.person] },
						})),
					)
				).map((outcome) => [outcome]),
			class: doneOrStatus,
		});
	});

	test('deleting mappings', async () => {
		await neverDependsOnOrder(lab(), {
			entries: fc.record({ externalId: fc.constantFrom('A', 'B', 'D', 'D2', 'Z'), only: fc.option(fc.nat({ max: 3 }), { nil: undefined }) }),
			prepare: people,
			run: async ({ unmap }, entries, made) =>
				await unmap(entries.map(({ externalId, only }) => ({ name: { objectType: 'people' as const, externalType: typed('crm'), externalId }, onlyIfObjectId: only === undefined ? undefined : (made as string[])[only] }))),
			class: (outcome) => (outcome.status === 'deleted' || outcome.status === 'unchanged' || outcome.status === 'conflict' ? 'gone, or points elsewhere' : outcome.status),
		});
	});

	test('capturing contacts', async () => {
		const address = fc.constantFrom('ann@acme.com', 'Bob <bob@eu.acme.com>', 'Bobby Lee <bob@eu.acme.com>', 'x@gmail.com', 'y@shared.com', 'noreply@acme.com', 'z@nobody.org', 'known@blau.de', 'no address');
		await neverDependsOnOrder(lab(), {
			entries: fc.array(address, { minLength: 1, maxLength: 3 }),
			prepare: async (all) => {
				await makeRecords(all.registry, 'accounts', ['A', 'B'], (name) => ({ name, domains: name === 'A' ? 'acme.com, shared.com' : 'shared.com, blau.de' }));
				await all.capture(['known@blau.de']);
			},
			run: async ({ capture }, entries) => await capture(entries),
			subject: (_, outcome) => String((outcome as Record<string, unknown>).email).toLowerCase(),
		});
	});

	test.each(['add', 'remove', 'set'] as const)('changing Related Domains: %s', async (how) => {
		await neverDependsOnOrder(lab(), {
			entries: fc.record({ account: fc.nat({ max: 1 }), byObject: fc.boolean(), domains: fc.subarray(['acme.com', 'blau.de', 'cie.fr'], { minLength: 1 }), preferred: fc.constantFrom(undefined, true, false) }),
			prepare: async (all) => await makeRecords(all.registry, 'accounts', ['A', 'B'], (name) => ({ name, domains: name === 'A' ? 'acme.com' : 'acme.com, blau.de' })),
			run: async ({ domains }, entries, made) =>
				await domains(
					how,
					entries.map(({ account, byObject: named, domains: given, preferred }) => ({
						account: named ? byObject('accounts', (made as string[])[account]) : byId('accounts', 'crm', account === 0 ? 'A' : 'B'),
						domains: given,
						...(how === 'remove' ? {} : { preferred }),
					})),
				),
			subject: (entry, outcome) => `${entry.account} ${String((outcome as Record<string, unknown>).domain)}`,
			class: (outcome) => (DONE.has(outcome.status) || outcome.status === 'deleted' ? 'done' : outcome.status),
		});
	});
});

onEachEngine('Nor does it depend on the order', (lab) => {
	/** What some work tells and leaves when its input comes in two orders. */
	async function bothWays<Entry>(entries: readonly Entry[], run: (registry: Registry, entries: readonly Entry[]) => Promise<Outcome[]>, prepare?: (all: Api) => Promise<unknown>) {
		const results: Array<{ outcomes: Outcome[]; world: Record<string, string[]> }> = [];
		for (const [workspace, order] of [['straight', entries], ['backwards', [...entries].reverse()]] as const) {
			const registry = await lab().registry({ workspace });
			await prepare?.(api(registry));
			const outcomes = await run(registry, order);
			results.push({ outcomes: workspace === 'straight' ? outcomes : outcomes.reverse(), world: await worldOf(lab(), { history: false, workspace }) });
		}
		return results as [(typeof results)[0], (typeof results)[0]];
	}

	test('which problemKey a contradiction has, so that a flow can silence it', async () => {
		const input = [link({ crm: '1', erp: 'E' }), link({ crm: '2', erp: 'E' }), link({ shop: '1', erp: 'F' }), link({ shop: '2', erp: 'F' })];
		const linked = await bothWays(input, async (registry, entries) => await api(registry).link(entries));
		expect(linked[0].outcomes.map((each) => each.status)).toEqual(['conflict', 'conflict', 'conflict', 'conflict']);
		expect(linked[1].outcomes.map(({ problemKey }) => problemKey)).toEqual(linked[0].outcomes.map(({ problemKey }) => problemKey));

		const upserted = await bothWays(['A', 'B'], async (registry, names) => await api(registry).upsert(names.map((name) => ({ objectType: 'people' as const, ids: ids({ crm: '1', [name === 'A' ? 'erp' : 'shop']: name }), fields: { name } }))));
		expect(upserted[0].outcomes.map((each) => each.status)).toEqual(['conflict', 'conflict']);
		expect(upserted[1].outcomes.map(({ problemKey }) => problemKey)).toEqual(upserted[0].outcomes.map(({ problemKey }) => problemKey));
	});

	test('how an ID or an address is written that came in several spellings', async () => {
		const spellings = ['{123E4567-E89B-12D3-A456-426614174000}', '123e4567-e89b-12d3-a456-426614174000'];
		const byId = await bothWays(spellings, async (registry, given) => await api(registry).link(given.map((each) => ({ objectType: 'people' as const, ids: [id('uid', each)] }))), async ({ configure }) => await configure({ objectType: 'people', externalType: 'uid', idFormat: 'uuid' }));
		expect(byId[1].world).toEqual(byId[0].world);
		const byEmail = await bothWays(['Ann@Acme.com', 'ann@acme.com'], async (registry, given) => await api(registry).link(given.map((email) => link({ crm: '1' }, email))));
		expect(byEmail[1].world).toEqual(byEmail[0].world);
	});

	test.each<[string, Array<{ old: string } | { person: number }>]>([
		['by its former and by its current ID', [{ old: 'D' }, { old: 'D2' }]],
		['by an ID and by its Object ID', [{ old: 'A' }, { person: 0 }]],
	])('which of two replacements of one record, named %s, is done', async (_, names) => {
		const made = new Map<Registry, string[]>();
		const both = await bothWays(
			names.map((name, n) => ({ name, to: `new${n}` })),
			async (registry, entries) =>
				await api(registry).replace(
					entries.map(({ name, to }) => ({
						objectType: 'people' as const,
						externalType: typed('crm'),
						externalId: to,
						current: 'old' in name ? { externalId: name.old } : { objectId: made.get(registry)?.[name.person] },
					})),
				),
			async (all) => {
				made.set(all.registry, await makeRecords(all.registry, 'people', ['A', 'B', 'C', 'D']));
				await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: 'D2', current: { externalId: 'D' } }]);
			},
		);
		expect(both[1].world).toEqual(both[0].world);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('whether two names of one record that disagree are seen', async () => {
		const both = await bothWays(
			[{ byType: { erp: '11' }, name: 'A' }, { byType: { crm: '11' }, name: 'B' }],
			async (registry, entries) => await api(registry).upsert(entries.map(({ byType, name }) => ({ objectType: 'people' as const, ids: ids(byType as never), fields: { name } }))),
			fourPeople,
		);
		expect(both.map(({ outcomes }) => outcomes.map((each) => each.status))).toEqual([['conflict', 'conflict'], ['conflict', 'conflict']]);
	});
});
