import fc from 'fast-check';

import { domainLadder } from '../../../nodes/shared/identity/domain';
import { parseEmail } from '../../../nodes/shared/identity/email';
import { isFreeMail } from '../../../nodes/shared/identity/freeMail';
import { classifyDomain, matchDomain, matchEmail, type DomainLists, type DomainOwner } from '../../../nodes/shared/identity/match';
import { isTrouble, type Trouble } from '../../../nodes/shared/identity/outcome';
import { expectPresentable, good, refusal } from './values';

const lists = (own: Partial<Record<keyof DomainLists, string[]>> = {}): DomainLists => ({
	own: new Set(own.own),
	allow: new Set(own.allow),
	block: new Set(own.block),
});
const none = lists();

/** A directory of Related Domains: `acc!` is preferred. */
function directory(entries: Record<string, string[]>): (domain: string) => DomainOwner[] {
	const map = new Map(Object.entries(entries));
	return (domain) => (map.get(domain) ?? []).map((id) => ({ accountId: id.replace('!', ''), preferred: id.endsWith('!') }));
}
/** A directory that gives everything to everybody. */
const everywhere = (): DomainOwner[] => [{ accountId: 'greedy', preferred: true }];

describe('the kind of a host', () => {
	test.each<[string, DomainLists, string]>([
		['eu.acme.com', none, 'business'],
		['gmail.com', none, 'freeMail'],
		['mx.gmail.com', none, 'freeMail'],
		['co.uk', none, 'publicSuffix'],
		['github.io', none, 'publicSuffix'],
		['eu.acme.com', lists({ own: ['acme.com'] }), 'own'],
		['acme.com', lists({ own: ['eu.acme.com'] }), 'business'],
		['eu.acme.com', lists({ block: ['acme.com'] }), 'blocked'],
		['gmail.com', lists({ block: ['gmail.com'] }), 'blocked'],
		['gmail.com', lists({ allow: ['gmail.com'] }), 'business'],
		['eu.acme.com', lists({ allow: ['eu.acme.com'], block: ['acme.com'] }), 'business'],
		['acme.com', lists({ own: ['acme.com'], allow: ['acme.com'] }), 'own'],
		['co.uk', lists({ allow: ['co.uk'] }), 'publicSuffix'],
		['acme.co.uk', lists({ block: ['co.uk'], own: ['uk'] }), 'business'],
		['constructor.com', none, 'business'],
	])('%p is what it is (%#)', (host, own, kind) => {
		expect(classifyDomain(host, own)).toBe(kind);
	});
});

describe('the most specific Related Domain decides', () => {
	const owners = directory({ 'acme.com': ['acme'], 'eu.acme.com': ['acmeEurope'], 'beta.co.uk': ['beta'], 'foo.github.io': ['foo'] });

	test.each([
		['eu.acme.com', 'acmeEurope', 'eu.acme.com', 'exact'],
		['acme.com', 'acme', 'acme.com', 'exact'],
		['us.acme.com', 'acme', 'acme.com', 'registrable'],
		['mail.eu.acme.com', 'acmeEurope', 'eu.acme.com', 'parent'],
		['a.b.beta.co.uk', 'beta', 'beta.co.uk', 'registrable'],
		['x.foo.github.io', 'foo', 'foo.github.io', 'registrable'],
	])('%s belongs to %s through %s (%s)', (host, accountId, matchedDomain, matchKind) => {
		expect(matchDomain(host, none, owners)).toEqual({ accountId, matchedDomain, matchKind });
	});

	test('and each is asked for once at most', () => {
		const asked: string[] = [];
		matchDomain('a.eu.acme.com', none, (domain) => {
			asked.push(domain);
			return [];
		});
		expect(asked).toEqual(['a.eu.acme.com', 'eu.acme.com', 'acme.com']);
	});

	test('where nobody has any of them, the reason names the widest', () => {
		const result = matchDomain('eu.gamma.com', none, owners);
		expect(refusal(result)).toBe('notFound domainWithoutAccount');
		expect(result).toMatchObject({
			domain: 'eu.gamma.com',
			reason: 'No account has the Related Domain eu.gamma.com or gamma.com. Add it to the account that it belongs to.',
		});
	});
});

describe('several accounts with one domain', () => {
	test('are ambiguous, with all of them as candidates, and no wider domain is tried', () => {
		const result = matchDomain('a.eu.acme.com', none, directory({ 'eu.acme.com': ['b', 'a'], 'acme.com': ['top'] }));
		expect(refusal(result)).toBe('ambiguous domainAmbiguous');
		expect(result).toMatchObject({
			candidates: ['a', 'b'],
			matchedDomain: 'eu.acme.com',
			matchKind: 'parent',
			reason: '2 accounts have the Related Domain eu.acme.com: a, b. Mark one of them as Preferred.',
		});
	});

	test('are decided by the one that is preferred', () => {
		expect(matchDomain('acme.com', none, directory({ 'acme.com': ['a', 'b!', 'c'] }))).toMatchObject({ accountId: 'b' });
	});

	test('are ambiguous where two are preferred', () => {
		const result = matchDomain('acme.com', none, directory({ 'acme.com': ['a!', 'b!', 'c'] }));
		expect(refusal(result)).toBe('ambiguous domainAmbiguous');
		expect(result).toMatchObject({ candidates: ['a', 'b', 'c'] });
	});

	test('are one if it is the same account twice', () => {
		expect(matchDomain('acme.com', none, directory({ 'acme.com': ['a', 'a'] }))).toMatchObject({ accountId: 'a' });
	});

	test('are named in short, however many there are', () => {
		const ids = Array.from({ length: 1_000 }, (_, at) => `acc_${at}`);
		const result = matchDomain('acme.com', none, directory({ 'acme.com': ids })) as Trouble;
		expect(result.reason).toMatch(/^1000 accounts .* and 995 more\. /);
		expect(result.candidates).toHaveLength(1_000);
	});

	test('give the same answer in any order', () => {
		const owner = fc.record({ accountId: fc.constantFrom('a', 'b', 'c', 'constructor'), preferred: fc.boolean() });
		fc.assert(
			fc.property(fc.array(owner, { maxLength: 6 }).chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))), ([list, shuffled]) => {
				expect(matchDomain('eu.acme.com', none, () => shuffled)).toEqual(matchDomain('eu.acme.com', none, () => list));
			}),
		);
	});
});

