import type { IDataObject } from 'n8n-workflow';
import { NodeHelpers } from 'n8n-workflow';

import { ExternalId } from '../../nodes/ExternalId/ExternalId.node';
import { ids, picked, registryNode, statuses, typed } from './registryNode';

const person = { objectType: 'people' };
const byObject = (objectId: unknown) => ({ findBy: 'objectId', record: typed(String(objectId), 'id') });
const accountA = { findBy: 'externalId', externalType: picked('crm'), externalId: 'A' };

async function withAccount(domains = '') {
	const node = registryNode();
	const [account] = await node.done('record:upsert', { objectType: 'accounts', externalIds: ids(['crm', 'A']), fieldsFrom: 'form', fields: { name: 'Acme', domains } });
	return { node, account: account as IDataObject };
}

/** Names of the operations that the panel offers for a resource, to people or to AI agents. */
function offered(resource: string, nodeName: string): unknown[] {
	const { description } = new ExternalId();
	const [operation] = description.properties.filter((property) => property.name === 'operation' && NodeHelpers.displayParameter({ resource }, property, { typeVersion: 1 }, { ...description, name: nodeName }));
	return ((operation?.options ?? []) as Array<{ value: unknown }>).map(({ value }) => value).sort();
}

describe('Merge', () => {
	const merge = {
		...person,
		findBy: 'externalId', externalType: picked('crm'), externalId: '={{ $json.keep }}',
		otherFindBy: 'email', otherEmail: '={{ $json.merge }}',
	};

	it('makes two records one, each named by a key of its own, and the old Object ID leads to the survivor', async () => {
		const node = registryNode();
		const [ann] = await node.done('mapping:link', { ...person, externalIds: ids(['crm', '1']), email: 'ann@acme.com' });
		const [double] = await node.done('mapping:link', { ...person, externalIds: ids(['crm', '2']), email: 'ann@home.org' });
		const refused = await node('record:merge', { ...merge, options: { failWhen: 'never' } }, [{ keep: '1', merge: 'ann@home.org' }]);
		expect(refused.json(1)).toEqual([expect.objectContaining({ status: 'conflict', conflict: { keep: expect.objectContaining({ externalIds: { crm: '1' } }), merge: expect.objectContaining({ externalIds: { crm: '2' } }) } })]);
		const kept = { ...merge, options: { whenBothHaveId: 'keepSurvivor', mergeFieldsFrom: 'other' } };
		expect(await node.done('record:merge', kept, [{ keep: '1', merge: 'ann@home.org' }])).toEqual([expect.objectContaining({ status: 'updated', objectId: ann?.objectId, mergedFrom: double?.objectId })]);
		expect(await node.done('mapping:resolve', { ...person, ...byObject(double?.objectId) })).toEqual([expect.objectContaining({ objectId: ann?.objectId, mergedFrom: double?.objectId })]);
		expect(await node.done('record:get', { ...person, ...byObject(ann?.objectId) })).toEqual([expect.objectContaining({ email: 'ann@home.org' })]);
		expect(statuses(await node.done('record:merge', kept, [{ keep: '1', merge: 'ann@home.org' }]))).toEqual(['unchanged']);
	});
});

describe('Erase', () => {
	const byCrm = { findBy: 'externalId', externalType: picked('crm'), externalId: '1' };

	it('removes a person for good; feeds skip them with what to do, until they are allowed again', async () => {
		const node = registryNode();
		const link = { ...person, externalIds: ids(['crm', '1']), email: 'ann@acme.com' };
		await node.done('mapping:link', link);
		expect(await node.done('record:erase', { eraseMode: 'erase', ...person, ...byCrm })).toEqual([expect.objectContaining({ status: 'deleted', erased: true })]);
		const fed = await node('mapping:link', link);
		expect(fed.error).toBeUndefined();
		expect(fed.json(1)).toEqual([expect.objectContaining({ status: 'skipped', reason: expect.stringContaining('Do: Allow Again') })]);
		expect(await node.done('record:erase', { eraseMode: 'allowAgain', ...person, findBy: 'email', email: 'ann@acme.com' })).toEqual([expect.objectContaining({ status: 'updated', allowedAgain: true })]);
		expect(statuses(await node.done('mapping:link', link))).toEqual(['created']);
	});

	it('does nothing when it is not told which of the two', async () => {
		const node = registryNode();
		await node.done('mapping:link', { ...person, externalIds: ids(['crm', '1']) });
		expect(statuses((await node('record:erase', { eraseMode: '', ...person, ...byCrm, options: { failWhen: 'never' } })).json(1))).toEqual(['invalid']);
		expect(statuses(await node.done('record:get', { ...person, ...byCrm }))).toEqual(['found']);
	});

	it('and merge and discard are not for AI agents', () => {
		expect(offered('record', 'externalId')).toEqual(['delete', 'erase', 'get', 'getAll', 'merge', 'upsert']);
		expect(offered('record', 'externalIdTool')).toEqual(['get', 'getAll', 'upsert']);
		expect(offered('inbox', 'externalIdTool')).toEqual(['assign', 'getAll', 'missingDomains']);
	});
});

