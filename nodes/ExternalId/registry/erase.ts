import { ulid } from 'ulid';

import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../shared/identity/outcome';
import type { ObjectName, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { erasedKey } from './erasedKeys';
import { checkName, findNamed, readsOf } from './objects';
import type { CheckedName } from './objects';
import type { Registry } from './registry';
import type { ErasedRow, RecordRow } from './rows';
import type { Erasure } from './store';
import type { Unit } from './unit';

/** An erasure takes about as long as so many simple items: it goes through the history of the record. */
const ITEMS_AN_ERASURE = 10;

/**
 * Removes people for good: the record and those that were merged into it, their External IDs, addresses and rows in the inbox, and
 * their history. What stays is one row of history without personal data, and keyed hashes of their keys, by which feeds that
 * bring them again are told to skip them.
 */
export async function erasePeople(registry: Registry, names: readonly ObjectName[], work: Work): Promise<void> {
	await settleByName(registry, names, work, { mappings: true, emails: true, inbox: true, merged: true }, erasePerson);
	await registry.store.emptyLogs();
}

/** Forgets that people were erased, so that they can come back. Any of their keys names them. */
export async function allowAgain(registry: Registry, names: readonly ObjectName[], work: Work): Promise<void> {
	await settleByName(registry, names, work, {}, (unit, name) => {
		const erased = erasedBy(unit, name);
		const objectType = typeOf(name);
		if (!erased) return isTrouble(findNamed(unit, name)) ? trouble('notFound', 'notErased', 'Nobody with this key was erased, so there is nothing to allow.', [keyOf(name)], { objectType }) : { status: 'unchanged', objectType, allowedAgain: true };
		unit.allowAgain(erased.person, { objectType });
		return { status: 'updated', objectType, allowedAgain: true, erasedAt: new Date(erased.erasedAt).toISOString() };
	});
}

async function settleByName(registry: Registry, names: readonly ObjectName[], work: Work, also: object, act: (unit: Unit, name: CheckedName) => Outcome): Promise<void> {
	const checked = await checkEntries(names, work, (name): { name: CheckedName } | Trouble => {
		if (name.objectType === 'accounts') return trouble('invalid', 'eraseAccount', 'Only people and users can be erased. An account is no person: use Record → Delete or Restore.', []);
		const checkedName = checkName(registry, name);
		return isTrouble(checkedName) ? checkedName : { name: checkedName };
	});
	await inBatches(
		checked.map((entry) => [entry]),
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const byName = items.map(({ name }) => name);
			const reads = {
				...readsOf(byName),
				inbox: byName.flatMap((name) => ('emailKey' in name ? [name.emailKey] : [])),
				erasedKeys: byName.map(keyOf),
				erases: true,
				with: also,
			};
			const outcomes = await registry.transact(reads, work, (unit) => byName.map((name) => act(unit, name)));
			items.forEach(({ index }, at) => work.settle(index, outcomes[at] as Outcome));
		},
		(left) => settleCancelled(left, work),
		() => ITEMS_AN_ERASURE,
	);
}

function erasePerson(unit: Unit, name: CheckedName): Outcome {
	const objectType = typeOf(name);
	const found = findNamed(unit, name);
	if (!isTrouble(found)) return eraseRecord(unit, found.record);
	if (found.status !== 'notFound') return found;
	const erased = erasedBy(unit, name);
	if (erased) return { status: 'unchanged', objectType, erased: true, erasedAt: new Date(erased.erasedAt).toISOString() };
	return 'emailKey' in name && objectType === 'people' && unit.inbox(name.emailKey) ? eraseAddress(unit, name) : found;
}

function eraseRecord(unit: Unit, record: RecordRow): Outcome {
	const { objectType } = record;
	const objectIds = [record.id, ...unit.mergedInto(record.id).map(({ id }) => id)];
	const emails = objectIds.flatMap((id) => unit.emailsOf(id));
	const mappings = objectIds.flatMap((id) => unit.mappingsOf(id));
	const inbox = objectType === 'people' ? unit.inboxRows().filter((row) => (row.recordId === null ? emails.some(({ key }) => key === row.key) : objectIds.includes(row.recordId))) : [];
	const ids = mappings.map((row) => ({ objectType, externalType: row.externalType, key: row.idKey }));
	const erasure: Erasure = {
		objectIds,
		ids,
		inbox: inbox.map(({ key }) => key),
		addresses: [...new Set([...emails.flatMap(({ key, address }) => [key, address]), ...inbox.flatMap(({ key, address }) => [key, address])])].filter((each) => each !== ''),
	};
	// An address or a former ID that somebody else has too goes on being theirs.
	const keys = [...objectIds.map((id) => erasedKey.objectId(objectType, id)), ...emails.map(({ key }) => erasedKey.email(objectType, key)), ...ids.map(erasedKey.id)];
	unit.erase(erasure, asOnePerson(keys, unit.now), { objectType, objectId: record.id });
	return { status: 'deleted', objectType, objectId: record.id, erased: true, deleted: true };
}

/** Somebody who is nothing but an address in the inbox. */
function eraseAddress(unit: Unit, { emailKey, address }: { emailKey: string; address: string }): Outcome {
	const stored = unit.inbox(emailKey)?.address ?? address;
	const erasure: Erasure = { objectIds: [], ids: [], inbox: [emailKey], addresses: [...new Set([emailKey, address, stored])] };
	unit.erase(erasure, asOnePerson([erasedKey.email('people', emailKey)], unit.now), { objectType: 'people', objectId: null });
	return { status: 'deleted', objectType: 'people', objectId: null, erased: true, deleted: true };
}

function asOnePerson(keys: readonly string[], erasedAt: number): ErasedRow[] {
	const person = ulid();
	return [...new Set(keys)].map((key) => ({ key, person, erasedAt }));
}

function erasedBy(unit: Unit, name: CheckedName): ErasedRow | undefined {
	return unit.erased(keyOf(name));
}

function keyOf(name: CheckedName): string {
	if ('id' in name) return erasedKey.id(name.id);
	return 'objectId' in name ? erasedKey.objectId(name.objectType, name.objectId) : erasedKey.email(name.objectType, name.emailKey);
}

function typeOf(name: CheckedName): ObjectType {
	return 'id' in name ? name.id.objectType : name.objectType;
}
