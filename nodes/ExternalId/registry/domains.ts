import { domainLadder, parseDomain } from '../../shared/identity/domain';
import { parseEmail } from '../../shared/identity/email';
import type { Email } from '../../shared/identity/email';
import { matchDomain, matchEmail } from '../../shared/identity/match';
import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import type { DomainEntry, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { checkName, findLive, readsOf } from './objects';
import type { CheckedName } from './objects';
import type { Registry } from './registry';
import { listOf } from './settings';
import { Known } from './known';
import type { Unit } from './unit';
import { usableDomain } from './usableDomain';
import { currentIds } from './views';

/**
 * Adds, removes or sets Related Domains of accounts. Adding and removing tell of each domain; setting tells of the account,
 * and of each domain that cannot be used. A domain may belong to several accounts: then it matches none of them, unless
 * one is preferred.
 */
export async function changeDomains(registry: Registry, how: 'add' | 'remove' | 'set', entries: readonly DomainEntry[], work: Work): Promise<void> {
	const checked = await checkEntries(entries, work, (entry): { account: CheckedName; domains: string[]; refused: Trouble[]; preferred?: boolean } | Trouble => {
		const account = checkName(registry, entry.account);
		if (isTrouble(account)) return account;
		const given = listOf(entry.domains);
		if (given.length === 0 && how !== 'set') return trouble('invalid', 'noDomain', 'No domain is given.', []);
		const domains: string[] = [];
		const refused: Trouble[] = [];
		for (const each of given) {
			// What is there already may be removed, whatever the lists say now.
			const domain = how === 'remove' ? parseDomain(each) : usableDomain(registry, each);
			if (typeof domain !== 'string') refused.push({ ...domain, domain: shown(each) });
			else if (!domains.includes(domain)) domains.push(domain);
		}
		return { account, domains, refused, preferred: entry.preferred };
	});
	const groups = how === 'set' ? sameAccountTogether(checked) : checked.map((entry) => [entry]);
	await inBatches(
		groups,
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const reads = { ...readsOf(items.map(({ account }) => account)), domains: items.flatMap(({ domains }) => domains), with: { domains: true } };
			const outcomes = await registry.transact(reads, work, (unit) =>
				batch.flatMap((group) => {
					if (how === 'set' && group.some(({ domains }) => domains.join() !== group[0]?.domains.join())) {
						const problem = trouble('conflict', 'itemsDisagree', `Several items set different Related Domains for one account (items ${group.map(({ index }) => index).slice(0, 5).join(', ')}). None of them was done.`, group.flatMap(({ domains }) => domains));
						return group.map((): Outcome[] => [problem]);
					}
					return group.map((item): Outcome[] => [...changeAccount(unit, how, item), ...item.refused]);
				}),
			);
			items.forEach(({ index }, at) => work.settle(index, outcomes[at] as Outcome[]));
		},
		(left) => settleCancelled(left, work),
	);
}

function sameAccountTogether<Item extends { account: CheckedName }>(items: readonly Item[]): Item[][] {
	const groups = new Map<string, Item[]>();
	for (const item of items) {
		const name = JSON.stringify(item.account);
		groups.set(name, [...(groups.get(name) ?? []), item]);
	}
	return [...groups.values()];
}

function changeAccount(unit: Unit, how: 'add' | 'remove' | 'set', { account, domains, preferred }: { account: CheckedName; domains: string[]; preferred?: boolean }): Outcome[] {
	const found = findLive(unit, account);
	if (isTrouble(found)) return [found];
	const accountId = found.record.id;
	if (how === 'add') return domains.map((domain) => addDomain(unit, accountId, domain, preferred));
	if (how === 'remove') return domains.map((domain) => removeDomain(unit, accountId, domain));

	const before = unit.domainsOf(accountId);
	const removed = before.filter(({ domain }) => !domains.includes(domain));
	const added = domains.filter((domain) => !before.some((row) => row.domain === domain));
	for (const row of removed) unit.removeDomain(row);
	for (const domain of added) unit.putDomain(accountId, domain, preferred === true);
	const isSame = removed.length === 0 && added.length === 0;
	return [{ status: isSame ? 'unchanged' : 'updated', objectId: accountId, domains: [...domains].sort(), added, removed: removed.map(({ domain }) => domain) }];
}

function addDomain(unit: Unit, accountId: string, domain: string, preferred: boolean | undefined): Outcome {
	const before = unit.domainsOf(accountId).find((row) => row.domain === domain);
	const isSame = before !== undefined && (preferred === undefined || before.preferred === preferred);
	if (!isSame) unit.putDomain(accountId, domain, preferred === true);
	const sharedWith = unit.ownersOf(domain).map((owner) => owner.accountId).filter((id) => id !== accountId);
	return {
		status: isSame ? 'unchanged' : before ? 'updated' : 'created',
		objectId: accountId,
		domain,
		preferred: isSame ? before.preferred : preferred === true,
		...(sharedWith.length > 0 ? { sharedWith } : {}),
	};
}

function removeDomain(unit: Unit, accountId: string, domain: string): Outcome {
	const row = unit.domainsOf(accountId).find((each) => each.domain === domain);
	if (!row) return { status: 'unchanged', objectId: accountId, domain, deleted: true };
	unit.removeDomain(row);
	return { status: 'deleted', objectId: accountId, domain, deleted: true };
}

/** Which account an e-mail address or a domain belongs to, and why. A known contact decides before any domain does. */
export async function matchDomains(registry: Registry, entries: readonly unknown[], { skipRoleAddresses }: { skipRoleAddresses: boolean }, work: Work): Promise<void> {
	const checked = await checkEntries(entries, work, (entry): { email?: Email; host: string } | Trouble => {
		if (typeof entry === 'string' && !entry.includes('@')) {
			const host = parseDomain(entry);
			return typeof host === 'string' ? { host } : host;
		}
		const email = parseEmail(entry);
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
	if (accounts.size !== 1 || !accountId || known.record(accountId)?.state !== 'active') return undefined;
	return { accountId, matchedDomain: null, matchKind: 'knownContact', contactId: people[0]?.id };
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
