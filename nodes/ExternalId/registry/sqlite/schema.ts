import type { DatabaseSync } from 'node:sqlite';

import { RegistryError } from '../errors';

/**
 * The registry's tables, as steps: step n takes a file from version n to n + 1 (`PRAGMA user_version`). A step that was
 * published is never edited; a change is a new step.
 *
 * - The workspace is part of every key.
 * - `mapping.slot` numbers the current IDs of one type on one object; it is null for former and deleted ones, which a
 *   unique index leaves alone, so that "one current ID per type" is the database's rule.
 * - Object and Mapping IDs rise with time, so new rows go to the end of their tables.
 * - `record_inactive` is small: with it a look at many records that are active but for a few reads no record.
 * - `follower` holds how far each trigger has read the history, and the batch that it handed to n8n and n8n has not ended yet.
 * - `change.undoes` is the `seq` of the change that an undo turned round; a run that is wholly undone names the undo in `undone_by`.
 * - `erased` holds keyed hashes of the keys of people who were erased, and nothing else of them; `person` is a random text that
 *   the keys of one person share.
 * - `inbox.site` is the registrable domain of an address, under which a new Related Domain finds it.
 */
const STEPS: readonly string[] = [
	`
	CREATE TABLE configuration (
		workspace TEXT NOT NULL,
		object_type TEXT NOT NULL,
		external_type TEXT NOT NULL,
		max_length INTEGER NOT NULL,
		ids_per_object INTEGER NOT NULL,
		id_format TEXT NOT NULL,
		pattern TEXT,
		example TEXT,
		created_at INTEGER NOT NULL,
		updated_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, object_type, external_type)
	) STRICT, WITHOUT ROWID;

	CREATE TABLE record (
		workspace TEXT NOT NULL,
		id TEXT NOT NULL,
		object_type TEXT NOT NULL,
		state TEXT NOT NULL,
		merged_into TEXT,
		account_id TEXT,
		fields TEXT NOT NULL,
		origin TEXT NOT NULL,
		created_at INTEGER NOT NULL,
		updated_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, id),
		FOREIGN KEY (workspace, account_id) REFERENCES record (workspace, id)
	) STRICT;
	CREATE INDEX record_account ON record (workspace, account_id, id) WHERE account_id IS NOT NULL;

	CREATE TABLE mapping (
		workspace TEXT NOT NULL,
		id TEXT NOT NULL,
		object_type TEXT NOT NULL,
		external_type TEXT NOT NULL,
		external_id TEXT NOT NULL,
		id_key TEXT NOT NULL,
		object_id TEXT NOT NULL,
		state TEXT NOT NULL,
		slot INTEGER,
		created_at INTEGER NOT NULL,
		ended_at INTEGER,
		PRIMARY KEY (workspace, id),
		FOREIGN KEY (workspace, object_id) REFERENCES record (workspace, id)
	) STRICT, WITHOUT ROWID;
	CREATE UNIQUE INDEX mapping_live_key ON mapping (workspace, object_type, external_type, id_key) WHERE state <> 'deleted';
	CREATE INDEX mapping_deleted_key ON mapping (workspace, object_type, external_type, id_key) WHERE state = 'deleted';
	CREATE UNIQUE INDEX mapping_slot ON mapping (workspace, object_id, external_type, slot);

	CREATE TABLE email (
		workspace TEXT NOT NULL,
		object_type TEXT NOT NULL,
		key TEXT NOT NULL,
		record_id TEXT NOT NULL,
		address TEXT NOT NULL,
		is_primary INTEGER NOT NULL,
		created_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, object_type, key, record_id),
		FOREIGN KEY (workspace, record_id) REFERENCES record (workspace, id)
	) STRICT, WITHOUT ROWID;
	CREATE INDEX email_record ON email (workspace, record_id);
	CREATE UNIQUE INDEX email_primary ON email (workspace, record_id) WHERE is_primary = 1;

	CREATE TABLE related_domain (
		workspace TEXT NOT NULL,
		domain TEXT NOT NULL,
		account_id TEXT NOT NULL,
		preferred INTEGER NOT NULL,
		created_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, domain, account_id),
		FOREIGN KEY (workspace, account_id) REFERENCES record (workspace, id)
	) STRICT, WITHOUT ROWID;
	CREATE INDEX related_domain_account ON related_domain (workspace, account_id, domain);

	CREATE TABLE inbox (
		workspace TEXT NOT NULL,
		key TEXT NOT NULL,
		address TEXT NOT NULL,
		name TEXT,
		domain TEXT,
		record_id TEXT,
		reason TEXT NOT NULL,
		state TEXT NOT NULL,
		origin TEXT NOT NULL,
		created_at INTEGER NOT NULL,
		updated_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, key)
	) STRICT, WITHOUT ROWID;
	CREATE INDEX inbox_domain ON inbox (workspace, state, domain);

	CREATE TABLE run (
		workspace TEXT NOT NULL,
		id TEXT NOT NULL,
		operation TEXT NOT NULL,
		workflow_id TEXT,
		node_id TEXT,
		execution_id TEXT,
		origin TEXT NOT NULL,
		started_at INTEGER NOT NULL,
		written_at INTEGER NOT NULL,
		changes INTEGER NOT NULL,
		PRIMARY KEY (workspace, id)
	) STRICT, WITHOUT ROWID;

	CREATE TABLE change (
		seq INTEGER PRIMARY KEY AUTOINCREMENT,
		workspace TEXT NOT NULL,
		at INTEGER NOT NULL,
		kind TEXT NOT NULL,
		run_id TEXT,
		object_type TEXT,
		object_id TEXT,
		subject TEXT,
		external_type TEXT,
		before TEXT,
		after TEXT
	) STRICT;
	CREATE INDEX change_object ON change (workspace, object_id, seq) WHERE object_id IS NOT NULL;

	CREATE TABLE checkpoint (
		workspace TEXT NOT NULL,
		name TEXT NOT NULL,
		value TEXT NOT NULL,
		saved_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, name)
	) STRICT, WITHOUT ROWID;

	CREATE TABLE setting (
		workspace TEXT NOT NULL,
		key TEXT NOT NULL,
		value TEXT NOT NULL,
		updated_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, key)
	) STRICT, WITHOUT ROWID;
	`,
	`
	CREATE INDEX record_inactive ON record (workspace, id) WHERE state <> 'active';
	CREATE INDEX change_run ON change (workspace, run_id, seq) WHERE run_id IS NOT NULL;
	ALTER TABLE run ADD COLUMN undone_by TEXT;

	CREATE TABLE follower (
		workspace TEXT NOT NULL,
		workflow_id TEXT NOT NULL,
		node_id TEXT NOT NULL,
		position INTEGER NOT NULL,
		pending TEXT,
		seen_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, workflow_id, node_id)
	) STRICT, WITHOUT ROWID;

	CREATE TABLE lock (
		workspace TEXT NOT NULL,
		name TEXT NOT NULL,
		run_id TEXT NOT NULL,
		workflow_id TEXT,
		execution_id TEXT,
		taken_at INTEGER NOT NULL,
		seen_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, name)
	) STRICT, WITHOUT ROWID;

	CREATE TABLE erased (
		workspace TEXT NOT NULL,
		hash TEXT NOT NULL,
		erased_at INTEGER NOT NULL,
		PRIMARY KEY (workspace, hash)
	) STRICT, WITHOUT ROWID;
	`,
	`
	ALTER TABLE change ADD COLUMN undoes INTEGER;
	CREATE INDEX change_undoes ON change (workspace, undoes, seq) WHERE undoes IS NOT NULL;
	CREATE INDEX run_undone ON run (workspace, undone_by) WHERE undone_by IS NOT NULL;
	CREATE INDEX record_merged ON record (workspace, merged_into, id) WHERE merged_into IS NOT NULL;
	CREATE INDEX change_address ON change (workspace, subject COLLATE NOCASE) WHERE object_id IS NULL AND subject IS NOT NULL;

	ALTER TABLE erased ADD COLUMN person TEXT NOT NULL DEFAULT '';
	CREATE INDEX erased_person ON erased (workspace, person);

	ALTER TABLE inbox ADD COLUMN site TEXT NOT NULL DEFAULT '';
	UPDATE inbox SET site = ifnull(domain, '');
	DROP INDEX inbox_domain;
	CREATE INDEX inbox_site ON inbox (workspace, state, site, key);
	`,
	`
	CREATE INDEX change_email ON change (workspace, subject COLLATE NOCASE) WHERE kind IN ('emailAdded', 'emailRemoved');
	`,
];

