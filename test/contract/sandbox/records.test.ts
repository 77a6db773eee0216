import { idsOf, oneOfEach, sandboxes } from './ask';
import { salesforceId } from '../../sandbox/salesloft/seed';

const start = sandboxes();

describe('People of the Salesloft sandbox', () => {
	test('are shown as the API shows them', async () => {
		const { ask, person, account } = await oneOfEach(start);
		const { body } = await ask('GET', `/people/${person}`);
		expect(body.data).toMatchObject({
			id: person,
			email_address: 'ann@acme.com',
			display_name: 'Ann Lee',
			account: { id: account, _href: `https://api.salesloft.com/v2/accounts/${account}` },
			owner: null,
			custom_fields: {},
			tags: [],
			updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}-05:00$/),
		});
		expect(body.data).not.toHaveProperty('account_id');
		expect((await ask('GET', '/people')).body.metadata.sorting).toEqual({ sort_by: 'updated_at', sort_direction: 'DESC NULLS LAST' });
	});

	test('are created with an e-mail, or with a phone and a last name, each once', async () => {
		const { ask } = await start();
		const create = async (body: object) => (await ask('POST', '/people', { body })).status;
		expect(await create({ email_address: 'a@x.com' })).toBe(200);
		expect(await create({ email_address: 'A@x.com' })).toBe(422);
		expect(await create({ phone: '1', last_name: 'Lee' })).toBe(200);
		expect(await create({ phone: '1', last_name: 'Lee' })).toBe(422);
		expect(await create({ phone: '1', last_name: 'Roe' })).toBe(200);
		expect(await create({ first_name: 'Ann' })).toBe(422);
		expect(await create({ email_address: 'no address' })).toBe(422);
	});

	test('are found by many e-mails, IDs and CRM IDs at once', async () => {
		const { sandbox, ask } = await start();
		const { people } = sandbox.seed({ people: 200 });
		const rows = people.slice(0, 3).map((id) => sandbox.team.people.get(id)!);
		const by = (name: string, values: unknown[]) => values.map((value) => `${name}[]=${encodeURIComponent(String(value))}`).join('&');
		const emails = rows.map(({ fields }) => String(fields.email_address).toUpperCase());
		expect(idsOf(await ask('GET', `/people?${by('email_addresses', emails)}&sort_by=created_at&sort_direction=ASC`))).toEqual(people.slice(0, 3));
		expect(idsOf(await ask('GET', `/people?${by('ids', [...people.slice(0, 2), 1])}`)).sort()).toEqual(people.slice(0, 2));
		const crmId = salesforceId('003', 1);
		sandbox.team.people.change(rows[0]!, ({ fields }) => (fields.crm_id = crmId));
		expect(idsOf(await ask('GET', `/people?${by('crm_id', [crmId])}`))).toEqual([people[0]]);
		expect((await ask('GET', '/people?ids[]=x')).status).toBe(422);
		expect((await ask('GET', '/people?domain=acme.com&per_page=100')).body.data).toHaveLength(100);
		expect(idsOf(await ask('GET', '/people?email_addresses[]=_is_null&per_page=100'))).toEqual(
			sandbox.team.people.all().filter(({ fields }) => fields.email_address === undefined).sort((a, b) => b.updatedAt - a.updatedAt || b.id - a.id).map(({ id }) => id),
		);
	});

	test('are followed by the time of their last change, to the microsecond', async () => {
		const { sandbox, ask } = await start();
		sandbox.seed({ people: 250, ties: 4 });
		const seen = new Set<number>();
		let from = '1970-01-01T00:00:00Z';
		for (let calls = 1; ; calls++) {
			const page = await ask('GET', `/people?sort_by=updated_at&sort_direction=asc&per_page=100&updated_at[gte]=${encodeURIComponent(from)}`);
			for (const id of idsOf(page)) seen.add(id);
			if (page.body.metadata.paging.next_page === null) {
				expect(calls).toBe(3);
				break;
			}
			from = page.body.data.at(-1)!.updated_at;
		}
		expect(seen.size).toBe(250);
		expect((await ask('GET', `/people?updated_at[gt]=${encodeURIComponent(from)}&updated_at[lte]=${encodeURIComponent(from)}`)).body.data).toEqual([]);
		expect((await ask('GET', '/people?updated_at[gt]=yesterday')).status).toBe(422);
	});

	test('lie within bounds of time, whatever their fraction of a second', async () => {
		const { sandbox, ask, person } = await oneOfEach(start);
		sandbox.team.people.change(sandbox.team.people.get(person)!, (row) => (row.updatedAt = Date.UTC(2026, 0, 1, 12) * 1000 + 500_000));
		const found = async (bound: string) => (await ask('GET', `/people?updated_at[${bound}`)).body.data.length;
		const at = '2026-01-01T12:00:00.5Z';
		expect([await found(`gt]=${at}`), await found(`gte]=${at}`), await found(`lt]=${at}`), await found(`lte]=${at}`)]).toEqual([0, 1, 0, 1]);
		expect([await found('gt]=2026-01-01T12:00:00.499999Z'), await found('lt]=2026-01-01T07:00:00.500001-05:00'), await found('lt]=2026-01-01')]).toEqual([1, 1, 0]);
	});

	test('never share the time of a change, unless they were seeded so, and stand in the order of their IDs where they do', async () => {
		const { sandbox, ask } = await start({ timeScale: 0 });
		for (const email of ['a@x.com', 'b@x.com', 'c@x.com']) await ask('POST', '/people', { body: { email_address: email } });
		expect(new Set((await ask('GET', '/people')).body.data.map((each) => each.updated_at)).size).toBe(3);
		const { people } = sandbox.seed({ people: 12, ties: 4 });
		expect(new Set(people.map((id) => sandbox.team.people.get(id)!.updatedAt)).size).toBe(3);
		const order = idsOf(await ask('GET', '/people?sort_by=updated_at&sort_direction=ASC')).filter((id) => people.slice(0, 4).includes(id));
		expect(order).toEqual(people.slice(0, 4));
	});

	test('give an address free when they change it', async () => {
		const { ask, person } = await oneOfEach(start);
		await ask('PUT', `/people/${person}`, { body: { email_address: 'anna@acme.com' } });
		expect((await ask('GET', '/people?email_addresses[]=ann@acme.com')).body.data).toEqual([]);
		expect((await ask('POST', '/people', { body: { email_address: 'ann@acme.com' } })).status).toBe(200);
		expect((await ask('POST', '/people', { body: { email_address: 'anna@acme.com' } })).status).toBe(422);
	});

	test('are found by a custom field: its name to the letter, its value without regard to case', async () => {
		const { sandbox, ask } = await start();
		sandbox.seed({ people: 5, customFieldShare: 1 });
		expect((await ask('GET', '/people?custom_fields[Legacy ID]=leg-0000002')).body.data).toMatchObject([{ custom_fields: { 'Legacy ID': 'LEG-0000002' } }]);
		expect((await ask('GET', '/people?custom_fields[legacy id]=LEG-0000002')).body.data).toEqual([]);
		expect((await ask('GET', '/custom_fields?field_type=person')).body.data).toMatchObject([{ name: 'Legacy ID', field_type: 'person', value_type: 'text' }, { name: 'Renewal Date' }].reverse());
		expect((await ask('GET', '/custom_fields?field_type=account')).status).toBe(422);
	});

	test('are filtered by what they have, and a name that is unknown filters nothing', async () => {
		const { sandbox, ask, account } = await oneOfEach(start);
		const owner = sandbox.addUser({ email: 'sam@team.com', firstName: 'Sam', lastName: 'Seller', crmUserId: '005x' });
		const more = { account_id: account, owner_id: owner, person_stage_id: 3, import_id: 4, do_not_contact: true, eu_resident: true, title: 'CEO', city: 'Rome', state: 'RM', country: 'IT', job_seniority: 'executive', locale: 'Europe/Rome' };
		sandbox.team.people.all().forEach((row) => sandbox.team.people.remove(row));
		sandbox.addPerson({ email_address: 'none@x.com' });
		const bob = sandbox.addPerson({ email_address: 'bob@x.com', ...more });
		for (const query of [
			`account_id[]=${account}`, `owner_id[]=${owner}`, 'owner_crm_id[]=005x', 'person_stage_id[]=3', 'import_id[]=4', 'do_not_contact=true', 'eu_resident=true', 'title[]=CEO', 'city[]=Rome', 'state[]=RM',
			'country[]=IT', 'job_seniority[]=executive', 'locales[]=Europe/Rome', `created_at[gte]=${encodeURIComponent((await ask('GET', `/people/${bob}`)).body.data.created_at)}`,
		]) expect([query, idsOf(await ask('GET', `/people?${query}`))]).toEqual([query, [bob]]);
		expect((await ask('GET', '/people?titel[]=CEO')).body).toMatchObject({ metadata: { filtering: {} }, data: [{}, {}] });
		expect((await ask('GET', '/people?title[]=CEO')).body.metadata.filtering).toEqual({ title: ['CEO'] });
		sandbox.team.people.change(sandbox.team.people.get(bob)!, (row) => (row.lastContactedAt = row.createdAt));
		expect(idsOf(await ask('GET', '/people?last_contacted=_is_not_null'))).toEqual([bob]);
		expect((await ask('GET', '/people?last_contacted=_is_null')).body.data).toMatchObject([{ email_address: 'none@x.com' }]);
	});

	test('without a value stand first in ascending order and last in descending; an unknown order is refused', async () => {
		const { sandbox, ask } = await start();
		const [b, none, a] = ['B', undefined, 'A'].map((title, at) => sandbox.addPerson({ email_address: `p${at}@x.com`, title }));
		const order = async (direction: string) => await ask('GET', `/people?sort_by=title&sort_direction=${direction}`);
		expect(idsOf(await order('ASC'))).toEqual([none, a, b]);
		expect(idsOf(await order('desc'))).toEqual([b, a, none]);
		expect((await order('ASC')).body.metadata.sorting).toEqual({ sort_by: 'title', sort_direction: 'ASC NULLS FIRST' });
		expect(await ask('GET', '/people?sort_by=domain')).toMatchObject({ status: 422, body: { errors: { sort_by: ['is invalid'] } } });
	});

	test('are counted when asked for, and up to 10,000 when that is asked for', async () => {
		const { sandbox, ask } = await start();
		sandbox.seed({ people: 10_050 });
		const counts = async (query: string) => (await ask('GET', `/people?per_page=100${query}`)).body.metadata.paging.total_count;
		expect([await counts(''), await counts('&include_paging_counts=true'), await counts('&include_paging_counts=true&limit_paging_counts=true')]).toEqual([undefined, 10_050, 10_000]);
	});

	test('keep what an update does not send, and what changes nothing leaves them as they were', async () => {
		const { sandbox, ask, person } = await oneOfEach(start);
		sandbox.addCustomField('Legacy ID', 'person');
		const first = await ask('PUT', `/people/${person}`, { body: { city: 'Rome', custom_fields: { 'Legacy ID': 'L-1', Unknown: 'x' } } });
		expect(first).toMatchObject({ status: 200, body: { data: { first_name: 'Ann', city: 'Rome', custom_fields: { 'Legacy ID': 'L-1' } } } });
		const again = await ask('PUT', `/people/${person}`, { body: { city: 'Rome', first_name: 'Ann' } });
		expect(again.body).toEqual(first.body);
		const cleared = await ask('PUT', `/people/${person}`, { body: { custom_fields: { 'Legacy ID': null } } });
		expect(cleared.body.data.custom_fields).toEqual({});
		expect(cleared.body.data.updated_at > first.body.data.updated_at).toBe(true);
		expect((await ask('PUT', '/people/1', { body: {} })).status).toBe(404);
		for (const body of [{ account_id: 1 }, { owner_id: 1 }, { job_seniority: 'boss' }, { do_not_contact: 'yes' }, { tags: 'a' }, { custom_fields: ['a'] }, { contact_restrictions: 'call' }, { title: 5 }]) {
			expect(await ask('PUT', `/people/${person}`, { body })).toMatchObject({ status: 422, body: { errors: { [Object.keys(body)[0] as string]: ['is invalid'] } } });
		}
	});

	test('take a CRM ID only of Salesforce, in its long form, with the privileged scope', async () => {
		const { sandbox, ask, person } = await oneOfEach(start);
		const put = async (body: object, key?: string) => await ask('PUT', `/people/${person}`, { body, key });
		const crmId = salesforceId('003', 7);
		expect((await put({ crm_id: crmId })).body.errors).toHaveProperty('crm_id_type');
		expect((await put({ crm_id: crmId.slice(0, 15), crm_id_type: 'salesforce' })).body.errors).toHaveProperty('crm_id');
		expect((await put({ crm_id: salesforceId('001', 7), crm_id_type: 'salesforce' })).body.errors).toHaveProperty('crm_id');
		expect((await put({ crm_id: crmId, crm_id_type: 'salesforce' }, sandbox.addApiKey({ scopes: ['people:write'] }))).body.error).toContain('crm_id_person:write');
		expect((await put({ crm_id: crmId, crm_id_type: 'salesforce' })).body.data).toMatchObject({ crm_id: crmId, crm_object_type: 'contact' });
	});

	test('are upserted by one key, and the answer tells which it was', async () => {
		const { sandbox, ask, person } = await oneOfEach(start, { switches: { duplicateEmails: 'allowed' } });
		const upsert = async (body: object) => await ask('POST', '/person_upserts', { body });
		expect((await upsert({ upsert_key: 'email_address', email_address: 'ann@acme.com', city: 'Rome' })).body.data).toMatchObject({ upsert_type: 'update', person: { id: person, city: 'Rome' } });
		expect((await upsert({ upsert_key: 'email_address', email_address: 'new@acme.com' })).body.data).toMatchObject({ upsert_type: 'create' });
		expect((await upsert({ upsert_key: 'email_address', id: person })).status).toBe(422);
		expect((await upsert({ upsert_key: 'email_address', email_address: 'ann@acme.com', id: 1 })).status).toBe(422);
		expect((await upsert({ upsert_key: 'phone', phone: '1' })).status).toBe(422);
		sandbox.addPerson({ email_address: 'ann@acme.com' });
		expect((await upsert({ upsert_key: 'email_address', email_address: 'ann@acme.com' })).status).toBe(422);
	});

	test('are deleted again and again with 204', async () => {
		const { ask, person } = await oneOfEach(start);
		expect((await ask('DELETE', `/people/${person}`)).status).toBe(204);
		expect((await ask('DELETE', `/people/${person}`)).status).toBe(204);
		expect((await ask('DELETE', '/people/1')).status).toBe(404);
		expect((await ask('GET', `/people/${person}`)).status).toBe(404);
	});
});

