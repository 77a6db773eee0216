import type { Answer } from '../answer';
import type { Incoming, KeyedRoute } from '../base';
import type { Access, Caller, Need } from './access';
import { NOT_FOUND, refused } from './errors';
import { anyNumber, anyText, customFields, flag, list, oneText, pageCost, timeRange } from './lists';
import type { Filter, ListRules } from './lists';
import type { RecordRow, Team } from './team';
import { ACCOUNTS, createRecord, deleteRecord, PEOPLE, updateRecord } from './writes';
import type { RecordKind } from './writes';

const text = (name: string) => (row: RecordRow) => (typeof row.fields[name] === 'string' ? row.fields[name] : null);
const number = (name: string) => (row: RecordRow) => (typeof row.fields[name] === 'number' ? row.fields[name] : null);
const isSet = (name: string) => (row: RecordRow) => row.fields[name] === true;

function ownerCrmId(team: Team): Filter<RecordRow> {
	return anyText('owner_crm_id', ({ fields }) => (typeof fields.owner_id === 'number' ? (team.users.get(fields.owner_id)?.crmUserId ?? null) : null));
}

const COMMON_SORTS: ListRules<RecordRow>['sorts'] = {
	updated_at: { value: ({ updatedAt }) => updatedAt },
	created_at: { value: ({ createdAt }) => createdAt },
	last_contacted_at: { value: ({ lastContactedAt }) => lastContactedAt },
};

const times: ReadonlyArray<Filter<RecordRow>> = [
	timeRange('updated_at', ({ updatedAt }) => updatedAt),
	timeRange('created_at', ({ createdAt }) => createdAt),
	timeRange('last_contacted', ({ lastContactedAt }) => lastContactedAt),
	customFields((row) => row.customFields),
];

/** No filter for a domain, and no search: as at Salesloft. */
export function personLists(team: Team): ListRules<RecordRow> {
	return {
		defaultSort: 'updated_at',
		sorts: {
			...COMMON_SORTS,
			name: { value: ({ fields }) => `${String(fields.last_name ?? '')} ${String(fields.first_name ?? '')}` },
			title: { value: text('title') },
			job_seniority: { value: text('job_seniority') },
			account: { value: number('account_id') },
		},
		filters: [
			anyNumber('ids', ({ id }) => id, (id) => team.people.get(id)),
			anyText('email_addresses', text('email_address'), { fold: (email) => team.foldEmail(email), lookUp: (email) => team.people.find('email', email) }),
			anyText('crm_id', text('crm_id'), { lookUp: (id) => team.people.find('crmId', id) }),
			anyNumber('account_id', number('account_id')),
			anyNumber('owner_id', number('owner_id')),
			ownerCrmId(team),
			anyNumber('person_stage_id', number('person_stage_id')),
			anyNumber('import_id', number('import_id')),
			flag('do_not_contact', isSet('do_not_contact')),
			flag('eu_resident', isSet('eu_resident')),
			...['title', 'city', 'state', 'country', 'job_seniority'].map((name) => anyText(name, text(name))),
			anyText('locales', text('locale')),
			...times,
		],
	};
}

export function accountLists(team: Team): ListRules<RecordRow> {
	return {
		defaultSort: 'updated_at',
		sorts: { ...COMMON_SORTS, name: { value: text('name') } },
		filters: [
			anyNumber('ids', ({ id }) => id, (id) => team.accounts.get(id)),
			anyText('crm_id', text('crm_id'), { lookUp: (id) => team.accounts.find('crmId', id) }),
			oneText('domain', text('domain'), { fold: (domain) => domain.toLowerCase(), lookUp: (domain) => team.accounts.find('domain', domain) }),
			anyText('website', text('website')),
			anyText('name', text('name')),
			flag('archived', isSet('archived')),
			anyNumber('owner_id', number('owner_id')),
			ownerCrmId(team),
			anyNumber('account_stage_id', number('company_stage_id')),
			anyNumber('account_tier_id', number('account_tier_id')),
			...['industry', 'country', 'state', 'city'].map((name) => anyText(name, text(name))),
			anyText('locales', text('locale')),
			...times,
		],
	};
}

