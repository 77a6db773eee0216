/** Creating mappings, against a bare loop of inserts; each on a fresh copy of one file. */
import { createBare, openBare } from './bare';
import { type Around, expectItems, runExternalId, startEngine } from './engine';
import { lookInside } from './inside';
import { copyOf, fileIn, mappingIdOf, personIdOf, registryWith, shuffled } from './registryFiles';
import { part } from './report';
import { shownTimes, takeTurns } from './rounds';
import { ITEMS, MAPPINGS, ROUNDS } from './sizes';

const PARAMETERS = {
	resource: 'mapping',
	operation: 'create',
	objectType: 'people',
	externalType: { __rl: true, mode: 'name', value: 'erp' },
	externalId: '={{ $json.id }}',
	record: { __rl: true, mode: 'id', value: '={{ $json.objectId }}' },
};

part(async () => {
	await startEngine();
	const registry = await registryWith({ people: MAPPINGS });
	const people = Array.from(shuffled(MAPPINGS, 1).subarray(0, ITEMS), personIdOf);
	const mappings = Array.from(shuffled(ITEMS, 2), (id, n) => ({
		id: mappingIdOf(MAPPINGS + n),
		externalId: `E-${String(id).padStart(8, '0')}`,
		objectId: people[n] as string,
	}));
	const items = mappings.map(({ externalId, objectId }) => ({ id: externalId, objectId }));

	const createByNode = async (around?: Around) => {
		const run = await runExternalId(await copyOf(registry), PARAMETERS, items, around);
		expectItems(run, ITEMS);
		return run;
	};
	const { node, bare } = await takeTurns(ROUNDS, {
		node: async () => {
			const { execute, step } = await createByNode();
			return { execute, step };
		},
		bare: async () => {
			const db = openBare(fileIn(await copyOf(registry)));
			const began = performance.now();
			createBare(db, mappings);
			const step = performance.now() - began;
			db.close();
			return { execute: step, step };
		},
	});
	return {
		figures: [
			{
				what: `Create ${ITEMS.toLocaleString('en')} mappings beside ${MAPPINGS.toLocaleString('en')}, against a bare loop of prepared inserts in transactions of 1,000`,
				value: node.step.median / bare.step.median,
				unit: '×',
				aim: 2.5,
				how: 'External ID and Object ID by plain $json paths; bare: strings in an array, no history',
				detail: `node's step ${shownTimes(node.step)}, of it execute() ${shownTimes(node.execute)}; bare ${shownTimes(bare.step)}`,
			},
		],
		inside: { create: await lookInside(registry, createByNode) },
	};
});
