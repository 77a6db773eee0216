import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../shared/identity/outcome';
import isEqual from 'lodash/isEqual';
import pick from 'lodash/pick';

import type { ObjectName, Work } from '../../shared/ports';
import { accountsMergedInto, eachContact } from './accountContacts';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { assigned } from './contacts';
import { cleanFields, combineInputs } from './fields';
import type { Fields } from './fields';
import { inParts } from './groups';
import { catchingWaiting } from './heldOutcomes';
import { findMerges, mergeOrder, withoutTooManyIds } from './mergeOrder';
import type { Merge } from './mergeOrder';
import { checkName, goneRecord } from './objects';
import type { CheckedName } from './objects';
import { orphan } from './records';
import type { Registry } from './registry';
import type { MappingRow, RecordRow } from './rows';
import type { Unit } from './unit';
import { currentIds } from './views';

export interface MergeEntry {
	objectType: ObjectType;
	/** The record that stays. */
	survivor: ObjectName;
	/** The record that becomes a pointer to it. */
	other: ObjectName;
}

export interface MergeChoices {
	/** When both have current IDs of one type and together more than one record may have. */
	whenBothHaveId: 'conflict' | 'keepSurvivor';
	/** Whose value stays where both have one; what only one has stays anyway. */
	fieldsFrom: 'survivor' | 'other' | 'newest';
}

/** A merge takes about as long as so many simple items. */
const ITEMS_A_MERGE = 10;

/**
 * Makes two records one: External IDs, addresses, Related Domains, fields and contacts go to the survivor, and the other stays as
 * a pointer to it, so that its Object ID still resolves. IDs beyond what one record may have become former.
 *
 * All that hangs on the two moves in one transaction. Contacts of an account, which may be very many, follow in bounded ones:
 * until then they name the old Object ID, which leads to the survivor, and a run that was stopped is completed by the next merge
 * of the two.
 */
export async function mergeRecords(registry: Registry, entries: readonly MergeEntry[], choices: MergeChoices, work: Work): Promise<void> {
	const checked = await checkEntries(entries, work, (entry) => checkMerge(registry, entry));
	const asOne: Array<{ index: number; outcome: Outcome }> = [];
	const merges = await findMerges(registry, checked, work, (index, { record, mergedFrom }) => {
		asOne.push({ index, outcome: { status: 'unchanged', objectType: record.objectType, objectId: record.id, ...(mergedFrom ? { mergedFrom } : {}) } });
	});
	const ordered = await mergeOrder(merges, work);
	const groups = choices.whenBothHaveId === 'conflict' ? await withoutTooManyIds(registry, ordered, work, (index, outcome) => work.settle(index, outcome)) : ordered;
	await catchingWaiting(registry, work, async (hold) => {
		const told: Told[] = [];
		// What becomes of accounts is told when their contacts have followed.
		const tell = (each: Told) => (isTrouble(each.outcome) || each.outcome.objectType !== 'accounts' ? hold(each.index, [each]) : told.push(each));
		for (const { index, outcome } of asOne) tell({ index, outcome, domains: [] });
		let moved = new Map<string, number>();
		try {
			await mergeGroups(registry, groups, choices, tell, work);
			moved = await moveContacts(registry, survivorsOf(told), work);
		} finally {
			const into = new Map(told.flatMap(({ outcome }) => (outcome.mergedFrom === undefined ? [] : [[String(outcome.mergedFrom), String(outcome.objectId)] as const])));
			for (const { index, outcome, domains } of told) {
				let accountId = String(outcome.objectId);
				for (let next = into.get(accountId); next !== undefined; next = into.get(accountId)) accountId = next;
				const contactsMoved = moved.get(String(outcome.mergedFrom));
				hold(index, [{ outcome: contactsMoved === undefined ? outcome : { ...outcome, contactsMoved }, accountId, domains }]);
			}
		}
	});
}

interface Told {
	index: number;
	outcome: Outcome;
	/** Related Domains that were moved, or that both had. */
	domains: string[];
}

/** The accounts that took others in. */
function survivorsOf(told: readonly Told[]): string[] {
	return [...new Set(told.map(({ outcome }) => String(outcome.objectId)))];
}

function checkMerge(registry: Registry, { survivor, other }: MergeEntry): { survivor: CheckedName; other: CheckedName } | Trouble {
	const [kept, merged] = [checkName(registry, survivor), checkName(registry, other)];
	if (isTrouble(kept)) return { ...kept, reason: `The record to keep: ${kept.reason}` };
	if (isTrouble(merged)) return { ...merged, reason: `The record to merge: ${merged.reason}` };
	if (isEqual(kept, merged)) return trouble('invalid', 'mergeWithItself', 'The record to keep and the record to merge are named by the same key, so there is nothing to merge.', [JSON.stringify(kept)]);
	return { survivor: kept, other: merged };
}

