import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { N8nClient, WorkflowJson } from './client';
import { Editor, findChromium, NO_CHROMIUM } from './editor';
import { root } from './pack';
import { sharedN8n } from './shared';

/**
 * Each example in the real editor, run by its button, and photographed into coverage/editor. `UPDATE_PICTURES=1` also puts the
 * guide's pictures into docs/images.
 */
const EXAMPLES = path.join(root, 'examples');
const SHOTS = path.join(root, 'coverage', 'editor');
const PICTURES = path.join(root, 'docs', 'images');
const OURS = 'n8n-nodes-external-id.';

/** The examples in an order in which each finds what it works on; what is answered where one asks. */
const ORDER: Readonly<Record<string, string | undefined>> = {
	'link-and-translate': undefined,
	'sync-by-upsert': undefined,
	'contacts-from-mail-by-domain': undefined,
	'new-contact-to-crm': undefined,
	'inbox-review': undefined,
	'nightly-incremental-sync': undefined,
	'scheduled-backfill': 'Apply',
	'undo-a-backfill': 'Undo',
};

/** Examples with an account of a service: they are read here, and run in examples.test.ts, against the sandbox. */
const WITH_ACCOUNT = ['salesloft-backfill-approved', 'salesloft-webhook-to-erp'];

const browserTest = findChromium() === undefined ? test.skip : test;
const why = findChromium() === undefined ? ` (${NO_CHROMIUM})` : '';

let n8n: N8nClient;
let editor: Editor;
let credential: { id: string; name: string };

beforeAll(async () => {
	n8n = await sharedN8n();
	// A registry of its own: other tests run the examples too.
	credential = await n8n.createCredential('Pictures', 'externalIdRegistryApi', { registry: 'pictures', workspace: 'default', accessSecret: '' });
	const opened = await Editor.open(n8n, { width: 1900, height: 1000 });
	if (opened) editor = opened;
});

afterAll(async () => {
	await editor?.close();
});

test('every example is looked at here', () => {
	expect(readdirSync(EXAMPLES).filter((file) => file.endsWith('.json')).sort()).toEqual([...Object.keys(ORDER), ...WITH_ACCOUNT].map((name) => `${name}.json`).sort());
});

for (const [name, decision] of Object.entries(ORDER)) {
	browserTest(`${name} can be read on the canvas and runs by its button${why}`, async () => {
		const example = JSON.parse(readFileSync(path.join(EXAMPLES, `${name}.json`), 'utf8')) as WorkflowJson;
		for (const node of example.nodes) if (node.type.startsWith(OURS)) Object.assign(node, { credentials: { externalIdRegistryApi: credential }, parameters: { registryFrom: 'credential', ...node.parameters } });
		// Under a name of its own: the main job publishes an example that is there by its name.
		await editor.openWorkflow(await n8n.createWorkflow({ ...example, name: `Picture of ${name}` }));
		expect(await editor.crampedOnCanvas()).toEqual([]);
		await editor.execute(decision);
		await editor.pictureCanvas(path.join(SHOTS, `example-${name}.png`));
		expect(editor.pageErrors).toEqual([]);
		if (process.env.UPDATE_PICTURES) {
			mkdirSync(PICTURES, { recursive: true });
			copyFileSync(path.join(SHOTS, `example-${name}.png`), path.join(PICTURES, `${name}.png`));
		}
	});
}

browserTest.each(WITH_ACCOUNT)(`%s can be read on the canvas${why}`, async (name) => {
	const example = JSON.parse(readFileSync(path.join(EXAMPLES, `${name}.json`), 'utf8')) as WorkflowJson;
	await editor.openWorkflow(await n8n.createWorkflow({ ...example, name: `Picture of ${name}` }));
	expect(await editor.crampedOnCanvas()).toEqual([]);
	await editor.pictureCanvas(path.join(SHOTS, `example-${name}.png`));
});
