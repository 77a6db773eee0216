import type { StatementSync } from 'node:sqlite';
import * as fs from 'node:fs';

import groupBy from 'lodash/groupBy';

import { Pacer } from '../../../shared/pace';
import { RegistryError, isConstraint, registryError } from '../errors';
import { keyedHash, newSecret } from '../erasedKeys';
import { objectIdRange } from '../ids';
import type { CheckpointRow, ConfigurationRow, DomainRow, EmailRow, ErasedRow, FollowerRow, HistoryRow, InboxRow, KeptRun, LockRow, MappingRow, PendingBatch, RecordRow, RunRow } from '../rows';
import type {
	ChangeFilter,
	Counted,
	Erasure,
	HolderRow,
	IdKey,
	InboxFilter,
	MappingFilter,
	Page,
	Reads,
	RecordFilter,
	Snapshot,
	Store,
	StoreStatus,
	Writes,
} from '../store';
import { Unit } from '../unit';
import { Connection } from './connection';
import { SCHEMA_VERSION } from './schema';
import { asHistory, fitsChange, fitsInbox, fitsMapping, onePage, page } from './pages';
import type { StoredChange } from './pages';
import {
	BATCH_READS,
	BATCH_WRITES,
	CHANGE_WINDOW,
	CHECKPOINTS,
	CONFIGURATIONS,
	COUNT_WINDOWS,
	ERASURES,
	FOLLOWERS,
	FOLLOWER_WRITTEN,
	HAS_MERGED,
	HAVE_TYPE,
	HISTORY_SCANS,
	HOLDERS,
	LAST_CHANGE,
	LOCKS,
	PERSON_OF,
	PURGE_CHANGES,
	RUN_WRITTEN,
	RUNS,
	SCANS,
	SETTING,
	SETTINGS,
} from './statements';

/** Rows that one step of a scan looks at: some 10 ms of work. */
const SCAN_WINDOW = 2_000;
/** Rows that one step of a count looks at: some 10 ms of work. */
const COUNT_WINDOW = 50_000;
const PURGE_WINDOW = 2_000;
/** Setting that holds what the keys of erased people are hashed with. */
const ERASED_SECRET = 'erasedSecret';
/** A transaction whose write a constraint refuses is decided again from fresh rows this often. */
const DECIDE_TRIES = 3;

type Value = string | number | null;

/** The registry's store in one SQLite file, through Node's own `node:sqlite`. */
export class SqliteStore implements Store {
	constructor(private readonly connection: Connection) {}

	async read(workspace: string, reads: Reads): Promise<Snapshot> {
		return await this.connection.read(() => this.load(workspace, reads));
	}

	async transact<T>(workspace: string, reads: Reads, run: RunRow | undefined, decide: (unit: Unit) => T): Promise<T> {
		for (let attempt = 1; ; attempt++) {
			try {
				const write = reads.erases ? 'writeUnreferenced' : 'write';
				return await this.connection[write](() => {
					const unit = new Unit(this.load(workspace, reads), Date.now());
					const result = decide(unit);
					const writes = unit.writes();
					if (writes) this.save(workspace, writes, run, unit.now);
					return result;
				});
			} catch (error) {
				const cause = error instanceof RegistryError ? error.cause : error;
				if (!isConstraint(cause) || attempt >= DECIDE_TRIES) throw registryError(error, this.connection.file);
			}
		}
	}

	async findHolders(workspace: string, { objectType, externalType }: Omit<IdKey, 'key'>, asked: ReadonlyArray<{ key: string; proof: string | null }>): Promise<HolderRow[]> {
		const sql = objectType === 'accounts' ? HOLDERS.byDomain : HOLDERS.byEmail;
		const pairs = JSON.stringify(asked.map(({ key, proof }) => [key, proof]));
		return await this.connection.read(() => this.rows<HolderRow>(sql, workspace, objectType, externalType, pairs).map((row) => ({ ...row, lacksProof: Boolean(row.lacksProof) })));
	}

	async configurations(workspace: string): Promise<ConfigurationRow[]> {
		return await this.connection.read(() => this.rows<ConfigurationRow>(CONFIGURATIONS, workspace));
	}

