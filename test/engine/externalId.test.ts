import type { IDataObject } from 'n8n-workflow';

import { ids, picked, registryNode, statuses, typed } from './registryNode';

const person = { objectType: 'people' };
const byErp = { findBy: 'externalId', externalType: picked('erp'), externalId: '={{ $json.erp }}' };
const objectId = (item: IDataObject | undefined) => String(item?.objectId);

describe('Mapping', () => {
	it('links IDs of two systems and translates one to the other, without any set-up', async () => {
		const node = registryNode();
		const linked = await node.done('mapping:link', { ...person, externalIds: ids(['crm', '={{ $json.a }}'], ['erp', '={{ $json.b }}']) }, [{ a: 123, b: 'C-9' }]);
		expect(linked).toEqual([expect.objectContaining({ status: 'created', externalIds: { crm: '123', erp: 'C-9' } })]);
		const translated = await node('mapping:translate', { ...person, ...byErp, toType: picked('crm') }, [{ erp: 'C-9' }, { erp: 'C-404' }]);
		expect(translated.json(0)).toEqual([expect.objectContaining({ status: 'found', externalType: 'crm', externalId: '123', fromId: 'C-9' })]);
		expect(translated.json(1)).toEqual([expect.objectContaining({ status: 'notFound', input: { erp: 'C-404' } })]);
	});

	it('finds the one record of several IDs, and makes those that sit on different records a conflict with both sides', async () => {
		const node = registryNode();
		const link = { ...person, externalIds: ids(['crm', '={{ $json.a }}'], ['erp', '={{ $json.b }}']), email: '={{ $json.email }}' };
		await node.done('mapping:link', link, [{ a: '1', b: 'A', email: 'Ann@Acme.com' }, { a: '2', b: 'B' }]);
		const again = await node('mapping:link', { ...link, options: { failWhen: 'never' } }, [{ a: '1', b: 'A' }, { a: '', b: 'C', email: 'ann@acme.com' }, { a: '1', b: 'B' }]);
		expect(statuses(again.json(0))).toEqual(['unchanged']);
		expect(statuses(again.json(1))).toEqual(['conflict', 'conflict']);
		expect(again.json(1)[1]).toMatchObject({ reason: expect.stringContaining('2 different people'), conflict: { existing: [{ externalId: '1' }, { externalId: 'B' }] } });
	});

	it('creates mappings to records whose Object ID is known, and refuses an ID that is taken', async () => {
		const node = registryNode();
		const [ann, bob] = await node.done('mapping:link', { ...person, externalIds: ids(['crm', '={{ $json.crm }}']) }, [{ crm: '1' }, { crm: '2' }]);
		const create = { ...person, externalType: picked('erp'), externalId: '={{ $json.erp }}', record: typed('={{ $json.id }}', 'id') };
		const first = await node.done('mapping:create', create, [{ erp: 'E1', id: objectId(ann) }]);
		expect(first).toEqual([expect.objectContaining({ status: 'created', externalId: 'E1', objectId: ann?.objectId })]);
		const second = await node('mapping:create', create, [
			{ erp: 'E1', id: objectId(ann) },
			{ erp: 'E1', id: objectId(bob) },
		]);
		expect(statuses(second.json(0))).toEqual(['unchanged']);
		expect(statuses(second.json(1))).toEqual(['conflict']);
		const third = await node('mapping:create', { ...create, options: { failWhen: 'never', whenIdBelongsToOther: 'take' } }, [{ erp: 'E1', id: objectId(bob) }]);
		expect(third.json(0)).toEqual([expect.objectContaining({ status: 'created', before: { movedFrom: ann?.objectId } })]);
	});

	it('replaces an ID: the old one still resolves and says that it is former, translate gives the new one', async () => {
		const node = registryNode();
		await node.done('mapping:link', { ...person, externalIds: ids(['crm', '1'], ['erp', 'OLD']) });
		const replaced = await node.done('mapping:replace', { ...person, externalType: picked('erp'), findBy: 'externalId', oldExternalId: 'OLD', newExternalId: 'NEW' });
		expect(replaced).toEqual([expect.objectContaining({ status: 'updated', externalId: 'NEW', replacedId: 'OLD' })]);
		expect(await node.done('mapping:resolve', { ...person, ...byErp }, [{ erp: 'OLD' }, { erp: 'NEW' }])).toEqual([
			expect.objectContaining({ isFormer: true }),
			expect.objectContaining({ isFormer: false }),
		]);
		const translate = { ...person, findBy: 'externalId', externalType: picked('crm'), externalId: '1', toType: picked('erp') };
		expect(await node.done('mapping:translate', translate)).toEqual([expect.objectContaining({ externalId: 'NEW' })]);
		const again = await node.done('mapping:replace', { ...person, externalType: picked('erp'), findBy: 'externalId', oldExternalId: 'OLD', newExternalId: 'NEW' });
		expect(statuses(again)).toEqual(['unchanged']);
	});

	it('deletes by Mapping ID, many at once, and by type and ID only if it still points to a record', async () => {
		const node = registryNode();
		const linked = await node.done('mapping:link', { ...person, externalIds: ids(['crm', '={{ $json.crm }}']) }, [{ crm: '1' }, { crm: '2' }, { crm: '3' }]);
		const mappingIds = linked.map(({ mappings }) => (mappings as IDataObject[])[0]?.mappingId).slice(0, 2).join(', ');
		const gone = await node.done('mapping:delete', { deleteBy: 'mappingId', mappingId: mappingIds });
		expect(statuses(gone)).toEqual(['deleted', 'deleted']);
		const guarded = { deleteBy: 'externalId', ...person, externalType: picked('crm'), externalId: '3', onlyIfObjectId: 'per_OTHER' };
		const kept = await node('mapping:delete', { ...guarded, options: { failWhen: 'never' } });
		expect(statuses(kept.json(1))).toEqual(['conflict']);
		expect(statuses(await node.done('mapping:delete', { ...guarded, onlyIfObjectId: objectId(linked[2]) }))).toEqual(['deleted']);
		expect(statuses(await node.done('mapping:delete', { ...guarded, onlyIfObjectId: objectId(linked[2]) }))).toEqual(['unchanged']);
	});

	it('lists mappings by any combination of filters', async () => {
		const node = registryNode();
		const [ann] = await node.done('mapping:link', { ...person, externalIds: ids(['crm', 'X'], ['erp', 'X']) });
		await node.done('mapping:link', { objectType: 'accounts', externalIds: ids(['crm', 'X']) });
		await node.done('mapping:delete', { deleteBy: 'externalId', ...person, externalType: picked('erp'), externalId: 'X' });
		const list = async (filters: IDataObject) => (await node.done('mapping:getAll', { returnAll: true, filters: filters as never })).length;
		expect(await list({})).toBe(2);
		expect(await list({ externalId: 'X' })).toBe(2);
		expect(await list({ externalId: 'X', objectType: 'people' })).toBe(1);
		expect(await list({ objectType: 'people', objectId: objectId(ann) })).toBe(1);
		expect(await list({ objectId: objectId(ann), state: 'all' })).toBe(2);
		expect(await list({ externalType: picked('erp'), state: 'deleted' })).toBe(1);
		expect(await list({ externalType: picked('erp') })).toBe(0);
	});

	it('makes an External Type only where it was picked, and names a near miss', async () => {
		const node = registryNode();
		await node.done('mapping:link', { ...person, externalIds: ids(['hubspot', '1']) });
		const missed = await node('mapping:resolve', { ...person, findBy: 'externalId', externalType: typed('hubsopt'), externalId: '1', options: { failWhen: 'never' } });
		expect(missed.json(1)).toEqual([expect.objectContaining({ status: 'invalid', reason: expect.stringContaining('Did you mean "hubspot"?') })]);
	});
});

