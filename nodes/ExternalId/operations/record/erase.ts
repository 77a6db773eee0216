import { trouble } from '../../../shared/identity/outcome';
import type { Field, Operation } from '../../../shared/node/operation';
import { allowAgain, erasePeople } from '../../registry/erase';
import type { Registry } from '../../registry/registry';
import { objectType, recordName } from '../fields';
import { namedRecord, workOf } from '../reading';

const personOrUser: Field = {
	...objectType,
	options: [
		{ name: 'Person', value: 'people', description: 'A contact, lead or customer' },
		{ name: 'User', value: 'users', description: 'A member of your own team' },
	],
	description: 'What kind of record it is. Accounts are no persons: delete them.',
};

export const erase: Operation<Registry> = {
	value: 'erase',
	name: 'Erase',
	action: 'Erase a person',
	description: 'Remove a person for good, with IDs, addresses and history, so that feeds do not bring them back; or allow them again',
	outputs: 'writer',
	asTool: false,
	fields: [
		{
			displayName: 'Do',
			name: 'eraseMode',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Allow Again', value: 'allowAgain', description: 'Forget that they were erased, so that feeds may bring them' },
				{ name: 'Erase', value: 'erase', description: 'This cannot be undone' },
			],
			default: 'erase',
			description: 'Whether a person is erased, or may come back',
		},
		{
			displayName: 'Erasing cannot be undone. The record, its IDs, e-mail addresses, inbox rows and history are removed from the registry, and overwritten in its file as far as SQLite does that (fragments in unused space go with the next VACUUM); keyed hashes stay, by which feeds are told to skip the person. Not reached: n8n\'s saved executions, exports and backups, checkpoints, and other records that mention the person in their fields.',
			name: 'eraseNotice',
			type: 'notice',
			default: '',
			displayOptions: { show: { eraseMode: ['erase'] } },
		},
		personOrUser,
		...recordName('externalId', 'objectId', 'email'),
	],
	async run(run) {
		const mode = run.parameters.eraseMode;
		if (mode !== 'erase' && mode !== 'allowAgain') {
			for (const input of run.inputs) run.settle(input, trouble('invalid', 'eraseMode', 'Do is Erase or Allow Again; it is neither. Nothing was done.', [input.index]));
			return;
		}
		const names = run.inputs.map((input) => namedRecord(run, input));
		await (mode === 'erase' ? erasePeople : allowAgain)(run.system, names, workOf(run, 'record:erase'));
	},
};