	async settings(workspace: string): Promise<Map<string, string>> {
		return await this.connection.read(
			() => new Map(this.rows<{ key: string; value: string }>(SETTINGS, workspace).map(({ key, value }) => [key, value])),
		);
	}

	async scanMappings(workspace: string, filter: MappingFilter, after = '', limit: number): Promise<Page<MappingRow>> {
		const { ids, objectId } = filter;
		if (ids) {
			return await this.connection.read(() => onePage(this.mappingsOfIds(workspace, ids, filter.states.includes('deleted')), filter, after, limit));
		}
		if (objectId !== undefined) {
			return await this.connection.read(() => onePage(this.rows<MappingRow>(SCANS.mappingsOfObject, workspace, objectId), filter, after, limit));
		}
		const { objectType, externalType } = filter;
		if (objectType !== undefined && externalType !== undefined && !filter.states.includes('deleted')) {
			return await this.connection.read(() => {
				const seen = this.rows<MappingRow>(SCANS.mappingsOfType, workspace, objectType, externalType, after, SCAN_WINDOW);
				return page(seen, (row) => fitsMapping(row, filter), (row) => row.idKey, limit, SCAN_WINDOW);
			});
		}
		return await this.connection.read(() => {
			const seen = this.rows<MappingRow>(SCANS.mappings, workspace, after, SCAN_WINDOW);
			return page(seen, (row) => fitsMapping(row, filter), (row) => row.id, limit, SCAN_WINDOW);
		});
	}

	async scanRecords(workspace: string, filter: RecordFilter, after = '', limit: number): Promise<Page<RecordRow>> {
		const { from, to } = objectIdRange(filter.objectType);
		const { accountId } = filter;
		return await this.connection.read(() => {
			const seen =
				accountId === undefined
					? this.records(SCANS.records, workspace, after || from, to, SCAN_WINDOW)
					: this.records(SCANS.recordsOfAccount, workspace, accountId, after || from, SCAN_WINDOW);
			const haveType = this.whichHaveType(workspace, filter.withType ?? filter.withoutType, seen);
			const found = filter.search === undefined ? undefined : this.whichContain(workspace, filter.search, seen);
			const fits = (row: RecordRow) =>
				row.objectType === filter.objectType &&
				filter.states.includes(row.state) &&
				(filter.withType === undefined || haveType.has(row.id)) &&
				(filter.withoutType === undefined || !haveType.has(row.id)) &&
				(filter.updatedAfter === undefined || row.updatedAt > filter.updatedAfter) &&
				(found === undefined || found.has(row.id));
			return page(seen, fits, (row) => row.id, limit, SCAN_WINDOW);
		});
	}

	async scanDomains(
		workspace: string,
		filter: { accountId?: string; domain?: string },
		after = '',
		limit: number,
	): Promise<Page<DomainRow>> {
		const { accountId, domain } = filter;
		return await this.connection.read(() => {
			if (accountId !== undefined || domain !== undefined) {
				const rows =
					accountId !== undefined
						? this.domains(SCANS.domainsOfAccount, workspace, accountId)
						: this.domains(SCANS.domainsByName, workspace, domain ?? '');
				const position = (row: DomainRow) => `${row.domain}\n${row.accountId}`;
				const left = rows.filter((row) => (domain === undefined || row.domain === domain) && position(row) > after);
				const last = left[limit - 1];
				return { rows: left.slice(0, limit), next: left.length > limit && last ? position(last) : undefined };
			}
			const [afterDomain = '', afterAccount = ''] = after.split('\n');
			const seen = this.domains(SCANS.domains, workspace, afterDomain, afterAccount, SCAN_WINDOW);
			return page(seen, () => true, (row) => `${row.domain}\n${row.accountId}`, limit, SCAN_WINDOW);
		});
	}

	async scanEmails(workspace: string, after: string | undefined, limit: number): Promise<Page<EmailRow>> {
		const [objectType = '', key = '', recordId = ''] = (after ?? '').split('\n');
		return await this.connection.read(() => {
			const seen = this.rows<EmailRow>(SCANS.emails, workspace, objectType, key, recordId, Math.min(limit, SCAN_WINDOW)).map(asEmail);
			return page(seen, () => true, (row) => `${row.objectType}\n${row.key}\n${row.recordId}`, limit, SCAN_WINDOW);
		});
	}

