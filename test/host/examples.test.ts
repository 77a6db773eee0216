import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { Execution, N8nClient, WorkflowJson } from './client';
import { startSalesloft } from '../sandbox/salesloft';
import type { Sandbox } from '../sandbox/salesloft';
import { seedExamples } from '../sandbox/salesloft/examples';
import { serveExampleData } from './exampleData';
import { countStatuses, runMainJob } from './mainJob';
import { root } from './pack';
import { sharedN8n } from './shared';

const FOLDER = path.join(root, 'examples');
const example = (file: string) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as WorkflowJson;

let n8n: N8nClient;
let salesloft: Sandbox;
let credential: { id: string; name: string };

beforeAll(async () => {
	n8n = await sharedN8n();
	salesloft = await startSalesloft();
	seedExamples(salesloft, 20);
	credential = await n8n.createCredential('Salesloft sandbox', 'salesloftApi', { apiKey: salesloft.apiKey, advanced: true, baseUrl: salesloft.baseUrl });
});

afterAll(async () => {
	await salesloft?.close();
});

/** An example as it is imported, with the credential that its user would choose. */
function withCredential(workflow: WorkflowJson): WorkflowJson {
	for (const node of workflow.nodes) if (node.type.endsWith('.salesloft')) node.credentials = { salesloftApi: credential };
	return workflow;
}

/** What each example's nodes give, first and when it is run again. */
const EXPECTED: Readonly<Record<string, Record<string, [object, object]>>> = {
	'link-and-translate.json': {
		'Link IDs': [{ created: 3 }, { unchanged: 3 }],
		'Translate ERP to CRM': [{ found: 2, notFound: 1 }, { found: 2, notFound: 1 }],
	},
	'sync-by-upsert.json': {
		'Upsert Accounts': [{ created: 2 }, { unchanged: 2 }],
		'Upsert People': [{ created: 2, invalid: 1 }, { unchanged: 2, invalid: 1 }],
	},
	'contacts-from-mail-by-domain.json': {
		'Upsert Accounts': [{ created: 2 }, { unchanged: 2 }],
		'Capture Contacts': [{ created: 2, skipped: 2, notFound: 1 }, { unchanged: 2, skipped: 2, notFound: 1 }],
	},
	'salesloft-backfill-approved.json': {
		Write: [{ linked: 2, notFound: 1 }, { unchanged: 2, notFound: 1 }],
	},
	// After the backfill: its person has an ID now.
	'salesloft-webhook-to-erp.json': { 'Translate ID': [{ found: 1 }, { found: 1 }] },
	// After the one that makes contacts: tried out it takes the newest.
	'new-contact-to-crm.json': { "Save the CRM's ID": [{ created: 1 }, {}] },
	'inbox-review.json': {
		'Capture Contacts': [{ notFound: 4, skipped: 1 }, { unchanged: 3, notFound: 1, skipped: 1 }],
		'Add Related Domains': [{ created: 1 }, { unchanged: 1 }],
		Assign: [{ created: 1 }, { unchanged: 1 }],
		Discard: [{ deleted: 1 }, { unchanged: 1 }],
	},
	'nightly-incremental-sync.json': {
		'Changed Since Then': [{ found: 2 }, {}],
		'Save Checkpoint': [{ created: 1 }, {}],
	},
	'scheduled-backfill.json': {
		'Upsert People': [{ created: 4 }, { unchanged: 4 }],
		'Dry Run': [{ planned: 3, notFound: 1, ambiguous: 2 }, { planned: 3, notFound: 1, ambiguous: 2 }],
		Apply: [{ linked: 3, notFound: 1, ambiguous: 2 }, {}],
	},
	// After the one that backfills.
	'undo-a-backfill.json': {
		'Dry Run': [{ planned: 1 }, { unchanged: 1 }],
		Undo: [{ updated: 1 }, {}],
	},
};

/** What a person answers whom an example asks. */
const ANSWERS: Readonly<Record<string, string>> = { 'scheduled-backfill.json': 'Apply', 'undo-a-backfill.json': 'Undo' };

async function run(file: string, id: string): Promise<Execution> {
	const answer = ANSWERS[file];
	return answer === undefined ? await n8n.runWorkflow(id) : await n8n.answerForm(await n8n.startWorkflow(id), { Decision: answer });
}

test('every example is tested here', () => {
	expect(readdirSync(FOLDER).filter((file) => file.endsWith('.json')).sort()).toEqual(Object.keys(EXPECTED).sort());
});

test.each(Object.keys(EXPECTED))('%s imports, does what it says, and changes nothing the second time', async (file) => {
	const id = await n8n.createWorkflow(withCredential(example(file)));
	for (const time of [0, 1]) {
		const execution = await run(file, id);
		expect(execution.error).toBeUndefined();
		for (const [node, counts] of Object.entries(EXPECTED[file] ?? {})) {
			expect({ node, counts: countStatuses(execution, node) }).toEqual({ node, counts: counts[time] });
		}
	}
});

test('a backfill that nobody approves writes nothing', async () => {
	const workflow = example('scheduled-backfill.json');
	const credential = await n8n.createCredential('Unapproved', 'externalIdRegistryApi', { registry: 'unapproved', workspace: 'default', accessSecret: '' });
	for (const node of workflow.nodes) if (node.type.startsWith('n8n-nodes-external-id.')) Object.assign(node, { credentials: { externalIdRegistryApi: credential }, parameters: { registryFrom: 'credential', ...node.parameters } });
	const execution = await n8n.answerForm(await n8n.startWorkflow(await n8n.createWorkflow(workflow)), { Decision: 'Do Not' });
	expect(execution).toMatchObject({ status: 'success', error: undefined });
	expect(countStatuses(execution, 'Dry Run')).toMatchObject({ planned: 3 });
	expect(execution.json('Ask in the Chat')[0]?.text).toContain('3 would be linked');
	expect(Object.keys(execution.nodes)).toEqual(expect.arrayContaining(['Approved?']));
	expect(execution.nodes.Apply).toBeUndefined();
});

test('the main job: 3,000 accounts and 10,000 contacts, and nothing changes the second time', async () => {
	const data = await serveExampleData();
	const said: string[] = [];
	try {
		const isAsExpected = await runMainJob(n8n, data.url, { say: (line) => said.push(line), table: () => undefined });
		expect({ isAsExpected, said }).toEqual({ isAsExpected: true, said: [expect.any(String), expect.stringContaining('started 15 times'), expect.any(String)] });
	} finally {
		data.close();
	}
});