async function mergeGroups(registry: Registry, groups: readonly Merge[][], choices: MergeChoices, tell: (told: Told) => void, work: Work): Promise<void> {
	// Of records that were merged in this run, when the newest part of them was changed before it.
	const ages = new Map<string, number>();
	await inBatches(
		inParts(groups),
		work.signal,
		async (batch) => {
			const merges = batch.flat();
			const reads = { objectIds: merges.flatMap(({ survivorId, otherId }) => [survivorId, otherId]), with: { mappings: true, emails: true, domains: true, inbox: true } };
			const outcomes = await registry.transact(reads, work, (unit) => {
				const agesNow = new Map(ages);
				const told = merges.map((merge) => mergeTwo(registry, unit, merge, choices, agesNow));
				return { told, agesNow };
			});
			for (const [id, age] of outcomes.agesNow) ages.set(id, age);
			outcomes.told.forEach((each) => tell(each));
		},
		(left) => settleCancelled(left, work),
		(group) => group.length * ITEMS_A_MERGE,
	);
}

function mergeTwo(registry: Registry, unit: Unit, { index, survivorId, otherId }: Merge, choices: MergeChoices, ages: Map<string, number>): Told {
	const refused = (outcome: Outcome): Told => ({ index, outcome, domains: [] });
	const [survivor, other] = [unit.survivorOf(survivorId), unit.survivorOf(otherId)];
	for (const [record, id] of [[survivor, survivorId], [other, otherId]] as const) {
		if (record?.state !== 'active') return refused(goneRecord(record, record?.objectType ?? 'people', record?.id ?? id));
	}
	if (!survivor || !other || survivor.id === other.id) return refused({ status: 'unchanged', objectType: survivor?.objectType, objectId: survivor?.id, mergedFrom: otherId });

	const former = beyondLimit(registry, unit, survivor, other);
	if (former.length > 0 && choices.whenBothHaveId === 'conflict') return refused(bothHaveIds(unit, survivor, other, former));
	const ageOf = (record: RecordRow) => ages.get(record.id) ?? record.updatedAt;
	const otherWins = choices.fieldsFrom === 'other' || (choices.fieldsFrom === 'newest' && ageOf(other) > ageOf(survivor));
	const fields = cleanFields(combineInputs(otherWins ? [survivor.fields, other.fields] : [other.fields, survivor.fields]));
	if (isTrouble(fields)) return refused(fields);
	ages.set(survivor.id, Math.max(ageOf(survivor), ageOf(other)));

	const changed = updateSurvivor(unit, survivor, other, fields.fields, otherWins);
	const movedIds = moveIds(unit, survivor, other, new Set(former.map(({ id }) => id)));
	moveEmails(unit, survivor, other, otherWins);
	const domains = moveDomains(unit, survivor, other);
	moveInbox(unit, survivor, other);
	unit.mergeRecord(other.id, survivor.id);
	return {
		index,
		outcome: {
			status: 'updated',
			objectType: survivor.objectType,
			objectId: survivor.id,
			mergedFrom: other.id,
			externalIds: currentIds(unit, survivor.id),
			movedIds,
			...(changed.length > 0 ? { changed } : {}),
		},
		domains,
	};
}

/** Current IDs of the other record that the survivor cannot take as current ones. */
function beyondLimit(registry: Registry, unit: Unit, survivor: RecordRow, other: RecordRow): MappingRow[] {
	const room = new Map<string, number>();
	return unit.mappingsOf(other.id).filter((row) => {
		if (row.state !== 'current') return false;
		const left = room.get(row.externalType) ?? registry.idsPerObject(row.objectType, row.externalType) - unit.currentOf(survivor.id, row.externalType).length;
		room.set(row.externalType, left - 1);
		return left <= 0;
	});
}

function bothHaveIds(unit: Unit, survivor: RecordRow, other: RecordRow, former: readonly MappingRow[]): Trouble {
	const types = [...new Set(former.map(({ externalType }) => externalType))].sort();
	const side = ({ id, fields }: RecordRow) => ({ objectId: id, externalIds: currentIds(unit, id), fields });
	return trouble('conflict', 'bothHaveIds', `Both records have a current ${types.join(' and ')} ID, and one may have only one. Nothing was merged. To keep the surviving record's, set When Both Have an ID to Keep the Survivor's: the other becomes former and still resolves.`, [survivor.id, other.id, ...types], {
		conflict: { keep: side(survivor), merge: side(other) },
	});
}

