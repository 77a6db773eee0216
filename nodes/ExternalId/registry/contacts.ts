import type { Email } from '../../shared/identity/email';
import type { DomainMatch } from '../../shared/identity/match';
import type { Fields } from './fields';
import type { Known } from './known';
import type { InboxRow, RecordRow } from './rows';
import type { Unit } from './unit';
import { currentIds } from './views';

/** Makes a contact of an address on the account that its domain belongs to; the history says by which domain. */
export function createContact(unit: Unit, match: DomainMatch, email: Email, fields: Readonly<Fields>): RecordRow {
	const { accountId, ...why } = match;
	const contact = unit.addRecord({ objectType: 'people', fields, origin: 'domain', accountId }, { ...why, email: email.address });
	unit.addEmail(contact, email, true);
	assigned(unit, unit.inbox(email.key), contact.id);
	return contact;
}

/** Gives a contact without an account the one that its domain belongs to. */
export function linkContact(unit: Unit, contact: RecordRow, match: DomainMatch): RecordRow {
	const { accountId, matchedDomain, matchKind } = match;
	const linked = unit.updateRecord(contact.id, { accountId }, 'recordUpdated', { accountId: contact.accountId }, { accountId, matchedDomain, matchKind });
	for (const { key } of unit.emailsOf(contact.id)) assigned(unit, unit.inbox(key), contact.id);
	assigned(unit, unit.inbox(contact.id), contact.id);
	return linked;
}

/** What waited in the inbox waits no more. */
export function assigned(unit: Unit, waiting: InboxRow | undefined, contactId: string): void {
	if (waiting?.state === 'waiting') unit.putInbox({ ...waiting, recordId: contactId }, 'assigned');
}

/** A contact as the outcomes of capture, identify and the inbox show it. */
export function shownContact(known: Known, contact: RecordRow, email: string | null): Record<string, unknown> {
	const account = contact.accountId === null ? undefined : known.survivorOf(contact.accountId);
	return {
		objectType: 'people',
		objectId: contact.id,
		email,
		accountId: account?.id ?? contact.accountId,
		...(account ? { accountName: account.fields.name ?? null } : {}),
		externalIds: currentIds(known, contact.id),
		fields: contact.fields,
	};
}
