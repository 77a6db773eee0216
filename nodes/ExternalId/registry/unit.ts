import { registrableDomain } from '../../shared/identity/domain';
import { newId } from './ids';
import { configurationKey, Known, without } from './known';
import type {
	ChangeKind,
	ChangeRow,
	CheckpointRow,
	ConfigurationRow,
	DomainRow,
	EmailRow,
	ErasedRow,
	InboxRow,
	KeptRun,
	MappingRow,
	MappingState,
	RecordRow,
} from './rows';
import type { Erasure, IdKey, Snapshot, Writes } from './store';

/**
 * The rows that one transaction works on: what was read, what the decisions so far have changed (so that a later item of
 * a batch sees what an earlier one did), and what is to be written, each change with its row of history.
 */
export class Unit extends Known {
	private readonly endedMappings = new Set<MappingRow>();
	private readonly newMappings = new Set<MappingRow>();
	private readonly dirtyRecords = new Set<string>();
	private readonly touchedRecords = new Set<string>();
	private readonly dirtyEmails = new Set<EmailRow>();
	private readonly dirtyDomains = new Set<DomainRow>();
	private readonly dirtyInbox = new Set<string>();
	private readonly dirtyConfigurations = new Set<string>();
	private readonly removedEmails = new Map<string, EmailRow>();
	private readonly removedDomains = new Map<string, DomainRow>();
	private readonly removedConfigurations: ConfigurationRow[] = [];
	private readonly removedInbox = new Map<string, InboxRow>();
	private readonly settings: Array<{ key: string; value: string }> = [];
	private readonly checkpoints: CheckpointRow[] = [];
	private readonly erasures: Erasure[] = [];
	private readonly erasedKeys: ErasedRow[] = [];
	private readonly allowedAgain = new Set<string>();
	private readonly changes: ChangeRow[] = [];
	private readonly undoneRuns: Writes['undoneRuns'] = [];
	private readonly undosTakenBack: string[] = [];
	private readonly takenRuns: KeptRun[] = [];
	private readonly takenChanges: Writes['takenChanges'] = [];
	private undoes: number | null = null;

	constructor(
		snapshot: Snapshot,
		/** Time of the transaction, in milliseconds since 1970. */
		readonly now: number,
	) {
		super(snapshot);
	}

	putConfiguration(row: Omit<ConfigurationRow, 'createdAt' | 'updatedAt'>): void {
		const before = this.configurationsByKey.get(configurationKey(row));
		const after = { ...row, createdAt: before?.createdAt ?? this.now, updatedAt: this.now };
		this.configurationsByKey.set(configurationKey(row), after);
		this.dirtyConfigurations.add(configurationKey(row));
		this.change(before ? 'configurationUpdated' : 'configurationCreated', {
			objectType: row.objectType,
			externalType: row.externalType,
			before: before ?? null,
			after,
		});
	}

	deleteConfiguration(row: ConfigurationRow): void {
		this.configurationsByKey.delete(configurationKey(row));
		this.removedConfigurations.push(row);
		this.change('configurationDeleted', {
			objectType: row.objectType,
			externalType: row.externalType,
			before: row,
		});
	}

	addRecord(row: Pick<RecordRow, 'objectType' | 'fields' | 'origin'> & { accountId?: string | null }, why?: object): RecordRow {
		const record: RecordRow = {
			...row,
			id: newId(row.objectType, this.now),
			accountId: row.accountId ?? null,
			state: 'active',
			mergedInto: null,
			createdAt: this.now,
			updatedAt: this.now,
		};
		this.records.set(record.id, record);
		this.dirtyRecords.add(record.id);
		this.change('recordCreated', {
			objectType: record.objectType,
			objectId: record.id,
			after: { fields: record.fields, accountId: record.accountId, origin: record.origin, ...why },
		});
		return record;
	}

