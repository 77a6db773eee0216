import type { Operation } from '../../../shared/node/operation';
import { optionsOf, workOf } from '../../../shared/node/panel';
import { ensureConfigurations } from '../../configurations';
import type { Salesloft } from '../../system';
import { objectType, objectTypeOf, rateShare, salesloftOf } from '../fields';

export const create: Operation<Salesloft> = {
	value: 'create',
	name: 'Create',
	action: 'Create a configuration',
	description: 'Declare an External Type for an Object Type. Doing it again changes nothing.',
	outputs: 'writer',
	fields: [
		objectType,
		{
			displayName: 'External Type',
			name: 'name',
			type: 'string',
			default: '',
			required: true,
			perItem: true,
			placeholder: 'e.g. marketing_automation',
			description: 'Name of the system: letters, digits, "_", "-" and ".". A general name outlives a change of vendor.',
		},
		optionsOf(rateShare),
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({ objectType: objectTypeOf(run), externalType: values.name }));
		await ensureConfigurations(salesloftOf(run), entries, workOf(run, 'configuration:create'));
	},
};