describe('Record', () => {
	const upsert = {
		...person,
		externalIds: ids(['crm', '={{ $json.id }}']),
		fieldsFrom: 'form',
		fields: { email: '={{ $json.email }}', firstName: '={{ $json.first }}' },
	};

	it('creates, then changes nothing, then updates only what differs; empty values are ignored', async () => {
		const node = registryNode();
		expect(statuses(await node.done('record:upsert', upsert, [{ id: 1, email: 'ann@acme.com', first: 'Ann' }]))).toEqual(['created']);
		expect(statuses(await node.done('record:upsert', upsert, [{ id: 1, email: 'ann@acme.com', first: 'Ann' }]))).toEqual(['unchanged']);
		expect(await node.done('record:upsert', upsert, [{ id: 1, email: null, first: 'Anna' }])).toEqual([expect.objectContaining({ status: 'updated', changed: ['firstName'] })]);
		const [ann] = await node.done('record:get', { ...person, findBy: 'email', email: 'ANN@acme.com' });
		expect(ann).toMatchObject({ email: 'ann@acme.com', fields: { firstName: 'Anna' }, externalIds: { crm: '1' } });
	});

	it('links a new ID to the person whose e-mail is known, and to nobody when it is to be a conflict', async () => {
		const node = registryNode();
		await node.done('record:upsert', upsert, [{ id: 1, email: 'ann@acme.com' }]);
		const byErpId = { ...upsert, externalIds: ids(['erp', '={{ $json.id }}']) };
		const refused = await node('record:upsert', { ...byErpId, options: { whenEmailKnown: 'conflict', failWhen: 'never' } }, [{ id: 'E1', email: 'Ann@acme.com' }]);
		expect(statuses(refused.json(1))).toEqual(['conflict']);
		expect(await node.done('record:upsert', byErpId, [{ id: 'E1', email: 'Ann@acme.com' }])).toEqual([expect.objectContaining({ status: 'linked', externalIds: { crm: '1', erp: 'E1' } })]);
	});

	it('makes an account whose domain another account has a conflict, unless both are wanted', async () => {
		const node = registryNode();
		const account = { objectType: 'accounts', externalIds: ids(['crm', '={{ $json.id }}']), fieldsFrom: 'json', fieldsJson: '={{ $json.fields }}' };
		const acme = (id: number) => ({ id, fields: { name: 'Acme', domains: ['acme.com', 'gmail.com'] } });
		expect(await node.done('record:upsert', account, [acme(1)])).toEqual([expect.objectContaining({ status: 'created', refusedDomains: [expect.objectContaining({ domain: 'gmail.com' })] })]);
		const refused = await node('record:upsert', { ...account, options: { failWhen: 'never' } }, [acme(2)]);
		expect(refused.json(1)).toEqual([expect.objectContaining({ status: 'conflict', conflict: expect.objectContaining({ existing: [expect.anything()] }) })]);
		expect(statuses(await node.done('record:upsert', { ...account, options: { whenDomainKnown: 'create' } }, [acme(2)]))).toEqual(['created']);
	});

	it('takes all fields of the item with Map Automatically, custom ones too', async () => {
		const node = registryNode();
		const mapped = { ...person, externalIds: ids(['crm', '={{ $json.crm }}']), fieldsFrom: 'mapper', mappedFields: { mappingMode: 'autoMapInputData', value: null } };
		await node.done('record:upsert', mapped, [{ crm: '7', email: 'a@acme.com', plan: { tier: 'gold', seats: 3 } }]);
		expect(await node.done('record:upsert', mapped, [{ crm: '7', plan: { seats: 4 } }])).toEqual([expect.objectContaining({ status: 'updated', changed: ['plan'] })]);
		const [record] = await node.done('record:get', { ...person, findBy: 'externalId', externalType: picked('crm'), externalId: '7' });
		expect(record).toMatchObject({ email: 'a@acme.com', fields: { plan: { tier: 'gold', seats: 4 } } });
	});

	it('puts a person on the account that its External ID names', async () => {
		const node = registryNode();
		const [acme] = await node.done('record:upsert', { objectType: 'accounts', externalIds: ids(['crm', 'ACC-1']), fieldsFrom: 'form', fields: { name: 'Acme' } });
		const fields = { email: '={{ $json.email }}', accountExternalType: picked('crm'), accountExternalId: '={{ $json.account }}' };
		const result = await node('record:upsert', { ...person, externalIds: ids(['crm', '={{ $json.id }}']), fieldsFrom: 'form', fields, options: { failWhen: 'never' } }, [
			{ id: 1, email: 'ann@acme.com', account: 'ACC-1' },
			{ id: 2, email: 'bob@acme.com', account: 'ACC-404' },
		]);
		expect(statuses(result.json(0))).toEqual(['created']);
		expect(result.json(1)).toEqual([expect.objectContaining({ status: 'invalid', reason: expect.stringContaining('The account was not found') })]);
		const people = await node.done('record:getAll', { ...person, returnAll: true, filters: { accountId: objectId(acme) } });
		expect(people).toEqual([expect.objectContaining({ email: 'ann@acme.com', accountId: acme?.objectId })]);
	});

	it('lists records without an ID of a type', async () => {
		const node = registryNode();
		await node.done('mapping:link', { ...person, externalIds: ids(['crm', '={{ $json.crm }}'], ['erp', '={{ $json.erp }}']) }, [{ crm: 1, erp: 'A' }, { crm: 2 }, { crm: 3 }]);
		const without = await node.done('record:getAll', { ...person, returnAll: true, filters: { withoutType: picked('erp') } });
		expect(without.map(({ externalIds }) => externalIds)).toEqual([{ crm: '2' }, { crm: '3' }]);
		expect(await node.done('record:getAll', { ...person, returnAll: false, limit: 1, filters: {} })).toHaveLength(1);
	});

	it('deletes softly: feeds do not bring the record back, restoring does', async () => {
		const node = registryNode();
		await node.done('record:upsert', upsert, [{ id: 1, email: 'ann@acme.com' }]);
		const name = { ...person, findBy: 'externalId', externalType: picked('crm'), externalId: '1' };
		expect(statuses(await node.done('record:delete', { deleteMode: 'delete', ...name }))).toEqual(['deleted']);
		const fed = await node('record:upsert', { ...upsert, options: { failWhen: 'never' } }, [{ id: 1, first: 'Ann' }]);
		expect(statuses(fed.json(1))).toEqual(['skipped']);
		expect((await node('mapping:resolve', name)).json(1)).toEqual([expect.objectContaining({ status: 'notFound', reason: expect.stringContaining('was deleted') })]);
		expect(statuses(await node.done('record:delete', { deleteMode: 'restore', ...name }))).toEqual(['updated']);
		expect(statuses(await node.done('record:upsert', upsert, [{ id: 1, first: 'Ann' }]))).toEqual(['updated']);
	});

	it('leaves the contacts of a deleted account in the inbox', async () => {
		const node = registryNode();
		await node.done('record:upsert', { objectType: 'accounts', externalIds: ids(['crm', 'A']), fieldsFrom: 'form', fields: { domains: 'acme.com' } });
		await node.done('contact:capture', { addresses: 'ann@acme.com, bob@acme.com' });
		const gone = await node.done('record:delete', { deleteMode: 'delete', objectType: 'accounts', findBy: 'externalId', externalType: picked('crm'), externalId: 'A' });
		expect(gone).toEqual([expect.objectContaining({ status: 'deleted', contactsMovedToInbox: 2 })]);
		const [status] = await node.done('registry:status');
		expect(status).toMatchObject({ inboxWaiting: 2 });
	});
});

