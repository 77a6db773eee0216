import type { Answer } from '../answer';
import type { Access, Caller } from './access';
import { complain, isEmpty, NOT_FOUND, refused } from './errors';
import type { Complaints } from './errors';
import type { RecordRow, Team } from './team';
import { shownAccount, shownPerson } from './views';

/** What a field takes; `null` (and an empty text) clears it. */
type Kind = 'text' | 'email' | 'flag' | 'texts' | 'number' | 'account' | 'user' | 'crmId' | 'crmIdType' | 'seniority';

const SENIORITIES = ['director', 'executive', 'individual_contributor', 'manager', 'vice_president', 'unknown'];

const texts = <Name extends string>(...names: Name[]) => Object.fromEntries(names.map((name) => [name, 'text'])) as Record<Name, 'text'>;

/** People and accounts, and how they differ. `tags` and `custom_fields` are read apart. */
export interface RecordKind {
	name: 'people' | 'accounts';
	/** In answers of the upsert routes. */
	singular: 'person' | 'account';
	fields: Readonly<Record<string, Kind>>;
	/** Beginnings of the Salesforce IDs that are right. */
	crmIdPrefixes: readonly string[];
	crmIdNeed: 'crmIdOfPeople' | 'crmIdOfAccounts';
	/** What an upsert may go by. */
	upsertKeys: readonly string[];
	customFieldType: 'person' | 'company';
	show(team: Team, row: RecordRow): Record<string, unknown>;
	/** What the record would have to have or must not share; `row` is missing while it is created. */
	check(team: Team, after: Readonly<Record<string, unknown>>, sent: Readonly<Record<string, unknown>>, row: RecordRow | undefined, complaints: Complaints): void;
}

export const PEOPLE: RecordKind = {
	name: 'people',
	singular: 'person',
	fields: {
		...texts(
			'first_name', 'last_name', 'phone', 'phone_extension', 'mobile_phone', 'home_phone', 'linkedin_url', 'title', 'city', 'state', 'country', 'work_city', 'work_state', 'work_country',
			'person_company_name', 'person_company_website', 'person_company_industry', 'locale', 'personal_website', 'twitter_handle', 'autotag_date',
		),
		email_address: 'email',
		secondary_email_address: 'email',
		personal_email_address: 'email',
		job_seniority: 'seniority',
		do_not_contact: 'flag',
		eu_resident: 'flag',
		contact_restrictions: 'texts',
		account_id: 'account',
		owner_id: 'user',
		import_id: 'number',
		person_stage_id: 'number',
		crm_id: 'crmId',
		crm_id_type: 'crmIdType',
	},
	crmIdPrefixes: ['00Q', '003'],
	crmIdNeed: 'crmIdOfPeople',
	upsertKeys: ['id', 'crm_id', 'email_address'],
	customFieldType: 'person',
	show: shownPerson,
	check(team, after, _sent, row, complaints) {
		const { email_address: email, phone, last_name: lastName } = after;
		if (typeof email === 'string') {
			const others = team.people.find('email', team.foldEmail(email)).filter((other) => other !== row);
			if (others.length > 0 && team.switches.duplicateEmails === 'refused') complain(complaints, 'email_address', 'is already taken');
			return;
		}
		if (typeof phone !== 'string' || typeof lastName !== 'string') {
			complain(complaints, 'email_address', 'is required');
			return;
		}
		const others = team.people.find('phone', phone).filter((other) => other !== row && other.fields.last_name === lastName);
		if (others.length > 0) complain(complaints, 'phone', 'is already taken');
	},
};

export const ACCOUNTS: RecordKind = {
	name: 'accounts',
	singular: 'account',
	fields: {
		...texts(
			'name', 'domain', 'conversational_name', 'description', 'phone', 'website', 'linkedin_url', 'twitter_handle', 'street', 'city', 'state', 'postal_code', 'country', 'locale', 'industry',
			'company_type', 'founded', 'revenue_range', 'size',
		),
		do_not_contact: 'flag',
		archived: 'flag',
		owner_id: 'user',
		company_stage_id: 'number',
		account_tier_id: 'number',
		crm_id: 'crmId',
		crm_id_type: 'crmIdType',
	},
	crmIdPrefixes: ['001'],
	crmIdNeed: 'crmIdOfAccounts',
	upsertKeys: ['id', 'crm_id', 'domain'],
	customFieldType: 'company',
	show: shownAccount,
	check(team, after, sent, row, complaints) {
		// Whether an update must send both again is not certain.
		const looked = row && team.switches.accountUpdate === 'needsNameAndDomain' ? sent : after;
		for (const field of ['name', 'domain']) if (typeof looked[field] !== 'string') complain(complaints, field, 'is required');
		if (typeof after.domain !== 'string') return;
		const others = team.accounts.find('domain', after.domain.toLowerCase()).filter((other) => other !== row);
		if (others.length > 0) complain(complaints, 'domain', 'is already taken');
	},
};

type Written = { row: RecordRow } | { refusal: Answer };

