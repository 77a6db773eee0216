/** From a node's definition to what n8n's panel shows. */
import omit from 'lodash/omit';
import type { IDisplayOptions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { Field, NodeDefinition, Operation, Resource } from './operation';

/** n8n's lint wants lists of so many entries in alphabetical order. */
const SORTED_FROM = 5;

/** Options of every operation whose items can come to trouble; read by the runner, not by operations. */
const COMMON_OPTIONS: readonly INodeProperties[] = [
	{
		displayName: 'Fail the Run When',
		name: 'failWhen',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: 'Anything Failed',
				value: 'anythingFailed',
				description: 'The node fails when at least one item needs attention, after all items are done',
			},
			{
				name: 'Never',
				value: 'never',
				description: 'Items that need attention only come out on their own output',
			},
			{
				name: 'Nothing Succeeded',
				value: 'nothingSucceeded',
				description: 'The node fails when every item needs attention',
			},
		],
		default: 'nothingSucceeded',
		description: 'When items that need attention make the whole node fail; items that were not found or skipped on purpose do not count. It is decided after all items are done.',
	},
	{
		displayName: 'Include Input Fields',
		name: 'includeInput',
		type: 'boolean',
		noDataExpression: true,
		default: false,
		description: 'Whether to add the fields of the input item, under the key "input". Items that were not done always carry them.',
	},
];

const RESOURCE: INodeProperties = { displayName: 'Resource', name: 'resource', type: 'options', noDataExpression: true, default: '' };
const OPERATION: INodeProperties = { displayName: 'Operation', name: 'operation', type: 'options', noDataExpression: true, default: '' };

/** The `properties` of a node description: new objects on every call, for n8n adds to them (seen in n8n 2.41). */
export function propertiesOf<System>({ resources }: NodeDefinition<System>): INodeProperties[] {
	const properties = [
		...resourceProperties(resources),
		...resources.flatMap(operationProperties),
		...resources.flatMap(fieldProperties),
	];
	return structuredClone(properties);
}

const forTools = <System>({ operations }: Resource<System>) => operations.some(({ asTool }) => asTool !== false);

function resourceProperties<System>(resources: ReadonlyArray<Resource<System>>): INodeProperties[] {
	const choice = (offered: ReadonlyArray<Resource<System>>): INodeProperties => ({
		...RESOURCE,
		options: sorted(
			offered.map(({ name, value, description }) => ({ name, value, description })),
			({ name }) => name,
		),
		default: offered[0].value,
	});
	return withoutHiddenFromTools(choice, resources, forTools);
}

function operationProperties<System>(resource: Resource<System>): INodeProperties[] {
	const choice = (offered: ReadonlyArray<Operation<System>>): INodeProperties => ({
		...OPERATION,
		displayOptions: { show: { resource: [resource.value] } },
		options: sorted(
			offered.map(({ name, value, action, description }): INodePropertyOptions => ({ name, value, action, description })),
			({ name }) => name,
		),
		default: offered[0].value,
	});
	return withoutHiddenFromTools(choice, resource.operations, ({ asTool }) => asTool !== false);
}

/**
 * A drop-down, and where some of its entries are not for AI agents a second one for tools in its place: the editor
 * of n8n 2.41 goes by the `displayOptions` of a property, not by those of an entry in it.
 */
function withoutHiddenFromTools<Entry>(
	choice: (offered: readonly Entry[]) => INodeProperties,
	entries: readonly Entry[],
	isForTools: (entry: Entry) => boolean,
): INodeProperties[] {
	const offered = entries.filter(isForTools);
	const full = choice(entries);
	if (offered.length === entries.length) return [full];
	const hidden = merge(full, { hide: { '@tool': [true] } });
	return offered.length === 0 ? [hidden] : [hidden, merge(choice(offered), { show: { '@tool': [true] } })];
}

/** A field in the panel, and for which operations. */
interface Shown {
	field: Field;
	operations: string[];
}

/**
 * The fields of a resource's operations. One that several share (the same object) becomes one property, placed so
 * that each operation sees its fields in its own order; where two orders contradict each other it is repeated.
 */
function fieldProperties<System>(resource: Resource<System>): INodeProperties[] {
	const shown: Shown[] = [];
	const optionsOf = new Map<Field | undefined, Field>();
	for (const operation of resource.operations) {
		let place = 0;
		for (const field of withCommonOptions(operation, optionsOf)) {
			const found = shown.findIndex((one, index) => index >= place && one.field === field);
			if (found >= 0) {
				shown[found].operations.push(operation.value);
				place = found + 1;
			} else {
				shown.splice(place++, 0, { field, operations: [operation.value] });
			}
		}
	}
	return shown.map(({ field, operations }) =>
		merge(omit(field, 'perItem'), { show: { resource: [resource.value], operation: operations } }),
	);
}

/** An operation's fields, with the common options in its own `options` collection, or in one of their own at the end. */
function withCommonOptions<System>(operation: Operation<System>, made: Map<Field | undefined, Field>): readonly Field[] {
	// A list has no items to come to trouble.
	if (operation.outputs === 'lister') return operation.fields;
	const own = operation.fields.find(({ name, type }) => name === 'options' && type === 'collection');
	let options = made.get(own);
	if (options === undefined) {
		options = {
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			...own,
			options: sorted([...((own?.options ?? []) as INodeProperties[]), ...COMMON_OPTIONS], ({ displayName }) => displayName),
		};
		made.set(own, options);
	}
	const merged = options;
	return own ? operation.fields.map((field) => (field === own ? merged : field)) : [...operation.fields, merged];
}

/** A property with more display conditions; its own stay, and where both name a parameter its own win. */
function merge(property: INodeProperties, more: IDisplayOptions): INodeProperties {
	const own = property.displayOptions ?? {};
	const displayOptions: IDisplayOptions = {};
	if (own.show ?? more.show) displayOptions.show = { ...more.show, ...own.show };
	if (own.hide ?? more.hide) displayOptions.hide = { ...more.hide, ...own.hide };
	return { ...property, displayOptions };
}

function sorted<Entry>(entries: Entry[], by: (entry: Entry) => string): Entry[] {
	return entries.length < SORTED_FROM ? entries : [...entries].sort((a, b) => by(a).localeCompare(by(b), 'en'));
}
