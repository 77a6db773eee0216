import { registryBackfill } from '../../nodes/ExternalId/registry/backfill';
import type { RunRow } from '../../nodes/ExternalId/registry/rows';
import { GuardError } from '../../nodes/shared/backfill';
import type { Outcome } from '../../nodes/shared/identity/outcome';
import type { BackfillEntry, BackfillSystem } from '../../nodes/shared/ports';
import { api, byId, byObject, ids, makeRecords, picked, typed } from './api';
import { caller, kindOf, statuses, tally } from './collect';
import { onEachEngine } from './engines';
import { brokenRules, changesIn, worldOf } from './world';

const byEmail = (externalId: unknown, email: unknown): BackfillEntry => ({ externalId, keys: { email } });
const field = (outcome: Outcome | undefined, name: string) => (outcome as Record<string, unknown> | undefined)?.[name];
const upTo = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const NO_GUARDS = { maxTroublePercent: 100, maxReplacedPercent: 100 };

onEachEngine('A backfill finds the record of each ID', (lab) => {
	test('by each key, in the order Object ID, other External ID, e-mail, phone', async () => {
		const { registry, backfill, resolve } = api(await lab().registry());
		const [ann, bob, cleo, dan] = await makeRecords(registry, 'people', ['a', 'b', 'c', 'd'], (crm) => ({ email: `${crm}@acme.com`, phone: crm === 'd' ? '600 111 222' : undefined }));
		const { outcomes, summary } = await backfill([
			{ externalId: 1, keys: { objectId: ann, email: 'b@acme.com' } },
			{ externalId: 2, keys: { externalId: 'b', email: 'a@acme.com' } },
			{ externalId: 3, keys: { email: ' C@Acme.com', phone: '+34600111222' } },
			{ externalId: 4, keys: { email: 'nobody@acme.com', phone: '+34 600-111-222' } },
			{ externalId: 5, keys: { email: 'nobody@acme.com' } },
		]);
		expect(outcomes.map((outcome) => [outcome.status, field(outcome, 'objectId'), field(outcome, 'matchedBy')])).toEqual([
			['linked', ann, 'objectId'],
			['linked', bob, 'externalId'],
			['linked', cleo, 'email'],
			['linked', dan, 'phone'],
			['notFound', undefined, undefined],
		]);
		expect(field(outcomes[0], 'runId')).toBe(summary.runId);
		expect(field(outcomes[0], 'mappingId')).toMatch(/^map_/);
		expect((await resolve([byId('people', 'erp', '4')])).map((outcome) => field(outcome, 'objectId'))).toEqual([dan]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('an Object ID that leads nowhere is told, and no other key takes its place', async () => {
		const { registry, backfill } = api(await lab().registry());
		const [ann] = await makeRecords(registry, 'people', ['a'], () => ({ email: 'a@acme.com' }));
		const gone = `${ann?.slice(0, -4)}0000`;
		const { outcomes } = await backfill([{ externalId: 1, keys: { objectId: gone, email: 'a@acme.com' } }]);
		expect(statuses(outcomes)).toEqual(['notFound']);
		expect(field(outcomes[0], 'reason')).toContain(gone);
	});

	test('accounts by a Related Domain, exactly: an account that holds a parent of it is only shown', async () => {
		const { registry, backfill } = api(await lab().registry());
		const [acme, globex, other] = await makeRecords(registry, 'accounts', ['acme', 'globex', 'other'], (crm) => ({ domains: crm === 'other' ? 'globex.com' : `${crm}.com` }));
		const { outcomes } = await backfill(
			[
				{ externalId: 1, keys: { domain: 'https://www.acme.com/about' } },
				{ externalId: 2, keys: { domain: 'eu.acme.com' } },
				{ externalId: 3, keys: { domain: 'globex.com' } },
				{ externalId: 4, keys: { domain: 'gmail.com' } },
				{ externalId: 5, keys: { domain: 'nobody.com' } },
			],
			NO_GUARDS,
			{ objectType: 'accounts' },
		);
		expect(outcomes.map(kindOf)).toEqual(['linked', 'onlyLikely', 'severalMatch', 'unusableDomain', 'noMatch']);
		expect(field(outcomes[0], 'objectId')).toBe(acme);
		expect(field(outcomes[1], 'candidates')).toEqual([{ objectId: acme }]);
		expect((field(outcomes[2], 'candidates') as Array<{ objectId: string }>).map(({ objectId }) => objectId).sort()).toEqual([globex, other].sort());
	});

	test('a deleted record gets nothing, by whatever key', async () => {
		const { registry, backfill, remove } = api(await lab().registry());
		const [ann] = await makeRecords(registry, 'people', ['a'], () => ({ email: 'a@acme.com' }));
		await remove([byId('people', 'crm', 'a')]);
		const { outcomes } = await backfill([{ externalId: 1, keys: { email: 'a@acme.com' } }, { externalId: 2, keys: { objectId: ann } }, { externalId: 3, keys: { externalId: 'a' } }], NO_GUARDS);
		expect(outcomes.map(kindOf)).toEqual(['recordDeleted', 'recordDeleted', 'recordDeleted']);
	});

	test('an Object ID of a record that was merged means the one that it was merged into', async () => {
		const { registry, backfill, merge } = api(await lab().registry());
		const [ann, bob] = await makeRecords(registry, 'people', ['a', 'b']);
		await merge([{ objectType: 'people', survivor: byObject('people', ann), other: byObject('people', bob) }], { whenBothHaveId: 'keepSurvivor' });
		const { outcomes } = await backfill([{ externalId: 1, keys: { objectId: bob } }]);
		expect(outcomes[0]).toMatchObject({ status: 'linked', objectId: ann });
	});

	test('an ID of somebody who was erased goes to nobody', async () => {
		const { registry, backfill, erase } = api(await lab().registry());
		await makeRecords(registry, 'people', ['a', 'b'], (crm) => ({ email: `${crm}@acme.com` }));
		await backfill([byEmail(1, 'a@acme.com')]);
		await erase(byId('people', 'crm', 'a'));
		const { outcomes } = await backfill([byEmail(1, 'b@acme.com'), byEmail(2, 'b@acme.com')], NO_GUARDS);
		expect(outcomes.map(kindOf)).toEqual(['erased', 'linked']);
	});

	test('what is no External ID, no key or no address is refused for that item alone', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', ['a'], () => ({ email: 'a@acme.com' }));
		const { outcomes } = await backfill([byEmail('n/a', 'a@acme.com'), byEmail(undefined, 'a@acme.com'), { externalId: 1, keys: {} }, byEmail(2, 'no address'), byEmail(3, 'a@acme.com')], NO_GUARDS);
		expect(statuses(outcomes)).toEqual(['invalid', 'invalid', 'invalid', 'invalid', 'linked']);
	});
});

onEachEngine('A backfill links what is unique on both sides', (lab) => {
	test('one ID for two records is a conflict, two IDs for one record are ambiguous, the same again is done once', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', ['a', 'b', 'c', 'd'], (crm) => ({ email: `${crm}@acme.com` }));
		const { outcomes, summary } = await backfill(
			[byEmail('1', 'a@acme.com'), byEmail('1', 'b@acme.com'), byEmail('2', 'c@acme.com'), byEmail('3', 'c@acme.com'), byEmail('4', 'd@acme.com'), byEmail('4', 'D@acme.com')],
			NO_GUARDS,
		);
		expect(outcomes.map(kindOf)).toEqual(['inputGivesIdToSeveral', 'inputGivesIdToSeveral', 'severalIdsForRecord', 'severalIdsForRecord', 'linked', 'unchanged']);
		expect(field(outcomes[2], 'givenIds')).toEqual(['2', '3']);
		expect(summary.counts).toEqual({ conflict: 2, ambiguous: 2, linked: 1, unchanged: 1 });
	});

	test('a type that allows two IDs takes two, and not three', async () => {
		const { registry, configure, backfill } = api(await lab().registry());
		await configure({ objectType: 'people', externalType: 'erp', idsPerObject: 2 });
		await makeRecords(registry, 'people', ['a'], () => ({ email: 'a@acme.com' }));
		await backfill([byEmail('1', 'a@acme.com')]);
		expect(statuses((await backfill([byEmail('2', 'a@acme.com'), byEmail('3', 'a@acme.com')], NO_GUARDS)).outcomes)).toEqual(['conflict', 'conflict']);
		expect(statuses((await backfill([byEmail('2', 'a@acme.com')])).outcomes)).toEqual(['linked']);
	});

	test('an e-mail of two people is ambiguous, and both are shown', async () => {
		const { registry, backfill, upsert } = api(await lab().registry());
		const [ann] = await makeRecords(registry, 'people', ['a'], () => ({ email: 'x@acme.com', name: 'Ann' }));
		await upsert([{ objectType: 'people', ids: ids({ crm: 'b' }), fields: { email: 'x@acme.com', name: 'Bob' } }], { whenEmailKnown: 'create' });
		const { outcomes } = await backfill([byEmail('1', 'x@acme.com')], NO_GUARDS);
		expect(kindOf(outcomes[0] as Outcome)).toBe('severalMatch');
		expect(field(outcomes[0], 'candidates')).toContainEqual({ objectId: ann, name: 'Ann' });
	});
});

onEachEngine('Where an ID or a record is taken', (lab) => {
	async function taken() {
		const all = api(await lab().registry());
		const [ann, bob] = await makeRecords(all.registry, 'people', ['a', 'b'], (crm) => ({ email: `${crm}@acme.com` }));
		await all.link([{ objectType: 'people', ids: ids({ crm: 'a', erp: 'A' }) }, { objectType: 'people', ids: ids({ crm: 'b', erp: 'B' }) }]);
		return { ...all, ann, bob };
	}

	test('both are conflicts that show both sides, and nothing is written', async () => {
		const { backfill, ann } = await taken();
		const before = await changesIn(lab());
		const { outcomes } = await backfill([byEmail('new', 'a@acme.com'), { externalId: 'B', keys: { objectId: ann } }], NO_GUARDS);
		expect(outcomes.map(kindOf)).toEqual(['recordHasOtherId', 'idBelongsToOther']);
		expect(field(outcomes[0], 'conflict')).toMatchObject({ wanted: { externalId: 'new', objectId: ann }, existing: [{ objectId: ann, externalIds: ['A'] }] });
		expect(await changesIn(lab())).toBe(before);
	});

	test('Replace makes the old ID former, and says which it was', async () => {
		const { backfill, resolve, ann } = await taken();
		const { outcomes } = await backfill([byEmail('new', 'a@acme.com')], { whenRecordHasOther: 'take', ...NO_GUARDS });
		expect(outcomes[0]).toMatchObject({ status: 'linked', objectId: ann, replaced: ['A'], before: { replacedId: 'A' } });
		const [old] = await resolve([byId('people', 'erp', 'A')]);
		expect(old).toMatchObject({ status: 'found', objectId: ann, isFormer: true });
	});

	test('Move takes the ID from the other record, and says which that was', async () => {
		const { backfill, resolve, ann, bob } = await taken();
		const { outcomes } = await backfill([byEmail('B', 'a@acme.com')], { whenIdBelongsToOther: 'take', whenRecordHasOther: 'take', ...NO_GUARDS });
		expect(outcomes[0]).toMatchObject({ status: 'linked', objectId: ann, movedFrom: bob, replaced: ['A'] });
		expect((await resolve([byObject('people', bob)], true))[0]).toMatchObject({ externalIds: { crm: 'b' } });
	});

	test('a chain of moves makes room for itself, whatever its order', async () => {
		const { backfill, resolve, ann, bob, registry } = await taken();
		const [cleo] = await makeRecords(registry, 'people', ['c'], () => ({ email: 'c@acme.com' }));
		// Bob's ID goes to Cleo, which makes room at Bob for Ann's.
		const { outcomes } = await backfill([byEmail('A', 'b@acme.com'), byEmail('B', 'c@acme.com')], { whenIdBelongsToOther: 'take', ...NO_GUARDS });
		expect(outcomes.map((outcome) => [outcome.status, field(outcome, 'objectId')])).toEqual([['linked', bob], ['linked', cleo]]);
		expect((await resolve([byObject('people', ann)], true))[0]).toMatchObject({ externalIds: { crm: 'a' } });
	});

	test('the ID that a record had before: a dry run plans what Apply then does, and Replace gives it back', async () => {
		const { backfill, replace, ann, resolve } = await taken();
		await replace([{ objectType: 'people', externalType: typed('erp'), externalId: 'A2', current: { externalId: 'A' } }]);
		for (const entry of [byEmail('A', 'a@acme.com'), { externalId: 'A', keys: {} }]) {
			for (const mode of ['dryRun', 'apply'] as const) expect((await backfill([entry], { mode, ...NO_GUARDS })).outcomes.map(kindOf)).toEqual(['recordHasOtherId']);
		}
		const given = [{ externalId: 'A', keys: {} }];
		expect((await backfill(given, { mode: 'dryRun', whenRecordHasOther: 'take', ...NO_GUARDS })).outcomes).toMatchObject([{ plan: 'replace', replaced: ['A2'], objectId: ann }]);
		expect((await backfill(given, { whenRecordHasOther: 'take', ...NO_GUARDS })).outcomes).toMatchObject([{ status: 'linked', replaced: ['A2'], objectId: ann }]);
		expect((await resolve([byObject('people', ann)], true))[0]).toMatchObject({ externalIds: { erp: 'A' } });
	});

	test.each(['as it is', 'turned round'])('what the input itself says of a record is not taken from it again, else two runs would swap for ever (input %s)', async (order) => {
		const { backfill, ann, resolve } = await taken();
		const takeAll = { whenIdBelongsToOther: 'take', whenRecordHasOther: 'take', ...NO_GUARDS } as const;
		const ordered = <T>(list: T[]) => (order === 'as it is' ? list : list.reverse());
		const before = await worldOf(lab(), { history: true });
		for (const mode of ['dryRun', 'apply', 'apply'] as const) {
			const twoIds = await backfill(ordered([byEmail('A', 'a@acme.com'), byEmail('A9', 'a@acme.com')]), { ...takeAll, mode });
			expect(ordered(twoIds.outcomes.map(kindOf))).toEqual([mode === 'dryRun' ? 'planned' : 'unchanged', 'severalIdsForRecord']);
			const twoRecords = await backfill(ordered([byEmail('A', 'a@acme.com'), byEmail('A', 'b@acme.com')]), { ...takeAll, mode });
			expect(ordered(twoRecords.outcomes.map(kindOf))).toEqual([mode === 'dryRun' ? 'planned' : 'unchanged', 'inputGivesIdToSeveral']);
			expect(JSON.stringify(twoRecords.outcomes)).toContain(String(ann));
		}
		expect(await worldOf(lab(), { history: true })).toEqual(before);
		expect(await resolve([byId('people', 'erp', 'A')])).toMatchObject([{ objectId: ann }]);
	});

	test('what changed between plan and write is a conflict, even where replacing was chosen', async () => {
		const { registry, create, ann } = await taken();
		const work = { caller: caller(), operation: 'test', settle: () => undefined };
		const [cleo] = await makeRecords(registry, 'people', ['c'], () => ({ email: 'c@acme.com' }));
		const system = (await registryBackfill(registry, { objectType: 'people', externalType: picked('erp'), phoneFields: [], country: undefined }, work)) as BackfillSystem;
		await create([{ objectType: 'people', externalType: picked('erp'), externalId: 'C', objectId: cleo }]);
		const told: Outcome[] = [];
		await system.write(
			[
				{ key: 'new', externalId: 'new', objectId: String(cleo), plan: 'link', replaced: [] },
				{ key: 'A', externalId: 'A', objectId: String(cleo), plan: 'link', replaced: [] },
			],
			(at, outcome) => (told[at] = outcome),
			{ aborted: false },
		);
		expect(statuses(told)).toEqual(['conflict', 'conflict']);
		expect((await api(registry).resolve([byId('people', 'erp', 'A')]))[0]).toMatchObject({ objectId: ann });
	});
});

onEachEngine('IDs that are mapped already', (lab) => {
	test('a shifted column is not "so already": the e-mail leads to another record, and that is a conflict', async () => {
		const { registry, backfill } = api(await lab().registry());
		const people = await makeRecords(registry, 'people', upTo(20, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` }));
		await backfill(upTo(20, (n) => byEmail(`e${n}`, `c${n}@acme.com`)));
		const shifted = upTo(19, (n) => byEmail(`e${n}`, `c${n + 1}@acme.com`));
		const { outcomes } = await backfill(shifted, { mode: 'dryRun' });
		expect(outcomes.map(kindOf)).toEqual(shifted.map(() => 'idBelongsToOther'));
		expect(field(outcomes[0], 'conflict')).toMatchObject({ wanted: { objectId: people[1] }, existing: [{ objectId: people[0] }] });
		await expect(backfill(shifted)).rejects.toThrow(GuardError);
	});

	test('an address that leads nowhere, or to several, says nothing against the record that has the ID', async () => {
		const { registry, backfill, upsert } = api(await lab().registry());
		const [ann] = await makeRecords(registry, 'people', ['a', 'b'], (crm) => ({ email: `${crm}@acme.com` }));
		await upsert([{ objectType: 'people', ids: ids({ crm: 'c' }), fields: { email: 'b@acme.com' } }], { whenEmailKnown: 'create' });
		await backfill([byEmail('1', 'a@acme.com')]);
		const { outcomes } = await backfill([byEmail('1', 'new.address@acme.com'), byEmail('1', 'b@acme.com'), byEmail('1', 'no address'), byEmail('1', 'A@acme.com')]);
		expect(outcomes.map((outcome) => [outcome.status, field(outcome, 'objectId')])).toEqual(upTo(4, () => ['unchanged', ann]));
	});

	test('accounts are compared by their Related Domains', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'accounts', ['acme', 'globex'], (crm) => ({ domains: `${crm}.com` }));
		const target = { objectType: 'accounts' as const };
		const row = (externalId: string, domain: string) => ({ externalId, keys: { domain } });
		await backfill([row('1', 'acme.com'), row('2', 'globex.com')], {}, target);
		const { outcomes } = await backfill([row('1', 'acme.com'), row('2', 'acme.com')], NO_GUARDS, target);
		expect(outcomes.map(kindOf)).toEqual(['unchanged', 'idBelongsToOther']);
	});
});

onEachEngine('A dry run', (lab) => {
	test('writes nothing, leaves Done empty and plans what Apply then does', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', upTo(30, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com`, name: `Person ${crm}` }));
		await backfill([byEmail('e0', 'c0@acme.com')]);
		const entries = [...upTo(30, (n) => byEmail(`e${n}`, `c${n}@acme.com`)), byEmail('e31', 'nobody@acme.com'), byEmail('e1', 'c1@acme.com')];
		const before = await changesIn(lab());
		const dry = await backfill(entries, { mode: 'dryRun' });
		expect(await changesIn(lab())).toBe(before);
		expect(tally(dry.outcomes)).toEqual({ planned: 31, notFound: 1 });
		expect(dry.outcomes[0]).toMatchObject({ status: 'planned', plan: 'nothing' });
		expect(dry.outcomes[1]).toMatchObject({ status: 'planned', plan: 'link', externalId: 'e1', name: 'Person c1', matchedBy: 'email' });
		expect(dry.summary).toMatchObject({ mode: 'dryRun', items: 32, plan: { link: 29, replace: 0, move: 0 } });
		expect(dry.summary.sentence).toMatch(/^Dry run of erp IDs for people, nothing was written\. Of 32 items: 29 would be linked, 2 need nothing or are repeats, 1 not found\./);

		const applied = await backfill(entries);
		expect(tally(applied.outcomes)).toEqual({ linked: 29, unchanged: 2, notFound: 1 });
		expect(applied.summary.sentence).toMatch(/^Backfill of erp IDs for people\. Of 32 items: 29 linked, 2 were so already, 1 not found\. .* Undo it by run run_/);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('says when Apply would stop', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', upTo(20, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` }));
		const bad = upTo(20, (n) => byEmail(n < 10 ? 'n/a' : `e${n}`, `c${n}@acme.com`));
		const { summary } = await backfill(bad, { mode: 'dryRun' });
		expect(summary.guard).toContain('10 of 20 items');
		expect(summary.sentence).toContain('Apply would stop: 10 of 20 items');
	});
});

onEachEngine('The guards', (lab) => {
	test('stop before the first write when there is too much trouble, and can be raised', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', upTo(20, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` }));
		const bad = upTo(20, (n) => byEmail(n < 10 ? 'n/a' : `e${n}`, `c${n}@acme.com`));
		const before = await changesIn(lab());
		await expect(backfill(bad)).rejects.toThrow(GuardError);
		// The External Type was made: it was picked.
		expect((await changesIn(lab())) - before).toBe(1);
		expect(tally((await backfill(bad, { maxTroublePercent: 50 })).outcomes)).toEqual({ invalid: 10, linked: 10 });
	});

	test('stop before the first write when too many IDs would be replaced', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', upTo(20, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` }));
		await backfill(upTo(20, (n) => byEmail(`e${n}`, `c${n}@acme.com`)));
		const wrongColumn = upTo(20, (n) => byEmail(`x${n}`, `c${n}@acme.com`));
		await expect(backfill(wrongColumn, { whenRecordHasOther: 'take' })).rejects.toThrow(/20 of 20 items would replace or move/);
		expect(tally((await backfill(wrongColumn, { whenRecordHasOther: 'take', maxReplacedPercent: 100 })).outcomes)).toEqual({ linked: 20 });
	});

	test('a few bad items of a small input, and records that are not found, stop nothing', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', ['a'], () => ({ email: 'a@acme.com' }));
		const { outcomes } = await backfill([byEmail('n/a', 'a@acme.com'), byEmail('1', 'a@acme.com'), ...upTo(60, (n) => byEmail(`e${n}`, `nobody${n}@acme.com`))]);
		expect(tally(outcomes)).toEqual({ invalid: 1, linked: 1, notFound: 60 });
	});

	test('Max Writes writes the same ones whatever the order, and the next run goes on', async () => {
		const entries = upTo(25, (n) => byEmail(`e${n}`, `c${n}@acme.com`));
		const worlds = [];
		for (const [workspace, input] of [['w1', entries], ['w2', [...entries].reverse()]] as const) {
			const { registry, backfill } = api(await lab().registry({ workspace }));
			await makeRecords(registry, 'people', upTo(25, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` }));
			const { outcomes, summary } = await backfill(input, { maxWrites: 10 });
			expect(tally(outcomes)).toEqual({ linked: 10, notAttempted: 15 });
			expect(outcomes.filter(({ status }) => status === 'notAttempted').every((outcome) => field(outcome, 'retry') === true)).toBe(true);
			expect(summary.sentence).toContain('Not all was done: Max Writes (10) was reached.');
			worlds.push(await worldOf(lab(), { history: false, workspace }));
			expect(tally((await backfill(input)).outcomes)).toEqual({ linked: 15, unchanged: 10 });
		}
		expect(worlds[1]).toEqual(worlds[0]);
	});

	test('Try First looks at the first items only', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', upTo(5, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` }));
		const { outcomes } = await backfill(upTo(5, (n) => byEmail(`e${n}`, `c${n}@acme.com`)), { tryFirst: 2 });
		expect(statuses(outcomes)).toEqual(['linked', 'linked', 'notAttempted', 'notAttempted', 'notAttempted']);
	});

	test('Max Minutes leaves the rest for the next run', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', upTo(5, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` }));
		const entries = upTo(5, (n) => byEmail(`e${n}`, `c${n}@acme.com`));
		const { outcomes, summary } = await backfill(entries, { maxMinutes: 1e-9 });
		expect(tally(outcomes)).toEqual({ notAttempted: 5 });
		expect(summary.stopped).toContain('Max Minutes');
		expect(tally((await backfill(entries)).outcomes)).toEqual({ linked: 5 });
	});
});

