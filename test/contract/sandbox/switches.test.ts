import { SWITCHES } from '../../sandbox/salesloft';
import type { SwitchName } from '../../sandbox/salesloft';
import { idsOf, mappingOf, oneOfEach, sandboxes } from './ask';
import type { Ask } from './ask';

const start = sandboxes();

type World = Awaited<ReturnType<typeof oneOfEach>>;

interface Probe {
	/** Something that the switch changes. */
	look(world: World): Promise<unknown>;
	/** What is seen in each position. */
	seen: Record<string | number, unknown>;
}

const map = async (ask: Ask, externalId: string, objectId: number, more: { type?: string; objectType?: string; key?: string } = {}) =>
	await ask('POST', '/external/mappings', { key: more.key, body: mappingOf(externalId, objectId, more.type, more.objectType) });
const listed = async (ask: Ask, query = '', key?: string) => (await ask('GET', `/external/mappings?${query}`, { key })).body.data;
const proxied = async (ask: Ask, query: string) => await ask('GET', `/external/ids/crm/people?${query}`);
const numbered = (ids: readonly string[]) => ids.map((id, at) => `external_ids[${at + 1}]=${id}`).join('&');

/** Makes `count` mapped people; returns their External IDs. */
function many({ sandbox }: World, count: number): string[] {
	return Array.from({ length: count }, (_, at) => {
		sandbox.addMapping('crm', 'people', `M${at}`, sandbox.addPerson({ email_address: `m${at}@x.com` }));
		return `M${at}`;
	});
}