describe('Identify', () => {
	it('takes the items as Segment sends them', async () => {
		const { node, account } = await withAccount('acme.com');
		const calls = [
			{ type: 'identify', userId: 'u1', traits: { email: 'ann@acme.com', name: 'Ann' }, messageId: 'm1' },
			{ type: 'track', userId: 'u1', event: 'Clicked' },
			{ type: 'identify', userId: 'u2', traits: { email: 'ann@acme.com' }, trust: 'public' },
		];
		const result = await node('contact:identify', { externalType: picked('app'), call: '={{ $json }}' }, calls);
		expect(result.json(0)).toEqual([expect.objectContaining({ status: 'created', accountId: account.objectId, externalIds: { app: 'u1' }, fields: { name: 'Ann' } })]);
		expect(result.json(1)).toEqual([expect.objectContaining({ status: 'skipped', callType: 'track' }), expect.objectContaining({ status: 'skipped', reason: expect.stringContaining('sent by anybody') })]);
		const [body] = await node.done('contact:identify', { externalType: picked('app'), call: '={{ JSON.stringify($json.body) }}' }, [{ body: calls[0] as IDataObject }]);
		expect(body).toMatchObject({ status: 'unchanged' });
	});
});

describe('Inbox', () => {
	it('lists, assigns with the domain, discards and restores', async () => {
		const { node, account } = await withAccount();
		await node('contact:capture', { addresses: 'Ann <ann@later.com>, bob@later.com, joe@gmail.com', options: { failWhen: 'never' } });
		const waiting = await node.done('inbox:getAll', { returnAll: true, filters: {} });
		expect(waiting.map(({ email, reason }) => [email, reason])).toEqual([['joe@gmail.com', 'domainFreeMail'], ['ann@later.com', 'domainWithoutAccount'], ['bob@later.com', 'domainWithoutAccount']]);
		expect(await node.done('inbox:getAll', { returnAll: true, filters: { reason: 'domainFreeMail' } })).toHaveLength(1);
		const missing = await node('inbox:missingDomains', { returnAll: true });
		expect(missing.json(0)).toEqual([expect.objectContaining({ domain: 'later.com', people: 2 })]);
		expect(missing.hints.map(({ message }) => message)).toContainEqual(expect.stringContaining('1 address waits'));
		const assign = { assignMode: 'one', waiting: '={{ $json.email }}', ...accountA, options: { addDomain: true } };
		const assigned = await node('inbox:assign', assign, [{ email: 'ann@later.com' }, { email: 'joe@gmail.com' }]);
		expect(assigned.json(0)).toEqual([
			expect.objectContaining({ status: 'created', accountId: account.objectId, relatedDomain: 'later.com', contactsCreated: 1 }),
			expect.objectContaining({ status: 'created', refusedDomains: [expect.objectContaining({ domain: 'gmail.com' })] }),
		]);
		expect(assigned.hints.map(({ message }) => message)).toContainEqual(expect.stringContaining('1 address was not added'));
		await node('contact:capture', { addresses: 'eve@else.com' });
		expect(statuses(await node.done('inbox:discard', { discardMode: 'discard', waiting: 'eve@else.com' }))).toEqual(['deleted']);
		expect((await node('contact:capture', { addresses: 'eve@else.com' })).json(1)).toEqual([expect.objectContaining({ status: 'skipped' })]);
		expect(statuses(await node.done('inbox:discard', { discardMode: 'restore', waiting: 'eve@else.com' }))).toEqual(['updated']);
	});

	it('tells how many an added domain would make, and makes them when they are approved', async () => {
		const { node } = await withAccount();
		await node.done('registry:settings', { settings: { approveAbove: 1 } });
		await node('contact:capture', { addresses: 'ann@later.com, bob@later.com', options: { failWhen: 'never' } });
		expect(await node.done('domain:add', { ...accountA, domains: 'later.com' })).toEqual([expect.objectContaining({ status: 'created', waitingForApproval: 2 })]);
		expect(await node.done('inbox:assign', { assignMode: 'domain', domain: 'later.com' })).toEqual([expect.objectContaining({ status: 'updated', contactsCreated: 2 })]);
		expect(await node.done('record:getAll', { ...person, returnAll: true, filters: {} })).toHaveLength(2);
	});
});
