import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { progress } from '../process.js';
import { cacheFolder } from './install';
import { serveExampleData } from './exampleData';
import type { WorkflowJson } from './client';
import { runMainJob } from './mainJob';
import type { Report } from './mainJob';
import { startN8n } from './n8n';
import { build, pack, root } from './pack';
import { described, SANDBOX_PORT, serveSalesloft } from '../sandbox/serve';

/**
 * `npm start [-- --once] [--keep]`: a real n8n with the package, the main job done on the example data, and the editor left
 * open, with a simulated Salesloft beside it. `--once` ends when the job is done (exit code 0 only if all went well); `--keep` goes on with the n8n and the
 * registry of the last time.
 */
const PORT = 5678;
const SALESLOFT = 'n8n-nodes-external-id.salesloft';

const report: Report = {
	say: progress,
	table: (title, rows) => {
		console.log(`\n${title}`);
		const steps = [...new Set(rows.map(({ step }) => step))];
		for (const step of steps) {
			const counts = rows.filter((row) => row.step === step).map(({ status, items }) => `${items.toLocaleString('en')} ${status}`);
			console.log(`  ${step.padEnd(18)} ${counts.join(', ')}`);
		}
		console.log('');
	},
};

async function start(options: readonly string[]): Promise<number> {
	const once = options.includes('--once');
	const userFolder = path.join(cacheFolder, 'start');
	if (!options.includes('--keep')) rmSync(userFolder, { recursive: true, force: true });
	mkdirSync(userFolder, { recursive: true });
	progress('Building and packing the package …');
	await build();
	const tarball = await pack(userFolder);
	const data = await serveExampleData();
	const sandbox = await serveSalesloft({ port: (await freeOr(SANDBOX_PORT)) ?? 0 });
	progress('Starting n8n …');
	const n8n = await startN8n({ userFolder, tarball: tarball.file, port: once ? undefined : await freeOr(PORT) });
	const ended = new Promise<void>((resolve) => {
		for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
	});
	try {
		const present = new Set((await n8n.workflows()).map(({ name }) => name));
		const credential = await n8n.createCredential('Salesloft sandbox', 'salesloftApi', { apiKey: sandbox.apiKey, advanced: true, baseUrl: sandbox.baseUrl });
		const examples = exampleWorkflows().filter(({ name }) => !present.has(name));
		for (const example of examples) await n8n.createWorkflow(withSandbox(example, credential));
		const isAsExpected = await runMainJob(n8n, data.url, report);
		progress(isAsExpected ? 'All as expected.' : 'Not all came out as expected; see above.');
		if (!once) {
			console.log(`\nThe editor:  ${n8n.baseUrl}\nLog in with: ${n8n.account.email} / ${n8n.account.password}\nWorkflows:`);
			for (const { id, name } of await n8n.workflows()) console.log(`  ${name}: ${n8n.baseUrl}/workflow/${id}`);
			console.log(`\n${described(sandbox)}\n(the credential "Salesloft sandbox" has it already)\n\nCtrl-C ends it.`);
			await ended;
		}
		return isAsExpected ? 0 : 1;
	} finally {
		data.close();
		await sandbox.close();
		progress('Stopping n8n …');
		await n8n.stop();
	}
}

/** An example whose Salesloft nodes ask the sandbox. */
function withSandbox(example: WorkflowJson, salesloftApi: { id: string; name: string }): WorkflowJson {
	return { ...example, nodes: example.nodes.map((node) => (node.type === SALESLOFT ? { ...node, credentials: { salesloftApi } } : node)) };
}

function exampleWorkflows(): WorkflowJson[] {
	const folder = path.join(root, 'examples');
	const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
	return files.map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as WorkflowJson);
}

/** n8n's usual port if it is free, so that the address is the one people know. */
async function freeOr(port: number): Promise<number | undefined> {
	const { createServer } = await import('node:net');
	return await new Promise((resolve) => {
		const probe = createServer();
		probe.once('error', () => resolve(undefined));
		probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)));
	});
}

start(process.argv.slice(2)).then(
	(code) => process.exit(code),
	(error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exit(1);
	},
);
