import { runNode, type TestNode } from './harness';
import { Expression } from 'n8n-workflow';

import { Echo, echo } from './echoNode';

beforeEach(() => echo.reset());

/** Runs Write on items and gives the per-item values that the operation got. */
async function valuesOf(parameters: TestNode['parameters'], items: TestNode['items'] = [{}]) {
	const result = await runNode({
		node: Echo,
		items,
		parameters: { resource: 'thing', operation: 'write', options: { failWhen: 'never' }, ...parameters },
	});
	return { ...result, values: echo.values() };
}

/** Counts what n8n's expression engine is asked, leaving out what n8n itself asks for the outputs. */
function countExpressions(containing: string) {
	const spy = jest.spyOn(Expression.prototype, 'resolveSimpleParameterValue');
	return () => {
		const count = spy.mock.calls.filter(([value]) => String(value).startsWith('=') && String(value).includes(containing)).length;
		spy.mockRestore();
		return count;
	};
}

const people = Array.from({ length: 50 }, (_, n) => ({ id: `p${n}`, deep: { 'e mail': [`${n}@acme.com`] } }));

describe('reading parameters', () => {
	it('gives every item the constants, and the default where nothing is set', async () => {
		const { values } = await valuesOf({ second: 'fixed' }, [{ n: 1 }, { n: 2 }]);
		expect(values).toHaveLength(2);
		for (const one of values) expect(one).toMatchObject({ externalId: 'none', second: 'fixed' });
	});

	it('reads plain paths from the item, asking the engine once a field and not once an item', async () => {
		const count = countExpressions('$json');
		const { values } = await valuesOf(
			{ externalId: '={{ $json.id }}', second: '={{ $json.deep["e mail"][0] }}', third: "={{$json['id']}}" },
			people,
		);
		expect(count()).toBe(3);
		expect(values.map(({ externalId }) => externalId)).toEqual(people.map(({ id }) => id));
		expect(values.map(({ second }) => second)).toEqual(people.map(({ deep }) => deep['e mail'][0]));
		expect(values.map(({ third }) => third)).toEqual(people.map(({ id }) => id));
	});

	it('asks the engine for every item where an expression computes', async () => {
		const count = countExpressions('toUpperCase');
		const { values } = await valuesOf({ externalId: '={{ $json.id.toUpperCase() }}' }, people);
		expect(count()).toBe(people.length);
		expect(values.map(({ externalId }) => externalId)).toEqual(people.map(({ id }) => id.toUpperCase()));
	});

	it('takes text around a path as text, not as a path', async () => {
		const { values } = await valuesOf({ externalId: '=crm-{{ $json.id }}', second: '={{ $json.id }} ' }, people.slice(0, 2));
		expect(values).toMatchObject([
			{ externalId: 'crm-p0', second: 'p0 ' },
			{ externalId: 'crm-p1', second: 'p1 ' },
		]);
	});

	it('gives lists that an expression makes, whole', async () => {
		const { values } = await valuesOf({ third: '={{ $json.deep["e mail"].map((a) => ({ a })) }}', second: '={{ $json.deep["e mail"] }}' }, people.slice(0, 2));
		expect(values).toMatchObject([
			{ third: [{ a: '0@acme.com' }], second: ['0@acme.com'] },
			{ third: [{ a: '1@acme.com' }], second: ['1@acme.com'] },
		]);
	});

	it('builds a structure of plain paths from the item, lists and locators inside included', async () => {
		const count = countExpressions('$json');
		const { values } = await valuesOf(
			{
				ids: {
					id: [
						{ type: { __rl: true, mode: 'list', value: 'crm' }, value: '={{ $json.id }}' },
						{ type: { __rl: true, mode: 'list', value: '={{ $json.type }}' }, value: 'C-9' },
					],
				},
			},
			[
				{ id: '1', type: 'erp' },
				{ id: '2', type: 'shop' },
			],
		);
		// Two expressions, each checked against the engine for the first item only.
		expect(count()).toBe(2);
		expect(values.map(({ ids }) => ids)).toEqual([
			{ id: [{ type: { value: 'crm', picked: true }, value: '1' }, { type: { value: 'erp', picked: false }, value: 'C-9' }] },
			{ id: [{ type: { value: 'crm', picked: true }, value: '2' }, { type: { value: 'shop', picked: false }, value: 'C-9' }] },
		]);
	});

	it.each([
		['picked from the list', { __rl: true, mode: 'list', value: 'crm' }, { value: 'crm', picked: true }],
		['typed by name', { __rl: true, mode: 'name', value: 'crm' }, { value: 'crm', picked: false }],
		['an expression in list mode', { __rl: true, mode: 'list', value: '={{ $json.t }}' }, { value: 'erp', picked: false }],
		['a computed one', { __rl: true, mode: 'name', value: '={{ $json.t + "2" }}' }, { value: 'erp2', picked: false }],
		['a URL', { __rl: true, mode: 'url', value: 'https://types.test/crm/4' }, { value: 'crm', picked: false }],
		['nothing', { __rl: true, mode: 'list', value: '' }, { value: '', picked: true }],
	])('tells a resource locator apart: %s', async (_name, raw, expected) => {
		const { values } = await valuesOf({ externalType: raw, objectLocator: raw }, [{ t: 'erp' }]);
		expect(values[0].externalType).toEqual(expected);
		expect(echo.runs[0].parameters.objectLocator).toEqual(expected);
	});

	it('converts the values of a field mapper by its schema, item by item', async () => {
		const { values, json } = await valuesOf(
			{
				mapper: {
					mappingMode: 'defineBelow',
					value: { seats: '={{ $json.seats }}', plan: 'pro' },
					matchingColumns: [],
					schema: [
						{ id: 'seats', displayName: 'Seats', type: 'number', required: false, defaultMatch: false, display: true },
						{ id: 'plan', displayName: 'Plan', type: 'string', required: false, defaultMatch: false, display: true },
					],
					attemptToConvertTypes: true,
					convertFieldsToString: false,
				},
			},
			[{ seats: '12' }, { seats: 'many' }, { seats: null }],
		);
		expect(values.map(({ mapper }) => (mapper as { value: unknown }).value)).toEqual([
			{ seats: 12, plan: 'pro' },
			{ seats: null, plan: 'pro' },
		]);
		expect(json(1)[0]).toMatchObject({ status: 'invalid', reason: expect.stringContaining("'seats' expects a number") });
	});

	it('reads a field that its own conditions hide by its default', async () => {
		await valuesOf({ mode: 'dryRun', target: 'left over' });
		expect(echo.runs[0].parameters).toMatchObject({ mode: 'dryRun', target: '' });
		await valuesOf({ mode: 'apply', target: 'all' });
		expect(echo.runs[1].parameters).toMatchObject({ mode: 'apply', target: 'all' });
	});

	it('says so when a field that is read once looks at single items', async () => {
		const { hints } = await valuesOf({ mode: '={{ $json.mode }}' }, [{ mode: 'a' }, { mode: 'b' }]);
		expect(echo.runs[0].parameters.mode).toBe('a');
		expect(hints.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^"Mode" is the same for all items/));
	});
});

