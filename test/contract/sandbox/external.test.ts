import { idsOf, mappingOf, oneOfEach, sandboxes } from './ask';

const start = sandboxes();

describe('Configurations of the Salesloft sandbox', () => {
	test('are made by API keys without a source, by applications with theirs, and listed together', async () => {
		const { sandbox, ask } = await start();
		const byKey = await ask('POST', '/external/configurations', { body: { external_type: 'erp', object_type: 'accounts' } });
		expect(byKey).toMatchObject({ status: 201, body: { data: { id: expect.any(Number), external_type: 'erp', object_type: 'accounts', deleted: false, source_id: null, source_type: null } } });
		const { accessToken } = sandbox.login();
		const byApplication = await ask('POST', '/external/configurations', { key: accessToken, body: { external_type: 'crm', object_type: 'users' } });
		expect(byApplication.body.data).toMatchObject({ source_id: sandbox.integration.id, source_type: 'integration' });
		const listed = await ask('GET', '/external/configurations');
		expect(listed.status).toBe(200);
		expect(listed.body.data.map((each) => each.external_type).sort()).toEqual(['crm', 'erp']);
	});

	test('are deleted with 204 and no body', async () => {
		const { ask, configuration } = await oneOfEach(start);
		expect(await ask('DELETE', `/external/configurations/${configuration}`)).toMatchObject({ status: 204, body: '' });
		expect((await ask('GET', '/external/configurations')).body.data).toEqual([]);
		expect((await ask('DELETE', `/external/configurations/${configuration}`)).status).toBe(404);
	});

	test.each([
		[{ object_type: 'people' }, { external_type: expect.any(Array) }],
		[{ external_type: 'crm' }, { object_type: expect.any(Array) }],
		[{ external_type: 'crm', object_type: 'deals' }, { object_type: ['is invalid'] }],
	])('%j is refused', async (body, errors) => {
		const { ask } = await start();
		expect(await ask('POST', '/external/configurations', { body })).toMatchObject({ status: 422, body: { errors } });
	});
});

describe('Mappings of the Salesloft sandbox', () => {
	test('are made, listed with metadata, and deleted', async () => {
		const { sandbox, ask, person } = await oneOfEach(start);
		const made = await ask('POST', '/external/mappings', { body: mappingOf('C-1', person) });
		expect(made).toMatchObject({
			status: 201,
			body: { data: { id: expect.any(Number), tenant_id: 100_013, external_id: 'C-1', object_id: person, external_type: 'crm', object_type: 'people', deleted: false, inserted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) } },
		});
		const listed = await ask('GET', '/external/mappings?external_type=crm&external_id=C-1&object_type=people');
		expect(listed.body).toEqual({
			metadata: {
				filtering: { external_type: 'crm', external_id: 'C-1', object_type: 'people' },
				paging: { per_page: 25, current_page: 1, next_page: null, prev_page: null },
				sorting: { sort_by: 'id', sort_direction: 'DESC' },
			},
			data: [made.body.data],
		});
		expect(await ask('DELETE', `/external/mappings/${made.body.data.id}`)).toMatchObject({ status: 204, body: '' });
		expect((await ask('GET', '/external/mappings?external_id=C-1')).body.data).toEqual([]);
		expect(sandbox.mappings()).toEqual([]);
	});

	test('one External ID may stand under two types for the same person', async () => {
		const { sandbox, ask, person } = await oneOfEach(start);
		sandbox.addConfiguration('erp', 'people');
		for (const type of ['crm', 'erp']) expect((await ask('POST', '/external/mappings', { body: mappingOf('X', person, type) })).status).toBe(201);
		expect((await ask('GET', '/external/mappings?external_id=X')).body.data.map((each) => each.external_type)).toEqual(['erp', 'crm']);
		expect((await ask('GET', `/external/mappings?object_type=people&object_id=${person}`)).body.data).toHaveLength(2);
	});

	test.each(['external_type', 'external_id', 'object_type', 'object_id'])('without %s are refused', async (field) => {
		const { ask, person } = await oneOfEach(start);
		expect(await ask('POST', '/external/mappings', { body: { ...mappingOf('C-1', person), [field]: undefined } })).toMatchObject({ status: 422, body: { errors: { [field]: expect.any(Array) } } });
	});

	test('an External ID is text and an Object ID a number', async () => {
		const { ask, person } = await oneOfEach(start);
		expect((await ask('POST', '/external/mappings', { body: mappingOf(5, person) })).status).toBe(422);
		expect((await ask('POST', '/external/mappings', { body: mappingOf('5', String(person)) })).status).toBe(422);
	});

	test('are filtered by each documented name, and by whether they are deleted', async () => {
		const { sandbox, ask, person, account } = await oneOfEach(start);
		const one = sandbox.addMapping('crm', 'people', 'A', person);
		const two = sandbox.addMapping('erp', 'people', 'A', person);
		const three = sandbox.addMapping('crm', 'accounts', 'B', account);
		await ask('DELETE', `/external/mappings/${two}`);
		const found = async (query: string) => idsOf(await ask('GET', `/external/mappings?${query}`));
		expect(await found('')).toEqual([three, one]);
		expect(await found('external_type=crm&sort_direction=asc')).toEqual([one, three]);
		expect(await found('external_id=A')).toEqual([one]);
		expect(await found('object_type=accounts')).toEqual([three]);
		expect(await found(`object_id=${account}`)).toEqual([three]);
		expect(await found('deleted=true')).toEqual([two]);
		expect(await found('extern_id=A')).toEqual([three, one]);
		for (const bad of ['object_id=abc', 'object_type=deals', 'deleted=perhaps', 'sort_by=external_id', 'sort_direction=up']) {
			expect(await ask('GET', `/external/mappings?${bad}`)).toMatchObject({ status: 422, body: { errors: { [bad.split('=')[0] as string]: ['is invalid'] } } });
		}
	});

	test('are paged; numbers out of range are put right, and a page past the end is empty', async () => {
		const { sandbox, ask, person } = await oneOfEach(start);
		for (let at = 0; at < 130; at++) sandbox.addMapping('crm', 'people', `C-${at}`, person);
		const first = await ask('GET', '/external/mappings?per_page=1000&page=0&include_paging_counts=true');
		expect(first.body.metadata.paging).toEqual({ per_page: 100, current_page: 1, next_page: 2, prev_page: null, total_pages: 2, total_count: 130 });
		const second = await ask('GET', '/external/mappings?per_page=100&page=2');
		expect(second.body.data).toHaveLength(30);
		expect(new Set([...idsOf(first), ...idsOf(second)]).size).toBe(130);
		expect(await ask('GET', '/external/mappings?page=99')).toMatchObject({ status: 200, body: { data: [], metadata: { paging: { next_page: null } } } });
	});
});