const PROBES: Record<SwitchName, Probe> = {
	objectTypeNames: {
		look: async ({ ask, person }) => [(await map(ask, 'A', person)).body.data.object_type, (await map(ask, 'B', person, { objectType: 'person' })).status],
		seen: { plural: ['people', 422], singular: ['person', 201] },
	},
	sourceFields: {
		look: async ({ sandbox, ask }) => {
			const { data } = (await ask('POST', '/external/configurations', { key: sandbox.login().accessToken, body: { external_type: 'erp', object_type: 'people' } })).body;
			return [data.source_id, data.source_type];
		},
		seen: { asTyped: [1121, 'integration'], swapped: ['integration', 1121] },
	},
	duplicateConfiguration: {
		look: async ({ ask, configuration }) => {
			const { status, body } = await ask('POST', '/external/configurations', { body: { external_type: 'crm', object_type: 'people' } });
			return [status, body.data?.id === configuration];
		},
		seen: { refused: [422, false], returned: [201, true] },
	},
	mappingWithoutConfiguration: {
		look: async ({ ask, person }) => [(await map(ask, 'A', person, { type: 'erp' })).status, (await ask('POST', '/external/ids/erp/people/B', { body: { email_address: 'b@x.com' } })).status],
		seen: { refused: [422, 422], accepted: [201, 201] },
	},
	configurationDelete: {
		look: async ({ ask, sandbox, person, configuration }) => {
			sandbox.addMapping('crm', 'people', 'A', person);
			sandbox.addMapping('crm', 'accounts', 'B', 1);
			await ask('DELETE', `/external/configurations/${configuration}`);
			return sandbox.mappings().map(({ externalId }) => externalId);
		},
		seen: { keepsMappings: ['A', 'B'], deletesMappings: ['B'] },
	},
	deletedConfigurations: {
		look: async ({ ask, configuration }) => {
			await ask('DELETE', `/external/configurations/${configuration}`);
			const shown = (await ask('GET', '/external/configurations')).body.data.map((each) => each.deleted);
			return [shown, (await ask('POST', '/external/configurations', { body: { external_type: 'crm', object_type: 'people' } })).status];
		},
		seen: { hidden: [[], 201], listed: [[true], 201] },
	},
	mappingCreateStatus: { look: async ({ ask, person }) => (await map(ask, 'A', person)).status, seen: { 201: 201, 200: 200 } },
	mappingIdOnCreate: {
		look: async ({ ask, person }) => ['id' in (await map(ask, 'A', person)).body.data, 'id' in (await listed(ask))[0]],
		seen: { shown: [true, true], missing: [false, true] },
	},
	insertedAt: { look: async ({ ask, person }) => (await map(ask, 'A', person)).body.data.inserted_at.length, seen: { timestamp: 20, date: 10 } },
	deletedMeans: {
		look: async ({ ask, sandbox, person, account }) => {
			const dropped = sandbox.addMapping('crm', 'accounts', 'A', account);
			sandbox.addMapping('crm', 'people', 'P', person);
			await ask('DELETE', `/external/mappings/${dropped}`);
			await ask('DELETE', `/people/${person}`);
			return (await listed(ask, 'deleted=true')).map((each) => each.external_id);
		},
		seen: { mapping: ['A'], object: ['P'] },
	},
	listWithoutDeletedFilter: {
		look: async ({ ask, sandbox, person }) => {
			await ask('DELETE', `/external/mappings/${sandbox.addMapping('crm', 'people', 'A', person)}`);
			return (await listed(ask)).map((each) => each.deleted);
		},
		seen: { live: [], all: [true] },
	},
	duplicateMapping: {
		look: async ({ ask, sandbox, person }) => {
			const other = sandbox.addPerson({ email_address: 'b@x.com' });
			return [(await map(ask, 'A', person)).status, (await map(ask, 'A', person)).status, (await map(ask, 'A', other)).status, sandbox.mappings().length];
		},
		seen: { refused: [201, 422, 422, 1], accepted: [201, 201, 201, 3] },
	},
	secondIdOfObject: {
		look: async ({ ask, sandbox, person }) => {
			sandbox.addConfiguration('erp', 'people');
			await map(ask, 'A', person);
			return [(await map(ask, 'B', person)).status, (await map(ask, 'A', person, { type: 'erp' })).status];
		},
		seen: { accepted: [201, 201], refused: [422, 201] },
	},
	mappingToMissingObject: { look: async ({ ask }) => (await map(ask, 'A', 1)).status, seen: { refused: 422, accepted: 201 } },
	mappingFilterLists: {
		look: async ({ ask, sandbox, person, account }) => {
			for (const id of ['A', 'B', 'C']) sandbox.addMapping('crm', 'people', id, person);
			sandbox.addMapping('crm', 'accounts', 'D', account);
			return [(await listed(ask, 'external_id[]=A&external_id[]=B')).length, (await listed(ask, `object_id[]=${account}`)).length];
		},
		seen: { ignored: [4, 4], understood: [2, 1] },
	},
	repeatedMappingDelete: {
		look: async ({ ask, sandbox, person }) => {
			const id = sandbox.addMapping('crm', 'people', 'A', person);
			await ask('DELETE', `/external/mappings/${id}`);
			return [(await ask('DELETE', `/external/mappings/${id}`)).status, (await ask('DELETE', `/external/mappings/${id + 1}`)).status];
		},
		seen: { 404: [404, 404], 204: [204, 404] },
	},
	singleResult: {
		look: async (world) => {
			const [one, two] = many(world, 2) as [string, string];
			const isList = [await listed(world.ask, `external_id=${one}`), await listed(world.ask), (await proxied(world.ask, numbered([one]))).body.data, (await proxied(world.ask, numbered([one, two]))).body.data];
			return isList.map(Array.isArray);
		},
		seen: { list: [true, true, true, true], object: [false, true, false, true] },
	},
	mappingMetadata: {
		look: async ({ ask, sandbox, person }) => {
			for (const id of ['A', 'B', 'C']) sandbox.addMapping('crm', 'people', id, person);
			const { body } = await ask('GET', '/external/mappings?per_page=2&page=2');
			return ['metadata' in body, body.data.length];
		},
		seen: { shown: [true, 1], missing: [false, 1] },
	},
	proxyKeys: {
		look: async (world) => {
			many(world, 2);
			const answers = [await proxied(world.ask, 'external_ids[1]=M0&external_ids[2]=M1'), await proxied(world.ask, 'external_ids[]=M0&external_ids[]=M1')];
			return answers.map(({ status, body }) => body.data?.length ?? status);
		},
		seen: { numbered: [2, 422], brackets: [422, 2] },
	},
	proxyMostIds: {
		look: async (world) => {
			const ids = many(world, 101);
			const answers = await Promise.all([25, 26, 100, 101].map(async (count) => await proxied(world.ask, numbered(ids.slice(0, count)))));
			return answers.map(({ status, body }) => body.data?.length ?? status);
		},
		seen: { 100: [25, 26, 100, 422], 25: [25, 422, 422, 422] },
	},
	proxyPaging: {
		look: async (world) => {
			const query = numbered(many(world, 30));
			const answers = [await proxied(world.ask, query), await proxied(world.ask, `${query}&per_page=100`), await proxied(world.ask, `${query}&page=2`)];
			return answers.map(({ body }) => body.data.length);
		},
		seen: { all: [30, 30, 30], paged: [25, 30, 5] },
	},
	proxyUnknownIds: {
		look: async (world) => {
			many(world, 1);
			return (await proxied(world.ask, numbered(['M0', 'nobody']))).status;
		},
		seen: { leftOut: 200, notFound: 404 },
	},
	proxyUnknownType: {
		look: async ({ ask }) => {
			const { status, body } = await ask('GET', '/external/ids/erp/people?external_ids[1]=A');
			return [status, body.data];
		},
		seen: { empty: [200, []], notFound: [404, undefined] },
	},
	proxyUpdateStatus: {
		look: async ({ ask }) => [
			(await ask('POST', '/external/ids/crm/people/A', { body: { email_address: 'a@x.com' } })).status,
			(await ask('POST', '/external/ids/crm/people/A', { body: { city: 'Rome' } })).status,
		],
		seen: { 201: [201, 201], 200: [201, 200] },
	},
	mappingAfterFailedCreate: {
		look: async ({ ask, sandbox }) => {
			await ask('POST', '/external/ids/crm/people/A', { body: { email_address: 'ann@acme.com' } });
			return [sandbox.mappings().map(({ objectId }) => objectId), (await ask('POST', '/external/ids/crm/people/A', { body: { email_address: 'new@acme.com' } })).status];
		},
		seen: { gone: [[], 201], stays: [[null], 404] },
	},
	scopeNames: {
		look: async ({ ask, sandbox }) => {
			const status = async (scope: string) => (await ask('POST', '/external/mappings', { key: sandbox.addApiKey({ scopes: [scope] }), body: {} })).status;
			return [await status('external_id:write'), await status('external_id:manage')];
		},
		seen: { readWriteDelete: [422, 403], viewManage: [403, 422] },
	},
	externalCost: {
		look: async ({ ask, sandbox }) => {
			await listed(ask);
			await ask('GET', '/people');
			return sandbox.calls.map(({ cost }) => cost);
		},
		seen: { 1: [1, 1], 2: [2, 1] },
	},
	accountUpdate: {
		look: async ({ ask, account }) => {
			const put = async (body: object) => (await ask('PUT', `/accounts/${account}`, { body })).status;
			return [await put({ city: 'Rome' }), await put({ city: 'Rome', name: 'Acme', domain: 'acme.com' })];
		},
		seen: { partial: [200, 200], needsNameAndDomain: [422, 200] },
	},
	rateWindow: {
		look: async ({ ask, sandbox }) => {
			sandbox.budget.spend(600);
			const before = (await ask('GET', '/me')).status;
			sandbox.clock.advance(31_000);
			const nextMinute = (await ask('GET', '/me')).status;
			sandbox.clock.advance(30_000);
			return [before, nextMinute, (await ask('GET', '/me')).status];
		},
		seen: { clockMinute: [429, 200, 200], sliding: [429, 429, 200] },
	},
	retryAfter: {
		look: async ({ ask, sandbox }) => {
			sandbox.budget.spend(600);
			return (await ask('GET', '/me')).headers.get('retry-after');
		},
		seen: { absent: null, seconds: '30' },
	},
	limitHeader: { look: async ({ ask }) => (await ask('GET', '/me')).headers.get('x-ratelimit-limit-minute'), seen: { shown: '600', missing: null } },
	meScope: {
		look: async ({ ask, sandbox }) => (await ask('GET', '/me', { key: sandbox.addApiKey({ scopes: ['external_id:read'] }) })).status,
		seen: { none: 200, team: 403 },
	},
	tags: {
		look: async ({ ask, person }) => {
			await ask('PUT', `/people/${person}`, { body: { tags: ['a', 'b'] } });
			return (await ask('PUT', `/people/${person}`, { body: { tags: ['c'] } })).body.data.tags;
		},
		seen: { replace: ['c'], add: ['a', 'b', 'c'] },
	},
	upsertAnswer: {
		look: async ({ ask }) => {
			const { body } = await ask('POST', '/person_upserts', { body: { email_address: 'a@x.com' } });
			return [body.data?.upsert_type, body.upsert_type];
		},
		seen: { wrapped: ['create', undefined], bare: [undefined, 'create'] },
	},
	duplicateEmails: {
		look: async ({ ask }) => [(await ask('POST', '/people', { body: { email_address: 'ann@acme.com' } })).status, (await ask('GET', '/people?email_addresses[]=ann@acme.com')).body.data.length],
		seen: { refused: [422, 1], allowed: [200, 2] },
	},
	mappingsOfOthers: {
		look: async ({ ask, sandbox, person }) => {
			const { accessToken: key } = sandbox.login();
			await map(ask, 'A', person, { key });
			const read = async (as?: string) => (await ask('GET', '/external/ids/crm/people?external_ids[1]=A', { key: as })).body.data.length;
			return [(await listed(ask)).length, (await listed(ask, '', key)).length, await read(), await read(key), (await map(ask, 'A', person)).status];
		},
		seen: { shared: [1, 1, 1, 1, 422], hidden: [0, 1, 0, 1, 201] },
	},
	externalIdMatching: {
		look: async ({ ask, sandbox, person }) => {
			sandbox.addMapping('crm', 'people', 'Abc', person);
			return [(await listed(ask, 'external_id=%20aBC%20')).length, (await proxied(ask, 'external_ids[1]=abc')).body.data.length, (await map(ask, 'ABC', person)).status];
		},
		seen: { exact: [0, 0, 201], folded: [1, 1, 422] },
	},
	emailMatching: {
		look: async ({ ask }) => [idsOf(await ask('GET', '/people?email_addresses[]=ANN@acme.com')).length, (await ask('POST', '/people', { body: { email_address: 'ANN@acme.com' } })).status],
		seen: { folded: [1, 422], exact: [0, 200] },
	},
	longUrls: { look: async ({ ask }) => (await ask('GET', `/people?x=${'x'.repeat(9_000)}`)).status, seen: { refused: 414, accepted: 200 } },
};

describe('A switch of the Salesloft sandbox', () => {
	test.each(SWITCHES)('$name: $position', async ({ name, position, switches }) => {
		const world = await oneOfEach(start, { switches, timeScale: 0, now: Date.UTC(2026, 0, 1, 12, 0, 30) });
		expect(await PROBES[name].look(world)).toEqual(PROBES[name].seen[position]);
	});

	test.each(Object.entries(PROBES))('%s has another effect in each position', (_name, { seen }) => {
		expect(new Set(Object.values(seen).map((each) => JSON.stringify(each))).size).toBe(Object.keys(seen).length);
	});
});
