import { FORBID_DEFAULT_VARIABLE, locateRegistry } from '../../nodes/ExternalId/registry/location';
import { RegistryError } from '../../nodes/ExternalId/registry/errors';
import { changeSettings, registryStatus } from '../../nodes/ExternalId/registry/status';
import { api, byId, ids, makeRecords } from './api';
import { caller, kindOf, statuses } from './collect';
import { onEachEngine } from './engines';

const silent = () => ({ caller: caller(), operation: 'test', settle: () => undefined });
const problemOf = async (work: Promise<unknown>): Promise<string> => {
	try {
		await work;
		return 'none';
	} catch (error) {
		if (!(error instanceof RegistryError)) throw error;
		expect(`${error.message} ${error.description}`).not.toMatch(/undefined|SQLITE|\n\s+at /);
		return error.problem;
	}
};

onEachEngine('Workspaces of a registry', (lab) => {
	test('know nothing of each other', async () => {
		const one = api(await lab().registry({ workspace: 'one' }));
		const two = api(await lab().registry({ workspace: 'two' }));
		const entry = (name: string) => [{ objectType: 'people' as const, ids: ids({ crm: '1' }), fields: { name, email: 'ann@acme.com' } }];
		expect(statuses([...(await one.upsert(entry('Ann'))), ...(await two.upsert(entry('Bea')))])).toEqual(['created', 'created']);
		await makeRecords(one.registry, 'accounts', ['A'], () => ({ domains: 'acme.com' }));
		await one.configure({ objectType: 'people', externalType: 'only-one' });
		await changeSettings(one.registry, { ownDomains: 'own.com' }, silent());
		expect(await two.get(byId('people', 'crm', '1'))).toMatchObject([{ fields: { name: 'Bea' } }]);
		expect(statuses(await two.match(['x@acme.com']))).toEqual(['notFound']);
		const again = await lab().registry({ workspace: 'two' });
		expect(again.configurations().map(({ externalType }) => externalType)).toEqual(['crm']);
		expect(again.settings.ownDomains).toEqual([]);
		const objectId = ((await one.get(byId('people', 'crm', '1')))[0] as Record<string, unknown>).objectId;
		expect(statuses(await two.get({ by: 'objectId', objectType: 'people', objectId }))).toEqual(['notFound']);
		await two.remove([byId('people', 'crm', '1')]);
		expect(statuses(await one.get(byId('people', 'crm', '1')))).toEqual(['found']);
		expect(await registryStatus(one.registry)).toMatchObject({ records: { people: 1, accounts: 1, deleted: 0 }, relatedDomains: 1 });
	});
});

onEachEngine('An access key', (lab) => {
	test('is set by the first who names one for an empty workspace; then only it opens the workspace', async () => {
		const secret = { workspace: 'secret' };
		const first = await lab().registry(secret, 'open sesame');
		await makeRecords(first, 'people', ['1']);
		expect(await problemOf(lab().registry(secret, 'open sesame'))).toBe('none');
		expect(await problemOf(lab().registry(secret, ' open sesame '))).toBe('none');
		expect(await problemOf(lab().registry(secret, 'Open Sesame'))).toBe('accessKey');
		expect(await problemOf(lab().registry(secret, ''))).toBe('accessKey');
		expect(await problemOf(lab().registry(secret))).toBe('accessKey');
		expect(await problemOf(lab().registry({ workspace: 'other' }))).toBe('none');
	});

	test('stands nowhere in the database, nor in the settings that a builder sees', async () => {
		const registry = await lab().registry({ workspace: 'secret' }, 'open sesame');
		expect(JSON.stringify(await lab().tables())).not.toContain('sesame');
		expect(JSON.stringify([registry.settings, await registryStatus(registry), await changeSettings(registry, {}, silent())])).not.toMatch(/accessKey|[0-9a-f]{32}:[0-9a-f]{64}/);
		const { change = [] } = await lab().tables();
		expect(change).toMatchObject([{ kind: 'settingUpdated', subject: 'accessKey', before: null, after: null }]);
	});

	test('cannot be put on a workspace that has records already', async () => {
		await makeRecords(await lab().registry(), 'people', ['1']);
		expect(await problemOf(lab().registry({}, 'mine now'))).toBe('accessKey');
		expect(await problemOf(lab().registry())).toBe('none');
	});

	test('of two that come at the same moment one wins, and the other is refused', async () => {
		const secret = { workspace: 'secret' };
		const problems = await Promise.all([problemOf(lab().registry(secret, 'key one')), problemOf(lab().registry(secret, 'key two'))]);
		expect(problems.sort()).toEqual(['accessKey', 'none']);
	});
});