	async checkpoints(workspace: string): Promise<CheckpointRow[]> {
		return await this.connection.read(() => this.rows<CheckpointRow>(CHECKPOINTS, workspace));
	}

	async scanInbox(workspace: string, filter: InboxFilter, after = '', limit: number): Promise<Page<InboxRow>> {
		const fits = (row: InboxRow) => fitsInbox(row, filter);
		const [state] = filter.states;
		const { site } = filter;
		return await this.connection.read(() => {
			if (filter.states.length !== 1 || state === undefined) {
				const seen = this.rows<InboxRow>(SCANS.inbox, workspace, after, SCAN_WINDOW);
				return page(seen, fits, ({ key }) => key, limit, SCAN_WINDOW);
			}
			if (site !== undefined) {
				const seen = this.rows<InboxRow>(SCANS.inboxOfSite, workspace, state, site, after, SCAN_WINDOW);
				return page(seen, fits, ({ key }) => key, limit, SCAN_WINDOW);
			}
			const [afterSite = '', afterKey = ''] = after.split('\n');
			const seen = this.rows<InboxRow>(SCANS.inboxOfState, workspace, state, afterSite, afterKey, SCAN_WINDOW);
			return page(seen, fits, (row) => `${row.site}\n${row.key}`, limit, SCAN_WINDOW);
		});
	}

	async hasMerged(workspace: string): Promise<boolean> {
		return await this.connection.read(() => this.rows(HAS_MERGED, workspace).length > 0);
	}

	async emptyLogs(): Promise<void> {
		await this.connection.emptyLog();
	}

	async scanChanges(workspace: string, filter: ChangeFilter, towards: 'newer' | 'older', after: string | undefined, limit: number): Promise<Page<HistoryRow>> {
		const end = towards === 'newer' ? 'Newer' : 'Older';
		const from = Number(after ?? (towards === 'newer' ? 0 : Number.MAX_SAFE_INTEGER));
		const [by, key] = filter.runId !== undefined ? (['run', filter.runId] as const) : filter.objectId !== undefined ? (['object', filter.objectId] as const) : (['all'] as const);
		// The rows of a run all fit, if nothing else is asked of them.
		const window = by === 'run' && Object.keys(filter).length === 1 ? Math.min(limit, SCAN_WINDOW) : SCAN_WINDOW;
		return await this.connection.read(() => {
			const keys = key === undefined ? [] : [workspace, key];
			const seen = this.rows<StoredChange>(HISTORY_SCANS[`${by}${end}`], ...keys, from, window);
			const { rows, next } = page(seen, (row) => row.workspace === workspace && fitsChange(row, filter), ({ seq }) => String(seq), limit, window);
			return { rows: rows.map(asHistory), next };
		});
	}

	async lastChange(): Promise<number> {
		return await this.connection.read(() => this.rows<{ last: number }>(LAST_CHANGE)[0]?.last ?? 0);
	}

	async follower(workspace: string, workflowId: string, nodeId: string): Promise<FollowerRow | undefined> {
		const [row] = await this.connection.read(() =>
			this.rows<Omit<FollowerRow, 'pending'> & { pending: string | null }>(FOLLOWERS.one, workspace, workflowId, nodeId),
		);
		return row && { ...row, pending: row.pending === null ? null : (JSON.parse(row.pending) as PendingBatch) };
	}

	async putFollower(workspace: string, { workflowId, nodeId, position, pending, seenAt }: FollowerRow): Promise<void> {
		const batch = pending && JSON.stringify(pending);
		await this.connection.write(() => this.statement(FOLLOWER_WRITTEN).run(workspace, workflowId, nodeId, position, batch, seenAt));
	}

	async leastPosition(workspace: string, seenSince: number): Promise<number | undefined> {
		const [row] = await this.connection.read(() => this.rows<{ position: number | null }>(FOLLOWERS.leastPosition, workspace, seenSince));
		return row?.position ?? undefined;
	}

	async run(workspace: string, id: string): Promise<KeptRun | undefined> {
		return await this.connection.read(() => this.rows<KeptRun>(RUNS.byId, workspace, id)[0]);
	}

