import fc from 'fast-check';

import {
	DEFAULT_BLOCKED,
	DEFAULT_MAX_LENGTH,
	ID_FORMATS,
	parseExternalId,
	type ExternalId,
	type IdRules,
} from '../../../nodes/shared/identity/externalId';
import { isTrouble, type Trouble } from '../../../nodes/shared/identity/outcome';
import { anything, expectPresentable, good, refusal } from './values';

const about = { externalType: 'crm', objectType: 'people' } as const;
const rules: IdRules = { maxLength: DEFAULT_MAX_LENGTH, format: 'asIs', blocked: new Set(DEFAULT_BLOCKED), trim: true };

function parse(value: unknown, own: Partial<IdRules> = {}): ExternalId | Trouble {
	return parseExternalId(value, { ...rules, ...own }, about);
}
const idOf = (value: unknown, own?: Partial<IdRules>) => good(parse(value, own)).id;
const keyOf = (value: unknown, own?: Partial<IdRules>) => good(parse(value, own)).key;
const reasonOf = (value: unknown, own?: Partial<IdRules>) => (parse(value, own) as Trouble).reason;

describe('an External ID is kept as it was given', () => {
	test.each([
		['C-9', 'C-9'],
		['00042', '00042'],
		[' C-9\t\n', 'C-9'],
		['a b', 'a b'],
		['../%2e?#/🙂', '../%2e?#/🙂'],
		[42, '42'],
		[-42, '-42'],
		[1.5, '1.5'],
		[Number.MAX_SAFE_INTEGER, '9007199254740991'],
		[12345678901234567890n, '12345678901234567890'],
		['constructor', 'constructor'],
		['__proto__', '__proto__'],
	])('%p is stored as %p', (given, stored) => {
		expect(parse(given)).toEqual({ id: stored, key: stored });
	});

	test('case counts under As Is', () => {
		expect(keyOf('AbC')).not.toBe(keyOf('abc'));
	});

	test('the composed and the decomposed form of a letter are one ID', () => {
		expect(keyOf('Zoe\u0308')).toBe(keyOf('Zo\u00eb'));
	});

	test('with trimming off, spaces and decomposed letters stay', () => {
		expect(idOf(' Zoe\u0308 ', { trim: false })).toBe(' Zoe\u0308 ');
	});

	test('parsing what was parsed changes nothing, under every format', () => {
		fc.assert(
			fc.property(idLike(), fc.constantFrom(...ID_FORMATS), (given, format) => {
				const first = parse(given, { format });
				if (isTrouble(first)) return;
				expect(parse(first.id, { format })).toEqual(first);
				expect(keyOf(first.key, { format })).toBe(first.key);
			}),
		);
	});

	test('the normal forms of one text are one ID', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'grapheme' }), (text) => {
				const composed = parse(text.normalize('NFC'));
				if (!isTrouble(composed)) expect(parse(text.normalize('NFD'))).toEqual(composed);
			}),
		);
	});

	test('a whole number never changes on its way to text', () => {
		fc.assert(
			fc.property(fc.maxSafeInteger(), (number) => {
				fc.pre(number !== 0 && number !== -1);
				expect(BigInt(idOf(number))).toBe(BigInt(number));
			}),
		);
	});
});

