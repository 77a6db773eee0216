import type { KeyedRoute } from '../base';
import type { Access, Caller } from './access';
import { NOT_FOUND, refused } from './errors';
import { anyNumber, anyText, flag, list, pageCost } from './lists';
import type { Applied, Filter, ListRules } from './lists';
import type { Team, User } from './team';
import { shownCustomField, shownTeam, shownUser } from './views';

/** Keywords over first name, last name and e-mail: there is no filter for exactly an e-mail address. */
const SEARCH: Filter<User> = {
	name: 'search',
	shown: (query) => query.one('search'),
	read(query): Applied<User> | undefined {
		const words = query.one('search')?.toLowerCase().split(/\s+/).filter((word) => word !== '');
		if (words === undefined || words.length === 0) return undefined;
		return { matches: ({ firstName, lastName, email }) => words.every((word) => `${firstName} ${lastName} ${email}`.toLowerCase().includes(word)) };
	},
};

/** Only what is active, unless the query says otherwise. */
const VISIBLE_ONLY: Filter<User> = {
	name: 'visible_only',
	shown: (query) => (query.one('visible_only') === undefined ? undefined : query.one('visible_only') === 'true'),
	read(query): Applied<User> | 'invalid' | undefined {
		const wanted = query.one('visible_only') ?? 'true';
		if (wanted !== 'true' && wanted !== 'false') return 'invalid';
		return { matches: ({ active }) => wanted === 'false' || active };
	},
};

export function userLists(team: Team): ListRules<User> {
	return {
		defaultSort: 'id',
		directions: 'bare',
		pagedOnRequest: true,
		sorts: { id: { value: ({ id }) => id }, created_at: { value: ({ createdAt }) => createdAt }, updated_at: { value: ({ updatedAt }) => updatedAt }, name: { value: ({ firstName, lastName }) => `${lastName} ${firstName}` } },
		filters: [
			anyNumber('ids', ({ id }) => id, (id) => team.users.get(id)),
			anyText('guid', ({ guid }) => guid),
			SEARCH,
			flag('active', ({ active }) => active),
			flag('has_crm_user', ({ crmUserId }) => crmUserId !== null),
			VISIBLE_ONLY,
		],
	};
}

/** Users, the caller, the team, and the custom fields: read only here. */
export function teamRoutes(team: Team, access: Access): Array<KeyedRoute<Caller>> {
	const users = userLists(team);
	return [
		{
			method: 'GET',
			path: '/v2/users',
			cost: ({ query }) => pageCost(query),
			run: ({ query }, caller) => {
				const forbidden = access.lacking(caller, 'readTeam');
				if (forbidden) return forbidden;
				const listed = list(team.users, query, users);
				return 'refusal' in listed ? listed.refusal : { status: 200, body: { metadata: listed.metadata, data: listed.rows.map(shownUser) } };
			},
		},
		{
			method: 'GET',
			path: '/v2/users/:id',
			run: ({ params }, caller) => {
				const user = team.users.get(Number(params.id));
				return access.lacking(caller, 'readTeam') ?? (user ? { status: 200, body: { data: shownUser(user) } } : NOT_FOUND);
			},
		},
		{
			method: 'GET',
			path: '/v2/me',
			run: (_incoming, caller) => {
				const user = team.users.get(caller.userId) ?? team.users.all()[0];
				const forbidden = team.switches.meScope === 'team' ? access.lacking(caller, 'readTeam') : undefined;
				return forbidden ?? (user ? { status: 200, body: { data: shownUser(user) } } : NOT_FOUND);
			},
		},
		{ method: 'GET', path: '/v2/team', run: (_incoming, caller) => access.lacking(caller, 'readTeam') ?? { status: 200, body: { data: shownTeam(team) } } },
		{
			method: 'GET',
			path: '/v2/custom_fields',
			cost: ({ query }) => pageCost(query),
			run: ({ query }) => {
				const wanted = query.one('field_type');
				if (wanted !== undefined && !['person', 'company', 'opportunity'].includes(wanted)) return refused({ field_type: ['is invalid'] });
				const listed = list(team.customFields, query, {
					defaultSort: 'name',
					directions: 'bare',
					sorts: { name: { value: ({ name }) => name }, id: { value: ({ id }) => id } },
					filters: [{ name: 'field_type', shown: () => wanted, read: () => (wanted === undefined ? undefined : { matches: ({ fieldType }) => fieldType === wanted }) }],
				});
				return 'refusal' in listed ? listed.refusal : { status: 200, body: { metadata: listed.metadata, data: listed.rows.map(shownCustomField) } };
			},
		},
	];
}
