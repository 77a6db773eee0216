import type { Operation } from '../../../shared/node/operation';
import { deleteConfigurations } from '../../registry/configurations';
import type { Registry } from '../../registry/registry';
import { objectType } from '../fields';
import { objectTypeOf, workOf } from '../reading';
import { typeName } from './typeName';

export const remove: Operation<Registry> = {
	value: 'delete',
	name: 'Delete',
	action: 'Delete a configuration',
	description: 'Delete an External Type of an Object Type. It is refused while IDs of it are in use.',
	outputs: 'writer',
	asTool: false,
	fields: [
		objectType,
		typeName,
		{
			displayName: 'Delete Mappings Too',
			name: 'alsoMappings',
			type: 'boolean',
			default: false,
			description: 'Whether to delete all mappings of the External Type with it. The records stay.',
		},
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({ objectType: objectTypeOf(run), externalType: values.name }));
		await deleteConfigurations(run.system, entries, { alsoMappings: run.parameters.alsoMappings === true }, workOf(run, 'configuration:delete'));
	},
};
