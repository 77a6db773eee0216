import omit from 'lodash/omit';

import { parseEmail } from '../../shared/identity/email';
import { isTrouble } from '../../shared/identity/outcome';
import type { ObjectType } from '../../shared/identity/outcome';
import { Pacer } from '../../shared/pace';
import { Known } from './known';
import type { Registry } from './registry';
import type { ChangeKind, HistoryRow, RunRow } from './rows';
import { shownRecord } from './views';

/** What a trigger can fire on. */
export const FEED_EVENTS = ['contactCreatedByDomain', 'contactWithoutAccount', 'recordUpdated', 'recordsMerged', 'mappingCreated', 'mappingDeleted'] as const;
export type FeedEvent = (typeof FEED_EVENTS)[number];

/** Work over many records at once that fires nothing unless asked: a builder who loads a file does not want a flow for each row. */
export const QUIET_WORK: Readonly<Record<string, (run: RunRow) => boolean>> = {
	backfill: ({ operation }) => operation === 'mapping:backfill',
	import: ({ operation, origin }) => operation === 'registry:import' || origin === 'import',
	undo: ({ operation }) => operation === 'registry:undo',
};

/** Which changes a trigger wants. */
export interface FeedChoice {
	events: ReadonlySet<FeedEvent>;
	/** Whose changes are left out: those of the trigger's own workflow would go round in circles. Undefined to take all. */
	exceptWorkflowId: string | undefined;
	/** Origins that are left out. */
	exceptOrigins: ReadonlySet<string>;
	/** Names of {@link QUIET_WORK} that fire all the same. */
	alsoFrom: ReadonlySet<string>;
	/** Whether a contact that was there already and got its account by domain counts as one that was made so. */
	withLinked: boolean;
	/** Only of these Object Types; empty for all. */
	objectTypes: ReadonlySet<ObjectType>;
	/** Of changes of mappings only those of these External Types; empty for all. */
	externalTypes: ReadonlySet<string>;
}

/** A change that a trigger wants, with the event that it is. One change is one event. */
export interface FeedEntry {
	event: FeedEvent;
	change: HistoryRow;
}

const KINDS: Readonly<Record<FeedEvent, readonly ChangeKind[]>> = {
	contactCreatedByDomain: ['recordCreated', 'recordUpdated'],
	contactWithoutAccount: ['inboxAdded', 'inboxUpdated'],
	recordUpdated: ['recordUpdated', 'recordRestored'],
	recordsMerged: ['recordsMerged'],
	mappingCreated: ['mappingCreated', 'mappingRestored'],
	mappingDeleted: ['mappingDeleted'],
};

/** Which event a change is, if it is one that is wanted. */
export function eventOf(change: HistoryRow, choice: FeedChoice): FeedEvent | undefined {
	if (!isWantedFrom(change.run, choice)) return undefined;
	if (choice.objectTypes.size > 0 && !choice.objectTypes.has(change.objectType ?? 'people')) return undefined;
	const event = FEED_EVENTS.find((each) => choice.events.has(each) && KINDS[each].includes(change.kind) && isMeant(each, change, choice));
	const isMapping = event === 'mappingCreated' || event === 'mappingDeleted';
	if (isMapping && choice.externalTypes.size > 0 && !choice.externalTypes.has(change.externalType ?? '')) return undefined;
	return event;
}

/** Whether a change of a kind that fits really is the event. */
function isMeant(event: FeedEvent, change: HistoryRow, choice: FeedChoice): boolean {
	if (event === 'contactCreatedByDomain') return isByDomain(change, choice);
	// What waits already and only gets another reason is no news.
	if (event === 'contactWithoutAccount') return part(change.after, 'state') === 'waiting' && part(change.before, 'state') !== 'waiting';
	return true;
}

function isWantedFrom(run: RunRow | null, { exceptWorkflowId, exceptOrigins, alsoFrom }: FeedChoice): boolean {
	if (run === null) return true;
	if (exceptWorkflowId !== undefined && run.workflowId === exceptWorkflowId) return false;
	if (exceptOrigins.has(run.origin)) return false;
	return Object.entries(QUIET_WORK).every(([name, isIt]) => alsoFrom.has(name) || !isIt(run));
}