describe('Related Domain and Contact', () => {
	async function withAcme() {
		const node = registryNode();
		await node.done('record:upsert', { objectType: 'accounts', externalIds: ids(['crm', 'A']), fieldsFrom: 'form', fields: { name: 'Acme', domains: 'acme.com' } });
		return node;
	}
	const acme = { findBy: 'externalId', externalType: picked('crm'), externalId: 'A' };

	it('adds, sets and removes domains, telling of each, and refuses free mail', async () => {
		const node = await withAcme();
		const added = await node('domain:add', { ...acme, domains: 'https://www.Acme.de/, acme.com, gmail.com', options: { failWhen: 'never' } });
		expect(added.json(0)).toEqual([expect.objectContaining({ status: 'unchanged', domain: 'acme.com' }), expect.objectContaining({ status: 'created', domain: 'acme.de' })]);
		expect(added.json(1)).toEqual([expect.objectContaining({ status: 'invalid', reason: expect.stringContaining('free mail') })]);
		expect(await node.done('domain:set', { ...acme, domains: 'acme.de, acme.fr' })).toEqual([expect.objectContaining({ status: 'updated', added: ['acme.fr'], removed: ['acme.com'] })]);
		expect(statuses(await node.done('domain:remove', { ...acme, domains: ['acme.fr', 'acme.fr'] as never }))).toEqual(['deleted']);
		expect(await node.done('domain:getAll', { returnAll: true })).toEqual([expect.objectContaining({ domain: 'acme.de', accountName: 'Acme' })]);
	});

	it('matches the most specific domain first and says why, and writes nothing', async () => {
		const node = await withAcme();
		const before = await node.done('registry:status');
		const matched = await node('domain:match', { emailOrDomain: '={{ $json.x }}' }, [{ x: 'ann@eu.mail.acme.com' }, { x: 'acme.com' }, { x: 'ann@gmail.com' }, { x: 'ann@nobody.com' }, { x: 'noreply@acme.com' }]);
		expect(matched.json(0)).toEqual([
			expect.objectContaining({ matchKind: 'registrable', matchedDomain: 'acme.com', externalIds: { crm: 'A' } }),
			expect.objectContaining({ matchKind: 'exact' }),
		]);
		expect(statuses(matched.json(1))).toEqual(['skipped', 'notFound', 'skipped']);
		expect(await node.done('registry:status')).toEqual(before);
	});

	it('captures contacts by domain, each address once, and leaves the others in the inbox with the reason', async () => {
		const node = await withAcme();
		const captured = await node('contact:capture', { addresses: '={{ $json.to }}' }, [
			{ to: '"Lee, Ann" <Ann@eu.acme.com>, bob@acme.com' },
			{ to: [{ address: 'ann@eu.acme.com', name: 'Ann Lee' }] },
			{ to: 'eve@nobody.com, joe@gmail.com, no address at all' },
		]);
		expect(captured.json(0).map(({ status, email }) => [status, email])).toEqual([
			['created', 'Ann@eu.acme.com'],
			['created', 'bob@acme.com'],
			['unchanged', 'Ann@eu.acme.com'],
		]);
		expect(captured.json(1).map(({ status, inInbox }) => [status, inInbox])).toEqual([
			['notFound', true],
			['skipped', true],
			['invalid', undefined],
		]);
		const again = await node('contact:capture', { addresses: '={{ $json.to }}' }, [{ to: 'bob@acme.com, eve@nobody.com' }]);
		expect(statuses(again.json(0))).toEqual(['unchanged']);
	});

	it('gives a shared domain to nobody, unless one of the accounts is preferred', async () => {
		const node = await withAcme();
		const [other] = await node.done('record:upsert', { objectType: 'accounts', externalIds: ids(['crm', 'B']), fieldsFrom: 'form', fields: { domains: 'acme.com' }, options: { whenDomainKnown: 'create' } });
		const ambiguous = await node('domain:match', { emailOrDomain: 'ann@acme.com', options: { failWhen: 'never' } });
		expect(ambiguous.json(1)).toEqual([expect.objectContaining({ status: 'ambiguous', candidates: [expect.anything(), expect.anything()] })]);
		await node.done('domain:add', { findBy: 'objectId', record: typed(objectId(other), 'id'), domains: 'acme.com', options: { preferred: true } });
		expect(await node.done('domain:match', { emailOrDomain: 'ann@acme.com' })).toEqual([expect.objectContaining({ objectId: other?.objectId })]);
	});
});

