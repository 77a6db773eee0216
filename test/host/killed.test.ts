import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { IDataObject } from 'n8n-workflow';

import { brokenRules } from '../contract/world';
import { sleep } from '../process.js';
import type { WorkflowJson } from './client';
import { type N8n, startN8n } from './n8n';
import { shared } from './shared';

/** `KILLS=10 npx jest test/host/killed.test.ts` kills oftener; `KILL_SEED` repeats the moments of a run. */
const KILLS = Number(process.env.KILLS ?? 3);
const SEED = Number(process.env.KILL_SEED ?? Date.now() % 100_000);
const PEOPLE = 20_000;
/** A run that died keeps others away for so long. */
const LOCK_MS = 10_000;

const TYPE = 'n8n-nodes-external-id.externalId';
const named = (value: string) => ({ __rl: true, mode: 'list', value });
const emailOf = (n: number) => `person.${n}@acme.com`;

let n8n: N8n;
let rows: Server;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(path.join(tmpdir(), 'external-id-killed-'));
	const people = JSON.stringify(Array.from({ length: PEOPLE }, (_, n) => ({ crm: `c${n}`, erp: `e${n}`, email: emailOf(n) })));
	rows = createServer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(people));
	await new Promise<void>((resolve) => rows.listen(0, '127.0.0.1', resolve));
	n8n = await startN8n({ userFolder: folder, tarball: shared().tarball.file });
});
afterAll(async () => {
	await n8n.stop();
	rows.close();
	rmSync(folder, { recursive: true, force: true });
});

function workflow(name: string, parameters: IDataObject): WorkflowJson {
	const url = `http://127.0.0.1:${(rows.address() as AddressInfo).port}/`;
	return {
		name,
		nodes: [
			{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 },
			{ name: 'Rows', type: 'n8n-nodes-base.httpRequest', typeVersion: 4.2, parameters: { url } },
			{ name: 'Node', type: TYPE, typeVersion: 1, parameters },
		],
		connections: { Start: { main: [[{ node: 'Rows', type: 'main', index: 0 }]] }, Rows: { main: [[{ node: 'Node', type: 'main', index: 0 }]] } },
		// Each run's data would only fill the disk.
		settings: { executionOrder: 'v1' },
	};
}

const LINK = { resource: 'mapping', operation: 'link', objectType: 'people', externalIds: { ids: [{ externalType: named('crm'), externalId: '={{ $json.crm }}' }] }, email: '={{ $json.email }}' };
const BACKFILL = { resource: 'mapping', operation: 'backfill', mode: 'apply', objectType: 'people', externalType: named('erp'), externalId: '={{ $json.erp }}', matchBy: ['email'], email: '={{ $json.email }}' };

/** What the registry's file holds, read past the package. */
function tables(): Record<string, IDataObject[]> {
	const db = new DatabaseSync(path.join(folder, '.n8n', 'external-id', 'default.sqlite'), { readOnly: true });
	try {
		const names = ['configuration', 'record', 'mapping', 'email', 'related_domain', 'change'];
		return Object.fromEntries(names.map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all().map((row) => ({ ...row }) as IDataObject)]));
	} finally {
		db.close();
	}
}

function randomNumbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}

test(`n8n killed (-9) at ${KILLS} random moments of a backfill (seed ${SEED}): each time the registry is whole, and in the end each ID is linked exactly once`, async () => {
	expect((await n8n.runWorkflow(workflow('Link', LINK))).error).toBeUndefined();
	const id = await n8n.createWorkflow(workflow('Backfill', BACKFILL));
	const random = randomNumbers(SEED);
	const linkedAfter: number[] = [];
	for (let kill = 0; kill < KILLS; kill++) {
		await n8n.startWorkflow(id);
		await sleep(200 + random() * 2_500);
		await n8n.kill();
		const found = tables();
		expect(brokenRules(found)).toEqual([]);
		linkedAfter.push((found.mapping ?? []).filter(({ external_type }) => external_type === 'erp').length);
		n8n = await n8n.restart();
		await sleep(LOCK_MS);
	}
	expect([...linkedAfter].sort((a, b) => a - b)).toEqual(linkedAfter);

	const last = await n8n.runWorkflow(id);
	const summary = last.json('Node', 3)[0] as { counts: Record<string, number> };
	const linked = linkedAfter.at(-1) ?? 0;
	expect(summary.counts).toEqual({ ...(linked > 0 ? { unchanged: linked } : {}), ...(linked < PEOPLE ? { linked: PEOPLE - linked } : {}) });
	const { mapping = [] } = tables();
	const erp = mapping.filter(({ external_type }) => external_type === 'erp');
	expect(erp).toHaveLength(PEOPLE);
	expect(new Set(erp.map(({ object_id }) => object_id)).size).toBe(PEOPLE);
	expect(new Set(erp.map(({ external_id }) => external_id)).size).toBe(PEOPLE);
	expect(brokenRules(tables())).toEqual([]);
}, 600_000);
