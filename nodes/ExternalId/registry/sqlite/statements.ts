/**
 * Every statement of the SQLite store, as constant text. Batches come as one JSON array. `CROSS JOIN` keeps SQLite from
 * putting `json_each` on the inside, where it would scan the table once for the whole array: with it the index is
 * searched once an entry. A test looks at the query plan of each.
 */

const MAPPING = `m.id, m.object_type AS objectType, m.external_type AS externalType, m.external_id AS externalId,
	m.id_key AS idKey, m.object_id AS objectId, m.state, m.slot, m.created_at AS createdAt, m.ended_at AS endedAt`;
const RECORD = `r.id, r.object_type AS objectType, r.state, r.merged_into AS mergedInto, r.account_id AS accountId,
	r.fields, r.origin, r.created_at AS createdAt, r.updated_at AS updatedAt`;
const EMAIL = `e.record_id AS recordId, e.object_type AS objectType, e.key, e.address, e.is_primary AS isPrimary,
	e.created_at AS createdAt`;
const DOMAIN = 'd.domain, d.account_id AS accountId, d.preferred, d.created_at AS createdAt';
const INBOX = `i.key, i.address, i.name, i.domain, i.site, i.record_id AS recordId, i.reason, i.state, i.origin,
	i.created_at AS createdAt, i.updated_at AS updatedAt`;
const CHECKPOINT = 'p.name, p.value, p.saved_at AS savedAt';
const RUN = `u.id, u.operation, u.workflow_id AS workflowId, u.node_id AS nodeId, u.execution_id AS executionId, u.origin,
	u.started_at AS startedAt, u.written_at AS writtenAt, u.changes, u.undone_by AS undoneBy`;
const CONFIGURATION = `c.object_type AS objectType, c.external_type AS externalType, c.max_length AS maxLength,
	c.ids_per_object AS idsPerObject, c.id_format AS idFormat, c.pattern, c.example, c.created_at AS createdAt,
	c.updated_at AS updatedAt`;

/** Reads of a batch: parameters are the workspace first and the JSON array last. */
export const BATCH_READS = {
	mappingsByKey: `SELECT ${MAPPING} FROM json_each(?4) AS j CROSS JOIN mapping AS m
		ON m.workspace = ?1 AND m.object_type = ?2 AND m.external_type = ?3 AND m.id_key = j.value AND m.state <> 'deleted'`,
	deletedByKey: `SELECT ${MAPPING} FROM json_each(?4) AS j CROSS JOIN mapping AS m INDEXED BY mapping_deleted_key
		ON m.workspace = ?1 AND m.object_type = ?2 AND m.external_type = ?3 AND m.id_key = j.value AND m.state = 'deleted'`,
	mappingsById: `SELECT ${MAPPING} FROM json_each(?2) AS j CROSS JOIN mapping AS m
		ON m.workspace = ?1 AND m.id = j.value`,
	mappingsOfObjects: `SELECT ${MAPPING} FROM json_each(?2) AS j CROSS JOIN mapping AS m INDEXED BY mapping_slot
		ON m.workspace = ?1 AND m.object_id = j.value AND m.state <> 'deleted' ORDER BY j.key, m.id`,
	records: `SELECT ${RECORD} FROM json_each(?2) AS j CROSS JOIN record AS r
		ON r.workspace = ?1 AND r.id = j.value`,
	emailsByKey: `SELECT ${EMAIL} FROM json_each(?3) AS j CROSS JOIN email AS e
		ON e.workspace = ?1 AND e.object_type = ?2 AND e.key = j.value`,
	emailsOfRecords: `SELECT ${EMAIL} FROM json_each(?2) AS j CROSS JOIN email AS e INDEXED BY email_record
		ON e.workspace = ?1 AND e.record_id = j.value`,
	domainsByName: `SELECT ${DOMAIN} FROM json_each(?2) AS j CROSS JOIN related_domain AS d
		ON d.workspace = ?1 AND d.domain = j.value`,
	domainsOfAccounts: `SELECT ${DOMAIN} FROM json_each(?2) AS j CROSS JOIN related_domain AS d INDEXED BY related_domain_account
		ON d.workspace = ?1 AND d.account_id = j.value`,
	inboxByKey: `SELECT ${INBOX} FROM json_each(?2) AS j CROSS JOIN inbox AS i
		ON i.workspace = ?1 AND i.key = j.value`,
	checkpoints: `SELECT ${CHECKPOINT} FROM json_each(?2) AS j CROSS JOIN checkpoint AS p
		ON p.workspace = ?1 AND p.name = j.value`,
	undoneBy: `SELECT c.undoes, max(c.seq) AS seq FROM json_each(?2) AS j CROSS JOIN change AS c INDEXED BY change_undoes
		ON c.workspace = ?1 AND c.undoes = j.value GROUP BY j.key`,
	runs: `SELECT ${RUN} FROM json_each(?2) AS j CROSS JOIN run AS u
		ON u.workspace = ?1 AND u.id = j.value`,
	mergedInto: `SELECT ${RECORD} FROM json_each(?2) AS j CROSS JOIN record AS r INDEXED BY record_merged
		ON r.workspace = ?1 AND r.merged_into = j.value ORDER BY j.key, r.id`,
	erased: `SELECT j.value AS hash, e.person, e.erased_at AS erasedAt FROM json_each(?2) AS j CROSS JOIN erased AS e
		ON e.workspace = ?1 AND e.hash = j.value`,
} as const;

