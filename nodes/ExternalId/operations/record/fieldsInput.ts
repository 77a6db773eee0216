import omit from 'lodash/omit';
import type { INodeProperties } from 'n8n-workflow';

import { trouble } from '../../../shared/identity/outcome';
import type { ObjectType, Trouble } from '../../../shared/identity/outcome';
import type { Field, Input } from '../../../shared/node/operation';
import type { ObjectName } from '../../../shared/ports';
import { externalTypePicker, insideCollection } from '../fields';
import { locatorValue, typeChoice } from '../reading';
import type { RegistryRun } from '../reading';

/** The fields that a form offers for each Object Type; a record may have any others. */
export const KNOWN_FIELDS: Readonly<Record<ObjectType, ReadonlyArray<{ name: string; displayName: string; placeholder?: string }>>> = {
	people: [
		{ name: 'email', displayName: 'Email', placeholder: 'name@email.com' },
		{ name: 'firstName', displayName: 'First Name' },
		{ name: 'lastName', displayName: 'Last Name' },
		{ name: 'name', displayName: 'Name' },
		{ name: 'phone', displayName: 'Phone', placeholder: 'e.g. +49 30 901820' },
		{ name: 'title', displayName: 'Title' },
	],
	accounts: [
		{ name: 'industry', displayName: 'Industry' },
		{ name: 'name', displayName: 'Name' },
		{ name: 'phone', displayName: 'Phone', placeholder: 'e.g. +49 30 901820' },
		{ name: 'domains', displayName: 'Related Domains', placeholder: 'e.g. acme.com, acme.de' },
		{ name: 'website', displayName: 'Website', placeholder: 'e.g. https://www.acme.com' },
	],
	users: [
		{ name: 'email', displayName: 'Email', placeholder: 'name@email.com' },
		{ name: 'firstName', displayName: 'First Name' },
		{ name: 'lastName', displayName: 'Last Name' },
		{ name: 'name', displayName: 'Name' },
		{ name: 'phone', displayName: 'Phone', placeholder: 'e.g. +49 30 901820' },
		{ name: 'title', displayName: 'Title' },
	],
};

/** Fields of a person that name its account; they do not become fields of the record. */
const ACCOUNT_FIELDS = ['accountId', 'accountExternalType', 'accountExternalId'] as const;

const accountFields: INodeProperties[] = [
	{
		displayName: 'Account External ID',
		name: 'accountExternalId',
		type: 'string',
		default: '',
		placeholder: 'e.g. ACC-00042',
		description: 'External ID of the account that the person belongs to. Add Account External Type too.',
	},
	insideCollection(externalTypePicker('Account External Type', 'accountExternalType', 'The system that Account External ID comes from')),
	{
		displayName: 'Account Object ID',
		name: 'accountId',
		type: 'string',
		default: '',
		placeholder: 'e.g. acc_01J9ZT5T7E',
		description: 'Object ID of the account that the person belongs to',
	},
];

const customFields: INodeProperties = {
	displayName: 'Custom Fields',
	name: 'customFields',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	placeholder: 'Add custom field',
	default: {},
	options: [
		{
			displayName: 'Custom Field',
			name: 'field',
			values: [
				{ displayName: 'Name', name: 'name', type: 'string', default: '', description: 'Name of the field as it is; a dot in it does not nest' },
				{ displayName: 'Value', name: 'value', type: 'string', default: '' },
			],
		},
	],
};

function form(objectType: ObjectType): Field {
	const known = KNOWN_FIELDS[objectType].map(({ name, displayName, placeholder }): INodeProperties => ({ displayName, name, type: 'string', default: '', ...(placeholder ? { placeholder } : {}) }));
	const options = [...known, ...(objectType === 'people' ? accountFields : []), customFields];
	return {
		displayName: 'Fields',
		name: 'fields',
		type: 'collection',
		placeholder: 'Add field',
		default: {},
		perItem: true,
		options: options.sort((a, b) => (a.displayName < b.displayName ? -1 : 1)),
		displayOptions: { show: { objectType: [objectType], fieldsFrom: ['form'] } },
	};
}

