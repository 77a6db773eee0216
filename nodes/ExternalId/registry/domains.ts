import { readAddressees } from '../../shared/identity/addresses';
import { domainLadder, parseDomain } from '../../shared/identity/domain';
import { parseEmail } from '../../shared/identity/email';
import type { Email } from '../../shared/identity/email';
import { matchDomain, matchEmail } from '../../shared/identity/match';
import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { kindOf, shown } from '../../shared/identity/wording';
import type { DomainEntry, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { catchingWaiting } from './heldOutcomes';
import { itemsOf } from './mappings';
import { checkName, findLive, goneRecord, isBlank, readsOf } from './objects';
import type { CheckedName } from './objects';
import type { Registry } from './registry';
import { listOf } from './settings';
import { append, Known } from './known';
import type { Unit } from './unit';
import { usableDomain } from './usableDomain';
import { currentIds } from './views';

/**
 * Adds, removes or sets Related Domains of accounts. Adding and removing tell of each domain; setting tells of the account,
 * and of each domain that cannot be used. A domain may belong to several accounts: then it matches none of them, unless
 * one is preferred.
 */
export async function changeDomains(registry: Registry, how: 'add' | 'remove' | 'set', entries: readonly DomainEntry[], work: Work): Promise<void> {
	const checked = await checkEntries(entries, work, (entry) => checkChange(registry, how, entry));
	const groups = withoutRivals(await byAccount(registry, checked, work), work);
	await catchingWaiting(registry, work, async (hold) => await changeGroups(registry, how, groups, hold, work));
}

type Hold = Parameters<Parameters<typeof catchingWaiting>[2]>[0];

async function changeGroups(registry: Registry, how: 'add' | 'remove' | 'set', groups: readonly Change[][], hold: Hold, work: Work): Promise<void> {
	await inBatches(
		groups,
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const reads = { objectIds: items.map(({ accountId }) => accountId), domains: items.flatMap(({ domains }) => domains), with: { domains: true } };
			const outcomes = await registry.transact(reads, work, (unit) => batch.flatMap((group) => changeAccount(unit, how, group)));
			items.forEach(({ index, refused, accountId }, at) => {
				const told = (outcomes[at] as Outcome[]).map((outcome) => ({ outcome, ...(how === 'remove' ? {} : { accountId, domains: [outcome.domains ?? outcome.domain].flat() as string[] }) }));
				hold(index, [...told, ...refused.map((outcome) => ({ outcome }))]);
			});
		},
		(left) => settleCancelled(left, work),
	);
}

interface CheckedChange {
	index: number;
	account: CheckedName;
	/** Sorted. */
	domains: string[];
	refused: Trouble[];
	preferred?: boolean;
}

type Change = CheckedChange & { accountId: string };

/** Domains that one item may name. */
const MOST_DOMAINS = 1_000;
/** Other accounts of a shared domain that an outcome names. */
const MOST_SHARED_WITH = 20;

function checkChange(registry: Registry, how: 'add' | 'remove' | 'set', entry: DomainEntry): Omit<CheckedChange, 'index'> | Trouble {
	const account = checkName(registry, entry.account);
	if (isTrouble(account)) return account;
	const given = listOf(entry.domains);
	if (given.length === 0) return trouble('invalid', 'noDomain', 'No domain is given. To take all domains from an account, use Remove.', []);
	if (given.length > MOST_DOMAINS) return trouble('invalid', 'tooManyDomains', `The item names ${given.length.toLocaleString('en')} domains; at most ${MOST_DOMAINS.toLocaleString('en')} are allowed.`, []);
	const domains = new Set<string>();
	const refused: Trouble[] = [];
	for (const each of given) {
		// What is there already may be removed, whatever the lists say now.
		const domain = how === 'remove' ? parseDomain(each) : usableDomain(registry, each);
		if (typeof domain === 'string') domains.add(domain);
		else refused.push({ ...domain, domain: shown(typeof each === 'string' ? each : kindOf(each)) });
	}
	return { account, domains: [...domains].sort(), refused, preferred: entry.preferred };
}

/** Finds the accounts, whichever key names them, and puts the items of one account together. */
async function byAccount(registry: Registry, checked: readonly CheckedChange[], work: Work): Promise<Change[][]> {
	const groups = new Map<string, Change[]>();
	await inBatches(
		checked.map((item) => [item]),
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const known = new Known(await registry.store.read(registry.workspace, readsOf(items.map(({ account }) => account))));
			for (const item of items) {
				const found = findLive(known, item.account);
				if (isTrouble(found)) work.settle(item.index, found);
				else append(groups, found.record.id, { ...item, accountId: found.record.id });
			}
		},
		(left) => settleCancelled(left, work),
	);
	return [...groups.values()];
}

