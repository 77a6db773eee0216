import { api, byId, id, ids, makeRecords, typed } from './api';
import { kindOf, statuses } from './collect';
import { onEachEngine } from './engines';
import { brokenRules, changesIn } from './world';

onEachEngine('A configuration store', (lab) => {
	test('makes a configuration once, changes what is given and differs, and says so', async () => {
		const { configure } = api(await lab().registry());
		const crm = { objectType: 'people', externalType: 'crm' };
		expect(await configure({ ...crm, maxLength: 18 })).toMatchObject([{ status: 'created', externalType: 'crm', maxLength: 18, idsPerObject: 1, idFormat: 'asIs', pattern: null }]);
		expect(statuses(await configure({ ...crm, maxLength: 18 }, crm, { ...crm, idsPerObject: 1 }))).toEqual(['unchanged', 'unchanged', 'unchanged']);
		expect(await configure({ ...crm, idsPerObject: 3 })).toMatchObject([{ status: 'updated', maxLength: 18, idsPerObject: 3 }]);
		expect(await changesIn(lab())).toBe(2);
	});

	test('keeps one External Type apart for people, accounts and users', async () => {
		const { configure, registry } = api(await lab().registry());
		const made = await configure(...['people', 'accounts', 'users'].map((objectType) => ({ objectType, externalType: 'crm', maxLength: 20 })));
		expect(statuses(made)).toEqual(['created', 'created', 'created']);
		expect(registry.configurations()).toHaveLength(3);
	});

	test.each<[string, object, string]>([
		['no Object Type', { objectType: undefined }, 'objectType'],
		['an unknown Object Type', { objectType: 'deals' }, 'objectType'],
		['a hostile Object Type', { objectType: '__proto__' }, 'objectType'],
		['no name', { externalType: '' }, 'externalTypeMissing'],
		['a name of 65 characters', { externalType: 'x'.repeat(65) }, 'externalTypeTooLong'],
		['a name with spaces', { externalType: 'my crm' }, 'externalTypeMalformed'],
		['a path as name', { externalType: '../../etc/passwd' }, 'externalTypeMalformed'],
		['SQL as name', { externalType: "' OR 1=1 --" }, 'externalTypeMalformed'],
		['__proto__ as name', { externalType: '__proto__' }, 'externalTypeMalformed'],
		['a list as name', { externalType: ['crm'] }, 'externalTypeNotText'],
		['a length of 0', { maxLength: 0 }, 'maxLength'],
		['a length of 1,001', { maxLength: 1_001 }, 'maxLength'],
		['a length of 1.5', { maxLength: 1.5 }, 'maxLength'],
		['a length in words', { maxLength: 'ten' }, 'maxLength'],
		['fewer than no IDs', { idsPerObject: -1 }, 'idsPerObject'],
		['an unknown format', { idFormat: 'guid' }, 'idFormat'],
		['a hostile format', { idFormat: 'constructor' }, 'idFormat'],
		['a pattern that is none', { pattern: '(' }, 'pattern'],
		['a pattern that could hang', { pattern: '(?=a)b' }, 'pattern'],
		['an example that it would refuse itself', { pattern: '[0-9]+', example: 'abc' }, 'externalIdPatternMismatch'],
		['an example that is too long', { maxLength: 3, example: 'abcd' }, 'externalIdTooLong'],
	])('refuses %s and takes the good entry beside it', async (_, bad, kind) => {
		const { configure } = api(await lab().registry());
		const [refused, made] = await configure({ objectType: 'people', externalType: 'crm', ...bad }, { objectType: 'people', externalType: 'erp' });
		expect([refused?.status, kindOf(refused as never)]).toEqual(['invalid', kind]);
		expect(made?.status).toBe('created');
		expect(await changesIn(lab())).toBe(1);
	});

	test.each<[string, object]>([
		['true', { maxLength: true }],
		['a list', { maxLength: [5] }],
		['nothing', { idsPerObject: null }],
		['an empty text', { idsPerObject: '' }],
		['a list of IDs per object', { idsPerObject: [] }],
		['an object as pattern', { pattern: {} }],
	])('does not take %s for a number or a pattern that nobody gave', async (_, bad) => {
		const { configure } = api(await lab().registry());
		const [outcome] = await configure({ objectType: 'people', externalType: 'crm', ...bad });
		// Refused, or left at what it is by default: never a limit of 1, "any number" or a pattern out of thin air.
		if (outcome?.status !== 'invalid') expect(outcome).toMatchObject({ status: 'created', maxLength: 255, idsPerObject: 1, pattern: null });
	});

	test('an External Type may be called "constructor"', async () => {
		const { configure, link, resolve } = api(await lab().registry());
		expect(statuses(await configure({ objectType: 'people', externalType: 'constructor' }))).toEqual(['created']);
		expect(statuses(await link([{ objectType: 'people', ids: ids({ constructor: 'constructor' }) }]))).toEqual(['created']);
		expect(await resolve([byId('people', 'constructor', 'constructor')], true)).toMatchObject([{ status: 'found', externalIds: { constructor: 'constructor' } }]);
	});

	test('the ID Format stays while there are mappings, and may change before and after', async () => {
		const { configure, link, unconfigure } = api(await lab().registry());
		const crm = { objectType: 'people', externalType: 'crm' };
		await configure({ ...crm, idFormat: 'uuid' });
		expect(statuses(await configure({ ...crm, idFormat: 'asIs' }))).toEqual(['updated']);
		await link([{ objectType: 'people', ids: ids({ crm: '1' }) }]);
		const [refused] = await configure({ ...crm, idFormat: 'uuid' });
		expect([refused?.status, kindOf(refused as never)]).toEqual(['conflict', 'formatInUse']);
		expect(statuses(await configure({ ...crm, maxLength: 20 }))).toEqual(['updated']);
		await unconfigure([crm], true);
		expect(statuses(await configure({ ...crm, idFormat: 'uuid' }))).toEqual(['created']);
	});

	test('is not deleted while it has mappings, unless they go too; deleting it again finds nothing', async () => {
		const registry = await lab().registry();
		const { link, unconfigure, resolve } = api(registry);
		await link(Array.from({ length: 1_200 }, (_, number) => ({ objectType: 'people' as const, ids: ids({ crm: `c${number}`, erp: `e${number}` }) })));
		const crm = { objectType: 'people', externalType: 'crm' };
		const [refused] = await unconfigure([crm]);
		expect([refused?.status, kindOf(refused as never)]).toEqual(['conflict', 'mappingsLive']);
		expect(await unconfigure([crm], true)).toMatchObject([{ status: 'deleted', deletedMappings: 1_200 }]);
		expect(statuses(await unconfigure([crm, { objectType: 'people', externalType: 'never' }], true))).toEqual(['notFound', 'notFound']);
		expect(await resolve([byId('people', 'erp', 'e1')], true)).toMatchObject([{ status: 'found', externalIds: { erp: 'e1' } }]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('an External Type that does not exist is made only where it was picked', async () => {
		const registry = await lab().registry();
		const { link } = api(registry);
		await makeRecords(registry, 'people', ['1']);
		const entry = (name: string) => ({ objectType: 'people' as const, ids: [id('crm', '1'), { externalType: typed(name), externalId: '2' }] });
		const [near, far] = await link([entry('crmm'), entry('warehouse')]);
		expect([near?.status, far?.status]).toEqual(['invalid', 'invalid']);
		expect(near?.reason).toContain('Did you mean "crm"?');
		expect(far?.reason).not.toContain('Did you mean');
		expect(registry.configurations().map(({ externalType }) => externalType)).toEqual(['crm']);
		expect(statuses(await link([{ objectType: 'people', ids: ids({ crm: '1', warehouse: '2' }) }]))).toEqual(['linked']);
	});

	test('a mapping is never made under a type that another run has deleted meanwhile', async () => {
		const [objectId] = await makeRecords(await lab().registry(), 'people', ['1']);
		await api(await lab().registry()).configure({ objectType: 'people', externalType: 'erp' });
		const slow = api(await lab().registry());
		await api(await lab().registry()).unconfigure([{ objectType: 'people', externalType: 'erp' }]);
		await slow.create([{ objectType: 'people', externalType: typed('erp'), externalId: 'E1', objectId }]);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('a limit that another run has lowered meanwhile holds', async () => {
		const registry = await lab().registry();
		const [objectId] = await makeRecords(registry, 'people', ['1']);
		const erp = { objectType: 'people', externalType: 'erp' };
		await api(registry).configure({ ...erp, idsPerObject: 0 });
		const slow = api(await lab().registry());
		await api(registry).configure({ ...erp, idsPerObject: 1 });
		await slow.create(['E1', 'E2'].map((externalId) => ({ objectType: 'people' as const, externalType: typed('erp'), externalId, objectId })));
		expect(brokenRules(await lab().tables())).toEqual([]);
	});
});
