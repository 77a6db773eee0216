import { DEFAULT_BLOCKED } from '../../nodes/shared/identity/externalId';
import type { Outcome } from '../../nodes/shared/identity/outcome';
import type { ObjectName } from '../../nodes/shared/ports';
import { listMappings } from '../../nodes/ExternalId/registry/lists';
import { changeSettings } from '../../nodes/ExternalId/registry/status';
import { api, byEmail, byId, byObject, ids, makeRecords, picked, typed } from './api';
import type { Api } from './api';
import { caller, kindOf, statuses } from './collect';
import { onEachEngine } from './engines';
import { brokenRules, changesIn } from './world';

const MB_10 = 'x'.repeat(10_000_000);

/** Values that are no External IDs, with the kind of trouble. */
const NO_IDS: Array<[string, unknown, string]> = [
	['empty', '', 'externalIdEmpty'],
	['blank', ' \t\n ', 'externalIdEmpty'],
	['missing', undefined, 'externalIdMissing'],
	['null', null, 'externalIdMissing'],
	['256 characters', 'x'.repeat(256), 'externalIdTooLong'],
	['256 emoji', '😀'.repeat(256), 'externalIdTooLong'],
	['10 MB', MB_10, 'externalIdTooLong'],
	['2^53', 2 ** 53, 'externalIdInexact'],
	['-(2^53) - 2', -(2 ** 53) - 2, 'externalIdInexact'],
	['NaN', Number.NaN, 'externalIdNotNumber'],
	['1e21', 1e21, 'externalIdInexact'],
	['NUL', 'a\u0000b', 'externalIdControlCharacter'],
	['a line break inside', 'a\nb', 'externalIdControlCharacter'],
	['DEL', 'a\u007fb', 'externalIdControlCharacter'],
	['a lone high surrogate', 'a\ud83d', 'externalIdBrokenCharacter'],
	['a lone low surrogate', '\ude00a', 'externalIdBrokenCharacter'],
	['a list', ['1'], 'externalIdNotText'],
	['an object', { id: '1' }, 'externalIdNotText'],
	['an object that cannot be text', { toString: 1 }, 'externalIdNotText'],
	['true', true, 'externalIdNotText'],
	['the number 0', 0, 'externalIdBlocked'],
	['the number -1', -1, 'externalIdBlocked'],
	['0000', '0000', 'externalIdBlocked'],
	['--', '--', 'externalIdBlocked'],
	...DEFAULT_BLOCKED.map((word): [string, unknown, string] => [`the word ${word}`, word.toUpperCase(), 'externalIdBlocked']),
];

/** Odd values that are External IDs like any other. */
const IDS: Array<[string, unknown, string]> = [
	['255 characters', 'x'.repeat(255), 'x'.repeat(255)],
	['255 emoji', '😀'.repeat(255), '😀'.repeat(255)],
	['the largest exact number', 2 ** 53 - 1, '9007199254740991'],
	['a number', 17, '17'],
	['leading zeros', '0017', '0017'],
	['SQL', "' OR 1=1 --", "' OR 1=1 --"],
	['a path', '../../etc/passwd', '../../etc/passwd'],
	['__proto__', '__proto__', '__proto__'],
	['constructor', 'constructor', 'constructor'],
	['emoji', '👩‍👩‍👧', '👩‍👩‍👧'],
	['a percent sign and a wildcard', '%_*?', '%_*?'],
	['JSON', '{"a":["b"]}', '{"a":["b"]}'],
	['right-to-left', 'מזהה', 'מזהה'],
	['spaces around', '  a b ', 'a b'],
	['combining marks', 'e\u0301', '\u00e9'],
];

async function objectOf({ upsert }: Api): Promise<string> {
	const [outcome] = await upsert([{ objectType: 'people', ids: ids({ base: 'A' }), fields: {} }]);
	return String((outcome as Record<string, unknown>).objectId);
}

