import { parseDomain, registrableDomain } from '../../shared/identity/domain';
import { parseEmail } from '../../shared/identity/email';
import { classifyDomain } from '../../shared/identity/match';
import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import type { ObjectName, Work } from '../../shared/ports';
import { cancelled, inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { assigned, shownContact } from './contacts';
import { erasedAmong, readsOfErased } from './erased';
import { groupByKeys, inParts } from './groups';
import { catchingWaiting } from './heldOutcomes';
import { collect } from './lists';
import { itemsOf } from './mappings';
import { checkName, checkObjectId, findLive, isBlank, readsOf, severalWithEmail } from './objects';
import type { CheckedName } from './objects';
import type { Registry } from './registry';
import type { InboxRow, InboxState, RecordRow } from './rows';
import { Known } from './known';
import type { Unit } from './unit';
import { usableDomain } from './usableDomain';
import { approveDomain, shownCaught } from './waiting';

type Row = Record<string, unknown>;

export interface InboxQuery {
	states: readonly InboxState[];
	reason?: string;
	domain?: string;
	search?: string;
}

/** What is in the inbox and fits all the given filters, at most `limit`. */
export async function listInbox(registry: Registry, query: InboxQuery, limit: number, signal?: AbortSignal): Promise<Row[] | Trouble> {
	const domain = query.domain === undefined ? undefined : parseDomain(query.domain);
	if (domain !== undefined && typeof domain !== 'string') return domain;
	const filter = { ...query, domain, site: domain === undefined ? undefined : registrableDomain(domain) };
	const rows = await collect((after, left) => registry.store.scanInbox(registry.workspace, filter, after, left), limit, signal);
	return rows.map(shownRow);
}

function shownRow(row: InboxRow): Row {
	return {
		inboxState: row.state,
		reason: row.reason,
		email: row.address === '' ? null : row.address,
		name: row.name,
		domain: row.domain,
		objectId: row.recordId,
		origin: row.origin,
		createdAt: new Date(row.createdAt).toISOString(),
		updatedAt: new Date(row.updatedAt).toISOString(),
	};
}

/** Reasons of waiting that a Related Domain would end. */
const CURED_BY_DOMAIN: ReadonlySet<string> = new Set(['domainWithoutAccount', 'accountDeleted']);

export interface MissingDomain {
	domain: string;
	/** How many wait whose domain it is, or lies under it. */
	people: number;
	/** Whether it can be a Related Domain: neither free mail, nor one's own, nor blocked. */
	usable: boolean;
	domainClass: string;
}

/** Domains that no account has, with how many of the inbox each would catch: those that can be used first, then the most people first. */
export async function missingDomains(registry: Registry): Promise<MissingDomain[]> {
	const people = new Map<string, number>();
	for (const { group, rows } of await registry.store.count(registry.workspace, 'waiting')) {
		const [site = '', reason = ''] = group;
		if (site === '' || !(CURED_BY_DOMAIN.has(reason) || reason === 'domainFreeMail')) continue;
		people.set(site, (people.get(site) ?? 0) + rows);
	}
	const missing = [...people].map(([domain, count]): MissingDomain => {
		const domainClass = classifyDomain(domain, registry.lists);
		return { domain, people: count, usable: domainClass === 'business', domainClass };
	});
	return missing.sort((a, b) => Number(b.usable) - Number(a.usable) || b.people - a.people || (a.domain < b.domain ? -1 : 1));
}

/** What is meant of the inbox: an e-mail address, or the Object ID of a contact. */
type CheckedWaiting = Exclude<CheckedName, { id: unknown }>;

function checkWaiting(value: unknown): CheckedWaiting | Trouble {
	if (isBlank(value)) return trouble('invalid', 'nothingNamed', 'Address or Contact is empty. Give an e-mail address, or the Object ID of a contact.', []);
	if (typeof value === 'string' && !value.includes('@')) {
		const objectId = checkObjectId('people', value);
		if (typeof objectId === 'string') return { objectId, objectType: 'people' };
		return { ...objectId, reason: `"${shown(value)}" is neither an e-mail address nor the Object ID of a person. Inbox → Get Many gives both.` };
	}
	const email = parseEmail(value);
	return isTrouble(email) ? email : { emailKey: email.key, objectType: 'people', address: email.address };
}

function readsOfWaiting(names: readonly CheckedWaiting[]) {
	return {
		...readsOf(names),
		inbox: names.flatMap((name) => ('emailKey' in name ? [name.emailKey] : [name.objectId])),
		...readsOfErased(names.flatMap((name) => ('emailKey' in name ? [{ objectType: 'people' as const, email: { key: name.emailKey, address: name.address } }] : []))),
		with: { mappings: true, emails: true, account: true, inbox: true },
	};
}

/** What a name leads to: the contact, if there is one, and its row in the inbox. */
interface Waiting {
	row?: InboxRow;
	contact?: RecordRow;
}

function findWaiting(known: Known, name: CheckedWaiting): Waiting | Trouble {
	if ('emailKey' in name) {
		const erased = erasedAmong(known, [{ objectType: 'people', email: { key: name.emailKey, address: name.address } }]);
		if (erased) return erased;
		const row = known.inbox(name.emailKey);
		const people = known.recordsByEmail('people', name.emailKey);
		const own = row?.recordId == null ? undefined : people.find(({ id }) => id === known.survivorOf(row.recordId as string)?.id);
		if (people.length > 1 && !own) return severalWithEmail('people', name.address, people);
		const contact = own ?? people[0] ?? known.recordsByEmail('people', name.emailKey, 'deleted')[0];
		if (row || contact) return { row, contact };
		return trouble('notFound', 'notInInbox', `${shown(name.address)} is not in the inbox.`, [name.emailKey], { email: name.address });
	}
	const contact = known.survivorOf(name.objectId);
	if (!contact) return trouble('notFound', 'noRecord', `There is no person ${shown(name.objectId)} in this registry.`, [name.objectId], { objectType: 'people', objectId: name.objectId });
	const rows = known.inboxRows().filter(({ recordId, key }) => recordId === contact.id || key === contact.id || known.emailsOf(contact.id).some((email) => email.key === key));
	return { contact, row: rows.find(({ state }) => state === 'waiting') ?? rows[0] };
}

export interface AssignEntry {
	/** An e-mail address, or the Object ID of a contact. */
	waiting: unknown;
	account: ObjectName;
}

interface CheckedAssign {
	index: number;
	waiting: CheckedWaiting;
	account: CheckedName;
}

interface Assign extends CheckedAssign {
	accountId: string;
	/** What stands for the contact among the items of a run. */
	who: string;
	/** Domain of the address. */
	domain: string | undefined;
}

/**
 * Puts what waits in the inbox on accounts; of an address alone a contact is made.
 *
 * @param addDomain whether the domain of the address becomes a Related Domain of the account, unless it cannot be one or is
 * another account's
 */
export async function assignWaiting(registry: Registry, entries: readonly AssignEntry[], { addDomain }: { addDomain: boolean }, work: Work): Promise<void> {
	const checked = await checkEntries(entries, work, ({ waiting, account }): Omit<CheckedAssign, 'index'> | Trouble => {
		const name = checkWaiting(waiting);
		if (isTrouble(name)) return name;
		const checkedAccount = checkName(registry, account);
		return isTrouble(checkedAccount) ? checkedAccount : { waiting: name, account: checkedAccount };
	});
	const found = await findAssigns(registry, checked, work);
	const rivals = new Map<string, Set<string>>();
	for (const { domain, accountId } of found) if (domain) rivals.set(domain, (rivals.get(domain) ?? new Set()).add(accountId));
	const groups = (await groupByKeys(found, ({ who }) => [who])).filter((group) => !settleDisagreement(group, work));
	await catchingWaiting(registry, work, async (hold) => {
		await inBatches(
			inParts(groups),
			work.signal,
			async (batch) => {
				const items = batch.flat();
				const reads = readsOfWaiting(items.map(({ waiting }) => waiting));
				const domains = addDomain ? items.flatMap(({ domain }) => domain ?? []) : [];
				const outcomes = await registry.transact({ ...reads, objectIds: [...(reads.objectIds ?? []), ...items.map(({ accountId }) => accountId)], domains, with: { ...reads.with, domains: true } }, work, (unit) =>
					items.map((item) => {
						const outcome = assign(unit, item, work);
						if (isTrouble(outcome) || !addDomain || item.domain === undefined) return { outcome };
						const refused = addDomainOf(registry, unit, item.domain, item.accountId, (rivals.get(item.domain)?.size ?? 0) > 1);
						if (refused !== undefined) return { outcome: { ...outcome, refusedDomains: [{ domain: item.domain, reason: refused }] } };
						return { outcome: { ...outcome, relatedDomain: item.domain }, accountId: item.accountId, domains: [item.domain] };
					}),
				);
				items.forEach(({ index }, at) => hold(index, [outcomes[at] as { outcome: Outcome }]));
			},
			(left) => settleCancelled(left, work),
		);
	});
}

/** Finds accounts and what waits, whatever names them, before anything is written. */
async function findAssigns(registry: Registry, checked: readonly CheckedAssign[], work: Work): Promise<Assign[]> {
	const found: Assign[] = [];
	await inBatches(
		checked.map((entry) => [entry]),
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const waiting = readsOfWaiting(items.map((item) => item.waiting));
			const accounts = readsOf(items.map(({ account }) => account));
			const reads = { ...waiting, ids: accounts.ids, objectIds: [...(waiting.objectIds ?? []), ...(accounts.objectIds ?? [])], emails: [...(waiting.emails ?? []), ...(accounts.emails ?? [])] };
			const known = new Known(await registry.store.read(registry.workspace, reads));
			for (const item of items) {
				const account = findLive(known, item.account);
				const who = findWaiting(known, item.waiting);
				if (isTrouble(account)) work.settle(item.index, { ...account, reason: `The account was not found. ${account.reason}` });
				else if (isTrouble(who)) work.settle(item.index, who);
				else found.push({ ...item, accountId: account.record.id, who: who.contact?.id ?? who.row?.key ?? '', domain: who.row?.domain ?? domainOfName(item.waiting) });
			}
		},
		(left) => settleCancelled(left, work),
	);
	return found;
}

