import { parseEmail } from '../../shared/identity/email';
import type { Email } from '../../shared/identity/email';
import { isTrouble, OBJECT_WORD, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import type { ObjectName } from '../../shared/ports';
import { objectTypeOf } from './ids';
import type { CheckedId, Registry } from './registry';
import { aRecord } from './registry';
import type { MappingRow, RecordRow } from './rows';
import type { Reads } from './store';
import type { Known } from './known';

/** One key of an object, checked. */
export type CheckedName = { id: CheckedId } | { objectId: string; objectType: ObjectType } | { emailKey: string; objectType: ObjectType; address: string };

/** The record that a name leads to, and the mapping that led there. */
export interface NamedRecord {
	record: RecordRow;
	mapping?: MappingRow;
	/** The Object ID that was given, where its record was merged into this one. */
	mergedFrom?: string;
}

/** Checks an Object ID by its form: a text with the prefix of the Object Type. */
export function checkObjectId(objectType: ObjectType, value: unknown): string | Trouble {
	const objectId = typeof value === 'string' ? value.trim() : '';
	if (objectId === '') return trouble('invalid', 'noObjectId', 'Object ID is empty.', [objectType]);
	const found = objectTypeOf(objectId);
	if (found === objectType && objectId.length <= 64) return objectId;
	const what = found ? `the ID of ${aRecord(found)}` : 'no Object ID of this registry';
	return trouble('invalid', 'wrongObjectId', `"${shown(objectId)}" is ${what}; ${aRecord(objectType)} was expected.`, [objectType, objectId]);
}

export function checkName(registry: Registry, name: ObjectName): CheckedName | Trouble {
	if (name.by === 'externalId') {
		const id = registry.checkId(name.objectType, name);
		return isTrouble(id) ? id : { id };
	}
	if (name.by === 'objectId') {
		const objectId = checkObjectId(name.objectType, name.objectId);
		return typeof objectId === 'string' ? { objectId, objectType: name.objectType } : objectId;
	}
	const email = parseEmail(name.email);
	return isTrouble(email) ? email : { emailKey: email.key, objectType: name.objectType, address: email.address };
}

/** What has to be read to find the objects that some names lead to. */
export function readsOf(names: readonly CheckedName[]): Pick<Reads, 'ids' | 'objectIds' | 'emails'> {
	const ids: CheckedId[] = [];
	const objectIds: string[] = [];
	const emails: Array<{ objectType: ObjectType; key: string }> = [];
	for (const name of names) {
		if ('id' in name) ids.push(name.id);
		else if ('objectId' in name) objectIds.push(name.objectId);
		else emails.push({ objectType: name.objectType, key: name.emailKey });
	}
	return { ids, objectIds, emails };
}

/** The record that a name leads to (of a merged one, the one that it was merged into), deleted or not; or why there is none. */
export function findNamed(known: Known, name: CheckedName): NamedRecord | Trouble {
	if ('id' in name) {
		const mapping = known.mapping(name.id);
		const record = mapping && known.record(mapping.objectId);
		if (record) return { record, mapping };
		const { externalType, externalId, objectType, key } = name.id;
		return trouble('notFound', 'noMapping', `No ${OBJECT_WORD[objectType]} has the ${externalType} ID "${shown(externalId)}".`, [objectType, externalType, key], { objectType, externalType, externalId });
	}
	if ('objectId' in name) {
		const record = known.survivorOf(name.objectId);
		if (record?.objectType !== name.objectType) return goneRecord(undefined, name.objectType, name.objectId);
		return record.id === name.objectId ? { record } : { record, mergedFrom: name.objectId };
	}
	const live = known.recordsByEmail(name.objectType, name.emailKey);
	const records = live.length > 0 ? live : known.recordsByEmail(name.objectType, name.emailKey, 'deleted');
	if (records.length === 1) return { record: records[0] as RecordRow };
	if (records.length === 0) {
		return trouble('notFound', 'noEmail', `No ${OBJECT_WORD[name.objectType]} has the e-mail ${shown(name.address)}.`, [name.objectType, name.emailKey], { objectType: name.objectType, email: name.address });
	}
	return severalWithEmail(name.objectType, name.address, records);
}

/** Like {@link findNamed}, for those who want a live record only. */
export function findLive(known: Known, name: CheckedName): NamedRecord | Trouble {
	const found = findNamed(known, name);
	if (isTrouble(found) || found.record.state === 'active') return found;
	return goneRecord(found.record, found.record.objectType, found.record.id);
}

export function severalWithEmail(objectType: ObjectType, address: string, records: readonly RecordRow[]): Trouble {
	return trouble('ambiguous', 'severalWithEmail', `${records.length} ${objectType} have the e-mail ${shown(address)}; it does not tell which one is meant.`, [objectType, address.toLowerCase()], {
		candidates: records.slice(0, 20).map(({ id, fields }) => ({ objectId: id, fields })),
	});
}

/** Why an Object ID leads to no live record. */
export function goneRecord(record: RecordRow | undefined, objectType: ObjectType, objectId: string): Trouble {
	const word = OBJECT_WORD[objectType];
	if (record?.state === 'deleted') {
		const day = new Date(record.updatedAt).toISOString().slice(0, 10);
		return trouble('notFound', 'recordDeleted', `The ${word} ${objectId} was deleted on ${day}. Record → Delete or Restore (Do: Restore) brings it back.`, [objectId], { objectType, objectId, deletedAt: new Date(record.updatedAt).toISOString() });
	}
	if (record?.state === 'merged') {
		return trouble('notFound', 'recordMerged', `The ${word} ${objectId} was merged into ${record.mergedInto}. Use that Object ID.`, [objectId], { objectType, objectId, mergedInto: record.mergedInto });
	}
	return trouble('notFound', 'noRecord', `There is no ${word} ${shown(objectId)} in this registry.`, [objectId], { objectType, objectId });
}

/** A feed brings a record that was deleted: it stays deleted. */
export function deletedBefore(record: Pick<RecordRow, 'objectType' | 'id'>, advice: string): Trouble {
	const { objectType, id } = record;
	return trouble('skipped', 'recordDeleted', `This ${OBJECT_WORD[objectType]} (${id}) was deleted. ${advice}`, [id], { objectType, objectId: id });
}

/** An address that another record of the type holds stays there. */
export function emailOfOther(known: Known, items: ReadonlyArray<{ objectType: ObjectType; email?: Email }>, target: RecordRow | undefined): Trouble | undefined {
	if (!target) return undefined;
	for (const { email, objectType } of items) {
		if (!email || known.emailsOf(target.id).some(({ key }) => key === email.key)) continue;
		const other = known.recordsByEmail(objectType, email.key)[0];
		if (!other) continue;
		return trouble('conflict', 'emailBelongsToOther', `The e-mail ${shown(email.address)} belongs to another ${OBJECT_WORD[objectType]} (${other.id}), not to ${target.id}. Nothing of this item was done.`, [email.key, target.id], {
			conflict: { wanted: { objectId: target.id, email: email.address }, existing: { objectId: other.id, fields: other.fields } },
		});
	}
	return undefined;
}

/** Whether an item gives nothing: no value, or an empty text. */
export function isBlank(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}
