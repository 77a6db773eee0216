import type { ObjectType } from '../../shared/identity/outcome';
import type {
	ChangeKind,
	ChangeRow,
	CheckpointRow,
	ConfigurationRow,
	DomainRow,
	EmailRow,
	ErasedRow,
	FollowerRow,
	HistoryRow,
	InboxRow,
	InboxState,
	KeptRun,
	LockRow,
	MappingRow,
	MappingState,
	RecordRow,
	RecordState,
	RunRow,
} from './rows';
import type { Unit } from './unit';

/** An External ID as the store looks it up. */
export interface IdKey {
	objectType: ObjectType;
	externalType: string;
	key: string;
}

/** What a unit of work, or a reader, wants to know; everything in one consistent moment. */
export interface Reads {
	ids?: readonly IdKey[];
	mappingIds?: readonly string[];
	objectIds?: readonly string[];
	/** Addresses (keys) among the objects of one type. */
	emails?: ReadonlyArray<{ objectType: ObjectType; key: string }>;
	domains?: readonly string[];
	inbox?: readonly string[];
	/** Also load, of every object found: */
	with?: {
		/** its mappings, current and former */
		mappings?: boolean;
		emails?: boolean;
		domains?: boolean;
		/** the account of a person, as a record */
		account?: boolean;
		/** one of the people of an account, if it has any */
		people?: boolean;
		/** its rows in the inbox, by its addresses and its Object ID */
		inbox?: boolean;
		/** records that were merged into it, and into those */
		merged?: boolean;
	};
	/** Up to `limit` live mappings of one External Type. */
	ofType?: { objectType: ObjectType; externalType: string; limit: number };
	/** The settings of the workspace too. */
	settings?: boolean;
	/** Whether the unit may erase records. */
	erases?: boolean;
	/** Keys (see {@link ErasedRow}) that may be of people who were erased. Costs one look where nobody was. */
	erasedKeys?: readonly string[];
	/** Deleted mappings of these IDs too (to say "already deleted"). */
	deletedIds?: boolean;
	/** Changes (`seq`), to learn which of them are undone. */
	changes?: readonly number[];
	runs?: readonly string[];
	checkpoints?: readonly string[];
}

/** What a store found. Where a record is merged, the one that it was merged into is among the records too, as if it had been asked for. */
export interface Snapshot {
	configurations: ConfigurationRow[];
	mappings: MappingRow[];
	records: RecordRow[];
	emails: EmailRow[];
	domains: DomainRow[];
	inbox: InboxRow[];
	settings: Array<{ key: string; value: string }>;
	/** Of the accounts found, one of the people of each that has any. */
	people: Array<{ accountId: string; id: string }>;
	/** Of the changes asked for, those that an undo turned round which is itself in effect. */
	undone: number[];
	runs: KeptRun[];
	checkpoints: CheckpointRow[];
	erased: ErasedRow[];
}

/** What goes for good, with its history. */
export interface Erasure {
	objectIds: string[];
	/** Live External IDs of these objects: deleted mappings of other objects that held them go too. */
	ids: IdKey[];
	inbox: string[];
	/**
	 * Addresses, in any case: rows of history that name no object go, and those of objects that had such an address for a
	 * while and have it no more (a merge that was undone).
	 */
	addresses: string[];
}

