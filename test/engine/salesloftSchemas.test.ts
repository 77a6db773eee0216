import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { Salesloft } from '../../nodes/Salesloft/Salesloft.node';
import { startSalesloft } from '../sandbox/salesloft';
import { picked, typed } from './registryNode';
import { salesloftNode } from './salesloftNode';

/**
 * The editor shows an operation's fields before its first run from `__schema__/v1.0.0/<resource>/<operation>.json`. Here
 * they are compared with what the operations really give; `UPDATE_SCHEMAS=1` writes them.
 */
const FOLDER = join(__dirname, '../../nodes/Salesloft/__schema__/v1.0.0');

interface Schema {
	type: string;
	properties?: Record<string, Schema>;
	items?: Schema;
}

/** Keys whose own keys are External Types or Salesloft's fields, which may be more tomorrow. */
const OPEN = new Set(['externalIds', 'fields']);

function schemaOf(value: unknown, name = ''): Schema {
	if (value === null || value === undefined) return { type: 'null' };
	if (Array.isArray(value)) return value.length === 0 ? { type: 'array' } : { type: 'array', items: schemaOf(value[0]) };
	if (typeof value !== 'object') return { type: typeof value };
	if (OPEN.has(name)) return { type: 'object' };
	return { type: 'object', properties: Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).map(([key, each]) => [key, schemaOf(each, key)])) };
}

const person = { objectType: 'people' };
const byCrm = { ...person, findBy: 'externalId', externalType: typed('crm'), externalId: 'C1' };

const SCENARIO: ReadonlyArray<readonly [operation: string, parameters: INodeParameters]> = [
	['configuration:create', { ...person, name: 'crm' }],
	['record:upsert', { recordType: 'people', externalType: picked('crm'), externalId: 'C1', fieldsFrom: 'form', fields: { email_address: 'ann@acme.com' } }],
	['mapping:create', { ...person, externalType: picked('erp'), externalId: 'E1', objectId: '={{ $json.objectId }}' }],
	['mapping:backfill', { ...person, mode: 'apply', externalType: picked('shop'), source: 'items', externalId: 'S1', matchBy: ['email'], email: 'ann@acme.com' }],
	['mapping:resolve', byCrm],
	['mapping:translate', { ...byCrm, toType: typed('erp') }],
	['mapping:getAll', { returnAll: true, filters: {} }],
	['record:get', byCrm],
	['record:getAll', { ...person, returnAll: true, filters: {} }],
	['configuration:getAll', { returnAll: true, ofObjectType: 'any' }],
	['mapping:delete', { deleteBy: 'externalId', ...person, externalType: typed('erp'), externalId: 'E1' }],
	['configuration:delete', { ...person, externalType: typed('erp') }],
];

it('every operation of the panel has a schema', () => {
	const offered = new Salesloft().description.properties
		.filter(({ name }) => name === 'operation')
		.flatMap(({ displayOptions, options }) => (options ?? []).map((option) => `${displayOptions?.show?.resource?.[0]}:${(option as { value: string }).value}`));
	expect([...new Set(offered)].sort()).toEqual(SCENARIO.map(([operation]) => operation).sort());
});

it('each operation gives what its schema shows', async () => {
	const sandbox = await startSalesloft({ limitOff: true });
	try {
		const node = salesloftNode(sandbox);
		let objectId = '';
		for (const [operation, parameters] of SCENARIO) {
			const [first] = await node.done(operation, parameters, [{ objectId }]);
			if (operation === 'record:upsert') objectId = String((first as IDataObject).objectId);
			const schema = schemaOf(first);
			const file = join(FOLDER, `${operation.replace(':', '/')}.json`);
			if (process.env.UPDATE_SCHEMAS) {
				mkdirSync(dirname(file), { recursive: true });
				writeFileSync(file, `${JSON.stringify(schema, null, '\t')}\n`);
			}
			expect(existsSync(file)).toBe(true);
			expect({ operation, schema: JSON.parse(readFileSync(file, 'utf8')) }).toEqual({ operation, schema });
		}
	} finally {
		await sandbox.close();
	}
});