	async runs(workspace: string, before: string | undefined, limit: number): Promise<KeptRun[]> {
		return await this.connection.read(() => this.rows<KeptRun>(RUNS.newest, workspace, before ?? '~', limit));
	}

	async takeLock(workspace: string, name: string, run: RunRow, staleAfter: number): Promise<LockRow> {
		return await this.connection.write(() => {
			this.statement(LOCKS.take).run(workspace, name, run.id, run.workflowId, run.executionId, Date.now(), staleAfter);
			return this.rows<LockRow>(LOCKS.holder, workspace, name)[0] as LockRow;
		});
	}

	async releaseLock(workspace: string, name: string, runId: string): Promise<void> {
		await this.connection.write(() => this.statement(LOCKS.release).run(workspace, name, runId));
	}

	async count(workspace: string, what: Counted): Promise<Array<{ group: string[]; rows: number }>> {
		const totals = new Map<string, number>();
		const pacer = new Pacer();
		for (let after: string | undefined = ''; after !== undefined; ) {
			const from: string = after;
			const windows = await this.connection.read(() =>
				this.rows<{ grouped: string; rows: number; last: string }>(COUNT_WINDOWS[what], workspace, from, COUNT_WINDOW),
			);
			for (const { grouped, rows } of windows) totals.set(grouped, (totals.get(grouped) ?? 0) + rows);
			const looked = windows.reduce((sum, { rows }) => sum + rows, 0);
			after = looked < COUNT_WINDOW ? undefined : windows.map(({ last }) => last).sort(asSqliteDoes).at(-1);
			if (pacer.due()) await pacer.rest();
		}
		return [...totals].map(([grouped, rows]) => ({ group: grouped === '' ? [] : grouped.split('\n'), rows }));
	}

	async status(): Promise<StoreStatus> {
		const { file } = this.connection;
		const version = await this.connection.read(() => this.rows<{ version: string }>('SELECT sqlite_version() AS version')[0]?.version);
		const sizes = [file, `${file}-wal`].map((each) => (fs.existsSync(each) ? fs.statSync(each).size : 0));
		return {
			engine: 'SQLite',
			location: file,
			bytes: sizes.reduce((sum, size) => sum + size, 0),
			schemaVersion: SCHEMA_VERSION,
			engineVersion: version ?? '',
		};
	}

	async purgeChanges(workspace: string, before: number, after: number, upTo = Number.MAX_SAFE_INTEGER): Promise<number | undefined> {
		return await this.connection.write(() => {
			const [window] = this.rows<{ last: number | null; newest: number | null }>(CHANGE_WINDOW, after, PURGE_WINDOW);
			if (!window || window.last === null || window.newest === null) return undefined;
			this.connection.statement(PURGE_CHANGES).run(after, Math.min(window.last, upTo), workspace, before);
			return window.newest < before && window.last <= upTo ? window.last : undefined;
		});
	}