	/** A record as another registry had it, under the same Object ID. */
	takeRecord(row: RecordRow): void {
		this.records.set(row.id, { ...row, updatedAt: this.now });
		this.dirtyRecords.add(row.id);
		const { state, mergedInto } = row;
		this.change('recordCreated', {
			objectType: row.objectType,
			objectId: row.id,
			after: { fields: row.fields, accountId: row.accountId, origin: row.origin, ...(state === 'active' ? {} : { state, mergedInto }) },
		});
	}

	/** `before` and `after` are what the history shows: the parts that changed. */
	updateRecord(
		id: string,
		patch: Partial<Pick<RecordRow, 'fields' | 'accountId' | 'state' | 'mergedInto'>>,
		kind: Extract<ChangeKind, 'recordUpdated' | 'recordDeleted' | 'recordRestored' | 'recordsMerged'>,
		before: unknown,
		after: unknown,
	): RecordRow {
		const old = this.records.get(id);
		if (!old) throw new RangeError(`No such record was read: ${id}`);
		const row = { ...old, ...patch, updatedAt: this.now };
		this.records.set(id, row);
		this.dirtyRecords.add(id);
		this.change(kind, { objectType: row.objectType, objectId: id, before, after });
		return row;
	}

	/** Makes a record a pointer to another; what hung on it is the caller's to move. */
	mergeRecord(id: string, into: string): void {
		const old = this.records.get(id);
		if (!old) throw new RangeError(`No such record was read: ${id}`);
		this.records.set(id, { ...old, state: 'merged', mergedInto: into, updatedAt: this.now });
		this.dirtyRecords.add(id);
		this.change('recordsMerged', { objectType: old.objectType, objectId: id, subject: into, before: { state: old.state }, after: { state: 'merged', mergedInto: into } });
	}

	/**
	 * Takes records away for good, with all that hangs on them and their history; what stays is one row that tells it.
	 *
	 * @param keys of the person, that are not to come back
	 */
	erase(erasure: Erasure, keys: readonly ErasedRow[], what: Pick<ChangeRow, 'objectType' | 'objectId'>): void {
		for (const id of erasure.objectIds) {
			for (const row of [...this.mappingsOf(id)]) this.unindexMapping(row);
			for (const row of [...this.emailsOf(id)]) {
				without(this.emailsByKey, row.key, row);
				without(this.emailsByRecord, id, row);
			}
			this.records.delete(id);
			this.dirtyRecords.delete(id);
		}
		for (const key of erasure.inbox) this.inboxByKey.delete(key);
		for (const key of keys) this.erasedByKey.set(key.key, key);
		this.erasures.push(erasure);
		this.erasedKeys.push(...keys);
		this.change('recordErased', what);
		if (what.objectId) this.touchedRecords.delete(what.objectId);
	}

	/** Forgets that a person was erased. */
	allowAgain(person: string, what: Pick<ChangeRow, 'objectType'>): void {
		for (const row of [...this.erasedByKey.values()]) if (row.person === person) this.erasedByKey.delete(row.key);
		this.allowedAgain.add(person);
		this.change('recordAllowedAgain', what);
	}

	addMapping(id: IdKey, externalId: string, objectId: string, state: 'current' | 'former' = 'current'): MappingRow {
		const row: MappingRow = {
			id: newId('mapping', this.now),
			objectType: id.objectType,
			externalType: id.externalType,
			externalId,
			idKey: id.key,
			objectId,
			state,
			slot: state === 'current' ? this.freeSlot(objectId, id.externalType) : null,
			createdAt: this.now,
			endedAt: state === 'current' ? null : this.now,
		};
		this.indexMapping(row);
		this.newMappings.add(row);
		this.changeMapping('mappingCreated', row, undefined, state === 'current' ? { externalId } : { externalId, state });
		return row;
	}

	/** A mapping as another registry had it, under the same Mapping ID. */
	takeMapping(given: MappingRow): void {
		const row: MappingRow = { ...given, slot: given.state === 'current' ? this.freeSlot(given.objectId, given.externalType) : null };
		this.indexMapping(row);
		this.newMappings.add(row);
		this.changeMapping('mappingCreated', row, undefined, { externalId: row.externalId, ...(row.state === 'current' ? {} : { state: row.state }) });
	}

