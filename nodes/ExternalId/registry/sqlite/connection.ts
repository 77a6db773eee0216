import * as fs from 'node:fs';
import * as path from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { RegistryError, isBusy, registryError } from '../errors';
import { migrate, refuseNewer, schemaVersion } from './schema';

/** How long SQLite itself may wait for a lock, which stops the whole n8n meanwhile (ms). */
const BUSY_TIMEOUT_MS = 20;
/** How long a step tries again, giving way in between, before the registry is called busy (ms). */
const BUSY_DEADLINE_MS = 15_000;
const BUSY_PAUSE_MS = 25;

/**
 * Pages that SQLite keeps in memory (KiB). No memory-mapped reads: a file that is cut short under a mapping ends the whole
 * process with SIGBUS.
 */
const CACHE_KIB = 65_536;

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;

/**
 * One SQLite file, open. Reads and writes are synchronous functions that run within one transaction: none is ever open
 * across an `await`, so nothing in this process can wait for a lock that this process holds. Another process can hold it;
 * then the step is tried again a little later.
 */
export class Connection {
	private readonly statements = new Map<string, StatementSync>();
	private inodeAtOpen: number;

	private constructor(
		private readonly db: DatabaseSync,
		readonly file: string,
	) {
		this.inodeAtOpen = fs.statSync(file).ino;
	}

	/** Opens the file, makes it if it is not there, and brings its tables up to date. */
	static async open(file: string): Promise<Connection> {
		const { DatabaseSync } = loadSqlite();
		return await withRetry(file, () => {
			fs.mkdirSync(path.dirname(file), { recursive: true, mode: OWNER_ONLY_FOLDER });
			// Made empty first, for the owner only: SQLite gives its -wal and -shm files the same rights.
			if (!fs.existsSync(file)) fs.closeSync(fs.openSync(file, 'a', OWNER_ONLY_FILE));
			const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
			try {
				// What is deleted is overwritten, so that nobody who was erased stays readable in the file.
				db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA secure_delete = ON;`);
				migrate(db, file);
				return new Connection(db, file);
			} catch (error) {
				db.close();
				throw registryError(error, file);
			}
		});
	}

	/** Reads in one consistent moment. */
	async read<T>(work: () => T): Promise<T> {
		return await withRetry(this.file, () => this.transaction('BEGIN', work));
	}

	/** Reads and writes in one transaction that is on the disk when the promise resolves. */
	async write<T>(work: () => T): Promise<T> {
		return await withRetry(this.file, () => this.writeOnce(work));
	}

	/**
	 * Like {@link write}, for work that deletes records with all that refers to them. SQLite would look for references to each in
	 * every row of the workspace, for its planner does not take the index that is there.
	 */
	async writeUnreferenced<T>(work: () => T): Promise<T> {
		return await withRetry(this.file, () => {
			this.db.exec('PRAGMA foreign_keys = OFF');
			try {
				return this.writeOnce(work);
			} finally {
				this.db.exec('PRAGMA foreign_keys = ON');
			}
		});
	}

	/** Takes what the write-ahead log holds into the file and cuts the log to nothing, unless another process reads from it just now. */
	async emptyLog(): Promise<void> {
		await withRetry(this.file, () => this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
	}

	/** A prepared statement, made once for each text. Texts are constants, so there are few. */
	statement(sql: string): StatementSync {
		let statement = this.statements.get(sql);
		if (!statement) {
			statement = this.db.prepare(sql);
			this.statements.set(sql, statement);
		}
		return statement;
	}

	/** Whether the file was moved away or replaced since it was opened, so that it has to be opened again. */
	isStale(): boolean {
		try {
			return fs.statSync(this.file).ino !== this.inodeAtOpen;
		} catch {
			return true;
		}
	}

	close(): void {
		this.statements.clear();
		if (this.db.isOpen) this.db.close();
	}

	private writeOnce<T>(work: () => T): T {
		// What is written into a file that was taken away would be lost.
		if (this.isStale()) throw new RegistryError('cannotOpen', `The registry file was moved or deleted while it was in use: ${this.file}`, 'Run the workflow again: it then works on the file that is there now, or on a new one.');
		return this.transaction('BEGIN IMMEDIATE', work);
	}

	private transaction<T>(begin: string, work: () => T): T {
		this.db.exec(begin);
		try {
			refuseNewer(schemaVersion(this.db), this.file);
			const result = work();
			this.db.exec('COMMIT');
			return result;
		} finally {
			// Still open only when something threw, a failed COMMIT included.
			if (this.db.isTransaction) this.db.exec('ROLLBACK');
		}
	}
}

/** Node's own SQLite, from Node 22.13 on; loaded late so that the package loads without it. */
function loadSqlite(): typeof import('node:sqlite') {
	const sqlite = process.getBuiltinModule?.('node:sqlite');
	if (sqlite) return sqlite;
	throw new RegistryError('noSqlite', `Node.js ${process.versions.node} has no SQLite`, 'The built-in registry needs Node.js 24, which n8n 2.41 and later run on. Update n8n.');
}

/** Does a synchronous step again while the database is busy, with pauses that other work can use. */
async function withRetry<T>(file: string, step: () => T): Promise<T> {
	const deadline = Date.now() + BUSY_DEADLINE_MS;
	for (;;) {
		try {
			return step();
		} catch (error) {
			if (!isBusy(rootCause(error)) || Date.now() > deadline) throw registryError(error, file);
		}
		await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS * (0.5 + Math.random())));
	}
}

function rootCause(error: unknown): unknown {
	return error instanceof RegistryError && error.cause ? error.cause : error;
}