	private load(workspace: string, reads: Reads): Snapshot {
		const byKey = reads.ids ? this.mappingsOfIds(workspace, reads.ids, reads.deletedIds === true) : [];
		const mappings = reads.mappingIds ? withoutRepeats(byKey, this.batch<MappingRow>(BATCH_READS.mappingsById, reads.mappingIds, workspace), (row) => row.id) : byKey;
		if (reads.ofType) {
			const { objectType, externalType, limit } = reads.ofType;
			mappings.push(...withoutRepeats(mappings, this.rows<MappingRow>(SCANS.mappingsOfType, workspace, objectType, externalType, '', limit), (row) => row.id).slice(mappings.length));
		}
		const emails = reads.emails ? this.emailsByKey(workspace, reads.emails) : [];
		const domains = reads.domains ? this.batchDomains(BATCH_READS.domainsByName, reads.domains, workspace) : [];
		const inbox = reads.inbox ? this.batch<InboxRow>(BATCH_READS.inboxByKey, reads.inbox, workspace) : [];

		const objects = new Set<string>(reads.objectIds);
		for (const row of mappings) if (row.state !== 'deleted') objects.add(row.objectId);
		for (const row of emails) objects.add(row.recordId);
		for (const row of domains) objects.add(row.accountId);
		for (const row of inbox) if (row.recordId !== null) objects.add(row.recordId);
		const also = reads.with ?? {};
		const records = this.withSurvivors(this.batchRecords([...objects], workspace), workspace);
		if (also.merged) records.push(...this.mergedInto(records, workspace));
		for (const { id } of records) objects.add(id);
		const objectIds = [...objects];

		if (also.account) {
			const accounts = new Set(records.map((row) => row.accountId).filter((id): id is string => id !== null && !objects.has(id)));
			const found = this.withSurvivors(this.batchRecords([...accounts], workspace), workspace);
			records.push(...found.filter(({ id }) => !objects.has(id)));
		}
		const allEmails = also.emails ? withoutRepeats(emails, this.batchEmails(BATCH_READS.emailsOfRecords, objectIds, workspace), (row) => `${row.recordId}\n${row.key}`) : emails;
		const inboxKeys = also.inbox ? [...objectIds, ...allEmails.map(({ key }) => key)] : [];
		return {
			configurations: this.rows<ConfigurationRow>(CONFIGURATIONS, workspace),
			mappings: also.mappings ? withoutRepeats(mappings, this.batch<MappingRow>(BATCH_READS.mappingsOfObjects, objectIds, workspace), (row) => row.id) : mappings,
			records,
			emails: allEmails,
			domains: also.domains ? withoutRepeats(domains, this.batchDomains(BATCH_READS.domainsOfAccounts, objectIds, workspace), (row) => `${row.accountId}\n${row.domain}`) : domains,
			inbox: withoutRepeats(inbox, this.batch<InboxRow>(BATCH_READS.inboxByKey, inboxKeys, workspace), ({ key }) => key),
			settings: reads.settings ? this.rows<{ key: string; value: string }>(SETTINGS, workspace) : [],
			people: also.people ? this.batch<{ accountId: string; id: string | null }>(PERSON_OF, objectIds, workspace).filter((row): row is Snapshot['people'][number] => row.id !== null) : [],
			undone: reads.changes ? this.undoneOf(workspace, reads.changes) : [],
			runs: reads.runs ? this.batch<KeptRun>(BATCH_READS.runs, reads.runs, workspace) : [],
			checkpoints: reads.checkpoints ? this.batch<CheckpointRow>(BATCH_READS.checkpoints, reads.checkpoints, workspace) : [],
			erased: reads.erasedKeys ? this.erased(workspace, reads.erasedKeys) : [],
		};
	}

	/** A change is undone when the last undo of it is not undone itself. */
	private undoneOf(workspace: string, changes: readonly number[]): number[] {
		if (changes.length === 0) return [];
		const undos = this.rows<{ undoes: number; seq: number }>(BATCH_READS.undoneBy, workspace, JSON.stringify(changes));
		const takenBack = new Set(this.undoneOf(workspace, undos.map(({ seq }) => seq)));
		return undos.filter(({ seq }) => !takenBack.has(seq)).map(({ undoes }) => undoes);
	}

	/** Records with those that they were merged into, each once. */
	private withSurvivors(records: RecordRow[], workspace: string): RecordRow[] {
		const all = [...records];
		const seen = new Set<string>();
		for (let newest = records; newest.some(({ mergedInto }) => mergedInto !== null); ) {
			if (seen.size === 0) for (const { id } of all) seen.add(id);
			const next = newest.flatMap(({ mergedInto }) => (mergedInto !== null && !seen.has(mergedInto) ? [mergedInto] : []));
			for (const id of next) seen.add(id);
			newest = this.batchRecords(next, workspace);
			all.push(...newest);
		}
		return all;
	}

	private mergedInto(records: readonly RecordRow[], workspace: string): RecordRow[] {
		const seen = new Set(records.map(({ id }) => id));
		const all: RecordRow[] = [];
		for (let newest = records; newest.length > 0; ) {
			newest = this.batch<RecordRow>(BATCH_READS.mergedInto, newest.map(({ id }) => id), workspace).map(asRecord).filter(({ id }) => !seen.has(id));
			for (const row of newest) seen.add(row.id);
			all.push(...newest);
		}
		return all;
	}