describe('Accounts of the Salesloft sandbox', () => {
	test('need a name and a domain of their own, which is kept as it was given', async () => {
		const { ask } = await start();
		expect((await ask('POST', '/accounts', { body: { name: 'Nike' } })).body.errors).toEqual({ domain: ['is required'] });
		expect((await ask('POST', '/accounts', { body: { name: 'Nike', domain: 'https://www.nike.com' } })).body.data.domain).toBe('https://www.nike.com');
		expect((await ask('POST', '/accounts', { body: { name: 'Nike', domain: 'nike.com' } })).status).toBe(200);
		expect((await ask('POST', '/accounts', { body: { name: 'Nike', domain: 'nike.com' } })).body.errors).toEqual({ domain: ['is already taken'] });
		expect((await ask('GET', '/accounts?domain=nike.com')).body.data).toMatchObject([{ domain: 'nike.com' }]);
	});

	test('are found by name to the letter, and by whether they are archived', async () => {
		const { sandbox, ask, account } = await oneOfEach(start);
		const other = sandbox.addAccount({ name: 'acme', domain: 'other.com', archived: true });
		expect(idsOf(await ask('GET', '/accounts?name[]=Acme'))).toEqual([account]);
		expect(idsOf(await ask('GET', '/accounts?archived=true'))).toEqual([other]);
		expect(idsOf(await ask('GET', '/accounts?archived=false'))).toEqual([account]);
		const crmId = salesforceId('001', 3);
		const full = sandbox.addAccount({ name: 'Full', domain: 'full.com', website: 'https://full.com', industry: 'Health', company_stage_id: 5, account_tier_id: 6, crm_id: crmId, locale: 'Europe/Rome' });
		for (const query of [`ids[]=${full}`, `crm_id[]=${crmId}`, 'domain=FULL.com', 'website[]=https://full.com', 'industry[]=Health', 'account_stage_id[]=5', 'account_tier_id[]=6', 'locales[]=Europe/Rome']) {
			expect([query, idsOf(await ask('GET', `/accounts?${query}`))]).toEqual([query, [full]]);
		}
	});

	test('count their people, and let them go when they are deleted', async () => {
		const { ask, account, person } = await oneOfEach(start);
		expect((await ask('GET', `/accounts/${account}`)).body.data.counts).toEqual({ people: 1 });
		expect((await ask('DELETE', `/accounts/${account}`)).status).toBe(204);
		expect((await ask('GET', `/people/${person}`)).body.data.account).toBeNull();
	});

	test('are upserted by domain', async () => {
		const { ask, account } = await oneOfEach(start);
		const { body } = await ask('POST', '/account_upserts', { body: { upsert_key: 'domain', domain: 'acme.com', name: 'Acme Inc' } });
		expect(body.data).toMatchObject({ upsert_type: 'update', account: { id: account, name: 'Acme Inc' } });
	});
});

