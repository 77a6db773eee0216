import isEqual from 'lodash/isEqual';

import { parseEmail } from '../../shared/identity/email';
import { isTrouble, OBJECT_WORD, trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import { valueNow, withValues } from './changedFields';
import { externalIdOf, valuesOf, wordsOf } from './changeWords';
import type { Registry } from './registry';
import type { ChangeKind, ConfigurationRow, HistoryRow, InboxRow, MappingState, RecordRow, RecordState } from './rows';
import type { Reads } from './store';
import type { Unit } from './unit';

/** What became of a change that was to be turned round: done, not needed, or why it cannot be. */
export type Turned = 'undone' | 'unchanged' | Trouble;

/** In what an undo works. */
export interface Undoing {
	registry: Registry;
	unit: Unit;
	/** Records that this very run deleted or merged: that is turned round as well, only later, for it came first. */
	endedHere: ReadonlySet<string>;
	/** By Mapping ID the run's first change of it (`seq`): only that one says what stays, so only it has to keep to what is allowed. */
	firstOf: ReadonlyMap<string, number>;
}

type Values = Readonly<Record<string, unknown>>;
type Turn = (undoing: Undoing, change: HistoryRow, before: Values, after: Values) => Turned;

/** For each kind of change what turns it round, where the registry still is as the change left it. */
const TURNS: Readonly<Record<ChangeKind, Turn>> = {
	configurationCreated: turnConfiguration,
	configurationUpdated: turnConfiguration,
	configurationDeleted: turnConfiguration,
	mappingCreated: (undoing, change, _before, after) => turnMapping(undoing, change, stateIn(after) ?? 'current', 'deleted'),
	mappingReplaced: turnMappingState,
	mappingRestored: turnMappingState,
	mappingDeleted: turnMappingState,
	recordCreated: turnCreation,
	recordUpdated: turnUpdate,
	recordDeleted: turnRecordState,
	recordRestored: turnRecordState,
	recordsMerged: turnRecordState,
	recordErased: (_undoing, change) => trouble('conflict', 'erasedForGood', 'An erased person cannot be brought back: nothing of them was kept.', [change.seq]),
	recordAllowedAgain: (_undoing, change) => trouble('conflict', 'allowedForGood', 'That an erased person was allowed again is not undone. Erase the person again.', [change.seq]),
	emailAdded: turnEmailAdded,
	emailRemoved: turnEmailRemoved,
	domainAdded: turnDomainAdded,
	domainUpdated: turnDomainChange,
	domainRemoved: turnDomainChange,
	inboxAdded: turnInbox,
	inboxUpdated: turnInbox,
	inboxRemoved: turnInbox,
	settingUpdated: turnSetting,
};

/** Turns one change round. A trouble changes nothing, or tells which part of the change was left. */
export function turnRound(undoing: Undoing, change: HistoryRow): Turned {
	return TURNS[change.kind](undoing, change, valuesOf(change.before), valuesOf(change.after));
}

export const RESTORES_MAPPING: ReadonlySet<ChangeKind> = new Set(['mappingReplaced', 'mappingRestored', 'mappingDeleted']);

/**
 * What has to be read to turn some changes round, of mappings that come back also who has their External ID now; and the
 * records that something is to be put back on and that are deleted or merged.
 */
export async function readsOfChanges(registry: Registry, changes: readonly HistoryRow[]): Promise<{ reads: Reads; ended: RecordRow[] }> {
	const subjects = (...kinds: ChangeKind[]) => changes.flatMap(({ kind, subject }) => (subject !== null && kinds.includes(kind) ? [subject] : []));
	const has = (...kinds: ChangeKind[]) => changes.some(({ kind }) => kinds.includes(kind));
	const ended = subjects('mappingDeleted', 'mappingRestored');
	const accounts = changes.flatMap(({ before }) => {
		const { accountId } = valuesOf(before);
		return typeof accountId === 'string' ? [accountId] : [];
	});
	const holders = [...accounts, ...changes.flatMap(({ kind, objectId }) => (objectId !== null && RESTORES_MAPPING.has(kind) ? [objectId] : []))];
	const first = ended.length + holders.length === 0 ? undefined : await registry.store.read(registry.workspace, { mappingIds: ended, objectIds: holders });
	const ofType = changes.find(({ kind }) => kind === 'configurationCreated' || kind === 'configurationUpdated');
	const reads: Reads = {
		changes: changes.map(({ seq }) => seq),
		mappingIds: subjects('mappingCreated', 'mappingReplaced', 'mappingRestored', 'mappingDeleted'),
		// A key never changes, so it may be read before the transaction.
		ids: first?.mappings.map(({ objectType, externalType, idKey }) => ({ objectType, externalType, key: idKey })),
		objectIds: [...changes.flatMap(({ kind, objectId }) => (objectId === null || kind === 'mappingCreated' ? [] : [objectId])), ...accounts],
		domains: subjects('domainUpdated', 'domainRemoved'),
		inbox: changes.flatMap((change) => inboxKeyOf(change) ?? []),
		settings: has('settingUpdated'),
		...(ofType?.objectType && ofType.externalType ? { ofType: { objectType: ofType.objectType, externalType: ofType.externalType, limit: 1 } } : {}),
		with: {
			mappings: has('recordCreated') || changes.some(({ kind }) => RESTORES_MAPPING.has(kind)),
			emails: has('recordCreated', 'emailAdded', 'emailRemoved'),
			domains: has('recordCreated', 'domainAdded', 'domainUpdated', 'domainRemoved'),
			people: changes.some(({ kind, objectType }) => kind === 'recordCreated' && objectType === 'accounts'),
		},
	};
	return { reads, ended: first?.records.filter(({ state }) => state !== 'active') ?? [] };
}

function turnMappingState(undoing: Undoing, change: HistoryRow, before: Values, after: Values): Turned {
	const [was, left] = [stateIn(before), stateIn(after)];
	return was && left ? turnMapping(undoing, change, left, was) : unknown(change);
}

function turnMapping({ registry, unit, endedHere, firstOf }: Undoing, change: HistoryRow, left: MappingState, wanted: MappingState): Turned {
	const row = unit.mappingById(change.subject ?? '');
	if (!row) return gone(change);
	if (row.state === wanted) return 'unchanged';
	if (row.state !== left) return changedSince(change, `it is ${row.state} now`, { left, now: row.state });
	if (wanted !== 'deleted') {
		const { objectType, externalType, externalId, objectId } = row;
		if (!unit.configuration(objectType, externalType)) return changedSince(change, `the External Type ${externalType} does not exist any more`);
		const holder = unit.mapping({ objectType, externalType, key: row.idKey });
		if (holder && holder.id !== row.id) return changedSince(change, `the ID "${shown(externalId)}" belongs to ${holder.objectId} now`, { wanted: { externalId, objectId }, existing: { mappingId: holder.id, objectId: holder.objectId } });
		const record = unit.record(objectId);
		if (record?.state === 'merged' && !endedHere.has(objectId)) return changedSince(change, `${objectId} was merged into ${record.mergedInto ?? 'another record'}`);
		const current = unit.currentOf(objectId, externalType);
		if (wanted === 'current' && firstOf.get(row.id) === change.seq && current.length >= registry.idsPerObject(objectType, externalType)) {
			return changedSince(change, `the record has the ${externalType} ID "${shown(current[0]?.externalId ?? '')}" now`, { wanted: { externalId, objectId }, existing: current.map(({ id, externalId: each }) => ({ mappingId: id, externalId: each })) });
		}
	}
	unit.setMappingState(row, wanted);
	return 'undone';
}

/**
 * A record that a run made goes as a deleted one does: its Object ID is never used again. Nothing must hang on it that others
 * have put there since, and nothing leads to it afterwards.
 */
function turnCreation({ unit }: Undoing, change: HistoryRow, _before: Values, after: Values): Turned {
	const record = unit.record(change.objectId ?? '');
	if (!record) return gone(change);
	if (after.fields === undefined) return unknown(change);
	const left = recordStateIn(after) ?? 'active';
	if (record.state === 'deleted' && record.accountId === null) return 'unchanged';
	if (record.state !== left) return changedSince(change, `it is ${record.state} now`, { left, now: record.state });
	const mappings = unit.mappingsOf(record.id);
	const mapping = mappings.find(({ state }) => state === 'current') ?? mappings[0];
	if (mapping) return changedSince(change, `it has the ${mapping.externalType} ID "${shown(mapping.externalId)}"`);
	const [email] = unit.emailsOf(record.id);
	if (email) return changedSince(change, `it has the e-mail ${shown(email.address)}`);
	const [domain] = unit.domainsOf(record.id);
	if (domain) return changedSince(change, `it has the Related Domain ${domain.domain}`);
	const person = unit.personOf(record.id);
	if (person !== undefined) return changedSince(change, `it has contacts, such as ${person}`);
	if (!isEqual(record.fields, after.fields)) return changedSince(change, 'its fields were changed', { left: after.fields, now: record.fields });
	if (record.accountId !== (after.accountId ?? null)) return changedSince(change, `its account is ${record.accountId ?? 'none'} now`);
	unit.updateRecord(record.id, { state: 'deleted', accountId: null }, 'recordDeleted', { state: record.state, accountId: record.accountId, ...(record.mergedInto === null ? {} : { mergedInto: record.mergedInto }) }, { state: 'deleted', accountId: null });
	return 'undone';
}

/** Fields that still are as the run left them get their old values; the others stay, and the conflict names them. */
function turnUpdate(undoing: Undoing, change: HistoryRow, before: Values, after: Values): Turned {
	const { unit } = undoing;
	const record = unit.record(change.objectId ?? '');
	if (!record) return gone(change);
	const names = Object.keys(before);
	if (names.length === 0) return unknown(change);
	const open = names.filter((name) => !isEqual(valueNow(record, name), before[name]));
	if (open.length === 0) return 'unchanged';
	const account = before.accountId;
	const lostAccount = open.includes('accountId') && typeof account === 'string' && !isUsableAccount(undoing, account);
	const ours = open.filter((name) => isEqual(valueNow(record, name), after[name] ?? null) && !(name === 'accountId' && lostAccount));
	const others = open.filter((name) => !ours.includes(name));
	const restore = () => {
		const restored = withValues(record, pick(before, ours));
		unit.updateRecord(record.id, restored, 'recordUpdated', Object.fromEntries(ours.map((name) => [name, valueNow(record, name)])), pick(before, ours));
	};
	if (others.length === 0) {
		restore();
		return 'undone';
	}
	// Not as an undo of the change, which is not wholly undone.
	if (ours.length > 0) unit.aside(restore);
	const why = lostAccount ? `its account was ${account}, which is no live account any more` : `${others.slice(0, 5).map(shown).join(', ')} changed again`;
	return changedSince(change, `${why}${ours.length > 0 ? `; ${ours.slice(0, 5).map(shown).join(', ')} got the old value back` : ''}`, {
		left: pick(after, others),
		now: Object.fromEntries(others.map((name) => [name, valueNow(record, name)])),
	});
}

function isUsableAccount({ unit, endedHere }: Undoing, accountId: string): boolean {
	const account = unit.record(accountId);
	return account !== undefined && (account.state === 'active' || endedHere.has(accountId));
}

const STATE_KIND = { active: 'recordRestored', deleted: 'recordDeleted', merged: 'recordsMerged' } as const;

function turnRecordState(undoing: Undoing, change: HistoryRow, before: Values, after: Values): Turned {
	const { unit } = undoing;
	const record = unit.record(change.objectId ?? '');
	if (!record) return gone(change);
	const [was, left] = [recordStateIn(before), recordStateIn(after)];
	if (!was || !left) return unknown(change);
	if (record.state === was) return 'unchanged';
	if (record.state !== left || (left === 'merged' && record.mergedInto !== (after.mergedInto ?? null))) {
		return changedSince(change, `it is ${record.state} now`, { left, now: record.state });
	}
	const accountId = before.accountId;
	if (typeof accountId === 'string' && !unit.record(accountId)) return changedSince(change, `its account ${accountId} is gone`);
	const patch: Partial<RecordRow> = {
		state: was,
		mergedInto: was === 'merged' && typeof before.mergedInto === 'string' ? before.mergedInto : null,
		...(accountId === undefined ? {} : { accountId: typeof accountId === 'string' ? accountId : null }),
	};
	const told = (row: RecordRow) => ({ state: row.state, ...(row.mergedInto === null ? {} : { mergedInto: row.mergedInto }), ...(accountId === undefined ? {} : { accountId: row.accountId }) });
	unit.updateRecord(record.id, patch, STATE_KIND[was], told(record), told({ ...record, ...patch }));
	return 'undone';
}

function turnEmailAdded({ unit }: Undoing, change: HistoryRow, before: Values): Turned {
	const key = emailKeyOf(change.subject);
	if (key === undefined) return unknown(change);
	const row = unit.emailsOf(change.objectId ?? '').find((each) => each.key === key);
	if (!row) return 'unchanged';
	const { isPrimary } = row;
	unit.removeEmail(row);
	const former = emailKeyOf(before.primary);
	if (isPrimary && former !== undefined) unit.makePrimary(row.recordId, former);
	return 'undone';
}

function turnEmailRemoved({ unit }: Undoing, change: HistoryRow, before: Values): Turned {
	const email = parseEmail(change.subject);
	const record = unit.record(change.objectId ?? '');
	if (!record) return gone(change);
	if (isTrouble(email) || typeof before.isPrimary !== 'boolean') return unknown(change);
	if (unit.emailsOf(record.id).some(({ key }) => key === email.key)) return 'unchanged';
	unit.addEmail(record, email, before.isPrimary || unit.emailsOf(record.id).length === 0);
	return 'undone';
}

function turnDomainAdded({ unit }: Undoing, change: HistoryRow): Turned {
	const row = unit.domainsOf(change.objectId ?? '').find(({ domain }) => domain === change.subject);
	if (!row) return 'unchanged';
	unit.removeDomain(row);
	return 'undone';
}

function turnDomainChange({ unit }: Undoing, change: HistoryRow, before: Values, after: Values): Turned {
	const { objectId, subject: domain } = change;
	const { preferred } = before;
	if (objectId === null || domain === null || typeof preferred !== 'boolean') return unknown(change);
	if (!unit.record(objectId)) return gone(change);
	const row = unit.domainsOf(objectId).find((each) => each.domain === domain);
	if (row?.preferred === preferred) return 'unchanged';
	if (change.kind === 'domainRemoved' ? row : row?.preferred !== after.preferred) return changedSince(change, row ? 'it is there again, with another preference' : 'it was taken away');
	const rival = preferred ? unit.ownersOf(domain).find((owner) => owner.preferred && owner.accountId !== objectId) : undefined;
	if (rival) return changedSince(change, `${rival.accountId} is the preferred account of ${domain} now`, { existing: rival });
	unit.putDomain(objectId, domain, preferred);
	return 'undone';
}

function turnInbox({ unit }: Undoing, change: HistoryRow, before: Values, after: Values): Turned {
	const key = inboxKeyOf(change);
	if (key === undefined) return unknown(change);
	const now = unit.inbox(key);
	const was = change.before === null ? undefined : inboxRow(before);
	const left = change.after === null ? undefined : inboxRow(after);
	if ((change.before !== null && !was) || (change.after !== null && !left)) return unknown(change);
	if (isSameWaiter(now, was)) return 'unchanged';
	if (!isSameWaiter(now, left)) return changedSince(change, now ? `it is ${now.state} now` : 'it is not in the inbox any more');
	if (was) unit.putInbox(was, was.state);
	else if (now) unit.removeInbox(now);
	return 'undone';
}

function turnSetting({ unit }: Undoing, change: HistoryRow): Turned {
	const { subject, before, after } = change;
	if (subject === null || before === null) return trouble('conflict', 'notInHistory', `The setting ${shown(subject ?? '')} is secret, so its old value was not kept. Set it by hand.`, [change.seq]);
	const stored = unit.setting(subject);
	const now: unknown = stored === undefined ? undefined : JSON.parse(stored);
	if (isEqual(now, before)) return 'unchanged';
	if (!isEqual(now, after)) return changedSince(change, 'it was changed again', { left: after, now });
	unit.putSetting(subject, before, after);
	return 'undone';
}

const CONFIGURATION_FIELDS = ['maxLength', 'idsPerObject', 'idFormat', 'pattern', 'example'] as const;

function turnConfiguration({ unit }: Undoing, change: HistoryRow): Turned {
	const { objectType, externalType } = change;
	const was = change.before as ConfigurationRow | null;
	const left = change.after as ConfigurationRow | null;
	if (objectType === null || externalType === null || (!was && !left)) return unknown(change);
	const now = unit.configuration(objectType, externalType);
	if (isSameConfiguration(now, was)) return 'unchanged';
	if (!isSameConfiguration(now, left)) return changedSince(change, now ? 'its settings were changed again' : 'it was deleted');
	const isInUse = unit.mappingsOfType(objectType, externalType).length > 0;
	if (!was && now) {
		if (isInUse) return changedSince(change, 'it has mappings');
		unit.deleteConfiguration(now);
	} else if (was) {
		if (now && isInUse && now.idFormat !== was.idFormat) return changedSince(change, 'it has mappings, which are compared by its ID Format');
		unit.putConfiguration({ objectType, externalType, maxLength: was.maxLength, idsPerObject: was.idsPerObject, idFormat: was.idFormat, pattern: was.pattern, example: was.example });
	}
	return 'undone';
}

function isSameConfiguration(a: ConfigurationRow | null | undefined, b: ConfigurationRow | null | undefined): boolean {
	if (!a || !b) return !a && !b;
	return CONFIGURATION_FIELDS.every((name) => a[name] === b[name]);
}

/** An inbox row as the history holds it; undefined where it holds only a part. */
function inboxRow(values: Values): InboxRow | undefined {
	return typeof values.key === 'string' && typeof values.state === 'string' && typeof values.origin === 'string' ? (values as unknown as InboxRow) : undefined;
}

function isSameWaiter(a: InboxRow | undefined, b: InboxRow | undefined): boolean {
	if (!a || !b) return !a && !b;
	return a.state === b.state && a.reason === b.reason && a.recordId === b.recordId;
}

function inboxKeyOf({ before, after }: HistoryRow): string | undefined {
	const key = valuesOf(after).key ?? valuesOf(before).key;
	return typeof key === 'string' ? key : undefined;
}

function emailKeyOf(address: unknown): string | undefined {
	const email = parseEmail(address);
	return isTrouble(email) ? undefined : email.key;
}

function stateIn({ state }: Values): MappingState | undefined {
	return (['current', 'former', 'deleted'] as const).find((each) => each === state);
}

function recordStateIn({ state }: Values): RecordState | undefined {
	return (['active', 'deleted', 'merged'] as const).find((each) => each === state);
}

function pick(values: Values, names: readonly string[]): Record<string, unknown> {
	return Object.fromEntries(names.map((name) => [name, values[name] ?? null]));
}

function changedSince(change: HistoryRow, why: string, conflict: Values = {}): Trouble {
	return trouble('conflict', 'changedSince', `${wordsOf(change)}. That was not undone: ${why}.`, [change.seq], { ...about(change), conflict });
}

function gone(change: HistoryRow): Trouble {
	const what = change.objectType === null ? 'record' : OBJECT_WORD[change.objectType];
	return trouble('conflict', 'goneSince', `${wordsOf(change)}. That was not undone: the ${what} is not there any more.`, [change.seq], about(change));
}

/** What was erased, or written by a version that kept less. */
function unknown(change: HistoryRow): Trouble {
	return trouble('conflict', 'notInHistory', `${wordsOf(change)}. That was not undone: the history does not hold what was there before.`, [change.seq], about(change));
}

function about(change: HistoryRow): Record<string, unknown> {
	const externalId = externalIdOf(change);
	return {
		changeId: change.seq,
		change: change.kind,
		objectType: change.objectType,
		objectId: change.objectId,
		...(change.externalType === null ? {} : { externalType: change.externalType }),
		...(externalId === undefined ? {} : { externalId }),
	};
}