export const SCHEMA_VERSION = STEPS.length;

/** The version of the schema that a file holds. */
export function schemaVersion(db: DatabaseSync): number {
	return Number(db.prepare('PRAGMA user_version').get()?.user_version);
}

/** Refuses a file that a newer version of the package has written: old code must not touch it. */
export function refuseNewer(version: number, location: string): void {
	if (version <= SCHEMA_VERSION) return;
	throw new RegistryError('newerSchema', `The registry was changed by a newer version of n8n-nodes-external-id: ${location}`, `Its schema is version ${version}; this version of the package knows up to ${SCHEMA_VERSION}. Update the package, or restart n8n if you have just updated it.`);
}

/** Brings a file to the present version, in one transaction; does nothing when it is there. */
export function migrate(db: DatabaseSync, location: string): void {
	refuseNewer(schemaVersion(db), location);
	if (schemaVersion(db) === SCHEMA_VERSION) return;
	db.exec('BEGIN IMMEDIATE');
	try {
		// Another process may have been faster while we waited for the lock.
		const version = schemaVersion(db);
		refuseNewer(version, location);
		for (const step of STEPS.slice(version)) db.exec(step);
		db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
		db.exec('COMMIT');
	} finally {
		if (db.isTransaction) db.exec('ROLLBACK');
	}
}
