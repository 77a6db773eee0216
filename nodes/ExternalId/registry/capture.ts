import { readAddressees } from '../../shared/identity/addresses';
import { domainLadder } from '../../shared/identity/domain';
import { isRoleAddress, parseEmail } from '../../shared/identity/email';
import type { Email } from '../../shared/identity/email';
import { matchEmail } from '../../shared/identity/match';
import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { Pacer } from '../../shared/pace';
import type { Work } from '../../shared/ports';
import { cancelled, inBatches } from './batches';
import { createContact, linkContact, shownContact } from './contacts';
import { erasedAmong, readsOfErased } from './erased';
import { deletedBefore, severalWithEmail } from './objects';
import { sameSpelling } from './groups';
import type { Registry } from './registry';
import type { RecordRow } from './rows';
import type { Unit } from './unit';
import { APPROVAL } from './waiting';

/** Longest name that a contact gets from an address line, in UTF-16 units. */
const MAX_NAME = 200;

export interface CaptureChoices {
	skipRoleAddresses: boolean;
}

/** One address of one item. */
interface Seen {
	entry: number;
	place: number;
	email: Email;
	name?: string;
}

/**
 * Takes e-mail addresses as flows meet them (header text, lists, objects) and makes contacts of those whose domain belongs
 * to an account. An item gives one outcome for each of its addresses: `unchanged` for a known contact, `created` where a
 * Related Domain decided; the others wait in the inbox, with the reason.
 */
export async function captureContacts(registry: Registry, entries: readonly unknown[], choices: CaptureChoices, work: Work): Promise<void> {
	const outcomes: Outcome[][] = [];
	const missing: number[] = [];
	const byAddress = new Map<string, Seen[]>();
	const pacer = new Pacer();
	for (const [entry, value] of entries.entries()) {
		const addressees = readAddressees(value);
		outcomes.push([]);
		missing.push(addressees.length);
		if (addressees.length === 0) work.settle(entry, trouble('invalid', 'emailMissing', 'There is no e-mail address in this item.', [entry]));
		for (const [place, { address, name }] of addressees.entries()) {
			const email = parseEmail(address);
			if (isTrouble(email)) {
				put(entry, place, { ...email, email: address.slice(0, 320) });
				continue;
			}
			const seen = byAddress.get(email.key);
			if (seen) seen.push({ entry, place, email, name });
			else byAddress.set(email.key, [{ entry, place, email, name }]);
		}
		if (pacer.due()) await pacer.rest();
	}

	function put(entry: number, place: number, outcome: Outcome): void {
		const ofEntry = outcomes[entry] as Outcome[];
		ofEntry[place] = outcome;
		missing[entry] = (missing[entry] ?? 0) - 1;
		if (missing[entry] !== 0) return;
		work.settle(entry, ofEntry);
		outcomes[entry] = [];
	}

	await inBatches(
		[...byAddress.values()],
		work.signal,
		async (batch) => {
			const emails = batch.map(([first]) => (first as Seen).email);
			const reads = {
				emails: emails.map(({ key }) => ({ objectType: 'people' as const, key })),
				domains: [...new Set(emails.flatMap(({ host }) => domainLadder(host)))],
				inbox: emails.map(({ key }) => key),
				...readsOfErased(emails.map((email) => ({ objectType: 'people', email }))),
				with: { account: true, mappings: true, emails: true, inbox: true },
			};
			const told = await registry.transact(reads, work, (unit) => batch.map((seen) => captureAddress(registry, unit, seen, choices)));
			batch.forEach((seen, at) => seen.forEach(({ entry, place }, time) => put(entry, place, (time === 0 ? told[at]?.first : told[at]?.again) as Outcome)));
		},
		(left) => {
			for (const { entry, place, email } of left.flat()) put(entry, place, cancelled([email.key]));
		},
	);
}

