/** A small node of this package's make, whose operations do what a test tells them. */
import {
	type IExecuteFunctions,
	type INodeType,
	type INodeTypeDescription,
	type INodeProperties,
	NodeConnectionTypes,
} from 'n8n-workflow';

import type { Outcome } from '../../nodes/shared/identity/outcome';
import { trouble } from '../../nodes/shared/identity/outcome';
import type { Field, NodeDefinition, Operation, OutputKind, Run } from '../../nodes/shared/node/operation';
import { outputsOf } from '../../nodes/shared/node/outputs';
import { propertiesOf } from '../../nodes/shared/node/properties';
import { execute } from '../../nodes/shared/node/run';

interface System {
	connected: true;
}

export type Behaviour = (run: Run<System>) => Promise<void>;

/** What the operations do, and what they were called with. */
export const echo = {
	run: settleByStatus as Behaviour,
	connect: async (): Promise<System> => ({ connected: true }),
	/** Every run so far, oldest first. */
	runs: [] as Array<Run<System>>,
	/** Per-item values of the last run. */
	values: () => echo.runs.at(-1)?.inputs.map(({ values }) => values) ?? [],
	reset() {
		echo.run = settleByStatus;
		echo.connect = async () => ({ connected: true });
		echo.runs = [];
	},
};

/** The outcome that an item asks for by its `status`; without one it is `created`. */
export function outcomeOf(json: Readonly<Record<string, unknown>>): Outcome {
	const status = String(json.status ?? 'created');
	switch (status) {
		case 'planned':
			return { status, plan: 'link', id: json.id };
		case 'notFound':
		case 'skipped':
		case 'ambiguous':
		case 'conflict':
		case 'invalid':
		case 'rejected':
		case 'notAttempted':
			return trouble(status, 'asked', `Item ${String(json.id)} asked for it.`, [json.id], { id: json.id });
		default:
			return { status: status as 'created', id: json.id };
	}
}

async function settleByStatus(run: Run<System>): Promise<void> {
	for (const input of run.inputs) run.settle(input, outcomeOf(run.json(input)));
}

const locator = (name: string, more: Partial<Field> = {}): Field => ({
	displayName: 'External Type',
	name,
	type: 'resourceLocator',
	default: { mode: 'list', value: '' },
	modes: [
		{ displayName: 'From List', name: 'list', type: 'list' },
		{ displayName: 'By Name', name: 'name', type: 'string' },
		{
			displayName: 'By URL',
			name: 'url',
			type: 'string',
			extractValue: { type: 'regex', regex: 'https://types\\.test/([a-z]+)' },
		},
	],
	...more,
});

const id: Field = { displayName: 'External ID', name: 'externalId', type: 'string', default: 'none', perItem: true };

export const FIELDS: readonly Field[] = [
	locator('objectLocator'),
	id,
	{ displayName: 'Second', name: 'second', type: 'string', default: '', perItem: true },
	{ displayName: 'Third', name: 'third', type: 'json', default: '', perItem: true },
	locator('externalType', { perItem: true }),
	{
		displayName: 'IDs',
		name: 'ids',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		default: {},
		perItem: true,
		options: [
			{
				displayName: 'ID',
				name: 'id',
				values: [locator('type'), { displayName: 'Value', name: 'value', type: 'string', default: '' }] as INodeProperties[],
			},
		],
	},
	{ displayName: 'Fields', name: 'mapper', type: 'resourceMapper', default: { mappingMode: 'defineBelow', value: null }, perItem: true },
	{ displayName: 'Mode', name: 'mode', type: 'string', default: 'dryRun' },
	{
		displayName: 'Target',
		name: 'target',
		type: 'string',
		default: '',
		displayOptions: { show: { mode: ['apply'] } },
	},
];

function operation(value: string, name: string, outputs: OutputKind, more: Partial<Operation<System>> = {}): Operation<System> {
	return {
		value,
		name,
		action: `${name} a thing`,
		description: `${name} one thing`,
		outputs,
		fields: FIELDS,
		async run(run) {
			echo.runs.push(run);
			await echo.run(run);
		},
		...more,
	};
}

export const definition: NodeDefinition<System> = {
	resources: [
		{
			value: 'thing',
			name: 'Thing',
			description: 'A thing',
			operations: [
				operation('write', 'Write', 'writer'),
				operation('read', 'Read', 'reader'),
				operation('fill', 'Fill', 'backfill', { asTool: false }),
				operation('getAll', 'Get Many', 'lister'),
				operation('status', 'Check', 'lister', { once: true, fields: [] }),
			],
		},
		{
			value: 'import',
			name: 'Import',
			description: 'An import',
			operations: [operation('undo', 'Undo', 'backfill', { asTool: false, fields: [id] })],
		},
	],
	connect: async () => await echo.connect(),
};

export class Echo implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Echo',
		name: 'echo',
		group: ['transform'],
		version: 1,
		subtitle: '={{$parameter["operation"] + ": " + $parameter["resource"]}}',
		description: 'For tests',
		defaults: { name: 'Echo' },
		inputs: [NodeConnectionTypes.Main],
		outputs: `={{${outputsOf(definition)}}}`,
		usableAsTool: true,
		properties: propertiesOf(definition),
	};

	async execute(this: IExecuteFunctions) {
		return await execute(definition, this);
	}
}
