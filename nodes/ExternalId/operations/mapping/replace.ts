import type { Operation } from '../../../shared/node/operation';
import { replaceIds } from '../../registry/replace';
import type { Registry } from '../../registry/registry';
import { externalId, externalType, objectType, record } from '../fields';
import { locatorValue, objectTypeOf, typeChoice, workOf } from '../reading';

export const replace: Operation<Registry> = {
	value: 'replace',
	name: 'Replace ID',
	action: 'Replace an ID',
	description: 'Give a record a new External ID. The old one becomes former: it still resolves to the record.',
	outputs: 'writer',
	fields: [
		objectType,
		externalType,
		{
			displayName: 'Find By',
			name: 'findBy',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Object ID', value: 'objectId' },
				{ name: 'Old External ID', value: 'externalId' },
			],
			default: 'externalId',
			description: 'Which key of the record is known',
		},
		{ ...externalId, displayName: 'Old External ID', name: 'oldExternalId', description: 'The ID that is replaced', displayOptions: { show: { findBy: ['externalId'] } } },
		{ ...record, displayOptions: { show: { findBy: ['objectId'] } } },
		{ ...externalId, displayName: 'New External ID', name: 'newExternalId', placeholder: 'e.g. C-2002', description: 'The ID that the record gets' },
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({
			objectType: objectTypeOf(run),
			externalType: typeChoice(values.externalType),
			externalId: values.newExternalId,
			current: run.parameters.findBy === 'objectId' ? { objectId: locatorValue(values.record) } : { externalId: values.oldExternalId },
		}));
		await replaceIds(run.system, entries, workOf(run, 'mapping:replace'));
	},
};