/** What an address became, and what the same address tells when it comes again in the same run. */
function captureAddress(registry: Registry, unit: Unit, seen: readonly Seen[], choices: CaptureChoices): { first: Outcome; again: Outcome } {
	const email = sameSpelling(seen.map((each) => each.email), (each) => each.address);
	const name = nameOf(seen);
	const known = unit.recordsByEmail('people', email.key);
	if (known.length > 1) return same({ ...severalWithEmail('people', email.address, known), email: email.address });
	if (known[0]) return captureKnown(registry, unit, known[0], email);
	const [deleted] = unit.recordsByEmail('people', email.key, 'deleted');
	if (deleted) return same({ ...deletedBefore(deleted, 'Record → Delete or Restore (Do: Restore) brings it back.'), email: email.address });
	const erased = erasedAmong(unit, [{ objectType: 'people', email }]);
	if (erased) return same({ ...erased, email: email.address });
	if (unit.inbox(email.key)?.state === 'discarded') {
		return same(trouble('skipped', 'discarded', `${email.address} was discarded from the inbox, so it does not come back.`, [email.key], { email: email.address }));
	}
	if (choices.skipRoleAddresses && isRoleAddress(email)) {
		return same(trouble('skipped', 'roleAddress', `${email.address} is a role address, not a person. Turn off Skip Role Addresses to take it.`, [email.key], { email: email.address }));
	}
	const match = matchEmail(email, registry.lists, (domain) => unit.ownersOf(domain), { skipRoleAddresses: false });
	if (isTrouble(match)) return same(waitInInbox(unit, match, email, name));
	if (unit.inbox(email.key)?.reason === APPROVAL && unit.inbox(email.key)?.state === 'waiting') {
		return same(trouble('skipped', 'waitsForApproval', `${email.address} waits for approval with the others of its domain. Inbox → Assign or Approve makes them contacts.`, [email.key], { email: email.address, inInbox: true }));
	}
	const contact = createContact(unit, match, email, name === undefined ? {} : { name });
	const shownMatch = { matchedDomain: match.matchedDomain, matchKind: match.matchKind };
	return {
		first: { status: 'created', ...shownContact(unit, contact, email.address), ...shownMatch },
		again: { status: 'unchanged', ...shownContact(unit, contact, email.address), ...shownMatch },
	};
}

/** A known contact stays as it is; one without an account gets the one that its domain belongs to. */
function captureKnown(registry: Registry, unit: Unit, contact: RecordRow, email: Email): { first: Outcome; again: Outcome } {
	const unchanged = (record: RecordRow): Outcome => ({ status: 'unchanged', ...shownContact(unit, record, email.address) });
	if (unit.accountOf(contact)) return same(unchanged(contact));
	const match = matchEmail(email, registry.lists, (domain) => unit.ownersOf(domain), { skipRoleAddresses: false });
	if (isTrouble(match)) return same(unchanged(contact));
	const { matchedDomain, matchKind } = match;
	const linked = linkContact(unit, contact, match);
	return { first: { ...unchanged(linked), status: 'linked', matchedDomain, matchKind }, again: unchanged(linked) };
}

function same(outcome: Outcome): { first: Outcome; again: Outcome } {
	return { first: outcome, again: outcome };
}

/** Whose domain is nobody's, or whose it is unclear: people decide about these in the inbox. One's own and blocked domains are nobody's business. */
function waitInInbox(unit: Unit, match: Trouble, email: Email, name: string | undefined): Trouble {
	const waits = match.status !== 'skipped' || match.domainClass === 'freeMail';
	if (!waits) return { ...match, email: email.address };
	const [reason = ''] = match.problemKey.split(':');
	const before = unit.inbox(email.key);
	if (!before || before.state !== 'waiting' || before.reason !== reason) {
		unit.putInbox({ key: email.key, address: email.address, name: name ?? null, domain: email.host, recordId: null, reason, origin: 'capture' });
	}
	// Once the domain belongs to an account, the same address finds it.
	return { ...match, email: email.address, inInbox: true, retry: true };
}

/** The longest name that came with the address: "Ann Lee" says more than "Ann", in whatever order they come. */
function nameOf(seen: readonly Seen[]): string | undefined {
	const names = seen.flatMap(({ name }) => (name && name.trim() !== '' ? [name.trim().slice(0, MAX_NAME).toWellFormed()] : []));
	return names.sort((a, b) => b.length - a.length || (a < b ? -1 : 1))[0];
}
