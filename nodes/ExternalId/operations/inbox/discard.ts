import { trouble } from '../../../shared/identity/outcome';
import type { Operation } from '../../../shared/node/operation';
import { discardWaiting } from '../../registry/inbox';
import type { Registry } from '../../registry/registry';
import { workOf } from '../reading';
import { waiting } from './fields';

export const discard: Operation<Registry> = {
	value: 'discard',
	name: 'Discard or Restore',
	action: 'Discard from the inbox or restore',
	description: 'Take an address or a contact out of the inbox so that feeds do not bring it back, or put it back',
	outputs: 'writer',
	asTool: false,
	fields: [
		{
			displayName: 'Do',
			name: 'discardMode',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Discard', value: 'discard', description: 'A contact that is more than an address is deleted too; restoring brings it back' },
				{ name: 'Restore', value: 'restore' },
			],
			default: 'discard',
			description: 'Whether it is discarded or put back into the inbox',
		},
		waiting,
	],
	async run(run) {
		const mode = run.parameters.discardMode;
		if (mode !== 'discard' && mode !== 'restore') {
			for (const input of run.inputs) run.settle(input, trouble('invalid', 'discardMode', 'Do is Discard or Restore; it is neither. Nothing was done.', [input.index]));
			return;
		}
		await discardWaiting(run.system, run.inputs.map(({ values }) => values.waiting), { restore: mode === 'restore' }, workOf(run, 'inbox:discard'));
	},
};
