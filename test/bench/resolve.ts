/** Resolving IDs, against a bare loop of look-ups. */
import { openBare, resolveBare } from './bare';
import { type Around, expectItems, runExternalId, startEngine } from './engine';
import { lookInside } from './inside';
import { externalIdOf, fileIn, registryWith, shuffled } from './registryFiles';
import { part } from './report';
import { shownTimes, takeTurns } from './rounds';
import { ITEMS, MAPPINGS, ROUNDS } from './sizes';

const PARAMETERS = {
	resource: 'mapping',
	operation: 'resolve',
	objectType: 'people',
	findBy: 'externalId',
	externalType: { __rl: true, mode: 'name', value: 'crm' },
	externalId: '={{ $json.id }}',
};

part(async () => {
	await startEngine();
	const registry = await registryWith({ people: MAPPINGS });
	const ids = Array.from(shuffled(MAPPINGS, 1).subarray(0, ITEMS), externalIdOf);
	const items = ids.map((id) => ({ id }));
	const db = openBare(fileIn(registry));

	const resolveByNode = async (around?: Around) => {
		const run = await runExternalId(registry, PARAMETERS, items, around);
		expectItems(run, ITEMS);
		return run;
	};
	const { node, bare } = await takeTurns(ROUNDS, {
		node: async () => {
			const { execute, step } = await resolveByNode();
			return { execute, step };
		},
		bare: async () => {
			const began = performance.now();
			const rows = resolveBare(db, ids);
			const step = performance.now() - began;
			if (rows.includes(undefined)) throw new Error('The bare loop did not find every ID');
			return { execute: step, step };
		},
	});
	return {
		figures: [
			{
				what: `Resolve ${ITEMS.toLocaleString('en')} IDs among ${MAPPINGS.toLocaleString('en')} mappings, against a bare loop of prepared look-ups`,
				value: node.step.median / bare.step.median,
				unit: '×',
				aim: 2,
				how: 'External ID by plain $json path; bare: strings in an array, one transaction',
				detail: `node's step ${shownTimes(node.step)}, of it execute() ${shownTimes(node.execute)}; bare ${shownTimes(bare.step)}`,
			},
		],
		inside: { resolve: await lookInside(registry, resolveByNode) },
	};
});
