import type { DomainOwner } from '../../shared/identity/match';
import type { ObjectType } from '../../shared/identity/outcome';
import type { CheckpointRow, ConfigurationRow, DomainRow, EmailRow, ErasedRow, InboxRow, KeptRun, MappingRow, RecordRow, RecordState } from './rows';
import type { IdKey, Snapshot } from './store';

/** Text that stands for an External ID in a map. */
export function idKeyText({ objectType, externalType, key }: IdKey): string {
	return `${objectType}\n${externalType}\n${key}`;
}

const MOST_POINTERS = 100_000;

/** Rows that were read, by the keys that rules ask for. */
export class Known {
	protected readonly byId = new Map<string, MappingRow>();
	protected readonly byKey = new Map<string, MappingRow>();
	protected readonly deletedKeys = new Set<string>();
	protected readonly byObject = new Map<string, MappingRow[]>();
	protected readonly records = new Map<string, RecordRow>();
	protected readonly emailsByKey = new Map<string, EmailRow[]>();
	protected readonly emailsByRecord = new Map<string, EmailRow[]>();
	protected readonly domainsByName = new Map<string, DomainRow[]>();
	protected readonly domainsByAccount = new Map<string, DomainRow[]>();
	protected readonly inboxByKey = new Map<string, InboxRow>();
	protected readonly configurationsByKey = new Map<string, ConfigurationRow>();

	protected readonly settingsByKey = new Map<string, string>();
	private readonly checkpointsByName = new Map<string, CheckpointRow>();
	private readonly personOfAccount = new Map<string, string>();
	private readonly undoneChanges = new Set<number>();
	private readonly runsById = new Map<string, KeptRun>();
	protected readonly erasedByKey = new Map<string, ErasedRow>();

	constructor(snapshot: Snapshot) {
		this.index(snapshot);
	}

	protected index(snapshot: Snapshot): void {
		for (const { key, value } of snapshot.settings) this.settingsByKey.set(key, value);
		for (const row of snapshot.configurations) this.configurationsByKey.set(configurationKey(row), row);
		for (const row of snapshot.mappings) this.indexMapping(row);
		for (const row of snapshot.records) this.records.set(row.id, row);
		for (const row of snapshot.emails) this.indexEmail(row);
		for (const row of snapshot.domains) this.indexDomain(row);
		for (const row of snapshot.inbox) this.inboxByKey.set(row.key, row);
		for (const row of snapshot.checkpoints) this.checkpointsByName.set(row.name, row);
		for (const { accountId, id } of snapshot.people) this.personOfAccount.set(accountId, id);
		for (const seq of snapshot.undone) this.undoneChanges.add(seq);
		for (const row of snapshot.runs) this.runsById.set(row.id, row);
		for (const row of snapshot.erased) this.erasedByKey.set(row.key, row);
	}

	configuration(objectType: ObjectType, externalType: string): ConfigurationRow | undefined {
		return this.configurationsByKey.get(configurationKey({ objectType, externalType }));
	}

	configurations(): ConfigurationRow[] {
		return [...this.configurationsByKey.values()];
	}

	/** The live mapping (current or former) of an External ID. */
	mapping(id: IdKey): MappingRow | undefined {
		return this.byKey.get(idKeyText(id));
	}

	/** Whether the External ID was mapped once and its mapping deleted. */
	wasDeleted(id: IdKey): boolean {
		return this.deletedKeys.has(idKeyText(id));
	}

	mappingById(id: string): MappingRow | undefined {
		return this.byId.get(id);
	}

	/** Live mappings of an object, oldest first. */
	mappingsOf(objectId: string): readonly MappingRow[] {
		return this.byObject.get(objectId) ?? [];
	}

	/** The live mappings of a type that were read. */
	mappingsOfType(objectType: ObjectType, externalType: string): MappingRow[] {
		return [...this.byKey.values()].filter((row) => row.objectType === objectType && row.externalType === externalType);
	}

	currentOf(objectId: string, externalType: string): MappingRow[] {
		return this.mappingsOf(objectId).filter((row) => row.externalType === externalType && row.state === 'current');
	}

	record(id: string): RecordRow | undefined {
		return this.records.get(id);
	}

