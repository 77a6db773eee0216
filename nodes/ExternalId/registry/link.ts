import { parseEmail } from '../../shared/identity/email';
import type { Email } from '../../shared/identity/email';
import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import type { ConflictChoices, ExternalIdEntry, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { erasedAmong, readsOfErased } from './erased';
import { groupByKeys, inParts, sameSpelling, sortOut } from './groups';
import { allowed, itemsOf } from './mappings';
import { deletedBefore, emailOfOther, isBlank, severalWithEmail } from './objects';
import { emailKey, lookUpOwners, ownersOf } from './owners';
import { placeId, planIds } from './placement';
import { currentIds, shownMapping } from './views';
import type { CheckedId, Registry } from './registry';
import { aRecord } from './registry';
import type { RecordRow } from './rows';
import { idKeyText, Known } from './known';
import type { Unit } from './unit';

export interface LinkEntry {
	objectType: ObjectType;
	/** IDs of one object in different systems; empty ones are left out. */
	ids: readonly ExternalIdEntry[];
	email?: unknown;
}

/** Several names of one object, checked. */
export interface CheckedIds {
	index: number;
	objectType: ObjectType;
	ids: CheckedId[];
	email?: Email;
}

/**
 * Stores that IDs of several systems belong to one object: finds the object by any of them (or else by the e-mail), or
 * makes it. IDs that sit on different objects are a conflict.
 */
export async function linkIds(registry: Registry, entries: readonly LinkEntry[], choices: ConflictChoices, work: Work): Promise<void> {
	await registry.ensurePicked(entries.flatMap(({ objectType, ids }) => ids.map((id) => ({ objectType, externalType: id.externalType }))), work);
	const checked = await checkEntries(entries, work, (entry) => checkIds(registry, entry, entry.email));
	const groups = await sameObjectTogether(registry, await groupByKeys(checked, linkKeys), work);
	const { sound, doubtful } = sortOut(groups, (group) => tooManyIds(registry, group));
	await inBatches(
		inParts(sound),
		work.signal,
		async (batch) => {
			const outcomes = await registry.transact({ ...readsOfIds(batch.flat()), ...readsOfErased(batch.flat()) }, work, (unit) =>
				batch.map((group) => linkGroup(registry, unit, group, choices, work)),
			);
			batch.forEach((group, at) => group.forEach(({ index }, place) => work.settle(index, outcomes[at]?.[place] as Outcome)));
		},
		(left) => settleCancelled(left, work),
	);
	await inBatches(
		doubtful.map((each) => [each]),
		work.signal,
		async (batch) => {
			const entries = batch.flat();
			const unit = new Known(await registry.store.read(registry.workspace, readsOfIds(entries.map(({ item }) => item))));
			for (const { item, problem } of entries) work.settle(item.index, asStored(unit, item) ?? problem);
		},
		(left) => settleCancelled(left.map((entries) => entries.map(({ item }) => item)), work),
	);
}

/** Joins the groups that the store knows to be one object. */
async function sameObjectTogether(registry: Registry, byInput: readonly CheckedIds[][], work: Work): Promise<CheckedIds[][]> {
	const claims = byInput.map((items) => ({ items, ids: distinctIds(items), matchKeys: items.flatMap(({ objectType, email }) => (email ? [emailKey(objectType, email.key)] : [])) }));
	const owners = await lookUpOwners(registry, claims, work.signal);
	const joined = await groupByKeys(claims, (claim) => ownersOf(claim, owners));
	return joined.map((parts) => parts.flatMap(({ items }) => items));
}

/** `unchanged` where all that the item says is so already; the item's own trouble where its IDs are on several records. */
function asStored(known: Known, item: CheckedIds): Outcome | undefined {
	const record = recordOfIds(known, item.objectType, item.ids, false);
	if (record === undefined || isTrouble(record)) return record;
	const isSo =
		record.state === 'active' &&
		item.ids.every((id) => known.mapping(id) !== undefined) &&
		(!item.email || known.emailsOf(record.id).some(({ key }) => key === item.email?.key));
	return isSo ? tellGroup(known, [item], record, 'unchanged', new Set())[0] : undefined;
}

/** Checks the External IDs of one item: each sound, at least one there, no two of a type that allows one. */
export function checkIds(registry: Registry, entry: { objectType: ObjectType; ids: readonly ExternalIdEntry[] }, email: unknown): Omit<CheckedIds, 'index'> | Trouble {
	const ids: CheckedId[] = [];
	for (const each of entry.ids) {
		if (isBlank(each.externalId) && entry.ids.length > 1) continue;
		const id = registry.checkId(entry.objectType, each);
		if (isTrouble(id)) return id;
		if (!ids.some((other) => idKeyText(other) === idKeyText(id))) ids.push(id);
	}
	if (ids.length === 0) return trouble('invalid', 'noExternalId', 'The item has no External ID.', [entry.objectType]);
	for (const { externalType } of ids) {
		const same = ids.filter((id) => id.externalType === externalType);
		const limit = registry.idsPerObject(entry.objectType, externalType);
		if (same.length > limit) {
			return trouble('invalid', 'severalIdsOfOneType', `The item has ${same.length} ${externalType} IDs; ${allowed(limit)}.`, same.map(idKeyText));
		}
	}
	if (isBlank(email)) return { objectType: entry.objectType, ids };
	const parsed = parseEmail(email);
	return isTrouble(parsed) ? parsed : { objectType: entry.objectType, ids, email: parsed };
}

/** Keys by which items of one run belong to one object. */
export function linkKeys({ objectType, ids, email }: Omit<CheckedIds, 'index'>): string[] {
	const keys = ids.map(idKeyText);
	if (email) keys.push(`@${objectType}\n${email.key}`);
	return keys;
}

export function readsOfIds(entries: readonly CheckedIds[]) {
	return {
		ids: entries.flatMap(({ ids }) => ids),
		emails: entries.flatMap(({ objectType, email }) => (email ? [{ objectType, key: email.key }] : [])),
		with: { mappings: true, emails: true },
	};
}

/** Items of one object that together give it more IDs of a type than it may have. */
export function tooManyIds(registry: Registry, group: readonly CheckedIds[]): Trouble | undefined {
	const byType = new Map<string, Set<string>>();
	for (const { ids } of group) {
		for (const id of ids) byType.set(id.externalType, (byType.get(id.externalType) ?? new Set()).add(id.key));
	}
	const { objectType } = group[0] as CheckedIds;
	for (const externalType of [...byType.keys()].sort()) {
		const keys = byType.get(externalType) ?? new Set();
		const limit = registry.idsPerObject(objectType, externalType);
		if (keys.size <= limit) continue;
		const sides = group.slice(0, 20).map(({ index, ids, email }) => ({ item: index, externalIds: namedIds(ids), ...(email ? { email: email.address } : {}) }));
		return trouble('conflict', 'inputGivesSeveralIds', `Taken together, ${itemsOf(group)} give ${aRecord(objectType)} ${keys.size} ${externalType} IDs; ${allowed(limit)}. None of them was done.`, [externalType, ...[...keys].sort()], { conflict: { items: sides } });
	}
	return undefined;
}

function linkGroup(registry: Registry, unit: Unit, group: readonly CheckedIds[], choices: ConflictChoices, work: Work): Outcome[] {
	const found = erasedAmong(unit, group) ?? objectOf(unit, group, choices.whenIdBelongsToOther === 'take');
	if (found && isTrouble(found)) return group.map(() => found);
	const { objectType } = group[0] as CheckedIds;
	// A former ID of the record names it as well as a current one, and stays former.
	const ids = distinctIds(group).filter((id) => choices.whenRecordHasOther === 'take' || !isFormerOf(unit, id, found));

	// Everything is looked at before anything is written: an item is done whole or not at all.
	const plan = emailOfOther(unit, group, found) ?? planIds(registry, unit, ids, found?.id, choices);
	if (isTrouble(plan)) return group.map(() => plan);
	const record = found ?? unit.addRecord({ objectType, fields: {}, origin: work.caller.origin });
	const changed = new Set(ids.filter((id) => placeId(unit, id, record.id, plan).before !== 'same').map(idKeyText));
	const gotEmail = addEmails(unit, record, group);
	return tellGroup(unit, group, record, found ? (gotEmail ? 'updated' : 'unchanged') : 'created', changed);
}

/** Whether an ID was replaced on this very record: a feed that still uses it means the record. */
export function isFormerOf(known: Known, id: CheckedId, record: RecordRow | undefined): boolean {
	const row = known.mapping(id);
	return record !== undefined && row?.state === 'former' && row.objectId === record.id;
}

/** One outcome an item: the first that brings something new tells of it, those that repeat it are unchanged. */
function tellGroup(known: Known, group: readonly CheckedIds[], record: RecordRow, otherwise: 'created' | 'updated' | 'unchanged', changed: Set<string>): Outcome[] {
	const externalIds = currentIds(known, record.id);
	return group.map((item, place) => {
		const news = item.ids.filter((id) => changed.delete(idKeyText(id)));
		const status = place === 0 && otherwise === 'created' ? otherwise : news.length > 0 ? 'linked' : place === 0 ? otherwise : 'unchanged';
		return {
			status,
			objectType: record.objectType,
			objectId: record.id,
			externalIds,
			mappings: item.ids.map((id) => known.mapping(id)).flatMap((row) => (row ? [shownMapping(row)] : [])),
		};
	});
}

/** The one live object that the IDs of a group lead to, or else its e-mail; undefined when there is none yet. */
function objectOf(known: Known, group: readonly CheckedIds[], firstDecides: boolean): RecordRow | undefined | Trouble {
	const { objectType } = group[0] as CheckedIds;
	const record = recordOfIds(known, objectType, distinctIds(group), firstDecides && group.length === 1);
	if (record === undefined) return byEmail(known, group);
	if (isTrouble(record) || record.state === 'active') return record;
	return deletedBefore(record, 'Record → Delete or Restore (Do: Restore) brings it back.');
}

/**
 * The one object that some External IDs lead to, deleted or not; undefined when none of them is mapped.
 *
 * @param firstDecides where they lead to several objects, whether the first ID that is mapped decides; else it is a conflict
 */
export function recordOfIds(known: Known, objectType: ObjectType, ids: readonly CheckedId[], firstDecides: boolean): RecordRow | undefined | Trouble {
	const rows = ids.flatMap((id) => known.mapping(id) ?? []);
	const objects = [...new Set(rows.map(({ objectId }) => objectId))];
	if (objects.length > 1 && !firstDecides) {
		const where = rows.slice(0, 5).map((row) => `${row.externalType} "${shown(row.externalId)}" is ${row.objectId}`);
		return trouble('conflict', 'idsOnSeveralRecords', `These IDs belong to ${objects.length} different ${objectType}: ${where.join(', ')}.`, objects, {
			conflict: { existing: rows.slice(0, 20).map(shownMapping) },
		});
	}
	return known.record(objects[0] ?? '');
}

function byEmail(known: Known, group: readonly CheckedIds[]): RecordRow | undefined | Trouble {
	const { objectType } = group[0] as CheckedIds;
	const emails = group.flatMap(({ email }) => email ?? []);
	const records = new Map(emails.flatMap(({ key }) => known.recordsByEmail(objectType, key)).map((record) => [record.id, record]));
	const found = [...records.values()];
	if (found.length > 1) return severalWithEmail(objectType, emails[0]?.address ?? '', found);
	if (found.length === 1) return found[0];
	const deleted = emails.flatMap(({ key }) => known.recordsByEmail(objectType, key, 'deleted'))[0];
	return deleted && deletedBefore(deleted, 'Record → Delete or Restore (Do: Restore) brings it back.');
}

/** External IDs by type, as conflicts show them. */
export function namedIds(ids: readonly CheckedId[]): Record<string, string> {
	return Object.fromEntries(ids.map(({ externalType, externalId }) => [externalType, externalId]));
}

/** The External IDs of a group, each once; of several spellings the one that sorts first. */
export function distinctIds(group: readonly CheckedIds[]): CheckedId[] {
	const byKey = new Map<string, CheckedId>();
	for (const { ids } of group) {
		for (const id of ids) {
			const seen = byKey.get(idKeyText(id));
			byKey.set(idKeyText(id), seen ? sameSpelling([seen, id], ({ externalId }) => externalId) : id);
		}
	}
	return [...byKey.values()];
}

/** Adds the addresses of a group that the record lacks. A new address becomes primary; of several the one that sorts first. */
function addEmails(unit: Unit, record: RecordRow, group: readonly CheckedIds[]): boolean {
	const known = new Set(unit.emailsOf(record.id).map(({ key }) => key));
	const added = group.flatMap(({ email }) => (email && !known.has(email.key) ? [email] : []));
	added.sort((a, b) => (a.key === b.key ? (a.address < b.address ? -1 : 1) : a.key < b.key ? -1 : 1));
	for (const email of added) {
		if (known.has(email.key)) continue;
		unit.addEmail(record, email, email === added[0]);
		known.add(email.key);
	}
	return added.length > 0;
}