/** A contact is made by domain where its record says so; one that was there is given an account with the domain that decided. */
function isByDomain({ kind, objectType, after }: HistoryRow, { withLinked }: FeedChoice): boolean {
	if (objectType !== 'people') return false;
	return kind === 'recordCreated' ? part(after, 'origin') === 'domain' : withLinked && matchOf(after) !== undefined;
}

/** The domain that gave a contact its account, where one did. */
function matchOf(after: unknown): { matchedDomain: unknown; matchKind: unknown } | undefined {
	const [matchedDomain, matchKind, accountId] = ['matchedDomain', 'matchKind', 'accountId'].map((name) => part(after, name));
	return typeof matchedDomain === 'string' && typeof matchKind === 'string' && typeof accountId === 'string' ? { matchedDomain, matchKind } : undefined;
}

/** Changes that one look at the store asks for at most. */
const LOOK = 1_000;

/**
 * The changes after a place in the history that are wanted, in their order, at most `limit`; and the place up to which all is
 * dealt with. What comes after `upTo` is not looked at.
 */
export async function readFeed(registry: Registry, choice: FeedChoice, after: number, upTo: number, limit: number, signal: AbortSignal): Promise<{ entries: FeedEntry[]; to: number }> {
	const entries: FeedEntry[] = [];
	let to = after;
	for await (const change of changesBetween(registry, choice, after, upTo, signal)) {
		const event = eventOf(change, choice);
		if (!event) continue;
		entries.push({ event, change });
		if (entries.length === limit) return { entries, to: change.seq };
		to = change.seq;
	}
	// Stopped half-way, what was not looked at must not count as dealt with.
	return { entries, to: signal.aborted ? to : upTo };
}

/** How many wanted changes lie at the beginning of a stretch of the history and are older than a moment, and where they end. */
export async function countOlder(registry: Registry, choice: FeedChoice, after: number, upTo: number, before: number, signal: AbortSignal): Promise<{ passed: number; to: number }> {
	let passed = 0;
	let to = after;
	for await (const change of changesBetween(registry, choice, after, upTo, signal)) {
		// Their order decides, not their times: where the clock jumped back, later changes may say that they are older.
		if (change.at >= before) return { passed, to };
		to = change.seq;
		if (eventOf(change, choice)) passed++;
	}
	return { passed, to };
}

async function* changesBetween(registry: Registry, choice: FeedChoice, after: number, upTo: number, signal: AbortSignal): AsyncGenerator<HistoryRow> {
	const kinds = kindsOf(choice);
	const pacer = new Pacer({ signal, every: 1 });
	for (let from: string | undefined = String(after); from !== undefined && !signal.aborted; ) {
		const page: Awaited<ReturnType<Registry['store']['scanChanges']>> = await registry.store.scanChanges(registry.workspace, { kinds }, 'newer', from, LOOK);
		for (const change of page.rows) {
			if (change.seq > upTo) return;
			yield change;
		}
		from = page.next !== undefined && Number(page.next) < upTo ? page.next : undefined;
		if (pacer.due()) await pacer.rest();
	}
}

/** Looks at the store that a manual test makes at most, newest changes first. */
const TEST_LOOKS = 50;

/** The newest change that is wanted; undefined where none is found within a bounded part of the history. */
export async function newestEntry(registry: Registry, choice: FeedChoice): Promise<FeedEntry | undefined> {
	const kinds = kindsOf(choice);
	const pacer = new Pacer({ every: 1 });
	let from: string | undefined;
	for (let look = 0; look < TEST_LOOKS; look++) {
		const page: Awaited<ReturnType<Registry['store']['scanChanges']>> = await registry.store.scanChanges(registry.workspace, { kinds }, 'older', from, LOOK);
		for (const change of page.rows) {
			const event = eventOf(change, choice);
			if (event) return { event, change };
		}
		from = page.next;
		if (from === undefined) return undefined;
		if (pacer.due()) await pacer.rest();
	}
	return undefined;
}

