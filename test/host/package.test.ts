import { existsSync } from 'node:fs';
import path from 'node:path';

import { progress, run } from '../process.js';
import type { N8nClient } from './client';
import { Editor, findChromium, NO_CHROMIUM } from './editor';
import { installHost } from './install';
import { root } from './pack';
import { shared, sharedN8n } from './shared';

const PACKAGE = 'n8n-nodes-external-id';
const { n8n: listed } = jest.requireActual<{ n8n: { nodes: string[]; credentials: string[] } }>('../../package.json');

let n8n: N8nClient;

beforeAll(async () => {
	n8n = await sharedN8n();
});

describe('the tarball', () => {
	test('holds what n8n needs and nothing else', () => {
		const files = shared().tarball.files.map((file) => file.path);
		const allowed = [
			/^(package\.json|LICENSE|README\.md|CHANGELOG\.md)$/,
			/^dist\/(bundle\.js|THIRD-PARTY-LICENSES\.txt)$/,
			/^dist\/(nodes|credentials)\/.*\.(node|credentials)\.js$/,
			/^dist\/nodes\/.*\.node\.json$/,
			/^dist\/nodes\/.*\/__schema__\/v\d+\.\d+\.\d+\/.*\.json$/,
			/^dist\/(nodes|credentials|icons)\/.*\.svg$/,
		];
		expect(files.filter((file) => !allowed.some((pattern) => pattern.test(file)))).toEqual([]);
		expect(files).toEqual(expect.arrayContaining(['package.json', 'LICENSE', 'README.md', 'dist/bundle.js']));
		expect(files).toEqual(expect.arrayContaining([...listed.nodes, ...listed.credentials]));
	});

	test('brings no dependencies along', () => {
		const installed = path.join(shared().userFolder, '.n8n', 'nodes', 'node_modules');
		expect(existsSync(path.join(installed, PACKAGE, 'package.json'))).toBe(true);
		expect(existsSync(path.join(installed, PACKAGE, 'node_modules'))).toBe(false);
	});
});

describe('a real n8n', () => {
	test('knows every node and credential of the package', async () => {
		const types = await n8n.nodeTypes(`${PACKAGE}.`);
		const regular = types.map(({ name }) => name).filter((name) => !name.endsWith('Tool'));
		const expected = listed.nodes.map((file) => {
			const className = path.basename(file, '.node.js');
			return `${PACKAGE}.${className.charAt(0).toLowerCase()}${className.slice(1)}`;
		});
		expect(regular.sort()).toEqual(expected.sort());

		const credentials = (await n8n.file('/types/credentials.json')).data as Array<{ name: string }>;
		const names = credentials.map(({ name }) => name);
		for (const file of listed.credentials) {
			const className = path.basename(file, '.credentials.js');
			expect(names).toContain(`${className.charAt(0).toLowerCase()}${className.slice(1)}`);
		}
	});

	test('serves the icons of every node, light and dark', async () => {
		for (const { name, iconUrl } of await n8n.nodeTypes(`${PACKAGE}.`)) {
			const urls = typeof iconUrl === 'string' ? [iconUrl] : Object.values(iconUrl ?? {});
			expect({ name, icons: urls.length }).not.toEqual({ name, icons: 0 });
			for (const url of urls) {
				const answer = await n8n.file(`/${url}`);
				expect({ url, status: answer.status, type: answer.headers['content-type'] }).toEqual({
					url,
					status: 200,
					type: expect.stringContaining('image/svg+xml'),
				});
			}
		}
	});

	test('finds the nodes by category and search word', async () => {
		for (const { name, codex } of await n8n.nodeTypes(`${PACKAGE}.`)) {
			expect({ name, categories: codex?.categories?.length ?? 0 }).not.toEqual({ name, categories: 0 });
		}
	});

	test('serves the output schemas', async () => {
		const schemas = shared()
			.tarball.files.map((file) => /^dist\/nodes\/(.+)\/__schema__\/v([^/]+)\/(.+)\.json$/.exec(file.path))
			.filter((match) => match !== null);
		expect(schemas.length).toBeGreaterThan(0);
		const types = await n8n.nodeTypes(`${PACKAGE}.`);
		const statuses = await Promise.all(
			schemas.map(async ([file, folder, version, place]) => {
				// The schema belongs to the nodes whose stub stands in the same folder.
				const owners = types.filter(({ name }) => listed.nodes.some((stub) => owns(stub, folder, name)));
				const answers = await Promise.all(
					owners.map(async ({ name }) => (await n8n.file(`/schemas/${name}/${version}/${place}.json`)).status),
				);
				return { file, served: answers.includes(200) };
			}),
		);
		expect(statuses.filter(({ served }) => !served)).toEqual([]);
	});

	test('loads the package (time printed)', async () => {
		const { folder, path: PATH } = await installHost();
		const modules = path.join(folder, 'node_modules');
		const measure = `
			require('n8n-core'); require('n8n-workflow'); require('lodash');
			const start = performance.now();
			for (const file of process.argv.slice(1)) require(file);
			console.log(Math.round(performance.now() - start));`;
		const installed = path.join(shared().userFolder, '.n8n', 'nodes', 'node_modules', PACKAGE);
		const stubs = [...listed.nodes, ...listed.credentials].map((file) => path.join(installed, file));
		const said = await run('node', ['-e', measure, ...stubs], {
			cwd: folder,
			env: { ...process.env, PATH, NODE_PATH: modules },
			quiet: true,
		});
		const bytes = shared().tarball.files.find((file) => file.path === 'dist/bundle.js')?.size ?? 0;
		progress(`n8n loads the package in ${said.trim()} ms (bundle ${(bytes / 1024).toFixed(0)} KB)`);
		expect(Number(said)).toBeGreaterThan(0);
	});

	test('runs a workflow with it', async () => {
		const execution = await n8n.runWorkflow(twoNodes());
		expect({ status: execution.status, error: execution.error }).toEqual({ status: 'success', error: undefined });
		expect(Object.keys(execution.nodes)).toEqual(['Start', 'External ID']);
	});
});

describe('the editor', () => {
	const browserTest = findChromium() === undefined ? test.skip : test;
	const why = findChromium() === undefined ? ` (${NO_CHROMIUM})` : '';

	browserTest(`opens the panel of the External ID node${why}`, async () => {
		const editor = await Editor.open(n8n);
		if (editor === undefined) throw new Error('Chromium was there a moment ago');
		try {
			const id = await n8n.createWorkflow(twoNodes());
			const panel = await editor.openNode(id, 'External ID');
			await editor.screenshot(path.join(root, 'coverage', 'editor', 'external-id.png'));
			expect(panel).toContain('Resource');
			expect(panel).toContain('Operation');
			expect(editor.pageErrors).toEqual([]);
		} finally {
			await editor.close();
		}
	});
});

/** Whether a node with this type name is built from that stub, in this folder under nodes/. */
function owns(stub: string, folder: string | undefined, type: string): boolean {
	const className = path.basename(stub, '.node.js');
	return (
		path.dirname(stub) === `dist/nodes/${folder}` &&
		type.toLowerCase() === `${PACKAGE}.${className}`.toLowerCase()
	);
}

/** The smallest workflow: a start and the node as it is dropped on the canvas. */
function twoNodes() {
	return {
		name: 'Two nodes',
		nodes: [
			{ id: 'start', name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 },
			{ id: 'external-id', name: 'External ID', type: `${PACKAGE}.externalId`, typeVersion: 1, parameters: { resource: 'registry', operation: 'status' } },
		],
		connections: { Start: { main: [[{ node: 'External ID', type: 'main', index: 0 }]] } },
	};
}
