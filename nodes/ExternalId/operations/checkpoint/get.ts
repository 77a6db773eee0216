import type { Operation } from '../../../shared/node/operation';
import { checkValue, getCheckpoints } from '../../registry/checkpoints';
import type { CheckpointKind, FirstTime } from '../../registry/checkpoints';
import type { Registry } from '../../registry/registry';
import { isTrouble, trouble } from '../../../shared/identity/outcome';
import type { Trouble } from '../../../shared/identity/outcome';
import { workOf } from '../reading';
import type { RegistryRun } from '../reading';
import { checkpointKind, checkpointName } from './name';

export const get: Operation<Registry> = {
	value: 'get',
	name: 'Get',
	action: 'Get a checkpoint',
	description: 'Get where the flow was when it last succeeded, or what to begin with',
	outputs: 'reader',
	fields: [
		{
			displayName: 'For flows that take what is new since their last success: Get gives "value" to filter by and "now", the time at which this run began. At the end of the flow, Save that "now" under the same name. If the flow fails before, the next run starts at the same point.',
			name: 'checkpointNotice',
			type: 'notice',
			default: '',
		},
		checkpointName,
		{
			displayName: 'On the First Run',
			name: 'firstTime',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Give a Value', value: 'value', description: 'Begin with a value that is given here' },
				{ name: 'Give Not Found', value: 'notFound', description: 'The item goes to the output Not Found' },
				{ name: 'Go Some Days Back', value: 'daysBack', description: 'Begin with a date so many days ago' },
			],
			default: 'daysBack',
			description: 'What to give while nothing has been saved under the name',
		},
		{
			displayName: 'Days Back',
			name: 'daysBack',
			type: 'number',
			typeOptions: { minValue: 0 },
			default: 7,
			description: 'How many days before now the first run begins',
			displayOptions: { show: { firstTime: ['daysBack'] } },
		},
		{ ...checkpointKind, displayOptions: { show: { firstTime: ['value'] } } },
		{
			displayName: 'First Value',
			name: 'firstValue',
			type: 'string',
			default: '',
			placeholder: 'e.g. 2026-01-31T09:00:00Z',
			description: 'The value that the first run begins with',
			displayOptions: { show: { firstTime: ['value'] } },
		},
	],
	async run(run) {
		await getCheckpoints(run.system, run.inputs.map(({ values }) => values.name), firstTime(run), Date.now(), workOf(run, 'checkpoint:get'));
	},
};

function firstTime({ parameters }: RegistryRun): FirstTime | Trouble {
	if (parameters.firstTime === 'notFound') return 'notFound';
	if (parameters.firstTime === 'value') {
		const value = checkValue(parameters.kind as CheckpointKind, parameters.firstValue);
		return isTrouble(value) ? value : { value };
	}
	const daysBack = Number(parameters.daysBack);
	// More than 100 years are a slip of the keyboard, and no date in the end.
	return daysBack >= 0 && daysBack <= 36_500 ? { daysBack } : trouble('invalid', 'daysBack', 'Days Back is a number from 0 to 36,500.', []);
}
