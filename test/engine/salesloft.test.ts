import type { IDataObject, ILoadOptionsFunctions, INodeParameters } from 'n8n-workflow';

import { SalesloftApi } from '../../credentials/SalesloftApi.credentials';
import { Salesloft } from '../../nodes/Salesloft/Salesloft.node';
import { createExternalType, loadCustomFields, recordFields, searchCustomFields, searchExternalTypes } from '../../nodes/Salesloft/lists';
import { startSalesloft } from '../sandbox/salesloft';
import type { Sandbox, SalesloftOptions } from '../sandbox/salesloft';
import { picked, statuses, typed } from './registryNode';
import { oauthSettings, salesloftNode } from './salesloftNode';

const open: Sandbox[] = [];
async function start(options: SalesloftOptions = {}) {
	const sandbox = await startSalesloft({ limitOff: true, ...options });
	open.push(sandbox);
	return { sandbox, node: salesloftNode(sandbox) };
}
afterEach(async () => {
	for (const sandbox of open.splice(0)) await sandbox.close();
});

const person = { objectType: 'people' };
const byCrm: INodeParameters = { ...person, findBy: 'externalId', externalType: typed('crm'), externalId: '={{ $json.id }}' };
const backfill: INodeParameters = { ...person, mode: 'apply', externalType: picked('crm'), source: 'items', externalId: '={{ $json.id }}', matchBy: ['email'], email: '={{ $json.email }}' };
const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `C${n}`, email: `p${n}@acme.com` }));
const addPeople = (sandbox: Sandbox, count: number) => rows(count).map(({ email }) => sandbox.addPerson({ email_address: email }));

describe('operations', () => {
	it('go from an upsert over a look-up and a translation to a delete', async () => {
		const { sandbox, node } = await start();
		const created = await node.done('record:upsert', { recordType: 'people', externalType: picked('crm'), externalId: '={{ $json.id }}', fieldsFrom: 'form', fields: { email_address: '={{ $json.email }}', first_name: 'Ann' } }, rows(3));
		expect(statuses(created)).toEqual(['created', 'created', 'created']);
		expect(created[0]).toMatchObject({ objectType: 'people', externalType: 'crm', externalId: 'C0', objectId: expect.any(String), fields: { email_address: 'p0@acme.com', first_name: 'Ann' } });
		await node.done('mapping:create', { ...person, externalType: picked('erp'), externalId: 'E0', objectId: String(created[0]?.objectId) });
		const translated = await node('mapping:translate', { ...byCrm, toType: typed('erp') }, rows(3));
		expect([translated.json(0), statuses(translated.json(1))]).toEqual([[expect.objectContaining({ externalId: 'E0', fromId: 'C0' })], ['notFound', 'notFound']]);
		expect(translated.outputs[1]?.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 1 }, { item: 2 }]);
		const resolved = await node.done('mapping:resolve', { ...byCrm, options: { allIds: true } }, rows(1));
		expect(resolved[0]).toMatchObject({ status: 'found', externalIds: { crm: 'C0', erp: 'E0' } });
		expect(await node.done('record:get', byCrm, rows(3))).toHaveLength(3);
		expect(await node.done('mapping:getAll', { returnAll: true, filters: { externalType: typed('crm') } })).toHaveLength(3);
		expect(await node.done('mapping:getAll', { returnAll: false, limit: 2, filters: {} })).toHaveLength(2);
		expect(await node.done('record:getAll', { ...person, returnAll: true, filters: { email: 'p1@acme.com, p2@acme.com' } })).toHaveLength(2);
		expect(statuses(await node.done('mapping:delete', { deleteBy: 'externalId', ...person, externalType: typed('crm'), externalId: '={{ $json.id }}' }, rows(3)))).toEqual(['deleted', 'deleted', 'deleted']);
		expect(sandbox.mappings().map(({ externalId }) => externalId)).toEqual(['E0']);
		expect(await node.done('configuration:getAll', { returnAll: true, ofObjectType: 'any' })).toHaveLength(2);
		expect(statuses(await node.done('configuration:create', { ...person, name: 'crm' }))).toEqual(['unchanged']);
		expect(statuses(await node.done('configuration:delete', { ...person, externalType: typed('crm') }))).toEqual(['deleted']);
	});

	it('take fields as JSON and by a mapper, custom fields too', async () => {
		const { sandbox, node } = await start();
		sandbox.addCustomField('Plan', 'person');
		const json = { recordType: 'people', externalType: picked('crm'), externalId: 'A', fieldsFrom: 'json', fieldsJson: '{"email_address": "ann@acme.com", "custom_fields": {"Plan": "gold"}}' };
		expect(await node.done('record:upsert', json)).toEqual([expect.objectContaining({ status: 'created', fields: expect.objectContaining({ custom_fields: { Plan: 'gold' } }) })]);
		const schema = [{ id: 'custom_fields.Plan', displayName: 'Plan', type: 'string', required: false, defaultMatch: false, display: true }];
		const mapper = { recordType: 'people', externalType: picked('crm'), externalId: 'A', fieldsFrom: 'mapper', mappedFields: { mappingMode: 'autoMapInputData', value: null, schema } } as unknown as INodeParameters;
		expect(await node.done('record:upsert', mapper, [{ first_name: 'Ann', Plan: 'silver', unknown: 'x' }])).toEqual([expect.objectContaining({ status: 'updated', changed: ['first_name', 'custom_fields'] })]);
		const form = { recordType: 'people', externalType: picked('crm'), externalId: 'A', fieldsFrom: 'form', fields: { customFields: { field: [{ name: 'Plan', value: 'bronze' }] } } };
		expect(await node.done('record:upsert', form)).toEqual([expect.objectContaining({ status: 'updated', changed: ['custom_fields'] })]);
	});

	it('name the account of a person by its External ID', async () => {
		const { node } = await start();
		const [account] = await node.done('record:upsert', { recordType: 'accounts', externalType: picked('erp'), externalId: 'A1', fieldsFrom: 'form', fields: { name: 'Acme', domain: 'acme.com' } });
		const [made] = await node.done('record:upsert', { recordType: 'people', externalType: picked('crm'), externalId: 'P1', fieldsFrom: 'form', fields: { email_address: 'a@acme.com', accountExternalId: 'A1', accountExternalType: typed('erp') } });
		expect((made?.fields as IDataObject).account).toMatchObject({ id: Number(account?.objectId) });
	});
});

