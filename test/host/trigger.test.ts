import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { sleep } from '../process.js';
import type { N8nClient, WorkflowJson } from './client';
import { startN8n } from './n8n';
import { shared, sharedN8n } from './shared';

/** The trigger in a real n8n: published, failing, taken back, renamed, killed. */
const PACKAGE = 'n8n-nodes-external-id';
const REGISTRY = 'trigger-tests';

let n8n: N8nClient;
let credential: { id: string; name: string };

beforeAll(async () => {
	n8n = await sharedN8n();
	credential = await registryCredential(n8n);
	await makeAccount(n8n, credential);
});

async function registryCredential(client: N8nClient): Promise<{ id: string; name: string }> {
	return await client.createCredential('Trigger tests', 'externalIdRegistryApi', { registry: REGISTRY, workspace: 'default', accessSecret: '' });
}

type Credential = typeof credential;

const ours = (name: string, type: string, parameters: object, of: Credential) => ({ name, type: `${PACKAGE}.${type}`, typeVersion: 1, parameters: { registryFrom: 'credential', ...parameters }, credentials: { externalIdRegistryApi: of } });

/** A workflow by hand that runs one operation on one item. */
async function runOnce(client: N8nClient, of: Credential, parameters: object): Promise<void> {
	const execution = await client.runWorkflow({
		name: 'Once',
		nodes: [{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 }, ours('Node', 'externalId', parameters, of)],
		connections: { Start: { main: [[{ node: 'Node', type: 'main', index: 0 }]] } },
	});
	expect(execution.error).toBeUndefined();
}

const makeAccount = async (client: N8nClient, of: Credential) =>
	await runOnce(client, of, {
		resource: 'record',
		operation: 'upsert',
		objectType: 'accounts',
		externalIds: { ids: [{ externalType: { __rl: true, mode: 'list', value: 'crm' }, externalId: 'A-1' }] },
		fieldsFrom: 'form',
		fields: { name: 'Acme', domains: 'acme.example' },
	});

const capture = async (client: N8nClient, of: Credential, ...names: string[]) =>
	await runOnce(client, of, { resource: 'contact', operation: 'capture', addresses: names.map((name) => `${name}@acme.example`).join(', ') });

/** A workflow that the trigger starts; its second node does what the test needs. */
function triggered(name: string, of: Credential, then: object, parameters: object = {}): WorkflowJson {
	return {
		name,
		nodes: [
			{ id: 'the-trigger', ...ours('External ID Trigger', 'externalIdTrigger', parameters, of) },
			{ id: 'then', name: 'Then', typeVersion: 1, type: 'n8n-nodes-base.noOp', parameters: {}, ...then },
		],
		connections: { 'External ID Trigger': { main: [[{ node: 'Then', type: 'main', index: 0 }]] } },
	};
}

const emailsOf = (items: IDataObject[]) => items.map(({ email }) => email);
const FAILS = { type: 'n8n-nodes-base.stopAndError', parameters: { errorMessage: 'The CRM is down' } };

test('a contact made by domain starts the published workflow, with the record and what matched', async () => {
	const id = await n8n.createWorkflow(triggered('Contacts', credential, {}));
	await n8n.activate(id);
	try {
		await capture(n8n, credential, 'ann');
		const [execution] = await n8n.finishedExecutions(id, 1);
		expect(execution).toMatchObject({ status: 'success', mode: 'trigger' });
		expect(execution?.json('Then')).toEqual([expect.objectContaining({ event: 'contactCreatedByDomain', email: 'ann@acme.example', accountName: 'Acme', matchedDomain: 'acme.example', changedBy: expect.objectContaining({ origin: 'manual', operation: 'contact:capture' }) })]);
	} finally {
		await n8n.deactivate(id);
	}
});

test('a workflow that fails has had its changes: the next ones come, and none twice', async () => {
	const id = await n8n.createWorkflow(triggered('Failing', credential, FAILS));
	await n8n.activate(id);
	try {
		await capture(n8n, credential, 'fail1');
		await n8n.finishedExecutions(id, 1);
		await capture(n8n, credential, 'fail2');
		const executions = await n8n.finishedExecutions(id, 2);
		expect(executions.map((execution) => [execution.status, emailsOf(execution.json('External ID Trigger'))])).toEqual([
			['error', ['fail1@acme.example']],
			['error', ['fail2@acme.example']],
		]);
	} finally {
		await n8n.deactivate(id);
	}
});

test('a run that is stopped by hand has had its changes too', async () => {
	const waits = { type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode: "if ($input.first().json.email.startsWith('stop')) await new Promise((resolve) => setTimeout(resolve, 60000));\nreturn $input.all();" } };
	const id = await n8n.createWorkflow(triggered('Stopped', credential, waits));
	await n8n.activate(id);
	try {
		await capture(n8n, credential, 'stop');
		await n8n.stopExecution(await started(id, 1));
		await capture(n8n, credential, 'go');
		const executions = await n8n.finishedExecutions(id, 2);
		expect(executions.map(({ status }) => status)).toEqual(['canceled', 'success']);
		expect(emailsOf(executions[1]?.json('Then') ?? [])).toEqual(['go@acme.example']);
	} finally {
		await n8n.deactivate(id);
	}
});