	private erased(workspace: string, keys: readonly string[]): ErasedRow[] {
		const secret = this.secret(workspace);
		if (secret === undefined) return [];
		const byHash = new Map(keys.map((key) => [keyedHash(secret, key), key]));
		return this.batch<{ hash: string; person: string; erasedAt: number }>(BATCH_READS.erased, [...byHash.keys()], workspace).map(({ hash, person, erasedAt }) => ({ key: byHash.get(hash) ?? '', person, erasedAt }));
	}

	/** What the keys of erased people are hashed with; nothing before the first of them. */
	private secret(workspace: string): string | undefined {
		const [row] = this.rows<{ value: string }>(SETTING, workspace, ERASED_SECRET);
		return row && (JSON.parse(row.value) as string);
	}

	private saveErased(workspace: string, rows: readonly ErasedRow[], now: number): void {
		let secret = this.secret(workspace);
		if (secret === undefined) {
			secret = newSecret();
			this.statement(BATCH_WRITES.settings).run(workspace, JSON.stringify([{ key: ERASED_SECRET, value: JSON.stringify(secret), updatedAt: now }]));
		}
		const hashed = rows.map((row) => ({ ...row, key: keyedHash(secret, row.key) }));
		this.statement(BATCH_WRITES.erasedKeys).run(workspace, JSON.stringify(hashed));
	}

	private erase(workspace: string, { objectIds, ids, inbox, addresses }: Erasure): void {
		for (const [what, values] of [
			['changesOfMoved', ids],
			['moved', ids],
			['changesOfObjects', objectIds],
			['changesOfAddresses', addresses],
			['mappings', objectIds],
			['emails', objectIds],
			['changesOfFormerAddresses', addresses],
			['inbox', inbox],
			['records', objectIds],
		] as const) {
			if (values.length > 0) this.statement(ERASURES[what]).run(workspace, JSON.stringify(values));
		}
	}

	private save(workspace: string, writes: Writes, run: RunRow | undefined, now: number): void {
		const { changes, settings, touchedRecords, erasure, erasedKeys, allowedAgain, ...tables } = writes;
		if (erasure) this.erase(workspace, erasure);
		if (allowedAgain.length > 0) this.statement(ERASURES.allowedAgain).run(workspace, JSON.stringify(allowedAgain));
		if (erasedKeys.length > 0) this.saveErased(workspace, erasedKeys, now);
		// In this order: accounts before their people, records before what refers to them.
		for (const table of ['configurations', 'records', 'mappings', 'removedEmails', 'emails', 'domains', 'removedDomains', 'removedInbox', 'inbox', 'deletedConfigurations', 'checkpoints', 'undosTakenBack', 'takenRuns', 'takenChanges'] as const) {
			if (tables[table].length > 0) this.statement(BATCH_WRITES[table]).run(workspace, JSON.stringify(tables[table]));
		}
		if (touchedRecords.length > 0) this.statement(BATCH_WRITES.touchedRecords).run(workspace, now, JSON.stringify(touchedRecords));
		if (settings.length > 0) {
			this.statement(BATCH_WRITES.settings).run(workspace, JSON.stringify(settings.map((row) => ({ ...row, updatedAt: now }))));
		}
		if (changes.length > 0) this.statement(BATCH_WRITES.changes).run(workspace, run?.id ?? null, JSON.stringify(changes));
		if (run && changes.length > 0) {
			this.statement(RUN_WRITTEN).run(workspace, run.id, run.operation, run.workflowId, run.nodeId, run.executionId, run.origin, run.startedAt, now, changes.length);
		}
		if (tables.undoneRuns.length > 0) this.statement(BATCH_WRITES.undoneRuns).run(workspace, JSON.stringify(tables.undoneRuns));
	}

	private mappingsOfIds(workspace: string, ids: readonly IdKey[], withDeleted: boolean): MappingRow[] {
		return groupKeys(ids).flatMap(({ objectType, externalType, keys }) => [
			...this.batch<MappingRow>(BATCH_READS.mappingsByKey, keys, workspace, objectType, externalType),
			...(withDeleted ? this.batch<MappingRow>(BATCH_READS.deletedByKey, keys, workspace, objectType, externalType) : []),
		]);
	}

