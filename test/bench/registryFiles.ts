/** Registry files of a known size: the package makes their tables, plain SQL fills them, and they are kept between runs. */
import { createHash } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { cacheFolder } from '../host/install';
import { progress } from '../process.js';
import { runExternalId } from './engine';

/** What a file holds. External IDs, Object IDs and domains are those of {@link externalIdOf} and the like, from 0 on. */
export interface Contents {
	/** People, each with one `crm` mapping and its row of history. */
	people?: number;
	/** Whether each of the people has an e-mail address. */
	emails?: 0 | 1;
	/** Accounts, each with one Related Domain. */
	accounts?: number;
}

/** Rises when the filling below changes. */
const FILLING = 4;
const WORKSPACE = 'default';

export const externalIdOf = (n: number) => `C-${String(n).padStart(8, '0')}`;
export const emailOf = (n: number) => `person.${n}@company-${n % 5_000}.com`;
export const personIdOf = (n: number) => ulidOf('per', n);
export const domainOf = (n: number) => `company-${n}.com`;
export const mappingIdOf = (n: number) => ulidOf('map', n);
const accountIdOf = (n: number) => ulidOf('acc', n);

/** Rises with n and has the form of a ULID. */
function ulidOf(prefix: string, n: number): string {
	return `${prefix}_01J${String(n).padStart(23, '0')}`;
}

/** The file of a user folder's registry. */
export const fileIn = (userFolder: string) => path.join(userFolder, '.n8n', 'external-id', 'default.sqlite');

/** Gives a user folder with a registry of such contents, from the cache if it was made before. Do not write to it. */
export async function registryWith(contents: Contents): Promise<string> {
	const fresh = temporaryFolder();
	for (const externalType of ['crm', 'erp']) {
		await runExternalId(fresh, { resource: 'configuration', operation: 'create', objectType: 'people', name: externalType }, [{}]);
	}
	const db = new DatabaseSync(fileIn(fresh));
	try {
		const name = [...Object.entries(contents).flat(), schemaHash(db)].join('-');
		const kept = path.join(cacheFolder, 'bench', name);
		if (!existsSync(kept)) {
			const began = Date.now();
			progress(`Making a registry with ${Object.entries(contents).map(([what, count]) => `${count.toLocaleString('en')} ${what}`).join(' and ')} (kept for the next time) …`);
			fill(db, contents);
			db.close();
			mkdirSync(path.dirname(kept), { recursive: true });
			copyRegistry(fresh, `${kept}.part`);
			renameSync(`${kept}.part`, kept);
			removeOlder(kept);
			progress(`It is made (${((Date.now() - began) / 1000).toFixed(0)} s).`);
		}
		return kept;
	} finally {
		if (db.isOpen) db.close();
	}
}

let working: string | undefined;

/**
 * A copy to write to, on the disk, so that nothing of the copying is still to be done while something is measured. There is one
 * at a time, always at the same place: the package then notices that its file was replaced, and closes the one before.
 */
export async function copyOf(userFolder: string): Promise<string> {
	working ??= temporaryFolder();
	remove(path.join(working, '.n8n'));
	copyRegistry(userFolder, working);
	await openRegistry(working);
	return working;
}

/** A small run of the node: it opens the file. n8n's engine keeps hold of its last run, which is then this one. */
export async function openRegistry(userFolder: string): Promise<void> {
	await runExternalId(userFolder, { resource: 'configuration', operation: 'getAll' }, [{}]);
}

/** A folder that is removed when the process ends. */
export function temporaryFolder(): string {
	const folder = mkdtempSync(path.join(tmpdir(), 'external-id-bench-'));
	process.once('exit', () => remove(folder));
	return folder;
}

function remove(file: string): void {
	rmSync(file, { recursive: true, force: true });
}

/** Files of the same contents whose tables are those of another version of the package. */
function removeOlder(kept: string): void {
	const prefix = path.basename(kept).replace(/[^-]+$/, '');
	for (const name of readdirSync(path.dirname(kept))) {
		if (name.startsWith(prefix) && name !== path.basename(kept)) remove(path.join(path.dirname(kept), name));
	}
}

function copyRegistry(from: string, to: string): void {
	mkdirSync(path.dirname(fileIn(to)), { recursive: true });
	copyFileSync(fileIn(from), fileIn(to));
	const file = openSync(fileIn(to), 'r+');
	fsyncSync(file);
	closeSync(file);
}

function schemaHash(db: DatabaseSync): string {
	const sql = db.prepare('SELECT sql FROM sqlite_master ORDER BY name').all();
	return createHash('sha256').update(JSON.stringify([FILLING, sql])).digest('hex').slice(0, 10);
}

function fill(db: DatabaseSync, { people = 0, emails = 0, accounts = 0 }: Contents): void {
	db.exec(`PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA foreign_keys = OFF; BEGIN`);
	const now = Date.now();
	const record = db.prepare('INSERT INTO record (workspace, id, object_type, state, fields, origin, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
	const mapping = db.prepare('INSERT INTO mapping (workspace, id, object_type, external_type, external_id, id_key, object_id, state, slot, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
	const change = db.prepare('INSERT INTO change (workspace, at, kind, object_type, object_id, subject, external_type, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
	// The External ID of a person is any: neighbours in the one order are far apart in the other.
	const ids = shuffled(people, 0);
	for (let n = 0; n < people; n++) {
		const objectId = personIdOf(n);
		const externalId = externalIdOf(ids[n] as number);
		const mappingId = mappingIdOf(n);
		record.run(WORKSPACE, objectId, 'people', 'active', JSON.stringify({ name: `Person ${n}` }), 'api', now, now);
		mapping.run(WORKSPACE, mappingId, 'people', 'crm', externalId, externalId, objectId, 'current', 0, now);
		change.run(WORKSPACE, now, 'mappingCreated', 'people', objectId, mappingId, 'crm', JSON.stringify({ externalId }));
	}
	const email = db.prepare('INSERT INTO email (workspace, object_type, key, record_id, address, is_primary, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)');
	for (const n of emails ? shuffled(people, 3) : []) email.run(WORKSPACE, 'people', emailOf(n), personIdOf(n), emailOf(n), 1, now);
	const domain = db.prepare('INSERT INTO related_domain (workspace, domain, account_id, preferred, created_at) VALUES (?, ?, ?, ?, ?)');
	for (const [n, of] of shuffled(accounts, 0).entries()) {
		record.run(WORKSPACE, accountIdOf(n), 'accounts', 'active', JSON.stringify({ name: `Company ${n}` }), 'api', now, now);
		domain.run(WORKSPACE, domainOf(of), accountIdOf(n), 0, now);
	}
	db.exec('COMMIT; PRAGMA foreign_keys = ON; PRAGMA wal_checkpoint(TRUNCATE)');
}

/** The numbers from 0 to below `count`, in an order without pattern: for each `order` another, always the same. */
export function shuffled(count: number, order: number): Uint32Array {
	const numbers = Uint32Array.from({ length: count }, (_, n) => n);
	const random = randomNumbers(order);
	for (let n = count - 1; n > 0; n--) {
		const other = Math.floor(random() * (n + 1));
		[numbers[n], numbers[other]] = [numbers[other] as number, numbers[n] as number];
	}
	return numbers;
}

/** mulberry32: from 0 to below 1, the same in every run. */
function randomNumbers(seed: number): () => number {
	let state = Math.imul(seed + 1, 0x9e3779b9);
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