/** The newest execution, once there are so many. */
async function started(workflowId: string, count: number, client = n8n): Promise<string> {
	for (let turn = 0; turn < 200; turn++) {
		const executions = await client.executions(workflowId);
		if (executions.length >= count) return executions[0]?.id ?? '';
		await sleep(100);
	}
	throw new Error(`There were never ${count} executions`);
}

test('taken back it starts nothing; published again, also under another name, it goes on where it was', async () => {
	const id = await n8n.createWorkflow(triggered('Back and forth', credential, {}));
	await n8n.activate(id);
	await capture(n8n, credential, 'first');
	await n8n.finishedExecutions(id, 1);
	await n8n.deactivate(id);
	await capture(n8n, credential, 'meanwhile');
	await sleep(1_500);
	expect(await n8n.executions(id)).toHaveLength(1);

	await n8n.activate(id);
	try {
		await n8n.finishedExecutions(id, 2);
		const workflow = await n8n.workflow(id);
		const [trigger, then] = workflow.nodes;
		await n8n.rest('PATCH', `/workflows/${id}`, { ...workflow, nodes: [{ ...trigger, name: 'Renamed' }, then], connections: { Renamed: { main: [[{ node: 'Then', type: 'main', index: 0 }]] } } });
		await n8n.activate(id);
		await capture(n8n, credential, 'last');
		const executions = await n8n.finishedExecutions(id, 3);
		expect(executions.map((execution) => emailsOf(execution.json('Then')))).toEqual([['first@acme.example'], ['meanwhile@acme.example'], ['last@acme.example']]);
		expect(Object.keys(executions[2]?.nodes ?? {})).toContain('Renamed');
	} finally {
		await n8n.deactivate(id);
	}
});

test('does not start itself: what its own workflow changes is left out', async () => {
	const more = ours('Then', 'externalId', { resource: 'contact', operation: 'capture', addresses: '={{ $json.email.replace("@", "-again@") }}' }, credential);
	const id = await n8n.createWorkflow(triggered('In circles', credential, more));
	await n8n.activate(id);
	try {
		await capture(n8n, credential, 'round');
		const [execution] = await n8n.finishedExecutions(id, 1);
		expect(execution?.json('Then')).toEqual([expect.objectContaining({ status: 'created', email: 'round-again@acme.example' })]);
		await sleep(1_500);
		expect(await n8n.executions(id)).toHaveLength(1);
	} finally {
		await n8n.deactivate(id);
	}
});

test('tried out in the editor it shows the newest change, and takes nothing from the published one', async () => {
	const id = await n8n.createWorkflow(triggered('Tried out', credential, {}));
	await capture(n8n, credential, 'tried');
	const execution = await n8n.runWorkflow(id);
	expect(emailsOf(execution.json('Then'))).toEqual(['tried@acme.example']);
	const sample = await n8n.runWorkflow(triggered('Sample', credential, {}, { events: ['recordsMerged'] }));
	expect(sample.json('Then')).toEqual([expect.objectContaining({ sample: true, event: 'recordsMerged' })]);
});

test('when the registry cannot be used, publishing says so in words', async () => {
	const wrong = await n8n.createCredential('Wrong key', 'externalIdRegistryApi', { registry: REGISTRY, workspace: 'default', accessSecret: 'wrong' });
	const id = await n8n.createWorkflow(triggered('Wrong key', wrong, {}));
	await expect(n8n.activate(id)).rejects.toThrow(/has no access key/);
});

test('after n8n was killed in the middle of a run, the changes are delivered again', async () => {
	const userFolder = mkdtempSync(path.join(tmpdir(), 'external-id-killed-'));
	let own = await startN8n({ userFolder, tarball: shared().tarball.file });
	try {
		const of = await registryCredential(own);
		await makeAccount(own, of);
		const slow = { type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode: 'await new Promise((resolve) => setTimeout(resolve, 5000));\nreturn $input.all();' } };
		const id = await own.createWorkflow(triggered('Killed', of, slow));
		await own.activate(id);
		await capture(own, of, 'killed1', 'killed2');
		await started(id, 1, own);
		await own.kill();
		own = await own.restart();
		const executions = await own.finishedExecutions(id, 2, 60_000);
		// n8n marks the first as crashed and does not go on with it.
		expect(executions.map(({ status }) => status)).toEqual(['crashed', 'success']);
		expect(emailsOf(executions[1]?.json('Then') ?? []).sort()).toEqual(['killed1@acme.example', 'killed2@acme.example']);
		await capture(own, of, 'later');
		const [, , third] = await own.finishedExecutions(id, 3, 60_000);
		expect(emailsOf(third?.json('Then') ?? [])).toEqual(['later@acme.example']);
	} finally {
		await own.stop();
		rmSync(userFolder, { recursive: true, force: true });
	}
});