/** The fields of a record: as a form, by a mapper, or as JSON. */
export const fieldsInput: Field[] = [
	{
		displayName: 'Fields From',
		name: 'fieldsFrom',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Form', value: 'form', description: 'Set fields one by one' },
			{ name: 'JSON', value: 'json', description: 'An object with the fields' },
			{ name: 'Map Automatically or Field by Field', value: 'mapper', description: 'Take all fields of the input, or choose for each' },
		],
		default: 'form',
		description: 'How to give the fields of the record',
	},
	form('people'),
	form('accounts'),
	form('users'),
	{
		displayName: 'Fields',
		name: 'mappedFields',
		type: 'resourceMapper',
		noDataExpression: true,
		default: { mappingMode: 'defineBelow', value: null },
		perItem: true,
		typeOptions: {
			loadOptionsDependsOn: ['objectType'],
			resourceMapper: {
				resourceMapperMethod: 'recordFields',
				mode: 'add',
				fieldWords: { singular: 'field', plural: 'fields' },
				addAllFields: true,
				multiKeyMatch: false,
				supportAutoMap: true,
			},
		},
		displayOptions: { show: { fieldsFrom: ['mapper'] } },
	},
	{
		displayName: 'Fields (JSON)',
		name: 'fieldsJson',
		type: 'json',
		default: '{}',
		perItem: true,
		description: 'An object with the fields of the record, such as {"firstName": "Ann", "plan": {"tier": "gold"}}',
		displayOptions: { show: { fieldsFrom: ['json'] } },
	},
];

/** The fields that an item gives, and the account it names. */
export function fieldsOf(run: RegistryRun, input: Input): { fields: Record<string, unknown>; account?: ObjectName } | Trouble {
	const given = givenFields(run, input);
	if (given === undefined) return trouble('invalid', 'fieldsNotObject', 'The fields are not a JSON object. An example: {"firstName": "Ann"}', [input.index]);
	if (run.parameters.objectType !== 'people') return { fields: { ...given } };
	const account = accountNamed(given);
	if (account?.by === 'externalId' && isEmpty(account.externalType.name)) {
		return trouble('invalid', 'accountTypeMissing', 'Account External Type is missing. Add it next to Account External ID.', [input.index]);
	}
	return { fields: omit(given, ACCOUNT_FIELDS), account };
}

function givenFields(run: RegistryRun, input: Input): Readonly<Record<string, unknown>> | undefined {
	switch (run.parameters.fieldsFrom) {
		case 'json':
			return asObject(input.values.fieldsJson);
		case 'mapper':
			return mappedFields(run, input);
		default:
			return formFields(input.values.fields);
	}
}

function mappedFields(run: RegistryRun, input: Input): Readonly<Record<string, unknown>> {
	const mapper = (input.values.mappedFields ?? {}) as { mappingMode?: string; value?: Record<string, unknown> | null };
	return mapper.mappingMode === 'autoMapInputData' ? run.json(input) : (mapper.value ?? {});
}

function formFields(collection: unknown): Record<string, unknown> {
	const { customFields: custom, ...fields } = (collection ?? {}) as Record<string, unknown>;
	const rows = (custom as { field?: Array<{ name: string; value: unknown }> } | undefined)?.field ?? [];
	const named = rows.filter(({ name }) => String(name ?? '').trim() !== '').map(({ name, value }) => [String(name).trim(), value] as const);
	return { ...fields, ...Object.fromEntries(named) };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
	let parsed = value;
	if (typeof value === 'string') {
		try {
			parsed = JSON.parse(value.trim() === '' ? '{}' : value);
		} catch {
			return undefined;
		}
	}
	return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined;
}

function accountNamed({ accountId, accountExternalType, accountExternalId }: Readonly<Record<string, unknown>>): ObjectName | undefined {
	if (!isEmpty(accountId)) return { by: 'objectId', objectType: 'accounts', objectId: accountId };
	if (isEmpty(accountExternalId)) return undefined;
	const isLocator = typeof accountExternalType === 'object' && accountExternalType !== null;
	const externalType = isLocator ? { ...typeChoice(accountExternalType), name: locatorValue(accountExternalType) } : { name: accountExternalType, picked: false };
	return { by: 'externalId', objectType: 'accounts', externalType, externalId: accountExternalId };
}

function isEmpty(value: unknown): boolean {
	return value === undefined || value === null || value === '';
}
