import { createHash } from 'node:crypto';

/** The objects that can carry External IDs, as the services spell them. */
export const OBJECT_TYPES = ['people', 'accounts', 'users'] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

/** One word of an Object Type, for sentences: "this person already has …". */
export const OBJECT_WORD: Readonly<Record<ObjectType, string>> = {
	people: 'person',
	accounts: 'account',
	users: 'user',
};

/** Statuses that may go on unattended: they fill output 1. */
export const DONE_STATUSES = ['found', 'created', 'linked', 'updated', 'unchanged', 'deleted'] as const;
/** Statuses that say why an item was not done. */
export const TROUBLE_STATUSES = [
	'notFound',
	'skipped',
	'ambiguous',
	'conflict',
	'invalid',
	'rejected',
	'notAttempted',
] as const;

export type DoneStatus = (typeof DONE_STATUSES)[number];
export type TroubleStatus = (typeof TROUBLE_STATUSES)[number];
export type Status = DoneStatus | 'planned' | TroubleStatus;

/** What an item became, when it was done: its status and what the operation tells of it. */
export interface Done {
	status: DoneStatus;
	[key: string]: unknown;
}

/** What a dry run would do with an item. */
export interface Planned {
	status: 'planned';
	/** `nothing` where it is so already. */
	plan: 'link' | 'create' | 'replace' | 'move' | 'update' | 'delete' | 'nothing';
	[key: string]: unknown;
}

/** Why an item was not done, for people (`reason`) and for flows (`problemKey`, `retry`). */
export interface Trouble {
	status: TroubleStatus;
	/** One or two sentences: what happened, to what, and what to do. */
	reason: string;
	/** Stable for the same trouble with the same thing, so that a flow can silence repeats. */
	problemKey: string;
	/** Whether feeding the same item in again, unchanged, can help. */
	retry: boolean;
	[key: string]: unknown;
}

/** What became of one input item. It is the JSON of the output item, as it stands. */
export type Outcome = Done | Planned | Trouble;

const DONE: ReadonlySet<string> = new Set(DONE_STATUSES);

/** Whether an outcome may go on unattended (output 1). */
export function isDone(outcome: Outcome): outcome is Done {
	return DONE.has(outcome.status);
}

const TROUBLE: ReadonlySet<unknown> = new Set(TROUBLE_STATUSES);

/** Whether a check (`parseEmail`, `parseDomain`, `matchDomain`, …) gave back what is wrong, instead of what it checked. */
export function isTrouble(checked: unknown): checked is Trouble {
	return typeof checked === 'object' && checked !== null && 'problemKey' in checked && 'status' in checked && TROUBLE.has(checked.status);
}

/** Whether an outcome is one that a person has to look at: not done, and not an answer like "not found". */
export function needsAttention(outcome: Outcome): outcome is Trouble {
	return !isDone(outcome) && outcome.status !== 'planned' && outcome.status !== 'notFound' && outcome.status !== 'skipped';
}

/**
 * Makes the outcome of an item that was not done.
 *
 * @param status why, in one word of {@link TROUBLE_STATUSES}
 * @param code the kind of trouble, camelCase, stable across versions (`externalIdTooLong`)
 * @param reason one or two sentences for a builder who does not program
 * @param about what the trouble is with (type, ID, address …); hashed into `problemKey`, so it may be long
 * @param details further keys of the outcome (`conflict`, `candidates`, …)
 */
export function trouble(
	status: TroubleStatus,
	code: string,
	reason: string,
	about: readonly unknown[],
	details: Readonly<Record<string, unknown>> = {},
): Trouble {
	return {
		status,
		reason,
		problemKey: `${code}:${fingerprint(about)}`,
		retry: status === 'notAttempted',
		...details,
	};
}

/** 12 hexadecimal digits that stand for some values; not a secret. */
function fingerprint(values: readonly unknown[]): string {
	const hash = createHash('sha256');
	for (const value of values) hash.update(`${typeof value}:${String(value)}\u0000`);
	return hash.digest('hex').slice(0, 12);
}
