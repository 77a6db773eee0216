import type { Field } from '../../../shared/node/operation';

/** A picker of runs, the newest first. */
export const runPicker: Field = {
	displayName: 'Run',
	name: 'run',
	type: 'resourceLocator',
	default: { mode: 'list', value: '' },
	required: true,
	perItem: true,
	description: 'The run whose changes are meant. Every time that a node works is a run of its own.',
	modes: [
		{ displayName: 'From List', name: 'list', type: 'list', placeholder: 'Choose a recent run', typeOptions: { searchListMethod: 'searchRuns', searchable: true, skipCredentialsCheckInRLC: true } },
		{ displayName: 'By Run ID', name: 'id', type: 'string', placeholder: 'e.g. run_01J9ZT5T7E' },
	],
};
