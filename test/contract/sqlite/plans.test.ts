import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue } from 'node:sqlite';

import * as statements from '../../../nodes/ExternalId/registry/sqlite/statements';
import { api, ids, picked } from '../api';
import { Place } from './place';

const { BATCH_READS, BATCH_WRITES, SCANS, COUNT_WINDOWS, HAVE_TYPE, HISTORY_SCANS, RUNS, FOLLOWERS, PERSON_OF, ERASURES } = statements;

let place: Place;
beforeAll(async () => {
	place = new Place();
	const all = api(await place.open());
	await all.upsert(Array.from({ length: 1_500 }, (_, n) => ({ objectType: 'accounts' as const, ids: ids({ crm: `a${n}` }), fields: { name: `A${n}`, domains: `a${n}.com, shared.com` } })), { whenDomainKnown: 'create' });
	await all.capture(Array.from({ length: 3_000 }, (_, n) => `p${n}@a${n % 1_600}.com`));
	await all.link(Array.from({ length: 3_000 }, (_, n) => ({ objectType: 'people' as const, ids: ids({ crm: `p${n}`, erp: `e${n}` }), email: `p${n}@b.com` })));
	await all.replace(Array.from({ length: 500 }, (_, n) => ({ objectType: 'people' as const, externalType: picked('crm'), externalId: `q${n}`, current: { externalId: `p${n}` } })));
	await all.unmap(Array.from({ length: 500 }, (_, n) => ({ name: { objectType: 'people' as const, externalType: picked('crm'), externalId: `p${n + 600}` } })));
});
afterAll(async () => await place.remove());

/** As many parameters as a statement names, all of the kind that cannot steer the planner: it does not see values. */
function plan(db: DatabaseSync, sql: string): string[] {
	const count = Math.max(0, ...[...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number)));
	const parameters = Array.from({ length: count }, (): SQLInputValue => '[]');
	return db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters).map(({ detail }) => String(detail));
}

const LOOKUPS = Object.entries({
	...BATCH_READS,
	...SCANS,
	...Object.fromEntries(Object.entries(COUNT_WINDOWS).map(([name, sql]) => [`count of ${name}`, sql])),
	...Object.fromEntries(Object.entries(HISTORY_SCANS).map(([name, sql]) => [`history: ${name}`, sql])),
	...Object.fromEntries(Object.entries(ERASURES).map(([name, sql]) => [`erasure: ${name}`, sql])),
	'one setting': statements.SETTING,
	'any merged record': statements.HAS_MERGED,
	...Object.fromEntries(Object.entries(RUNS).map(([name, sql]) => [`runs: ${name}`, sql])),
	'holders by e-mail': statements.HOLDERS.byEmail,
	'holders by domain': statements.HOLDERS.byDomain,
	'holder of a lock': statements.LOCKS.holder,
	'release of a lock': statements.LOCKS.release,
	...Object.fromEntries(Object.entries(FOLLOWERS).map(([name, sql]) => [`followers: ${name}`, sql])),
	'newest change': statements.LAST_CHANGE,
	'objects that have a type': HAVE_TYPE,
	'a person of an account': PERSON_OF,
	'removed inbox rows': BATCH_WRITES.removedInbox,
	'undone runs': BATCH_WRITES.undoneRuns,
	'undos taken back': BATCH_WRITES.undosTakenBack,
	checkpoints: statements.CHECKPOINTS,
	'removed emails': BATCH_WRITES.removedEmails,
	'removed domains': BATCH_WRITES.removedDomains,
	'deleted configurations': BATCH_WRITES.deletedConfigurations,
	configurations: statements.CONFIGURATIONS,
	settings: statements.SETTINGS,
	'window of the history': statements.CHANGE_WINDOW,
	'purge of the history': statements.PURGE_CHANGES,
});

describe.each(['before', 'after'])('The query plan, %s the planner knows what the tables hold', (when) => {
	let db: DatabaseSync;
	beforeAll(() => {
		db = new DatabaseSync(place.file);
		if (when === 'after') db.exec('ANALYZE');
	});
	afterAll(() => db.close());

	test.each(LOOKUPS)('of "%s" searches an index and scans no table', (_, sql) => {
		const steps = plan(db, sql);
		// The values themselves come one after the other; a subquery or what it gave may be gone through as a whole.
		const scans = steps.filter((step) => /^SCAN\b/.test(step) && !/^SCAN (j|json_each)\b/.test(step) && !/^SCAN \(subquery-\d+\)/.test(step));
		expect(scans).toEqual([]);
		expect(steps.some((step) => /^SEARCH \S+( AS \S+)? USING (COVERING |PRIMARY |INTEGER PRIMARY )?(INDEX|KEY)/.test(step))).toBe(true);
	});

	test.each(Object.entries({ ...SCANS, ...HISTORY_SCANS, ...RUNS }).filter(([name]) => name !== 'mappingsOfObject'))('of the scan "%s" needs no sorting', (_, sql) => {
		expect(plan(db, sql).filter((step) => /TEMP B-TREE/.test(step))).toEqual([]);
	});

	test.each(Object.entries(BATCH_READS))('of "%s" uses every column of its key', (_, sql) => {
		const [search = ''] = plan(db, sql).filter((step) => step.startsWith('SEARCH'));
		const key = sql.slice(sql.search(/\bON\b/)).match(/(?<=\.)\w+(?= = )/g) ?? [];
		// The state is a condition of the index itself.
		expect(search.match(/\w+(?==\?)/g)).toEqual(key.filter((column) => column !== 'state'));
	});

	test.each(Object.entries(ERASURES))('of the erasure "%s" never goes through a whole workspace', (_, sql) => {
		// References are not looked for while records are erased: see Connection.writeUnreferenced.
		db.exec('PRAGMA foreign_keys = OFF');
		expect(plan(db, sql).filter((step) => step.endsWith('(workspace=?)'))).toEqual([]);
		db.exec('PRAGMA foreign_keys = ON');
	});

	test.each(Object.entries(BATCH_WRITES).filter(([, sql]) => sql.startsWith('INSERT')))('of the write "%s" scans nothing but the batch', (_, sql) => {
		expect(plan(db, sql).filter((step) => /^SCAN/.test(step) && !/^SCAN json_each/.test(step))).toEqual([]);
	});
});

test('every statement of the store is looked at here', () => {
	const seen = new Set([
		'BATCH_READS',
		'BATCH_WRITES',
		'SCANS',
		'COUNT_WINDOWS',
		'HAVE_TYPE',
		'HISTORY_SCANS',
		'RUNS',
		'LOCKS',
		'HOLDERS',
		'CONFIGURATIONS',
		'SETTINGS',
		'CHANGE_WINDOW',
		'PURGE_CHANGES',
		'RUN_WRITTEN',
		'FOLLOWERS',
		'FOLLOWER_WRITTEN',
		'LAST_CHANGE',
		'PERSON_OF',
		'CHECKPOINTS',
		'ERASURES',
		'SETTING',
		'HAS_MERGED',
	]);
	expect(Object.keys(statements).filter((name) => !seen.has(name))).toEqual([]);
});