describe('Users of the Salesloft sandbox', () => {
	test('come all at once and without paging, unless a page is asked for', async () => {
		const { sandbox, ask } = await start();
		sandbox.seed({ users: 60 });
		const all = await ask('GET', '/users?visible_only=false');
		expect(all.body.data).toHaveLength(61);
		expect(all.body.metadata).not.toHaveProperty('paging');
		const page = await ask('GET', '/users?page=1&visible_only=false');
		expect(page.body.data).toHaveLength(25);
		expect(page.body.metadata.paging.next_page).toBe(2);
	});

	test('who are inactive are hidden, unless asked for; a search is by words', async () => {
		const { sandbox, ask } = await start();
		const gone = sandbox.addUser({ email: 'gone@team.com', firstName: 'Gone', lastName: 'Girl', active: false });
		const sam = sandbox.addUser({ email: 'sam@team.com', firstName: 'Sam', lastName: 'Seller' });
		expect(idsOf(await ask('GET', '/users'))).not.toContain(gone);
		expect(idsOf(await ask('GET', '/users?visible_only=false&search=gone'))).toEqual([gone]);
		expect(idsOf(await ask('GET', '/users?search=sam%20SELL'))).toEqual([sam]);
		expect((await ask('GET', `/users/${sam}`)).body.data).toMatchObject({ id: sam, guid: expect.any(String) });
		expect((await ask('POST', '/users', { body: {} })).status).toBe(404);
	});

	test('the caller and the team can be asked for', async () => {
		const { ask } = await start();
		expect((await ask('GET', '/me')).body.data).toMatchObject({ email: 'admin@sandbox-team.com' });
		expect((await ask('GET', '/team')).body.data).toMatchObject({ id: 100_013, group_privacy_setting: 'all_public' });
	});
});

