import type { IDataObject, ILoadOptionsFunctions } from 'n8n-workflow';

import { searchRuns } from '../../nodes/ExternalId/lists';
import { ids, picked, registryNode, statuses, typed } from './registryNode';
import type { RegistryNode } from './registryNode';

const person = { objectType: 'people' };
const never = { options: { failWhen: 'never' } };
const linkAll = { ...person, externalIds: ids(['crm', '={{ $json.crm }}'], ['erp', '={{ $json.erp }}']) };

async function lastRun(node: RegistryNode): Promise<string> {
	const [change] = await node.done('registry:history', { historyOf: 'everything', returnAll: false, limit: 1, filters: {} });
	return String(change?.runId);
}

describe('Registry: Undo a Run', () => {
	it('undoes what a run did, says how much, and puts what it could not undo on Needs Attention', async () => {
		const node = registryNode();
		await node.done('mapping:link', linkAll, [{ crm: '1', erp: 'A' }, { crm: '2', erp: 'B' }]);
		const run = await lastRun(node);
		await node.done('mapping:replace', { ...person, externalType: picked('erp'), findBy: 'externalId', oldExternalId: 'B', newExternalId: 'C' });
		const parameters = { run: typed('={{ $json.run }}', 'id') };
		const dry = await node('registry:undo', { ...parameters, options: { dryRun: true } }, [{ run }]);
		expect(dry.json(0)).toEqual([]);
		expect(statuses(dry.json(1))).toEqual(['planned', 'conflict', 'conflict', 'conflict']);
		const undone = await node('registry:undo', parameters, [{ run }]);
		expect(undone.json(0)).toEqual([expect.objectContaining({ status: 'updated', runId: run, conflicts: 3, undoneKinds: expect.objectContaining({ mappingCreated: 3, recordCreated: 1 }) })]);
		expect(undone.json(1).map(({ reason }) => String(reason))).toEqual([expect.stringContaining('is former now'), expect.stringContaining('it has the erp ID "C"'), expect.stringContaining('it has mappings')]);
		expect(statuses(await node.done('mapping:resolve', { ...person, findBy: 'externalId', externalType: typed('erp'), externalId: 'C' }))).toEqual(['found']);
	});

	it('gives an item for every change where that is asked for, fails on a run that is not there, and is no tool of agents', async () => {
		const node = registryNode();
		await node.done('mapping:link', linkAll, [{ crm: '1', erp: 'A' }]);
		const run = await lastRun(node);
		const all = await node('registry:undo', { run: typed(run, 'id'), options: { everyChange: true } });
		expect(all.json(0).map(({ change }) => change)).toEqual([undefined, 'mappingCreated', 'mappingCreated', 'recordCreated', 'configurationCreated', 'configurationCreated']);
		expect(statuses((await node('registry:undo', { run: typed('run_none', 'id'), ...never })).json(1))).toEqual(['notFound']);
		expect((await node('registry:undo', { run: typed('={{ $json.no }}', 'id') })).error?.message).toContain('Run ID is empty');
		expect((await node('registry:undo', { run: typed(run, 'id') }, [{}], { type: 'externalIdTool' })).error?.message).toContain('not available to AI agents');
	});

	it('lists recent runs, newest first, with what each did and whether it is undone', async () => {
		const context = (registryFrom: string) => ({ getCurrentNodeParameter: (name: string) => (name === 'registryFrom' ? registryFrom : undefined), getCredentials: async () => ({ registry: 'picker', workspace: 'w' }), getNode: () => ({ id: 'n' }) }) as unknown as ILoadOptionsFunctions;
		const node = (operation: string, parameters: IDataObject, items: IDataObject[] = [{}]) => registryNode('picker')(operation, parameters as never, items, { workflow: { credentials: { externalIdRegistryApi: { registry: 'picker', workspace: 'w', accessSecret: '' } } } });
		await node('mapping:link', linkAll, [{ crm: '1', erp: 'A' }]);
		await node('mapping:delete', { deleteBy: 'externalId', ...person, externalType: picked('erp'), externalId: 'A' });
		const { results } = await searchRuns.call(context('credential'));
		expect(results.map(({ name }) => name)).toEqual([expect.stringMatching(/^Mapping: Delete · \d{4}-\d\d-\d\d \d\d:\d\d UTC · 1 change$/), expect.stringMatching(/^Mapping: Link IDs · .* changes$/)]);
		await node('registry:undo', { run: typed(String(results[0]?.value), 'id') });
		expect((await searchRuns.call(context('credential'), 'delete')).results.map(({ name }) => name)).toEqual([expect.stringMatching(/^Mapping: Delete .* · undone$/)]);
		expect((await searchRuns.call(context('credential'))).results[0]?.name).toMatch(/^Registry: Undo/);
	});
});