describe('backfill', () => {
	it('a dry run tells the plan and writes nothing; applied it writes; the same again writes nothing', async () => {
		const { sandbox, node } = await start();
		addPeople(sandbox, 5);
		const dry = await node('mapping:backfill', { ...backfill, mode: 'dryRun' }, rows(6));
		expect([dry.json(0), statuses(dry.json(1)), statuses(dry.json(2)), dry.json(3)]).toEqual([[], ['notFound'], Array(5).fill('planned'), [expect.objectContaining({ mode: 'dryRun', plan: { link: 5, replace: 0, move: 0 } })]]);
		expect(sandbox.mappings()).toEqual([]);
		const applied = await node('mapping:backfill', backfill, rows(6));
		expect(statuses(applied.json(0))).toEqual(Array(5).fill('linked'));
		expect(applied.json(3)[0]).toMatchObject({ counts: { linked: 5, notFound: 1 }, calls: expect.any(Number), sentence: expect.stringContaining('5 linked') });
		sandbox.accounting.reset();
		expect(statuses((await node('mapping:backfill', backfill, rows(6))).json(0))).toEqual(Array(5).fill('unchanged'));
		expect(sandbox.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
		// Undone, but only what still leads to where the backfill put it.
		const undone = await node.done('mapping:delete', { deleteBy: 'mappingId', mappingId: '={{ $json.mappingId }}', onlyIfObjectId: '={{ $json.objectId }}' }, applied.json(0));
		expect(statuses(undone)).toEqual(Array(5).fill('deleted'));
		expect(sandbox.mappings()).toEqual([]);
	});

	it("from a custom field of Salesloft's records, all of them for the first item", async () => {
		const { sandbox, node } = await start();
		sandbox.seed({ people: 130, customFieldShare: 0.5 });
		const parameters: INodeParameters = { ...person, mode: 'apply', externalType: picked('legacy'), source: 'field', field: 'customField', customField: typed('Legacy ID') };
		const result = await node('mapping:backfill', parameters, [{}, {}]);
		expect(result.error).toBeUndefined();
		expect(result.json(0).length).toBe(sandbox.mappings('legacy').length);
		expect(result.json(0).length).toBeGreaterThan(20);
		expect(result.outputs[0]?.every(({ pairedItem }) => (pairedItem as { item: number }).item === 0)).toBe(true);
		expect(result.hints.map(({ message }) => message)).toEqual(expect.arrayContaining([expect.stringContaining('input items are not looked at')]));
		const none = await node('mapping:backfill', { ...parameters, customField: typed('legacy id') });
		expect(none.json(1)).toEqual([expect.objectContaining({ reason: expect.stringContaining('capitals included') })]);
	});

	it('a cancel in the middle of it loses nothing: the next run goes on', async () => {
		const { sandbox, node } = await start({ latencyMs: 30 });
		addPeople(sandbox, 1_000);
		const workflow = { credentials: { salesloftApi: { apiKey: sandbox.apiKey, baseUrl: sandbox.baseUrl } }, credentialTypes: [SalesloftApi], cancelAfterMs: 700 };
		const result = await node('mapping:backfill', backfill, rows(1_000), { workflow });
		expect(result.status).toBe('canceled');
		expect(sandbox.mappings().length).toBeLessThan(1_000);
		// Calls that were under way at the cancel may still take effect.
		const again = tallyOf((await node('mapping:backfill', backfill, rows(1_000))).json(0));
		expect((again.linked ?? 0) + (again.unchanged ?? 0)).toBe(1_000);
		expect(new Set(sandbox.mappings().map(({ externalId }) => externalId)).size).toBe(1_000);
		expect(sandbox.mappings()).toHaveLength(1_000);
	});

	it.each<[string, INodeParameters, RegExp]>([
		['e-mails of accounts', { objectType: 'accounts' }, /Accounts have no e-mail/],
		['domains of people', { matchBy: ['domain'] }, /Only accounts have a domain/],
		['CRM IDs of users', { objectType: 'users', matchBy: ['crmId'] }, /Users cannot be found by CRM ID/],
		['fields of users', { objectType: 'users', source: 'field', field: 'crmId' }, /Users have no custom fields/],
		['a share that is none', { options: { rateShare: 0 } }, /Share of Rate Limit is a number from 1 to 100/],
		['a type that was typed and is not there', { externalType: typed('cmr') }, /There is no External Type "cmr"/],
	])('refuses %s before anything is done', async (_, parameters, message) => {
		const { sandbox, node } = await start();
		const result = await node('mapping:backfill', { ...backfill, ...parameters }, rows(1));
		expect(result.error?.message).toMatch(message);
		expect(sandbox.mappings()).toEqual([]);
	});
});

const tallyOf = (items: IDataObject[]) => items.reduce<Record<string, number>>((counts, { status }) => ({ ...counts, [String(status)]: (counts[String(status)] ?? 0) + 1 }), {});

describe('who may not', () => {
	it('a wrong key fails the run with words of Salesloft and what to do, and no secret', async () => {
		const { sandbox } = await start();
		const key = `ak_${'0123456789abcdef'.repeat(4)}`;
		const result = await salesloftNode(sandbox, key)('mapping:resolve', byCrm, rows(2));
		expect(result.error).toMatchObject({ message: 'Salesloft refused the credential: Invalid Bearer Token', description: expect.stringContaining('Check the API key') });
		expect(JSON.stringify(result.runData)).not.toContain(key);
		const onward = await salesloftNode(sandbox, key)('mapping:resolve', byCrm, rows(2), { onError: 'continueRegularOutput' });
		expect(onward.json(1)).toHaveLength(2);
	});

	it('a missing scope is named in both spellings', async () => {
		const { sandbox } = await start();
		addPeople(sandbox, 1);
		sandbox.addConfiguration('crm', 'people');
		const scopes = ['external_id:read', 'external_id_configuration:read', 'people:read'];
		const result = await salesloftNode(sandbox, sandbox.addApiKey({ scopes }))('mapping:backfill', backfill, rows(1));
		expect(result.error?.description).toContain('external_id:write (older name: external_id:manage)');
	});

	it('a token that has expired is refreshed, once for all calls', async () => {
		const { sandbox, node } = await start();
		addPeople(sandbox, 30);
		const settings = oauthSettings(sandbox);
		sandbox.access.expireTokens();
		const result = await node('mapping:backfill', { ...backfill, authentication: 'oAuth2' }, rows(30), settings);
		expect(result.error).toBeUndefined();
		expect(tallyOf(result.json(0))).toEqual({ linked: 30 });
		expect(sandbox.accounting.to('POST', '/oauth/token')).toHaveLength(1);
	});
});

describe('the panel', () => {
	const context = (sandbox: Sandbox, parameters: IDataObject) =>
		({
			getCurrentNodeParameter: (name: string) => ({ authentication: 'apiKey', ...parameters })[name],
			getCredentials: async () => ({ apiKey: sandbox.apiKey, baseUrl: `${sandbox.baseUrl}/` }),
			getNode: () => ({ id: 'n', name: 'Salesloft' }),
			helpers: {
				httpRequestWithAuthentication: async (_type: string, options: { url: string; method: string; body?: unknown }) => {
					const answer = await fetch(options.url, { method: options.method, headers: { authorization: `Bearer ${sandbox.apiKey}`, 'content-type': 'application/json' }, ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }) });
					return { statusCode: answer.status, body: await answer.json(), headers: Object.fromEntries(answer.headers) };
				},
			},
		}) as unknown as ILoadOptionsFunctions;

	it('lists External Types of the Object Type, makes new ones, and lists custom fields', async () => {
		const { sandbox } = await start();
		sandbox.addConfiguration('crm', 'people');
		sandbox.addConfiguration('erp', 'accounts');
		sandbox.addCustomField('Plan', 'person');
		sandbox.addCustomField('ERP Number', 'company');
		const people = context(sandbox, person);
		expect((await searchExternalTypes.call(people)).results).toEqual([{ name: 'crm', value: 'crm' }]);
		expect((await searchExternalTypes.call(context(sandbox, {}), 'ER')).results).toEqual([{ name: 'erp', value: 'erp' }]);
		expect(await createExternalType.call(people, { name: ' shop ' })).toBe('shop');
		expect((await searchExternalTypes.call(people)).results.map(({ value }) => value)).toEqual(['crm', 'shop']);
		await expect(createExternalType.call(people, 'a/b')).rejects.toThrow('cannot be used');
		expect((await searchCustomFields.call(people)).results).toEqual([{ name: 'Plan', value: 'Plan' }]);
		expect(await loadCustomFields.call(context(sandbox, { recordType: 'accounts' }))).toEqual([{ name: 'ERP Number', value: 'ERP Number' }]);
		const { fields } = await recordFields.call(context(sandbox, { recordType: 'people' }));
		expect(fields.map(({ id }) => id)).toEqual(expect.arrayContaining(['email_address', 'account_id', 'custom_fields.Plan']));
		expect(fields.find(({ id }) => id === 'linkedin_url')?.displayName).toBe('LinkedIn URL');
	});

	it('offers no users for upserts, and nothing that destroys or does thousands to AI agents', () => {
		const { properties } = new Salesloft().description;
		const record = properties.find(({ name }) => name === 'recordType');
		expect(record?.options?.map((option) => ('value' in option ? option.value : ''))).toEqual(['accounts', 'people']);
		const tools = properties.filter(({ name, displayOptions }) => name === 'operation' && displayOptions?.show?.['@tool']).flatMap(({ options }) => options ?? []).map((option) => ('value' in option ? option.value : ''));
		expect(tools).toEqual(expect.arrayContaining(['resolve', 'translate', 'create']));
		expect(tools).not.toEqual(expect.arrayContaining(['backfill']));
		expect(tools).not.toContain('delete');
	});
});