onEachEngine('Settings', (lab) => {
	test.each<[string, Record<string, unknown>]>([
		['a domain that is none', { ownDomains: 'acme.com, not a domain' }],
		['a public suffix', { blockDomains: 'co.uk' }],
		['no days', { retentionDays: 0 }],
		['half a day', { retentionDays: 0.5 }],
		['days in words', { retentionDays: 'ten' }],
		['more than a hundred years', { retentionDays: 36_501 }],
	])('refuse %s and change nothing', async (_, given) => {
		const registry = await lab().registry();
		const before = { ...registry.settings };
		const outcome = await changeSettings(registry, { ...given, allowDomains: 'gmail.com' }, silent());
		expect([outcome.status, kindOf(outcome)]).toEqual(['invalid', 'setting']);
		expect((await lab().registry()).settings).toEqual(before);
	});

	test('take effect at once, on IDs and on domains', async () => {
		const all = api(await lab().registry());
		expect(await changeSettings(all.registry, { blockedIds: 'Dummy\nTBD', ownDomains: ['WWW.Own.com'] }, silent())).toMatchObject({ status: 'updated', changed: ['ownDomains', 'blockedIds'], blockedIds: ['dummy', 'tbd'], ownDomains: ['own.com'] });
		const link = (crm: string) => ({ objectType: 'people' as const, ids: ids({ crm }) });
		expect(statuses(await all.link([link('DUMMY'), link('tbd'), link('null'), link('0')]))).toEqual(['invalid', 'invalid', 'created', 'created']);
		expect(statuses(await all.match(['me@own.com', 'me@eu.own.com']))).toEqual(['skipped', 'skipped']);
	});

	test('old history goes, and what is kept is what the setting says', async () => {
		const registry = await lab().registry({ workspace: 'old' });
		await makeRecords(registry, 'people', ['1', '2']);
		await changeSettings(registry, { retentionDays: 10 }, silent());
		await lab().execute("UPDATE change SET at = at - 11 * 86400000 WHERE kind = 'recordCreated'");
		// A process looks once an hour, so another one has to open the registry: here, a copy of the module.
		await jest.isolateModulesAsync(async () => {
			// eslint-disable-next-line @typescript-eslint/no-require-imports
			const fresh = require('../../nodes/ExternalId/registry/registry') as typeof import('../../nodes/ExternalId/registry/registry');
			await fresh.openRegistry(registry.location);
			await fresh.closeRegistries();
		});
		expect(new Set(((await lab().tables()).change ?? []).map(({ kind }) => kind))).toEqual(new Set(['configurationCreated', 'mappingCreated', 'settingUpdated']));
	});
});

describe('Where a registry lies', () => {
	const kept = { ...process.env };
	afterEach(() => {
		process.env = { ...kept };
	});

	test.each(['a/b', '..', '../x', 'a\\b', 'C:', 'x'.repeat(65), 'a b', 'ä', 'a\u0000', '.hidden', '%2e'])('the name %j is refused, as registry and as workspace', (name) => {
		for (const names of [{ registry: name }, { workspace: name }]) {
			expect(() => locateRegistry(names)).toThrow(RegistryError);
			expect(() => locateRegistry(names)).toThrow(/cannot be used/);
		}
	});

	test('an empty name is the default one, and 64 characters fit', () => {
		expect(locateRegistry({ registry: '', workspace: ' ' })).toMatchObject({ registry: 'default', workspace: 'default' });
		expect(locateRegistry({ registry: 'x'.repeat(64) }).file).toMatch(/\/x{64}\.sqlite$/);
	});

	test('under N8N_USER_FOLDER where it is set, else under the home folder', () => {
		process.env.N8N_USER_FOLDER = '/somewhere/else';
		expect(locateRegistry({ registry: 'team' }).file).toBe('/somewhere/else/.n8n/external-id/team.sqlite');
		delete process.env.N8N_USER_FOLDER;
		process.env.HOME = '/home/builder';
		expect(locateRegistry(undefined).file).toBe('/home/builder/.n8n/external-id/default.sqlite');
	});

	test('queue mode is refused, with the reason', () => {
		process.env.EXECUTIONS_MODE = 'queue';
		expect(() => locateRegistry(undefined)).toThrow(/queue mode/);
		process.env.EXECUTIONS_MODE = 'regular';
		expect(locateRegistry(undefined).registry).toBe('default');
	});

	test('the shared registry can be forbidden to nodes without a credential', () => {
		process.env[FORBID_DEFAULT_VARIABLE] = 'true';
		expect(() => locateRegistry(undefined)).toThrow(/credential/);
		expect(locateRegistry({}).registry).toBe('default');
		process.env[FORBID_DEFAULT_VARIABLE] = 'false';
		expect(locateRegistry(undefined).registry).toBe('default');
	});
});
