import fc from 'fast-check';

import { readAddressees } from '../../../nodes/shared/identity/addresses';
import { anything } from './values';

const ann = { address: 'ann@acme.com', name: 'Ann' };

describe('the people of a mail are read from header text', () => {
	test.each<[string, Array<{ address: string; name?: string }>]>([
		['ann@acme.com', [{ address: 'ann@acme.com' }]],
		['Ann <ann@acme.com>', [ann]],
		['Ann <ann@acme.com>, b@y.com', [ann, { address: 'b@y.com' }]],
		['ann@acme.com (Ann)', [ann]],
		['"Doe, Ann" <ann@acme.com>; <b@y.com>', [{ address: 'ann@acme.com', name: 'Doe, Ann' }, { address: 'b@y.com' }]],
		['Team: Ann <ann@acme.com>, b@y.com;, c@z.com', [ann, { address: 'b@y.com' }, { address: 'c@z.com' }]],
		['undisclosed-recipients:;', []],
		['=?utf-8?Q?J=C3=B6rg?= <j@x.de>', [{ address: 'j@x.de', name: 'Jörg' }]],
		['=?iso-8859-1?B?WvZl?= =?iso-8859-1?Q?_M=FCller?= <z@x.de>', [{ address: 'z@x.de', name: 'Zöe Müller' }]],
		['To: Ann <ann@acme.com>\r\nCc: b@y.com,\r\n c@z.com', [ann, { address: 'b@y.com' }, { address: 'c@z.com' }]],
		['To: ann@acme.com b@y.com', [{ address: 'ann@acme.com' }, { address: 'b@y.com' }]],
		['ann@acme.com\nb@y.com', [{ address: 'ann@acme.com' }, { address: 'b@y.com' }]],
		['ann@acme.com b@y.com', [{ address: 'ann@acme.com' }, { address: 'b@y.com' }]],
		['Ann\r\n <ann@acme.com>', [ann]],
		["'ann@acme.com' <ann@acme.com>", [{ address: 'ann@acme.com' }]],
		['"boss@acme.com" <x@evil.com>', [{ address: 'x@evil.com', name: 'boss@acme.com' }]],
		['mailto:ann@acme.com', [{ address: 'ann@acme.com' }]],
		['', []],
		[' , ;\n', []],
	])('%p', (text, people) => {
		expect(readAddressees(text)).toEqual(people);
	});
});

describe('the people of a mail are read from what nodes give', () => {
	test.each<[string, unknown, Array<{ address: string; name?: string }>]>([
		['a list of texts', ['Ann <ann@acme.com>', 'b@y.com'], [ann, { address: 'b@y.com' }]],
		['address and name', { address: 'ann@acme.com', name: 'Ann' }, [ann]],
		['e-mail and display name', { email: 'ann@acme.com', displayName: 'Ann' }, [ann]],
		['Gmail and IMAP', { value: [{ address: 'ann@acme.com', name: 'Ann' }, { address: 'b@y.com', name: '' }], text: 'Ann <ann@acme.com>', html: '' }, [ann, { address: 'b@y.com' }]],
		['mailparser groups', { value: [{ name: 'Team', group: [{ address: 'ann@acme.com', name: 'Ann' }, { address: 'b@y.com' }] }] }, [ann, { address: 'b@y.com' }]],
		['text alone', { text: 'Ann <ann@acme.com>' }, [ann]],
		['Outlook', [{ emailAddress: { name: 'Ann', address: 'ann@acme.com' } }], [ann]],
		['Google People', [{ value: 'ann@acme.com', displayName: 'Ann' }], [ann]],
		['a header in an address field', { email: 'Ann <ann@acme.com>' }, [ann]],
		['a name around a bare address', { emailAddress: { address: '<ann@acme.com>' }, name: 'Ann' }, [ann]],
		['an encoded name', { address: 'j@x.de', name: '=?utf-8?Q?J=C3=B6rg?=' }, [{ address: 'j@x.de', name: 'Jörg' }]],
		['nothing', null, []],
		['an empty list', { value: [] }, []],
		['lists in lists', [[['ann@acme.com']], []], [{ address: 'ann@acme.com' }]],
	])('%s', (_name, value, people) => {
		expect(readAddressees(value)).toEqual(people);
	});
});