/** Writes of a batch: parameters are the workspace first and the JSON array of rows last. */
export const BATCH_WRITES = {
	configurations: `INSERT INTO configuration (workspace, object_type, external_type, max_length, ids_per_object, id_format, pattern, example, created_at, updated_at)
		SELECT ?1, value->>'objectType', value->>'externalType', value->>'maxLength', value->>'idsPerObject', value->>'idFormat',
			value->>'pattern', value->>'example', value->>'createdAt', value->>'updatedAt'
		FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, object_type, external_type) DO UPDATE SET max_length = excluded.max_length,
			ids_per_object = excluded.ids_per_object, id_format = excluded.id_format, pattern = excluded.pattern,
			example = excluded.example, updated_at = excluded.updated_at`,
	records: `INSERT INTO record (workspace, id, object_type, state, merged_into, account_id, fields, origin, created_at, updated_at)
		SELECT ?1, value->>'id', value->>'objectType', value->>'state', value->>'mergedInto', value->>'accountId', value->>'fields',
			value->>'origin', value->>'createdAt', value->>'updatedAt'
		FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, id) DO UPDATE SET state = excluded.state, merged_into = excluded.merged_into,
			account_id = excluded.account_id, fields = excluded.fields, updated_at = excluded.updated_at`,
	mappings: `INSERT INTO mapping (workspace, id, object_type, external_type, external_id, id_key, object_id, state, slot, created_at, ended_at)
		SELECT ?1, value->>'id', value->>'objectType', value->>'externalType', value->>'externalId', value->>'idKey',
			value->>'objectId', value->>'state', value->>'slot', value->>'createdAt', value->>'endedAt'
		FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, id) DO UPDATE SET state = excluded.state, slot = excluded.slot, ended_at = excluded.ended_at`,
	emails: `INSERT INTO email (workspace, object_type, key, record_id, address, is_primary, created_at)
		SELECT ?1, value->>'objectType', value->>'key', value->>'recordId', value->>'address', value->>'isPrimary', value->>'createdAt'
		FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, object_type, key, record_id) DO UPDATE SET is_primary = excluded.is_primary`,
	domains: `INSERT INTO related_domain (workspace, domain, account_id, preferred, created_at)
		SELECT ?1, value->>'domain', value->>'accountId', value->>'preferred', value->>'createdAt'
		FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, domain, account_id) DO UPDATE SET preferred = excluded.preferred`,
	inbox: `INSERT INTO inbox (workspace, key, address, name, domain, site, record_id, reason, state, origin, created_at, updated_at)
		SELECT ?1, value->>'key', value->>'address', value->>'name', value->>'domain', value->>'site', value->>'recordId', value->>'reason',
			value->>'state', value->>'origin', value->>'createdAt', value->>'updatedAt'
		FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, key) DO UPDATE SET name = excluded.name, reason = excluded.reason, state = excluded.state,
			record_id = excluded.record_id, updated_at = excluded.updated_at`,
	removedEmails: `DELETE FROM email WHERE workspace = ?1 AND (object_type, key, record_id) IN
		(SELECT value->>'objectType', value->>'key', value->>'recordId' FROM json_each(?2))`,
	removedInbox: `DELETE FROM inbox WHERE workspace = ?1 AND key IN (SELECT value->>'key' FROM json_each(?2))`,
	removedDomains: `DELETE FROM related_domain WHERE workspace = ?1 AND (domain, account_id) IN
		(SELECT value->>'domain', value->>'accountId' FROM json_each(?2))`,
	erasedKeys: `INSERT INTO erased (workspace, hash, person, erased_at)
		SELECT ?1, value->>'key', value->>'person', value->>'erasedAt' FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, hash) DO NOTHING`,
	deletedConfigurations: `DELETE FROM configuration WHERE workspace = ?1 AND (object_type, external_type) IN
		(SELECT value->>'objectType', value->>'externalType' FROM json_each(?2))`,
	touchedRecords: `UPDATE record SET updated_at = ?2 WHERE workspace = ?1 AND id IN (SELECT value FROM json_each(?3))`,
	settings: `INSERT INTO setting (workspace, key, value, updated_at)
		SELECT ?1, value->>'key', value->>'value', value->>'updatedAt' FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
	changes: `INSERT INTO change (workspace, at, kind, run_id, object_type, object_id, subject, external_type, before, after, undoes)
		SELECT ?1, value->>'at', value->>'kind', ?2, value->>'objectType', value->>'objectId', value->>'subject',
			value->>'externalType', nullif(value->'before', 'null'), nullif(value->'after', 'null'), value->>'undoes'
		FROM json_each(?3)`,
	takenChanges: `INSERT INTO change (workspace, at, kind, run_id, object_type, object_id, subject, external_type, before, after)
		SELECT ?1, value->>'at', value->>'kind', value->>'runId', value->>'objectType', value->>'objectId', value->>'subject',
			value->>'externalType', nullif(value->'before', 'null'), nullif(value->'after', 'null')
		FROM json_each(?2)`,
	takenRuns: `INSERT INTO run (workspace, id, operation, workflow_id, node_id, execution_id, origin, started_at, written_at, changes, undone_by)
		SELECT ?1, value->>'id', value->>'operation', value->>'workflowId', value->>'nodeId', value->>'executionId', value->>'origin',
			value->>'startedAt', value->>'writtenAt', value->>'changes', value->>'undoneBy'
		FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, id) DO UPDATE SET changes = changes + excluded.changes`,
	checkpoints: `INSERT INTO checkpoint (workspace, name, value, saved_at)
		SELECT ?1, value->>'name', value->>'value', value->>'savedAt' FROM json_each(?2) WHERE true
		ON CONFLICT (workspace, name) DO UPDATE SET value = excluded.value, saved_at = excluded.saved_at`,
	undoneRuns: `UPDATE run SET undone_by = (SELECT value->>'undoneBy' FROM json_each(?2) WHERE value->>'id' = run.id)
		WHERE workspace = ?1 AND id IN (SELECT value->>'id' FROM json_each(?2))`,
	undosTakenBack: 'UPDATE run SET undone_by = NULL WHERE workspace = ?1 AND undone_by IN (SELECT value FROM json_each(?2))',
} as const;

export const RUN_WRITTEN = `INSERT INTO run (workspace, id, operation, workflow_id, node_id, execution_id, origin, started_at, written_at, changes)
	VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
	ON CONFLICT (workspace, id) DO UPDATE SET written_at = excluded.written_at, changes = changes + excluded.changes`;

/** One of the people of each of some accounts: workspace, JSON array of Object IDs. */
export const PERSON_OF = `SELECT j.value AS accountId,
	(SELECT r.id FROM record AS r INDEXED BY record_account WHERE r.workspace = ?1 AND r.account_id = j.value ORDER BY r.id LIMIT 1) AS id
	FROM json_each(?2) AS j`;

export const CHECKPOINTS = `SELECT ${CHECKPOINT} FROM checkpoint AS p WHERE p.workspace = ?1 ORDER BY p.name`;
export const CONFIGURATIONS = `SELECT ${CONFIGURATION} FROM configuration AS c WHERE c.workspace = ?1 ORDER BY c.object_type, c.external_type`;
export const SETTINGS = 'SELECT key, value FROM setting WHERE workspace = ?1';

const MOVED_AWAY = `FROM json_each(?2) AS j CROSS JOIN mapping AS m INDEXED BY mapping_deleted_key
	ON m.workspace = ?1 AND m.object_type = j.value->>'objectType' AND m.external_type = j.value->>'externalType'
		AND m.id_key = j.value->>'key' AND m.state = 'deleted'`;

/**
 * What an erasure takes away. The rows are looked up first: left to itself, SQLite goes through the whole workspace for a DELETE on a
 * table without row IDs.
 *
 * In this order: the workspace first, a JSON array last.
 */
export const ERASURES = {
	changesOfMoved: `DELETE FROM change WHERE seq IN (SELECT c.seq ${MOVED_AWAY}
		CROSS JOIN change AS c INDEXED BY change_object ON c.workspace = ?1 AND c.object_id = m.object_id AND c.subject = m.id)`,
	moved: `DELETE FROM mapping WHERE workspace = ?1 AND id IN (SELECT m.id ${MOVED_AWAY})`,
	changesOfObjects: `DELETE FROM change WHERE workspace = ?1 AND object_id IN (SELECT value FROM json_each(?2))`,
	changesOfAddresses: `DELETE FROM change WHERE workspace = ?1 AND object_id IS NULL AND subject COLLATE NOCASE IN (SELECT value FROM json_each(?2))`,
	changesOfFormerAddresses: `DELETE FROM change WHERE seq IN (SELECT c.seq FROM json_each(?2) AS j
		CROSS JOIN change AS c INDEXED BY change_email ON c.workspace = ?1 AND c.subject = j.value COLLATE NOCASE AND c.kind IN ('emailAdded', 'emailRemoved')
		WHERE NOT EXISTS (SELECT 1 FROM email AS e INDEXED BY email_record WHERE e.workspace = ?1 AND e.record_id = c.object_id AND e.address = c.subject COLLATE NOCASE))`,
	mappings: `DELETE FROM mapping WHERE workspace = ?1 AND id IN (SELECT m.id FROM json_each(?2) AS j
		CROSS JOIN mapping AS m INDEXED BY mapping_slot ON m.workspace = ?1 AND m.object_id = j.value)`,
	emails: `DELETE FROM email WHERE workspace = ?1 AND (object_type, key, record_id) IN (SELECT e.object_type, e.key, e.record_id
		FROM json_each(?2) AS j CROSS JOIN email AS e INDEXED BY email_record ON e.workspace = ?1 AND e.record_id = j.value)`,
	inbox: `DELETE FROM inbox WHERE workspace = ?1 AND key IN (SELECT value FROM json_each(?2))`,
	records: `DELETE FROM record WHERE workspace = ?1 AND id IN (SELECT value FROM json_each(?2))`,
	allowedAgain: `DELETE FROM erased WHERE workspace = ?1 AND hash IN (SELECT e.hash FROM json_each(?2) AS j
		CROSS JOIN erased AS e INDEXED BY erased_person ON e.workspace = ?1 AND e.person = j.value)`,
} as const;

export const SETTING = 'SELECT value FROM setting WHERE workspace = ?1 AND key = ?2';
export const HAS_MERGED = `SELECT 1 AS found FROM record INDEXED BY record_merged WHERE workspace = ?1 AND merged_into IS NOT NULL LIMIT 1`;

/**
 * Scans: each looks at no more than a window of rows (the last parameter) in the order of a key, from after a given one,
 * and tells for every row whether it fits, so that a call is short however rare the fits are.
 */
export const SCANS = {
	mappings: `SELECT ${MAPPING} FROM mapping AS m WHERE m.workspace = ?1 AND m.id > ?2 ORDER BY m.id LIMIT ?3`,
	mappingsOfType: `SELECT ${MAPPING} FROM mapping AS m INDEXED BY mapping_live_key WHERE m.workspace = ?1 AND m.object_type = ?2
		AND m.external_type = ?3 AND m.state <> 'deleted' AND m.id_key > ?4 ORDER BY m.id_key LIMIT ?5`,
	mappingsOfObject: `SELECT ${MAPPING} FROM mapping AS m INDEXED BY mapping_slot WHERE m.workspace = ?1 AND m.object_id = ?2 ORDER BY m.id`,
	records: `SELECT ${RECORD} FROM record AS r WHERE r.workspace = ?1 AND r.id > ?2 AND r.id < ?3 ORDER BY r.id LIMIT ?4`,
	recordsOfAccount: `SELECT ${RECORD} FROM record AS r INDEXED BY record_account
		WHERE r.workspace = ?1 AND r.account_id = ?2 AND r.id > ?3 ORDER BY r.id LIMIT ?4`,
	domains: `SELECT ${DOMAIN} FROM related_domain AS d WHERE d.workspace = ?1 AND (d.domain, d.account_id) > (?2, ?3)
		ORDER BY d.domain, d.account_id LIMIT ?4`,
	domainsOfAccount: `SELECT ${DOMAIN} FROM related_domain AS d INDEXED BY related_domain_account
		WHERE d.workspace = ?1 AND d.account_id = ?2 ORDER BY d.domain`,
	domainsByName: `SELECT ${DOMAIN} FROM related_domain AS d WHERE d.workspace = ?1 AND d.domain = ?2 ORDER BY d.account_id`,
	emails: `SELECT ${EMAIL} FROM email AS e WHERE e.workspace = ?1 AND (e.object_type, e.key, e.record_id) > (?2, ?3, ?4)
		ORDER BY e.object_type, e.key, e.record_id LIMIT ?5`,
	inbox: `SELECT ${INBOX} FROM inbox AS i WHERE i.workspace = ?1 AND i.key > ?2 ORDER BY i.key LIMIT ?3`,
	inboxOfState: `SELECT ${INBOX} FROM inbox AS i INDEXED BY inbox_site WHERE i.workspace = ?1 AND i.state = ?2 AND (i.site, i.key) > (?3, ?4)
		ORDER BY i.site, i.key LIMIT ?5`,
	inboxOfSite: `SELECT ${INBOX} FROM inbox AS i INDEXED BY inbox_site WHERE i.workspace = ?1 AND i.state = ?2 AND i.site = ?3 AND i.key > ?4
		ORDER BY i.key LIMIT ?5`,
} as const;

/** Which of some records have a current External ID of a type: workspace, type, JSON array of Object IDs. */
export const HAVE_TYPE = `SELECT DISTINCT j.value AS id FROM json_each(?3) AS j CROSS JOIN mapping AS m INDEXED BY mapping_slot
	ON m.workspace = ?1 AND m.object_id = j.value AND m.external_type = ?2 AND m.slot IS NOT NULL`;

/** Who has some External IDs, and whether they have an e-mail or a domain: workspace, Object Type, External Type, JSON array of [key, proof]. */
export const HOLDERS = {
	byEmail: holders('LEFT JOIN email AS p ON p.workspace = ?1 AND p.object_type = ?2 AND p.key = j.value->>1 AND p.record_id = m.object_id', 'p.key'),
	byDomain: holders('LEFT JOIN related_domain AS p ON p.workspace = ?1 AND p.domain = j.value->>1 AND p.account_id = m.object_id', 'p.domain'),
} as const;

function holders(join: string, proof: string): string {
	return `SELECT m.id_key AS key, j.value->>1 AS proof, j.value->>1 IS NOT NULL AND ${proof} IS NULL AS lacksProof, m.external_id AS externalId,
			m.object_id AS objectId, m.state, coalesce(r.state, 'active') AS recordState
		FROM json_each(?4) AS j CROSS JOIN mapping AS m
			ON m.workspace = ?1 AND m.object_type = ?2 AND m.external_type = ?3 AND m.id_key = j.value->>0 AND m.state <> 'deleted'
		LEFT JOIN record AS r INDEXED BY record_inactive ON r.workspace = ?1 AND r.id = m.object_id AND r.state <> 'active'
		${join}`;
}

/** Counts by group over a window of rows, and where the next window begins: workspace, after, rows. */
export const COUNT_WINDOWS = {
	mapping: countWindow('mapping', ['object_type', 'external_type', 'state']),
	record: countWindow('record', ['object_type', 'state']),
	inbox: countWindow('inbox', ['state'], 'key'),
	// The position is registrable domain and key in one text.
	waiting: `SELECT site || char(10) || reason AS grouped, count(*) AS rows, max(site || char(31) || key) AS last FROM
		(SELECT site, key, reason FROM inbox INDEXED BY inbox_site WHERE workspace = ?1 AND state = 'waiting'
			AND (site, key) > (substr(?2, 1, instr(?2, char(31)) - 1), substr(?2, instr(?2, char(31)) + 1))
			ORDER BY site, key LIMIT ?3)
		GROUP BY site, reason`,
	// The position is domain and account in one text, for a domain may belong to several accounts.
	related_domain: `SELECT '' AS grouped, count(*) AS rows, max(domain || char(31) || account_id) AS last FROM
		(SELECT domain, account_id FROM related_domain WHERE workspace = ?1
			AND (domain, account_id) > (substr(?2, 1, instr(?2, char(31)) - 1), substr(?2, instr(?2, char(31)) + 1))
			ORDER BY domain, account_id LIMIT ?3)
		HAVING count(*) > 0`,
} as const;

const HISTORY = `c.seq, c.workspace, c.at, c.kind, c.object_type AS objectType, c.object_id AS objectId, c.subject,
	c.external_type AS externalType, c.before, c.after, c.undoes, c.run_id AS runId, u.operation, u.workflow_id AS workflowId, u.node_id AS nodeId,
	u.execution_id AS executionId, u.origin, u.started_at AS startedAt`;
const WITH_RUN = 'LEFT JOIN run AS u ON u.workspace = c.workspace AND u.id = c.run_id';

/**
 * Scans of the history, towards newer rows and towards older ones: first the keys, then a `seq` (exclusive) and the rows to look
 * at. The history of the whole store is looked at whatever the workspace, for its order is one for all.
 */
export const HISTORY_SCANS = {
	allNewer: `SELECT ${HISTORY} FROM change AS c ${WITH_RUN} WHERE c.seq > ?1 ORDER BY c.seq LIMIT ?2`,
	allOlder: `SELECT ${HISTORY} FROM change AS c ${WITH_RUN} WHERE c.seq < ?1 ORDER BY c.seq DESC LIMIT ?2`,
	runNewer: `SELECT ${HISTORY} FROM change AS c INDEXED BY change_run ${WITH_RUN}
		WHERE c.workspace = ?1 AND c.run_id = ?2 AND c.seq > ?3 ORDER BY c.seq LIMIT ?4`,
	runOlder: `SELECT ${HISTORY} FROM change AS c INDEXED BY change_run ${WITH_RUN}
		WHERE c.workspace = ?1 AND c.run_id = ?2 AND c.seq < ?3 ORDER BY c.seq DESC LIMIT ?4`,
	objectNewer: `SELECT ${HISTORY} FROM change AS c INDEXED BY change_object ${WITH_RUN}
		WHERE c.workspace = ?1 AND c.object_id = ?2 AND c.seq > ?3 ORDER BY c.seq LIMIT ?4`,
	objectOlder: `SELECT ${HISTORY} FROM change AS c INDEXED BY change_object ${WITH_RUN}
		WHERE c.workspace = ?1 AND c.object_id = ?2 AND c.seq < ?3 ORDER BY c.seq DESC LIMIT ?4`,
} as const;

export const RUNS = {
	byId: `SELECT ${RUN} FROM run AS u WHERE u.workspace = ?1 AND u.id = ?2`,
	newest: `SELECT ${RUN} FROM run AS u WHERE u.workspace = ?1 AND u.id < ?2 ORDER BY u.id DESC LIMIT ?3`,
} as const;

export const LOCKS = {
	take: `INSERT INTO lock (workspace, name, run_id, workflow_id, execution_id, taken_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
		ON CONFLICT (workspace, name) DO UPDATE SET run_id = excluded.run_id, workflow_id = excluded.workflow_id,
			execution_id = excluded.execution_id, seen_at = excluded.seen_at,
			taken_at = CASE WHEN lock.run_id = excluded.run_id THEN lock.taken_at ELSE excluded.taken_at END
		WHERE lock.run_id = excluded.run_id OR lock.seen_at < ?6 - ?7 OR lock.seen_at > ?6 + ?7`,
	holder: `SELECT run_id AS runId, workflow_id AS workflowId, execution_id AS executionId, taken_at AS takenAt
		FROM lock WHERE workspace = ?1 AND name = ?2`,
	release: 'DELETE FROM lock WHERE workspace = ?1 AND name = ?2 AND run_id = ?3',
} as const;
export const LAST_CHANGE = 'SELECT c.seq AS last FROM change AS c WHERE c.seq > 0 ORDER BY c.seq DESC LIMIT 1';

export const FOLLOWERS = {
	one: `SELECT f.workflow_id AS workflowId, f.node_id AS nodeId, f.position, f.pending, f.seen_at AS seenAt FROM follower AS f
		WHERE f.workspace = ?1 AND f.workflow_id = ?2 AND f.node_id = ?3`,
	leastPosition: 'SELECT min(f.position) AS position FROM follower AS f WHERE f.workspace = ?1 AND f.seen_at >= ?2',
} as const;
export const FOLLOWER_WRITTEN = `INSERT INTO follower (workspace, workflow_id, node_id, position, pending, seen_at)
	VALUES (?1, ?2, ?3, ?4, ?5, ?6)
	ON CONFLICT (workspace, workflow_id, node_id) DO UPDATE SET position = excluded.position, pending = excluded.pending, seen_at = excluded.seen_at`;

/** A window of the history: its last row and the newest time in it. */
export const CHANGE_WINDOW = 'SELECT max(seq) AS last, max(at) AS newest FROM (SELECT seq, at FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2)';
export const PURGE_CHANGES = 'DELETE FROM change WHERE seq > ?1 AND seq <= ?2 AND workspace = ?3 AND at < ?4';

function countWindow(table: string, groups: readonly string[], key = 'id'): string {
	return `SELECT ${groups.join(' || char(10) || ')} AS grouped, count(*) AS rows, max(${key}) AS last FROM
		(SELECT ${[key, ...groups].join(', ')} FROM ${table} WHERE workspace = ?1 AND ${key} > ?2 ORDER BY ${key} LIMIT ?3)
		GROUP BY 1`;
}
