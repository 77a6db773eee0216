import type { QueryValues } from '../../../shared/http/query';
import { isTrouble, trouble } from '../../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../../shared/identity/outcome';
import type { Field, Operation } from '../../../shared/node/operation';
import { filterText, limit, limitOf, listOf, returnAll } from '../../../shared/node/panel';
import { idOf } from '../../records';
import type { Salesloft } from '../../system';
import { objectType, objectTypeOf } from '../fields';

const text = (displayName: string, name: string, placeholder: string, description: string): NonNullable<Field['options']>[number] => ({ displayName, name, type: 'string', default: '', placeholder, description });

const updatedAfter = { displayName: 'Updated After', name: 'updatedAfter', type: 'dateTime', default: '', description: 'Only records that were made or changed at or after this time' } as const;
const crmId = text('CRM ID', 'crmId', 'e.g. 003A0000012abcXIAQ', 'Salesforce IDs, separated by commas');
const ownerId = text('Owner Object ID', 'ownerId', 'e.g. 12', 'Object IDs of users, separated by commas');
const ids = text('Object ID', 'ids', 'e.g. 578495206', 'Object IDs, separated by commas');
const customField = text('Custom Field Name', 'customFieldName', 'e.g. Legacy ID', 'Name of a custom field, capitals included. Add Custom Field Value too.');
const customValue = text('Custom Field Value', 'customFieldValue', 'e.g. LEG-17', 'What the custom field holds; case does not count');

const FILTERS: Readonly<Record<ObjectType, NonNullable<Field['options']>>> = {
	people: [text('Account Object ID', 'accountId', 'e.g. 9872', 'Object IDs of accounts, separated by commas'), crmId, customField, customValue, text('Email', 'email', 'e.g. ann@acme.com', 'E-mail addresses, separated by commas'), ids, ownerId, updatedAfter],
	accounts: [
		{
			displayName: 'Archived',
			name: 'archived',
			type: 'boolean',
			default: false,
			description: 'Whether to get archived accounts only (on) or only those that are not (off)',
		},
		crmId,
		customField,
		customValue,
		text('Domain', 'domain', 'e.g. acme.com', 'A domain, exactly as Salesloft holds it'),
		text('Name', 'name', 'e.g. Acme', 'The name, exactly and with its capitals'),
		ids,
		ownerId,
		updatedAfter,
	],
	users: [
		{
			displayName: 'Active Only',
			name: 'visibleOnly',
			type: 'boolean',
			default: true,
			description: 'Whether to leave out users that were deactivated',
		},
		ids,
		text('Search', 'search', 'e.g. ann', 'Words of the name or e-mail address'),
	],
};

const filtersFor = (type: ObjectType): Field => ({
	displayName: 'Filters',
	name: 'filters',
	type: 'collection',
	placeholder: 'Add filter',
	default: {},
	perItem: true,
	options: FILTERS[type],
	displayOptions: { show: { objectType: [type] } },
});

export const getAll: Operation<Salesloft> = {
	value: 'getAll',
	name: 'Get Many',
	action: 'Get many records',
	description: 'Get many people, accounts or users that fit all the given filters, those changed first coming first',
	outputs: 'lister',
	fields: [objectType, returnAll, limit, filtersFor('people'), filtersFor('accounts'), filtersFor('users')],
	async run(run) {
		const most = limitOf(run);
		const type = objectTypeOf(run);
		const salesloft = run.system.with({ stop: run.signal });
		for (const input of run.inputs) {
			if (run.signal?.aborted) return;
			const query = queryOf(type, input.values.filters);
			if (isTrouble(query)) {
				run.settle(input, query);
				continue;
			}
			const found: Outcome[] = [];
			for await (const page of salesloft.records.every(type, query, run.signal)) {
				found.push(...page.slice(0, most - found.length).map((record): Outcome => ({ status: 'found', objectType: type, objectId: idOf(record), fields: record })));
				if (found.length >= most) break;
			}
			run.settle(input, found);
		}
	},
};

function queryOf(type: ObjectType, filters: unknown): QueryValues | Trouble {
	const given = (filters ?? {}) as Readonly<Record<string, unknown>>;
	const list = (name: string) => (filterText(given[name]) === undefined ? undefined : listOf(given[name]).map(String));
	const numbers = { 'ids[]': list('ids'), 'account_id[]': list('accountId'), 'owner_id[]': list('ownerId') };
	for (const [name, values] of Object.entries(numbers)) {
		const wrong = values?.find((value) => !/^\d{1,15}$/.test(value));
		if (wrong !== undefined) return trouble('invalid', 'objectId', `"${wrong}" is no ID of Salesloft, which is a whole number.`, [name, wrong]);
	}
	const time = filterText(given.updatedAfter);
	const since = time === undefined ? undefined : Date.parse(time);
	if (Number.isNaN(since)) return trouble('invalid', 'updatedAfter', 'Updated After is not a date that can be read. An example: 2026-01-31T09:00:00Z', [time]);
	const custom = filterText(given.customFieldName);
	if (custom === undefined && filterText(given.customFieldValue) !== undefined) return trouble('invalid', 'customFieldName', 'Custom Field Name is missing. Add it next to Custom Field Value.', []);
	return {
		...numbers,
		'email_addresses[]': list('email'),
		'crm_id[]': list('crmId'),
		domain: filterText(given.domain),
		'name[]': filterText(given.name) === undefined ? undefined : [String(filterText(given.name))],
		search: filterText(given.search),
		archived: given.archived === undefined ? undefined : given.archived === true,
		...(type === 'users' ? { visible_only: given.visibleOnly !== false } : {}),
		...(custom === undefined ? {} : { [`custom_fields[${custom}]`]: filterText(given.customFieldValue) ?? '' }),
		...(since === undefined ? {} : { 'updated_at[gte]': new Date(since).toISOString() }),
	};
}
