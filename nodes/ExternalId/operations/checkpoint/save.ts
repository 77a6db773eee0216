import type { Operation } from '../../../shared/node/operation';
import { saveCheckpoints } from '../../registry/checkpoints';
import type { CheckpointKind } from '../../registry/checkpoints';
import type { Registry } from '../../registry/registry';
import { optionsOf } from '../fields';
import { option, workOf } from '../reading';
import { checkpointKind, checkpointName } from './name';

export const save: Operation<Registry> = {
	value: 'save',
	name: 'Save',
	action: 'Save a checkpoint',
	description: 'Save how far the flow has come, once it has succeeded',
	outputs: 'writer',
	fields: [
		checkpointName,
		checkpointKind,
		{
			displayName: 'Value',
			name: 'value',
			type: 'string',
			default: '',
			required: true,
			perItem: true,
			placeholder: "e.g. {{ $('Get a checkpoint').first().json.now }}",
			hint: 'Save the time at which the run began: the "now" that Get gave. What changed while the flow ran is then taken by the next run.',
			description: 'What Get gives the next time. A date or number never goes back: of two runs that overlap the later value stays.',
		},
		optionsOf({
			displayName: 'Allow Going Back',
			name: 'mayGoBack',
			type: 'boolean',
			default: false,
			description: 'Whether a value that is earlier or smaller than the saved one, of another kind, or in the future is saved as well',
		}),
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({ name: values.name, kind: run.parameters.kind as CheckpointKind, value: values.value }));
		await saveCheckpoints(run.system, entries, { mayGoBack: option(run, 'mayGoBack', false) }, workOf(run, 'checkpoint:save'));
	},
};
