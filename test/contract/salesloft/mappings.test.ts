import { createMappings, deleteMappings } from '../../../nodes/Salesloft/changes';
import { deleteConfigurations, ensureConfigurations } from '../../../nodes/Salesloft/configurations';
import { getRecords, resolveNames, translateNames } from '../../../nodes/Salesloft/resolve';
import type { ObjectType, Outcome } from '../../../nodes/shared/identity/outcome';
import { FAULT_KINDS, SWITCHES } from '../../sandbox/salesloft';
import { kindOf, statuses, tally } from '../collect';
import { addPeople, byId, labs, picked, typed } from './lab';
import type { Lab } from './lab';

const start = labs();

const STRICT = { whenIdBelongsToOther: 'conflict', whenRecordHasOther: 'conflict', severalIds: false } as const;
const TAKE = { whenIdBelongsToOther: 'take', whenRecordHasOther: 'take', severalIds: false } as const;

type Entry = readonly [externalId: unknown, objectId: unknown];
const create = async (lab: Lab, entries: readonly Entry[], choices: Parameters<typeof createMappings>[2] = STRICT, type = picked('crm'), objectType: ObjectType = 'people') =>
	await lab.do(entries, async (salesloft, all, work) => await createMappings(salesloft, all.map(([externalId, objectId]) => ({ objectType, externalType: type, externalId, objectId })), choices, work));
const resolve = async (lab: Lab, names: Parameters<typeof resolveNames>[1], allIds = false) => await lab.do(names, async (salesloft, all, work) => await resolveNames(salesloft, all, work, allIds));
const stored = ({ sandbox }: Lab) => sandbox.mappings().map(({ externalType, externalId, objectId }) => `${externalType} ${externalId} ${objectId}`).sort();
const detail = (outcome: Outcome | undefined) => outcome as Record<string, unknown> | undefined;

