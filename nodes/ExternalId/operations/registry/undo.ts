import type { Operation } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { undoRuns, UNDO } from '../../registry/undo';
import { optionsOf } from '../fields';
import { locatorValue, option, workOf } from '../reading';
import { runPicker } from './runPicker';

export const undo: Operation<Registry> = {
	value: 'undo',
	name: 'Undo a Run',
	action: 'Undo a run',
	description: 'Turn round all that a run did. What was changed since stays and comes out as a conflict.',
	outputs: 'writer',
	asTool: false,
	fields: [
		runPicker,
		optionsOf(
			{
				displayName: 'Dry Run',
				name: 'dryRun',
				type: 'boolean',
				default: false,
				description: 'Whether to only say what would be undone. At most the newest 100,000 changes of the run are looked at.',
			},
			{
				displayName: 'List Every Change',
				name: 'everyChange',
				type: 'boolean',
				default: false,
				description: 'Whether to give an item for every change that is undone, up to 100,000, beside the one that counts them and those that could not be undone',
			},
		),
	],
	async run(run) {
		const choices = { dryRun: option(run, 'dryRun', false), everyChange: option(run, 'everyChange', false) };
		await undoRuns(run.system, run.inputs.map(({ values }) => locatorValue(values.run)), choices, workOf(run, UNDO));
	},
};
