import fc from 'fast-check';

import { compileIdPattern } from '../../../nodes/shared/identity/externalId';
import { fitsIdPattern } from '../../../nodes/shared/identity/idPattern';

const fits = (id: string, pattern: string) => fitsIdPattern(id, pattern) === undefined;

describe('a pattern that a builder writes', () => {
	test.each(['\\d{3,10}', '[A-Z]{2}-\\d+', '^C-[0-9]+$', '(?:a|b)+', '\\p{L}+', '(?i)crm-.*', '.{1,255}', '(?<year>\\d{4})-x'])(
		'%p can be used',
		(pattern) => {
			expect(compileIdPattern(pattern)).toEqual({ ok: true });
		},
	);

	test.each([
		['', /empty/],
		['(', /"\(" is not closed/],
		['a)', /no "\(" before/],
		['[a', /"\[" is not closed/],
		['[z-a]', /range/],
		['*a', /nothing before it/],
		['a\\', /ends with a backslash/],
		['(?=a)b', /Look-ahead/],
		['(?<!a)b', /Look-ahead/],
		['(a)\\1', /earlier group/],
		['\\uZZZZ', /backslash/],
		['a{1001}', /1,000 times/],
		['a'.repeat(201), /201 characters/],
		['(?:.{0,999}){1}'.repeat(10), /repeats too much/],
	])('%p is refused in plain words', (pattern, words) => {
		const result = compileIdPattern(pattern);
		expect(result).toEqual({ ok: false, reason: expect.stringMatching(words) });
	});

	test('agrees with JavaScript where both can say', () => {
		const part = fc.constantFrom('a', 'b', '\\d', '[ab]', '(?:a|b1)', '.', '\\.', 'a+', '\\d*', 'b?', '[^a]{1,3}');
		fc.assert(
			fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.string({ unit: fc.constantFrom('a', 'b', '1', '.') }), (parts, text) => {
				const pattern = parts.join('');
				expect(fits(text, pattern)).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(text));
			}),
		);
	});

	test.each(['(a+)+', '(a|a)*', '(?:a*)*b', '(.*)(.*)(.*)(.*)(.*)(.*)x', '([a-z]+)*[0-9]'])(
		'%p, which hangs a backtracking engine, is answered',
		(pattern) => {
			expect(compileIdPattern(pattern)).toEqual({ ok: true });
			expect(fits(`${'a'.repeat(254)}!`, pattern)).toBe(false);
		},
	);

	test('no pattern makes it throw', () => {
		const text = fc.string({ unit: fc.constantFrom(...'ab1()[]{}*+?|\\^$.,-<=!:dpL'), maxLength: 30 });
		fc.assert(
			fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (pattern) => {
				const result = compileIdPattern(pattern);
				if (!result.ok) expect(result.reason).toMatch(/^The pattern .*\.$/s);
				fits('ab1', pattern);
			}),
			{ numRuns: 2_000 },
		);
	});
});
