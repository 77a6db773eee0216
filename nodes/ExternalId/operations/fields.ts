import omit from 'lodash/omit';
import type { INodeProperties } from 'n8n-workflow';

import type { Field } from '../../shared/node/operation';

/** Fields that several operations of the External ID node have in common. */

export const objectType: Field = {
	displayName: 'Object Type',
	name: 'objectType',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Account', value: 'accounts', description: 'A company' },
		{ name: 'Person', value: 'people', description: 'A contact, lead or customer' },
		{ name: 'User', value: 'users', description: 'A member of your own team' },
	],
	default: 'people',
	description: 'What kind of record the IDs belong to',
};

/** A picker of External Types: of those that are there, and where IDs are stored one may be made. */
export function externalTypePicker(displayName: string, name: string, description: string, mayCreate = false): Field {
	return {
		displayName,
		name,
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		required: true,
		perItem: true,
		description,
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: mayCreate ? 'Choose or type a new one' : 'Choose…',
				typeOptions: {
					searchListMethod: 'searchExternalTypes',
					searchable: true,
					skipCredentialsCheckInRLC: true,
					...(mayCreate ? { allowNewResource: { label: 'Create External Type', defaultName: 'crm', method: 'createExternalType' } } : {}),
				},
			},
			{ displayName: 'By Name', name: 'name', type: 'string', placeholder: 'e.g. crm' },
		],
	};
}

/** For operations that store IDs: one that is picked in the list is made on first use; one that is typed must exist. */
export const externalType = externalTypePicker(
	'External Type',
	'externalType',
	'The system that the External ID comes from, such as crm, erp or shop. Type a new name in the list to create it.',
	true,
);

/** For operations that read or delete IDs. */
export const knownExternalType = externalTypePicker('External Type', 'externalType', 'The system that the External ID comes from, such as crm, erp or shop');

export const externalId: Field = {
	displayName: 'External ID',
	name: 'externalId',
	type: 'string',
	default: '',
	required: true,
	perItem: true,
	placeholder: 'e.g. C-1001',
	description: 'The unique ID of the record in that system',
};

/** The External IDs of one record in several systems. */
export const externalIds: Field = {
	displayName: 'External IDs',
	name: 'externalIds',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	placeholder: 'Add External ID',
	default: { ids: [{ externalType: { __rl: true, mode: 'list', value: '' }, externalId: '' }] },
	required: true,
	perItem: true,
	description: 'IDs of the same record in different systems. Empty ones are left out.',
	options: [
		{
			displayName: 'External ID',
			name: 'ids',
			values: [insideCollection(externalType), insideCollection(externalId)],
		},
	],
};

/** A picker of records of one Object Type. */
export function recordPicker(displayName: string, name: string, searchListMethod: string, description: string): Field {
	return {
		displayName,
		name,
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		required: true,
		perItem: true,
		description,
		modes: [
			{ displayName: 'From List', name: 'list', type: 'list', placeholder: 'Choose…', typeOptions: { searchListMethod, searchable: true, skipCredentialsCheckInRLC: true } },
			{ displayName: 'By Object ID', name: 'id', type: 'string', placeholder: 'e.g. per_01J9ZT5T7E' },
		],
	};
}

export const record = recordPicker('Record', 'record', 'searchRecords', 'The record in the registry');

/** By which key a record is named, and the fields of each. */
export function recordName(...ways: Array<'externalId' | 'objectId' | 'email'>): Field[] {
	const names = { externalId: 'External ID', objectId: 'Object ID', email: 'Email' } as const;
	const show = (way: string) => ({ displayOptions: { show: { findBy: [way] } } });
	const fieldsOf: Record<(typeof ways)[number], Field[]> = {
		externalId: [
			{ ...knownExternalType, ...show('externalId') },
			{ ...externalId, ...show('externalId') },
		],
		objectId: [{ ...record, ...show('objectId') }],
		email: [{ ...email, required: true, ...show('email') }],
	};
	return [
		{
			displayName: 'Find By',
			name: 'findBy',
			type: 'options',
			noDataExpression: true,
			options: ways.map((way) => ({ name: names[way], value: way })),
			default: 'externalId',
			description: 'Which key of the record is known',
		},
		...ways.flatMap((way) => fieldsOf[way]),
	];
}

export const email: Field = {
	displayName: 'Email',
	name: 'email',
	type: 'string',
	placeholder: 'name@email.com',
	default: '',
	perItem: true,
	description: 'An e-mail address of the record',
};

/** The account that an operation on Related Domains is about. */
export const account: Field[] = [
	{
		displayName: 'Account By',
		name: 'findBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'External ID', value: 'externalId' },
			{ name: 'Object ID', value: 'objectId' },
		],
		default: 'objectId',
		description: 'Which key of the account is known',
	},
	{
		...recordPicker('Account', 'record', 'searchAccounts', 'The account in the registry'),
		displayOptions: { show: { findBy: ['objectId'] } },
	},
	{ ...knownExternalType, displayOptions: { show: { findBy: ['externalId'] } } },
	{ ...externalId, displayOptions: { show: { findBy: ['externalId'] } } },
];

export const returnAll: Field = {
	displayName: 'Return All',
	name: 'returnAll',
	type: 'boolean',
	default: false,
	description: 'Whether to return all results or only up to a given limit',
};

export const limit: Field = {
	displayName: 'Limit',
	name: 'limit',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 50,
	displayOptions: { show: { returnAll: [false] } },
	description: 'Max number of results to return',
};

/** The *Options* of an operation; the runner adds those that all operations have. */
export function optionsOf(...options: INodeProperties[]): Field {
	return { displayName: 'Options', name: 'options', type: 'collection', placeholder: 'Add option', default: {}, options };
}

/** The *Filters* of a list, read for each item. */
export function filtersOf(...options: INodeProperties[]): Field {
	return { displayName: 'Filters', name: 'filters', type: 'collection', placeholder: 'Add filter', default: {}, perItem: true, options };
}

export const skipRoleAddresses: INodeProperties = {
	displayName: 'Skip Role Addresses',
	name: 'skipRoleAddresses',
	type: 'boolean',
	default: true,
	description: 'Whether to leave out addresses of roles, such as noreply@ and support@, which are no persons',
};

/** What to do where an ID or a record is taken already. */
export const conflictOptions: INodeProperties[] = [
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
			{ name: 'Replace', value: 'take', description: 'The old ID becomes former: it still resolves to the record' },
		],
		default: 'conflict',
	},
];

/** A field as it stands inside a collection, which n8n reads as a whole and where nothing is required. */
export function insideCollection(field: Field): INodeProperties {
	return omit(field, 'perItem', 'required');
}