describe('what is known decides', () => {
	it('a contact without an account gets the one that its domain belongs to', async () => {
		const node = registryNode();
		await node.done('record:upsert', { ...person, externalIds: ids(['crm', '1']), fieldsFrom: 'form', fields: { email: 'kim@zed.com' } });
		const [zed] = await node.done('record:upsert', { objectType: 'accounts', externalIds: ids(['crm', 'Z']), fieldsFrom: 'form', fields: { domains: 'zed.com' } });
		expect(await node.done('contact:capture', { addresses: 'kim@zed.com' })).toEqual([expect.objectContaining({ status: 'linked', accountId: zed?.objectId })]);
		expect(statuses(await node.done('contact:capture', { addresses: 'kim@zed.com' }))).toEqual(['unchanged']);
	});

	it('a feed that still uses a former ID means the record, and the ID stays former', async () => {
		const node = registryNode();
		const upsert = { ...person, externalIds: ids(['crm', 'OLD']), fieldsFrom: 'form', fields: { title: '={{ $json.title }}' } };
		await node.done('record:upsert', upsert, [{ title: 'A' }]);
		await node.done('mapping:replace', { ...person, externalType: picked('crm'), findBy: 'externalId', oldExternalId: 'OLD', newExternalId: 'NEW' });
		expect(await node.done('record:upsert', upsert, [{ title: 'B' }])).toEqual([expect.objectContaining({ status: 'updated', externalIds: { crm: 'NEW' } })]);
		expect(statuses(await node.done('mapping:link', { ...person, externalIds: ids(['crm', 'OLD']) }))).toEqual(['unchanged']);
	});

	it('a record changes when its IDs, addresses or domains do: those who sync what is new see it', async () => {
		const node = registryNode();
		await node.done('mapping:link', { ...person, externalIds: ids(['crm', '1']) });
		await new Promise((resolve) => setTimeout(resolve, 5));
		const since = new Date().toISOString();
		await new Promise((resolve) => setTimeout(resolve, 5));
		expect(await node.done('record:getAll', { ...person, returnAll: true, filters: { updatedAfter: since } })).toEqual([]);
		await node.done('mapping:link', { ...person, externalIds: ids(['crm', '1'], ['erp', '2']) });
		expect(await node.done('record:getAll', { ...person, returnAll: true, filters: { updatedAfter: since } })).toHaveLength(1);
	});

	it('a credential that the editor filled in by itself is not used unless it was asked for', async () => {
		const node = registryNode();
		await node.done('mapping:link', { ...person, externalIds: ids(['crm', '1']) });
		const byDefault = await node('registry:status', { registryFrom: 'default' });
		expect(byDefault.json(0)[0]).toMatchObject({ registry: 'default', workspace: 'default' });
		expect((await node('registry:status')).json(0)[0]).toMatchObject({ registry: 'engine' });
	});

	it('a filter with a mistyped External Type says so instead of finding nothing', async () => {
		const node = registryNode();
		await node.done('mapping:link', { ...person, externalIds: ids(['hubspot', '1']) });
		const result = await node('mapping:getAll', { returnAll: true, filters: { externalType: typed('hubsopt') } });
		expect(result.error?.message).toContain('Did you mean "hubspot"?');
	});
});

