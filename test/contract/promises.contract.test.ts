import { listMappings, listRecords } from '../../nodes/ExternalId/registry/lists';
import { changeSettings, registryStatus } from '../../nodes/ExternalId/registry/status';
import type { Outcome } from '../../nodes/shared/identity/outcome';
import type { DomainEntry, Work } from '../../nodes/shared/ports';
import { api, byId, byObject, ids, makeRecords, picked, TAKE, typed } from './api';
import type { Api, More } from './api';
import { caller, statuses, tally } from './collect';
import { ENGINES, onEachEngine } from './engines';
import { brokenRules, changesIn, worldOf } from './world';

const silent = (): Work => ({ caller: caller(), operation: 'test', settle: () => undefined });

/** A number of items that takes several transactions. */
const MANY = 800;
const upTo = <T>(count: number, make: (number: number) => T): T[] => Array.from({ length: count }, (_, number) => make(number));

/** Work of each kind, large enough to be stopped in the middle. `prepare` is done whole, `run` may be stopped and run again. */
const WORK: Record<string, { prepare?: (all: Api) => Promise<unknown>; run: (all: Api, prepared: never) => Promise<Outcome[] | Outcome[][]> }> = {
	'linking IDs': {
		run: async ({ link }) => await link(upTo(MANY, (n) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n}`, erp: `e${n - (n % 2)}${n % 2 ? '' : 'x'}` }), email: n % 3 ? undefined : `p${n}@acme.com` }))),
	},
	'creating mappings': {
		prepare: async ({ registry }) => await makeRecords(registry, 'people', upTo(MANY, (n) => `c${n}`)),
		run: async ({ create }, people: string[]) => await create(people.map((objectId, n) => ({ objectType: 'people' as const, externalType: picked('erp'), externalId: n % 50 ? `e${n}` : 'same', objectId }))),
	},
	'moving and replacing mappings': {
		prepare: async ({ registry }) => await makeRecords(registry, 'people', upTo(MANY, (n) => `c${n}`)),
		run: async ({ create }, people: string[]) => await create(people.map((objectId, n) => ({ objectType: 'people' as const, externalType: picked('crm'), externalId: n % 2 ? `c${n - 1}` : `new${n}`, objectId })), TAKE),
	},
	'backfilling IDs': {
		prepare: async ({ registry }) => await makeRecords(registry, 'people', upTo(MANY, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` })),
		run: async ({ backfill }) => (await backfill(upTo(MANY + 50, (n) => ({ externalId: `e${n % MANY}`, keys: { email: `c${n % MANY}@acme.com` } })))).outcomes,
	},
	'replacing IDs': {
		prepare: async ({ registry }) => await makeRecords(registry, 'people', upTo(MANY, (n) => `c${n}`)),
		run: async ({ replace }) => await replace(upTo(MANY, (n) => ({ objectType: 'people' as const, externalType: typed('crm'), externalId: `d${n}`, current: { externalId: `c${n}` } }))),
	},
	'deleting mappings': {
		prepare: async ({ registry }) => await makeRecords(registry, 'people', upTo(MANY, (n) => `c${n}`)),
		run: async ({ unmap }) => await unmap(upTo(MANY, (n) => ({ name: { objectType: 'people' as const, externalType: typed('crm'), externalId: `c${n}` } }))),
	},
	'upserting records': {
		prepare: async ({ registry }) => await makeRecords(registry, 'people', upTo(400, (n) => `c${n * 3}`), (crm) => ({ name: `old ${crm}`, email: `${crm}@acme.com` })),
		run: async ({ upsert }) => await upsert(upTo(MANY, (n) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n}`, erp: `e${n}` }), fields: { name: `new c${n}`, email: `${n % 2 ? 'n' : ''}c${n}@acme.com`, custom: { n } } }))),
	},
	'upserting accounts with their domains': {
		run: async ({ upsert }) => await upsert(upTo(MANY, (n) => ({ objectType: 'accounts' as const, ids: ids({ crm: `c${n}` }), fields: { name: `Account ${n}`, domains: [`d${n}.com`, 'gmail.com'] } }))),
	},
	'deleting records': {
		prepare: async (all) => {
			await makeRecords(all.registry, 'accounts', upTo(400, (n) => `a${n}`), (crm) => ({ domains: `${crm}.com` }));
			await all.capture(upTo(600, (n) => `p${n}@a${n % 350}.com`));
		},
		run: async ({ remove }) => await remove(upTo(400, (n) => byId('accounts', 'crm', `a${n}`))),
	},
	'restoring records': {
		prepare: async (all) => {
			await makeRecords(all.registry, 'people', upTo(MANY, (n) => `c${n}`));
			await all.remove(upTo(MANY, (n) => byId('people', 'crm', `c${n}`)));
		},
		run: async ({ remove }) => await remove(upTo(MANY, (n) => byId('people', 'crm', `c${n}`)), true),
	},
	'changing Related Domains': {
		prepare: async ({ registry }) => await makeRecords(registry, 'accounts', upTo(300, (n) => `a${n}`)),
		run: async ({ domains }) => await domains('add', upTo(MANY, (n) => ({ account: byId('accounts', 'crm', `a${n % 300}`), domains: [`d${n}.com`, `d${n % 7}.de`] }))),
	},
	'setting Related Domains': {
		prepare: async ({ registry }) => await makeRecords(registry, 'accounts', upTo(MANY, (n) => `a${n}`), (crm) => ({ domains: `${crm}.com` })),
		run: async ({ domains }) => await domains('set', upTo(MANY, (n) => ({ account: byId('accounts', 'crm', `a${n}`), domains: n % 2 ? `a${n}.com, b${n}.com` : `b${n}.com` }))),
	},
	'capturing contacts': {
		prepare: async ({ registry }) => await makeRecords(registry, 'accounts', upTo(50, (n) => `a${n}`), (crm) => ({ domains: `${crm}.com` })),
		run: async ({ capture }) => await capture(upTo(MANY, (n) => [`p${n}@a${n % 60}.com`, `P${n % 100} <p${n % 100}@a${n % 60}.com>`])),
	},
	'identifying contacts': {
		prepare: async ({ registry }) => await makeRecords(registry, 'accounts', upTo(50, (n) => `a${n}`), (crm) => ({ domains: `${crm}.com` })),
		run: async ({ identify }) =>
			await identify(upTo(MANY, (n) => ({ userId: n % 5 ? `u${n % 500}` : undefined, traits: { email: n % 7 || n % 5 === 0 ? `p${n % 500}@a${n % 60}.com` : undefined, name: `N${n}`, deep: { [`k${n % 3}`]: n } }, timestamp: new Date(n * 1_000).toISOString() }))),
	},
	'merging people': {
		prepare: async ({ registry }) => await makeRecords(registry, 'people', upTo(MANY * 2, (n) => `c${n}`), (crm) => ({ name: crm, email: `${crm}@acme.com` })),
		run: async ({ merge }, people: string[]) => await merge(upTo(MANY, (n) => ({ objectType: 'people' as const, survivor: byObject('people', people[n]), other: byObject('people', people[MANY + n - (n % 100 === 99 ? 1 : 0)]) })), { whenBothHaveId: 'keepSurvivor' }),
	},
	'merging accounts': {
		prepare: async (all) => {
			const accounts = await makeRecords(all.registry, 'accounts', upTo(300, (n) => `a${n}`), (crm) => ({ domains: `${crm}.com` }));
			await all.capture(upTo(MANY, (n) => `p${n}@a${n % 300}.com`));
			return accounts;
		},
		// Accounts are settled together, when their contacts have followed: only a run before the last can stop the last.
		run: async ({ merge }, accounts: string[]) => {
			const entries = upTo(200, (n) => ({ objectType: 'accounts' as const, survivor: byObject('accounts', accounts[n]), other: byObject('accounts', accounts[n + 100]) }));
			return [...(await merge(entries.slice(100), { whenBothHaveId: 'keepSurvivor' })), ...(await merge(entries.slice(0, 100), { whenBothHaveId: 'keepSurvivor' }))];
		},
	},
	'erasing people': {
		prepare: async ({ registry }) => await makeRecords(registry, 'people', upTo(MANY, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` })),
		run: async ({ erase }) => await erase(...upTo(MANY, (n) => byId('people', 'crm', `c${n}`))),
	},
	'assigning from the inbox': {
		prepare: async (all) => {
			await makeRecords(all.registry, 'accounts', ['a0', 'a1']);
			await all.capture(upTo(MANY, (n) => `p${n}@d${n}.com`));
		},
		run: async ({ assign }) => await assign(upTo(MANY, (n) => ({ waiting: `p${n}@d${n}.com`, account: byId('accounts', 'crm', `a${n % 2}`) }))),
	},
	'discarding from the inbox': {
		prepare: async (all) => await all.capture(upTo(MANY, (n) => `p${n}@d${n}.com`)),
		run: async ({ discard }) => await discard(upTo(MANY, (n) => `p${n}@d${n}.com`)),
	},
};
const KINDS = Object.keys(WORK);

