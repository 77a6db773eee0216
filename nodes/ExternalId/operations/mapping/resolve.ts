import type { Operation } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { resolveNames } from '../../registry/resolve';
import { objectType, optionsOf, recordName } from '../fields';
import { namedRecord, option, workOf } from '../reading';

export const resolve: Operation<Registry> = {
	value: 'resolve',
	name: 'Find Record by ID',
	action: 'Find a record by ID',
	description: 'Find the record that an External ID belongs to, or all IDs of a record',
	outputs: 'reader',
	fields: [
		objectType,
		...recordName('externalId', 'objectId', 'email'),
		optionsOf(
			{
				displayName: 'Include All IDs',
				name: 'allIds',
				type: 'boolean',
				default: false,
				description: 'Whether to give all External IDs of the record. With its Object ID or e-mail they are given anyway.',
			},
		),
	],
	async run(run) {
		const names = run.inputs.map((input) => namedRecord(run, input));
		const allIds = run.parameters.findBy !== 'externalId' || option(run, 'allIds', false);
		await resolveNames(run.system, names, workOf(run, 'mapping:resolve'), allIds);
	},
};
