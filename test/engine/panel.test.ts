import { type INodeProperties, type INodePropertyOptions, NodeConnectionTypes, NodeHelpers } from 'n8n-workflow';

import { PACKAGE, runNode, runWorkflow } from './harness';
import { propertiesOf } from '../../nodes/shared/node/properties';
import type { Field, NodeDefinition, Operation } from '../../nodes/shared/node/operation';
import { definition, Echo, echo } from './echoNode';

beforeEach(() => echo.reset());

/** The properties that the panel shows for these parameters, as n8n decides it. */
function panel(properties: INodeProperties[], parameters: Record<string, string>, nodeName = 'echo') {
	const description = { ...new Echo().description, name: nodeName };
	return properties.filter((property) =>
		NodeHelpers.displayParameter(parameters, property, { typeVersion: 1 }, description),
	);
}

const values = (property: INodeProperties | undefined) => (property?.options as INodePropertyOptions[]).map(({ value }) => value);
const named = (properties: INodeProperties[], name: string) => properties.find((property) => property.name === name);

const field = (name: string, more: Partial<Field> = {}): Field => ({ displayName: name, name, type: 'string', default: '', ...more });

function define(operations: Record<string, readonly Field[]>): NodeDefinition<unknown> {
	const list = Object.entries(operations).map(([value, fields]): Operation<unknown> => ({
		value, name: value, action: value, description: value, outputs: 'lister', fields, run: async () => {},
	}));
	return { resources: [{ value: 'r', name: 'R', description: 'r', operations: list }], connect: async () => ({}) };
}

/** Names of the fields that an operation shows, in order. */
const shown = (properties: INodeProperties[], operation: string) =>
	panel(properties, { resource: 'r', operation }).map(({ name }) => name).filter((name) => !['resource', 'operation'].includes(name));

describe('the panel of a node', () => {
	it('is made anew on every call, for n8n adds to it', () => {
		const [first, second] = [propertiesOf(definition), propertiesOf(definition)];
		expect(second).toEqual(first);
		(first[0].options as unknown[]).push('Custom API Call');
		first.push(field('pollTimes'));
		first.find(({ name }) => name === 'externalType')!.modes!.length = 0;
		expect(propertiesOf(definition)).toEqual(second);
	});

	it('offers resources and operations, sorted by name from five on, the first defined as default', () => {
		const properties = propertiesOf(definition);
		expect(values(named(properties, 'resource'))).toEqual(['thing', 'import']);
		const operation = named(panel(properties, { resource: 'thing' }), 'operation')!;
		expect((operation.options as INodePropertyOptions[]).map(({ name }) => name)).toEqual(['Check', 'Fill', 'Get Many', 'Read', 'Write']);
		expect(operation).toMatchObject({ default: 'write', noDataExpression: true });
		expect(operation.options).toContainEqual({ name: 'Write', value: 'write', action: 'Write a thing', description: 'Write one thing' });
	});

	it('makes one property of a field that several operations share, so that its value stays', () => {
		const [a, b, shared, twin] = [field('a'), field('b'), field('shared'), field('shared')];
		const properties = propertiesOf(define({ one: [a, shared], two: [b, shared], three: [twin] }));
		expect(properties.filter(({ name }) => name === 'shared')).toHaveLength(2);
		const [ofOne] = panel(properties, { resource: 'r', operation: 'one' }).filter(({ name }) => name === 'shared');
		expect(ofOne.displayOptions).toEqual({ show: { resource: ['r'], operation: ['one', 'two'] } });
		expect(shown(properties, 'one')).toEqual(['a', 'shared']);
		expect(shown(properties, 'two')).toEqual(['b', 'shared']);
		expect(shown(properties, 'three')).toEqual(['shared']);
	});

	it("keeps every operation's own order of fields, also where two orders contradict each other", () => {
		const [a, b, c] = [field('a'), field('b'), field('c')];
		const properties = propertiesOf(define({ one: [a, b, c], two: [c, a], three: [b, c, a] }));
		expect(shown(properties, 'one')).toEqual(['a', 'b', 'c']);
		expect(shown(properties, 'two')).toEqual(['c', 'a']);
		expect(shown(properties, 'three')).toEqual(['b', 'c', 'a']);
	});

	it("keeps a field's own conditions, and its perItem to itself", () => {
		const own = field('a', { perItem: true, displayOptions: { show: { mode: ['apply'] }, hide: { b: [''] } } });
		const [property] = propertiesOf(define({ one: [own] })).filter(({ name }) => name === 'a');
		expect(property).not.toHaveProperty('perItem');
		expect(property.displayOptions).toEqual({ show: { resource: ['r'], operation: ['one'], mode: ['apply'] }, hide: { b: [''] } });
	});

	it('adds the common options to operations with item troubles, into their own collection where they have one', () => {
		const own: Field = { displayName: 'Options', name: 'options', type: 'collection', default: {}, options: [field('zulu'), field('alpha'), field('mike')] };
		const two = define({ plain: [], own: [own], list: [own] });
		const [plain, with_, list] = two.resources[0].operations;
		const properties = propertiesOf({
			...two,
			resources: [{ ...two.resources[0], operations: [{ ...plain, outputs: 'writer' }, { ...with_, outputs: 'reader' }, list] }],
		});
		const optionsOf = (operation: string) =>
			(named(panel(properties, { resource: 'r', operation }), 'options')?.options ?? []).map(({ name }) => name);
		expect(optionsOf('plain')).toEqual(['failWhen', 'includeInput']);
		expect(optionsOf('own')).toEqual(['alpha', 'failWhen', 'includeInput', 'mike', 'zulu']);
		expect(optionsOf('list')).toEqual(['zulu', 'alpha', 'mike']);
	});
});

