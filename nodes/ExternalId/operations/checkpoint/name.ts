import type { Field } from '../../../shared/node/operation';

/** The name of a checkpoint: the same in Get and Save. */
export const checkpointName: Field = {
	displayName: 'Name',
	name: 'name',
	type: 'string',
	default: '',
	required: true,
	perItem: true,
	placeholder: 'e.g. crm-contacts',
	description: 'Name of the checkpoint: the same in Get and in Save, another one for each flow',
};

export const checkpointKind: Field = {
	displayName: 'Kind',
	name: 'kind',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Date', value: 'date', description: 'A date and time' },
		{ name: 'Number', value: 'number', description: 'A number that only grows, such as a version or a sequence' },
		{ name: 'Text', value: 'text', description: 'A cursor that another system gave. Texts have no order, so the last one saved counts.' },
	],
	default: 'date',
	description: 'What the checkpoint holds',
};