/** Everything that is done with a few mappings; the same whatever nobody has confirmed. */
async function story(lab: Lab): Promise<void> {
	const [ann, bob] = addPeople(lab, 2) as [string, string];
	const account = String(lab.sandbox.addAccount({ name: 'Acme', domain: 'acme.com' }));
	const user = String(lab.sandbox.addUser({ email: 'eve@acme.com', firstName: 'Eve', lastName: 'X' }));

	// A type that was picked is made on first use; once.
	expect(statuses(await create(lab, [['A', ann], ['B', bob], ['A', ann]]))).toEqual(['created', 'created', 'unchanged']);
	expect(statuses(await create(lab, [['A', ann], ['B', bob]]))).toEqual(['unchanged', 'unchanged']);
	expect(statuses(await create(lab, [['ACC', account]], STRICT, picked('crm'), 'accounts'))).toEqual(['created']);
	expect(statuses(await create(lab, [['USR', user]], STRICT, picked('crm'), 'users'))).toEqual(['created']);
	expect(statuses(await create(lab, [['E', ann]], STRICT, picked('erp')))).toEqual(['created']);
	const after = stored(lab);
	expect(after).toEqual([`crm A ${ann}`, `crm ACC ${account}`, `crm B ${bob}`, `crm USR ${user}`, `erp E ${ann}`]);

	// Neither an ID nor a record that is taken is given away, and a conflict shows both sides.
	const taken = await create(lab, [['A', bob], ['C', bob]]);
	expect(taken.map(kindOf)).toEqual(['idBelongsToOther', 'recordHasOtherId']);
	expect(taken[0]).toMatchObject({ conflict: { wanted: { externalId: 'A', objectId: bob }, existing: [{ objectId: ann }] } });
	expect(stored(lab)).toEqual(after);

	expect(await resolve(lab, [byId('A'), byId('Z'), byId('ACC', 'crm', 'accounts'), { by: 'objectId', objectType: 'people', objectId: ann }, { by: 'email', objectType: 'people', email: 'P1@acme.com' }, { by: 'email', objectType: 'users', email: 'eve@acme.com' }])).toEqual([
		expect.objectContaining({ status: 'found', objectId: ann, externalId: 'A' }),
		expect.objectContaining({ status: 'notFound' }),
		expect.objectContaining({ status: 'found', objectId: account }),
		expect.objectContaining({ status: 'found', objectId: ann }),
		expect.objectContaining({ status: 'found', objectId: bob }),
		expect.objectContaining({ status: 'found', objectId: user }),
	]);
	expect(detail((await resolve(lab, [{ by: 'objectId', objectType: 'people', objectId: Number(ann) }], true))[0])?.externalIds).toEqual({ crm: 'A', erp: 'E' });

	const translated = await lab.do([byId('A'), byId('B'), byId('Z')], async (salesloft, names, work) => await translateNames(salesloft, names.map((name) => ({ name, toType: typed('erp') })), work));
	expect(translated).toEqual([expect.objectContaining({ status: 'found', externalType: 'erp', externalId: 'E', objectId: ann, fromType: 'crm', fromId: 'A' }), expect.objectContaining({ status: 'notFound' }), expect.objectContaining({ status: 'notFound' })]);
	expect(kindOf(translated[1] as Outcome)).toBe('noIdOfType');

	// Each object says by which ID it was asked for.
	const got = await lab.do([byId('B'), byId('Z'), byId('A'), byId('B')], getRecords);
	expect(got.map((one) => [one.status, detail(one)?.externalId, (detail(one)?.fields as { email_address?: string } | undefined)?.email_address])).toEqual([['found', 'B', 'p1@acme.com'], ['notFound', 'Z', undefined], ['found', 'A', 'p0@acme.com'], ['found', 'B', 'p1@acme.com']]);
	expect((await lab.do([byId('USR', 'crm', 'users'), byId('ACC', 'crm', 'accounts')], getRecords)).map(({ status }) => status)).toEqual(['found', 'found']);

	// Moved and replaced where the builder chose so; what was before is told.
	const moved = await create(lab, [['A', bob]], TAKE);
	expect(moved).toEqual([expect.objectContaining({ status: 'created', objectId: bob, before: expect.arrayContaining([expect.objectContaining({ externalId: 'A', objectId: ann }), expect.objectContaining({ externalId: 'B', objectId: bob })]) })]);
	expect(stored(lab)).toEqual([`crm A ${bob}`, `crm ACC ${account}`, `crm USR ${user}`, `erp E ${ann}`]);

	const remove = async (entries: Parameters<typeof deleteMappings>[1]) => await lab.do(entries, deleteMappings);
	const name = { objectType: 'people' as const, externalType: typed('crm'), externalId: 'A' };
	expect((await remove([{ name, onlyIfObjectId: ann }])).map(kindOf)).toEqual(['pointsElsewhere']);
	expect(statuses(await remove([{ name, onlyIfObjectId: bob }]))).toEqual(['deleted']);
	expect(statuses(await remove([{ name, onlyIfObjectId: undefined }]))).toEqual(['notFound']);
	expect(statuses(await create(lab, [['A', ann]]))).toEqual(['created']);
	const id = lab.sandbox.mappings('crm', 'people')[0]?.id;
	expect(statuses(await remove([{ name: { mappingIds: id }, onlyIfObjectId: ann }]))).toEqual(['deleted']);
	// Where Salesloft itself says that it deleted it once more, nothing tells the difference.
	const again = lab.sandbox.switches.repeatedMappingDelete === 204 ? 'deleted' : 'notFound';
	expect(statuses(await remove([{ name: { mappingIds: [id] }, onlyIfObjectId: undefined }]))).toEqual([again]);
}

it('creates, resolves, translates, reads and deletes', async () => {
	await story(await start());
});

describe('the same, whatever nobody has confirmed', () => {
	it.each(SWITCHES.filter(({ isDefault }) => !isDefault))('$name: $position', async ({ switches }) => {
		await story(await start({ switches }));
	});
});