/** What becomes of the items of one account, an outcome list each. */
function changeAccount(unit: Unit, how: 'add' | 'remove' | 'set', items: readonly Change[]): Outcome[][] {
	const { accountId } = items[0] as Change;
	const record = unit.record(accountId);
	if (record?.state !== 'active') return items.map(() => [goneRecord(record, 'accounts', accountId)]);
	if (how === 'remove') return items.map(({ domains }) => domains.map((domain) => removeDomain(unit, accountId, domain)));
	const problem = disagreement(how, items);
	if (problem) return items.map(() => [problem]);
	const preferred = items.map((item) => item.preferred).find((each) => each !== undefined);
	return items.map(({ domains }) => {
		// Nothing that can be used is no wish to have none.
		if (domains.length === 0) return [];
		return how === 'add' ? domains.map((domain) => addDomain(unit, accountId, domain, preferred)) : [setDomains(unit, accountId, domains, preferred)];
	});
}

/** Items of one account that want different things. */
function disagreement(how: 'add' | 'set', items: readonly Change[]): Trouble | undefined {
	const wishes = new Set(items.flatMap(({ preferred }) => (preferred === undefined ? [] : [preferred])));
	const sets = new Set(items.flatMap(({ domains }) => (domains.length === 0 ? [] : [domains.join()])));
	if (wishes.size <= 1 && (how === 'add' || sets.size <= 1)) return undefined;
	const { accountId } = items[0] as Change;
	return trouble('conflict', 'itemsDisagree', `Several items want different Related Domains for one account (${itemsOf(items)}). None of them was done.`, [accountId, ...[...sets].sort()]);
}

/** Only one account can be preferred for a domain: two would leave it to nobody. */
function twoPreferred(domain: string, accountIds: readonly string[]): Trouble {
	return trouble('conflict', 'twoPreferred', `${domain} can be preferred for one account only, and ${[...accountIds].sort().join(' and ')} were to be. Nothing was changed.`, [domain], { domain, conflict: { accounts: [...accountIds].sort() } });
}

/** Items of one run that make several accounts the preferred one of a domain; they are settled. */
function withoutRivals(groups: readonly Change[][], work: Work): Change[][] {
	const wanted = new Map<string, Set<string>>();
	for (const { accountId, domains, preferred } of groups.flat()) {
		if (preferred === true) for (const domain of domains) wanted.set(domain, (wanted.get(domain) ?? new Set()).add(accountId));
	}
	return groups.filter((group) => {
		const rivalry = group.flatMap(({ domains, preferred }) => (preferred === true ? domains : [])).sort().find((domain) => (wanted.get(domain)?.size ?? 0) > 1);
		if (rivalry === undefined) return true;
		for (const { index, refused } of group) work.settle(index, [twoPreferred(rivalry, [...(wanted.get(rivalry) ?? [])].slice(0, MOST_SHARED_WITH)), ...refused]);
		return false;
	});
}

function setDomains(unit: Unit, accountId: string, domains: readonly string[], preferred: boolean | undefined): Outcome {
	const rivalry = preferred === true ? domains.flatMap((domain) => unit.ownersOf(domain).filter((owner) => owner.preferred && owner.accountId !== accountId).map((owner) => ({ domain, accountId: owner.accountId })))[0] : undefined;
	if (rivalry) return twoPreferred(rivalry.domain, [accountId, rivalry.accountId]);
	const before = unit.domainsOf(accountId);
	const removed = before.filter(({ domain }) => !domains.includes(domain));
	const added = domains.filter((domain) => !before.some((row) => row.domain === domain));
	const changed = before.filter((row) => domains.includes(row.domain) && preferred !== undefined && row.preferred !== preferred).map(({ domain }) => domain);
	for (const row of removed) unit.removeDomain(row);
	for (const domain of [...added, ...changed]) unit.putDomain(accountId, domain, preferred === true);
	const isSame = removed.length + added.length + changed.length === 0;
	return { status: isSame ? 'unchanged' : 'updated', objectType: 'accounts', objectId: accountId, domains: [...domains], added, removed: removed.map(({ domain }) => domain) };
}

