import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { RegistryError } from '../../../nodes/ExternalId/registry/errors';
import { closeRegistries, openRegistry } from '../../../nodes/ExternalId/registry/registry';
import { SCHEMA_VERSION } from '../../../nodes/ExternalId/registry/sqlite/schema';
import { api, byId, ids } from '../api';
import { statuses } from '../collect';
import { brokenRules } from '../world';
import { Place } from './place';

let place: Place;
beforeEach(() => {
	place = new Place();
});
afterEach(async () => {
	jest.restoreAllMocks();
	await place.remove();
});

/** What a builder is told when the registry as a whole cannot be used. */
async function refusal(work: Promise<unknown>): Promise<{ problem: string; text: string }> {
	const error: unknown = await work.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (!(error instanceof RegistryError)) throw new Error(`A RegistryError was expected: ${String(error)}`);
	const text = `${error.message} ${error.description}`;
	mustBePlain(text);
	return { problem: error.problem, text };
}

function mustBePlain(text: string): void {
	expect(text).not.toMatch(/undefined|SQLITE_|ERR_|errno|\n\s+at /);
	expect(error(text)).toBe('');
}

/** A driver's own words in a message that is to be read by builders. */
function error(text: string): string {
	return /(disk image is malformed|readonly database|database is locked|unable to open database|not a database|constraint failed)/.exec(text)?.[0] ?? '';
}