describe('what never matches, whoever has it', () => {
	test.each<[string, DomainLists, string]>([
		['gmail.com', none, 'domainFreeMail'],
		['eu.acme.com', lists({ own: ['acme.com'] }), 'domainOwn'],
		['acme.com', lists({ block: ['acme.com'] }), 'domainBlocked'],
		['co.uk', none, 'domainPublicSuffix'],
		['myshopify.com', none, 'domainPublicSuffix'],
	])('%s (%#)', (host, own, code) => {
		const result = matchDomain(host, own, everywhere);
		expect(refusal(result)).toBe(`skipped ${code}`);
		expect(result).toMatchObject({ domain: host, domainClass: classifyDomain(host, own), retry: false });
	});

	test('an allowed sub-domain does not open the free mail or blocked domain above it', () => {
		const owners = directory({ 'gmail.com': ['wrong'], 'acme.com': ['wrong'] });
		expect(refusal(matchDomain('corp.gmail.com', lists({ allow: ['corp.gmail.com'] }), owners))).toBe('notFound domainWithoutAccount');
		expect(refusal(matchDomain('eu.acme.com', lists({ allow: ['eu.acme.com'], block: ['acme.com'] }), owners))).toBe('notFound domainWithoutAccount');
	});

	test('allowed free mail matches like any domain', () => {
		expect(matchDomain('gmail.com', lists({ allow: ['gmail.com'] }), everywhere)).toMatchObject({ accountId: 'greedy', matchKind: 'exact' });
	});

	test('no match goes through free mail, one\'s own domains, blocked ones or a public suffix', () => {
		const host = fc
			.tuple(fc.array(fc.constantFrom('a', 'eu', 'mail'), { maxLength: 3 }), fc.constantFrom('gmail.com', 'acme.com', 'co.uk', 'acme.co.uk', 'github.io', 'foo.github.io', 'privaterelay.appleid.com', 'beta.org', 'com'))
			.map(([labels, end]) => [...labels, end].join('.'));
		const some = fc.array(host, { maxLength: 3 });
		fc.assert(
			fc.property(host, some, some, some, some, (given, own, allow, block, related) => {
				const chosen = lists({ own, allow, block });
				const result = matchDomain(given, chosen, (domain) => (related.includes(domain) ? everywhere() : []));
				if (isTrouble(result)) return expectPresentable(result);
				const ladder = domainLadder(given);
				const matched = domainLadder(result.matchedDomain);
				expect(ladder).toContain(result.matchedDomain);
				expect(related).toContain(result.matchedDomain);
				expect(matched).not.toEqual([]);
				expect(matched.some((rung) => own.includes(rung))).toBe(false);
				if (!matched.some((rung) => allow.includes(rung))) {
					expect(isFreeMail(result.matchedDomain)).toBe(false);
					expect(matched.some((rung) => block.includes(rung))).toBe(false);
				}
				// Nothing more specific would have done.
				const wider = ladder.slice(0, ladder.indexOf(result.matchedDomain));
				expect(wider.filter((rung) => related.includes(rung) && classifyDomain(rung, chosen) === 'business')).toEqual([]);
			}),
			{ numRuns: 3_000 },
		);
	});
});

describe('an e-mail address', () => {
	const owners = directory({ 'acme.com': ['acme'] });
	const match = (address: string, skipRoleAddresses = true) => matchEmail(good(parseEmail(address)), none, owners, { skipRoleAddresses });

	test('belongs to the account of its domain', () => {
		expect(match('Ann@EU.Acme.com')).toEqual({ accountId: 'acme', matchedDomain: 'acme.com', matchKind: 'registrable' });
	});

	test('of a machine or a desk is skipped, unless the builder wants it', () => {
		expect(refusal(match('noreply@acme.com'))).toBe('skipped roleAddress');
		expect(match('noreply@acme.com', false)).toMatchObject({ accountId: 'acme' });
	});

	test('of free mail is skipped, and the trouble is the same for all its addresses', () => {
		const first = match('ann@gmail.com') as Trouble;
		expect(refusal(first)).toBe('skipped domainFreeMail');
		expect((match('bob@gmail.com') as Trouble).problemKey).toBe(first.problemKey);
	});

	test('that looks like another\'s is not: the host after the last @ decides', () => {
		expect(isTrouble(match('ann@acme.com@evil.org'))).toBe(true);
		expect(isTrouble(match('ann@notacme.com'))).toBe(true);
		expect(isTrouble(match('ann@acme.com.evil.org'))).toBe(true);
	});
});
