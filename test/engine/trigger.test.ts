import './harness';

import { TriggerContext } from 'n8n-core';
import { ManualExecutionCancelledError, NodeHelpers, SystemShutdownExecutionCancelledError, TimeoutExecutionCancelledError, UserError, Workflow } from 'n8n-workflow';
import type { IDataObject, INodeParameters, IRun, ITriggerFunctions, ITriggerResponse, IWorkflowExecuteAdditionalData, WorkflowActivateMode } from 'n8n-workflow';
import * as fs from 'node:fs';
import * as path from 'node:path';

import { ExternalIdTrigger } from '../../nodes/ExternalId/ExternalIdTrigger.node';
import { FEED_EVENTS } from '../../nodes/ExternalId/registry/feed';
import { locateRegistry } from '../../nodes/ExternalId/registry/location';
import { closeRegistries, openRegistry } from '../../nodes/ExternalId/registry/registry';
import type { Registry } from '../../nodes/ExternalId/registry/registry';
import { api, ids } from '../contract/api';
import type { Api } from '../contract/api';

/** What n8n got from the trigger. */
interface Emitted {
	json: IDataObject[];
	done: Parameters<ITriggerFunctions['emit']>[2];
	key: string | undefined;
}

let made = 0;
const started: ITriggerResponse[] = [];

afterEach(async () => {
	for (const { closeFunction } of started.splice(0)) await closeFunction?.();
});
afterAll(closeRegistries);

/** A published (or tested) workflow with the trigger in it, on n8n's own trigger context; `emit` is recorded in place of n8n's runner. */
class Published {
	readonly emitted: Emitted[] = [];
	readonly failed: Array<Error & { description?: string | null }> = [];
	/** What becomes of each emitted batch; by default its run ends at once. */
	onEmit: (emitted: Emitted, count: number) => void = ({ done }) => done?.resolve({} as IRun);
	readonly registryName = `trigger${++made}`;

	async registry(): Promise<Registry> {
		return await openRegistry(locateRegistry({ registry: this.registryName }));
	}

	async start(parameters: INodeParameters = {}, activation: WorkflowActivateMode = 'activate', credential: IDataObject = { registry: this.registryName }): Promise<ITriggerResponse> {
		const type = new ExternalIdTrigger();
		const types = { getByName: () => type, getByNameAndVersion: () => type, getKnownTypes: () => ({}) };
		const nodes = [{ id: 'trigger-node', name: 'Trigger', type: 'n8n-nodes-external-id.externalIdTrigger', typeVersion: 1, position: [0, 0] as [number, number], parameters: { registryFrom: 'credential', ...parameters }, credentials: { externalIdRegistryApi: { id: '1', name: 'c' } } }];
		const workflow = new Workflow({ id: 'trigger-workflow', name: 'T', nodes, connections: {}, active: true, nodeTypes: types });
		const additional = { credentialsHelper: { getDecrypted: async () => ({ ...credential }), isCredentialUsableByNode: () => true, getParentTypes: () => [] } } as unknown as IWorkflowExecuteAdditionalData;
		const mode = activation === 'manual' ? ('manual' as const) : ('trigger' as const);
		const node = workflow.getNode('Trigger');
		if (!node) throw new Error('The workflow has no trigger');
		node.parameters = NodeHelpers.getNodeParameters(type.description.properties, node.parameters, true, false, node, type.description) ?? {};
		const emit: ITriggerFunctions['emit'] = (data, _response, done, key) => {
			const emitted = { json: (data[0] ?? []).map(({ json }) => json), done, key };
			this.emitted.push(emitted);
			this.onEmit(emitted, this.emitted.length);
		};
		const context = new TriggerContext(workflow, node, additional, mode, activation, emit, () => undefined, (error) => this.failed.push(error as Error));
		// Anything read later would throw in n8n: the expression engine is given back once the trigger stands.
		const response = await type.trigger.call(context);
		context.getNodeParameter = () => {
			throw new Error('A parameter was read after trigger() returned');
		};
		started.push(response);
		return response;
	}

	/** Makes contacts by domain, as an External ID node of another workflow does. */
	async capture(...names: string[]): Promise<void> {
		const all = api(await this.registry());
		await all.upsert([{ objectType: 'accounts', ids: ids({ crm: 'A' }), fields: { name: 'Acme', domains: 'acme.com' } }]);
		await all.capture(names.map((name) => `${name}@acme.com`));
	}