/** The rules of POST: reads the fields, checks them, and adds the record. */
export function createRecord(team: Team, access: Access, caller: Caller, kind: RecordKind, body: unknown): Written {
	const now = team.now();
	return write(team, access, caller, kind, body, undefined, (changes) =>
		team[kind.name].add({ id: team.nextId(kind.name), createdAt: now, updatedAt: now, lastContactedAt: null, ...changes }),
	);
}

/** The rules of PUT: fields that are not sent stay. */
export function updateRecord(team: Team, access: Access, caller: Caller, kind: RecordKind, id: number, body: unknown): Written {
	const row = team[kind.name].get(id);
	if (!row) return { refusal: NOT_FOUND };
	return write(team, access, caller, kind, body, row, (changes) => {
		const before = { fields: row.fields, customFields: row.customFields, tags: row.tags };
		// What changes nothing is not an update.
		if (JSON.stringify(before) !== JSON.stringify(changes)) team[kind.name].change(row, () => Object.assign(row, changes, { updatedAt: team.now() }));
		return row;
	});
}

/** Deleting an account detaches its people. */
export function deleteRecord(team: Team, kind: RecordKind, id: number): Answer {
	const row = team[kind.name].get(id);
	if (!row) return team.deletedIds[kind.name].has(id) ? { status: 204 } : NOT_FOUND;
	team[kind.name].remove(row);
	team.deletedIds[kind.name].add(id);
	if (kind.name === 'accounts') {
		for (const person of team.people.find('account', String(id))) team.people.change(person, ({ fields }) => (fields.account_id = null));
	}
	return { status: 204 };
}

function write(
	team: Team,
	access: Access,
	caller: Caller,
	kind: RecordKind,
	body: unknown,
	row: RecordRow | undefined,
	store: (changes: Pick<RecordRow, 'fields' | 'customFields' | 'tags'>) => RecordRow,
): Written {
	const sent = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
	const complaints: Complaints = {};
	const fields: Record<string, unknown> = { ...row?.fields };
	for (const [name, fieldKind] of Object.entries(kind.fields)) {
		if (sent[name] === undefined) continue;
		const value = readValue(team, kind, fieldKind, sent[name]);
		if (value === undefined) complain(complaints, name, 'is invalid');
		else fields[name] = value;
	}
	if (typeof sent.crm_id === 'string' && sent.crm_id !== row?.fields.crm_id) {
		const forbidden = access.lacking(caller, kind.crmIdNeed);
		if (forbidden) return { refusal: forbidden };
		if (sent.crm_id_type !== 'salesforce') complain(complaints, 'crm_id_type', 'is required');
	}
	const customFields = readCustomFields(team, kind, row?.customFields ?? {}, sent.custom_fields, complaints);
	const tags = readTags(team, row?.tags ?? [], sent.tags, complaints);
	kind.check(team, fields, sent, row, complaints);
	if (!isEmpty(complaints)) return { refusal: refused(complaints) };
	return { row: store({ fields, customFields, tags }) };
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** `undefined` where the value is not one that the field takes. */
function readValue(team: Team, kind: RecordKind, fieldKind: Kind, value: unknown): unknown {
	if (value === null || value === '') return fieldKind === 'flag' ? false : fieldKind === 'texts' ? [] : null;
	switch (fieldKind) {
		case 'text':
			return typeof value === 'string' ? value : undefined;
		case 'email':
			return typeof value === 'string' && EMAIL.test(value.trim()) ? value.trim() : undefined;
		case 'flag':
			return typeof value === 'boolean' ? value : undefined;
		case 'texts':
			return isTexts(value) ? value : undefined;
		case 'number':
			return Number.isSafeInteger(value) ? value : undefined;
		case 'account':
			return typeof value === 'number' && team.accounts.get(value) ? value : undefined;
		case 'user':
			return typeof value === 'number' && team.users.get(value) ? value : undefined;
		case 'crmId':
			return typeof value === 'string' && value.length === 18 && kind.crmIdPrefixes.some((prefix) => value.startsWith(prefix)) ? value : undefined;
		case 'crmIdType':
			return value === 'salesforce' ? value : undefined;
		case 'seniority':
			return typeof value === 'string' && SENIORITIES.includes(value) ? value : undefined;
	}
}

const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((each) => typeof each === 'string');

/** By display name; names that the team does not have are passed over, empty values clear. */
function readCustomFields(team: Team, kind: RecordKind, before: Record<string, string>, sent: unknown, complaints: Complaints): Record<string, string> {
	if (sent === undefined || sent === null) return before;
	if (typeof sent !== 'object' || Array.isArray(sent)) {
		complain(complaints, 'custom_fields', 'is invalid');
		return before;
	}
	const known = new Set(team.customFields.all().filter(({ fieldType }) => fieldType === kind.customFieldType).map(({ name }) => name));
	const after = { ...before };
	for (const [name, value] of Object.entries(sent)) {
		if (!known.has(name)) continue;
		if (value === null || value === '') delete after[name];
		else after[name] = String(value);
	}
	return after;
}

function readTags(team: Team, before: string[], sent: unknown, complaints: Complaints): string[] {
	if (sent === undefined) return before;
	if (sent !== null && !isTexts(sent)) {
		complain(complaints, 'tags', 'is invalid');
		return before;
	}
	return [...new Set([...(team.switches.tags === 'add' ? before : []), ...(sent ?? [])])];
}