/** The rows a unit of work wants written, in the order they must be applied. */
export interface Writes {
	configurations: ConfigurationRow[];
	deletedConfigurations: Array<Pick<ConfigurationRow, 'objectType' | 'externalType'>>;
	/** Ended ones first, so that their ID and slot are free for the new ones. */
	mappings: MappingRow[];
	records: RecordRow[];
	/** Object IDs of records whose IDs, addresses or domains changed, and nothing else of them. */
	touchedRecords: string[];
	emails: EmailRow[];
	domains: DomainRow[];
	removedEmails: Array<Pick<EmailRow, 'objectType' | 'key' | 'recordId'>>;
	removedDomains: Array<Pick<DomainRow, 'domain' | 'accountId'>>;
	inbox: InboxRow[];
	removedInbox: Array<Pick<InboxRow, 'key'>>;
	settings: Array<{ key: string; value: string }>;
	checkpoints: CheckpointRow[];
	/** Applied before anything else is written. */
	erasure: Erasure | undefined;
	erasedKeys: ErasedRow[];
	/** People (see {@link ErasedRow}) whose keys are forgotten, so that they may come back. */
	allowedAgain: string[];
	changes: ChangeRow[];
	/** Runs that are undone now, and the run that undid them. */
	undoneRuns: Array<{ id: string; undoneBy: string }>;
	/** Undos that are taken back themselves: what they had undone is in effect again. */
	undosTakenBack: string[];
	/** Another registry's history, as it was there; `changes` of a run are those that come with it. */
	takenRuns: KeptRun[];
	takenChanges: Array<ChangeRow & { runId: string }>;
}

export interface MappingFilter {
	externalType?: string;
	/** Keys of one External ID under each configuration that could hold it. */
	ids?: readonly IdKey[];
	objectType?: ObjectType;
	objectId?: string;
	states: readonly MappingState[];
}

export interface RecordFilter {
	objectType: ObjectType;
	states: readonly RecordState[];
	accountId?: string;
	/** Only records without a current External ID of this type. */
	withoutType?: string;
	/** Only records with a current External ID of this type. */
	withType?: string;
	updatedAfter?: number;
	/** Contains this text in its fields or e-mail addresses, in any case. */
	search?: string;
}

/** Rows of the inbox; what is given must fit, all of it. */
export interface InboxFilter {
	states: readonly InboxState[];
	reason?: string;
	/** This registrable domain; looks at nothing else when the states are one. */
	site?: string;
	/** This domain or one under it. */
	domain?: string;
	/** Contained in the address or the name, in any case. */
	search?: string;
}

/** Rows of the history; what is given must fit, all of it. */
export interface ChangeFilter {
	runId?: string;
	objectId?: string;
	kinds?: ReadonlySet<ChangeKind>;
	objectType?: ObjectType;
	externalType?: string;
	/** Milliseconds since 1970, both inclusive. */
	from?: number;
	to?: number;
}

/** The live mapping of an External ID, in short. */
export interface HolderRow {
	key: string;
	/** As it was asked. */
	proof: string | null;
	lacksProof: boolean;
	externalId: string;
	objectId: string;
	state: MappingState;
	recordState: RecordState;
}

/** One step of a scan: the rows that fit, and where to go on. A page may be empty and not the last. */
export interface Page<Row> {
	rows: Row[];
	/** Undefined when the scan is at its end. */
	next: string | undefined;
}

export interface StoreStatus {
	engine: string;
	/** File or database. */
	location: string;
	bytes: number;
	schemaVersion: number;
	engineVersion: string;
}

/** Tables that can be counted, with what their rows are grouped by. */
export type Counted =
	/** Object Type, External Type, state */
	| 'mapping'
	/** Object Type, state */
	| 'record'
	/** state */
	| 'inbox'
	/** those of the inbox that wait: registrable domain, reason */
	| 'waiting'
	/** not grouped */
	| 'related_domain';

/**
 * What keeps a registry. Two engines implement it; one contract suite runs against both.
 *
 * A store knows rows, keys and transactions, and no rules. Its uniqueness is the database's: one live mapping for each
 * Object Type, External Type and External ID; one current mapping for each slot of an object. Every method may throw a
 * {@link RegistryError} and, when it does, has written nothing.
 */
export interface Store {
	/** Reads in one consistent moment. */
	read(workspace: string, reads: Reads): Promise<Snapshot>;