	/** Makes a mapping former (it was replaced) or deleted, or one that ended live again. */
	setMappingState(row: MappingRow, state: MappingState): MappingRow {
		const kind = state === 'deleted' ? 'mappingDeleted' : state === 'former' && row.state === 'current' ? 'mappingReplaced' : 'mappingRestored';
		const after: MappingRow = {
			...row,
			state,
			slot: state === 'current' ? this.freeSlot(row.objectId, row.externalType) : null,
			endedAt: state === 'current' ? null : this.now,
		};
		this.unindexMapping(row);
		const isNew = this.newMappings.delete(row);
		this.endedMappings.delete(row);
		this.indexMapping(after);
		(isNew || state === 'current' || row.state === 'deleted' ? this.newMappings : this.endedMappings).add(after);
		this.changeMapping(kind, after, { state: row.state, externalId: row.externalId }, { state });
		return after;
	}

	addEmail(record: RecordRow, email: { key: string; address: string }, isPrimary: boolean): void {
		const primary = isPrimary ? this.demotePrimary(record.id) : undefined;
		const row: EmailRow = { recordId: record.id, objectType: record.objectType, key: email.key, address: email.address, isPrimary, createdAt: this.now };
		this.removedEmails.delete(`${row.key}\n${row.recordId}`);
		this.indexEmail(row);
		this.dirtyEmails.add(row);
		this.change('emailAdded', {
			objectType: record.objectType,
			objectId: record.id,
			subject: email.address,
			before: primary === undefined ? null : { primary },
			after: { isPrimary },
		});
	}