describe('a path read without the engine gives what the engine gives', () => {
	const item = {
		a: { b: 1, name: 'own' },
		none: null,
		text: 'abc',
		list: [1, { z: 2 }],
		number: 3,
		'a b': 5,
		é: 6,
		link: 'own link',
	};
	it.each([
		'$json', '$json.a', '$json.a.b', '$json.a.name', '$json.none', '$json.none.x', '$json.missing', '$json.missing.x.y',
		'$json.missing?.x', '$json.text.length', '$json.text.x', '$json.list', '$json.list[1].z', '$json.list[9]',
		'$json.list.length', '$json.list["0"]', '$json.number.x', '$json["a b"]', '$json.é', '$json.link', '$json[0]',
	])('%s', async (path) => {
		const plain = await valuesOf({ third: `={{ ${path} }}` }, [{}, item]);
		const asked = await valuesOf({ third: `={{ (${path}) }}` }, [{}, item]);
		expect(plain.values[1].third).toEqual(asked.values[1].third);
		expect(plain.values).toHaveLength(2);
	});

	it.each([
		['$json.constructor'], ['$json["constructor"]'], ['$json.a.__proto__'], ['$json["__proto__"]'], ['$json.prototype'],
		['$json.toString'], ['$json.text.trim'], ['$json.list.map'], ['$json.hasOwnProperty'],
	])('%s is refused, for that item', async (path) => {
		const { json } = await valuesOf({ third: `={{ ${path} }}` }, [item]);
		expect(echo.runs).toHaveLength(0);
		expect(json(1)).toMatchObject([{ status: 'invalid', problemKey: expect.stringMatching(/^expressionFailed:/) }]);
	});
});

