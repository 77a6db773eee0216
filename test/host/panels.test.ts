import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { INodeProperties } from 'n8n-workflow';

import type { N8nClient, WorkflowJson } from './client';
import { Editor, findChromium, NO_CHROMIUM } from './editor';
import { root } from './pack';
import { sharedN8n } from './shared';

/**
 * Each panel in the real editor, photographed into coverage/editor and read. `UPDATE_PICTURES=1` also puts the README's
 * pictures into docs/images.
 */
const TYPE = 'n8n-nodes-external-id.externalId';
const SALESLOFT_TYPE = 'n8n-nodes-external-id.salesloft';
const TRIGGER_TYPE = 'n8n-nodes-external-id.externalIdTrigger';
const SHOTS = path.join(root, 'coverage', 'editor');
const PICTURES = path.join(root, 'docs', 'images');

const browserTest = findChromium() === undefined ? test.skip : test;
const why = findChromium() === undefined ? ` (${NO_CHROMIUM})` : '';

let n8n: N8nClient;
let editor: Editor;

beforeAll(async () => {
	n8n = await sharedN8n();
	const opened = await Editor.open(n8n, { width: 1500, height: 1000 });
	if (opened) editor = opened;
});

afterAll(async () => {
	await editor?.close();
});

function workflowOf(nodes: Array<{ name: string; parameters: object; credentials?: Record<string, { id: string; name: string }> }>, type = TYPE): WorkflowJson {
	return {
		name: 'Panels',
		nodes: [
			{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 },
			...nodes.map((node, index) => ({ ...node, id: `panel-${index}`, type, typeVersion: 1, position: [220 * (index + 1), 0] as [number, number] })),
		],
		connections: { Start: { main: [nodes.slice(0, 1).map(({ name }) => ({ node: name, type: 'main', index: 0 }))] } },
	};
}

/** The labels that an operation's panel shows before anything is filled in. */
function labelsOf(properties: readonly INodeProperties[], parameters: Readonly<Record<string, string>>): string[] {
	const defaults = new Map<string, unknown>(Object.entries(parameters));
	const labels: string[] = [];
	for (const { name, displayName, displayOptions, default: initial } of properties) {
		const { show = {} } = displayOptions ?? {};
		const isShown = Object.entries(show).every(([key, values]) => values?.some((value) => value === defaults.get(key)));
		if (!isShown || '@tool' in show) continue;
		if (!defaults.has(name)) defaults.set(name, initial);
		// The editor shows how to log in as part of the credential.
		if (name !== 'authentication') labels.push(displayName);
	}
	return labels;
}