	/** The oldest of the addresses that are left becomes primary where the primary one goes. */
	removeEmail(row: EmailRow): void {
		without(this.emailsByKey, row.key, row);
		without(this.emailsByRecord, row.recordId, row);
		this.dirtyEmails.delete(row);
		this.removedEmails.set(`${row.key}\n${row.recordId}`, row);
		this.change('emailRemoved', { objectType: row.objectType, objectId: row.recordId, subject: row.address, before: { isPrimary: row.isPrimary } });
		const [next] = row.isPrimary ? [...this.emailsOf(row.recordId)].sort((a, b) => a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1)) : [];
		if (!next) return;
		next.isPrimary = true;
		this.dirtyEmails.add(next);
	}

	/** Makes an address that the record has its primary one, as part of a change that says so. */
	makePrimary(recordId: string, key: string): void {
		const row = this.emailsOf(recordId).find((each) => each.key === key);
		if (!row || row.isPrimary) return;
		this.demotePrimary(recordId);
		row.isPrimary = true;
		this.dirtyEmails.add(row);
	}

	putDomain(accountId: string, domain: string, preferred: boolean): void {
		const before = this.domainsOf(accountId).find((row) => row.domain === domain);
		if (before) {
			before.preferred = preferred;
			this.dirtyDomains.add(before);
			this.changeDomain('domainUpdated', accountId, domain, { preferred: !preferred }, { preferred });
			return;
		}
		this.removedDomains.delete(`${domain}\n${accountId}`);
		const row: DomainRow = { domain, accountId, preferred, createdAt: this.now };
		this.indexDomain(row);
		this.dirtyDomains.add(row);
		this.changeDomain('domainAdded', accountId, domain, undefined, { preferred });
	}

	removeDomain(row: DomainRow): void {
		without(this.domainsByAccount, row.accountId, row);
		without(this.domainsByName, row.domain, row);
		this.dirtyDomains.delete(row);
		this.removedDomains.set(`${row.domain}\n${row.accountId}`, row);
		this.changeDomain('domainRemoved', row.accountId, row.domain, { preferred: row.preferred }, undefined);
	}

	/** Adds to the inbox, or changes what is there. */
	putInbox(row: Omit<InboxRow, 'createdAt' | 'updatedAt' | 'state' | 'site'>, state: InboxRow['state'] = 'waiting'): void {
		const before = this.inboxByKey.get(row.key);
		const after: InboxRow = {
			...row,
			name: row.name ?? before?.name ?? null,
			site: row.domain === null ? '' : (registrableDomain(row.domain) ?? row.domain),
			state,
			createdAt: before?.createdAt ?? this.now,
			updatedAt: this.now,
		};
		this.inboxByKey.set(row.key, after);
		this.removedInbox.delete(row.key);
		this.dirtyInbox.add(row.key);
		this.change(before ? 'inboxUpdated' : 'inboxAdded', {
			objectType: 'people',
			objectId: row.recordId,
			subject: row.address,
			before: before ? waitingAs(before) : null,
			after: waitingAs(after),
		});
	}

	removeInbox(row: InboxRow): void {
		this.inboxByKey.delete(row.key);
		this.dirtyInbox.delete(row.key);
		this.removedInbox.set(row.key, row);
		this.change('inboxRemoved', { objectType: 'people', objectId: row.recordId, subject: row.address, before: waitingAs(row) });
	}

	/** Where a flow is; it is no part of the history. */
	putCheckpoint(row: CheckpointRow): void {
		this.checkpoints.push(row);
	}

	putSetting(key: string, value: unknown, before: unknown): void {
		this.settings.push({ key, value: JSON.stringify(value) });
		this.settingsByKey.set(key, JSON.stringify(value));
		this.change('settingUpdated', { subject: key, before, after: value });
	}

	/** Like {@link putSetting}, and the history does not show the value. */
	putSecretSetting(key: string, value: unknown): void {
		this.settings.push({ key, value: JSON.stringify(value) });
		this.change('settingUpdated', { subject: key });
	}

	/** What is done in `act` turns a change of the history round. */
	turningRound<T>(seq: number, act: () => T): T {
		this.undoes = seq;
		try {
			return act();
		} finally {
			this.undoes = null;
		}
	}

	/** Within {@link turningRound}: what is done in `act` is a change of its own. */
	aside(act: () => void): void {
		const { undoes } = this;
		this.undoes = null;
		act();
		this.undoes = undoes;
	}

	/** Adds rows that a later step of a rehearsal has read; those that are known stay as the steps before left them. */
	learn(snapshot: Snapshot): void {
		this.index({
			...snapshot,
			configurations: snapshot.configurations.filter((row) => !this.configurationsByKey.has(configurationKey(row)) && !this.removedConfigurations.some((removed) => configurationKey(removed) === configurationKey(row))),
			mappings: snapshot.mappings.filter(({ id }) => !this.byId.has(id)),
			records: snapshot.records.filter(({ id }) => !this.records.has(id)),
			emails: snapshot.emails.filter(({ key, recordId }) => !this.removedEmails.has(`${key}\n${recordId}`) && !this.emailsOf(recordId).some((row) => row.key === key)),
			domains: snapshot.domains.filter(({ domain, accountId }) => !this.removedDomains.has(`${domain}\n${accountId}`) && !this.domainsOf(accountId).some((row) => row.domain === domain)),
			inbox: snapshot.inbox.filter(({ key }) => !this.removedInbox.has(key) && !this.inboxByKey.has(key)),
		});
		this.changes.length = 0;
	}

	markUndone(runId: string, undoneBy: string): void {
		this.undoneRuns.push({ id: runId, undoneBy });
	}

	/** What an undo had undone is in effect again, or will be. */
	takeBackUndo(undoId: string): void {
		this.undosTakenBack.push(undoId);
	}

	/** Another registry's history, as it was there. */
	takeHistory(runs: readonly KeptRun[], changes: Writes['takenChanges']): void {
		for (const run of runs) this.takenRuns.push(run);
		for (const change of changes) this.takenChanges.push(change);
	}

	/** Everything to be written; undefined when nothing is. */
	writes(): Writes | undefined {
		const others = [this.changes, this.checkpoints, this.undoneRuns, this.undosTakenBack, this.takenRuns, this.takenChanges];
		if (others.every(({ length }) => length === 0)) return undefined;
		const configurations = pick(this.dirtyConfigurations, this.configurationsByKey);
		return {
			configurations,
			deletedConfigurations: this.removedConfigurations,
			mappings: [...this.endedMappings, ...this.newMappings],
			records: pick(this.dirtyRecords, this.records),
			touchedRecords: [...this.touchedRecords].filter((id) => !this.dirtyRecords.has(id)),
			// Those that are primary no more first: the store allows one primary address a record.
			emails: [...this.dirtyEmails].sort((a, b) => Number(a.isPrimary) - Number(b.isPrimary)),
			removedEmails: [...this.removedEmails.values()],
			domains: [...this.dirtyDomains],
			removedDomains: [...this.removedDomains.values()],
			inbox: pick(this.dirtyInbox, this.inboxByKey),
			removedInbox: [...this.removedInbox.values()],
			settings: this.settings,
			checkpoints: this.checkpoints,
			erasure: joined(this.erasures),
			erasedKeys: this.erasedKeys,
			allowedAgain: [...this.allowedAgain],
			changes: this.changes,
			undoneRuns: this.undoneRuns,
			undosTakenBack: this.undosTakenBack,
			takenRuns: this.takenRuns,
			takenChanges: this.takenChanges,
		};
	}

	private change(kind: ChangeKind, about: Partial<Omit<ChangeRow, 'kind' | 'at'>>): void {
		// What hangs on a record changes it too: its time of change moves, for those who sync what is new.
		if (about.objectId) this.touchedRecords.add(about.objectId);
		this.changes.push({
			kind,
			at: this.now,
			objectType: about.objectType ?? null,
			objectId: about.objectId ?? null,
			subject: about.subject ?? null,
			externalType: about.externalType ?? null,
			before: about.before ?? null,
			after: about.after ?? null,
			undoes: this.undoes,
		});
	}

	private changeMapping(kind: ChangeKind, row: MappingRow, before: unknown, after: unknown): void {
		const { objectType, objectId, externalType, id: subject } = row;
		this.change(kind, { objectType, objectId, externalType, subject, before, after });
	}

	private changeDomain(kind: ChangeKind, objectId: string, subject: string, before: unknown, after: unknown): void {
		this.change(kind, { objectType: 'accounts', objectId, subject, before, after });
	}

	private freeSlot(objectId: string, externalType: string): number {
		const taken = new Set(this.currentOf(objectId, externalType).map((row) => row.slot));
		let slot = 0;
		while (taken.has(slot)) slot++;
		return slot;
	}

	/** @returns the address that was primary */
	private demotePrimary(recordId: string): string | undefined {
		const row = this.emailsOf(recordId).find(({ isPrimary }) => isPrimary);
		if (!row) return undefined;
		row.isPrimary = false;
		this.dirtyEmails.add(row);
		return row.address;
	}
}

/** All of an inbox row but its times, so that it can be put back. */
function waitingAs({ key, address, name, domain, recordId, reason, state, origin }: InboxRow): Omit<InboxRow, 'createdAt' | 'updatedAt' | 'site'> {
	return { key, address, name, domain, recordId, reason, state, origin };
}

function joined(erasures: readonly Erasure[]): Erasure | undefined {
	if (erasures.length === 0) return undefined;
	const all = <Name extends keyof Erasure>(name: Name) => erasures.flatMap((each) => each[name] as Erasure[Name][number][]) as Erasure[Name];
	return { objectIds: all('objectIds'), ids: all('ids'), inbox: all('inbox'), addresses: all('addresses') };
}

function pick<K, V>(keys: ReadonlySet<K>, map: ReadonlyMap<K, V>): V[] {
	return [...keys].map((key) => map.get(key)).filter((row): row is V => row !== undefined);
}