/** What was done, told as nothing new; the same troubles as before. */
const NOTHING_NEW = new Set(['unchanged', 'notFound', 'skipped', 'ambiguous', 'conflict', 'invalid']);

onEachEngine('Promise 1: running the same work twice changes nothing the second time, and says so per item', (lab) => {
	test.each(KINDS)('%s', async (kind) => {
		const { prepare, run } = WORK[kind] as (typeof WORK)[string];
		const all = api(await lab().registry());
		const prepared = (await prepare?.(all)) as never;
		const first = (await run(all, prepared)).flat();
		expect(first.some(({ status }) => !NOTHING_NEW.has(status))).toBe(true);
		const changes = await changesIn(lab());
		const world = await worldOf(lab(), { history: true });
		const second = (await run(all, prepared)).flat();
		expect([...new Set(statuses(second))].filter((status) => !NOTHING_NEW.has(status))).toEqual([]);
		expect(await changesIn(lab())).toBe(changes);
		expect(await worldOf(lab(), { history: true })).toEqual(world);
		// What was done is told as unchanged; what was in trouble is in the same trouble.
		const before = tally(first);
		const troubles = (counts: Record<string, number>) => Object.fromEntries(Object.entries(counts).filter(([status]) => !['created', 'linked', 'updated', 'deleted', 'unchanged'].includes(status)));
		expect(troubles(tally(second))).toEqual(troubles(before));
	});

	test('changing settings and making configurations', async () => {
		const all = api(await lab().registry());
		const settings = { ownDomains: 'me.com, mine.com', blockedIds: ['X', 'x', 'n/a'], retentionDays: 30 };
		expect(await changeSettings(all.registry, settings, silent())).toMatchObject({ status: 'updated' });
		const changes = await changesIn(lab());
		expect(await changeSettings(all.registry, settings, silent())).toMatchObject({ status: 'unchanged' });
		expect(await changeSettings(all.registry, {}, silent())).toMatchObject({ status: 'found', ownDomains: ['me.com', 'mine.com'] });
		expect(await changesIn(lab())).toBe(changes);
	});
});