onEachEngine('External IDs that are none', (lab) => {
	test.each(NO_IDS)('%s: refused in every kind of work, and nothing is written', async (_, value, kind) => {
		const all = api(await lab().registry());
		const objectId = await objectOf(all);
		await all.configure({ objectType: 'people', externalType: 'crm' });
		const before = await changesIn(lab());
		const expectRefused = (outcomes: Outcome[]) => expect(outcomes.map((each) => `${each.status} ${kindOf(each)}`)).toEqual([`invalid ${kind}`]);
		const mapping = { objectType: 'people' as const, externalType: typed('crm'), externalId: value };
		expectRefused(await all.create([{ ...mapping, objectId }]));
		expectRefused(await all.replace([{ ...mapping, current: { objectId } }]));
		expectRefused(await all.replace([{ ...mapping, externalId: 'new', current: { externalId: value } }]));
		expectRefused(await all.resolve([byId('people', 'crm', value)]));
		expectRefused(await all.translate([byId('people', 'crm', value)], 'base'));
		expectRefused(await all.get(byId('people', 'crm', value)));
		expectRefused(await all.remove([byId('people', 'crm', value)]));
		expectRefused((await all.unmap([{ name: mapping }])).flat());
		expectRefused(await all.upsert([{ objectType: 'people', ids: [{ externalType: typed('crm'), externalId: value }], fields: {} }]));
		expectRefused(await all.link([{ objectType: 'people', ids: [{ externalType: typed('crm'), externalId: value }] }]));
		expect(await changesIn(lab())).toBe(before);
	});

	test('50 characters fit a type of at most 50, 51 do not, and the sentence says so', async () => {
		const all = api(await lab().registry());
		await all.configure({ objectType: 'people', externalType: 'connectif', maxLength: 50 });
		const [fits, tooLong] = await all.link(['é'.repeat(50), 'é'.repeat(51)].map((externalId) => ({ objectType: 'people' as const, ids: ids({ connectif: externalId }) })));
		expect(fits?.status).toBe('created');
		expect(tooLong).toMatchObject({ status: 'invalid', reason: 'External ID is 51 characters long; connectif takes at most 50.' });
	});
});

