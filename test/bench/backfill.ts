/** A backfill by e-mail, and the same again, against bare loops of the same look-ups and inserts; each on a fresh copy of one file. */
import type { IDataObject } from 'n8n-workflow';

import { backfillBare, holdersBare, openBare } from './bare';
import { type Around, type NodeRun, runExternalId, startEngine } from './engine';
import { lookInside } from './inside';
import { copyOf, emailOf, fileIn, mappingIdOf, registryWith, shuffled } from './registryFiles';
import { part } from './report';
import { shownTimes, takeTurns } from './rounds';
import { ITEMS, MAPPINGS, ROUNDS } from './sizes';

const PARAMETERS = {
	resource: 'mapping',
	operation: 'backfill',
	mode: 'apply',
	objectType: 'people',
	externalType: { __rl: true, mode: 'name', value: 'erp' },
	externalId: '={{ $json.id }}',
	matchBy: ['email'],
	email: '={{ $json.email }}',
};

function expectStatus({ outputs }: NodeRun, status: string): void {
	const found = outputs[0]?.filter(({ json }) => json.status === status).length ?? 0;
	if (found !== ITEMS) throw new Error(`${found} of ${ITEMS} items came out as ${status}: ${JSON.stringify(outputs[3]?.[0]?.json)}`);
}

part(async () => {
	await startEngine();
	const registry = await registryWith({ people: MAPPINGS, emails: 1 });
	const people = shuffled(MAPPINGS, 1).subarray(0, ITEMS);
	const rows = Array.from(shuffled(ITEMS, 2), (id, n) => ({ id: mappingIdOf(MAPPINGS + n), externalId: `E-${String(id).padStart(8, '0')}`, email: emailOf(people[n] as number) }));
	const items: IDataObject[] = rows.map(({ externalId, email }) => ({ id: externalId, email }));

	const run = async (folder: string, status: string, around?: Around) => {
		const result = await runExternalId(folder, PARAMETERS, items, around);
		expectStatus(result, status);
		return result;
	};
	const byNode = async (around?: Around) => await run(await copyOf(registry), 'linked', around);
	const { node, bare } = await takeTurns(ROUNDS, {
		node: async () => {
			const folder = await copyOf(registry);
			const first = await run(folder, 'linked');
			const again = await run(folder, 'unchanged');
			const undo = await runExternalId(folder, { resource: 'registry', operation: 'undo', run: { __rl: true, mode: 'id', value: String(first.outputs[3]?.[0]?.json.runId) } }, [{}]);
			return { first: first.step, again: again.step, undo: undo.step };
		},
		bare: async () => {
			const db = openBare(fileIn(await copyOf(registry)));
			const began = performance.now();
			if (backfillBare(db, rows) !== ITEMS) throw new Error('The bare loop did not insert every ID');
			const first = performance.now() - began;
			const beganAgain = performance.now();
			if (holdersBare(db, rows) !== ITEMS) throw new Error('The bare loop did not find every ID');
			const again = performance.now() - beganAgain;
			db.close();
			return { first, again, undo: 0 };
		},
	});
	const how = 'External ID and e-mail by plain $json paths; bare: strings in an array, no history';
	return {
		figures: [
			{
				what: `Backfill ${ITEMS.toLocaleString('en')} IDs by e-mail over ${MAPPINGS.toLocaleString('en')} records, against a bare loop of the same look-ups and inserts`,
				value: node.first.median / bare.first.median,
				unit: '×',
				aim: 2.5,
				how,
				detail: `node's step ${shownTimes(node.first)}; bare ${shownTimes(bare.first)}`,
			},
			{
				what: 'The same again (nothing to do), against a bare loop of the same look-ups (whose the ID is, and whether they have the e-mail)',
				value: node.again.median / bare.again.median,
				unit: '×',
				aim: 1.3,
				how,
				detail: `node's step ${shownTimes(node.again)}; bare ${shownTimes(bare.again)}`,
			},
			{
				what: `Undo of the ${ITEMS.toLocaleString('en')}, against the backfill`,
				value: node.undo.median / node.first.median,
				unit: '×',
				aim: 1,
				how: 'by Run ID',
				detail: `undo ${shownTimes(node.undo)}; backfill ${shownTimes(node.first)}`,
			},
		],
		inside: { backfill: await lookInside(registry, byNode) },
	};
});
