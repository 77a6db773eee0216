import { domainLadder } from './domain';
import { isRoleAddress, type Email } from './email';
import { FREE_MAIL_DOMAINS } from './freeMail';
import { trouble, type Trouble } from './outcome';
import { gist, shown } from './wording';

/** The builder's own lists: registrable or exact domains, lower case, A-labels. Each covers its sub-domains. */
export interface DomainLists {
	/** Of the builder's own company: never match, whatever the other lists say. */
	own: ReadonlySet<string>;
	/** Match although they are free mail or on the block list. */
	allow: ReadonlySet<string>;
	/** Never match. */
	block: ReadonlySet<string>;
}

/** What kind of host it is; only `business` can match an account. */
export type DomainClass = 'business' | 'freeMail' | 'own' | 'blocked' | 'publicSuffix';

export function classifyDomain(host: string, lists: DomainLists): DomainClass {
	return classify(domainLadder(host), lists);
}

function classify(ladder: readonly string[], lists: DomainLists): DomainClass {
	if (ladder.length === 0) return 'publicSuffix';
	if (covers(lists.own, ladder)) return 'own';
	if (covers(lists.allow, ladder)) return 'business';
	if (covers(lists.block, ladder)) return 'blocked';
	return covers(FREE_MAIL_DOMAINS, ladder) ? 'freeMail' : 'business';
}

function covers(list: ReadonlySet<string>, ladder: readonly string[]): boolean {
	return list.size > 0 && ladder.some((rung) => list.has(rung));
}

/** An account that has a domain among its Related Domains. */
export interface DomainOwner {
	accountId: string;
	/** Marked to win where several accounts have the domain. */
	preferred: boolean;
}

/** `exact`: the host itself, even where it is the registrable domain; `registrable`: that domain; `parent`: one between. */
export type MatchKind = 'exact' | 'parent' | 'registrable';

export interface DomainMatch {
	accountId: string;
	/** The Related Domain that decided. */
	matchedDomain: string;
	matchKind: MatchKind;
}

/** Accounts that a sentence names; `candidates` holds them all. */
const NAMED_CANDIDATES = 5;

type Skip = Exclude<DomainClass, 'business'>;

const SKIPS: Readonly<Record<Skip, { code: string; reason: (host: string) => string }>> = {
	freeMail: {
		code: 'domainFreeMail',
		reason: (host) => `${host} is a free mail provider, so it does not tell which account the address belongs to. If it is one company's domain, add it to the allowed domains.`,
	},
	own: {
		code: 'domainOwn',
		reason: (host) => `${host} is one of your own domains, which never match an account.`,
	},
	blocked: {
		code: 'domainBlocked',
		reason: (host) => `${host} is on the list of blocked domains. Take it off the list, or add it to the allowed domains, to match it.`,
	},
	publicSuffix: {
		code: 'domainPublicSuffix',
		reason: (host) => `${host} is an ending that many owners share (a public suffix), so it cannot belong to one account.`,
	},
};

/**
 * Finds the account that a host belongs to: the most specific Related Domain decides, from the host itself over its parents
 * to its registrable domain. Where several accounts have that domain, the one that is preferred wins; otherwise it is
 * `ambiguous`, and no wider domain is looked at. A Related Domain that is free mail, blocked, one's own or a public suffix
 * never matches, whoever has it.
 *
 * @param host lower case, A-labels
 * @param ownersOf accounts with exactly this domain, in any order; asked at most once a rung
 * @returns the match, or `skipped` (with `domainClass`), `notFound` or `ambiguous` (with `candidates`, sorted)
 */
export function matchDomain(
	host: string,
	lists: DomainLists,
	ownersOf: (domain: string) => readonly DomainOwner[],
): DomainMatch | Trouble {
	const ladder = domainLadder(host);
	const domainClass = classify(ladder, lists);
	if (domainClass !== 'business') {
		const skip = SKIPS[domainClass];
		return trouble('skipped', skip.code, skip.reason(shown(host)), [gist(host)], { domain: host, domainClass });
	}
	for (let rung = 0; rung < ladder.length; rung++) {
		const matchedDomain = ladder[rung];
		const owners = ownersOf(matchedDomain);
		if (owners.length === 0) continue;
		// An allowed host may lie under a domain that is not: mail.example under gmail.com says nothing about gmail.com.
		if (rung > 0 && classify(ladder.slice(rung), lists) !== 'business') continue;
		return decide(owners, { matchedDomain, matchKind: kindOfRung(rung, ladder.length) });
	}
	const wider = ladder.length > 1 ? ` or ${shown(ladder[ladder.length - 1])}` : '';
	return trouble(
		'notFound',
		'domainWithoutAccount',
		`No account has the Related Domain ${shown(host)}${wider}. Add it to the account that it belongs to.`,
		[gist(host)],
		{ domain: host },
	);
}

function kindOfRung(rung: number, rungs: number): MatchKind {
	if (rung === 0) return 'exact';
	return rung === rungs - 1 ? 'registrable' : 'parent';
}

function decide(owners: readonly DomainOwner[], how: { matchedDomain: string; matchKind: MatchKind }): DomainMatch | Trouble {
	const candidates = distinct(owners);
	if (candidates.length === 1) return { accountId: candidates[0], ...how };
	const preferred = distinct(owners.filter((owner) => owner.preferred));
	if (preferred.length === 1) return { accountId: preferred[0], ...how };

	const named = candidates.slice(0, NAMED_CANDIDATES).map(shown).join(', ');
	const more = candidates.length > NAMED_CANDIDATES ? ` and ${candidates.length - NAMED_CANDIDATES} more` : '';
	const cure = preferred.length > 1 ? 'Leave only one of them marked as Preferred.' : 'Mark one of them as Preferred.';
	return trouble(
		'ambiguous',
		'domainAmbiguous',
		`${candidates.length} accounts have the Related Domain ${shown(how.matchedDomain)}: ${named}${more}. ${cure}`,
		[how.matchedDomain, ...candidates],
		{ candidates, ...how },
	);
}

/** Account IDs, each once, in an order that does not depend on theirs. */
function distinct(owners: readonly DomainOwner[]): string[] {
	return [...new Set(owners.map((owner) => owner.accountId))].sort();
}

/**
 * Finds the account that an e-mail address belongs to: {@link matchDomain} of its host, after leaving out the addresses of
 * desks and machines.
 */
export function matchEmail(
	email: Email,
	lists: DomainLists,
	ownersOf: (domain: string) => readonly DomainOwner[],
	options: { skipRoleAddresses: boolean },
): DomainMatch | Trouble {
	if (options.skipRoleAddresses && isRoleAddress(email)) {
		return trouble(
			'skipped',
			'roleAddress',
			`${shown(email.address)} is the address of a desk or a machine, not of a person. To match such addresses too, turn off Skip Role Addresses.`,
			[gist(email.key)],
			{ domain: email.host },
		);
	}
	return matchDomain(email.host, lists, ownersOf);
}
