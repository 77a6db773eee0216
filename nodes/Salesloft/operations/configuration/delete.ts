import type { Operation } from '../../../shared/node/operation';
import { option, optionsOf, typeChoice, workOf } from '../../../shared/node/panel';
import { deleteConfigurations } from '../../configurations';
import type { Salesloft } from '../../system';
import { knownExternalType, objectType, objectTypeOf, rateShare, salesloftOf } from '../fields';

export const remove: Operation<Salesloft> = {
	value: 'delete',
	name: 'Delete',
	action: 'Delete a configuration',
	description: 'Delete an External Type of an Object Type. It is refused while IDs of it are in use.',
	outputs: 'writer',
	asTool: false,
	fields: [
		objectType,
		knownExternalType,
		optionsOf(
			{
				displayName: 'Even With Mappings',
				name: 'evenWithMappings',
				type: 'boolean',
				default: false,
				description: 'Whether to delete it although IDs of it are in use. What becomes of their mappings is up to Salesloft.',
			},
			rateShare,
		),
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({ objectType: objectTypeOf(run), externalType: typeChoice(values.externalType) }));
		await deleteConfigurations(salesloftOf(run), entries, { evenWithMappings: option(run, 'evenWithMappings', false) }, workOf(run, 'configuration:delete'));
	},
};
