import { readFileSync } from 'node:fs';
import path from 'node:path';

import { sleep } from '../process.js';
import type { Execution, N8nClient, WorkflowJson } from './client';
import { root } from './pack';

/** What the main job tells while it runs. */
export interface Report {
	/** One line of progress. */
	say(line: string): void;
	/** How many items of a step came out with each status. */
	table(title: string, rows: Array<{ step: string; status: string; items: number }>): void;
}

const EXTERNAL_ID = 'n8n-nodes-external-id.externalId';
const TRIGGER = 'When clicking ‘Execute workflow’';

/** Steps of the job that are operations of the External ID node, in their order. */
const STEPS = ['Upsert Accounts', 'Capture Contacts', 'Map to ERP', 'Resolve ERP IDs', 'Translate to ERP'] as const;
type Step = (typeof STEPS)[number];

/** What comes out of the data in `examples/data`, status by status, the first time. A second run has none of `created`. */
export const EXPECTED: Readonly<Record<Step, { first: Record<string, number>; again: Record<string, number> }>> = {
	'Upsert Accounts': { first: { created: 3000 }, again: { unchanged: 3000 } },
	'Capture Contacts': {
		first: { created: 7474, unchanged: 96, notFound: 738, skipped: 806, ambiguous: 285, invalid: 601 },
		again: { unchanged: 7570, notFound: 738, skipped: 806, ambiguous: 285, invalid: 601 },
	},
	'Map to ERP': { first: { created: 7378, conflict: 192 }, again: { unchanged: 7378, conflict: 192 } },
	'Resolve ERP IDs': { first: { found: 7378 }, again: { found: 7378 } },
	'Translate to ERP': { first: { found: 7378 }, again: { found: 7378 } },
};

/**
 * The main job: accounts from the CRM with their Related Domains; contacts captured by domain; those that were made mapped
 * under their ERP ID; all of them resolved and translated. Meanwhile the trigger starts a workflow of its own with each contact that
 * was made by domain. Then all of it again, which changes nothing and starts nothing.
 *
 * @param dataUrl where {@link serveExampleData} serves the accounts and contacts
 * @returns whether everything came out as expected both times
 */
export async function runMainJob(n8n: N8nClient, dataUrl: string, report: Report): Promise<boolean> {
	const id = await n8n.createWorkflow(mainJob(dataUrl));
	const triggered = await publishTriggered(n8n);
	const before = (await n8n.executions(triggered)).length;
	let isAsExpected = true;
	for (const time of ['first', 'again'] as const) {
		report.say(time === 'first' ? 'The main job: 3,000 accounts, 10,000 contacts …' : 'The same again: nothing should change …');
		const started = Date.now();
		const execution = await n8n.runWorkflow(id, { timeoutMs: 300_000 });
		const counts = STEPS.map((step) => ({ step, counts: countStatuses(execution, step) }));
		report.table(
			`${time === 'first' ? 'First run' : 'Second run'} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
			counts.flatMap(({ step, counts: ofStep }) => Object.entries(ofStep).map(([status, items]) => ({ step, status, items }))),
		);
		if (execution.status !== 'success') report.say(`The execution ended with "${execution.status}": ${execution.error?.message ?? 'no message'}`);
		for (const { step, counts: got } of counts) {
			const expected = EXPECTED[step][time];
			if (sameCounts(got, expected)) continue;
			isAsExpected = false;
			report.say(`${step}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
		}
		const made = EXPECTED['Capture Contacts'].first.created ?? 0;
		const { executions, contacts } = await triggeredSince(n8n, triggered, before, made);
		if (time === 'first') report.say(`The trigger: "${TRIGGERED}" was started ${executions} times, with ${contacts.toLocaleString('en')} contacts in all`);
		if (contacts === made) continue;
		isAsExpected = false;
		report.say(`The trigger: expected ${made} contacts`);
	}
	return isAsExpected;
}

const TRIGGERED = 'External ID: new contact into the CRM';

/** Publishes the example that the trigger starts; gives its ID. */
async function publishTriggered(n8n: N8nClient): Promise<string> {
	const present = (await n8n.workflows()).find(({ name }) => name === TRIGGERED);
	const id = present?.id ?? (await n8n.createWorkflow(JSON.parse(readFileSync(path.join(root, 'examples', 'new-contact-to-crm.json'), 'utf8')) as WorkflowJson));
	await n8n.activate(id);
	return id;
}