	/** The record that an Object ID leads to: where it was merged, the one that it was merged into. */
	survivorOf(id: string): RecordRow | undefined {
		let record = this.records.get(id);
		// A pointer never leads back; the count only keeps a damaged file from holding us up.
		for (let steps = 0; record?.state === 'merged' && record.mergedInto !== null && steps < MOST_POINTERS; steps++) record = this.records.get(record.mergedInto);
		return record;
	}

	/** The live account of a person, if its account was read. */
	accountOf(person: RecordRow): RecordRow | undefined {
		const account = person.accountId === null ? undefined : this.survivorOf(person.accountId);
		return account?.state === 'active' ? account : undefined;
	}

	/** Records that were read and were merged into one, directly or by way of others. */
	mergedInto(id: string): RecordRow[] {
		return [...this.records.values()].filter((row) => row.state === 'merged' && row.id !== id && this.survivorOf(row.id)?.id === id);
	}

	/** When and with what other keys the owner of a key was erased, if that was asked for. */
	erased(key: string): ErasedRow | undefined {
		return this.erasedByKey.get(key);
	}

	/** Records of a type that have the address: the live ones, or those in another state. */
	recordsByEmail(objectType: ObjectType, key: string, state: RecordState = 'active'): RecordRow[] {
		return (this.emailsByKey.get(key) ?? [])
			.filter((row) => row.objectType === objectType)
			.map((row) => this.records.get(row.recordId))
			.filter((row): row is RecordRow => row?.state === state);
	}

	emailsOf(recordId: string): readonly EmailRow[] {
		return this.emailsByRecord.get(recordId) ?? [];
	}

	/** Live accounts that hold the domain. */
	ownersOf(domain: string): DomainOwner[] {
		return (this.domainsByName.get(domain) ?? [])
			.filter((row) => this.records.get(row.accountId)?.state === 'active')
			.map(({ accountId, preferred }) => ({ accountId, preferred }));
	}

	domainsOf(accountId: string): readonly DomainRow[] {
		return this.domainsByAccount.get(accountId) ?? [];
	}

	/** The stored text of a setting, if settings were read. */
	setting(key: string): string | undefined {
		return this.settingsByKey.get(key);
	}

	inbox(key: string): InboxRow | undefined {
		return this.inboxByKey.get(key);
	}

	checkpoint(name: string): CheckpointRow | undefined {
		return this.checkpointsByName.get(name);
	}

	/** Object ID of one of the people of an account, deleted ones too; undefined when it has none. */
	personOf(accountId: string): string | undefined {
		const id = this.personOfAccount.get(accountId);
		const moved = id === undefined ? undefined : this.records.get(id);
		return moved && moved.accountId !== accountId ? undefined : id;
	}

	/** Whether a change is undone, as the store knows it. */
	isUndone(seq: number): boolean {
		return this.undoneChanges.has(seq);
	}

	run(id: string): KeptRun | undefined {
		return this.runsById.get(id);
	}

	/** Rows of the inbox that were read. */
	inboxRows(): InboxRow[] {
		return [...this.inboxByKey.values()];
	}

	protected indexMapping(row: MappingRow): void {
		this.byId.set(row.id, row);
		const text = idKeyText({ ...row, key: row.idKey });
		if (row.state === 'deleted') {
			this.deletedKeys.add(text);
			return;
		}
		this.byKey.set(text, row);
		append(this.byObject, row.objectId, row);
	}

	protected unindexMapping(row: MappingRow): void {
		const text = idKeyText({ ...row, key: row.idKey });
		if (this.byKey.get(text) === row) this.byKey.delete(text);
		without(this.byObject, row.objectId, row);
	}

	protected indexEmail(row: EmailRow): void {
		append(this.emailsByKey, row.key, row);
		append(this.emailsByRecord, row.recordId, row);
	}

	protected indexDomain(row: DomainRow): void {
		append(this.domainsByName, row.domain, row);
		append(this.domainsByAccount, row.accountId, row);
	}
}

export function configurationKey({ objectType, externalType }: Pick<ConfigurationRow, 'objectType' | 'externalType'>): string {
	return `${objectType}\n${externalType}`;
}

export function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
	const list = map.get(key);
	if (list) list.push(value);
	else map.set(key, [value]);
}

export function without<K, V>(map: Map<K, V[]>, key: K, value: V): void {
	const list = map.get(key);
	if (list) map.set(key, list.filter((each) => each !== value));
}