describe('what is no External ID is refused in plain words', () => {
	test.each([
		[undefined, 'externalIdMissing'],
		[null, 'externalIdMissing'],
		['', 'externalIdEmpty'],
		[' \t ', 'externalIdEmpty'],
		[true, 'externalIdNotText'],
		[['A'], 'externalIdNotText'],
		[{ id: 'A' }, 'externalIdNotText'],
		[new Date(0), 'externalIdNotText'],
		[Symbol('A'), 'externalIdNotText'],
		[NaN, 'externalIdNotNumber'],
		[Infinity, 'externalIdInexact'],
		[Number.MAX_SAFE_INTEGER + 1, 'externalIdInexact'],
		[1e21, 'externalIdInexact'],
		[1e-7, 'externalIdInexact'],
		['A\u0000B', 'externalIdControlCharacter'],
		['A\tB', 'externalIdControlCharacter'],
		['A\u0085B', 'externalIdControlCharacter'],
		['A\uD800', 'externalIdBrokenCharacter'],
		['\uDC00A', 'externalIdBrokenCharacter'],
		['x'.repeat(256), 'externalIdTooLong'],
		[10n ** 255n, 'externalIdTooLong'],
	])('%p: %s', (given, code) => {
		expect(refusal(parse(given))).toBe(`invalid ${code}`);
	});

	test('blank is refused with trimming off, too', () => {
		expect(refusal(parse('  ', { trim: false }))).toBe('invalid externalIdEmpty');
	});

	test('a list is called a list', () => {
		expect(reasonOf(['A', 'B'])).toBe('External ID is a list; it must be one text or number.');
	});

	test('too long says both numbers and whose limit it is', () => {
		expect(reasonOf('x'.repeat(63), { maxLength: 50 })).toBe('External ID is 63 characters long; crm takes at most 50.');
	});

	test('length is counted in characters as people see them, after composition', () => {
		expect(idOf('🙂'.repeat(255))).toHaveLength(510);
		expect(idOf('e\u0308'.repeat(255))).toHaveLength(255);
		expect(refusal(parse('🙂'.repeat(256)))).toBe('invalid externalIdTooLong');
	});

	test('no ID is ever cut short', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (text, maxLength) => {
				const result = parse(text, { maxLength });
				if (!isTrouble(result)) expect(result.id).toBe(text.trim());
			}),
		);
	});

	test('10 MB are refused without being looked through, and do not end up in the outcome', () => {
		for (const huge of ['x'.repeat(10_000_000), 'e\u0308'.repeat(5_000_000), '\u0000'.repeat(10_000_000)]) {
			const result = parse(huge) as Trouble;
			expect(refusal(result)).toBe('invalid externalIdTooLong');
			expect(JSON.stringify(result).length).toBeLessThan(500);
		}
		expect(reasonOf(1n << 40_000_000n)).toBe('External ID is a number of more than 255 digits. Check which field it comes from.');
	});

	test('nothing that can come in makes it throw, or gives a text that cannot be shown', () => {
		fc.assert(
			fc.property(anything(), fc.constantFrom(...ID_FORMATS), fc.boolean(), (value, format, trim) => {
				const result = parse(value, { format, trim });
				if (isTrouble(result)) expectPresentable(result);
				else expect(result.id).not.toBe('');
			}),
			{ numRuns: 2_000 },
		);
	});

	test('the same trouble with the same ID has the same key, with another ID another', () => {
		const key = (value: unknown) => (parse(value) as Trouble).problemKey;
		expect(key('none')).toBe(key('none'));
		expect(key('none')).not.toBe(key('null'));
	});
});

describe('placeholders are no IDs', () => {
	test.each(['0', '000', '-', '---', '-1', '0-0', 'NULL', 'Undefined', 'None', 'N/A', 'anonymous', ' Test ', '[object Object]', 0, -0, -1])(
		'%p is blocked',
		(given) => {
			expect(refusal(parse(given))).toBe('invalid externalIdBlocked');
		},
	);

	test('the empty UUID is blocked however it is written', () => {
		for (const given of ['00000000-0000-0000-0000-000000000000', '{00000000-0000-0000-0000-000000000000}', 'urn:uuid:00000000-0000-0000-0000-000000000000']) {
			expect(refusal(parse(given, { format: 'uuid' }))).toBe('invalid externalIdBlocked');
		}
	});

	test('the list is the builder\'s: what is taken off is an ID', () => {
		expect(idOf('test', { blocked: new Set() })).toBe('test');
		expect(idOf('000', { blocked: new Set(['-']) })).toBe('000');
		expect(refusal(parse('ACME', { blocked: new Set(['acme']) }))).toBe('invalid externalIdBlocked');
	});

	test('they are looked for with trimming off, too', () => {
		expect(refusal(parse(' null ', { trim: false }))).toBe('invalid externalIdBlocked');
	});
});