describe('Promise 2: stopping at any point and starting again never makes a duplicate, and loses none', () => {
	describe.each(ENGINES)('$name', (engine) => {
		test.each(KINDS)('%s', async (kind) => {
			const { prepare, run } = WORK[kind] as (typeof WORK)[string];
			const whole = engine.lab();
			const stopped = engine.lab();
			try {
				const all = api(await whole.registry());
				await run(all, (await prepare?.(all)) as never);
				const wanted = await worldOf(whole, { history: true });

				const registry = await stopped.registry();
				const prepared = (await prepare?.(api(registry))) as never;
				let stops = 0;
				// Stopped after 1, 300, 600 … items are settled; what is settled as done must be done.
				for (const point of [1, 300, 600]) {
					const stop = new AbortController();
					const more: More = { signal: stop.signal, onSettle: (settled) => settled >= point && stop.abort() };
					const outcomes = (await run(api(registry, more), prepared)).flat();
					if (outcomes.some(({ status }) => status === 'notAttempted')) stops++;
					for (const outcome of outcomes) if (outcome.status === 'notAttempted') expect(outcome).toMatchObject({ retry: true });
				}
				expect(stops).toBeGreaterThan(0);
				const last = (await run(api(registry), prepared)).flat();
				expect(statuses(last)).not.toContain('notAttempted');
				expect(await worldOf(stopped, { history: true })).toEqual(wanted);
				expect(brokenRules(await stopped.tables())).toEqual([]);
			} finally {
				await whole.remove();
				await stopped.remove();
			}
		});
	});
});

