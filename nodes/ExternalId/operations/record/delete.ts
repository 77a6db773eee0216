import { trouble } from '../../../shared/identity/outcome';
import type { Operation } from '../../../shared/node/operation';
import { deleteRecords } from '../../registry/records';
import type { Registry } from '../../registry/registry';
import { objectType, recordName } from '../fields';
import { namedRecord, workOf } from '../reading';

export const remove: Operation<Registry> = {
	value: 'delete',
	name: 'Delete or Restore',
	action: 'Delete or restore a record',
	description: 'Delete a record so that feeds do not bring it back, or restore it. Contacts of a deleted account wait in the inbox.',
	outputs: 'writer',
	asTool: false,
	fields: [
		{
			displayName: 'Do',
			name: 'deleteMode',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Delete', value: 'delete' },
				{ name: 'Restore', value: 'restore' },
			],
			default: 'delete',
			description: 'Whether the record is deleted or brought back. Its IDs stay in both cases.',
		},
		objectType,
		...recordName('externalId', 'objectId'),
	],
	async run(run) {
		const mode = run.parameters.deleteMode;
		if (mode !== 'delete' && mode !== 'restore') {
			for (const input of run.inputs) run.settle(input, trouble('invalid', 'deleteMode', 'Do is Delete or Restore; it is neither. Nothing was done.', [input.index]));
			return;
		}
		const names = run.inputs.map((input) => namedRecord(run, input));
		await deleteRecords(run.system, names, { restore: mode === 'restore' }, workOf(run, 'record:delete'));
	},
};
