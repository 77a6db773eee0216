import fc from 'fast-check';

import { nearestName, parseExternalType } from '../../../nodes/shared/identity/externalId';
import { isTrouble } from '../../../nodes/shared/identity/outcome';
import { anything, expectPresentable, good, refusal } from './values';

describe('the name of an External Type', () => {
	test.each([
		['crm', 'crm'],
		[' marketing_automation ', 'marketing_automation'],
		['365', '365'],
		['erp-2.eu', 'erp-2.eu'],
		['Bu\u0308ro', 'B\u00fcro'],
		['基幹システム', '基幹システム'],
		['constructor', 'constructor'],
		['x'.repeat(64), 'x'.repeat(64)],
	])('%p is taken as %p', (given, name) => {
		expect(good(parseExternalType(given))).toBe(name);
	});

	test.each([
		[undefined, 'externalTypeMissing'],
		['', 'externalTypeMissing'],
		['  ', 'externalTypeMissing'],
		['undefined', 'externalTypeMissing'],
		['NULL', 'externalTypeMissing'],
		[7, 'externalTypeNotText'],
		[['crm'], 'externalTypeNotText'],
		['x'.repeat(65), 'externalTypeTooLong'],
		['x'.repeat(10_000_000), 'externalTypeTooLong'],
		['__proto__', 'externalTypeMalformed'],
		['_crm', 'externalTypeMalformed'],
		['-crm', 'externalTypeMalformed'],
		['my crm', 'externalTypeMalformed'],
		['a/b', 'externalTypeMalformed'],
		['a\u0000', 'externalTypeMalformed'],
		['..', 'externalTypeMalformed'],
		['=crm', 'externalTypeMalformed'],
	])('%p is refused: %s', (given, code) => {
		expect(refusal(parseExternalType(given))).toBe(`invalid ${code}`);
	});

	test('is the same after being read twice, and nothing makes it throw', () => {
		fc.assert(
			fc.property(anything(), (value) => {
				const name = parseExternalType(value);
				if (isTrouble(name)) return expectPresentable(name);
				expect(parseExternalType(name)).toBe(name);
			}),
			{ numRuns: 2_000 },
		);
	});
});

describe('"did you mean"', () => {
	const known = ['crm', 'erp', 'hubspot', 'marketing_automation', 'Constructor'];

	test.each([
		['Hubspot', 'hubspot'],
		['hub-spot', 'hubspot'],
		['hubsopt', 'hubspot'],
		['hubspo', 'hubspot'],
		['CRM', 'crm'],
		['Marketing Automation', 'marketing_automation'],
		['constructor', 'Constructor'],
		['cmr', 'crm'],
	])('%p means %p', (given, meant) => {
		expect(nearestName(given, known)).toBe(meant);
	});

	test.each(['salesforce', 'crm', 'xyz', '', '__proto__', 'toString'])('%p means none of them', (given) => {
		expect(nearestName(given, known)).toBeUndefined();
	});

	test('names the same one whatever the order of the known ones', () => {
		const names = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'A', '_'), minLength: 1, maxLength: 6 }), { maxLength: 6 });
		fc.assert(
			fc.property(names, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 }), (list, name) => {
				expect(nearestName(name, [...list].reverse())).toBe(nearestName(name, list));
			}),
		);
	});
});