onEachEngine('Two backfills', (lab) => {
	const LOCK = 'backfill\npeople\nerp';
	const other = (id: string): RunRow => ({ id, operation: 'mapping:backfill', workflowId: 'w', nodeId: 'n', executionId: '77', origin: 'api', startedAt: 0 });

	test('of one type: the second does nothing, says since when the first runs, and a dry run is let through', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', ['a'], () => ({ email: 'a@acme.com' }));
		await registry.store.takeLock('default', LOCK, other('run_other'), 10_000);
		const { outcomes, summary } = await backfill([byEmail('1', 'a@acme.com')]);
		expect(outcomes[0]).toMatchObject({ status: 'notAttempted', retry: true, runningExecution: '77' });
		expect(field(outcomes[0], 'reason')).toMatch(/execution 77.*since \d{4}-\d\d-\d\dT/);
		expect(summary.stopped).toContain('under way');
		expect(statuses((await backfill([byEmail('1', 'a@acme.com')], { mode: 'dryRun' })).outcomes)).toEqual(['planned']);
		await registry.store.releaseLock('default', LOCK, 'run_other');
		expect(statuses((await backfill([byEmail('1', 'a@acme.com')])).outcomes)).toEqual(['linked']);
	});

	test('really at once: every item is done by one of them', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', upTo(600, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` }));
		const entries = upTo(600, (n) => byEmail(`e${n}`, `c${n}@acme.com`));
		const [first, second] = await Promise.all([backfill(entries), api(registry).backfill(entries)]);
		expect([tally(first.outcomes), tally(second.outcomes)]).toContainEqual({ linked: 600 });
		expect([tally(first.outcomes), tally(second.outcomes)]).toContainEqual({ notAttempted: 600 });
	});

	test('a run that died holds its lock for seconds, also when the clock was set back since', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', ['a', 'b'], (crm) => ({ email: `${crm}@acme.com` }));
		await registry.store.takeLock('default', LOCK, other('run_dead'), 10_000);
		await lab().execute(`UPDATE lock SET seen_at = seen_at - 11000`);
		expect(statuses((await backfill([byEmail('1', 'a@acme.com')])).outcomes)).toEqual(['linked']);
		await registry.store.takeLock('default', LOCK, other('run_dead'), 10_000);
		await lab().execute(`UPDATE lock SET seen_at = seen_at + 7200000`);
		expect(statuses((await backfill([byEmail('2', 'b@acme.com')])).outcomes)).toEqual(['linked']);
	});

	test('of different types go side by side', async () => {
		const { registry, backfill } = api(await lab().registry());
		await makeRecords(registry, 'people', ['a'], () => ({ email: 'a@acme.com' }));
		await registry.store.takeLock('default', LOCK, other('run_other'), 10_000);
		expect(statuses((await backfill([byEmail('1', 'a@acme.com')], {}, { externalType: picked('shop'), otherType: typed('crm') })).outcomes)).toEqual(['linked']);
	});
});

onEachEngine('A backfill that is stopped', (lab) => {
	test('leaves the rest Not Attempted, and its lock free', async () => {
		const abort = new AbortController();
		let settled = 0;
		const stoppable = api(await lab().registry(), { signal: abort.signal, onSettle: () => ++settled === 1 && abort.abort() });
		await makeRecords((await lab().registry()), 'people', upTo(900, (n) => `c${n}`), (crm) => ({ email: `${crm}@acme.com` }));
		const entries = upTo(900, (n) => byEmail(`e${n}`, `c${n}@acme.com`));
		const { outcomes, summary } = await stoppable.backfill(entries);
		const counts = tally(outcomes);
		expect(counts.linked).toBeGreaterThan(0);
		expect(counts.notAttempted).toBeGreaterThan(0);
		expect(summary.stopped).toBe('It was cancelled');
		const again = await api(await lab().registry()).backfill(entries);
		expect(tally(again.outcomes)).toEqual({ unchanged: counts.linked, linked: counts.notAttempted });
	});
});
