import type { Operation } from '../../../shared/node/operation';
import { ensureConfigurations, LONGEST_ID } from '../../registry/configurations';
import type { Registry } from '../../registry/registry';
import { objectType } from '../fields';
import { objectTypeOf, workOf } from '../reading';
import { typeName } from './typeName';

export const create: Operation<Registry> = {
	value: 'create',
	name: 'Create',
	action: 'Create a configuration',
	description: 'Declare an External Type for an Object Type, or change its settings. Doing it again changes nothing.',
	outputs: 'writer',
	fields: [
		objectType,
		typeName,
		{
			displayName: 'Settings',
			name: 'settings',
			type: 'collection',
			placeholder: 'Add setting',
			default: {},
			perItem: true,
			options: [
				{
					displayName: 'Example',
					name: 'example',
					type: 'string',
					default: '',
					placeholder: 'e.g. C-1001',
					description: 'What an ID of this type looks like, for people',
				},
				{
					displayName: 'ID Format',
					name: 'idFormat',
					type: 'options',
					options: [
						{ name: 'As Is', value: 'asIs', description: 'IDs are compared as they are, case included' },
						{ name: 'Salesforce', value: 'salesforce', description: 'IDs of 15 and 18 characters are the same ID' },
						{ name: 'UUID', value: 'uuid', description: 'Case and braces do not count' },
					],
					default: 'asIs',
				},
				{
					displayName: 'IDs per Object',
					name: 'idsPerObject',
					type: 'number',
					typeOptions: { minValue: 0 },
					default: 1,
					description: 'How many current IDs of this type one record may have; 0 for any number',
				},
				{
					displayName: 'Maximum Length',
					name: 'maxLength',
					type: 'number',
					typeOptions: { minValue: 1, maxValue: LONGEST_ID },
					default: 255,
					description: 'Longest ID that is accepted, in characters. Longer ones are refused, never cut.',
				},
				{
					displayName: 'Pattern',
					name: 'pattern',
					type: 'string',
					default: '',
					placeholder: 'e.g. C-[0-9]+',
					description: 'Regular expression that the whole ID must fit',
				},
			],
		},
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({
			objectType: objectTypeOf(run),
			externalType: values.name,
			...(values.settings as Record<string, unknown>),
		}));
		await ensureConfigurations(run.system, entries, workOf(run, 'configuration:create'));
	},
};
