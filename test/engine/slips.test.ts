import type { INodeParameters, INodeProperties, INodePropertyCollection } from 'n8n-workflow';

import { ExternalId } from '../../nodes/ExternalId/ExternalId.node';
import { picked, registryNode, typed } from './registryNode';

/** What somebody enters who builds their first workflow, and what they are told. */
const SLIPS: ReadonlyArray<[slip: string, operation: string, parameters: INodeParameters, told: string]> = [
	['accounts matched by e-mail', 'mapping:backfill', { objectType: 'accounts', externalType: picked('crm'), externalId: '1', email: 'a@acme.com' }, 'Accounts have no e-mail address'],
	['a country in words', 'mapping:backfill', { externalType: picked('crm'), externalId: '1', matchBy: ['phone'], phone: '600', options: { country: 'Spain' } }, 'two letters, such as ES'],
	['fewer than no writes', 'mapping:backfill', { externalType: picked('crm'), externalId: '1', email: 'a@acme.com', options: { maxWrites: -3 } }, 'Max Writes is a whole number from 0 on'],
	['an audit of nothing', 'registry:audit', { kinds: [] }, 'Choose at least one kind'],
	['an audit for a type that is not there', 'registry:audit', { withoutType: typed('nope') }, 'There is no External Type "nope"'],
	['a name instead of an address', 'inbox:assign', { waiting: 'ann', record: typed('acc_1', 'id') }, '"ann" is neither an e-mail address nor the Object ID of a person'],
	['a domain with spaces', 'inbox:assign', { assignMode: 'domain', domain: 'not a domain' }, 'a character that domain names cannot have'],
	['a text instead of a call', 'contact:identify', { externalType: picked('app'), call: 'hello' }, 'This is no Segment call'],
	['a date in words', 'checkpoint:save', { name: 'x', value: 'soon' }, 'An example: 2026-01-31T09:00:00Z'],
	['a record merged with itself', 'record:merge', { externalType: typed('crm'), externalId: '1', otherExternalType: typed('crm'), otherExternalId: '1' }, 'nothing to merge'],
	['an item without a file', 'registry:import', {}, 'Read the file first'],
];

describe('A slip of the builder', () => {
	it.each(SLIPS)('%s: says what to do', async (_slip, operation, parameters, told) => {
		const node = registryNode();
		await node.done('mapping:link', { objectType: 'people', externalIds: { ids: [{ externalType: picked('crm'), externalId: '1' }] } });
		const { error } = await node(operation, parameters);
		expect(error?.message).toContain(told);
	});

	it('the history of a run that is not there says so, and is not just empty', async () => {
		const { json, error } = await registryNode()('registry:history', { historyOf: 'run', run: typed('run_none', 'id') });
		expect(error).toBeUndefined();
		expect(json(0)).toEqual([expect.objectContaining({ status: 'notFound', reason: 'There is no run "run_none" in this workspace that wrote anything.' })]);
	});
});

/** All pickers of External Types, also those inside collections, with the operations that show them. */
function pickers(properties: readonly INodeProperties[], shownIn?: readonly unknown[]): Array<{ picker: INodeProperties; operations: readonly unknown[] }> {
	return properties.flatMap((picker) => {
		const operations = picker.displayOptions?.show?.operation ?? shownIn ?? [];
		const inside = (picker.options ?? []) as Array<INodeProperties | INodePropertyCollection>;
		const nested = inside.flatMap((option) => ('values' in option ? option.values : 'type' in option ? [option] : []));
		const isPicker = picker.modes?.some(({ typeOptions }) => typeOptions?.searchListMethod === 'searchExternalTypes');
		return [...(isPicker ? [{ picker, operations }] : []), ...pickers(nested, operations)];
	});
}

describe('A list of External Types', () => {
	const all = pickers(new ExternalId().description.properties);
	const mayCreate = ({ modes }: INodeProperties) => modes?.some(({ typeOptions }) => typeOptions?.allowNewResource !== undefined) === true;

	it('offers to create one exactly where its text says so', () => {
		expect(all.length).toBeGreaterThan(15);
		expect(all.filter(({ picker }) => mayCreate(picker) !== /to create it/.test(String(picker.description))).map(({ picker }) => picker.description)).toEqual([]);
	});

	it('does not offer it in what only reads or deletes', () => {
		const reading = ['getAll', 'get', 'history', 'audit', 'resolve', 'translate', 'delete', 'erase', 'merge'];
		const wrong = all.filter(({ picker, operations }) => mayCreate(picker) && operations.some((operation) => reading.includes(String(operation))));
		expect(wrong.map(({ picker, operations }) => [picker.displayName, operations])).toEqual([]);
	});
});
