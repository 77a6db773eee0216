import type { Operation } from '../../../shared/node/operation';
import { filterText, optionsOf, typeChoice, workOf } from '../../../shared/node/panel';
import { deleteMappings } from '../../changes';
import type { Salesloft } from '../../system';
import { externalId, knownExternalType, objectType, objectTypeOf, rateShare, salesloftOf } from '../fields';

const byMappingId = { show: { deleteBy: ['mappingId'] } };
const byExternalId = { show: { deleteBy: ['externalId'] } };

export const remove: Operation<Salesloft> = {
	value: 'delete',
	name: 'Delete',
	action: 'Delete a mapping',
	description: 'Untie External IDs from their people, accounts or users, which stay as they are',
	outputs: 'writer',
	asTool: false,
	fields: [
		{
			displayName: 'Delete By',
			name: 'deleteBy',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'External ID', value: 'externalId' },
				{ name: 'Mapping ID', value: 'mappingId' },
			],
			default: 'externalId',
			description: 'Which key of the mapping is known',
		},
		{ ...objectType, displayOptions: byExternalId },
		{ ...knownExternalType, displayOptions: byExternalId },
		{ ...externalId, displayOptions: byExternalId },
		{
			displayName: 'Mapping ID',
			name: 'mappingId',
			type: 'string',
			default: '',
			required: true,
			perItem: true,
			placeholder: 'e.g. 42',
			description: 'One Mapping ID, several comma-separated ones, or a list',
			displayOptions: byMappingId,
		},
		{
			displayName: 'Only If It Still Points To',
			name: 'onlyIfObjectId',
			type: 'string',
			default: '',
			perItem: true,
			placeholder: 'e.g. 578495206',
			description: 'An Object ID. A mapping that leads to another record by now is not deleted but comes out as a conflict: a safe way to undo a backfill.',
		},
		optionsOf(rateShare),
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({
			name:
				run.parameters.deleteBy === 'mappingId'
					? { mappingIds: values.mappingId }
					: { objectType: objectTypeOf(run), externalType: typeChoice(values.externalType), externalId: values.externalId },
			onlyIfObjectId: filterText(values.onlyIfObjectId),
		}));
		await deleteMappings(salesloftOf(run), entries, workOf(run, 'mapping:delete'));
	},
};
