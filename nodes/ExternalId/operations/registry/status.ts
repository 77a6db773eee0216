import type { Operation } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { registryStatus } from '../../registry/status';

export const status: Operation<Registry> = {
	value: 'status',
	name: 'Get Status',
	action: 'Get the status of the registry',
	description: 'What is in the registry, how large it is, and where it lies',
	outputs: 'lister',
	once: true,
	fields: [],
	async run(run) {
		for (const input of run.inputs) run.settle(input, await registryStatus(run.system));
	},
};
