import omit from 'lodash/omit';

import type { RecordRow, Team, User, CustomField, Configuration, Mapping, ObjectType } from './team';
import { shownTime, shownUtcTime } from './times';

/** Where related records are said to be: the real address, whatever the sandbox's own is. */
const HREF = 'https://api.salesloft.com/v2';

const related = (kind: string, id: unknown) => (typeof id === 'number' ? { id, _href: `${HREF}/${kind}/${id}` } : null);

const PERSON_BLANK = {
	email_address: null, secondary_email_address: null, personal_email_address: null, first_name: null, last_name: null, phone: null, phone_extension: null, mobile_phone: null, home_phone: null,
	linkedin_url: null, title: null, city: null, state: null, country: null, work_city: null, work_state: null, work_country: null, person_company_name: null, person_company_website: null,
	person_company_industry: null, job_seniority: null, do_not_contact: false, contact_restrictions: [], locale: null, personal_website: null, twitter_handle: null, crm_id: null, eu_resident: false,
};

export function shownPerson(team: Team, { id, createdAt, updatedAt, lastContactedAt, fields, customFields, tags }: RecordRow): Record<string, unknown> {
	const { account_id: accountId, owner_id: ownerId, person_stage_id: stageId, import_id: importId, ...own } = omit(fields, 'crm_id_type', 'autotag_date');
	const name = [fields.first_name, fields.last_name].filter((part) => typeof part === 'string').join(' ');
	const crmId = typeof fields.crm_id === 'string' ? fields.crm_id : null;
	const account = typeof accountId === 'number' ? team.accounts.get(accountId) : undefined;
	return {
		id,
		created_at: shownTime(createdAt),
		updated_at: shownTime(updatedAt),
		last_contacted_at: lastContactedAt === null ? null : shownTime(lastContactedAt),
		last_replied_at: null,
		...PERSON_BLANK,
		...own,
		display_name: name,
		full_email_address: typeof fields.email_address === 'string' ? `${name} <${fields.email_address}>`.trim() : null,
		crm_object_type: crmId === null ? null : crmId.startsWith('00Q') ? 'lead' : 'contact',
		crm_url: crmId === null ? null : `https://example.my.salesforce.com/${crmId}`,
		owner_crm_id: typeof ownerId === 'number' ? (team.users.get(ownerId)?.crmUserId ?? null) : null,
		account_crm_id: account?.fields.crm_id ?? null,
		custom_fields: customFields,
		tags,
		success_count: 0,
		starred: false,
		untouched: true,
		counts: { emails_sent: 0, emails_viewed: 0, emails_clicked: 0, emails_replied_to: 0, emails_bounced: 0, calls: 0 },
		account: related('accounts', accountId),
		owner: related('users', ownerId),
		import: related('imports', importId),
		person_stage: related('person_stages', stageId),
		last_contacted_by: null,
		most_recent_cadence: null,
		last_completed_step_cadence: null,
		last_completed_step: null,
		cadences: [],
	};
}

const ACCOUNT_BLANK = {
	name: null, domain: null, conversational_name: null, description: null, phone: null, website: null, linkedin_url: null, twitter_handle: null, street: null, city: null, state: null, postal_code: null,
	country: null, locale: null, industry: null, company_type: null, founded: null, revenue_range: null, size: null, do_not_contact: false, crm_id: null,
};

export function shownAccount(team: Team, { id, createdAt, updatedAt, lastContactedAt, fields, customFields, tags }: RecordRow): Record<string, unknown> {
	const { owner_id: ownerId, company_stage_id: stageId, account_tier_id: tierId, archived, ...own } = omit(fields, 'crm_id_type');
	const crmId = typeof fields.crm_id === 'string' ? fields.crm_id : null;
	return {
		id,
		created_at: shownTime(createdAt),
		updated_at: shownTime(updatedAt),
		archived_at: archived === true ? shownTime(updatedAt) : null,
		last_contacted_at: lastContactedAt === null ? null : shownTime(lastContactedAt),
		...ACCOUNT_BLANK,
		...own,
		crm_object_type: crmId === null ? null : 'account',
		crm_url: crmId === null ? null : `https://example.my.salesforce.com/${crmId}`,
		owner_crm_id: typeof ownerId === 'number' ? (team.users.get(ownerId)?.crmUserId ?? null) : null,
		custom_fields: customFields,
		tags,
		counts: { people: team.people.find('account', String(id)).length },
		owner: related('users', ownerId),
		company_stage: related('account_stages', stageId),
		account_tier: related('account_tiers', tierId),
		creator: null,
		last_contacted_by: null,
		last_contacted_person: null,
		user_relationships: {},
	};
}

export function shownUser({ id, guid, createdAt, updatedAt, email, firstName, lastName, active, crmUserId }: User): Record<string, unknown> {
	return {
		id,
		guid,
		created_at: shownTime(createdAt),
		updated_at: shownTime(updatedAt),
		name: `${firstName} ${lastName}`,
		first_name: firstName,
		last_name: lastName,
		job_role: 'Sales Representative',
		email,
		active,
		time_zone: 'US/Eastern',
		locale_utc_offset: -300,
		team_admin: id === 1,
		role: { id: 'User' },
		group: null,
		crm_user: crmUserId === null ? null : { id: 1, _href: `${HREF}/crm_users/1` },
	};
}

export const shownTeam = ({ id, name }: Team) => ({
	id,
	name,
	plan: 'enterprise',
	license_limit: 100,
	plan_features: null,
	deactivated: false,
	allow_automated_email_steps: true,
	group_privacy_setting: 'all_public',
	private_fields: {},
	team_visibility_default: 'all_public',
	_href: `${HREF}/team`,
});

export const shownCustomField = ({ id, name, fieldType, valueType }: CustomField) => ({ id, name, field_type: fieldType, value_type: valueType });

const SINGULAR: Readonly<Record<ObjectType, string>> = { people: 'person', accounts: 'account', users: 'user' };

const shownObjectType = (team: Team, objectType: ObjectType) => (team.switches.objectTypeNames === 'singular' ? SINGULAR[objectType] : objectType);

/** The Object Type that a text names, where it is one that the API understands. */
export function readObjectType(team: Team, value: unknown): ObjectType | undefined {
	const names = Object.entries(SINGULAR) as Array<[ObjectType, string]>;
	return names.find(([plural, singular]) => value === plural || (value === singular && team.switches.objectTypeNames === 'singular'))?.[0];
}

export function shownConfiguration(team: Team, { id, externalType, objectType, sourceId, deleted }: Configuration): Record<string, unknown> {
	const source: [unknown, unknown] = sourceId === null ? [null, null] : [sourceId, 'integration'];
	const [first, second] = team.switches.sourceFields === 'asTyped' ? source : [source[1], source[0]];
	return { id, external_type: externalType, object_type: shownObjectType(team, objectType), deleted, source_id: first, source_type: second };
}

export function shownMapping(team: Team, mapping: Mapping): Record<string, unknown> {
	const { id, externalType, objectType, externalId, objectId, insertedAt } = mapping;
	const time = shownUtcTime(insertedAt);
	return {
		id,
		tenant_id: team.id,
		object_type: shownObjectType(team, objectType),
		object_id: objectId,
		external_type: externalType,
		external_id: externalId,
		inserted_at: team.switches.insertedAt === 'date' ? time.slice(0, 10) : time,
		deleted: !team.isLive(mapping),
	};
}