describe('Configuration and Registry', () => {
	it('items that give one type different settings are conflicts', async () => {
		const node = registryNode();
		const create = { ...person, name: 'shop', settings: { maxLength: '={{ $json.max }}' } };
		const result = await node('configuration:create', { ...create, options: { failWhen: 'never' } }, [{ max: 10 }, { max: 20 }]);
		expect(statuses(result.json(1))).toEqual(['conflict', 'conflict']);
	});

	it('declares a type once, checks IDs by it, and is not deleted while its IDs are in use', async () => {
		const node = registryNode();
		const create = { ...person, name: 'shop', settings: { maxLength: 50, pattern: 'S-[0-9]+', example: 'S-1' } };
		expect(statuses(await node.done('configuration:create', create))).toEqual(['created']);
		expect(statuses(await node.done('configuration:create', create))).toEqual(['unchanged']);
		const linked = await node('mapping:link', { ...person, externalIds: ids(['shop', '={{ $json.id }}']) }, [{ id: 'S-1' }, { id: 'X-1' }, { id: `S-${'9'.repeat(50)}` }]);
		expect(statuses(linked.json(0))).toEqual(['created']);
		expect(statuses(linked.json(1))).toEqual(['invalid', 'invalid']);
		const refused = await node('configuration:delete', { ...person, name: 'shop', options: { failWhen: 'never' } });
		expect(statuses(refused.json(1))).toEqual(['conflict']);
		expect(await node.done('configuration:delete', { ...person, name: 'shop', alsoMappings: true })).toEqual([expect.objectContaining({ status: 'deleted', deletedMappings: 1 })]);
		expect(await node.done('configuration:getAll', { returnAll: true, ofObjectType: 'any' })).toEqual([]);
	});

	it('shows and changes settings, and they hold at once', async () => {
		const node = registryNode();
		await node.done('record:upsert', { objectType: 'accounts', externalIds: ids(['crm', 'A']), fieldsFrom: 'form', fields: { domains: 'acme.com' } });
		expect(statuses(await node.done('registry:settings', { settings: {} }))).toEqual(['found']);
		expect(await node.done('registry:settings', { settings: { ownDomains: 'acme.com' } })).toEqual([expect.objectContaining({ status: 'updated', ownDomains: ['acme.com'] })]);
		expect((await node('domain:match', { emailOrDomain: 'a@acme.com' })).json(1)).toEqual([expect.objectContaining({ status: 'skipped' })]);
	});

	it('tells what is in the registry', async () => {
		const node = registryNode();
		await node.done('mapping:link', { ...person, externalIds: ids(['crm', '1'], ['erp', '2']) });
		expect(await node.done('registry:status')).toEqual([
			expect.objectContaining({
				engine: 'SQLite',
				records: { people: 1, accounts: 0, users: 0, deleted: 0 },
				mappings: { current: 2, former: 0, deleted: 0 },
				externalTypes: [expect.objectContaining({ externalType: 'crm', currentMappings: 1 }), expect.objectContaining({ externalType: 'erp' })],
			}),
		]);
	});
});