function updateSurvivor(unit: Unit, survivor: RecordRow, other: RecordRow, fields: Fields, otherWins: boolean): string[] {
	const accountId = otherWins ? (other.accountId ?? survivor.accountId) : (survivor.accountId ?? other.accountId);
	const changed = Object.keys(fields).filter((name) => !isEqual(fields[name], survivor.fields[name]));
	const before: Fields = { ...Object.fromEntries(changed.map((name) => [name, null])), ...pick(survivor.fields, changed) };
	const after: Fields = pick(fields, changed);
	if (accountId !== survivor.accountId) {
		changed.push('accountId');
		before.accountId = survivor.accountId;
		after.accountId = accountId;
	}
	if (changed.length > 0) unit.updateRecord(survivor.id, { fields, accountId }, 'recordUpdated', before, after);
	return changed;
}

/** Mappings are never edited: each is deleted and made anew. */
function moveIds(unit: Unit, survivor: RecordRow, other: RecordRow, former: ReadonlySet<string>): number {
	const rows = [...unit.mappingsOf(other.id)];
	for (const row of rows) {
		unit.setMappingState(row, 'deleted');
		const state = row.state === 'current' && !former.has(row.id) ? 'current' : 'former';
		unit.addMapping({ objectType: row.objectType, externalType: row.externalType, key: row.idKey }, row.externalId, survivor.id, state);
	}
	return rows.length;
}

function moveEmails(unit: Unit, survivor: RecordRow, other: RecordRow, otherWins: boolean): void {
	const rows = [...unit.emailsOf(other.id)].sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary));
	const held = new Set(unit.emailsOf(survivor.id).map(({ key }) => key));
	for (const row of [...rows].reverse()) unit.removeEmail(row);
	for (const { key, address, isPrimary } of rows) {
		if (held.has(key)) continue;
		unit.addEmail(survivor, { key, address }, unit.emailsOf(survivor.id).length === 0 || (otherWins && isPrimary));
	}
}

/** @returns the domains of the other, moved or held by both */
function moveDomains(unit: Unit, survivor: RecordRow, other: RecordRow): string[] {
	const rows = [...unit.domainsOf(other.id)];
	for (const row of rows) {
		const { domain, preferred } = row;
		unit.removeDomain(row);
		const held = unit.domainsOf(survivor.id).find((each) => each.domain === domain);
		if (!held || (preferred && !held.preferred)) unit.putDomain(survivor.id, domain, preferred);
	}
	return rows.map(({ domain }) => domain);
}

/** What waited for the other waits for the survivor, or not at all where that has an account. */
function moveInbox(unit: Unit, survivor: RecordRow, other: RecordRow): void {
	const hasAccount = unit.record(survivor.id)?.accountId != null;
	const keys = new Set([...unit.emailsOf(survivor.id).map(({ key }) => key), survivor.id, other.id]);
	const rows = unit.inboxRows().filter((row) => row.state === 'waiting' && keys.has(row.key));
	const own = rows.filter(({ key }) => key !== other.id);
	for (const row of rows) {
		if (hasAccount || (row.key === other.id && own.length > 0)) assigned(unit, row, survivor.id);
		else if (row.key === other.id) {
			assigned(unit, row, survivor.id);
			unit.putInbox({ ...row, key: survivor.id, recordId: survivor.id });
		} else if (row.recordId === other.id) unit.putInbox({ ...row, recordId: survivor.id });
	}
}

/** Takes the contacts that still name merged accounts to those that they were merged into; how many of each. */
async function moveContacts(registry: Registry, accountIds: readonly string[], work: Work): Promise<Map<string, number>> {
	const moved = new Map<string, number>();
	for (const accountId of accountIds) {
		for (const mergedId of await accountsMergedInto(registry, accountId)) {
			const contacts = await eachContact(registry, [mergedId], work, (unit, id) => {
				const contact = unit.record(id);
				if (contact?.accountId !== mergedId) return;
				const account = unit.accountOf(contact);
				if (account) unit.updateRecord(id, { accountId: account.id }, 'recordUpdated', { accountId: mergedId }, { accountId: account.id });
				else orphan(unit, id, [mergedId]);
			});
			if (contacts > 0) moved.set(mergedId, contacts);
		}
	}
	return moved;
}
