/** In a real n8n: from the moment a contact is made until the execution that the trigger starts for it has begun. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import type { WorkflowJson } from '../host/client';
import { cacheFolder } from '../host/install';
import { type N8n, startN8n } from '../host/n8n';
import { pack } from '../host/pack';
import { progress } from '../process.js';
import { temporaryFolder } from './registryFiles';
import { part, type Report } from './report';
import { shownTimes, timesOf } from './rounds';
import { isTrial } from './sizes';

const ROUNDS = isTrial ? 5 : 30;
const PACKAGE = 'n8n-nodes-external-id';

const manual = (name: string, parameters: object): WorkflowJson => ({
	name,
	nodes: [
		{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 },
		{ name: 'Node', type: `${PACKAGE}.externalId`, typeVersion: 1, parameters },
	],
	connections: { Start: { main: [[{ node: 'Node', type: 'main', index: 0 }]] } },
});

const accounts = manual('Accounts', {
	resource: 'record',
	operation: 'upsert',
	objectType: 'accounts',
	externalIds: { ids: [{ externalType: { __rl: true, mode: 'list', value: 'crm' }, externalId: 'A' }] },
	fieldsFrom: 'form',
	fields: { name: 'Acme', domains: 'acme.example' },
});

const triggered: WorkflowJson = {
	name: 'Triggered',
	nodes: [
		{ id: 'trigger', name: 'Trigger', type: `${PACKAGE}.externalIdTrigger`, typeVersion: 1, parameters: {} },
		{ id: 'end', name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1 },
	],
	connections: { Trigger: { main: [[{ node: 'End', type: 'main', index: 0 }]] } },
};

part(async (): Promise<Report> => {
	const isInstalled = existsSync(cacheFolder) && readdirSync(cacheFolder).some((name) => name.startsWith('n8n-') && existsSync(path.join(cacheFolder, name, 'complete')));
	if (!isInstalled) return { skipped: `The trigger in a real n8n: no n8n is installed in ${cacheFolder}; npm test installs it` };

	const folder = temporaryFolder();
	const n8n = await startN8n({ userFolder: folder, tarball: (await pack(folder)).file });
	try {
		await n8n.runWorkflow(accounts);
		const id = await n8n.createWorkflow(triggered);
		await n8n.activate(id);
		progress(`${ROUNDS} contacts are made, one after the other …`);
		const waits: number[] = [];
		for (let round = 1; round <= ROUNDS; round++) waits.push(await waitOf(n8n, id, round));
		const times = timesOf(waits);
		return {
			figures: [
				{
					what: 'From a contact made by domain to the execution that the trigger starts, in a real n8n',
					value: times.median,
					unit: 'ms',
					aim: 2_000,
					how: 'Median over single contacts; time of the change against the start of the execution, both as n8n and the registry write them down',
					detail: shownTimes(times),
				},
			],
		};
	} finally {
		await n8n.stop();
	}
});

/** Makes one contact and gives the time from its change until the execution began, ms. */
async function waitOf(n8n: N8n, triggeredId: string, round: number): Promise<number> {
	await n8n.runWorkflow(manual('Capture', { resource: 'contact', operation: 'capture', addresses: `p${round}@acme.example` }));
	await n8n.finishedExecutions(triggeredId, round);
	const [newest] = await n8n.executions(triggeredId);
	if (!newest) throw new Error('There is no execution');
	const [item] = (await n8n.execution(newest.id)).json('Trigger');
	if (item?.email !== `p${round}@acme.example`) throw new Error(`The execution was started by ${String(item?.email)}`);
	return new Date(newest.startedAt).getTime() - new Date(String(item.changedAt)).getTime();
}