	get emails(): unknown[] {
		return this.emitted.flatMap(({ json }) => json.map(({ email }) => email));
	}

	async pending(): Promise<unknown> {
		const registry = await this.registry();
		return (await registry.store.follower('default', 'trigger-workflow', 'trigger-node'))?.pending;
	}
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
	for (let turn = 0; turn < 2_000; turn++) {
		if (await isSo()) return;
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	throw new Error('It never came to that');
}

describe('the trigger, published', () => {
	it('emits plain items with the key that n8n keeps repeats apart by, and moves on when the run has ended', async () => {
		const published = new Published();
		await published.start();
		await published.capture('ann');
		await until(() => published.emitted.length === 1);
		expect(published.emitted[0]).toMatchObject({ json: [{ event: 'contactCreatedByDomain', email: 'ann@acme.com', accountName: 'Acme', matchedDomain: 'acme.com' }], key: expect.stringMatching(/^extid:trigger-workflow:trigger-node:\d+:1:\w+$/) });
		expect(JSON.parse(JSON.stringify(published.emitted[0]?.json))).toEqual(published.emitted[0]?.json);
		await until(async () => (await published.pending()) === null);
	});

	it.each([
		['was stopped by hand', new ManualExecutionCancelledError('1')],
		['ran into its time-out', new TimeoutExecutionCancelledError('1')],
	])('moves on when the run %s', async (_, error) => {
		const published = new Published();
		published.onEmit = ({ done }) => done?.reject(error);
		await published.start();
		await published.capture('ann');
		await until(async () => published.emitted.length === 1 && (await published.pending()) === null);
	});

	it('does not move on when n8n shuts down in the middle of a run', async () => {
		const published = new Published();
		published.onEmit = ({ done }) => done?.reject(new SystemShutdownExecutionCancelledError('1'));
		const { closeFunction } = await published.start();
		await published.capture('ann');
		await until(() => published.emitted.length === 1);
		await closeFunction?.();
		expect(await published.pending()).toMatchObject({ attempt: 1 });
		await published.start({}, 'init');
		await until(() => published.emitted.length === 2);
		expect(published.emitted[1]?.key).toMatch(/:2:\w+$/);
	});

	it('emits again, under the same key, what n8n could not start', async () => {
		const published = new Published();
		published.onEmit = ({ done }, count) => (count === 1 ? done?.reject(new Error('The database is away')) : done?.resolve({} as IRun));
		await published.start();
		await published.capture('ann');
		await until(() => published.emitted.length === 2);
		expect(published.emitted[1]?.key).toBe(published.emitted[0]?.key);
		await until(async () => (await published.pending()) === null);
		expect(published.failed).toEqual([]);
	});

	it('takes a key that n8n has had already for done', async () => {
		const published = new Published();
		published.onEmit = ({ done }) => done?.resolve(undefined as unknown as IRun);
		await published.start();
		await published.capture('ann');
		await until(async () => published.emitted.length === 1 && (await published.pending()) === null);
	});

	it('emits without waiting where the engine cannot say when a run has ended', async () => {
		const published = new Published();
		published.onEmit = ({ done }) => done?.reject(new UserError('Engine 2.0 cannot run a trigger that waits for its execution to finish yet. Set the node to hand off without waiting.'));
		await published.start();
		await published.capture('ann');
		await until(() => published.emitted.length === 2);
		expect(published.emitted.map(({ done }) => done === undefined)).toEqual([false, true]);
		expect(published.emitted[1]?.key).toBe(published.emitted[0]?.key);
		await published.capture('bob');
		await until(() => published.emitted.length === 3);
		expect(published.emitted[2]?.done).toBeUndefined();
	});

	it('emits nothing after it was closed', async () => {
		const published = new Published();
		const { closeFunction } = await published.start();
		await closeFunction?.();
		await published.capture('ann');
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect(published.emitted).toEqual([]);
	});

	it('fires on the events that are chosen, with the panel as it opens and with its options', async () => {
		const published = new Published();
		await published.start({ events: ['mappingCreated', 'contactWithoutAccount'], options: { externalTypes: 'erp', batchSize: 1, leaveOut: ['api'] } });
		const all = api(await published.registry());
		await all.link([{ objectType: 'people', ids: ids({ crm: '1', erp: 'E1' }) }]);
		await all.capture(['eve@nowhere.com']);
		await until(() => published.emitted.length === 2);
		expect(published.emitted.map(({ json }) => json.map(({ event, externalId, email }) => [event, externalId ?? email]))).toEqual([[['mappingCreated', 'E1']], [['contactWithoutAccount', 'eve@nowhere.com']]]);
	});

	it('takes nothing from before it was published, unless it is told to', async () => {
		const published = new Published();
		await published.capture('before');
		await published.start({ startFrom: 'beginning' });
		await until(() => published.emitted.length === 1);
		const other = new Published();
		await other.capture('before');
		await other.start();
		await other.capture('after');
		await until(() => other.emitted.length === 1);
		expect([published.emails, other.emails]).toEqual([['before@acme.com'], ['after@acme.com']]);
	});

	it.each(['activate', 'update'] as const)('says in words why it cannot be published (%s)', async (mode) => {
		const published = new Published();
		await api(await published.registry()).upsert([{ objectType: 'accounts', ids: ids({ crm: 'A' }), fields: {} }]);
		await expect(published.start({}, mode, { registry: published.registryName, accessSecret: 'wrong' })).rejects.toMatchObject({ message: expect.stringContaining('has no access key'), description: expect.stringContaining('credential') });
		await expect(published.start({ events: [] }, mode)).rejects.toMatchObject({ message: 'No event is chosen' });
	});

	it('stays up when n8n starts and the registry is away, tells of it once, and goes on when it is back', async () => {
		const published = new Published();
		await published.capture('before');
		const { file } = (await published.registry()).location;
		await closeRegistries();
		fs.renameSync(file, `${file}.away`);
		fs.mkdirSync(file);
		try {
			await published.start({ startFrom: 'beginning' }, 'init');
			await until(() => published.failed.length === 1);
		} finally {
			fs.rmdirSync(file);
			for (const rest of ['-wal', '-shm']) fs.rmSync(path.join(`${file}${rest}`), { force: true });
			fs.renameSync(`${file}.away`, file);
		}
		await until(() => published.emitted.length === 1);
		expect(published.emails).toEqual(['before@acme.com']);
		expect(published.failed).toHaveLength(1);
		expect(published.failed[0]?.message).not.toMatch(/undefined|EISDIR/);
	});
});

describe('the trigger, tried out in the editor', () => {
	async function tryOut(published: Published, parameters: INodeParameters = {}): Promise<IDataObject> {
		const { manualTriggerFunction, closeFunction } = await published.start(parameters, 'manual');
		expect(closeFunction).toBeUndefined();
		expect(published.emitted).toEqual([]);
		await manualTriggerFunction?.();
		expect(published.emitted).toHaveLength(1);
		return published.emitted[0]?.json[0] ?? {};
	}

	it('shows the newest change that fits, and moves nothing', async () => {
		const published = new Published();
		await published.capture('ann', 'bob');
		const item = await tryOut(published);
		expect(item).toMatchObject({ event: 'contactCreatedByDomain', email: 'bob@acme.com' });
		expect(item).not.toHaveProperty('sample');
		expect(await published.pending()).toBeUndefined();
	});

	it.each(FEED_EVENTS)('shows a sample of "%s" that says that it is one, where nothing has happened yet', async (event) => {
		expect(await tryOut(new Published(), { events: [event] })).toMatchObject({ sample: true, event });
	});

	it.each([
		['contactCreatedByDomain', async (all: Api): Promise<unknown> => (await all.capture(['Ann <ann@eu.acme.com>']))],
		['contactWithoutAccount', async (all: Api): Promise<unknown> => (await all.capture(['Eve <eve@nowhere.com>']))],
		['recordUpdated', async (all: Api): Promise<unknown> => (await all.upsert([{ objectType: 'people', ids: ids({ crm: 'P' }), fields: { title: 'Buyer' } }]))],
		['mappingCreated', async (all: Api): Promise<unknown> => (await all.link([{ objectType: 'people', ids: ids({ crm: 'P', erp: '1' }) }]))],
	] as const)('a sample of "%s" has the keys that a change has', async (event, happen) => {
		const sample = await tryOut(new Published(), { events: [event] });
		const published = new Published();
		const all = api(await published.registry());
		await all.upsert([{ objectType: 'accounts', ids: ids({ crm: 'A' }), fields: { name: 'Acme', domains: 'acme.com' } }]);
		await all.upsert([{ objectType: 'people', ids: ids({ crm: 'P' }), fields: { name: 'P' } }]);
		await happen(all);
		expect(Object.keys(await tryOut(published, { events: [event] })).sort()).toEqual(Object.keys(sample).filter((key) => key !== 'sample').sort());
	});

});