describe('bad input costs only the item it is in', () => {
	it('every refused ID says why, and the others are done', async () => {
		const node = registryNode();
		const bad = ['', '   ', '{{ $json.id }}', 'x'.repeat(256), '0', 'null', 'undefined', '-1', 2 ** 53 + 2, 'a\u0000b', 'a\u0007b', 'a\ud800', [1], { a: 1 }, true, null];
		const good = ['x'.repeat(255), "' OR 1=1 --", '../../etc/passwd', '__proto__', 'constructor', '👩‍👩‍👧', 'é'];
		const items = [...bad, ...good].map((id) => ({ id }) as IDataObject);
		const result = await node('mapping:link', { ...person, externalIds: ids(['crm', '={{ $json.id }}']) }, items);
		expect(result.error).toBeUndefined();
		expect(statuses(result.json(0))).toEqual(good.map(() => 'created'));
		expect(statuses(result.json(1))).toEqual(bad.map(() => 'invalid'));
		for (const { reason } of result.json(1)) expect(reason).toEqual(expect.not.stringMatching(/undefined|at .*\.ts/));
		const found = await node('mapping:resolve', { ...person, findBy: 'externalId', externalType: picked('crm'), externalId: '={{ $json.id }}' }, good.map((id) => ({ id })));
		expect(statuses(found.json(0))).toEqual(good.map(() => 'found'));
		expect(statuses(await node.done('mapping:link', { ...person, externalIds: ids(['crm', 'e\u0301']) }))).toEqual(['unchanged']);
	});

	it('an expression that throws for one item is that item’s trouble', async () => {
		const node = registryNode();
		const result = await node('mapping:link', { ...person, externalIds: ids(['crm', '={{ $json.id.toUpperCase() }}']) }, [{ id: 'a' }, {}, { id: 'b' }]);
		expect(statuses(result.json(0))).toEqual(['created', 'created']);
		expect(statuses(result.json(1))).toEqual(['invalid']);
	});

	it('a registry name that is a path stops the run before anything is written, in words', async () => {
		const node = registryNode('../../etc/x');
		const result = await node('mapping:link', { ...person, externalIds: ids(['crm', '1']) });
		expect(result.error?.message).toContain('Registry name "../../etc/x" cannot be used');
	});

	it('the same ID 100,000 times is one record', async () => {
		const node = registryNode();
		const items = Array.from({ length: 100_000 }, () => ({ id: 'same' }));
		const result = await node('mapping:link', { ...person, externalIds: ids(['crm', '={{ $json.id }}']) }, items);
		expect(result.json(0)).toHaveLength(100_000);
		expect(result.json(0).filter(({ status }) => status === 'created')).toHaveLength(1);
	});
});