function domainOfName(name: CheckedWaiting): string | undefined {
	return 'emailKey' in name ? name.emailKey.slice(name.emailKey.lastIndexOf('@') + 1) : undefined;
}

/** Items that put one contact on several accounts: none of them is done. */
function settleDisagreement(group: readonly Assign[], work: Work): boolean {
	const accounts = [...new Set(group.map(({ accountId }) => accountId))].sort();
	if (accounts.length === 1) return false;
	for (const { index, who } of group) {
		work.settle(index, trouble('conflict', 'itemsDisagree', `Several items put one contact on different accounts (${itemsOf(group)}). None of them was done.`, [who, ...accounts], { conflict: { accounts: accounts.slice(0, 20) } }));
	}
	return true;
}

function assign(unit: Unit, { waiting, accountId }: Assign, work: Work): Outcome {
	const found = findWaiting(unit, waiting);
	if (isTrouble(found)) return found;
	const { row, contact } = found;
	const account = unit.survivorOf(accountId);
	if (account?.state !== 'active') return trouble('notFound', 'noRecord', `There is no account ${accountId} any more.`, [accountId], { objectType: 'accounts', objectId: accountId });
	if (contact?.state === 'deleted' || (!contact && row?.recordId != null)) {
		return trouble('skipped', 'recordDeleted', `This contact was deleted. ${row?.state === 'discarded' ? 'Inbox → Discard or Restore' : 'Record → Delete or Restore'} (Do: Restore) brings it back.`, [contact?.id ?? row?.key], { objectType: 'people', objectId: contact?.id ?? row?.recordId ?? null });
	}
	const email = row && row.address !== '' ? row.address : 'emailKey' in waiting ? waiting.address : null;
	const before = contact && unit.accountOf(contact);
	if (contact && before) {
		assigned(unit, row, contact.id);
		if (before.id === account.id) return { status: 'unchanged', ...shownContact(unit, contact, email) };
		return trouble('conflict', 'hasAccount', `${contact.id} belongs to the account ${before.id} already, so it was not put on ${account.id}. Record → Create or Update changes the account of a person.`, [contact.id, account.id], {
			conflict: { wanted: { accountId: account.id }, existing: { objectId: contact.id, accountId: before.id } },
		});
	}
	if (contact) {
		const linked = unit.updateRecord(contact.id, { accountId: account.id }, 'recordUpdated', { accountId: contact.accountId }, { accountId: account.id });
		takeOut(unit, row, contact.id);
		return { status: 'linked', ...shownContact(unit, linked, email) };
	}
	const parsed = parseEmail(row?.address);
	if (isTrouble(parsed)) return parsed;
	const made = unit.addRecord({ objectType: 'people', fields: row?.name == null ? {} : { name: row.name }, origin: work.caller.origin, accountId: account.id });
	unit.addEmail(made, parsed, true);
	takeOut(unit, row, made.id);
	return { status: 'created', ...shownContact(unit, made, parsed.address) };
}