describe('every entry is accounted for', () => {
	test('each address comes once, in order, with the first name it had', () => {
		expect(readAddressees(['b@y.com', 'ANN@acme.com', 'Ann <ann@acme.com>', 'Annie <ann@acme.com>'])).toEqual([
			{ address: 'b@y.com' },
			{ address: 'ANN@acme.com', name: 'Ann' },
		]);
	});

	test.each<[unknown, string]>([
		['nobody', 'nobody'],
		['Ann <not-an-address>', 'not-an-address'],
		['Ann <>', 'Ann'],
		['""""', '""""'],
		['a:"', 'a:"'],
		[5, '5'],
		[{ name: 'Ann', email: '' }, 'Ann'],
		[{ color: 'red' }, ''],
		[{ address: 'nobody' }, 'nobody'],
	])('%p stays in, to be reported', (value, address) => {
		expect(readAddressees([value, 'b@y.com']).map((entry) => entry.address)).toEqual([address, 'b@y.com']);
	});

	test('plain addresses are all found again, however they are joined', () => {
		const addresses = fc.uniqueArray(fc.emailAddress({ size: 'small' }).filter((a) => /^[\w.@-]+$/.test(a)), { maxLength: 6, selector: (a) => a.toLowerCase() });
		fc.assert(
			fc.property(addresses, fc.constantFrom(', ', ';', '\n', ' ', ',\r\n '), (list, joint) => {
				expect(readAddressees(list.join(joint)).map((entry) => entry.address)).toEqual(list);
				expect(readAddressees({ value: list.map((address) => ({ address })) })).toEqual(list.map((address) => ({ address })));
			}),
		);
	});

	test('nothing that can come in makes it throw, not even a list that holds itself', () => {
		const loop: unknown[] = [];
		loop.push(loop, 'ann@acme.com');
		expect(readAddressees(loop).map((entry) => entry.address)).toContain('ann@acme.com');
		fc.assert(
			fc.property(anything(), (value) => {
				for (const entry of readAddressees(value)) {
					expect(typeof entry.address).toBe('string');
					if ('name' in entry) expect(entry.name).not.toMatch(/^\s*$|\p{Cc}/u);
				}
			}),
			{ numRuns: 2_000 },
		);
	});

	test('names that JavaScript knows are names like others', () => {
		expect(readAddressees(JSON.parse('{"__proto__": {"address": "x@y.com"}, "email": "ann@acme.com"}'))).toEqual([{ address: 'ann@acme.com' }]);
		expect(readAddressees(['constructor@x.com', '__proto__@x.com'])).toHaveLength(2);
	});

	test('a list of plain addresses may be long', () => {
		const list = Array.from({ length: 10_000 }, (_, at) => `ann${at}@acme.com`);
		expect(readAddressees(list.join(', '))).toHaveLength(10_000);
	});

	test.each([
		['too long', 'a@b.com, '.repeat(1_000_000)],
		['too long a header', 'Ann <a@b.com>, '.repeat(10_000)],
		['groups in groups', `${'a:'.repeat(15)}b@c.com`],
	])('a text that is no header (%s) is one entry, whole, not a slow one', (_name, text) => {
		expect(readAddressees(text)).toEqual([{ address: text.trim() }]);
	});

	test('of lines that are too long together, those that fit are read, and each other is one entry', () => {
		const line = (host: string) => Array.from({ length: 2_000 }, (_, at) => `Ann <a${at}@${host}>`).join(', ');
		const people = readAddressees(`${line('x.com')}\n${line('y.com')}\nb@z.com`);
		expect(people).toHaveLength(2_002);
		expect(people.slice(-2)).toEqual([{ address: line('y.com') }, { address: 'b@z.com' }]);
	});
});