onEachEngine('Promise 4: every item is accounted for once, and the counts add up', (lab) => {
	test.each(KINDS)('%s, stopped before it began', async (kind) => {
		const { prepare, run } = WORK[kind] as (typeof WORK)[string];
		const registry = await lab().registry();
		const prepared = (await prepare?.(api(registry))) as never;
		const before = await changesIn(lab());
		const outcomes = (await run(api(registry, { signal: AbortSignal.abort() }), prepared)).flat();
		// `collect` sees that each entry is settled once. An External Type that was picked may have been made.
		expect(outcomes.filter(({ status }) => !['notAttempted', 'conflict', 'invalid'].includes(status))).toEqual([]);
		expect((await changesIn(lab())) - before).toBeLessThanOrEqual(2);
	});

	test('what the outcomes tell is what the status counts and the lists give', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const linked = await all.link(upTo(60, (n) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n % 50}`, erp: n < 50 ? `e${n}` : 'e0' }) })));
		expect(tally(linked)).toEqual({ created: 40, conflict: 20 });
		const accounts = await makeRecords(registry, 'accounts', ['A', 'B'], (crm) => ({ domains: `${crm}.com` }));
		await all.capture(['ann@a.com', 'bob@b.com', 'x@nobody.org', 'y@gmail.com']);
		await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: 'new', current: { externalId: 'c20' } }]);
		await all.unmap([{ name: { objectType: 'people', externalType: typed('crm'), externalId: 'c21' } }]);
		await all.remove([byId('people', 'crm', 'c22'), byObject('accounts', accounts[0])]);
		const status = (await registryStatus(registry)) as Record<string, unknown>;
		expect(status).toMatchObject({
			status: 'found',
			records: { people: 40 + 2 - 1, accounts: 1, users: 0, deleted: 2 },
			mappings: { current: 40 * 2 + 2 - 1, former: 1, deleted: 1 },
			relatedDomains: 2,
			inboxWaiting: 3,
			externalTypes: [{ externalType: 'crm', objectType: 'accounts', currentMappings: 2 }, { externalType: 'crm', objectType: 'people', currentMappings: 39 }, { externalType: 'erp', currentMappings: 40 }],
		});
		expect(await listMappings(registry, { states: ['current'] }, 1_000)).toHaveLength(81);
		expect(await listRecords(registry, { objectType: 'people', states: ['active'] }, 1_000)).toHaveLength(41);
		expect((await lab().tables()).run?.reduce((sum, { changes }) => sum + Number(changes), 0)).toBe(await changesIn(lab()));
	});
});

onEachEngine('Promise 6: a bad item never blocks a good one', (lab) => {
	/** Each bad entry stands between good ones; the good ones are done as if it were not there. */
	test('in any kind of work', async () => {
		const all = api(await lab().registry());
		const person = (crm: unknown, fields: Record<string, unknown> = {}) => ({ objectType: 'people' as const, ids: ids({ crm }), fields });
		const bad = ['', '0', null, 2 ** 53, ['a'], { a: 1 }, 'x'.repeat(256), '\u0000', '\ud800'];
		const between = <G, B>(good: (n: number) => G, wrong: (value: unknown) => B): Array<G | B> => bad.flatMap((value, n) => [good(n), wrong(value)]);
		const goodOnes = (outcomes: ReadonlyArray<Outcome | Outcome[]>) => [...new Set(outcomes.filter((_, at) => at % 2 === 0).flatMap((each) => [each].flat().map(({ status }) => status)))];
		const badOnes = (outcomes: ReadonlyArray<Outcome | Outcome[]>) => [...new Set(outcomes.filter((_, at) => at % 2 === 1).flatMap((each) => [each].flat().map(({ status }) => status)))];
		const good = (n: number) => `good${n}`;
		const check = (outcomes: ReadonlyArray<Outcome | Outcome[]>, done: string, wrong: string[] = ['invalid']) => {
			expect(goodOnes(outcomes)).toEqual([done]);
			expect(badOnes(outcomes)).toEqual(wrong);
		};

		const upserted = await all.upsert(between((n) => person(good(n), { email: `p${n}@acme.com` }), (value) => person(value)));
		check(upserted, 'created');
		const people = upserted.map((each) => (each as Record<string, unknown>).objectId);
		check(await all.upsert(between((n) => person(good(n), { name: 'x' }), (value) => person('bad', { email: value === '' || value === null ? 'no' : value }))), 'updated');
		check(await all.link(between((n) => ({ objectType: 'people', ids: ids({ crm: good(n), erp: good(n) }) }), (value) => ({ objectType: 'people', ids: ids({ erp: value }) }))), 'linked');
		check(await all.create(between((n) => ({ objectType: 'people', externalType: picked('shop'), externalId: good(n), objectId: people[n * 2] }), (value) => ({ objectType: 'people', externalType: picked('shop'), externalId: 'z', objectId: value }))), 'created');
		check(await all.replace(between((n) => ({ objectType: 'people', externalType: typed('shop'), externalId: `new${n}`, current: { externalId: good(n) } }), (value) => ({ objectType: 'people', externalType: typed('shop'), externalId: value, current: { externalId: 'good0' } }))), 'updated');
		check(await all.resolve(between((n) => byId('people', 'crm', good(n)), (value) => byId('people', 'crm', value))), 'found');
		check(await all.translate(between((n) => byId('people', 'crm', good(n)), (value) => byId('people', 'crm', value)), 'erp'), 'found');
		check(await all.get(...between((n) => byObject('people', people[n * 2]), (value) => byObject('people', value))), 'found');
		check(await all.unmap(between((n) => ({ name: { objectType: 'people', externalType: typed('erp'), externalId: good(n) } }), (value) => ({ name: { objectType: 'people', externalType: typed('erp'), externalId: value } }))), 'deleted');
		check(await all.remove(between((n) => byId('people', 'crm', good(n)), (value) => byId('people', 'crm', value))), 'deleted');
		await makeRecords(all.registry, 'accounts', ['ACME']);
		check(await all.domains('add', between<DomainEntry, DomainEntry>((n) => ({ account: byId('accounts', 'crm', 'ACME'), domains: `g${n}.com` }), (value) => ({ account: byId('accounts', 'crm', 'ACME'), domains: Array.isArray(value) ? value : [value].filter((each) => typeof each !== 'object') }))), 'created');
		check(await all.capture(between((n) => `new${n}@g${n}.com`, (value) => value)), 'created');
		check(await all.match(between((n) => `new${n}@g${n}.com`, (value) => value)), 'found');
		expect(brokenRules(await lab().tables())).toEqual([]);
	});
});

onEachEngine('Promise 8: a contact is never matched through a free-mail domain or a public suffix; every match says why', (lab) => {
	test('even when such a Related Domain stands in the database', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		const [acme] = await makeRecords(registry, 'accounts', ['ACME'], () => ({ domains: 'acme.com' }));
		for (const domain of ['gmail.com', 'co.uk', 'github.io', 'com', 'own.com', 'blocked.com']) {
			await lab().execute(`INSERT INTO related_domain (workspace, domain, account_id, preferred, created_at) VALUES ('default', '${domain}', '${String(acme)}', 1, 1)`);
		}
		await changeSettings(registry, { ownDomains: 'own.com', blockDomains: 'blocked.com' }, silent());
		const addresses = ['a@gmail.com', 'a@x.gmail.com', 'a@googlemail.com', 'a@acme.co.uk', 'a@co.uk', 'a@someone.github.io', 'a@nobody.com', 'a@own.com', 'a@eu.own.com', 'a@blocked.com'];
		for (const outcome of await all.match(addresses)) expect(['skipped', 'notFound', 'invalid']).toContain(outcome.status);
		for (const outcome of (await all.capture(addresses)).flat()) expect(['skipped', 'notFound', 'invalid']).toContain(outcome.status);
		expect((await lab().tables()).record).toHaveLength(1);
		expect((await all.capture(['ann@eu.acme.com'])).flat()).toMatchObject([{ status: 'created', matchedDomain: 'acme.com', matchKind: 'registrable', accountId: acme }]);
		const why = ((await lab().tables()).change ?? []).filter(({ kind, object_type }) => kind === 'recordCreated' && object_type === 'people').map(({ after }) => JSON.parse(String(after)) as object);
		expect(why).toMatchObject([{ matchedDomain: 'acme.com', matchKind: 'registrable', email: 'ann@eu.acme.com' }]);
	});

	test('unless the builder has allowed the domain', async () => {
		const registry = await lab().registry();
		const all = api(registry);
		await changeSettings(registry, { allowDomains: 'gmail.com' }, silent());
		const [google] = await makeRecords(registry, 'accounts', ['GOOGLE'], () => ({ domains: 'gmail.com' }));
		expect((await all.capture(['a@gmail.com'])).flat()).toMatchObject([{ status: 'created', accountId: google }]);
	});
});