/** What was discarded and is assigned now counts as assigned: somebody has decided anew. */
function takeOut(unit: Unit, row: InboxRow | undefined, contactId: string): void {
	if (row && row.state !== 'assigned') unit.putInbox({ ...row, recordId: contactId }, 'assigned');
}

/** @returns why the domain was not added; nothing when it was, or was there */
function addDomainOf(registry: Registry, unit: Unit, domain: string, accountId: string, isRivalled: boolean): string | undefined {
	const usable = usableDomain(registry, domain);
	if (typeof usable !== 'string') return usable.reason;
	if (isRivalled) return `Items of this run put contacts of ${domain} on different accounts, so it was given to none of them.`;
	if (unit.domainsOf(accountId).some((row) => row.domain === usable)) return undefined;
	const [other] = unit.ownersOf(usable);
	if (other) return `${domain} is a Related Domain of another account (${other.accountId}); shared, it would match none of them.`;
	unit.putDomain(accountId, usable, false);
	return undefined;
}

/** Makes contacts of all that waits at some domains and whose account is known, approved or not; an outcome a domain. */
export async function approveWaiting(registry: Registry, domains: readonly unknown[], work: Work): Promise<void> {
	for (const [index, value] of domains.entries()) {
		const domain = parseDomain(value);
		if (typeof domain !== 'string') {
			work.settle(index, domain);
			continue;
		}
		if (work.signal?.aborted) {
			work.settle(index, cancelled([domain]));
			continue;
		}
		const caught = shownCaught(await approveDomain(registry, domain, work));
		const isSame = caught.contactsCreated === undefined && caught.contactsLinked === undefined;
		work.settle(index, { status: isSame ? 'unchanged' : 'updated', domain, contactsCreated: caught.contactsCreated ?? 0, contactsLinked: caught.contactsLinked ?? 0 });
	}
}

