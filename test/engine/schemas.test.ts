import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { IBinaryKeyData, IDataObject, INodeParameters } from 'n8n-workflow';

import { ExternalId } from '../../nodes/ExternalId/ExternalId.node';
import { ids, picked, registryNode, typed } from './registryNode';
import type { RegistryNode } from './registryNode';

/**
 * The editor shows an operation's fields before its first run from `__schema__/v1.0.0/<resource>/<operation>.json`. Here
 * they are compared with what the operations really give; `UPDATE_SCHEMAS=1` writes them.
 */
const FOLDER = join(__dirname, '../../nodes/ExternalId/__schema__/v1.0.0');

interface Schema {
	type: string;
	properties?: Record<string, Schema>;
	items?: Schema;
}

/** Keys that are External Types, a builder's fields or kinds of change: their names are not known before a run. */
const OPEN = new Set(['externalIds', 'fields', 'before', 'after', 'undoneKinds', 'byKind']);

function schemaOf(value: unknown, name = ''): Schema {
	if (value === null || value === undefined) return { type: 'null' };
	if (Array.isArray(value)) return value.length === 0 ? { type: 'array' } : { type: 'array', items: schemaOf(value[0]) };
	if (typeof value !== 'object') return { type: typeof value };
	if (OPEN.has(name)) return { type: 'object' };
	const properties = Object.entries(value).filter(([, each]) => each !== undefined);
	return { type: 'object', properties: Object.fromEntries(properties.map(([key, each]) => [key, schemaOf(each, key)])) };
}

const person = { objectType: 'people' };
const byCrm = { findBy: 'externalId', externalType: picked('crm'), externalId: '1' };

/** Of an operation that comes several times, the first run is what its schema shows. */
const SCENARIO: ReadonlyArray<readonly [operation: string, parameters: INodeParameters, items?: IDataObject[]]> = [
	['record:upsert', { objectType: 'accounts', externalIds: ids(['crm', 'A']), fieldsFrom: 'form', fields: { name: 'Acme', domains: 'acme.com' } }],
	['mapping:link', { ...person, externalIds: ids(['crm', '1'], ['erp', 'E1']), email: 'ann@acme.com' }],
	['mapping:backfill', { mode: 'apply', ...person, externalType: picked('loyalty'), externalId: 'L1', matchBy: ['email'], email: 'ann@acme.com' }],
	['mapping:create', { ...person, externalType: picked('shop'), externalId: 'S1', record: typed('={{ $json.id }}', 'id') }],
	['mapping:translate', { ...person, ...byCrm, toType: picked('erp') }],
	['mapping:resolve', { ...person, ...byCrm }],
	['mapping:replace', { ...person, externalType: picked('erp'), findBy: 'externalId', oldExternalId: 'E1', newExternalId: 'E2' }],
	['mapping:getAll', { returnAll: true, filters: {} }],
	['record:get', { ...person, ...byCrm }],
	['record:getAll', { ...person, returnAll: true, filters: {} }],
	['contact:capture', { addresses: 'Bob <bob@acme.com>' }],
	['contact:identify', { externalType: picked('app'), call: '={{ $json }}' }, [{ type: 'identify', userId: 'u1', traits: { email: 'cleo@acme.com', name: 'Cleo' } }]],
	['contact:identify', { externalType: picked('app'), call: '={{ $json }}' }, [{ type: 'identify', userId: 'u2', traits: { email: 'dan@later.com' } }]],
	['contact:capture', { addresses: 'Eve <eve@later.com>' }],
	['inbox:getAll', { returnAll: true, filters: {} }],
	['inbox:missingDomains', { returnAll: true }],
	['inbox:discard', { discardMode: 'discard', waiting: 'dan@later.com' }],
	['inbox:assign', { assignMode: 'one', waiting: 'eve@later.com', ...byCrm, externalId: 'A' }],
	['domain:match', { emailOrDomain: 'ann@eu.acme.com' }],
	['domain:add', { ...byCrm, externalId: 'A', domains: 'acme.de' }],
	['domain:getAll', { returnAll: true, filters: {} }],
	['domain:set', { ...byCrm, externalId: 'A', domains: 'acme.fr, acme.com' }],
	['domain:remove', { ...byCrm, externalId: 'A', domains: 'acme.com' }],
	['configuration:create', { ...person, name: 'web', settings: { example: 'W-1', pattern: 'W-.*' } }],
	['checkpoint:get', { name: 'flow', firstTime: 'daysBack', daysBack: 7 }],
	['checkpoint:save', { name: 'flow', kind: 'date', value: '2026-01-31' }],
	['registry:history', { historyOf: 'everything', returnAll: true, filters: {} }],
	['registry:audit', { limitPerKind: 0 }],
	['registry:export', { outputField: 'data', options: {} }],
	['configuration:getAll', { returnAll: true, ofObjectType: 'any' }],
	['registry:status', {}],
	['registry:settings', { settings: {} }],
	['mapping:delete', { deleteBy: 'externalId', ...person, externalType: picked('shop'), externalId: 'S1' }],
	['mapping:link', { ...person, externalIds: ids(['crm', '2']), email: 'ann@home.org' }],
	['record:merge', { ...person, ...byCrm, otherFindBy: 'email', otherEmail: 'ann@home.org', options: { whenBothHaveId: 'keepSurvivor' } }],
	['record:delete', { deleteMode: 'delete', ...person, ...byCrm }],
	['record:erase', { eraseMode: 'erase', ...person, ...byCrm }],
	['configuration:delete', { ...person, name: 'web' }],
	['registry:undo', { run: typed('={{ $json.runId }}', 'id') }],
	['registry:import', { inputField: 'data' }],
];

it('every operation of the panel has a schema', () => {
	const offered = new ExternalId().description.properties
		.filter(({ name }) => name === 'operation')
		.flatMap(({ displayOptions, options }) => (options ?? []).map((option) => `${displayOptions?.show?.resource?.[0]}:${(option as { value: string }).value}`));
	expect([...new Set(offered)].sort()).toEqual([...new Set(SCENARIO.map(([operation]) => operation))].sort());
});

/** The run that wrote last. */
async function lastRunOf(node: RegistryNode): Promise<string> {
	const [change] = await node.done('registry:history', { historyOf: 'everything', returnAll: false, limit: 1, filters: {} });
	return String(change?.runId);
}

it('each operation gives what its schema shows', async () => {
	const node = registryNode();
	let objectId = '';
	let runId = '';
	let exported: IBinaryKeyData | undefined;
	const seen = new Set<string>();
	for (const [operation, parameters, items] of SCENARIO) {
		const item = operation === 'registry:import' ? { json: {}, binary: exported } : { id: objectId, runId };
		const result = await node(operation, parameters, items ?? [item as IDataObject]);
		expect(result.error).toBeUndefined();
		const [first] = result.json(0);
		if (operation === 'registry:export') exported = result.outputs[0]?.[0]?.binary;
		if (operation === 'configuration:delete') runId = await lastRunOf(node);
		if (seen.has(operation)) continue;
		seen.add(operation);
		if (operation === 'mapping:link') objectId = String(first?.objectId);
		const schema = schemaOf(first);
		const file = join(FOLDER, `${operation.replace(':', '/')}.json`);
		if (process.env.UPDATE_SCHEMAS) {
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, `${JSON.stringify(schema, null, '\t')}\n`);
		}
		expect(existsSync(file)).toBe(true);
		expect({ operation, schema: JSON.parse(readFileSync(file, 'utf8')) }).toEqual({ operation, schema });
	}
});