/** GET, POST, PUT, DELETE and upsert of people and of accounts. */
export function recordRoutes(team: Team, access: Access): Array<KeyedRoute<Caller>> {
	return [
		...routesOf(team, access, PEOPLE, personLists(team), { read: 'readPeople', write: 'writePeople', delete: 'deletePeople' }),
		...routesOf(team, access, ACCOUNTS, accountLists(team), { read: 'readAccounts', write: 'writeAccounts', delete: 'deleteAccounts' }),
	];
}

function routesOf(team: Team, access: Access, kind: RecordKind, rules: ListRules<RecordRow>, needs: Record<'read' | 'write' | 'delete', Need>): Array<KeyedRoute<Caller>> {
	const path = `/v2/${kind.name}`;
	const shown = (row: RecordRow) => kind.show(team, row);
	const allowed = (need: Need, run: (incoming: Incoming, caller: Caller) => Answer) => (incoming: Incoming, caller: Caller) => access.lacking(caller, need) ?? run(incoming, caller);
	const answer = (written: { row: RecordRow } | { refusal: Answer }): Answer => ('refusal' in written ? written.refusal : { status: 200, body: { data: shown(written.row) } });
	return [
		{
			method: 'GET',
			path,
			cost: ({ query }) => pageCost(query),
			run: allowed(needs.read, ({ query }) => {
				const listed = list(team[kind.name], query, rules);
				return 'refusal' in listed ? listed.refusal : { status: 200, body: { metadata: listed.metadata, data: listed.rows.map(shown) } };
			}),
		},
		{
			method: 'GET',
			path: `${path}/:id`,
			run: allowed(needs.read, ({ params }) => {
				const row = team[kind.name].get(Number(params.id));
				return row ? { status: 200, body: { data: shown(row) } } : NOT_FOUND;
			}),
		},
		{ method: 'POST', path, run: allowed(needs.write, ({ body }, caller) => answer(createRecord(team, access, caller, kind, body))) },
		{ method: 'PUT', path: `${path}/:id`, run: allowed(needs.write, ({ params, body }, caller) => answer(updateRecord(team, access, caller, kind, Number(params.id), body))) },
		{ method: 'DELETE', path: `${path}/:id`, run: allowed(needs.delete, ({ params }) => deleteRecord(team, kind, Number(params.id))) },
		{ method: 'POST', path: `/v2/${kind.singular}_upserts`, run: allowed(needs.write, ({ body }, caller) => upsert(team, access, caller, kind, body)) },
	];
}

/** Goes by one key; the only write that tells whether it created or updated. */
function upsert(team: Team, access: Access, caller: Caller, kind: RecordKind, body: unknown): Answer {
	const sent = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
	const key = sent.upsert_key;
	let found: RecordRow | undefined;
	if (key !== undefined && key !== null) {
		if (typeof key !== 'string' || !kind.upsertKeys.includes(key)) return refused({ upsert_key: ['is invalid'] });
		const value = sent[key];
		if (value === undefined || value === null || value === '') return refused({ [key]: ['is required'] });
		const rows = findBy(team, kind, key, value);
		if (rows.length > 1) return refused({ upsert_key: ['matches multiple records'] });
		[found] = rows;
		if (key === 'id' && !found) return NOT_FOUND;
		if (found && sent.id !== undefined && sent.id !== found.id) return refused({ id: ['does not match the record found by the upsert key'] });
	}
	const written = found ? updateRecord(team, access, caller, kind, found.id, sent) : createRecord(team, access, caller, kind, sent);
	if ('refusal' in written) return written.refusal;
	const data = { [kind.singular]: kind.show(team, written.row), upsert_type: found ? 'update' : 'create' };
	return { status: 200, body: team.switches.upsertAnswer === 'wrapped' ? { data } : data };
}

function findBy(team: Team, kind: RecordKind, key: string, value: unknown): RecordRow[] {
	if (key === 'id') return [team[kind.name].get(Number(value)) ?? []].flat();
	if (key === 'crm_id') return team[kind.name].find('crmId', String(value));
	return kind === PEOPLE ? team.people.find('email', team.foldEmail(String(value))) : team.accounts.find('domain', String(value).toLowerCase());
}
