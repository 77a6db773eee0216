import chunk from 'lodash/chunk';

import { domainLadder, registrableDomain } from '../../shared/identity/domain';
import { parseEmail } from '../../shared/identity/email';
import type { Email } from '../../shared/identity/email';
import { matchEmail } from '../../shared/identity/match';
import type { DomainMatch } from '../../shared/identity/match';
import { isTrouble } from '../../shared/identity/outcome';
import { Pacer } from '../../shared/pace';
import type { Work } from '../../shared/ports';
import { assigned, createContact, linkContact } from './contacts';
import type { Registry } from './registry';
import type { InboxRow } from './rows';
import { Known } from './known';
import type { Unit } from './unit';

/** Reason of what waits in the inbox because one added domain would have made too many contacts. */
export const APPROVAL = 'approval';

/** What a Related Domain caught of the inbox. */
export interface Caught {
	contactsCreated: number;
	contactsLinked: number;
	waitingForApproval: number;
}

/** By account and the Related Domain that decided. */
export type CaughtBy = Map<string, Caught>;

/** Rows of the inbox that one transaction looks at: some 10 ms of work. */
const ROWS_A_STEP = 100;
const ROWS_A_SCAN = 2_000;
/** Up to so many domains are looked up one by one; for more the whole inbox is gone through once. */
const MOST_LOOKUPS = 100;

export function caughtKey(accountId: string, domain: string): string {
	return `${accountId}\n${domain}`;
}

/** As outcomes show it: what is none is left out. */
export function shownCaught(caught: readonly Caught[]): Partial<Caught> {
	const sum: Partial<Caught> = {};
	for (const each of caught) {
		for (const name of ['contactsCreated', 'contactsLinked', 'waitingForApproval'] as const) {
			if (each[name] > 0) sum[name] = (sum[name] ?? 0) + each[name];
		}
	}
	return sum;
}

/**
 * Tries the addresses of the inbox again that some Related Domains may catch. To be called when all the domains of a run are
 * stored, for what an address matches depends on all of them.
 *
 * Where one domain would make more new contacts than the settings allow without asking, they go on waiting, for approval. What is
 * left by a run that was stopped goes on waiting as well: the next one finds it.
 *
 * @param domains that were added, or whose accounts have changed
 */
export async function tryWaitingAgain(registry: Registry, domains: readonly string[], work: Work): Promise<CaughtBy> {
	const added = new Set(domains);
	const isMeant = (match: DomainMatch) => added.has(match.matchedDomain);
	const news = await countNew(registry, domains, isMeant, work);
	if (news === undefined) return new Map();
	const limit = registry.settings.approveAbove;
	return await place(registry, domains, isMeant, (row, match) => row.reason !== APPROVAL && (news.get(match.matchedDomain) ?? 0) <= limit, work);
}

/** Makes contacts of all that waits at a domain or under it and matches an account, however many they are. */
export async function approveDomain(registry: Registry, domain: string, work: Work): Promise<Caught[]> {
	const caught = await place(registry, [domain], () => true, () => true, work, (row) => row.domain === domain || row.domain?.endsWith(`.${domain}`) === true);
	return [...caught.values()];
}

/** New contacts that each domain would make; undefined where nothing that waits is caught by any. */
async function countNew(registry: Registry, domains: readonly string[], isMeant: (match: DomainMatch) => boolean, work: Work): Promise<Map<string, number> | undefined> {
	const news = new Map<string, number>();
	let found = false;
	for await (const rows of pagesAt(registry, domains, work)) {
		const known = new Known(await registry.store.read(registry.workspace, { domains: laddersOf(rows) }));
		for (const row of rows) {
			const match = matchOf(registry, known, row);
			if (!match || !isMeant(match)) continue;
			found = true;
			if (row.recordId === null) news.set(match.matchedDomain, (news.get(match.matchedDomain) ?? 0) + 1);
		}
	}
	return found ? news : undefined;
}

