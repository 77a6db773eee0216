import type { INodeProperties } from 'n8n-workflow';

import type { BackfillChoices } from '../backfill';
import type { MatchKey } from '../ports';
import type { Field, Run } from './operation';
import { numberOption, option } from './panel';

/** What the panel of every service's backfill has in common. */

export const mode: Field = {
	displayName: 'Mode',
	name: 'mode',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Apply', value: 'apply', description: 'Plan, then write what is certain' },
		{ name: 'Dry Run', value: 'dryRun', description: 'Only plan: nothing is written, and Done stays empty' },
	],
	default: 'dryRun',
	description: 'Whether the IDs are written',
};

/** What to do where an ID or a record is taken already, at a service that keeps no former IDs. */
export const conflictOptions: readonly INodeProperties[] = [
	{
		displayName: 'When the ID Belongs to Another Record',
		name: 'whenIdBelongsToOther',
		type: 'options',
		options: [
			{ name: 'Conflict', value: 'conflict', description: 'Change nothing and show both sides' },
			{ name: 'Move', value: 'take', description: 'Take the ID away from the other record' },
		],
		default: 'conflict',
	},
	{
		displayName: 'When the Record Has Another ID',
		name: 'whenRecordHasOther',
		type: 'options',
		options: [
			{ name: 'Conflict', value: 'conflict', description: 'Change nothing and show both sides' },
			{ name: 'Replace', value: 'take', description: 'The old ID is deleted; the outcome tells which it was' },
		],
		default: 'conflict',
	},
];

/** Guards, and how much is done in one run. */
export const guardOptions: readonly INodeProperties[] = [
	{
		displayName: 'Max Minutes',
		name: 'maxMinutes',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description: 'How long it may take. What is left then is Not Attempted, and the next run goes on. 0 for any time.',
	},
	{
		displayName: 'Max Writes',
		name: 'maxWrites',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description: 'How many IDs may be written. What is left then is Not Attempted, and the next run goes on. 0 for any number.',
	},
	{
		displayName: 'Stop Above Replacements (%)',
		name: 'maxReplacedPercent',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 100, numberPrecision: 2 },
		default: 1,
		description: 'Nothing at all is written when more items than this would replace or move an ID: a sign of a wrong column. Looked at from 10 such items on.',
	},
	{
		displayName: 'Stop Above Trouble (%)',
		name: 'maxTroublePercent',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 100, numberPrecision: 2 },
		default: 10,
		description: 'Nothing at all is written when more items than this are in conflict, ambiguous or invalid. Looked at from 10 such items on. Items whose record is not found do not count.',
	},
	{
		displayName: 'Try First',
		name: 'tryFirst',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description: 'Look only at so many items, the first ones, to try it out. 0 for all.',
	},
];

/** What the panel says of how to go about it. @throws UserError where a number is none */
export function backfillChoices(run: Run<unknown>, matchBy: ReadonlySet<MatchKey>): BackfillChoices {
	return {
		mode: run.parameters.mode === 'apply' ? 'apply' : 'dryRun',
		matchBy,
		whenIdBelongsToOther: option(run, 'whenIdBelongsToOther', 'conflict'),
		whenRecordHasOther: option(run, 'whenRecordHasOther', 'conflict'),
		tryFirst: numberOption(run, 'tryFirst', 'Try First', { otherwise: 0, whole: true }),
		maxWrites: numberOption(run, 'maxWrites', 'Max Writes', { otherwise: 0, whole: true }),
		maxMinutes: numberOption(run, 'maxMinutes', 'Max Minutes', { otherwise: 0 }),
		maxTroublePercent: numberOption(run, 'maxTroublePercent', 'Stop Above Trouble', { otherwise: 10, most: 100 }),
		maxReplacedPercent: numberOption(run, 'maxReplacedPercent', 'Stop Above Replacements', { otherwise: 1, most: 100 }),
	};
}
