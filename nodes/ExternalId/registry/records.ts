import { isTrouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import type { ObjectName, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { accountsMergedInto, eachContact } from './accountContacts';
import { checkName, findNamed, readsOf } from './objects';
import type { CheckedName } from './objects';
import type { Registry } from './registry';
import type { Unit } from './unit';

/**
 * Deletes records, softly: their IDs stay and feeds do not revive them, until they are restored. Contacts of a deleted
 * account wait in the inbox. Doing either again changes nothing.
 */
export async function deleteRecords(registry: Registry, names: readonly ObjectName[], { restore }: { restore: boolean }, work: Work): Promise<void> {
	const checked = await checkEntries(names, work, (name): { name: CheckedName } | Trouble => {
		const checkedName = checkName(registry, name);
		return isTrouble(checkedName) ? checkedName : { name: checkedName };
	});
	await inBatches(
		checked.map((entry) => [entry]),
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const outcomes = await registry.transact(readsOf(items.map(({ name }) => name)), work, (unit) =>
				items.map(({ name }) => (restore ? restoreRecord(unit, name) : deleteRecord(unit, name))),
			);
			for (const [at, { index }] of items.entries()) {
				const outcome = outcomes[at] as Outcome;
				// An account that was deleted before may have contacts left, if that run was stopped.
				const isGoneAccount = !restore && outcome.objectType === 'accounts' && !isTrouble(outcome);
				const orphans = isGoneAccount ? await moveContactsToInbox(registry, String(outcome.objectId), work) : 0;
				work.settle(index, orphans > 0 ? { ...outcome, contactsMovedToInbox: orphans } : outcome);
			}
		},
		(left) => settleCancelled(left, work),
	);
}

function deleteRecord(unit: Unit, name: CheckedName): Outcome {
	const found = findNamed(unit, name);
	if (isTrouble(found)) return found;
	const { record, mergedFrom } = found;
	const shown = { objectType: record.objectType, objectId: record.id, ...(mergedFrom ? { mergedFrom } : {}), deleted: true };
	if (record.state !== 'active') return { status: 'unchanged', ...shown };
	unit.updateRecord(record.id, { state: 'deleted' }, 'recordDeleted', { state: 'active' }, { state: 'deleted' });
	return { status: 'deleted', ...shown };
}

function restoreRecord(unit: Unit, name: CheckedName): Outcome {
	const found = findNamed(unit, name);
	if (isTrouble(found)) return found;
	const { record, mergedFrom } = found;
	const shown = { objectType: record.objectType, objectId: record.id, ...(mergedFrom ? { mergedFrom } : {}) };
	if (record.state !== 'deleted') return { status: 'unchanged', ...shown };
	unit.updateRecord(record.id, { state: 'active' }, 'recordRestored', { state: 'deleted' }, { state: 'active' });
	return { status: 'updated', ...shown, restored: true };
}

async function moveContactsToInbox(registry: Registry, accountId: string, work: Work): Promise<number> {
	const accounts = [accountId, ...(await accountsMergedInto(registry, accountId))];
	return await eachContact(registry, accounts, work, (unit, id) => orphan(unit, id, accounts));
}

export function orphan(unit: Unit, id: string, accounts: readonly string[]): void {
	const contact = unit.record(id);
	if (contact?.accountId == null || !accounts.includes(contact.accountId)) return;
	unit.updateRecord(id, { accountId: null }, 'recordUpdated', { accountId: contact.accountId }, { accountId: null });
	if (contact.state !== 'active') return;
	const email = unit.emailsOf(id).find(({ isPrimary }) => isPrimary);
	const name = typeof contact.fields.name === 'string' ? contact.fields.name : null;
	unit.putInbox({
		key: email?.key ?? id,
		address: email?.address ?? '',
		name,
		domain: email ? email.key.slice(email.key.lastIndexOf('@') + 1) : null,
		recordId: id,
		reason: 'accountDeleted',
		origin: contact.origin,
	});
}
