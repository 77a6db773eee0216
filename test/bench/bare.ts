/** The other side: what a good programmer would write by hand on `node:sqlite`, with nothing around it. */
import { DatabaseSync } from 'node:sqlite';

const INSERT = `INSERT INTO mapping (workspace, id, object_type, external_type, external_id, id_key, object_id, state, slot, created_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const HOLDER = `SELECT m.id, m.object_id, m.state, r.state AS recordState FROM mapping AS m
	JOIN record AS r ON r.workspace = m.workspace AND r.id = m.object_id
	WHERE m.workspace = ? AND m.object_type = ? AND m.external_type = ? AND m.id_key = ? AND m.state <> 'deleted'`;

/** As the registry opens its file (registry/sqlite/connection.ts). */
export function openBare(file: string): DatabaseSync {
	const db = new DatabaseSync(file, { timeout: 20, enableForeignKeyConstraints: true });
	db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;');
	return db;
}

/** Looks up every ID by one prepared statement, in one transaction; gives the columns that the node gives. */
export function resolveBare(db: DatabaseSync, externalIds: readonly string[]): unknown[] {
	const statement = db.prepare(`SELECT r.object_type AS objectType, r.id AS objectId, m.external_type AS externalType, m.external_id AS externalId,
			m.id AS mappingId, m.state = 'former' AS isFormer, r.account_id AS accountId, r.fields, r.state
		FROM mapping AS m JOIN record AS r ON r.workspace = m.workspace AND r.id = m.object_id
		WHERE m.workspace = ? AND m.object_type = ? AND m.external_type = ? AND m.id_key = ? AND m.state <> 'deleted'`);
	const rows: unknown[] = [];
	db.exec('BEGIN');
	for (const externalId of externalIds) rows.push(statement.get('default', 'people', 'crm', externalId));
	db.exec('COMMIT');
	return rows;
}

/**
 * Backfills by e-mail: for each row looks whether the ID is taken, whose the address is, and whether that record has an ID of the
 * type; then inserts. In transactions of 1,000; writes no history.
 *
 * @returns how many were inserted
 */
export function backfillBare(db: DatabaseSync, rows: ReadonlyArray<{ id: string; externalId: string; email: string }>): number {
	const holder = db.prepare(HOLDER);
	const owners = db.prepare(`SELECT r.id, r.state FROM email AS e JOIN record AS r ON r.workspace = e.workspace AND r.id = e.record_id
		WHERE e.workspace = ? AND e.object_type = ? AND e.key = ?`);
	const current = db.prepare(`SELECT id FROM mapping WHERE workspace = ? AND object_id = ? AND external_type = ? AND slot IS NOT NULL`);
	const insert = db.prepare(INSERT);
	const now = Date.now();
	let inserted = 0;
	for (let at = 0; at < rows.length; at += 1000) {
		db.exec('BEGIN IMMEDIATE');
		for (const { id, externalId, email } of rows.slice(at, at + 1000)) {
			if (holder.get('default', 'people', 'erp', externalId)) continue;
			const [owner, ...others] = owners.all('default', 'people', email);
			if (!owner || others.length > 0 || current.get('default', String(owner.id), 'erp')) continue;
			insert.run('default', id, 'people', 'erp', externalId, externalId, String(owner.id), 'current', 0, now);
			inserted++;
		}
		db.exec('COMMIT');
	}
	return inserted;
}

/** Looks whose each ID is, whether the record is there, and whether it has the e-mail of the row; gives how many have. */
export function holdersBare(db: DatabaseSync, rows: ReadonlyArray<{ externalId: string; email: string }>): number {
	const holder = db.prepare(HOLDER);
	const hasEmail = db.prepare('SELECT 1 FROM email WHERE workspace = ? AND object_type = ? AND key = ? AND record_id = ?');
	let held = 0;
	db.exec('BEGIN');
	for (const { externalId, email } of rows) {
		const row = holder.get('default', 'people', 'erp', externalId);
		if (row && hasEmail.get('default', 'people', email, String(row.object_id))) held++;
	}
	db.exec('COMMIT');
	return held;
}

/** Inserts a mapping for every object by one prepared statement, in transactions of 1,000; writes no history. */
export function createBare(db: DatabaseSync, mappings: ReadonlyArray<{ id: string; externalId: string; objectId: string }>): void {
	const statement = db.prepare(INSERT);
	const now = Date.now();
	for (let at = 0; at < mappings.length; at += 1000) {
		db.exec('BEGIN IMMEDIATE');
		for (const { id, externalId, objectId } of mappings.slice(at, at + 1000)) {
			statement.run('default', id, 'people', 'erp', externalId, externalId, objectId, 'current', 0, now);
		}
		db.exec('COMMIT');
	}
}