/** What the trigger has started, once it has delivered as many contacts, or after a while. */
async function triggeredSince(n8n: N8nClient, id: string, before: number, contacts: number): Promise<{ executions: number; contacts: number }> {
	let delivered = { executions: 0, contacts: 0 };
	for (let turn = 0; turn < 100; turn++) {
		const executions = (await n8n.executions(id)).reverse().slice(before);
		const ended = executions.filter(({ status }) => status === 'success');
		// Only what is new is fetched: each holds its 500 items.
		for (const { id: execution } of ended.slice(delivered.executions)) {
			const { json } = await n8n.execution(execution);
			delivered = { executions: delivered.executions + 1, contacts: delivered.contacts + json('Contact Made by Domain').length };
		}
		if (delivered.contacts >= contacts && ended.length === executions.length) break;
		await sleep(300);
	}
	return delivered;
}

export function countStatuses(execution: Execution, node: string): Record<string, number> {
	const counts: Record<string, number> = {};
	// A backfill has three outputs of items; its fourth, the summary, has no status.
	for (const output of [0, 1, 2]) {
		for (const { status } of execution.json(node, output)) counts[String(status)] = (counts[String(status)] ?? 0) + 1;
	}
	return counts;
}

function sameCounts(got: Record<string, number>, expected: Record<string, number>): boolean {
	const statuses = new Set([...Object.keys(got), ...Object.keys(expected)]);
	return [...statuses].every((status) => got[status] === expected[status]);
}

export function mainJob(dataUrl: string): WorkflowJson {
	const type = (name: string) => ({ __rl: true, mode: 'list', value: name, cachedResultName: name });
	const list = (name: string, url: string) => ({ name, type: 'n8n-nodes-base.httpRequest', typeVersion: 4.2, executeOnce: true, parameters: { url, options: {} } });
	const externalId = (name: Step, parameters: object) => ({ name, type: EXTERNAL_ID, typeVersion: 1, parameters });
	const byErp = { objectType: 'people', findBy: 'externalId', externalType: type('erp'), externalId: '={{ $json.externalId }}' };
	const nodes = [
		{ name: TRIGGER, type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, parameters: {} },
		list('Accounts of the CRM', `${dataUrl}/accounts`),
		externalId('Upsert Accounts', {
			resource: 'record',
			operation: 'upsert',
			objectType: 'accounts',
			externalIds: { ids: [{ externalType: type('crm'), externalId: '={{ $json.crm_id }}' }] },
			fieldsFrom: 'form',
			fields: { name: '={{ $json.name }}', domains: '={{ $json.domains }}' },
			// 60 accounts share their domain with another one, as duplicates in a CRM do: both are wanted here.
			options: { whenDomainKnown: 'create' },
		}),
		list('Contacts of the ERP', `${dataUrl}/contacts`),
		externalId('Capture Contacts', { resource: 'contact', operation: 'capture', addresses: '={{ $json.email }}', options: { includeInput: true } }),
		externalId('Map to ERP', {
			resource: 'mapping',
			operation: 'create',
			objectType: 'people',
			externalType: type('erp'),
			externalId: '={{ $json.input.erp_id }}',
			record: { __rl: true, mode: 'id', value: '={{ $json.objectId }}' },
			options: {},
		}),
		externalId('Resolve ERP IDs', { resource: 'mapping', operation: 'resolve', ...byErp, options: {} }),
		externalId('Translate to ERP', {
			resource: 'mapping',
			operation: 'translate',
			objectType: 'people',
			findBy: 'objectId',
			record: { __rl: true, mode: 'id', value: '={{ $json.objectId }}' },
			toType: type('erp'),
			options: {},
		}),
	].map((node, index) => ({ id: `main-${index}`, position: [index * 220, 0] as [number, number], ...node }));
	const connections = Object.fromEntries(
		nodes.slice(0, -1).map(({ name }, index) => [name, { main: [[{ node: nodes[index + 1]?.name, type: 'main', index: 0 }]] }]),
	);
	return { name: 'External ID: the main job on the example data', nodes, connections, settings: { executionOrder: 'v1' } };
}
