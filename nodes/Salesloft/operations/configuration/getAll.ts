import type { Operation } from '../../../shared/node/operation';
import { limit, limitOf, returnAll } from '../../../shared/node/panel';
import { shownConfiguration } from '../../configurations';
import type { Salesloft } from '../../system';

export const getAll: Operation<Salesloft> = {
	value: 'getAll',
	name: 'Get Many',
	action: 'Get many configurations',
	description: 'Get many External Types, with the Integration ID of the application that made them',
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
		const most = limitOf(run);
		const wanted = run.parameters.ofObjectType;
		const rows = (await run.system.with({ stop: run.signal }).api.configurations()).filter(({ objectType }) => wanted === 'any' || objectType === wanted);
		const shown = rows.slice(0, most).map((row) => ({ status: 'found' as const, ...shownConfiguration(row) }));
		for (const input of run.inputs) run.settle(input, shown);
	},
};