describe('Reads by External IDs of the Salesloft sandbox', () => {
	test('give the objects themselves, without their External IDs, and leave out what has no mapping', async () => {
		const { sandbox, ask, person } = await oneOfEach(start);
		const other = sandbox.addPerson({ email_address: 'bob@acme.com' });
		sandbox.addMapping('crm', 'people', 'A', person);
		sandbox.addMapping('crm', 'people', 'B', other);
		const found = await ask('GET', '/external/ids/crm/people?external_ids[1]=A&external_ids[2]=nobody&external_ids[3]=B');
		expect(found.status).toBe(200);
		expect(idsOf(found).sort()).toEqual([person, other].sort());
		expect(JSON.stringify(found.body)).not.toContain('"A"');
	});

	test('have an order of their own, not that of the External IDs', async () => {
		const { sandbox, ask } = await oneOfEach(start);
		const { people } = sandbox.seed({ people: 6, ties: 3 });
		for (const [at, id] of people.entries()) sandbox.addMapping('crm', 'people', `M${at}`, id);
		const order = async (ids: number[]) => idsOf(await ask('GET', `/external/ids/crm/people?${ids.map((id, at) => `external_ids[${at + 1}]=M${id}`).join('&')}`));
		expect(await order([0, 1, 2, 3, 4, 5])).toEqual(await order([3, 5, 0, 2, 4, 1]));
	});

	test('work for accounts and users', async () => {
		const { sandbox, ask, account } = await oneOfEach(start);
		const user = sandbox.addUser({ email: 'sam@team.com', firstName: 'Sam', lastName: 'Seller' });
		sandbox.addMapping('crm', 'accounts', 'A', account);
		sandbox.addMapping('crm', 'users', 'U', user);
		expect((await ask('GET', '/external/ids/crm/accounts?external_ids[1]=A')).body.data).toMatchObject([{ id: account, domain: 'acme.com' }]);
		expect((await ask('GET', '/external/ids/crm/users?external_ids[1]=U')).body.data).toMatchObject([{ id: user, email: 'sam@team.com' }]);
	});
});

