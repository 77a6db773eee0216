import type { Operation } from '../../../shared/node/operation';
import { shownConfiguration } from '../../registry/configurations';
import type { Registry } from '../../registry/registry';
import { limit, returnAll } from '../fields';
import { limitOf } from '../reading';

export const getAll: Operation<Registry> = {
	value: 'getAll',
	name: 'Get Many',
	action: 'Get many configurations',
	description: 'Get many External Types with their settings',
	outputs: 'lister',
	once: true,
	fields: [
		{
			displayName: 'Object Type',
			name: 'ofObjectType',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Account', value: 'accounts' },
				{ name: 'Any', value: 'any' },
				{ name: 'Person', value: 'people' },
				{ name: 'User', value: 'users' },
			],
			default: 'any',
			description: 'Only External Types of this Object Type',
		},
		returnAll,
		limit,
	],
	async run(run) {
		const wanted = run.parameters.ofObjectType;
		const rows = run.system.configurations().filter(({ objectType }) => wanted === 'any' || objectType === wanted);
		const shown = rows.slice(0, limitOf(run)).map((row) => ({ status: 'found' as const, ...shownConfiguration(row) }));
		for (const input of run.inputs) run.settle(input, shown);
	},
};