describe('trouble on the way changes nothing', () => {
	it.each(FAULT_KINDS.filter((kind) => !['pageLoop', 'answer', 'slow'].includes(kind)))('%s at the write', async (kind) => {
		const lab = await start({ patience: { timeoutMs: 150 } });
		const [ann] = addPeople(lab, 1);
		lab.sandbox.addConfiguration('crm', 'people');
		const fault = lab.sandbox.fault({ kind, method: 'POST', path: '/external/mappings' });
		expect(statuses(await create(lab, [['A', ann]]))).toEqual(['created']);
		expect(fault.hits).toBe(1);
		expect(stored(lab)).toEqual([`crm A ${ann}`]);
	});

	it.each(FAULT_KINDS.filter((kind) => !['pageLoop', 'answer', 'slow'].includes(kind)))('%s at every third call', async (kind) => {
		const lab = await start({ patience: { timeoutMs: 150 } });
		for (let after = 1; after < 60; after += 3) lab.sandbox.fault({ kind, after });
		await story(lab);
	});
});

describe('configurations', () => {
	const ensure = async (lab: Lab, names: unknown[], objectType: ObjectType = 'people') => await lab.do(names, async (salesloft, all, work) => await ensureConfigurations(salesloft, all.map((externalType) => ({ objectType, externalType })), work));
	const remove = async (lab: Lab, name: string, evenWithMappings = false) => await lab.do([name], async (salesloft, [externalType], work) => await deleteConfigurations(salesloft, [{ objectType: 'people', externalType: typed(externalType) }], { evenWithMappings }, work));

	it.each(SWITCHES.filter(({ name }) => ['duplicateConfiguration', 'sourceFields', 'objectTypeNames', 'deletedConfigurations'].includes(name)))('are made once, and tell the Integration ID ($name: $position)', async ({ switches }) => {
		const lab = await start({ switches, key: (sandbox) => sandbox.login().accessToken });
		const [first, again, other] = await ensure(lab, ['crm', 'crm', 'erp']);
		expect([first?.status, again?.status, other?.status]).toEqual(['created', 'unchanged', 'created']);
		expect(detail(first)).toMatchObject({ objectType: 'people', externalType: 'crm', integrationId: String(lab.sandbox.integration.id) });
		expect(statuses(await ensure(lab, ['erp', 'crm']))).toEqual(['unchanged', 'unchanged']);
		expect(lab.sandbox.accounting.to('POST', '/external/configurations')).toHaveLength(2);
		expect(statuses(await remove(lab, 'crm'))).toEqual(['deleted']);
		expect(statuses(await remove(lab, 'crm'))).toEqual(['notFound']);
		expect(statuses(await ensure(lab, ['crm']))).toEqual(['created']);
	});

	it('whose IDs are in use are deleted only where that is asked for', async () => {
		const lab = await start();
		const [ann] = addPeople(lab, 1);
		await create(lab, [['A', ann]]);
		expect((await remove(lab, 'crm')).map(kindOf)).toEqual(['idsInUse']);
		expect(statuses(await remove(lab, 'crm', true))).toEqual(['deleted']);
	});

	it('are not made of names that cannot be used', async () => {
		const lab = await start();
		expect(tally(await ensure(lab, ['', undefined, 'a/b', 'x'.repeat(65), 17]))).toEqual({ invalid: 5 });
		expect(lab.sandbox.accounting.to('POST', '/external')).toHaveLength(0);
	});
});

