import type { Operation } from '../../../shared/node/operation';
import { createMappings } from '../../registry/mappings';
import type { Registry } from '../../registry/registry';
import { conflictOptions, externalId, externalType, objectType, optionsOf, record } from '../fields';
import { conflictChoices, locatorValue, objectTypeOf, typeChoice, workOf } from '../reading';

export const create: Operation<Registry> = {
	value: 'create',
	name: 'Create',
	action: 'Create a mapping',
	description: 'Tie an External ID to a record of the registry whose Object ID is known',
	outputs: 'writer',
	fields: [
		objectType,
		externalType,
		externalId,
		record,
		optionsOf(...conflictOptions),
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({
			objectType: objectTypeOf(run),
			externalType: typeChoice(values.externalType),
			externalId: values.externalId,
			objectId: locatorValue(values.record),
		}));
		await createMappings(run.system, entries, conflictChoices(run), workOf(run, 'mapping:create'));
	},
};
