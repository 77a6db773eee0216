import type { ObjectType, Outcome, Trouble } from './identity/outcome';
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

/** What can tell whose an External ID is, in the order in which a backfill tries them. */
export const MATCH_KEYS = ['objectId', 'externalId', 'crmId', 'email', 'domain', 'phone'] as const;
export type MatchKey = (typeof MATCH_KEYS)[number];

/** An External ID, and what is known of the record that it belongs to. */
export interface BackfillEntry {
	externalId: unknown;
	keys: Readonly<Partial<Record<MatchKey, unknown>>>;
}

/** A record that a match key leads to. */
export interface Candidate {
	objectId: string;
	/** Its name, for people who look at a plan. */
	label: string | undefined;
	/** Its current External IDs of the type that is filled in. */
	ids: ReadonlyArray<{ key: string; externalId: string }>;
}

/** The record that holds an External ID now. */
export interface Holder extends Candidate {
	/** Whether the ID is a current one of the record; otherwise it was replaced there. */
	isCurrent: boolean;
	/** Whether the system looked for the proof that was given and the record has not got it: another may be meant. */
	lacksProof?: boolean;
	/** Why the record is out of bounds: it was deleted, erased, … */
	problem?: Trouble;
}

/** What a match key leads to. */
export interface Match {
	/** Records that have exactly this key. */
	exact: readonly Candidate[];
	/** Records that may be meant (an account that holds a parent of the domain): they are shown, and never linked. */
	likely?: readonly Candidate[];
	/** Why there is none, where that is more than that nothing has the key. */
	problem?: Trouble;
}

/** One mapping that a backfill writes. */
export interface BackfillPair {
	key: string;
	externalId: string;
	objectId: string;
	plan: 'link' | 'replace' | 'move';
	/** The record that the ID is moved away from. */
	movedFrom?: string;
	/** The IDs that give way. */
	replaced: readonly string[];
}

/** Whether to stop; looked at between batches. */
export type StopSign = Pick<AbortSignal, 'aborted'>;

/**
 * What a backfill of one External Type needs of a system. Look-ups take all keys at once, ask for them in as few calls as the
 * system can, and tell of each by its place; what a stop leaves is told nothing of.
 */
export interface BackfillSystem {
	readonly objectType: ObjectType;
	readonly externalType: string;
	/** Current IDs of the type that one record may have. */
	readonly idsPerObject: number;
	/** Checks an External ID by the rules of its type: how it is compared, and how it is stored. */
	checkId(value: unknown): { key: string; externalId: string } | Trouble;
	/** Checks a match key: how it is compared. */
	checkKey(kind: MatchKey, value: unknown): string | Trouble;
	/**
	 * Tells who has each ID, or why nobody may get it.
	 *
	 * @param proofOf the e-mail (of people and users) or domain (of accounts) that comes with an ID, where one does; a system may
	 * look whether the holder has it, if that costs no calls
	 */
	findHolders(keys: readonly string[], tell: (at: number, holder: Holder | Trouble) => void, stop: StopSign, proofOf?: (at: number) => string | undefined): Promise<void>;
	findMatches(kind: MatchKey, keys: readonly string[], tell: (at: number, match: Match) => void, stop: StopSign): Promise<void>;
	/**
	 * Keeps other backfills of the type away while this one runs. Gives the outcome `notAttempted` where another is under way;
	 * otherwise what releases it.
	 */
	lock(): Promise<Trouble | (() => Promise<void>)>;
	/** Writes mappings that were planned. What changed since the plan is looked at again, and is a conflict. */
	write(pairs: readonly BackfillPair[], tell: (at: number, outcome: Outcome) => void, stop: StopSign): Promise<void>;
	/** Calls that were made to a service so far; nothing where there is none. */
	calls?(): number;
}