describe('the engine is right', () => {
	it('for a single item too, where its value has a method of that name', async () => {
		const { values, json } = await valuesOf({ third: '={{ $json.text.trim }}' }, [{}, { text: ' a ' }, { text: { trim: 'own' } }]);
		expect(values.map(({ third }) => third)).toEqual([undefined, 'own']);
		expect(json(1)).toMatchObject([{ status: 'invalid', input: { text: ' a ' } }]);
	});

	it('for all items, where the first one shows a difference', async () => {
		class Point {
			constructor(readonly x: number) {}
		}
		const items = [1, 2].map((x) => ({ at: { point: new Point(x) } })) as unknown as TestNode['items'];
		const { values } = await valuesOf({ third: '={{ $json.at }}' }, items);
		expect(values.map(({ third }) => third)).toEqual([{ point: { x: 1 } }, { point: { x: 2 } }]);
		for (const { third } of values) expect((third as { point: unknown }).point).not.toBeInstanceOf(Point);
	});
});

describe('a bad item never blocks a good one', () => {
	it('makes an expression that fails the trouble of its item', async () => {
		const items = Array.from({ length: 20 }, (_, n) => (n === 7 ? { n } : { n, id: { text: `p${n}` } }));
		const { json, outputs, hints, error } = await valuesOf(
			{ externalId: '={{ $json.id ? $json.id.text : $("Nowhere").item.json.x }}', second: '={{ $json.n }}' },
			items,
		);
		expect(error).toBeUndefined();
		expect(outputs[0]).toHaveLength(19);
		expect(json(1)).toEqual([
			{
				status: 'invalid',
				reason: expect.stringMatching(/^The value of "External ID" could not be worked out for this item\. Referenced node doesn't exist\.$/),
				problemKey: expect.stringMatching(/^expressionFailed:[0-9a-f]{12}$/),
				retry: false,
				field: 'External ID',
				input: { n: 7 },
			},
		]);
		expect(outputs[1][0].pairedItem).toEqual({ item: 7 });
		expect(JSON.stringify(json(1))).not.toMatch(/undefined|\n\s+at /);
		expect(hints).toContainEqual(expect.objectContaining({ message: '1 of 20 items needs attention: 1 invalid.' }));
	});

	it('names what is wrong with a method that was not called', async () => {
		const { json } = await valuesOf({ externalId: '={{ $json.id.trim }}' }, [{ id: 'a' }]);
		expect(json(1)[0].reason).toMatch(/it gives a function; add \(\) to call it\.$/);
	});

	it('stops the run when an expression fails that is for the whole run', async () => {
		const { error } = await valuesOf({ mode: '={{ $("Nowhere").first().json.x }}' }, [{}, {}]);
		expect(error).toMatchObject({ name: 'NodeOperationError', description: expect.stringContaining('Of 2 items: 2 not attempted.') });
	});
});
