import omit from 'lodash/omit';
import type { INodeProperties } from 'n8n-workflow';

import { trouble } from '../../../shared/identity/outcome';
import type { Trouble } from '../../../shared/identity/outcome';
import type { Field, Input } from '../../../shared/node/operation';
import { insideCollection, locatorValue, typeChoice } from '../../../shared/node/panel';
import { WRITABLE } from '../../fields';
import type { UpsertEntry } from '../../upsert';
import { externalTypePicker, type SalesloftRun } from '../fields';

/** The fields of a person or account: as a form, by a mapper, or as JSON. */

type RecordType = 'people' | 'accounts';

/** In the mapper, names of custom fields stand behind this. */
export const CUSTOM_PREFIX = 'custom_fields.';

const WORDS: Readonly<Record<string, string>> = { id: 'ID', crm: 'CRM', url: 'URL', eu: 'EU', linkedin: 'LinkedIn', account: 'Account Object', owner: 'Owner Object' };

/** `account_id` is "Account Object ID", `linkedin_url` "LinkedIn URL". */
export function labelOfField(name: string): string {
	return name.split('_').map((word) => WORDS[word] ?? word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
	email_address: 'name@email.com',
	secondary_email_address: 'name@email.com',
	personal_email_address: 'name@email.com',
	account_id: 'e.g. 9872',
	owner_id: 'e.g. 12',
	domain: 'e.g. acme.com',
	tags: 'e.g. renewal, vip',
	job_seniority: 'e.g. director',
	crm_id: 'e.g. 003A0000012abcXIAQ',
};

const DESCRIPTIONS: Readonly<Record<string, string>> = {
	tags: 'All tags of the record, separated by commas; they replace those that it has',
	crm_id: 'Salesforce ID, 18 characters. The key needs a scope of its own for it.',
	do_not_contact: 'Whether the record must not be contacted; a person is then taken out of cadences',
	archived: 'Whether the account is archived',
	eu_resident: 'Whether the person lives in the EU',
	contact_restrictions: 'Ways in which the person must not be contacted: call, email, message, separated by commas',
	job_seniority: 'One of director, executive, individual_contributor, manager, vice_president, unknown',
};

/** Not in the form: set by itself, or for imports. */
const NOT_IN_FORM: ReadonlySet<string> = new Set(['custom_fields', 'crm_id_type', 'import_id', 'autotag_date']);

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
				{
					displayName: 'Name or ID',
					name: 'name',
					type: 'options',
					typeOptions: { loadOptionsMethod: 'loadCustomFields', loadOptionsDependsOn: ['recordType'] },
					default: '',
					description: 'Name of the field. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
				},
				{ displayName: 'Value', name: 'value', type: 'string', default: '' },
			],
		},
	],
};

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
];

const ACCOUNT_FIELDS = ['accountExternalId', 'accountExternalType'] as const;

function form(type: RecordType): Field {
	const known = Object.entries(WRITABLE[type])
		.filter(([name]) => !NOT_IN_FORM.has(name))
		.map(([name, kind]): INodeProperties => ({
			displayName: labelOfField(name),
			name,
			...(kind === 'flag' ? { type: 'boolean', default: false } : { type: 'string', default: '' }),
			...(PLACEHOLDERS[name] ? { placeholder: PLACEHOLDERS[name] } : {}),
			...(DESCRIPTIONS[name] ? { description: DESCRIPTIONS[name] } : {}),
		}));
	return {
		displayName: 'Fields',
		name: 'fields',
		type: 'collection',
		placeholder: 'Add field',
		default: {},
		perItem: true,
		options: [...known, ...(type === 'people' ? accountFields : []), customFields].sort((a, b) => (a.displayName < b.displayName ? -1 : 1)),
		displayOptions: { show: { recordType: [type], fieldsFrom: ['form'] } },
	};
}

