import type { Operation } from '../../../shared/node/operation';
import { exportRegistry as exportTo } from '../../registry/export';
import type { Registry } from '../../registry/registry';
import { option } from '../reading';
import { optionsOf } from '../fields';

export const exportRegistry: Operation<Registry> = {
	value: 'export',
	name: 'Export',
	action: 'Export the registry to a file',
	description: 'Write all of the registry into one file that another registry can import, on another n8n or database too. Object IDs and Mapping IDs stay the same.',
	outputs: 'lister',
	once: true,
	asTool: false,
	fields: [
		{
			displayName: 'Put Output File in Field',
			name: 'outputField',
			type: 'string',
			default: 'data',
			required: true,
			placeholder: 'e.g. data',
			hint: 'The name of the output binary field to put the file in',
		},
		optionsOf(
			{
				displayName: 'Compress',
				name: 'compress',
				type: 'boolean',
				default: true,
				description: 'Whether to write a .gz file, which is some ten times smaller',
			},
			{
				displayName: 'Include History',
				name: 'history',
				type: 'boolean',
				default: false,
				description: 'Whether the history of changes goes along, for the audit trail and to undo older runs in the other registry. It is several times larger than all the rest, and holds old values too.',
			},
		),
	],
	async run(run) {
		for (const input of run.inputs) {
			const made = exportTo(run.system, { history: option(run, 'history', false), compress: option(run, 'compress', true) }, run.signal);
			const file = await run.keepFile({ content: made.content, fileName: made.fileName, mimeType: made.mimeType });
			const { registry, workspace } = run.system.location;
			const outcome = { status: 'found' as const, fileName: made.fileName, registry, workspace, rows: { ...made.rows }, sha256: made.sha256, history: option(run, 'history', false) };
			run.attach(outcome, String(run.parameters.outputField || 'data'), file);
			run.settle(input, outcome);
		}
	},
};