async function place(
	registry: Registry,
	domains: readonly string[],
	isMeant: (match: DomainMatch) => boolean,
	mayMake: (row: InboxRow, match: DomainMatch) => boolean,
	work: Work,
	isMeantRow: (row: InboxRow) => boolean = () => true,
): Promise<CaughtBy> {
	const caught: CaughtBy = new Map();
	for await (const page of pagesAt(registry, domains, work)) {
		const rows = page.filter(isMeantRow);
		if (rows.length === 0) continue;
		const reads = {
			inbox: rows.map(({ key }) => key),
			emails: rows.map(({ key }) => ({ objectType: 'people' as const, key })),
			domains: laddersOf(rows),
			with: { account: true },
		};
		const placed = await registry.transact(reads, work, (unit) =>
			rows.flatMap(({ key }) => {
				const row = unit.inbox(key);
				const match = row?.state === 'waiting' ? matchOf(registry, unit, row) : undefined;
				const what = row && match && isMeant(match) ? placeRow(unit, row, match, mayMake(row, match)) : undefined;
				return what && match ? [{ what, by: caughtKey(match.accountId, match.matchedDomain) }] : [];
			}),
		);
		for (const { what, by } of placed) {
			const counts = caught.get(by) ?? { contactsCreated: 0, contactsLinked: 0, waitingForApproval: 0 };
			counts[what]++;
			caught.set(by, counts);
		}
	}
	return caught;
}

function placeRow(unit: Unit, row: InboxRow, match: DomainMatch, mayMake: boolean): keyof Caught | undefined {
	const email = emailOf(row) as Email;
	const people = unit.recordsByEmail('people', email.key);
	const waiting = row.recordId === null ? undefined : unit.survivorOf(row.recordId);
	const contact = people.length > 0 ? people[0] : waiting;
	// Whom the address means is not certain, or a person has said that this one is not wanted.
	if (people.length > 1 || (contact && contact.state !== 'active') || (!contact && unit.recordsByEmail('people', email.key, 'deleted').length > 0)) return undefined;
	if (contact && unit.accountOf(contact)) {
		assigned(unit, row, contact.id);
		return undefined;
	}
	if (contact) {
		linkContact(unit, contact, match);
		assigned(unit, unit.inbox(row.key), contact.id);
		return 'contactsLinked';
	}
	if (mayMake) {
		createContact(unit, match, email, row.name === null ? {} : { name: row.name });
		return 'contactsCreated';
	}
	if (row.reason !== APPROVAL) unit.putInbox({ ...row, reason: APPROVAL });
	return 'waitingForApproval';
}

function matchOf(registry: Registry, known: Known, row: InboxRow): DomainMatch | undefined {
	const email = emailOf(row);
	const match = email && matchEmail(email, registry.lists, (domain) => known.ownersOf(domain), { skipRoleAddresses: false });
	return match === undefined || isTrouble(match) ? undefined : match;
}

function emailOf({ address }: InboxRow): Email | undefined {
	const email = parseEmail(address);
	return isTrouble(email) ? undefined : email;
}

function laddersOf(rows: readonly InboxRow[]): string[] {
	const hosts = new Set(rows.flatMap(({ domain }) => domain ?? []));
	return [...new Set([...hosts].flatMap((host) => domainLadder(host)))];
}

/** What waits at the registrable domains of some domains, a page at a time, until all was seen or the run is stopped. */
async function* pagesAt(registry: Registry, domains: readonly string[], work: Work): AsyncGenerator<InboxRow[]> {
	const sites = new Set(domains.map((domain) => registrableDomain(domain) ?? domain));
	const lookUps = sites.size <= MOST_LOOKUPS ? [...sites] : [undefined];
	const pacer = new Pacer({ every: 1 });
	for (const site of lookUps) {
		let after: string | undefined;
		do {
			if (work.signal?.aborted) return;
			const page = await registry.store.scanInbox(registry.workspace, { states: ['waiting'], site }, after, ROWS_A_SCAN);
			const rows = site === undefined ? page.rows.filter((row) => sites.has(row.site)) : page.rows;
			if (pacer.due()) await pacer.rest();
			for (const part of chunk(rows, ROWS_A_STEP)) {
				if (work.signal?.aborted) return;
				yield part;
				if (pacer.due()) await pacer.rest();
			}
			after = page.next;
			if (pacer.due()) await pacer.rest();
		} while (after !== undefined);
	}
}