describe('Requests to the Salesloft sandbox', () => {
	test('without a bearer token, with a wrong one, to no route, and with broken JSON are answered as the API answers them', async () => {
		const { ask } = await start();
		expect(await ask('GET', '/me', { key: '' })).toMatchObject({ status: 401, body: { error: expect.stringContaining('No Bearer Token attached') } });
		expect(await ask('GET', '/me', { key: 'ak_wrong' })).toMatchObject({ status: 401, body: { error: expect.any(String) } });
		expect(await ask('GET', '/nothing')).toMatchObject({ status: 404, body: { error: 'Not Found' } });
		expect(await ask('POST', '/people', { body: '{"email' })).toMatchObject({ status: 400, body: { error: expect.any(String) } });
	});

	test('may end in .json and may be forms', async () => {
		const { ask, person } = await oneOfEach(start);
		expect(idsOf(await ask('GET', '/people.json?per_page=5'))).toEqual([person]);
		expect((await ask('POST', '/people', { body: 'email_address=form%40acme.com', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).body.data.email_address).toBe('form@acme.com');
	});

	test('of the same seed give the same team', async () => {
		const now = Date.UTC(2026, 0, 1);
		const teams = [];
		for (const seed of [1, 1, 2]) {
			const { sandbox } = await start({ timeScale: 0, now });
			sandbox.seed({ people: 300, accounts: 40, users: 5, seed });
			teams.push(JSON.stringify([sandbox.team.people.all(), sandbox.team.accounts.all(), sandbox.team.users.all()]));
		}
		expect(teams[0]).toBe(teams[1]);
		expect(teams[0]).not.toBe(teams[2]);
	});
});
