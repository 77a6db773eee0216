import type { Operation } from '../../../shared/node/operation';
import { optionsOf, workOf } from '../../../shared/node/panel';
import { getRecords } from '../../resolve';
import type { Salesloft } from '../../system';
import { namedRecord, objectType, rateShare, recordName, salesloftOf } from '../fields';

export const get: Operation<Salesloft> = {
	value: 'get',
	name: 'Get',
	action: 'Get a record',
	description: 'Get people, accounts or users whole, many External IDs at once, each with the ID that it was asked for by',
	outputs: 'reader',
	fields: [objectType, ...recordName, optionsOf(rateShare)],
	async run(run) {
		await getRecords(salesloftOf(run), run.inputs.map((input) => namedRecord(run, input)), workOf(run, 'record:get'));
	},
};
