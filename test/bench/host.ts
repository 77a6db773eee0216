/** In a real n8n: upsert and look-up of keys, against n8n's own Data Table node. */
import { existsSync, readdirSync } from 'node:fs';
import type { IDataObject } from 'n8n-workflow';
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

const KEYS = isTrial ? 500 : 5_000;
/** Ours is quick enough to be run several times; the Data Table takes minutes, so it is run once. */
const OUR_ROUNDS = 3;
const EXTERNAL_ID = 'n8n-nodes-external-id.externalId';

const keyOf = (n: number) => `C-${String(n).padStart(8, '0')}`;
const rows = Array.from({ length: KEYS }, (_, n) => ({ key: keyOf((n * 7919) % KEYS), name: `Person ${n}`, city: `City ${n % 500}` }));

part(async (): Promise<Report> => {
	// Downloading it takes longer than all of this: `npm test` and `npm start` do it.
	const isInstalled = existsSync(cacheFolder) && readdirSync(cacheFolder).some((name) => name.startsWith('n8n-') && existsSync(path.join(cacheFolder, name, 'complete')));
	if (!isInstalled) return { skipped: `Upsert and look-up in a real n8n: no n8n is installed in ${cacheFolder}; npm test installs it` };

	const folder = temporaryFolder();
	const n8n = await startN8n({ userFolder: folder, tarball: (await pack(folder)).file });
	try {
		const tableId = await createTable(n8n);
		const ours: Record<'upsert' | 'lookUp', number[]> = { upsert: [], lookUp: [] };
		const theirs: Record<'upsert' | 'lookUp', number[]> = { upsert: [], lookUp: [] };
		for (let round = 0; round < OUR_ROUNDS; round++) {
			// A type of its own each round, so that each round creates.
			const externalType = `crm${round}`;
			await stepOf(n8n, { ...configure(externalType), items: [{}] });
			ours.upsert.push(await stepOf(n8n, { ...upsert(externalType), items: rows }));
			ours.lookUp.push(await stepOf(n8n, { ...lookUp(externalType), items: rows }));
		}
		progress(`The Data Table node upserts and gets ${KEYS.toLocaleString('en')} keys (about 2 minutes) …`);
		theirs.upsert.push(await stepOf(n8n, { ...tableUpsert(tableId), items: rows }));
		theirs.lookUp.push(await stepOf(n8n, { ...tableGet(tableId), items: rows }));

		const figure = (which: 'upsert' | 'lookUp', what: string) => ({
			what: `${what} ${KEYS.toLocaleString('en')} keys in a real n8n, against its Data Table node`,
			value: timesOf(theirs[which]).median / timesOf(ours[which]).median,
			unit: '× faster' as const,
			aim: 100,
			how: 'Key, name and city by plain $json paths on both sides; manual execution',
			detail: `node's step ${shownTimes(timesOf(ours[which]))}; Data Table, once, ${timesOf(theirs[which]).median.toLocaleString('en')} ms`,
		});
		return { figures: [figure('upsert', 'Upsert'), figure('lookUp', 'Look up')] };
	} finally {
		await n8n.stop();
	}
});

interface Step {
	type: string;
	typeVersion: number;
	parameters: object;
	/** Items that come in; as many must come out. */
	items: readonly IDataObject[];
}

/** Runs one node over items that a trigger has pinned, and gives the time that n8n writes down for its step, ms. */
async function stepOf(n8n: N8n, { items, ...node }: Step): Promise<number> {
	const workflow: WorkflowJson = {
		name: 'Bench',
		nodes: [
			{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 },
			{ name: 'Node', ...node },
		],
		connections: { Start: { main: [[{ node: 'Node', type: 'main', index: 0 }]] } },
		pinData: { Start: items.map((json) => ({ json })) },
	};
	const execution = await n8n.runWorkflow(workflow, { timeoutMs: 600_000 });
	const done = execution.items('Node').length;
	if (execution.status !== 'success' || done !== items.length) {
		throw new Error(`${node.type} gave ${done} of ${items.length} items: ${execution.error?.message ?? execution.status}`);
	}
	return execution.nodes.Node?.at(-1)?.executionTime ?? 0;
}

const byName = (value: string) => ({ __rl: true, mode: 'name', value });
const configure = (name: string) => ours({ resource: 'configuration', operation: 'create', objectType: 'people', name });
const upsert = (externalType: string) =>
	ours({
		resource: 'record',
		operation: 'upsert',
		objectType: 'people',
		externalIds: { ids: [{ externalType: byName(externalType), externalId: '={{ $json.key }}' }] },
		fieldsFrom: 'form',
		fields: { name: '={{ $json.name }}', customFields: { field: [{ name: 'city', value: '={{ $json.city }}' }] } },
	});
const lookUp = (externalType: string) =>
	ours({ resource: 'mapping', operation: 'resolve', objectType: 'people', findBy: 'externalId', externalType: byName(externalType), externalId: '={{ $json.key }}' });

function ours(parameters: object) {
	return { type: EXTERNAL_ID, typeVersion: 1, parameters };
}

const COLUMNS = ['key', 'name', 'city'];

async function createTable(n8n: N8n): Promise<string> {
	const project = await n8n.rest<{ id: string }>('GET', '/projects/personal');
	const columns = COLUMNS.map((name) => ({ name, type: 'string' }));
	const { id } = await n8n.rest<{ id: string }>('POST', `/projects/${project.id}/data-tables`, { name: 'Bench', columns });
	return id;
}

const whereKey = { matchType: 'allConditions', filters: { conditions: [{ keyName: 'key', condition: 'eq', keyValue: '={{ $json.key }}' }] } };
const tableUpsert = (id: string) =>
	table(id, 'upsert', {
		...whereKey,
		columns: {
			mappingMode: 'defineBelow',
			value: Object.fromEntries(COLUMNS.map((name) => [name, `={{ $json.${name} }}`])),
			matchingColumns: [],
			schema: COLUMNS.map((name) => ({ id: name, displayName: name, required: false, defaultMatch: false, display: true, type: 'string' })),
		},
	});
const tableGet = (id: string) => table(id, 'get', { ...whereKey, returnAll: true });

function table(id: string, operation: string, parameters: object) {
	const dataTableId = { __rl: true, mode: 'id', value: id };
	return { type: 'n8n-nodes-base.dataTable', typeVersion: 1, parameters: { resource: 'row', operation, dataTableId, ...parameters } };
}