browserTest.each([[TYPE, 21], [SALESLOFT_TYPE, 12]])(`every operation's panel of %s shows its fields, and nothing breaks${why}`, async (type, atLeast) => {
	const description = (await n8n.nodeTypes(type)).find(({ name }) => name === type);
	const properties = description?.properties ?? [];
	const operations = properties
		.filter(({ name, displayOptions }) => name === 'operation' && !('@tool' in (displayOptions?.show ?? {})))
		.flatMap(({ displayOptions, options }) => (options ?? []).map((option) => ({ resource: String(displayOptions?.show?.resource?.[0]), operation: String((option as { value: string }).value) })));
	expect(operations.length).toBeGreaterThanOrEqual(atLeast);
	const nodes = operations.map((parameters) => ({ name: `${parameters.resource} ${parameters.operation}`, parameters }));
	const id = await n8n.createWorkflow(workflowOf(nodes, type));
	for (const { name, parameters } of nodes) {
		const labels = labelsOf(properties, parameters);
		const text = await editor.openNode(id, name, labels);
		await editor.screenshot(path.join(SHOTS, `${type === TYPE ? '' : 'salesloft-'}${name.replace(' ', '-')}.png`));
		const missing = labels.filter((label) => !text.includes(label));
		expect({ name, missing }).toEqual({ name, missing: [] });
		expect(text).not.toMatch(/undefined|\[object/);
	}
	expect(editor.pageErrors).toEqual([]);
});

browserTest(`an External Type is created by typing its name into the list, without a credential${why}`, async () => {
	const id = await n8n.createWorkflow(workflowOf([{ name: 'Link', parameters: { resource: 'mapping', operation: 'link' } }]));
	await editor.openNode(id, 'Link');
	const { page } = editor;
	await page.locator('[data-test-id="rlc-input"]').first().click();
	await page.locator('[data-test-id="rlc-search"]').first().fill('webshop');
	await page.locator('[data-test-id="rlc-item-add-resource"]').first().click();
	await page.locator('[data-test-id="rlc-search"]').first().waitFor({ state: 'detached' });
	expect(await page.locator('[data-test-id="rlc-input"]').first().inputValue()).toBe('webshop');
	await editor.screenshot(path.join(SHOTS, 'created-external-type.png'));
	const { results } = await n8n.listSearch({ nodeType: TYPE, method: 'searchExternalTypes', parameters: { resource: 'mapping', operation: 'link', objectType: 'people' }, path: 'parameters.externalType' });
	expect(results.map(({ value }) => value)).toContain('webshop');
});

browserTest(`a run shows what became of each item${why}`, async () => {
	const example = JSON.parse(readFileSync(path.join(root, 'examples', 'link-and-translate.json'), 'utf8')) as WorkflowJson;
	// A registry of its own: other tests run the example too.
	const credential = await n8n.createCredential('Panels', 'externalIdRegistryApi', { registry: 'panels', workspace: 'default', accessSecret: '' });
	for (const node of example.nodes) if (node.type === TYPE) Object.assign(node, { credentials: { externalIdRegistryApi: credential }, parameters: { registryFrom: 'credential', ...node.parameters } });
	const id = await n8n.createWorkflow(example);
	await editor.openWorkflow(id);
	const { page } = editor;
	await page.locator('[data-test-id="execute-workflow-button"]').click();
	await page.getByText('Workflow executed successfully').first().waitFor({ timeout: 60_000 });
	await page.locator('[data-test-id="canvas-node"]', { hasText: 'Translate ERP to CRM' }).first().dblclick();
	await editor.panel().waitFor();
	await page.waitForTimeout(600);
	await editor.screenshot(path.join(SHOTS, 'translate-output.png'));
	expect(await editor.text()).toContain('Not Found');
	const [crm, erp] = ['crm', 'erp'].map((name) => ({ __rl: true, mode: 'list', value: name, cachedResultName: name }));
	const filled = await n8n.createWorkflow(workflowOf([
		{ name: 'Create or Update', parameters: { resource: 'record', operation: 'upsert', externalIds: { ids: [{ externalType: crm, externalId: '={{ $json.id }}' }] }, fields: { email: '={{ $json.email }}', firstName: '={{ $json.first }}' } } },
		{ name: 'Backfill', parameters: { resource: 'mapping', operation: 'backfill', externalType: erp, externalId: '={{ $json.erpId }}', matchBy: ['email', 'phone'], email: '={{ $json.email }}', phone: '={{ $json.phone }}', options: { country: 'ES', maxTroublePercent: 10, maxReplacedPercent: 1 } } },
		{ name: 'Undo', parameters: { registryFrom: 'credential', resource: 'registry', operation: 'undo', options: { dryRun: true } }, credentials: { externalIdRegistryApi: credential } },
	]));
	for (const [name, file] of [['Create or Update', 'create-or-update'], ['Backfill', 'backfill']] as const) {
		await editor.openNode(filled, name);
		await editor.screenshot(path.join(SHOTS, `${file}.png`));
	}
	// The runs to choose from, by what they did.
	await editor.openNode(filled, 'Undo');
	await page.locator('[data-test-id="rlc-input"]').first().click();
	await page.locator('[data-test-id="rlc-item"]').first().waitFor();
	await page.waitForTimeout(600);
	expect(await page.locator('[data-test-id="rlc-item"]').first().innerText()).toMatch(/^[A-Z][a-z]+: .+ · \d{4}-\d\d-\d\d \d\d:\d\d UTC · [\d,]+ changes?/);
	await editor.screenshot(path.join(SHOTS, 'undo.png'));
	if (process.env.UPDATE_PICTURES) {
		mkdirSync(PICTURES, { recursive: true });
		for (const name of ['translate-output', 'create-or-update', 'backfill', 'undo']) copyFileSync(path.join(SHOTS, `${name}.png`), path.join(PICTURES, `${name}.png`));
	}
});

browserTest(`the trigger's panel shows its fields and options${why}`, async () => {
	const id = await n8n.createWorkflow({ name: 'Trigger panel', nodes: [{ id: 'trigger', name: 'External ID Trigger', type: TRIGGER_TYPE, typeVersion: 1, position: [0, 0], parameters: { events: ['contactCreatedByDomain', 'recordUpdated'], options: { alsoFireFor: ['backfill'], externalTypes: '', includeLinked: true, includeOwn: false, batchSize: 500, leaveOut: [], objectTypes: [] } } }], connections: {} });
	const labels = ['Registry', 'Events', 'When First Published', 'Also Fire For', 'External Types', 'Include Changes of This Workflow', 'Include Contacts Linked by Domain', 'Items per Execution', 'Leave Out Changes From', 'Object Types'];
	const text = await editor.openNode(id, 'External ID Trigger', labels);
	await editor.screenshot(path.join(SHOTS, 'trigger.png'));
	expect(labels.filter((label) => !text.includes(label))).toEqual([]);
	expect(text).not.toMatch(/undefined|\[object/);
	await editor.openWorkflow(id);
	await editor.screenshot(path.join(SHOTS, 'trigger-canvas.png'));
	expect(editor.pageErrors).toEqual([]);
});