describe('Salesforce IDs', () => {
	const format = 'salesforce' as const;

	test.each([
		['0015000000Gv7qJ', '0015000000Gv7qJAAR'],
		['001A0000006Vm9r', '001A0000006Vm9rIAC'],
		['a0B000000000000', 'a0B000000000000EAA'],
	])('%p and %p are the same ID', (short, long) => {
		expect(parse(short, { format })).toEqual({ id: short, key: long });
		expect(parse(long, { format })).toEqual({ id: long, key: long });
	});

	test('18 characters that were put into one case are repaired from the last three', () => {
		expect(idOf('001a0000006vm9riac', { format })).toBe('001A0000006Vm9rIAC');
		expect(idOf('001A0000006VM9RIAC', { format })).toBe('001A0000006Vm9rIAC');
		expect(idOf('001A0000006Vm9riac', { format })).toBe('001A0000006Vm9rIAC');
	});

	test('every ID survives upper-casing, lower-casing and shortening', () => {
		fc.assert(
			fc.property(fc.string({ unit: fc.constantFrom(...'abcxyzABCXYZ0189'), minLength: 15, maxLength: 15 }), (short) => {
				fc.pre(!/^0+$/.test(short));
				const key = keyOf(short, { format });
				expect(key.slice(0, 15)).toBe(short);
				expect(keyOf(key.toLowerCase(), { format })).toBe(key);
				expect(keyOf(key.toUpperCase(), { format })).toBe(key);
			}),
		);
	});

	test('one wrong capital in mixed case is refused, never turned into another ID', () => {
		expect(refusal(parse('001A0000006vm9rIAC', { format }))).toBe('invalid externalIdSalesforceChecksum');
		expect(refusal(parse('001A0000006Vm9rIAD', { format }))).toBe('invalid externalIdSalesforceChecksum');
		expect(refusal(parse('001500000000000zzz', { format }))).toMatch('externalIdSalesforceChecksum');
	});

	test.each(['0015000000Gv7q', '0015000000Gv7qJA', '0015000000Gv7qJAAR1', '0015000000Gv7-J', '0015000000Gv7qJA9R', 15])('%p is none', (given) => {
		expect(refusal(parse(given, { format }))).toBe('invalid externalIdNotSalesforce');
	});
});

describe('UUIDs', () => {
	const format = 'uuid' as const;
	const uuid = '123e4567-e89b-12d3-a456-426614174000';

	test.each([uuid, uuid.toUpperCase(), `{${uuid}}`, `urn:uuid:${uuid}`, `URN:UUID:${uuid.toUpperCase()}`, uuid.replaceAll('-', '')])('%p folds', (given) => {
		expect(parse(given, { format })).toEqual({ id: given, key: uuid });
	});

	test.each(['123e4567', `{${uuid}`, `${uuid}}`, `${uuid}0`, uuid.replace('e', 'g'), 'urn:uuid:'])('%p is none', (given) => {
		expect(refusal(parse(given, { format }))).toBe('invalid externalIdNotUuid');
	});
});

describe('a pattern of the configuration', () => {
	const pattern = '[A-Z]{2}-\\d+|root';

	test('takes what fits as a whole and refuses the rest', () => {
		expect(idOf(' AB-12 ', { pattern })).toBe('AB-12');
		for (const given of ['xAB-12', 'AB-12x', 'ab-12', 'rootAB-1']) {
			expect(refusal(parse(given, { pattern }))).toBe('invalid externalIdPatternMismatch');
		}
	});

	test('names the pattern and the ID', () => {
		expect(reasonOf('ab-12', { pattern })).toBe(
			`External ID "ab-12" does not fit the pattern of crm, "${pattern}". Correct the ID, or the pattern in the configuration.`,
		);
	});

	test('that cannot be used makes IDs invalid, not a crash', () => {
		expect(refusal(parse('A', { pattern: '(' }))).toBe('invalid externalIdPatternInvalid');
	});
});

function idLike(): fc.Arbitrary<string> {
	return fc.oneof(
		fc.string({ unit: 'grapheme' }),
		fc.string({ unit: fc.constantFrom(...'abAB019'), minLength: 15, maxLength: 15 }),
		fc.uuid().map((uuid) => `{${uuid.toUpperCase()}}`),
		fc.constantFrom('001a0000006vm9riac', 'İ', 'ﬀ', '\u1fa2', 'a\u0300\u0301'),
	);
}
