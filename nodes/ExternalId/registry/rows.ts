import type { IdFormat } from '../../shared/identity/externalId';
import type { ObjectType } from '../../shared/identity/outcome';

/**
 * The rows of the registry, as every store engine gives and takes them. Times are milliseconds since 1970 (UTC).
 * The workspace is part of every key in the store and of no row here: one unit of work stays within one workspace.
 */

export interface ConfigurationRow {
	objectType: ObjectType;
	externalType: string;
	/** Code points. */
	maxLength: number;
	/** Current External IDs of this type that one object may have; 0 for any number. */
	idsPerObject: number;
	idFormat: IdFormat;
	pattern: string | null;
	example: string | null;
	createdAt: number;
	updatedAt: number;
}

/** `current` IDs are translated to; `former` ones still resolve; `deleted` ones are history. */
export type MappingState = 'current' | 'former' | 'deleted';

export interface MappingRow {
	id: string;
	objectType: ObjectType;
	externalType: string;
	/** As given. */
	externalId: string;
	/** What is compared: folded by the configuration's ID Format. */
	idKey: string;
	objectId: string;
	state: MappingState;
	/** Place among the current IDs of one type on one object (the store keeps it unique); null unless current. */
	slot: number | null;
	createdAt: number;
	endedAt: number | null;
}

export type RecordState = 'active' | 'deleted' | 'merged';

export interface RecordRow {
	id: string;
	objectType: ObjectType;
	state: RecordState;
	/** The survivor, when merged. */
	mergedInto: string | null;
	/** Account of a person. */
	accountId: string | null;
	fields: Readonly<Record<string, unknown>>;
	/** How it came to be: `manual`, `api`, `domain`, … */
	origin: string;
	createdAt: number;
	updatedAt: number;
}

export interface EmailRow {
	recordId: string;
	objectType: ObjectType;
	/** What is compared: lower case, host as A-labels. */
	key: string;
	/** As given. */
	address: string;
	isPrimary: boolean;
	createdAt: number;
}

export interface DomainRow {
	/** A-labels, lower case. */
	domain: string;
	accountId: string;
	/** Decides where several accounts share the domain. */
	preferred: boolean;
	createdAt: number;
}

export const INBOX_STATES = ['waiting', 'assigned', 'discarded'] as const;
export type InboxState = (typeof INBOX_STATES)[number];

/** An address, or a contact, that no account could be found for. */
export interface InboxRow {
	key: string;
	address: string;
	name: string | null;
	domain: string | null;
	/** The registrable domain that `domain` lies under; empty where there is none. */
	site: string;
	/** Contact that waits, when it is more than an address. */
	recordId: string | null;
	/** Why it waits: code of a trouble (`domainWithoutAccount`, `domainAmbiguous`, `domainFreeMail`), `noEmail`, `accountDeleted` or `approval`. */
	reason: string;
	state: InboxState;
	origin: string;
	createdAt: number;
	updatedAt: number;
}

/** A key of a person who was erased. The store keeps a keyed hash of it and never the key. */
export interface ErasedRow {
	/** As {@link erasedKey} writes it. */
	key: string;
	/** Stands for the person among the keys that were erased with it; tells nothing else. */
	person: string;
	erasedAt: number;
}

/** What can happen; each writes one row of history in the transaction of the change. */
export const CHANGE_KINDS = [
	'configurationCreated',
	'configurationUpdated',
	'configurationDeleted',
	'mappingCreated',
	'mappingReplaced',
	'mappingRestored',
	'mappingDeleted',
	'recordCreated',
	'recordUpdated',
	'recordDeleted',
	'recordRestored',
	'recordsMerged',
	'recordErased',
	'recordAllowedAgain',
	'emailAdded',
	'emailRemoved',
	'domainAdded',
	'domainUpdated',
	'domainRemoved',
	'inboxAdded',
	'inboxUpdated',
	'inboxRemoved',
	'settingUpdated',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export interface ChangeRow {
	kind: ChangeKind;
	at: number;
	objectType: ObjectType | null;
	objectId: string | null;
	/** What exactly changed: Mapping ID, address, domain, setting … */
	subject: string | null;
	externalType: string | null;
	before: unknown;
	after: unknown;
	/** `seq` of the change that this one turns round, if it is an undo's. */
	undoes: number | null;
}

/** A row of the history as it is read. */
export interface HistoryRow extends ChangeRow {
	/** Its place in the history: rises with each change of the store, in any workspace. */
	seq: number;
	/** The run that made it; nothing for what the registry did by itself. */
	run: RunRow | null;
}

/** One run of a node that wrote something. */
export interface RunRow {
	id: string;
	operation: string;
	workflowId: string | null;
	nodeId: string | null;
	executionId: string | null;
	origin: string;
	startedAt: number;
}

/** Who holds a lock. */
export interface LockRow {
	runId: string;
	workflowId: string | null;
	executionId: string | null;
	takenAt: number;
}

/** A batch of changes that a follower has handed on and that has not ended yet. */
export interface PendingBatch {
	/** Tells this batch from all others, also those of a registry whose places in the history are counted anew. */
	id: string;
	/** Places in the history: `from` exclusive, `to` inclusive. */
	from: number;
	to: number;
	/** 1, and one more each time it has to be handed on anew because what became of it is not known. */
	attempt: number;
}

/** How far a trigger has read the history. */
export interface FollowerRow {
	workflowId: string;
	nodeId: string;
	/** `seq` of the last change that is done with. */
	position: number;
	pending: PendingBatch | null;
	seenAt: number;
}

/** A run as it is kept. */
export interface KeptRun extends RunRow {
	/** When it wrote last. */
	writtenAt: number;
	/** Rows of history that it wrote. */
	changes: number;
	/** The run that undid it. */
	undoneBy: string | null;
}

/** How far a scheduled flow has come: a value of its own, by name. */
export interface CheckpointRow {
	name: string;
	/** JSON. */
	value: string;
	savedAt: number;
}