	/**
	 * Reads, decides and writes in one transaction: durable when the promise resolves, nothing written when it rejects.
	 * `decide` is synchronous and may be called again with newer rows when another writer was faster.
	 */
	transact<T>(workspace: string, reads: Reads, run: RunRow | undefined, decide: (unit: Unit) => T): Promise<T>;

	/**
	 * Who has some External IDs of one type: what a backfill asks of 100,000, so no more than it needs. With a proof, an e-mail (of
	 * people and users) or a domain (of accounts), it tells whether the holder has it.
	 */
	findHolders(workspace: string, type: Omit<IdKey, 'key'>, asked: ReadonlyArray<{ key: string; proof: string | null }>): Promise<HolderRow[]>;

	configurations(workspace: string): Promise<ConfigurationRow[]>;
	settings(workspace: string): Promise<Map<string, string>>;

	/** Scans look at a bounded number of rows a call, so that no call is long. `after` is the `next` of the page before. */
	scanMappings(workspace: string, filter: MappingFilter, after: string | undefined, limit: number): Promise<Page<MappingRow>>;
	scanRecords(workspace: string, filter: RecordFilter, after: string | undefined, limit: number): Promise<Page<RecordRow>>;
	scanDomains(workspace: string, filter: { accountId?: string; domain?: string }, after: string | undefined, limit: number): Promise<Page<DomainRow>>;

	/** By Object Type and address, so that those with one address come one after the other. */
	scanEmails(workspace: string, after: string | undefined, limit: number): Promise<Page<EmailRow>>;
	checkpoints(workspace: string): Promise<CheckpointRow[]>;
	scanInbox(workspace: string, filter: InboxFilter, after: string | undefined, limit: number): Promise<Page<InboxRow>>;
	/** Whether any record of the workspace was merged into another. */
	hasMerged(workspace: string): Promise<boolean>;
	/** Makes what was deleted unreadable in what the engine keeps beside its tables, as far as it can now. */
	emptyLogs(): Promise<void>;

	/**
	 * The history: from a place on (`after`: a `seq`, exclusive) towards newer rows, or towards older ones.
	 * A page whose filter looks at all of a store's workspaces may be empty and not the last.
	 */
	scanChanges(workspace: string, filter: ChangeFilter, towards: 'newer' | 'older', after: string | undefined, limit: number): Promise<Page<HistoryRow>>;
	/** `seq` of the newest change of all workspaces, 0 where there is none. No change that is not seen yet comes at or before it. */
	lastChange(): Promise<number>;

	/** How far a trigger has read the history; undefined for one that never did. */
	follower(workspace: string, workflowId: string, nodeId: string): Promise<FollowerRow | undefined>;
	putFollower(workspace: string, row: FollowerRow): Promise<void>;
	/** The least position of the followers that were seen since (ms): what comes after it is still needed. Undefined where there are none. */
	leastPosition(workspace: string, seenSince: number): Promise<number | undefined>;

	run(workspace: string, id: string): Promise<KeptRun | undefined>;
	/** Runs, the newest first; `before` is the ID of the last one seen. */
	runs(workspace: string, before: string | undefined, limit: number): Promise<KeptRun[]>;

	/**
	 * Takes a lock for a run, or tells that the run still has it; a lock that was not confirmed for `staleAfter` ms may be taken away.
	 *
	 * @returns who holds it now
	 */
	takeLock(workspace: string, name: string, run: RunRow, staleAfter: number): Promise<LockRow>;
	releaseLock(workspace: string, name: string, runId: string): Promise<void>;

	/** Rows of a table by group, counted in bounded steps. */
	count(workspace: string, what: Counted): Promise<Array<{ group: string[]; rows: number }>>;
	status(): Promise<StoreStatus>;

	/**
	 * Removes history older than `before` (ms), a bounded window at a time: from the position `after` on, and gives the next
	 * position, or undefined when all that follows is newer, or comes after `upTo`, the last position that may go.
	 */
	purgeChanges(workspace: string, before: number, after: number, upTo?: number): Promise<number | undefined>;
}