	private emailsByKey(workspace: string, emails: NonNullable<Reads['emails']>): EmailRow[] {
		return Object.entries(groupBy(emails, 'objectType')).flatMap(([objectType, keys]) =>
			this.batchEmails(BATCH_READS.emailsByKey, unique(keys.map(({ key }) => key)), workspace, objectType),
		);
	}

	private batchEmails(sql: string, values: readonly string[], ...first: Value[]): EmailRow[] {
		return this.batch<EmailRow>(sql, values, ...first).map(asEmail);
	}

	private batchDomains(sql: string, values: readonly string[], ...first: Value[]): DomainRow[] {
		return this.batch<DomainRow>(sql, values, ...first).map(asDomain);
	}

	private batchRecords(ids: readonly string[], workspace: string): RecordRow[] {
		return this.batch<RecordRow>(BATCH_READS.records, ids, workspace).map(asRecord);
	}

	private domains(sql: string, ...parameters: Value[]): DomainRow[] {
		return this.rows<DomainRow>(sql, ...parameters).map(asDomain);
	}

	private records(sql: string, ...parameters: Value[]): RecordRow[] {
		return this.rows<RecordRow>(sql, ...parameters).map(asRecord);
	}

	private whichHaveType(workspace: string, externalType: string | undefined, rows: readonly RecordRow[]): Set<string> {
		if (externalType === undefined) return new Set();
		const found = this.batch<{ id: string }>(HAVE_TYPE, rows.map(({ id }) => id), workspace, externalType);
		return new Set(found.map(({ id }) => id));
	}

	private whichContain(workspace: string, search: string, rows: readonly RecordRow[]): Set<string> {
		const text = search.toLowerCase();
		const ids = rows.map(({ id }) => id);
		const byAddress = this.batchEmails(BATCH_READS.emailsOfRecords, ids, workspace).filter(({ key }) => key.includes(text));
		const byField = rows.filter(({ fields }) => Object.values(fields).some((value) => typeof value === 'string' && value.toLowerCase().includes(text)));
		return new Set([...byAddress.map(({ recordId }) => recordId), ...byField.map(({ id }) => id)]);
	}

	/** Runs a batch statement: the values go in as one JSON array, after the other parameters. */
	private batch<Row>(sql: string, values: readonly string[], ...first: Value[]): Row[] {
		if (values.length === 0) return [];
		return this.rows<Row>(sql, ...first, JSON.stringify(unique(values)));
	}

	/** The statements name their columns as the row types do, so what comes out is a row. */
	private rows<Row>(sql: string, ...parameters: Value[]): Row[] {
		return this.statement(sql).all(...parameters) as Row[];
	}

	private statement(sql: string): StatementSync {
		return this.connection.statement(sql);
	}
}

/** SQLite compares text by its UTF-8 bytes, JavaScript by UTF-16 units: they differ beyond the first 65,536 characters. */
function asSqliteDoes(a: string, b: string): number {
	return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function asRecord(row: RecordRow): RecordRow {
	return { ...row, fields: JSON.parse(String(row.fields)) as RecordRow['fields'] };
}

function asEmail(row: EmailRow): EmailRow {
	return { ...row, isPrimary: Boolean(row.isPrimary) };
}

function asDomain(row: DomainRow): DomainRow {
	return { ...row, preferred: Boolean(row.preferred) };
}

function groupKeys(ids: readonly IdKey[]): Array<Omit<IdKey, 'key'> & { keys: string[] }> {
	const groups = new Map<string, Omit<IdKey, 'key'> & { keys: Set<string> }>();
	for (const { objectType, externalType, key } of ids) {
		const name = `${objectType}\n${externalType}`;
		const group = groups.get(name);
		if (group) group.keys.add(key);
		else groups.set(name, { objectType, externalType, keys: new Set([key]) });
	}
	return [...groups.values()].map((group) => ({ ...group, keys: [...group.keys] }));
}

function unique(values: readonly string[]): string[] {
	return [...new Set(values)];
}

function withoutRepeats<Row>(first: Row[], more: readonly Row[], key: (row: Row) => string): Row[] {
	if (first.length === 0) return [...more];
	const seen = new Set(first.map(key));
	return [...first, ...more.filter((row) => !seen.has(key(row)))];
}
