import fc from 'fast-check';

import { domainLadder, parseDomain, registrableDomain } from '../../../nodes/shared/identity/domain';
import { isTrouble } from '../../../nodes/shared/identity/outcome';
import { anything, expectPresentable, good, refusal } from './values';

describe('a Related Domain', () => {
	test.each([
		['Acme.com', 'acme.com'],
		[' @acme.com ', 'acme.com'],
		['*.acme.com', 'acme.com'],
		['https://www.acme.com/about?x#y', 'acme.com'],
		['http://user:pass@acme.com:8080/', 'acme.com'],
		['acme.com:443', 'acme.com'],
		['acme.com/de', 'acme.com'],
		['www.eu.acme.com.', 'eu.acme.com'],
		['www.www.acme.com', 'acme.com'],
		['www.com', 'www.com'],
		['www.co.uk', 'www.co.uk'],
		['bücher.de', 'xn--bcher-kva.de'],
		['BU\u0308CHER.de', 'xn--bcher-kva.de'],
		['xn--bcher-kva.de', 'xn--bcher-kva.de'],
		['foo.github.io', 'foo.github.io'],
		['acme.internal', 'acme.internal'],
		['__proto__.com', '__proto__.com'],
		['gmail.com', 'gmail.com'],
	])('%p is %p', (given, domain) => {
		expect(good(parseDomain(given))).toBe(domain);
	});

	test.each([
		[undefined, 'domainMissing'],
		['', 'domainMissing'],
		[7, 'domainNotText'],
		[['acme.com'], 'domainNotText'],
		['ann@acme.com', 'domainIsEmail'],
		['acme', 'domainInvalid'],
		['localhost', 'domainInvalid'],
		['acme..com', 'domainInvalid'],
		['.', 'domainInvalid'],
		['@', 'domainInvalid'],
		['https://', 'domainInvalid'],
		['1.2.3.4', 'domainInvalid'],
		['http://[::1]/', 'domainInvalid'],
		['1.2', 'domainInvalid'],
		['acme.com, beta.com', 'domainInvalid'],
		['acme%2ecom.de', 'domainInvalid'],
		['ac\u0000me.com', 'domainInvalid'],
		[`${'a'.repeat(60)}.`.repeat(5) + 'com', 'domainInvalid'],
		['x'.repeat(10_000_000), 'domainInvalid'],
		['co.uk', 'domainPublicSuffix'],
		['github.io', 'domainPublicSuffix'],
		['公司.cn', 'domainPublicSuffix'],
		['https://www.co.uk.', 'not refused'],
	])('%p is refused: %s', (given, code) => {
		if (code === 'not refused') expect(good(parseDomain(given))).toBe('www.co.uk');
		else expect(refusal(parseDomain(given))).toBe(`invalid ${code}`);
	});

	test('parsed twice is the same, and nothing makes it throw', () => {
		fc.assert(
			fc.property(fc.oneof(anything(), fc.webUrl(), hostLike()), (value) => {
				const domain = parseDomain(value);
				if (isTrouble(domain)) return expectPresentable(domain);
				expect(domain).toMatch(/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/);
				expect(parseDomain(domain)).toBe(domain);
				expect(parseDomain(`https://www.${domain}/x`)).toBe(domain);
			}),
			{ numRuns: 5_000 },
		);
	});
});

describe('the ladder of domains that a host may belong to', () => {
	test.each<[string, string[]]>([
		['acme.com', ['acme.com']],
		['a.eu.acme.co.uk', ['a.eu.acme.co.uk', 'eu.acme.co.uk', 'acme.co.uk']],
		['x.foo.github.io', ['x.foo.github.io', 'foo.github.io']],
		['a.shop.myshopify.com', ['a.shop.myshopify.com', 'shop.myshopify.com']],
		['a.xn--bcher-kva.de', ['a.xn--bcher-kva.de', 'xn--bcher-kva.de']],
		['constructor.com', ['constructor.com']],
		['com', []],
		['co.uk', []],
		['github.io', []],
		['1.2.3.4', []],
		['', []],
	])('%p: %p', (host, ladder) => {
		expect(domainLadder(host)).toEqual(ladder);
	});

	test('starts with the host, gets shorter label by label, and never reaches a public suffix', () => {
		fc.assert(
			fc.property(fc.oneof(fc.domain(), hostLike()), (given) => {
				const host = parseDomain(given);
				if (isTrouble(host)) return;
				const ladder = domainLadder(host);
				expect(ladder[0]).toBe(host);
				expect(ladder[ladder.length - 1]).toBe(registrableDomain(host));
				for (const [at, rung] of ladder.entries()) {
					expect(registrableDomain(rung)).toBe(registrableDomain(host));
					if (at > 0) expect(ladder[at - 1].replace(/^[^.]+\./, '')).toBe(rung);
				}
			}),
			{ numRuns: 2_000 },
		);
	});
});

function hostLike(): fc.Arbitrary<string> {
	const label = fc.constantFrom('www', 'a', 'eu', 'acme', 'bücher', 'xn--bcher-kva', '__proto__', 'co', '1', '0x1');
	const ending = fc.constantFrom('com', 'co.uk', 'github.io', 'myshopify.com', 'de', 'ck', 'kawasaki.jp', 's3.amazonaws.com', 'internal', 'gov.uk');
	return fc.tuple(fc.array(label, { maxLength: 4 }), ending).map(([labels, end]) => [...labels, end].join('.'));
}
