import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startSalesloft } from '../sandbox/salesloft';
import type { Sandbox } from '../sandbox/salesloft';
import { serveRows } from './rows';
import type { RowServer } from './rows';
import { type N8n, startN8n } from './n8n';
import { shared, sharedN8n } from './shared';

const TYPE = 'n8n-nodes-external-id.salesloft';
const PEOPLE = 1_000;
const emailOf = (n: number) => `person.${n}@acme.com`;

let sandbox: Sandbox;
beforeEach(async () => {
	sandbox = await startSalesloft({ limitOff: true, latencyMs: 5 });
});
afterEach(async () => {
	await sandbox.close();
});

describe('the credential', () => {
	const test_ = async (apiKey: string) => {
		const n8n = await sharedN8n();
		const data = { apiKey, advanced: true, baseUrl: sandbox.baseUrl };
		const { id, name } = await n8n.createCredential('Salesloft', 'salesloftApi', data);
		return await n8n.testCredential(id, name, 'salesloftApi', data);
	};

	test('is tested by a real request: a right key, a wrong one, one without the scope', async () => {
		expect(await test_(sandbox.apiKey)).toMatchObject({ status: 'OK' });
		expect(await test_('ak_wrong')).toMatchObject({ status: 'Error' });
		expect(await test_(sandbox.addApiKey({ scopes: ['people:read'] }))).toMatchObject({ status: 'Error', message: expect.stringContaining('external_id_configuration:read') });
	});
});

describe('n8n killed in the middle of a backfill', () => {
	let n8n: N8n;
	let rows: RowServer;
	let folder: string;

	beforeAll(async () => {
		folder = mkdtempSync(path.join(tmpdir(), 'external-id-salesloft-'));
		rows = await serveRows(Array.from({ length: PEOPLE }, (_, n) => ({ id: `C${n}`, email: emailOf(n) })));
		n8n = await startN8n({ userFolder: folder, tarball: shared().tarball.file });
	});
	afterAll(async () => {
		await n8n.stop();
		rows.close();
		rmSync(folder, { recursive: true, force: true });
	});

	test('the next run completes it: every ID once, and nothing is written twice', async () => {
		for (let n = 0; n < PEOPLE; n++) sandbox.addPerson({ email_address: emailOf(n) });
		const credential = await n8n.createCredential('Salesloft', 'salesloftApi', { apiKey: sandbox.apiKey, advanced: true, baseUrl: sandbox.baseUrl });
		const id = await n8n.createWorkflow({
			name: 'Backfill',
			nodes: [
				{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 },
				{ name: 'Rows', type: 'n8n-nodes-base.httpRequest', typeVersion: 4.2, parameters: { url: rows.url } },
				{
					name: 'Node',
					type: TYPE,
					typeVersion: 1,
					credentials: { salesloftApi: credential },
					parameters: { resource: 'mapping', operation: 'backfill', mode: 'apply', objectType: 'people', externalType: { __rl: true, mode: 'list', value: 'crm' }, source: 'items', externalId: '={{ $json.id }}', matchBy: ['email'], email: '={{ $json.email }}' },
				},
			],
			connections: { Start: { main: [[{ node: 'Rows', type: 'main', index: 0 }]] }, Rows: { main: [[{ node: 'Node', type: 'main', index: 0 }]] } },
		});
		const written = () => sandbox.accounting.to('POST', '/external/mappings').length;
		for (const from of [150, 450]) {
			await n8n.startWorkflow(id);
			await sandbox.accounting.until(() => written() >= from);
			await n8n.kill();
			n8n = await n8n.restart();
		}
		const last = await n8n.runWorkflow(id);
		expect(last.error).toBeUndefined();
		const { counts } = last.json('Node', 3)[0] as { counts: Record<string, number> };
		expect((counts.linked ?? 0) + (counts.unchanged ?? 0)).toBe(PEOPLE);
		expect(counts.unchanged).toBeGreaterThanOrEqual(400);
		expect(sandbox.mappings('crm')).toHaveLength(PEOPLE);
		expect(new Set(sandbox.mappings('crm').map(({ externalId }) => externalId)).size).toBe(PEOPLE);
		expect(written()).toBe(PEOPLE);
	}, 300_000);
});
