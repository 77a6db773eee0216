import omit from 'lodash/omit';
import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { ExternalId } from '../../nodes/ExternalId/ExternalId.node';
import { ids, picked, registryNode, statuses } from './registryNode';
import type { RegistryNode } from './registryNode';

const BACKFILL: INodeParameters = {
	mode: 'apply',
	objectType: 'people',
	externalType: picked('erp'),
	externalId: '={{ $json.erp }}',
	matchBy: ['email'],
	email: '={{ $json.email }}',
};

/** People 0 to count - 1, known by `crm` and e-mail. */
async function people(count: number): Promise<RegistryNode> {
	const node = registryNode();
	const items = Array.from({ length: count }, (_, n) => ({ crm: `c${n}`, email: `p${n}@acme.com` }));
	await node.done('mapping:link', { objectType: 'people', externalIds: ids(['crm', '={{ $json.crm }}']), email: '={{ $json.email }}' }, items);
	return node;
}

const rows = (count: number): IDataObject[] => Array.from({ length: count }, (_, n) => ({ erp: `e${n}`, email: `p${n}@acme.com` }));

describe('Backfill', () => {
	it('has four outputs, and the summary has a sentence for a chat', async () => {
		const node = await people(3);
		const result = await node('mapping:backfill', BACKFILL, [...rows(4), { erp: 'n/a', email: 'p0@acme.com' }]);
		expect(result.error).toBeUndefined();
		expect(statuses(result.json(0))).toEqual(['linked', 'linked', 'linked']);
		expect(result.json(1)).toEqual([expect.objectContaining({ status: 'notFound', input: { erp: 'e3', email: 'p3@acme.com' } })]);
		expect(statuses(result.json(2))).toEqual(['invalid']);
		expect(result.json(3)).toEqual([
			expect.objectContaining({
				sentence: expect.stringMatching(/^Backfill of erp IDs for people\. Of 5 items: 3 linked, 1 not found, 1 invalid\./),
				counts: { linked: 3, notFound: 1, invalid: 1 },
				runId: expect.stringMatching(/^run_/),
			}),
		]);
		expect(result.outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
		expect(result.outputs[3]?.[0]?.pairedItem).not.toEqual(expect.arrayContaining([expect.anything()]));
	});

	it('is a dry run unless Apply is chosen: Done stays empty, and planned items are shown under Needs Attention', async () => {
		const node = await people(2);
		const result = await node('mapping:backfill', omit(BACKFILL, 'mode'), rows(2));
		expect(result.error).toBeUndefined();
		expect(result.json(0)).toEqual([]);
		expect(result.json(2)).toEqual([expect.objectContaining({ status: 'planned', plan: 'link' }), expect.objectContaining({ status: 'planned' })]);
		expect(result.json(3)[0]?.sentence).toContain('nothing was written');
		expect((await node('mapping:resolve', { objectType: 'people', findBy: 'externalId', externalType: picked('erp'), externalId: 'e0' }, [{}])).json(1)).toHaveLength(1);
	});

	it('fails the run when a guard stops it, and says what to do', async () => {
		const node = await people(20);
		const bad = rows(20).map((row, n) => (n < 12 ? { ...row, erp: 'n/a' } : row));
		const result = await node('mapping:backfill', BACKFILL, bad);
		expect(result.nodeError?.message).toMatch(/^Nothing was written: 12 of 20 items/);
		expect(result.nodeError?.description).toContain('Dry Run');
		const onward = await node('mapping:backfill', BACKFILL, bad, { onError: 'continueRegularOutput' });
		expect(onward.json(0)).toEqual([]);
		expect(onward.json(2)).toHaveLength(20);
	});

	it('shows every item of a dry run, also where all of them are in trouble; Fail the Run When can say otherwise', async () => {
		const node = await people(12);
		const bad = rows(12).map((row) => ({ ...row, erp: 'same' }));
		const dry = await node('mapping:backfill', omit(BACKFILL, 'mode'), bad);
		expect(dry.error).toBeUndefined();
		expect(statuses(dry.json(2))).toEqual(bad.map(() => 'conflict'));
		expect(dry.json(3)).toMatchObject([{ counts: { conflict: 12 }, guard: expect.stringContaining('12 of 12 items') }]);
		const strict = await node('mapping:backfill', { ...omit(BACKFILL, 'mode'), options: { failWhen: 'anythingFailed' } }, bad);
		expect(strict.nodeError?.message).toContain('12 items');
		const few = await node('mapping:backfill', BACKFILL, bad.slice(0, 2));
		expect(few.nodeError?.message).toContain('None of the 2 items');
	});

	it.each([
		['e-mails of accounts', { objectType: 'accounts' }, /Accounts have no e-mail address/],
		['domains of people', { matchBy: ['domain'], domain: 'acme.com' }, /Only accounts have Related Domains/],
		['a country that is none', { options: { country: 'Spain' } }, /two letters/],
		['a number of writes that is none', { options: { maxWrites: 'many' } }, /Max Writes is a whole number/],
		['a number of writes below nothing, which would be any number', { options: { maxWrites: -1 } }, /Max Writes is a whole number/],
		['a type that was typed and is not there', { externalType: { __rl: true, mode: 'name', value: 'epr' } }, /There is no External Type "epr"/],
	])('refuses %s before anything is done', async (_, parameters, message) => {
		const node = await people(1);
		const result = await node('mapping:backfill', { ...BACKFILL, ...parameters }, rows(1));
		expect(result.nodeError?.message ?? result.error?.message).toMatch(message);
	});

	it('is not offered to AI agents', () => {
		const [offered] = new ExternalId().description.properties.filter(({ name, displayOptions: { show = {} } = {} }) => name === 'operation' && show.resource?.includes('mapping') && show['@tool']?.includes(true));
		const names = offered?.options?.map((option) => ('value' in option ? option.value : ''));
		expect(names).toContain('resolve');
		expect(names).not.toContain('backfill');
	});
});