describe('Upserts by External ID of the Salesloft sandbox', () => {
	test('create and map what is new, and update what is mapped', async () => {
		const { sandbox, ask } = await oneOfEach(start);
		const made = await ask('POST', '/external/ids/crm/people/C-9', { body: { email_address: 'new@acme.com', first_name: 'New' } });
		expect(made).toMatchObject({ status: 201, body: { data: { email_address: 'new@acme.com', first_name: 'New' } } });
		expect(sandbox.mappings()).toMatchObject([{ externalType: 'crm', objectType: 'people', externalId: 'C-9', objectId: made.body.data.id }]);
		const again = await ask('POST', '/external/ids/crm/people/C-9', { body: { city: 'Atlanta' } });
		expect(again.body.data).toMatchObject({ id: made.body.data.id, email_address: 'new@acme.com', city: 'Atlanta' });
		expect(again.body.data.updated_at > again.body.data.created_at).toBe(true);
		expect(sandbox.mappings()).toHaveLength(1);
	});

	test('are not there for users', async () => {
		const { sandbox, ask } = await start();
		sandbox.addConfiguration('crm', 'users');
		expect((await ask('POST', '/external/ids/crm/users/U-1', { body: {} })).status).toBe(404);
	});

	test('of an address that is taken are refused, and link nothing', async () => {
		const { sandbox, ask } = await oneOfEach(start);
		expect(await ask('POST', '/external/ids/crm/people/C-9', { body: { email_address: 'ANN@acme.com' } })).toMatchObject({ status: 422, body: { errors: { email_address: ['is already taken'] } } });
		expect(sandbox.mappings()).toEqual([]);
	});

	test('of an account without domain, or with one that is taken, are refused', async () => {
		const { sandbox, ask } = await oneOfEach(start);
		sandbox.addConfiguration('crm', 'accounts');
		expect(await ask('POST', '/external/ids/crm/accounts/A', { body: { name: 'New' } })).toMatchObject({ status: 422, body: { errors: { domain: ['is required'] } } });
		expect(await ask('POST', '/external/ids/crm/accounts/A', { body: { name: 'New', domain: 'ACME.com' } })).toMatchObject({ status: 422, body: { errors: { domain: ['is already taken'] } } });
		expect((await ask('POST', '/external/ids/crm/accounts/A', { body: { name: 'New', domain: 'https://acme.com' } })).status).toBe(201);
	});

	test('of what is mapped to a deleted object find nothing', async () => {
		const { sandbox, ask, person } = await oneOfEach(start);
		sandbox.addMapping('crm', 'people', 'A', person);
		await ask('DELETE', `/people/${person}`);
		expect((await ask('POST', '/external/ids/crm/people/A', { body: { city: 'Rome' } })).status).toBe(404);
		expect((await ask('GET', '/external/ids/crm/people?external_ids[1]=A')).body.data).toEqual([]);
	});

	test.each(['a/b', '..a', '?x=1', '#', '%', '%2F', 'a b', 'é😀', 'x.json', 'x'.repeat(3_000)])('take the ID %p as one segment', async (id) => {
		const { sandbox, ask } = await oneOfEach(start);
		expect((await ask('POST', `/external/ids/crm/people/${encodeURIComponent(id)}`, { body: { email_address: 'new@acme.com' } })).status).toBe(201);
		expect(sandbox.mappings().map(({ externalId }) => externalId)).toEqual([id]);
		expect((await ask('GET', `/external/mappings?external_id=${encodeURIComponent(id)}`)).body.data).toHaveLength(1);
	});
});

describe('Scopes of the Salesloft sandbox', () => {
	const CALLS = [
		['external_id_configuration:read', 'GET', '/external/configurations'],
		['external_id_configuration:write', 'POST', '/external/configurations'],
		['external_id_configuration:delete', 'DELETE', '/external/configurations/1'],
		['external_id:read', 'GET', '/external/mappings'],
		['external_id:write', 'POST', '/external/mappings'],
		['external_id:delete', 'DELETE', '/external/mappings/1'],
		['external_id:read', 'GET', '/external/ids/crm/people?external_ids[1]=a'],
		['external_id:write', 'POST', '/external/ids/crm/people/a'],
		['people:read', 'GET', '/people'],
		['people:write', 'POST', '/people'],
		['people:write', 'PUT', '/people/1'],
		['people:delete', 'DELETE', '/people/1'],
		['people:write', 'POST', '/person_upserts'],
		['accounts:read', 'GET', '/accounts'],
		['accounts:write', 'POST', '/account_upserts'],
		['team:read', 'GET', '/users'],
		['team:read', 'GET', '/team'],
	] as const;

	test.each(CALLS)('%s is needed for %s %s', async (scope, method, path) => {
		const { sandbox, ask } = await start();
		const without = sandbox.addApiKey({ scopes: CALLS.map(([each]) => each).filter((each) => each !== scope) });
		expect(await ask(method, path, { key: without, body: method === 'POST' ? {} : undefined })).toMatchObject({ status: 403, body: { error: expect.stringContaining(scope) } });
		const withIt = sandbox.addApiKey({ scopes: CALLS.map(([each]) => each) });
		expect((await ask(method, path, { key: withIt, body: method === 'POST' ? {} : undefined })).status).not.toBe(403);
	});

	test('reads and upserts by External ID need the scope of their objects as well', async () => {
		const { sandbox, ask } = await oneOfEach(start);
		const key = sandbox.addApiKey({ scopes: ['external_id:read', 'external_id:write'] });
		expect(await ask('GET', '/external/ids/crm/people?external_ids[1]=a', { key })).toMatchObject({ status: 403, body: { error: expect.stringContaining('people:read') } });
		expect(await ask('POST', '/external/ids/crm/people/a', { key, body: {} })).toMatchObject({ status: 403, body: { error: expect.stringContaining('people:write') } });
	});
});