/**
 * Takes addresses and contacts out of the inbox for good: feeds do not bring them back. A contact that was more than an address is
 * deleted (softly). Restoring puts both back.
 */
export async function discardWaiting(registry: Registry, names: readonly unknown[], { restore }: { restore: boolean }, work: Work): Promise<void> {
	const checked = await checkEntries(names, work, (value): { name: CheckedWaiting } | Trouble => {
		const name = checkWaiting(value);
		return isTrouble(name) ? name : { name };
	});
	await inBatches(
		checked.map((entry) => [entry]),
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const outcomes = await registry.transact(readsOfWaiting(items.map(({ name }) => name)), work, (unit) => items.map(({ name }) => (restore ? putBack(unit, name) : discard(unit, name))));
			items.forEach(({ index }, at) => work.settle(index, outcomes[at] as Outcome));
		},
		(left) => settleCancelled(left, work),
	);
}

function discard(unit: Unit, name: CheckedWaiting): Outcome {
	const found = findWaiting(unit, name);
	if (isTrouble(found)) return found;
	const { row, contact } = found;
	if (row?.state === 'discarded') return { status: 'unchanged', ...told(row, contact) };
	if (row?.state !== 'waiting') return notWaiting(name);
	unit.putInbox(row, 'discarded');
	if (contact?.state === 'active') unit.updateRecord(contact.id, { state: 'deleted' }, 'recordDeleted', { state: 'active' }, { state: 'deleted' });
	return { status: 'deleted', ...told({ ...row, state: 'discarded' }, contact) };
}

function putBack(unit: Unit, name: CheckedWaiting): Outcome {
	const found = findWaiting(unit, name);
	if (isTrouble(found)) return found;
	const { row, contact } = found;
	if (row?.state === 'waiting') return { status: 'unchanged', ...told(row, contact) };
	if (row?.state !== 'discarded') return notWaiting(name);
	unit.putInbox(row);
	if (contact?.state === 'deleted') unit.updateRecord(contact.id, { state: 'active' }, 'recordRestored', { state: 'deleted' }, { state: 'active' });
	return { status: 'updated', ...told({ ...row, state: 'waiting' }, contact) };
}

function told(row: InboxRow, contact: RecordRow | undefined): Row {
	return { inboxState: row.state, reason: row.reason, email: row.address === '' ? null : row.address, domain: row.domain, objectId: contact?.id ?? null };
}

function notWaiting(name: CheckedWaiting): Trouble {
	const who = 'emailKey' in name ? name.address : name.objectId;
	return trouble('notFound', 'notInInbox', `${shown(who)} does not wait in the inbox: it has an account, or was never there.`, [who], 'emailKey' in name ? { email: name.address } : { objectId: name.objectId });
}
