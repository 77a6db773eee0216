import type { INodeProperties } from 'n8n-workflow';

import { objectType } from '../operations/fields';
import { registryFrom } from '../connect';

/** Changes that one execution takes, unless the builder says otherwise, and at most. */
export const DEFAULT_ITEMS = 500;
export const MOST_ITEMS = 10_000;

/** The trigger's panel, made anew on each call: n8n adds to it. */
export function triggerProperties(): INodeProperties[] {
	return structuredClone([registryFrom, events, startFrom, options]);
}

const events: INodeProperties = {
	displayName: 'Events',
	name: 'events',
	type: 'multiOptions',
	noDataExpression: true,
	required: true,
	options: [
		{ name: 'Contact Created From Domain Match', value: 'contactCreatedByDomain', description: 'A contact was made because the domain of its e-mail address belongs to an account' },
		{ name: 'Contact Without Account', value: 'contactWithoutAccount', description: 'An address or a contact came into the inbox: no account could be found for it' },
		{ name: 'Mapping Created', value: 'mappingCreated', description: 'A record got an External ID, or got a former one back' },
		{ name: 'Mapping Deleted', value: 'mappingDeleted', description: 'An External ID was taken away from a record' },
		{ name: 'Record Updated', value: 'recordUpdated', description: 'Fields or the account of a record changed, or a deleted record came back' },
		{ name: 'Records Merged', value: 'recordsMerged', description: 'Two records turned out to be one' },
	],
	default: ['contactCreatedByDomain'],
	description: 'What starts the workflow. Each change gives one item.',
};

const startFrom: INodeProperties = {
	displayName: 'When First Published',
	name: 'startFrom',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Begin Now', value: 'now', description: 'Only what changes from then on' },
		{ name: 'Begin With the Whole History', value: 'beginning', description: 'Also what happened before, oldest first' },
	],
	default: 'now',
	description: 'Where to begin the first time. When it is published again it goes on where it was, at most 7 days back.',
};

const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Also Fire For',
			name: 'alsoFireFor',
			type: 'multiOptions',
			options: [
				{ name: 'Backfills', value: 'backfill' },
				{ name: 'Imports', value: 'import' },
				{ name: 'Undo', value: 'undo' },
			],
			default: [],
			description: 'Work over many records at once, which starts nothing by default',
		},
		{
			displayName: 'External Types',
			name: 'externalTypes',
			type: 'string',
			default: '',
			placeholder: 'e.g. crm, erp',
			description: 'For the events about mappings: only those of these External Types. Leave empty for all.',
		},
		{
			displayName: 'Include Changes of This Workflow',
			name: 'includeOwn',
			type: 'boolean',
			default: false,
			description: 'Whether changes that this workflow makes itself start it again. Make sure that it comes to an end.',
		},
		{
			displayName: 'Include Contacts Linked by Domain',
			name: 'includeLinked',
			type: 'boolean',
			default: false,
			description: 'Whether Contact Created From Domain Match also takes contacts that were there already and got their account by domain. They have isNew: false.',
		},
		{
			displayName: 'Items per Execution',
			name: 'batchSize',
			type: 'number',
			typeOptions: { minValue: 1, maxValue: MOST_ITEMS, numberPrecision: 0 },
			default: DEFAULT_ITEMS,
			description: 'Max number of changes that one execution takes. There is one execution at a time, in the order of the changes.',
		},
		{
			displayName: 'Leave Out Changes From',
			name: 'leaveOut',
			type: 'multiOptions',
			options: [
				{ name: 'Published Workflows', value: 'api', description: 'Changes of executions that a trigger started' },
				{ name: 'Runs in the Editor', value: 'manual', description: 'Changes of executions that someone started by hand' },
			],
			default: [],
			description: 'Changes that start nothing because of where they come from',
		},
		{
			displayName: 'Object Types',
			name: 'objectTypes',
			type: 'multiOptions',
			options: objectType.options,
			default: [],
			description: 'Only changes of these kinds of records. Leave empty for all.',
		},
	],
};