onEachEngine('External IDs that are odd', (lab) => {
	test.each(IDS)('%s: goes in, comes back, resolves, lists and is deleted', async (_, value, stored) => {
		const all = api(await lab().registry());
		const [made] = await all.link([{ objectType: 'people', ids: ids({ crm: value, erp: 'E' }) }]);
		expect(made).toMatchObject({ status: 'created', externalIds: { crm: stored, erp: 'E' } });
		expect(await all.translate([byId('people', 'erp', 'E')], 'crm')).toMatchObject([{ status: 'found', externalId: stored }]);
		expect(statuses(await all.resolve([byId('people', 'crm', value), byId('people', 'crm', stored), byId('people', 'crm', `${stored.slice(0, 100)}2`)]))).toEqual(['found', 'found', 'notFound']);
		expect(await listMappings(all.registry, { externalId: value, states: ['current'] }, 10)).toMatchObject([{ externalId: stored }]);
		expect((await all.unmap([{ name: { objectType: 'people', externalType: typed('crm'), externalId: value } }])).map(statuses)).toEqual([['deleted']]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('NFC and NFD are the same ID; A and a are not', async () => {
		const all = api(await lab().registry());
		await all.link([{ objectType: 'people', ids: ids({ crm: 'Ame\u0301lie' }) }]);
		expect(statuses(await all.resolve(['Am\u00e9lie', 'Ame\u0301lie', 'am\u00e9lie', 'Amelie'].map((each) => byId('people', 'crm', each))))).toEqual(['found', 'found', 'notFound', 'notFound']);
	});
});

onEachEngine('Names and values that are hostile', (lab) => {
	test.each<[string, unknown, string]>([
		['__proto__', '__proto__', 'externalTypeMalformed'],
		['SQL', "' OR 1=1 --", 'externalTypeMalformed'],
		['a path', '../../etc/passwd', 'externalTypeMalformed'],
		['65 characters', 'x'.repeat(65), 'externalTypeTooLong'],
		['10 MB', MB_10, 'externalTypeTooLong'],
		['empty', '', 'externalTypeMissing'],
		['the text of a missing value', 'undefined', 'externalTypeMissing'],
		['a list', ['crm'], 'externalTypeNotText'],
		['an object that cannot be text', { toString: 1 }, 'externalTypeNotText'],
		['NUL', 'a\u0000', 'externalTypeMalformed'],
		['a lone surrogate', 'a\ud800', 'externalTypeMalformed'],
	])('an External Type that is %s is refused though it was picked, and no type is made', async (_, name, kind) => {
		const all = api(await lab().registry());
		const objectId = await objectOf(all);
		const outcomes = [
			...(await all.create([{ objectType: 'people', externalType: picked(name), externalId: '1', objectId }])),
			...(await all.link([{ objectType: 'people', ids: [{ externalType: picked(name), externalId: '1' }] }])),
			...(await all.upsert([{ objectType: 'people', ids: [{ externalType: picked(name), externalId: '1' }], fields: {} }])),
			...(await all.resolve([byId('people', name, '1')])),
			...(await all.translate([byObject('people', objectId)], name)),
		];
		expect(outcomes.map((each) => `${each.status} ${kindOf(each)}`)).toEqual(outcomes.map(() => `invalid ${kind}`));
		expect(all.registry.configurations().map(({ externalType }) => externalType)).toEqual(['base']);
	});

	test('a near miss of an External Type is named, in every kind of work', async () => {
		const all = api(await lab().registry());
		const objectId = await objectOf(all);
		await all.configure({ objectType: 'people', externalType: 'hubspot' });
		const outcomes = [
			...(await all.create([{ objectType: 'people', externalType: typed('Hub Spot'.replace(' ', '')), externalId: '1', objectId }])),
			...(await all.link([{ objectType: 'people', ids: [{ externalType: typed('hubspt'), externalId: '1' }] }])),
			...(await all.resolve([byId('people', 'hubsopt', '1')])),
			...(await all.translate([byObject('people', objectId)], 'hub_spot')),
		];
		for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'invalid', reason: expect.stringContaining('Did you mean "hubspot"?') });
	});

	const fieldsJson = (json: string) => JSON.parse(json) as Record<string, unknown>;

	test.each<[string, Record<string, unknown>]>([
		['at the top', fieldsJson('{"__proto__": {"admin": true}}')],
		['in a custom field', fieldsJson('{"custom": {"__proto__": {"admin": true}}}')],
		['in a list', fieldsJson('{"list": [{"__proto__": {"admin": true}}]}')],
		['deep in a list of lists', fieldsJson('{"list": [[{"a": {"__proto__": 1}}]]}')],
	])('a field named __proto__ %s is refused', async (_, fields) => {
		const all = api(await lab().registry());
		const outcomes = await all.upsert([{ objectType: 'people', ids: ids({ crm: '1' }), fields }, { objectType: 'people', ids: ids({ crm: '2' }), fields: { name: 'Ann' } }]);
		expect(statuses(outcomes)).toEqual(['invalid', 'created']);
		expect(({} as Record<string, unknown>).admin).toBeUndefined();
	});

	test('a field may be named constructor, toString, hasOwnProperty, or anything', async () => {
		const all = api(await lab().registry());
		const fields = { constructor: 'c', toString: 't', hasOwnProperty: 'h', valueOf: { constructor: 1, length: 2 }, '': 'empty', 'a\u0000b': 'nul', '😀': 'emoji', "' OR 1=1 --": 'sql' };
		const entry = { objectType: 'people' as const, ids: ids({ crm: '1' }), fields };
		expect(statuses(await all.upsert([entry]))).toEqual(['created']);
		expect(statuses(await all.upsert([entry]))).toEqual(['unchanged']);
		expect(((await all.get(byId('people', 'crm', '1')))[0] as Record<string, unknown>).fields).toEqual(fields);
		expect(statuses(await all.upsert([{ ...entry, fields: { ...fields, constructor: 'd' } }]))).toEqual(['updated']);
		expect(statuses(await all.upsert([{ ...entry, fields: { constructor: null } }], { emptyValues: 'clear' }))).toEqual(['updated']);
	});

	test('values that JSON cannot hold are kept as what they say, and are unchanged the second time', async () => {
		const all = api(await lab().registry());
		const entry = {
			objectType: 'people' as const,
			ids: ids({ crm: '1' }),
			fields: { date: new Date(0), big: 10n ** 20n, nan: Number.NaN, inf: [Number.POSITIVE_INFINITY, undefined], broken: 'a\ud800', minusZero: -0, call: () => 1, nul: 'a\u0000b', deep: JSON.parse('['.repeat(50) + ']'.repeat(50)) as unknown },
		};
		expect(statuses(await all.upsert([entry]))).toEqual(['created']);
		expect(statuses(await all.upsert([entry]))).toEqual(['unchanged']);
		expect((await all.get(byId('people', 'crm', '1')))[0]).toMatchObject({ fields: { date: '1970-01-01T00:00:00.000Z', big: '100000000000000000000', broken: 'a\ufffd', nul: 'a\u0000b' } });
	});

	test('10 MB in a field, an e-mail, an address line, a domain, an Object ID and a Mapping ID are refused, each for its item', async () => {
		const all = api(await lab().registry());
		const [account] = await makeRecords(all.registry, 'accounts', ['A']);
		const person = (crm: string, fields: object = {}) => ({ objectType: 'people' as const, ids: ids({ crm }), fields: fields as Record<string, unknown> });
		const upserted = await all.upsert([person('1', { note: MB_10 }), person('2', { email: `${MB_10}@acme.com` }), person('3'), person('4', { [MB_10]: 1 })]);
		expect(statuses(upserted)).toEqual(['invalid', 'invalid', 'created', 'invalid']);
		expect(upserted[0]?.reason).toContain('1,000,000 characters');
		expect(statuses(await all.link([{ objectType: 'people', ids: ids({ crm: '3' }), email: MB_10 }]))).toEqual(['invalid']);
		expect((await all.capture([MB_10, `${'x, '.repeat(3_000_000)}`, 'ann@acme.com'])).flat().map(({ status }) => status)).toEqual(['invalid', 'invalid', 'notFound']);
		expect((await all.domains('add', [{ account: byObject('accounts', account), domains: MB_10 }, { account: byObject('accounts', account), domains: 'acme.com' }])).map(statuses)).toEqual([['invalid'], ['created']]);
		expect(statuses(await all.match([MB_10, `a@${MB_10}`]))).toEqual(['invalid', 'invalid']);
		expect(statuses(await all.get(byObject('people', MB_10), byEmail('people', MB_10), byObject('people', `per_${MB_10}`)))).toEqual(['invalid', 'invalid', 'invalid']);
		expect((await all.unmap([{ name: { mappingIds: MB_10 } }])).flat().map(({ status }) => ['notFound', 'invalid'].includes(status))).toEqual([true]);
		expect(statuses(await all.configure({ objectType: 'people', externalType: 'x', example: MB_10 }, { objectType: 'people', externalType: 'x', pattern: MB_10 }, { objectType: MB_10, externalType: 'x' }))).toEqual(['invalid', 'invalid', 'invalid']);
		expect(await changeSettings(all.registry, { ownDomains: MB_10 }, { caller: caller(), operation: 'test', settle: () => undefined })).toMatchObject({ status: 'invalid' });
	});

	test('a list of very many domains is done or refused as one item, and the next item is done', async () => {
		const all = api(await lab().registry());
		const [account] = await makeRecords(all.registry, 'accounts', ['A']);
		const domains = Array.from({ length: 5_000 }, (_, number) => `d${number}.com`);
		const began = performance.now();
		const [many, one] = await all.domains('add', [{ account: byObject('accounts', account), domains: domains.join(',') }, { account: byObject('accounts', account), domains: 'acme.com' }]);
		process.stdout.write(`5,000 domains in one item: ${(performance.now() - began).toFixed(0)} ms\n`);
		expect([5_000, 1]).toContain(many?.length);
		expect(statuses(one ?? [])).toEqual(['created']);
	});

	/** JSON of an item may have a field `toString`: then JavaScript cannot make text of the object. */
	test.each<[string, (all: Api, hostile: unknown) => Promise<Array<Outcome | Outcome[]>>]>([
		['an Object ID', async ({ get }, hostile) => await get(byObject('people', hostile), byId('people', 'base', 'A'))],
		['an e-mail', async ({ get }, hostile) => await get(byEmail('people', hostile), byId('people', 'base', 'A'))],
		['a Mapping ID', async ({ unmap }, hostile) => await unmap([{ name: { mappingIds: hostile } }, { name: { objectType: 'people', externalType: typed('base'), externalId: 'A' } }])],
		['a list of Mapping IDs', async ({ unmap }, hostile) => await unmap([{ name: { mappingIds: [hostile] } }, { name: { objectType: 'people', externalType: typed('base'), externalId: 'A' } }])],
		['Only If It Still Points To', async ({ unmap }, hostile) => await unmap([{ name: { objectType: 'people', externalType: typed('base'), externalId: 'A' }, onlyIfObjectId: hostile }, { name: { objectType: 'people', externalType: typed('base'), externalId: 'A' } }])],
		['a domain', async ({ domains }, hostile) => await domains('add', [{ account: byId('accounts', 'base', 'A'), domains: hostile }, { account: byId('accounts', 'base', 'A'), domains: 'acme.com' }])],
		['a list of domains', async ({ domains }, hostile) => await domains('add', [{ account: byId('accounts', 'base', 'A'), domains: [hostile] }, { account: byId('accounts', 'base', 'A'), domains: 'acme.com' }])],
		['the domains of an upsert', async ({ upsert }, hostile) => await upsert([{ objectType: 'accounts', ids: ids({ base: 'B' }), fields: { name: 'B', domains: hostile } }, { objectType: 'accounts', ids: ids({ base: 'C' }), fields: {} }])],
		['an address', async ({ capture }, hostile) => await capture([hostile, { address: hostile }, [hostile], 'ann@acme.com'])],
		['what is matched', async ({ match }, hostile) => await match([hostile, 'ann@acme.com'])],
		['an Object Type', async ({ configure }, hostile) => await configure({ objectType: hostile, externalType: 'x' }, { objectType: 'people', externalType: 'x' })],
		['the settings of a configuration', async ({ configure }, hostile) => await configure({ objectType: 'people', externalType: 'x', maxLength: hostile, pattern: hostile, example: hostile }, { objectType: 'people', externalType: 'y' })],
		['a pattern', async ({ configure }, hostile) => await configure({ objectType: 'people', externalType: 'x', pattern: hostile }, { objectType: 'people', externalType: 'y' })],
		['a field', async ({ upsert }, hostile) => await upsert([{ objectType: 'people', ids: ids({ base: 'B' }), fields: { custom: hostile, email: hostile } }, { objectType: 'people', ids: ids({ base: 'C' }), fields: { custom: hostile } }])],
	])('an object that cannot be text as %s is told for its item, and the others are done', async (_, act) => {
		const all = api(await lab().registry());
		await objectOf(all);
		await makeRecords(all.registry, 'accounts', ['A']);
		await all.upsert([{ objectType: 'accounts', ids: ids({ base: 'A' }), fields: {} }]);
		for (const hostile of [{ toString: 'x' }, { toString: 1, valueOf: 1 }, Object.create(null) as object, { a: 1 }]) {
			const outcomes = await act(all, hostile);
			const last = [outcomes.at(-1)].flat() as Outcome[];
			expect(['created', 'found', 'deleted', 'unchanged', 'notFound', 'updated']).toContain(last[0]?.status);
		}
	});

	test('lists, objects and true/false values as any name are invalid', async () => {
		const all = api(await lab().registry());
		const objectId = await objectOf(all);
		for (const value of [['a'], { a: 1 }, true, 17, new Date(0)]) {
			const names: ObjectName[] = [byObject('people', value), byEmail('people', value)];
			expect(statuses(await all.get(...names))).toEqual(['invalid', 'invalid']);
			expect(statuses(await all.upsert([{ objectType: 'people', ids: ids({ base: 'A' }), fields: { email: value } }]))).toEqual(['invalid']);
			expect(statuses(await all.create([{ objectType: 'people', externalType: typed('base'), externalId: 'Z', objectId: value }]))).toEqual(['invalid']);
		}
		expect(statuses(await all.get(byObject('people', objectId)))).toEqual(['found']);
	});
});

onEachEngine('100,000 items with one ID', (lab) => {
	const COUNT = 100_000;
	const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
		const began = performance.now();
		const result = await work();
		process.stdout.write(`${COUNT.toLocaleString('en')} × one ID, ${what}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
		return result;
	};

	test('link, upsert, create, resolve and delete settle each of them', async () => {
		const all = api(await lab().registry());
		const many = <T>(entry: T): T[] => Array.from({ length: COUNT }, () => entry);
		const count = (outcomes: ReadonlyArray<Outcome | Outcome[]>) => {
			const counts: Record<string, number> = {};
			for (const { status } of outcomes.flat() as Outcome[]) counts[status] = (counts[status] ?? 0) + 1;
			return counts;
		};
		const linked = await timed('link', async () => await all.link(many({ objectType: 'people' as const, ids: ids({ crm: '1' }), email: 'ann@acme.com' })));
		expect(count(linked)).toEqual({ created: 1, unchanged: COUNT - 1 });
		const objectId = (linked[0] as Record<string, unknown>).objectId;
		expect(count(await timed('upsert', async () => await all.upsert(many({ objectType: 'people' as const, ids: ids({ crm: '1' }), fields: { name: 'Ann' } }))))).toEqual({ updated: 1, unchanged: COUNT - 1 });
		expect(count(await timed('create', async () => await all.create(many({ objectType: 'people' as const, externalType: picked('erp'), externalId: '1', objectId }))))).toEqual({ created: 1, unchanged: COUNT - 1 });
		expect(count(await timed('resolve', async () => await all.resolve(many(byId('people', 'crm', '1')))))).toEqual({ found: COUNT });
		const contradictory = Array.from({ length: COUNT }, (_, n) => ({ objectType: 'people' as const, ids: ids({ crm: 'one', shop: `s${n}` }) }));
		expect(count(await timed('contradictory link', async () => await all.link(contradictory)))).toEqual({ conflict: COUNT });
		expect(count(await timed('delete', async () => await all.unmap(many({ name: { objectType: 'people' as const, externalType: typed('crm'), externalId: '1' } }))))).toEqual({ deleted: 1, unchanged: COUNT - 1 });
		expect(brokenRules(await lab().tables())).toEqual([]);
	});
});