export const fieldsInput: readonly Field[] = [
	{
		displayName: 'Fields From',
		name: 'fieldsFrom',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Form', value: 'form', description: 'Set fields one by one' },
			{ name: 'JSON', value: 'json', description: 'An object with the fields, as the API names them' },
			{ name: 'Map Automatically or Field by Field', value: 'mapper', description: 'Take the fields of the input that Salesloft has, or choose for each' },
		],
		default: 'form',
		description: 'How to give the fields of the record',
	},
	form('people'),
	form('accounts'),
	{
		displayName: 'Fields',
		name: 'mappedFields',
		type: 'resourceMapper',
		noDataExpression: true,
		default: { mappingMode: 'defineBelow', value: null },
		perItem: true,
		typeOptions: {
			loadOptionsDependsOn: ['recordType'],
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
		description: 'An object with the fields, such as {"email_address": "ann@acme.com", "custom_fields": {"Plan": "gold"}}',
		displayOptions: { show: { fieldsFrom: ['json'] } },
	},
];

/** The fields that an item gives, and the account that it names by External ID. */
export function fieldsOf(run: SalesloftRun, input: Input, type: RecordType): Pick<UpsertEntry, 'fields' | 'account'> | Trouble {
	const given = givenFields(run, input, type);
	if (given === undefined) return trouble('invalid', 'fieldsNotObject', 'The fields are not a JSON object. An example: {"first_name": "Ann"}', [input.index]);
	const fields = omit(given, ACCOUNT_FIELDS);
	const { accountExternalId: externalId, accountExternalType } = given;
	if (type !== 'people' || externalId === undefined || externalId === null || externalId === '') return { fields };
	const isLocator = typeof accountExternalType === 'object' && accountExternalType !== null;
	const name = isLocator ? locatorValue(accountExternalType) : accountExternalType;
	if (name === undefined || name === null || name === '') return trouble('invalid', 'accountTypeMissing', 'Account External Type is missing. Add it next to Account External ID.', [input.index]);
	return { fields, account: { externalType: isLocator ? typeChoice(accountExternalType) : { name, picked: false }, externalId } };
}

function givenFields(run: SalesloftRun, input: Input, type: RecordType): Readonly<Record<string, unknown>> | undefined {
	switch (run.parameters.fieldsFrom) {
		case 'json':
			return asObject(input.values.fieldsJson);
		case 'mapper':
			return mappedFields(run, input, type);
		default:
			return formFields(input.values.fields);
	}
}

/** Mapped automatically, what Salesloft has no field for is passed over. */
function mappedFields(run: SalesloftRun, input: Input, type: RecordType): Readonly<Record<string, unknown>> {
	const mapper = (input.values.mappedFields ?? {}) as { mappingMode?: string; value?: Record<string, unknown> | null; schema?: Array<{ id: string }> };
	const isAutomatic = mapper.mappingMode === 'autoMapInputData';
	const fields: Record<string, unknown> = {};
	const custom: Record<string, unknown> = {};
	const names = new Set(mapper.schema?.map(({ id }) => id));
	for (const [name, value] of Object.entries(isAutomatic ? run.json(input) : (mapper.value ?? {}))) {
		if (name.startsWith(CUSTOM_PREFIX)) custom[name.slice(CUSTOM_PREFIX.length)] = value;
		else if (isAutomatic && names.has(CUSTOM_PREFIX + name)) custom[name] = value;
		else if (!isAutomatic || Object.hasOwn(WRITABLE[type], name)) fields[name] = value;
	}
	return Object.keys(custom).length > 0 ? { ...fields, custom_fields: { ...(fields.custom_fields as object | undefined), ...custom } } : fields;
}

function formFields(collection: unknown): Record<string, unknown> {
	const { customFields: custom, ...fields } = (collection ?? {}) as Record<string, unknown>;
	const rows = (custom as { field?: Array<{ name: string; value: unknown }> } | undefined)?.field ?? [];
	const named = rows.filter(({ name }) => String(name ?? '').trim() !== '').map(({ name, value }) => [String(name).trim(), value] as const);
	return { ...fields, ...(named.length > 0 ? { custom_fields: Object.fromEntries(named) } : {}) };
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