const people = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n + from}` }), email: `p${n + from}@acme.com` }));
const mode = (file: string) => (fs.statSync(file).mode & 0o777).toString(8);
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

describe('The files of a registry', () => {
	test('can be read by their owner only', async () => {
		const umask = process.umask(0);
		try {
			await api(await place.open()).link(people(0, 10));
			expect([place.file, `${place.file}-wal`, `${place.file}-shm`].map(mode)).toEqual(['600', '600', '600']);
			expect(mode(path.dirname(place.file))).toBe('700');
		} finally {
			process.umask(umask);
		}
	});

	test('are durable: write-ahead log, full synchronisation, foreign keys, strict tables', async () => {
		const registry = await place.open();
		const { connection } = registry.store as unknown as { connection: { statement(sql: string): { get(): Record<string, unknown> } } };
		const pragma = (name: string) => Object.values(connection.statement(`PRAGMA ${name}`).get())[0];
		expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual(['wal', 2, 1]);
		expect(Number(pragma('busy_timeout'))).toBeLessThanOrEqual(20);
		const tables = place.tool((db) => db.prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'").all());
		expect(tables.length).toBeGreaterThanOrEqual(9);
		expect(tables.filter(({ strict }) => strict !== 1)).toEqual([]);
	});

	test('say what is missing where Node has no SQLite', async () => {
		jest.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
		expect(await refusal(place.open())).toMatchObject({ problem: 'noSqlite', text: expect.stringContaining(process.versions.node) });
	});
});

describe('A newer schema', () => {
	test('is refused, at opening and by a connection that is open already, and nothing is written', async () => {
		const registry = await place.open();
		await api(registry).link(people(0, 3));
		place.tool((db) => db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`));
		const rows = () => place.tool((db) => db.prepare('SELECT count(*) AS rows FROM change').get());
		const before = rows();
		expect(await refusal(api(registry).link(people(3, 4)))).toMatchObject({ problem: 'newerSchema', text: expect.stringMatching(/Update the package/) });
		expect(await refusal(api(registry).resolve([byId('people', 'crm', 'c1')]))).toMatchObject({ problem: 'newerSchema' });
		expect(await refusal(place.open())).toMatchObject({ problem: 'newerSchema' });
		await closeRegistries();
		expect(await refusal(place.open())).toMatchObject({ problem: 'newerSchema' });
		expect(rows()).toEqual(before);
		place.tool((db) => db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`));
		expect(statuses(await api(await place.open()).link(people(2, 4)))).toEqual(['unchanged', 'created']);
	});
});

describe('A damaged file', () => {
	const prepare = async (count = 300) => {
		await api(await place.open()).link(people(0, count));
		await closeRegistries();
		place.tool((db) => db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
	};

	test.each<[string, (file: string) => void]>([
		['another kind of file', (file) => fs.writeFileSync(file, 'This is a letter to my mother, and no database at all. '.repeat(100))],
		['cut in the middle', (file) => fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2))],
		['cut within its first page', (file) => fs.truncateSync(file, 700)],
		['overwritten at its beginning', (file) => overwrite(file, 0, 4_096)],
		['overwritten in the middle', (file) => overwrite(file, 4_096, fs.statSync(file).size)],
	])('that is %s is told, and never crashes the process', async (_, damage) => {
		await prepare();
		damage(place.file);
		// In a child, for a crash would end this process.
		const lines = [...(await place.child('once', 'c1').rest()), ...(await place.child('once', 'new').rest())];
		expect(lines.length).toBe(2);
		for (const line of lines) {
			expect(line).toMatchObject({ problem: 'corrupt' });
			mustBePlain(String(line.text));
		}
	});

	test.each<[string, (file: string) => void]>([
		['cut', (file) => fs.truncateSync(file, 8_192)],
		['emptied', (file) => fs.truncateSync(file, 0)],
		['overwritten', (file) => overwrite(file, 4_096, fs.statSync(file).size)],
	])('that is %s while a process has it open is told, and never crashes the process', async (_, damage) => {
		await prepare();
		const child = place.child('onDemand');
		expect(await child.next()).toEqual({ ready: 0 });
		child.say('go');
		expect(await child.next()).toMatchObject({ found: 'found', linked: 'created' });
		await child.next();
		damage(place.file);
		child.say('go');
		const line = await child.next();
		if ('problem' in line) mustBePlain(String(line.text));
		expect(line).not.toHaveProperty('crash');
		await child.next();
		child.say('end');
		await child.rest();
	});

	function overwrite(file: string, from: number, to: number): void {
		const handle = fs.openSync(file, 'r+');
		fs.writeSync(handle, Buffer.alloc(to - from, 0xa5), 0, to - from, from);
		fs.closeSync(handle);
	}
});

describe('A file that cannot be written', () => {
	test('is told, for a process that may only read it', async () => {
		await api(await place.open()).link(people(0, 3));
		await closeRegistries();
		const folder = path.dirname(place.file);
		fs.chmodSync(place.folder, 0o755);
		fs.chmodSync(path.dirname(folder), 0o755);
		fs.chmodSync(folder, 0o555);
		fs.chmodSync(place.file, 0o444);
		const child = isRoot ? place.childAs(NOBODY, 'once', 'c9') : place.child('once', 'c9');
		const [line] = await child.rest();
		fs.chmodSync(folder, 0o755);
		expect(['readOnly', 'cannotOpen']).toContain(line?.problem);
		mustBePlain(String(line?.text));
	});

	test('is told, where the folder cannot be made or the file not be read', async () => {
		await api(await place.open()).link(people(0, 3));
		await closeRegistries();
		fs.chmodSync(place.folder, 0o755);
		fs.chmodSync(path.dirname(path.dirname(place.file)), 0o755);
		fs.chmodSync(path.dirname(place.file), 0o755);
		fs.chmodSync(place.file, isRoot ? 0o600 : 0);
		const [unreadable] = await (isRoot ? place.childAs(NOBODY, 'once', 'c9') : place.child('once', 'c9')).rest();
		expect(unreadable).toMatchObject({ problem: 'cannotOpen' });
		mustBePlain(String(unreadable?.text));
		fs.rmSync(path.dirname(path.dirname(place.file)), { recursive: true });
		fs.chmodSync(place.folder, 0o555);
		const [nowhere] = await (isRoot ? place.childAs(NOBODY, 'once', 'c9') : place.child('once', 'c9')).rest();
		fs.chmodSync(place.folder, 0o755);
		expect(nowhere).toMatchObject({ problem: 'cannotOpen' });
		mustBePlain(String(nowhere?.text));
	});

	test('a folder where the file should be is told', async () => {
		fs.mkdirSync(place.file, { recursive: true });
		expect(await refusal(place.open())).toMatchObject({ problem: 'cannotOpen' });
	});
});

describe('A full disk', () => {
	test('is told; what was told as done is kept, nothing is half-written, and it works again after room is made', async () => {
		const registry = await place.open();
		const all = api(registry);
		await all.link(people(0, 50));
		const { connection } = registry.store as unknown as { connection: { statement(sql: string): { get(): Record<string, unknown> } } };
		const pages = Number(Object.values(connection.statement('PRAGMA page_count').get())[0]);
		connection.statement(`PRAGMA max_page_count = ${pages + 40}`).get();
		const settled: string[] = [];
		const done = collectDone(settled);
		expect(await refusal(done(registry, people(50, 3_000)))).toMatchObject({ problem: 'full', text: expect.stringContaining('The disk is full') });
		const tables = place.tables();
		expect(brokenRules(tables)).toEqual([]);
		const stored = new Set(tables.mapping?.map((row) => row.external_id));
		expect(settled.filter((each) => !stored.has(each))).toEqual([]);
		expect(stored.size).toBe(settled.length + 50);
		expect(tables.email).toHaveLength(stored.size);
		expect(statuses(await all.resolve([byId('people', 'crm', 'c1')]))).toEqual(['found']);

		connection.statement('PRAGMA max_page_count = 1073741823').get();
		expect(new Set(statuses(await all.link(people(0, 800))))).toEqual(new Set(['created', 'unchanged']));
		expect(brokenRules(place.tables())).toEqual([]);
	});

	const canMount = isRoot && process.platform === 'linux' && mountable();
	(canMount ? test : test.skip)('in earnest: a file system of 1 MB', async () => {
		const disk = fs.mkdtempSync(path.join(os.tmpdir(), 'external-id-disk-'));
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
		try {
			const location = { file: path.join(disk, 'registry', 'default.sqlite'), registry: 'default', workspace: 'default' };
			const registry = await openRegistry(location);
			const settled: string[] = [];
			const { problem } = await refusal(collectDone(settled)(registry, people(0, 20_000)));
			expect(['full', 'cannotOpen']).toContain(problem);
			const stored = (await registry.store.count('default', 'mapping'))[0]?.rows;
			expect(stored).toBe(settled.length);
			execFileSync('mount', ['-o', 'remount,size=64m', disk]);
			const outcomes = await api(await openRegistry(location)).link(people(0, settled.length + 500));
			expect(new Set(statuses(outcomes.slice(0, settled.length)))).toEqual(new Set(settled.length > 0 ? ['unchanged'] : []));
			expect(new Set(statuses(outcomes.slice(settled.length)))).toEqual(new Set(['created']));
		} finally {
			await closeRegistries();
			execFileSync('umount', [disk]);
			fs.rmSync(disk, { recursive: true, force: true });
		}
	});

	/** Links, and keeps the IDs that were told as done up to where it broke. */
	function collectDone(done: string[]) {
		return async (registry: Awaited<ReturnType<typeof openRegistry>>, entries: ReturnType<typeof people>) => {
			const { linkIds } = await import('../../../nodes/ExternalId/registry/link');
			await linkIds(registry, entries, { whenRecordHasOther: 'conflict', whenIdBelongsToOther: 'conflict' }, {
				caller: { runId: 'run_full', workflowId: 'w', nodeId: 'n', executionId: 'e', origin: 'manual' },
				operation: 'test',
				settle: (_, outcome) => done.push(String(Object((outcome as unknown as { externalIds: object }).externalIds).crm)),
			});
		};
	}
});

function mountable(): boolean {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'external-id-mount-'));
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
		execFileSync('umount', [folder], { stdio: 'ignore' });
		return true;
	} catch {
		return false;
	} finally {
		fs.rmSync(folder, { recursive: true, force: true });
	}
}

describe('A lock that another program holds', () => {
	/** As another process would: SQLite keeps the locks of two connections apart also within one. */
	function holdLock(): { release(): void } {
		const db = new DatabaseSync(place.file);
		db.exec('BEGIN IMMEDIATE');
		return {
			release() {
				db.exec('ROLLBACK');
				db.close();
			},
		};
	}

	test('for a while only delays a write, and stops neither readers nor the process', async () => {
		const all = api(await place.open());
		await all.link(people(0, 3));
		const lock = holdLock();
		let ticks = 0;
		const clock = setInterval(() => ticks++, 5);
		const writing = all.link(people(3, 6));
		try {
			expect(statuses(await all.resolve([byId('people', 'crm', 'c1')]))).toEqual(['found']);
			while (ticks < 20) await new Promise((resolve) => setTimeout(resolve, 5));
		} finally {
			clearInterval(clock);
			lock.release();
		}
		expect(statuses(await writing)).toEqual(['created', 'created', 'created']);
	});

	test('for longer than the deadline is told, and nothing is written', async () => {
		const registry = await place.open();
		const all = api(registry);
		await all.link(people(0, 3));
		const lock = holdLock();
		// The clock leaps past the deadline as soon as the write has begun to wait.
		const real = Date.now.bind(Date);
		let looks = 0;
		jest.spyOn(Date, 'now').mockImplementation(() => real() + (++looks > 8 ? 60_000 : 0));
		try {
			expect(await refusal(all.link(people(3, 6)))).toMatchObject({ problem: 'busy', text: expect.stringContaining('locked by another program') });
		} finally {
			jest.restoreAllMocks();
			lock.release();
		}
		expect(place.tables().mapping).toHaveLength(3);
		expect(statuses(await all.link(people(2, 4)))).toEqual(['unchanged', 'created']);
	});
});

describe('A file that is taken away while it is open', () => {
	test.each<[string, (file: string) => void]>([
		['deleted', (file) => ['', '-wal', '-shm'].forEach((end) => fs.rmSync(file + end, { force: true }))],
		['deleted without its log', (file) => fs.rmSync(file)],
		['moved', (file) => ['', '-wal', '-shm'].forEach((end) => fs.existsSync(file + end) && fs.renameSync(file + end, `${file}.old${end}`))],
		['moved without its log', (file) => fs.renameSync(file, `${file}.old`)],
		['moved with its folder', (file) => fs.renameSync(path.dirname(file), `${path.dirname(file)}-old`)],
	])('and %s: the next run uses a new file, not the ghost', async (_, take) => {
		await api(await place.open()).link(people(0, 30));
		take(place.file);
		const all = api(await place.open());
		expect(statuses(await all.link(people(0, 2)))).toEqual(['created', 'created']);
		expect(place.tables().mapping).toHaveLength(2);
		expect(await place.child('once', 'c1').rest()).toEqual([{ linked: 'unchanged' }]);
		expect(brokenRules(place.tables())).toEqual([]);
	});

	test('and replaced by another registry: the next run uses that one', async () => {
		await api(await place.open()).link(people(0, 30));
		const other = new Place();
		try {
			await api(await other.open()).link(people(100, 105));
			other.tool((db) => db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
			for (const end of ['-wal', '-shm']) fs.rmSync(place.file + end, { force: true });
			fs.copyFileSync(other.file, `${place.file}.new`);
			fs.renameSync(`${place.file}.new`, place.file);
			const all = api(await place.open());
			expect(statuses(await all.link([...people(100, 101), ...people(0, 1)]))).toEqual(['unchanged', 'created']);
		} finally {
			await other.remove();
		}
	});

	test('in the middle of a run: what is told as done is in the file that the next run finds', async () => {
		const registry = await place.open();
		await api(registry).link(people(0, 5));
		for (const end of ['', '-wal', '-shm']) fs.rmSync(place.file + end, { force: true });
		const outcome = await api(registry)
			.link(people(5, 6))
			.then((outcomes) => statuses(outcomes)[0], () => 'refused');
		const [found] = await api(await place.open()).resolve([byId('people', 'crm', 'c5')]);
		// Either it says that it could not, or it could.
		expect([outcome, found?.status]).toEqual(outcome === 'created' ? ['created', 'found'] : ['refused', expect.stringMatching(/notFound|invalid/)]);
	});
});