describe('the outputs of a node', () => {
	it.each([
		['write', ['Done', 'Needs Attention']],
		['read', ['Found', 'Not Found']],
		['fill', ['Done', 'Not Found', 'Needs Attention', 'Summary']],
		['getAll', [undefined]],
		['unknown', [undefined]],
	])('%s: %j, plus the error output at the end', async (operation, labels) => {
		const run = (onError?: 'continueErrorOutput') =>
			runWorkflow({
				nodes: [{ name: 'Echo', type: `${PACKAGE}.echo`, parameters: { resource: 'thing', operation }, ...(onError ? { onError } : {}) }],
				connections: [],
				nodeTypes: [Echo],
			});
		for (const onError of [undefined, 'continueErrorOutput'] as const) {
			const { workflow } = await run(onError);
			const acquired = await workflow.expression.acquireIsolate();
			const outputs = NodeHelpers.getNodeOutputs(workflow, workflow.getNode('Echo')!, new Echo().description);
			if (acquired) await workflow.expression.releaseIsolate();
			const names = outputs.map((output) => (typeof output === 'string' ? undefined : output.displayName));
			const plain = labels.length === 1 && onError ? ['Success'] : labels;
			expect(names).toEqual(onError ? [...plain, 'Error'] : plain);
		}
	});
});

describe('as a tool of an AI agent', () => {
	const tool = { resource: 'thing', operation: 'write' };

	it('does not show what is not for agents', () => {
		const properties = propertiesOf(definition);
		const offered = (nodeName: string) => {
			const shownTo = panel(properties, { resource: 'thing' }, nodeName);
			expect(shownTo.filter(({ name }) => name === 'operation')).toHaveLength(1);
			return { resources: values(named(shownTo, 'resource')), operations: values(named(shownTo, 'operation')) };
		};
		expect(offered('echo')).toEqual({ resources: ['thing', 'import'], operations: ['status', 'fill', 'getAll', 'read', 'write'] });
		expect(offered('echoTool')).toEqual({ resources: ['thing'], operations: ['write', 'read', 'getAll', 'status'] });
	});

	it.each([[undefined], [NodeConnectionTypes.AiTool]])('gives everything on output 1, and fails no run (log to %s)', async (rewireOutputLogTo) => {
		const { outputs, error } = await runNode({
			node: Echo, type: 'echoTool', parameters: tool, rewireOutputLogTo,
			items: [{ id: 0, status: 'conflict' }, { id: 1, status: 'notFound' }],
		});
		expect(error).toBeUndefined();
		expect(outputs).toHaveLength(1);
		expect(outputs[0].map(({ json }) => json.status)).toEqual(['conflict', 'notFound']);
	});

	it('refuses at run time what is not for agents', async () => {
		const { error } = await runNode({ node: Echo, type: 'echoTool', parameters: { ...tool, operation: 'fill' } });
		expect(error?.message).toBe('Thing: Fill is not available to AI agents');
		expect(echo.runs).toEqual([]);
	});
});
