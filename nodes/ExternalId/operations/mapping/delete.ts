import type { Operation } from '../../../shared/node/operation';
import { deleteMappings } from '../../registry/mappings';
import type { Registry } from '../../registry/registry';
import { externalId, knownExternalType, objectType } from '../fields';
import { objectTypeOf, typeChoice, workOf } from '../reading';

const byMappingId = { show: { deleteBy: ['mappingId'] } };
const byExternalId = { show: { deleteBy: ['externalId'] } };

export const remove: Operation<Registry> = {
	value: 'delete',
	name: 'Delete',
	action: 'Delete a mapping',
	description: 'Untie External IDs from their records. The records stay.',
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
			placeholder: 'e.g. map_01J9ZT5T7E',
			description: 'One Mapping ID, several comma-separated ones, or a list',
			displayOptions: byMappingId,
		},
		{
			displayName: 'Only If It Still Points To',
			name: 'onlyIfObjectId',
			type: 'string',
			default: '',
			perItem: true,
			placeholder: 'e.g. per_01J9ZT5T7E',
			description: 'An Object ID. A mapping that points to another record by now is not deleted but comes out as a conflict.',
		},
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({
			name:
				run.parameters.deleteBy === 'mappingId'
					? { mappingIds: values.mappingId }
					: { objectType: objectTypeOf(run), externalType: typeChoice(values.externalType), externalId: values.externalId },
			onlyIfObjectId: values.onlyIfObjectId,
		}));
		await deleteMappings(run.system, entries, workOf(run, 'mapping:delete'));
	},
};
