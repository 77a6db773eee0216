import isEqual from 'lodash/isEqual';

import { trouble } from '../shared/identity/outcome';
import type { Trouble } from '../shared/identity/outcome';
import { isPlainObject } from '../shared/http/answer';
import { quoted } from '../shared/identity/wording';
import type { Fields } from './answers';

type Kind = 'text' | 'number' | 'flag' | 'texts' | 'custom' | 'time';

const texts = <Name extends string>(...names: Name[]) => Object.fromEntries(names.map((name) => [name, 'text'])) as Record<Name, 'text'>;

/** What may be written, by the reference. */
export const WRITABLE: Readonly<Record<'people' | 'accounts', Readonly<Record<string, Kind>>>> = {
	people: {
		...texts(
			'email_address', 'secondary_email_address', 'personal_email_address', 'first_name', 'last_name', 'phone', 'phone_extension', 'mobile_phone', 'home_phone', 'linkedin_url', 'title', 'city', 'state', 'country',
			'work_city', 'work_state', 'work_country', 'person_company_name', 'person_company_website', 'person_company_industry', 'job_seniority', 'locale', 'personal_website', 'twitter_handle', 'crm_id', 'crm_id_type', 'autotag_date',
		),
		account_id: 'number',
		owner_id: 'number',
		import_id: 'number',
		person_stage_id: 'number',
		do_not_contact: 'flag',
		eu_resident: 'flag',
		contact_restrictions: 'texts',
		tags: 'texts',
		custom_fields: 'custom',
	},
	accounts: {
		...texts(
			'name', 'domain', 'conversational_name', 'description', 'phone', 'website', 'linkedin_url', 'twitter_handle', 'street', 'city', 'state', 'postal_code', 'country', 'locale', 'industry', 'company_type', 'founded', 'revenue_range', 'size',
			'crm_id', 'crm_id_type',
		),
		owner_id: 'number',
		company_stage_id: 'number',
		account_tier_id: 'number',
		do_not_contact: 'flag',
		archived: 'flag',
		tags: 'texts',
		custom_fields: 'custom',
	},
};

/** Where an object that is read holds what is written under another name: related objects. */
const RELATED: Readonly<Record<string, string>> = { account_id: 'account', owner_id: 'owner', import_id: 'import', person_stage_id: 'person_stage', company_stage_id: 'company_stage', account_tier_id: 'account_tier' };
/** Written, and not shown as such. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['crm_id_type', 'autotag_date']);

/**
 * Brings fields into the form that Salesloft takes: numbers where it wants numbers, lists where it wants lists. Empty values are
 * left out, or clear the field; a field that Salesloft does not have, or a value that it cannot take, is `invalid`.
 */
export function readFields(objectType: 'people' | 'accounts', given: Readonly<Record<string, unknown>>, emptyValues: 'ignore' | 'clear'): Fields | Trouble {
	const kinds = WRITABLE[objectType];
	const fields: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(given)) {
		const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
		if (kind === undefined) return trouble('invalid', 'unknownField', `Salesloft has no field ${quoted(name)} of ${objectType} that can be written. A custom field goes into Custom Fields (in JSON: custom_fields).`, [objectType, name], { field: name });
		if (isEmpty(value)) {
			if (emptyValues === 'clear') fields[name] = kind === 'texts' ? [] : null;
			continue;
		}
		const read = readValue(kind, value, emptyValues);
		if (read === undefined) return trouble('invalid', 'fieldValue', `The field ${name} cannot take this value; it takes ${KIND_WORDS[kind]}.`, [objectType, name], { field: name });
		fields[name] = read;
	}
	if (typeof fields.crm_id === 'string' && fields.crm_id_type === undefined) fields.crm_id_type = 'salesforce';
	return fields;
}

const KIND_WORDS: Readonly<Record<Kind, string>> = {
	text: 'a text',
	number: 'a whole number, the ID in Salesloft',
	flag: 'true or false',
	texts: 'a list of texts, or one text with commas',
	custom: 'an object of names and values',
	time: 'a date',
};

function readValue(kind: Kind, value: unknown, emptyValues: 'ignore' | 'clear'): unknown {
	switch (kind) {
		case 'text':
		case 'time':
			return typeof value === 'string' ? value.trim() : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
		case 'number':
			return /^\s*[1-9]\d{0,14}\s*$/.test(String(value)) ? Number(value) : undefined;
		case 'flag':
			return typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined;
		case 'texts': {
			const list = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
			const items = list.map((each) => (typeof each === 'string' || typeof each === 'number' ? String(each).trim() : undefined));
			return items.every((each) => each !== undefined) ? items.filter((each) => each !== '') : undefined;
		}
		case 'custom': {
			if (!isPlainObject(value)) return undefined;
			const entries = Object.entries(value).filter(([, each]) => emptyValues === 'clear' || !isEmpty(each));
			if (!entries.every(([, each]) => isEmpty(each) || ['string', 'number', 'boolean'].includes(typeof each))) return undefined;
			return Object.fromEntries(entries.map(([name, each]) => [name, isEmpty(each) ? null : String(each)]));
		}
	}
}

function isEmpty(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** The fields that differ from what an object holds; what cannot be seen counts as different. */
export function changesOf(record: Fields, fields: Fields): string[] {
	return Object.entries(fields)
		.filter(([name, value]) => {
			if (NOT_SHOWN.has(name)) return false;
			if (name === 'custom_fields') return !customFieldsFit(record.custom_fields, value as Fields);
			if (name === 'archived') return (typeof record.archived_at === 'string') !== value;
			const related = RELATED[name];
			const held = related === undefined ? record[name] : isPlainObject(record[related]) ? record[related].id : null;
			if (name === 'tags' && Array.isArray(held) && Array.isArray(value)) return !isEqual([...new Set(held as string[])].sort(), [...new Set(value as string[])].sort());
			return !isEqual(held ?? null, value ?? null);
		})
		.map(([name]) => name);
}

/** Only those that are written count; the others stay as they are. */
function customFieldsFit(held: unknown, wanted: Fields): boolean {
	const fields = isPlainObject(held) ? held : {};
	return Object.entries(wanted).every(([name, value]) => {
		const own = Object.hasOwn(fields, name) ? fields[name] : undefined;
		return isEmpty(value) ? isEmpty(own) : String(own ?? '') === value;
	});
}
