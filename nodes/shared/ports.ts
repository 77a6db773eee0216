import type { ObjectType, Outcome } from './identity/outcome';
import type { Caller } from './node/operation';

/**
 * What a system can do, as small interfaces; a system implements those it has, and one contract suite a port runs
 * against all that implement it. Every method takes many entries and settles each with one outcome.
 */

/** Who asks for some work, when to stop, and where to tell what became of each entry. */
export interface Work {
	readonly caller: Caller;
	/** Label of the operation, for the history: `mapping:create`. */
	readonly operation: string;
	/** Aborted when the work should stop; the rest is settled as `notAttempted`. */
	readonly signal?: AbortSignal;
	/** Told once for each entry, as soon as it is certain. */
	settle(index: number, outcome: Outcome | readonly Outcome[]): void;
}

/** An External Type as a builder chose it. */
export interface TypeChoice {
	name: unknown;
	/** Picked in the list (never an expression): made when it does not exist yet. */
	picked: boolean;
}

/** An External ID as it comes from an item. */
export interface ExternalIdEntry {
	externalType: TypeChoice;
	externalId: unknown;
}

export type ConflictChoice = 'conflict' | 'take';

/** What to do where an External ID or a record is taken already. */
export interface ConflictChoices {
	/** When the record has another ID of the type: conflict, or `take` (the old one becomes former). */
	whenRecordHasOther: ConflictChoice;
	/** When the ID belongs to another record: conflict, or `take` (it is moved). */
	whenIdBelongsToOther: ConflictChoice;
}

export interface ConfigurationEntry {
	objectType: unknown;
	externalType: unknown;
	maxLength?: unknown;
	idsPerObject?: unknown;
	idFormat?: unknown;
	pattern?: unknown;
	example?: unknown;
}

export interface ConfigurationStore {
	/** Makes what is not there yet; settings that are given and differ are changed. */
	ensureConfigurations(entries: readonly ConfigurationEntry[], work: Work): Promise<void>;
	deleteConfigurations(
		entries: ReadonlyArray<{ objectType: unknown; externalType: unknown }>,
		options: { alsoMappings: boolean },
		work: Work,
	): Promise<void>;
}

export interface MappingEntry extends ExternalIdEntry {
	objectType: ObjectType;
	objectId: unknown;
}

/** Names mappings: one by type and External ID, or any number by Mapping ID. */
export type MappingName = { mappingIds: unknown } | ({ objectType: ObjectType } & ExternalIdEntry);

/** Names one object by one of its keys. */
export type ObjectName =
	| { by: 'externalId'; objectType: ObjectType; externalType: TypeChoice; externalId: unknown }
	| { by: 'objectId'; objectType: ObjectType; objectId: unknown }
	| { by: 'email'; objectType: ObjectType; email: unknown };

export interface MappingStore {
	createMappings(entries: readonly MappingEntry[], choices: ConflictChoices, work: Work): Promise<void>;
	deleteMappings(entries: ReadonlyArray<{ name: MappingName; onlyIfObjectId?: unknown }>, work: Work): Promise<void>;
	/** The record that each External ID belongs to. */
	resolve(names: readonly ObjectName[], work: Work): Promise<void>;
	/** The ID of the same object in another system. */
	translate(entries: ReadonlyArray<{ name: ObjectName; toType: TypeChoice }>, work: Work): Promise<void>;
}

export interface UpsertEntry {
	objectType: ObjectType;
	ids: readonly ExternalIdEntry[];
	/** Fields of the record by name; `email` (people, users) and `domains` (accounts) have their own meaning. */
	fields: Readonly<Record<string, unknown>>;
	/** The account of a person. */
	account?: ObjectName;
}

export interface UpsertChoices {
	/** When the ID is new but the e-mail (people, users) is known. */
	whenEmailKnown: 'link' | 'create' | 'conflict';
	/** When the ID is new but an account with exactly that Related Domain is known. */
	whenDomainKnown: 'link' | 'create' | 'conflict';
	/** What an empty value in the input means. */
	emptyValues: 'ignore' | 'clear';
	/** When items of one run give one record different values. */
	whenItemsDisagree: 'conflict' | 'last';
	/** Whether a deleted record comes back. */
	restoreDeleted: boolean;
}

export interface RecordStore {
	upsertRecords(entries: readonly UpsertEntry[], choices: UpsertChoices, work: Work): Promise<void>;
	getRecords(names: readonly ObjectName[], work: Work): Promise<void>;
	deleteRecords(names: readonly ObjectName[], options: { restore: boolean }, work: Work): Promise<void>;
}

export interface DomainEntry {
	account: ObjectName;
	/** One domain, a comma-separated text, or a list. */
	domains: unknown;
	preferred?: boolean;
}

export interface DomainDirectory {
	changeDomains(how: 'add' | 'remove' | 'set', entries: readonly DomainEntry[], work: Work): Promise<void>;
	/** Which account an e-mail address or a domain belongs to, and why. Writes nothing. */
	matchDomains(entries: readonly unknown[], options: { skipRoleAddresses: boolean }, work: Work): Promise<void>;
}
