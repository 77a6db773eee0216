import type { INodeProperties } from 'n8n-workflow';

import type { Field, Input, Run } from '../../shared/node/operation';
import { numberOption, typeChoice } from '../../shared/node/panel';
import type { ObjectType } from '../../shared/identity/outcome';
import type { ObjectName } from '../../shared/ports';
import { USUAL_SHARE } from '../connect';
import type { Salesloft } from '../system';

/** Fields that several operations of the Salesloft node have in common, and how they are read. */

export type SalesloftRun = Run<Salesloft>;

const PERSON = { name: 'Person', value: 'people', description: 'A buyer: a contact or lead' };
const ACCOUNT = { name: 'Account', value: 'accounts', description: 'A company' };
const USER = { name: 'User', value: 'users', description: 'A seller: a member of your own team' };

export const objectType: Field = {
	displayName: 'Object Type',
	name: 'objectType',
	type: 'options',
	noDataExpression: true,
	options: [ACCOUNT, PERSON, USER],
	default: 'people',
	description: 'What kind of record the IDs belong to',
};

/** Users cannot be created or updated by External ID. */
export const upsertObjectType: Field = { ...objectType, name: 'recordType', options: [ACCOUNT, PERSON] };

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
					...(mayCreate ? { allowNewResource: { label: 'Create External Type', defaultName: 'crm', method: 'createExternalType' } } : {}),
				},
			},
			{ displayName: 'By Name', name: 'name', type: 'string', placeholder: 'e.g. crm' },
		],
	};
}

/** For operations that store IDs: one that is picked in the list is made on first use; one that is typed must exist. */
export const externalType = externalTypePicker('External Type', 'externalType', 'The system that the External ID comes from, such as crm, erp or marketing_automation. Type a new name in the list to create it.', true);

export const knownExternalType = externalTypePicker('External Type', 'externalType', 'The system that the External ID comes from, such as crm, erp or marketing_automation');

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

export const objectId: Field = {
	displayName: 'Object ID',
	name: 'objectId',
	type: 'string',
	default: '',
	required: true,
	perItem: true,
	placeholder: 'e.g. 578495206',
	description: 'The ID of the person, account or user in Salesloft',
};

export const email: Field = {
	displayName: 'Email',
	name: 'email',
	type: 'string',
	placeholder: 'name@email.com',
	default: '',
	perItem: true,
	description: 'The e-mail address of the person or user',
};

/** By which key a record is named, and the fields of each. */
export const recordName: readonly Field[] = [
	{
		displayName: 'Find By',
		name: 'findBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Email', value: 'email', description: 'People and users' },
			{ name: 'External ID', value: 'externalId' },
			{ name: 'Object ID', value: 'objectId' },
		],
		default: 'externalId',
		description: 'Which key of the record is known',
	},
	{ ...knownExternalType, displayOptions: { show: { findBy: ['externalId'] } } },
	{ ...externalId, displayOptions: { show: { findBy: ['externalId'] } } },
	{ ...objectId, displayOptions: { show: { findBy: ['objectId'] } } },
	{ ...email, required: true, displayOptions: { show: { findBy: ['email'] } } },
];

export const rateShare: INodeProperties = {
	displayName: 'Share of Rate Limit (%)',
	name: 'rateShare',
	type: 'number',
	typeOptions: { minValue: 5, maxValue: 100 },
	default: 80,
	description: 'How much of the 600 cost a minute that Salesloft gives the whole team this run may use. The rest stays for other integrations.',
};

export const severalIds: INodeProperties = {
	displayName: 'Several IDs per Record',
	name: 'severalIds',
	type: 'boolean',
	default: false,
	description: 'Whether one record may have several IDs of this External Type. Then the IDs that it has are not looked at, which saves calls.',
};

export function objectTypeOf(run: SalesloftRun): ObjectType {
	return run.parameters.objectType as ObjectType;
}

/** Salesloft for this run, within the share of the rate limit that the options name. */
export function salesloftOf(run: SalesloftRun): Salesloft {
	return run.system.with({ share: numberOption(run, 'rateShare', 'Share of Rate Limit', { otherwise: USUAL_SHARE * 100, least: 1, most: 100 }) / 100, stop: run.signal });
}

/** The record that an item names, by the key that the panel chose. */
export function namedRecord(run: SalesloftRun, { values }: Input): ObjectName {
	const type = objectTypeOf(run);
	switch (run.parameters.findBy) {
		case 'objectId':
			return { by: 'objectId', objectType: type, objectId: values.objectId };
		case 'email':
			return { by: 'email', objectType: type, email: values.email };
		default:
			return { by: 'externalId', objectType: type, externalType: typeChoice(values.externalType), externalId: values.externalId };
	}
}
