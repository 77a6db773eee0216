import type { Operation } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { getRecords } from '../../registry/resolve';
import { objectType, recordName } from '../fields';
import { namedRecord, workOf } from '../reading';

export const get: Operation<Registry> = {
	value: 'get',
	name: 'Get',
	action: 'Get a record',
	description: 'Get a record whole, by External ID, Object ID or e-mail',
	outputs: 'reader',
	fields: [objectType, ...recordName('externalId', 'objectId', 'email')],
	async run(run) {
		await getRecords(run.system, run.inputs.map((input) => namedRecord(run, input)), workOf(run, 'record:get'));
	},
};
