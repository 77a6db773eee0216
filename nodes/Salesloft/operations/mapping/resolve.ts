import type { Operation } from '../../../shared/node/operation';
import { option, optionsOf, workOf } from '../../../shared/node/panel';
import { resolveNames } from '../../resolve';
import type { Salesloft } from '../../system';
import { namedRecord, objectType, rateShare, recordName, salesloftOf } from '../fields';

export const resolve: Operation<Salesloft> = {
	value: 'resolve',
	name: 'Find Record by ID',
	action: 'Find a record by ID',
	description: "Find the Object ID that an External ID leads to, or all External IDs of a person, account or user",
	outputs: 'reader',
	fields: [
		objectType,
		...recordName,
		optionsOf(
			{
				displayName: 'Include All IDs',
				name: 'allIds',
				type: 'boolean',
				default: false,
				description: 'Whether to give all External IDs of the record, which takes one more call each. By Object ID or e-mail they are given anyway.',
			},
			rateShare,
		),
	],
	async run(run) {
		const allIds = run.parameters.findBy !== 'externalId' || option(run, 'allIds', false);
		await resolveNames(salesloftOf(run), run.inputs.map((input) => namedRecord(run, input)), workOf(run, 'mapping:resolve'), allIds);
	},
};
