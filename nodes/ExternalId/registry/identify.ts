import isPlainObject from 'lodash/isPlainObject';

import { domainLadder } from '../../shared/identity/domain';
import { isRoleAddress } from '../../shared/identity/email';
import type { Email } from '../../shared/identity/email';
import { matchEmail } from '../../shared/identity/match';
import type { DomainMatch } from '../../shared/identity/match';
import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import { Pacer } from '../../shared/pace';
import type { TypeChoice, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { createContact, linkContact, shownContact } from './contacts';
import { erasedAmong, readsOfErased } from './erased';
import { combineInputs, mergeFields } from './fields';
import type { Fields } from './fields';
import { groupByKeys, inParts } from './groups';
import { idKeyText } from './known';
import type { Known } from './known';
import { deletedBefore, emailOfOther, severalWithEmail } from './objects';
import { emailKey, lookUpOwners, ownersOf } from './owners';
import { placeId, planIds } from './placement';
import type { CheckedId, Registry } from './registry';
import type { RecordRow } from './rows';
import { readIdentify } from './segmentCall';
import type { IdentifyCall } from './segmentCall';
import type { Unit } from './unit';
import { APPROVAL } from './waiting';
import { currentIds } from './views';

export interface IdentifyEntry {
	/** The External Type of the call's `userId`. */
	externalType: TypeChoice;
	/** The call as Segment sends it. */
	call: unknown;
}

export interface IdentifyChoices {
	skipRoleAddresses: boolean;
}

interface CheckedCall extends Omit<IdentifyCall, 'userId'> {
	index: number;
	id?: CheckedId;
}

const STRICT = { whenRecordHasOther: 'conflict', whenIdBelongsToOther: 'conflict' } as const;

/**
 * Takes Segment's identify calls as they come. The user ID or the e-mail of a contact that is known decides; where they lead to two
 * people, the user ID says whom the call is about, and nothing is done: the two are shown as a conflict, to be merged. Else a new
 * contact is made, on the account that its domain belongs to, or to wait in the inbox.
 *
 * The calls of one person are taken in the order of their time, not of the input. What a later one says again differently is left
 * out of the earlier ones, so that taking the same calls again changes nothing.
 */
export async function identifyContacts(registry: Registry, entries: readonly IdentifyEntry[], choices: IdentifyChoices, work: Work): Promise<void> {
	await registry.ensurePicked(entries.slice(0, 1).map(({ externalType }) => ({ objectType: 'people', externalType })), work);
	const checked = await checkEntries(entries, work, ({ externalType, call }): Omit<CheckedCall, 'index'> | Trouble => {
		const read = readIdentify(call);
		if (isTrouble(read)) return read;
		const { userId, ...rest } = read;
		if (userId === undefined) return rest;
		const id = registry.checkId('people', { externalType, externalId: userId });
		return isTrouble(id) ? id : { ...rest, id };
	});
	await inBatches(
		inParts(await ofOnePerson(registry, checked, work)),
		work.signal,
		async (batch) => {
			const calls = batch.flat();
			const emails = calls.flatMap(({ email }) => email ?? []);
			const reads = {
				ids: calls.flatMap(({ id }) => id ?? []),
				emails: emails.map(({ key }) => ({ objectType: 'people' as const, key })),
				domains: [...new Set(emails.flatMap(({ host }) => domainLadder(host)))],
				inbox: emails.map(({ key }) => key),
				...readsOfErased(calls.map(asKeys)),
				with: { mappings: true, emails: true, account: true, inbox: true },
			};
			const outcomes = await registry.transact(reads, work, (unit) => calls.map((call) => identify(registry, unit, call, choices)));
			calls.forEach(({ index }, at) => work.settle(index, outcomes[at] as Outcome));
		},
		(left) => settleCancelled(left, work),
	);
}

function asKeys({ id, email }: CheckedCall): { objectType: 'people'; ids: CheckedId[]; email?: Email } {
	return { objectType: 'people', ids: id ? [id] : [], email };
}

/** Calls that are about one person, as far as the input and the store tell, in the order of their time. */
async function ofOnePerson(registry: Registry, calls: readonly CheckedCall[], work: Work): Promise<CheckedCall[][]> {
	const byInput = await groupByKeys(calls, ({ id, email }) => [...(id ? [idKeyText(id)] : []), ...(email ? [emailKey('people', email.key)] : [])]);
	const claims = byInput.map((items) => ({ items, ids: items.flatMap(({ id }) => id ?? []), matchKeys: items.flatMap(({ email }) => (email ? [emailKey('people', email.key)] : [])) }));
	const owners = await lookUpOwners(registry, claims, work.signal);
	const joined = await groupByKeys(claims, (claim) => [...ownersOf(claim, owners), ...claim.matchKeys.flatMap((key) => owners.byKey.get(key) ?? [])]);
	const pacer = new Pacer({ every: 1 });
	const groups: CheckedCall[][] = [];
	for (const parts of joined) {
		const ordered = parts.flatMap(({ items }) => items).sort((a, b) => (a.at === b.at ? 0 : a.at - b.at) || Number(a.isPublic) - Number(b.isPublic) || (a.tie < b.tie ? -1 : a.tie > b.tie ? 1 : 0));
		groups.push(ordered.length === 1 ? ordered : withoutSuperseded(ordered));
		if (pacer.due()) await pacer.rest();
	}
	return groups;
}

/** Calls in the order of time, each without the traits to which a later one of the same person gives another value. */
function withoutSuperseded(calls: readonly CheckedCall[]): CheckedCall[] {
	const isOne = new Set(calls.flatMap(({ id }) => (id ? [idKeyText(id)] : []))).size <= 1;
	const later = new Map<string, Fields>();
	return [...calls]
		.reverse()
		.map((call) => {
			const person = isOne ? '' : call.id ? idKeyText(call.id) : (call.email?.key ?? '');
			const traits = minus(call.traits, later.get(person) ?? {});
			later.set(person, combineInputs([call.traits, later.get(person) ?? {}]));
			return { ...call, traits };
		})
		.reverse();
}

function minus(fields: Readonly<Fields>, later: Readonly<Fields>): Fields {
	const left: Fields = {};
	for (const [name, value] of Object.entries(fields)) {
		if (!Object.hasOwn(later, name)) left[name] = value;
		else if (isPlainObject(value) && isPlainObject(later[name])) left[name] = minus(value as Fields, later[name] as Fields);
	}
	return left;
}

function identify(registry: Registry, unit: Unit, call: CheckedCall, choices: IdentifyChoices): Outcome {
	const contact = contactOf(unit, call);
	if (contact && isTrouble(contact)) return contact;
	const erased = erasedAmong(unit, [asKeys(call)]);
	if (erased) return erased;
	if (contact) return updateContact(registry, unit, contact, call);
	return call.isPublic ? fromPublic(registry, unit, call, choices) : newContact(registry, unit, call, choices);
}

/** Whom the call is about, of those that are known; nobody when it is about somebody new. */
function contactOf(known: Known, { id, email, isPublic }: CheckedCall): RecordRow | undefined | Trouble {
	const mapping = id && known.mapping(id);
	const byId = mapping && known.record(mapping.objectId);
	const byEmail = email ? known.recordsByEmail('people', email.key) : [];
	if (byId?.state === 'deleted') return deletedBefore(byId, 'Record → Delete or Restore (Do: Restore) brings it back.');
	if (byId) {
		const others = byEmail.filter((record) => record.id !== byId.id);
		return isPublic || others.length === 0 || byEmail.length > others.length ? byId : twoPeople(known, byId, others, id, email as Email);
	}
	if (byEmail.length > 0 && isPublic) {
		return trouble('skipped', 'publicCall', `${shown(email?.address ?? '')} belongs to a contact, but the call may have been sent by anybody (from a browser or an app, or with a write key alone), so nothing was linked by it.`, [email?.key], { email: email?.address });
	}
	if (byEmail.length > 1) return severalWithEmail('people', email?.address ?? '', byEmail);
	if (byEmail[0]) return byEmail[0];
	const [deleted] = email ? known.recordsByEmail('people', email.key, 'deleted') : [];
	return deleted && deletedBefore(deleted, 'Record → Delete or Restore (Do: Restore) brings it back.');
}

function twoPeople(known: Known, byId: RecordRow, others: readonly RecordRow[], id: CheckedId, email: Email): Trouble {
	const side = ({ id: objectId, fields }: RecordRow) => ({ objectId, externalIds: currentIds(known, objectId), fields });
	return trouble('conflict', 'twoPeople', `The user ID "${shown(id.externalId)}" belongs to ${byId.id}, and the e-mail ${shown(email.address)} to ${others.map((other) => other.id).slice(0, 3).join(', ')}. By its user ID the call is about the first; nothing was linked or changed. If they are one person, use Record → Merge.`, [idKeyText(id), email.key], {
		objectType: 'people',
		objectId: byId.id,
		conflict: { byUserId: side(byId), byEmail: others.length === 1 ? side(others[0] as RecordRow) : others.slice(0, 20).map(side), mergeCandidate: true },
	});
}

function updateContact(registry: Registry, unit: Unit, contact: RecordRow, call: CheckedCall): Outcome {
	const { id, email, isPublic } = call;
	const isNewId = id !== undefined && !isPublic && unit.mapping(id) === undefined;
	const plan = isNewId ? planIds(registry, unit, [id], contact.id, STRICT) : { giveWay: [] };
	if (isTrouble(plan)) return plan;
	const newEmail = email && !isPublic && !unit.emailsOf(contact.id).some(({ key }) => key === email.key) ? email : undefined;
	const taken = newEmail && emailOfOther(unit, [{ objectType: 'people', email: newEmail }], contact);
	if (taken) return taken;

	const { fields, changed } = mergeFields(contact.fields, call.traits);
	let record = contact;
	if (changed.length > 0) {
		const pick = (from: Readonly<Fields>) => Object.fromEntries(changed.map((name) => [name, from[name] ?? null]));
		record = unit.updateRecord(contact.id, { fields }, 'recordUpdated', pick(contact.fields), pick(fields));
	}
	if (isNewId) placeId(unit, id, contact.id, plan);
	if (newEmail) unit.addEmail(record, newEmail, true);
	if (newEmail) changed.push('email');
	const match = email && !isPublic && !unit.accountOf(record) ? accountFor(registry, unit, email) : undefined;
	if (match && !isTrouble(match)) record = linkContact(unit, record, match);
	const isLinked = isNewId || (match !== undefined && !isTrouble(match));
	return tell(unit, isLinked ? 'linked' : changed.length > 0 ? 'updated' : 'unchanged', record, call, { ...shownMatch(match), ...(changed.length > 0 ? { changed } : {}) });
}

function newContact(registry: Registry, unit: Unit, call: CheckedCall, choices: IdentifyChoices): Outcome {
	const { id, email } = call;
	const refused = audienceOnly(call) ?? unwanted(unit, call, choices);
	if (refused) return refused;
	const match = email && accountFor(registry, unit, email);
	if (match && isTrouble(match) && match.status === 'skipped' && match.domainClass !== 'freeMail') return { ...match, email: email.address };
	const plan = id ? planIds(registry, unit, [id], undefined, STRICT) : { giveWay: [] };
	if (isTrouble(plan)) return plan;

	const fields = withName(call, unit);
	let contact: RecordRow;
	if (match && !isTrouble(match)) contact = createContact(unit, match, email, fields);
	else {
		contact = unit.addRecord({ objectType: 'people', fields, origin: 'segment' });
		if (email) unit.addEmail(contact, email, true);
		const [reason = ''] = match ? match.problemKey.split(':') : ['noEmail'];
		const name = [fields.name, [fields.firstName, fields.lastName].filter((part) => typeof part === 'string').join(' ')].find((each) => typeof each === 'string' && each !== '');
		unit.putInbox({ key: email?.key ?? contact.id, address: email?.address ?? '', name: typeof name === 'string' ? name.slice(0, 200) : null, domain: email?.host ?? null, recordId: contact.id, reason, origin: 'segment' });
	}
	if (id) placeId(unit, id, contact.id, plan);
	return tell(unit, 'created', contact, call, { ...shownMatch(match), ...(match && !isTrouble(match) ? {} : { inInbox: true, inboxReason: match ? match.reason : 'The call has no e-mail, so it does not tell which account the contact belongs to.' }) });
}

/** Somebody new, of whom only a call tells that anybody can have sent: at most an address, as it might stand in a mail; never an ID. */
function fromPublic(registry: Registry, unit: Unit, call: CheckedCall, choices: IdentifyChoices): Outcome {
	const { id, email } = call;
	const refused = audienceOnly(call) ?? unwanted(unit, call, choices);
	if (refused) return refused;
	if (!email) return trouble('skipped', 'publicCall', `The user ID "${shown(id?.externalId ?? '')}" is new, and the call may have been sent by anybody (from a browser or an app, or with a write key alone), so no contact was made of it.`, [id && idKeyText(id)]);
	const match = accountFor(registry, unit, email);
	if (isTrouble(match)) {
		if (match.status === 'skipped' && match.domainClass !== 'freeMail') return { ...match, email: email.address };
		const [reason = ''] = match.problemKey.split(':');
		const before = unit.inbox(email.key);
		if (before?.state !== 'waiting') unit.putInbox({ key: email.key, address: email.address, name: null, domain: email.host, recordId: null, reason, origin: 'segment' });
		return { ...match, email: email.address, inInbox: true, retry: true };
	}
	return tell(unit, 'created', createContact(unit, match, email, withName(call, unit)), call, shownMatch(match));
}

function audienceOnly({ isAudienceOnly, id, email }: CheckedCall): Trouble | undefined {
	if (!isAudienceOnly) return undefined;
	return trouble('skipped', 'audienceOnly', 'The call only says whether somebody is in an audience, and no contact with its user ID or e-mail is known. Such calls change contacts but never make one.', [id && idKeyText(id), email?.key]);
}

/** Addresses that make no contact. */
function unwanted(unit: Unit, { email }: CheckedCall, { skipRoleAddresses }: IdentifyChoices): Trouble | undefined {
	if (!email) return undefined;
	const waiting = unit.inbox(email.key);
	if (waiting?.state === 'discarded') return trouble('skipped', 'discarded', `${email.address} was discarded from the inbox, so it does not come back.`, [email.key], { email: email.address });
	if (waiting?.state === 'waiting' && waiting.reason === APPROVAL) {
		return trouble('skipped', 'waitsForApproval', `${email.address} waits for approval with the others of its domain. Inbox → Assign or Approve makes them contacts.`, [email.key], { email: email.address, inInbox: true });
	}
	if (!skipRoleAddresses || !isRoleAddress(email)) return undefined;
	return trouble('skipped', 'roleAddress', `${email.address} is a role address, not a person. Turn off Skip Role Addresses to take it.`, [email.key], { email: email.address });
}

function accountFor(registry: Registry, known: Known, email: Email): DomainMatch | Trouble {
	return matchEmail(email, registry.lists, (domain) => known.ownersOf(domain), { skipRoleAddresses: false });
}

/** The traits; a name that came with the address before stays where the call has none. */
function withName({ traits, email }: CheckedCall, known: Known): Fields {
	const name = email && known.inbox(email.key)?.name;
	const hasName = ['name', 'firstName', 'lastName'].some((each) => Object.hasOwn(traits, each));
	return name && !hasName ? { ...traits, name } : traits;
}

function shownMatch(match: DomainMatch | Trouble | undefined): Record<string, unknown> {
	return match && !isTrouble(match) ? { matchedDomain: match.matchedDomain, matchKind: match.matchKind } : {};
}

function tell(known: Known, status: 'created' | 'linked' | 'updated' | 'unchanged', contact: RecordRow, { email }: CheckedCall, more: Record<string, unknown>): Outcome {
	const primary = known.emailsOf(contact.id).find(({ isPrimary }) => isPrimary)?.address;
	return { status, ...shownContact(known, contact, primary ?? email?.address ?? null), ...more };
}
