import type { Operation } from '../../../shared/node/operation';
import { importFiles } from '../../registry/import';
import type { Registry } from '../../registry/registry';
import { optionsOf } from '../fields';
import { option, workOf } from '../reading';

export const importRegistry: Operation<Registry> = {
	value: 'import',
	name: 'Import',
	action: 'Import a registry from a file',
	description: 'Take a file that Export wrote into this registry. What is here already stays as it is: what differs comes out as a conflict.',
	outputs: 'writer',
	asTool: false,
	fields: [
		{
			displayName: 'Input Binary Field',
			name: 'inputField',
			type: 'string',
			default: 'data',
			required: true,
			perItem: true,
			placeholder: 'e.g. data',
			hint: 'The name of the input binary field that holds the file',
		},
		optionsOf({
			displayName: 'Dry Run',
			name: 'dryRun',
			type: 'boolean',
			default: false,
			description: 'Whether to only say what would be taken, and what would be a conflict',
		}),
	],
	async run(run) {
		const files = run.inputs.map((input) => run.file(input, String(input.values.inputField ?? '')));
		const work = workOf(run, 'registry:import');
		await importFiles(run.system, files, { dryRun: option(run, 'dryRun', false) }, { ...work, caller: { ...work.caller, origin: 'import' } });
	},
};