function addDomain(unit: Unit, accountId: string, domain: string, preferred: boolean | undefined): Outcome {
	const rival = preferred === true ? unit.ownersOf(domain).find((owner) => owner.preferred && owner.accountId !== accountId) : undefined;
	if (rival) return twoPreferred(domain, [accountId, rival.accountId]);
	const before = unit.domainsOf(accountId).find((row) => row.domain === domain);
	const isSame = before !== undefined && (preferred === undefined || before.preferred === preferred);
	if (!isSame) unit.putDomain(accountId, domain, preferred === true);
	const others = unit.ownersOf(domain).map((owner) => owner.accountId).filter((id) => id !== accountId);
	return {
		status: isSame ? 'unchanged' : before ? 'updated' : 'created',
		objectType: 'accounts',
		objectId: accountId,
		domain,
		preferred: isSame ? before.preferred : preferred === true,
		...(others.length > 0 ? { sharedWith: others.slice(0, MOST_SHARED_WITH), sharedWithCount: others.length } : {}),
	};
}

function removeDomain(unit: Unit, accountId: string, domain: string): Outcome {
	const row = unit.domainsOf(accountId).find((each) => each.domain === domain);
	if (!row) return { status: 'unchanged', objectType: 'accounts', objectId: accountId, domain, deleted: true };
	unit.removeDomain(row);
	return { status: 'deleted', objectType: 'accounts', objectId: accountId, domain, deleted: true };
}

/** Which account an e-mail address or a domain belongs to, and why. A known contact decides before any domain does. */
export async function matchDomains(registry: Registry, entries: readonly unknown[], { skipRoleAddresses }: { skipRoleAddresses: boolean }, work: Work): Promise<void> {
	const checked = await checkEntries(entries, work, (entry): { email?: Email; host: string } | Trouble => {
		if (isBlank(entry)) return trouble('invalid', 'nothingToMatch', 'E-Mail or Domain is empty.', []);
		if (typeof entry === 'string' && !entry.includes('@')) {
			const host = parseDomain(entry);
			return typeof host === 'string' ? { host } : host;
		}
		// Mail triggers give header text: "Ann <ann@acme.com>".
		const [addressee] = typeof entry === 'string' && entry.includes('<') ? readAddressees(entry) : [];
		const email = parseEmail(addressee?.address ?? entry);
		return isTrouble(email) ? email : { email, host: email.host };
	});
	const lists = registry.lists;
	await inBatches(
		checked.map((entry) => [entry]),
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const snapshot = await registry.store.read(registry.workspace, {
				emails: items.flatMap(({ email }) => (email ? [{ objectType: 'people' as const, key: email.key }] : [])),
				domains: items.flatMap(({ host }) => domainLadder(host)),
				with: { account: true, mappings: true },
			});
			const known = new Known(snapshot);
			for (const { index, email, host } of items) {
				const owners = (domain: string) => known.ownersOf(domain);
				const contact = email && knownContact(known, email);
				const match = contact ?? (email ? matchEmail(email, lists, owners, { skipRoleAddresses }) : matchDomain(host, lists, owners));
				work.settle(index, isTrouble(match) ? { ...match, ...(email ? { email: email.address } : { domain: host }) } : tellMatch(known, match, email, host));
			}
		},
		(left) => settleCancelled(left, work),
	);
}

type Match = { accountId: string; matchedDomain: string | null; matchKind: string; contactId?: string };

function knownContact(known: Known, email: Email): Match | undefined {
	const people = known.recordsByEmail('people', email.key);
	const accounts = new Set(people.map(({ accountId }) => accountId));
	const [accountId] = accounts;
	const account = accounts.size === 1 && accountId ? known.survivorOf(accountId) : undefined;
	if (account?.state !== 'active') return undefined;
	return { accountId: account.id, matchedDomain: null, matchKind: 'knownContact', contactId: people[0]?.id };
}

function tellMatch(known: Known, match: Match, email: Email | undefined, host: string): Outcome {
	const account = known.record(match.accountId);
	return {
		status: 'found',
		objectType: 'accounts',
		objectId: match.accountId,
		externalIds: currentIds(known, match.accountId),
		matchKind: match.matchKind,
		matchedDomain: match.matchedDomain,
		...(email ? { email: email.address } : {}),
		domain: host,
		...(match.contactId ? { contactId: match.contactId } : {}),
		fields: account?.fields ?? {},
	};
}