describe('Registry: Get History', () => {
	it('tells of one record by its key, of one run, and by filters; each change linked to the input', async () => {
		const node = registryNode();
		await node.done('mapping:link', linkAll, [{ crm: '1', erp: 'A' }]);
		await node.done('mapping:link', linkAll, [{ crm: '2', erp: 'B' }]);
		const list = async (parameters: IDataObject) => await node.done('registry:history', { historyOf: 'everything', returnAll: true, filters: {}, ...parameters } as never);
		expect(await list({})).toHaveLength(8);
		expect(await list({ historyOf: 'record', ...person, findBy: 'externalId', externalType: typed('crm'), externalId: '1' })).toHaveLength(3);
		expect(await list({ historyOf: 'run', run: typed(await lastRun(node), 'id') })).toHaveLength(3);
		expect((await list({ filters: { kinds: ['mappingCreated'], externalType: typed('erp') } })).map(({ what }) => what)).toEqual([expect.stringContaining('erp ID "B" was mapped to per_'), expect.stringContaining('erp ID "A"')]);
		expect(await list({ returnAll: false, limit: 2 })).toHaveLength(2);
		expect((await node('registry:history', { historyOf: 'everything', returnAll: true, filters: { from: 'yesterday' } })).error?.message).toContain('not a date');
	});
});

describe('Registry: Audit', () => {
	it('gives a summary first, then a finding each', async () => {
		const node = registryNode();
		await node.done('mapping:link', linkAll, [{ crm: 'AB', erp: 'A' }, { crm: 'ab', erp: '' }]);
		const [summary, ...findings] = await node.done('registry:audit', { ...person, limitPerKind: 10, withoutType: typed('erp') });
		expect(summary).toMatchObject({ finding: 'summary', what: expect.stringContaining('2 findings: '), total: 2, found: { similarIds: 1, withoutId: 1 }, complete: true });
		expect(findings.map(({ finding }) => finding)).toEqual(['similarIds', 'withoutId']);
		expect((await node('registry:audit', { ...person, withoutType: typed('erpp') })).error?.message).toContain('Did you mean "erp"?');
	});
});

describe('Registry: Export and Import', () => {
	it('writes a file that another registry takes; again it is unchanged', async () => {
		const [one, two] = [registryNode(), registryNode()];
		await one.done('mapping:link', linkAll, [{ crm: '1', erp: 'A' }, { crm: '2', erp: 'B' }]);
		for (const compress of [true, false]) {
			const exported = await one('registry:export', { outputField: 'file', options: { compress } });
			const binary = exported.outputs[0]?.[0]?.binary;
			expect(binary?.file).toMatchObject({ fileName: expect.stringMatching(compress ? /^external-id-engine-w\d+-[\d-]+\.ndjson\.gz$/ : /\.ndjson$/), mimeType: compress ? 'application/gzip' : 'application/x-ndjson' });
			expect(exported.json(0)[0]).toMatchObject({ rows: { configuration: 2, record: 2, mapping: 4 }, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
			const item = { json: {}, binary } as never;
			const dry = await two('registry:import', { inputField: 'file', options: { dryRun: true } }, [item]);
			expect(dry.json(0)).toEqual([]);
			expect(statuses(dry.json(1))).toEqual(['planned']);
			const taken = await two.done('registry:import', { inputField: 'file' }, [item]);
			expect(taken).toEqual([expect.objectContaining(compress ? { status: 'created', created: 8 } : { status: 'unchanged', unchanged: 8 })]);
		}
		const [resolved] = await two.done('mapping:translate', { ...person, findBy: 'externalId', externalType: typed('crm'), externalId: '2', toType: typed('erp') });
		expect(resolved).toMatchObject({ externalId: 'B' });
	});

	it('says what to do when the field holds no file, or another one', async () => {
		const node = registryNode();
		const other = { json: {}, binary: { data: { data: Buffer.from('a,b\n1,2\n').toString('base64'), mimeType: 'text/csv' } } } as never;
		const refused = await node('registry:import', { inputField: 'data', ...never }, [{ a: 1 }, other]);
		expect(refused.json(1).map(({ reason }) => reason)).toEqual([expect.stringContaining('no file in that binary field'), expect.stringContaining('no export of a registry')]);
		expect(await node.done('registry:history', { historyOf: 'everything', returnAll: true, filters: {} })).toEqual([]);
	});
});

describe('Checkpoint', () => {
	it('gives the start, saves the time at which the run began, gives that the next time', async () => {
		const node = registryNode();
		const get = { name: 'crm', firstTime: 'daysBack', daysBack: 3 };
		const [first] = await node.done('checkpoint:get', get);
		expect(first).toMatchObject({ status: 'found', isFirst: true });
		expect(Date.parse(String(first?.now)) - Date.parse(String(first?.value))).toBe(3 * 86_400_000);
		const [saved] = await node.done('checkpoint:save', { name: 'crm', kind: 'date', value: '={{ $json.now }}' }, [first as IDataObject]);
		expect(saved).toMatchObject({ status: 'created', value: first?.now });
		expect(await node.done('checkpoint:get', get)).toEqual([expect.objectContaining({ isFirst: false, value: first?.now })]);
		const missing = await node('checkpoint:get', { name: 'other', firstTime: 'notFound' });
		expect(statuses(missing.json(1))).toEqual(['notFound']);
		const chosen = await node.done('checkpoint:get', { name: 'other', firstTime: 'value', kind: 'number', firstValue: '5' });
		expect(chosen).toEqual([expect.objectContaining({ value: 5 })]);
	});
});