describe('bad input', () => {
	it('is refused before any write, and blocks no good item', async () => {
		const lab = await start();
		const [ann] = addPeople(lab, 1);
		const bad: Entry[] = [['', ann], [undefined, ann], ['n/a', ann], [{ a: 1 }, ann], [1e17, ann], ['x'.repeat(256), ann], ['a\u0000b', ann], ['X', ''], ['X', 'per_1'], ['X', 1.5], ['X', -3], ['X', undefined]];
		const outcomes = await create(lab, [...bad, ['A', ann]]);
		expect(tally(outcomes)).toEqual({ invalid: bad.length, created: 1 });
		expect(stored(lab)).toEqual([`crm A ${ann}`]);
	});

	it.each(['a/b?c#d%e', '..', '.', 'a b&c=d', 'é😀', '<script>', "'; DROP TABLE", '%2F', '+1'])('the ID %j goes there and back', async (id) => {
		const lab = await start();
		const [ann] = addPeople(lab, 1);
		expect(statuses(await create(lab, [[id, ann]]))).toEqual(['created']);
		expect(await resolve(lab, [byId(id)])).toEqual([expect.objectContaining({ status: 'found', objectId: ann, externalId: id })]);
	});

	it('of one ID for several records, or several IDs for one, is a conflict whatever the order', async () => {
		const entries: Entry[] = [['A', '1'], ['A', '2'], ['B', '3'], ['C', '3']];
		for (const order of [entries, [...entries].reverse()]) {
			const lab = await start();
			const people = addPeople(lab, 3);
			const outcomes = await create(lab, order.map(([id, n]) => [id, people[Number(n) - 1]]));
			expect(tally(outcomes)).toEqual({ conflict: 2, ambiguous: 2 });
			expect(stored(lab)).toEqual([]);
		}
	});

	it('an object that is not there, and a type that was typed wrongly', async () => {
		const lab = await start();
		const [ann] = addPeople(lab, 1);
		lab.sandbox.addConfiguration('marketing', 'people');
		expect(await create(lab, [['A', '999999']], STRICT, typed('marketing'))).toEqual([expect.objectContaining({ status: 'notFound' })]);
		const [wrong] = await create(lab, [['A', ann]], STRICT, typed('marketting'));
		expect(wrong).toMatchObject({ status: 'invalid', reason: expect.stringContaining('Did you mean "marketing"?') });
		expect(stored(lab)).toEqual([]);
	});

	it('an ID that Salesloft has for two people is ambiguous', async () => {
		const lab = await start();
		const [ann, bob] = addPeople(lab, 2);
		lab.sandbox.addConfiguration('crm', 'people');
		lab.sandbox.addMapping('crm', 'people', 'A', Number(ann));
		lab.sandbox.addMapping('crm', 'people', 'A', Number(bob));
		expect(await resolve(lab, [byId('A')])).toEqual([expect.objectContaining({ status: 'ambiguous', candidates: [expect.objectContaining({ objectId: ann }), expect.objectContaining({ objectId: bob })] })]);
	});

	it.each(['mapping', 'object'] as const)('an ID of a record that was deleted is a conflict that names it (deleted means %s)', async (deletedMeans) => {
		const lab = await start({ switches: { deletedMeans } });
		const [ann, bob] = addPeople(lab, 2);
		await create(lab, [['A', ann]]);
		await lab.sandbox.team.people.remove(lab.sandbox.team.people.get(Number(ann))!);
		expect((await lab.do([byId('A')], getRecords)).map(kindOf)).toEqual([deletedMeans === 'object' ? 'noMapping' : 'mappedToGone']);
		const [outcome] = await create(lab, [['A', bob]]);
		expect(outcome).toMatchObject({ status: 'conflict', conflict: { existing: [expect.objectContaining({ objectId: ann })] } });
	});
});

describe('who may not', () => {
	it('a wrong key stops the run with words that say so', async () => {
		const lab = await start({ key: () => 'ak_wrong' });
		await expect(resolve(lab, [byId('A')])).rejects.toMatchObject({ problem: 'credential', message: 'Salesloft refused the credential: Invalid Bearer Token' });
	});

	it.each(['readWriteDelete', 'viewManage'] as const)('a missing scope is named in both spellings (%s)', async (scopeNames) => {
		const scopes = ['external_id:read', 'external_id_configuration:read', 'people:read', 'person:view'];
		const lab = await start({ switches: { scopeNames }, key: (sandbox) => sandbox.addApiKey({ scopes }) });
		const [ann] = addPeople(lab, 1);
		lab.sandbox.addConfiguration('crm', 'people');
		await expect(create(lab, [['A', ann]])).rejects.toMatchObject({ problem: 'scope', description: expect.stringContaining('external_id:write (older name: external_id:manage)') });
		expect(stored(lab)).toEqual([]);
	});
});

it('a list that goes round in circles ends with words, not never', async () => {
	const lab = await start();
	const people = addPeople(lab, 150);
	lab.sandbox.addConfiguration('crm', 'people');
	for (const [n, person] of people.entries()) lab.sandbox.addMapping('crm', 'people', `X${n}`, Number(person));
	lab.sandbox.fault({ kind: 'pageLoop', path: '/external/mappings' });
	await expect(resolve(lab, Array.from({ length: 20 }, (_, n) => byId(`X${n}`)))).rejects.toMatchObject({ message: expect.stringContaining('again and again') });
});