function kindsOf({ events, withLinked }: FeedChoice): ReadonlySet<ChangeKind> {
	const kinds = new Set([...events].flatMap((event) => KINDS[event]));
	if (!withLinked && !events.has('recordUpdated')) kinds.delete('recordUpdated');
	return kinds;
}

/** Entries whose records are read at a time. */
const DETAILS_A_STEP = 200;

/**
 * Items of some changes, in their order: one a change, with the record as it is now and what the change did. A change whose record
 * was erased since gives none.
 */
export async function shownEntries(registry: Registry, entries: readonly FeedEntry[]): Promise<Array<Record<string, unknown>>> {
	const items: Array<Record<string, unknown>> = [];
	const pacer = new Pacer({ every: 1 });
	for (let from = 0; from < entries.length; from += DETAILS_A_STEP) {
		const part = entries.slice(from, from + DETAILS_A_STEP);
		const reads = {
			objectIds: [...new Set(part.flatMap(({ change }) => recordIdOf(change) ?? []))],
			inbox: part.flatMap((entry) => inboxKeyOf(entry) ?? []),
			with: { mappings: true, emails: true, domains: true, account: true },
		};
		const known = new Known(await registry.store.read(registry.workspace, reads));
		for (const entry of part) {
			const item = shownEntry(known, entry);
			if (item) items.push(item);
		}
		if (pacer.due()) await pacer.rest();
	}
	return items;
}

/** The record that a change is about: of a merge the one that is left. */
function recordIdOf(change: HistoryRow): string | undefined {
	const survivor = change.kind === 'recordsMerged' ? part(change.after, 'mergedInto') : undefined;
	return typeof survivor === 'string' ? survivor : (change.objectId ?? undefined);
}

function inboxKeyOf({ event, change }: FeedEntry): string | undefined {
	if (event !== 'contactWithoutAccount' || change.subject === null) return undefined;
	const email = parseEmail(change.subject);
	return isTrouble(email) ? change.subject : email.key;
}

function shownEntry(known: Known, entry: FeedEntry): Record<string, unknown> | undefined {
	const { event, change } = entry;
	const recordId = recordIdOf(change);
	const record = recordId === undefined ? undefined : known.record(recordId);
	if (recordId !== undefined && !record) return undefined;
	const inboxKey = inboxKeyOf(entry);
	const waiting = inboxKey === undefined ? undefined : known.inbox(inboxKey);
	if (inboxKey !== undefined && !waiting) return undefined;
	const account = record?.accountId ? known.record(record.accountId) : undefined;
	return {
		event,
		...(record ? shownRecord(known, record) : {}),
		...(record?.objectType === 'people' ? { accountName: account?.fields.name ?? null } : {}),
		...(record?.mergedInto ? { mergedInto: record.mergedInto } : {}),
		...(waiting ? { email: waiting.address, name: waiting.name, domain: waiting.domain, reason: part(change.after, 'reason') ?? waiting.reason, inboxState: waiting.state } : {}),
		...whatChanged(event, change),
		seq: change.seq,
		changedAt: new Date(change.at).toISOString(),
		changedBy: change.run && { runId: change.run.id, operation: change.run.operation, origin: change.run.origin, workflowId: change.run.workflowId, executionId: change.run.executionId },
	};
}

function whatChanged(event: FeedEvent, { kind, externalType, subject, objectId, before, after }: HistoryRow): Record<string, unknown> {
	switch (event) {
		case 'contactCreatedByDomain':
			return { ...(matchOf(after) ?? { matchedDomain: null, matchKind: null }), isNew: kind === 'recordCreated' };
		case 'recordUpdated': {
			const match = matchOf(after);
			const now = match ? omit(Object(after) as object, Object.keys(match)) : after;
			return { changed: Object.keys(Object(now) as object), before, after: now, ...match };
		}
		case 'recordsMerged':
			return { mergedFrom: objectId };
		case 'mappingCreated':
		case 'mappingDeleted':
			return { externalType, externalId: part(after, 'externalId') ?? part(before, 'externalId') ?? null, mappingId: subject };
		default:
			return {};
	}
}

function part(value: unknown, name: string): unknown {
	return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
