/** Capturing contacts by domain: what it costs among many Related Domains and among few; each on a fresh copy. */
import { type Around, expectItems, runExternalId, startEngine } from './engine';
import { lookInside } from './inside';
import { copyOf, domainOf, registryWith, shuffled } from './registryFiles';
import { part } from './report';
import { shownTimes, takeTurns } from './rounds';
import { FEW_DOMAINS, ITEMS, MANY_DOMAINS, ROUNDS } from './sizes';

const PARAMETERS = { resource: 'contact', operation: 'capture', addresses: '={{ $json.from }}' };

/** One address an item, each at a domain of an account; every fourth at a sub-domain of it. */
function addressesAt(domains: number): Array<{ from: string }> {
	const order = shuffled(domains, 1);
	return Array.from({ length: ITEMS }, (_, n) => {
		const domain = domainOf(order[n % domains] as number);
		return { from: `Person ${n} <person.${n}@${n % 4 === 0 ? 'mail.' : ''}${domain}>` };
	});
}

part(async () => {
	await startEngine();
	const sideWith = async (accounts: number) => {
		const registry = await registryWith({ accounts });
		const items = addressesAt(accounts);
		const run = async (around?: Around) => {
			const result = await runExternalId(await copyOf(registry), PARAMETERS, items, around);
			expectItems(result, ITEMS);
			return result;
		};
		return { registry, run };
	};
	const amongMany = await sideWith(MANY_DOMAINS);
	const amongFew = await sideWith(FEW_DOMAINS);
	const { many, few } = await takeTurns(ROUNDS, {
		many: async () => ({ step: (await amongMany.run()).step }),
		few: async () => ({ step: (await amongFew.run()).step }),
	});
	return {
		figures: [
			{
				what: `Capture ${ITEMS.toLocaleString('en')} addresses: with ${MANY_DOMAINS.toLocaleString('en')} Related Domains against ${FEW_DOMAINS.toLocaleString('en')}`,
				value: many.step.median / few.step.median,
				unit: '×',
				aim: 1.5,
				how: 'Addresses by plain $json path, with names; all become contacts',
				detail: `node's step ${shownTimes(many.step)} with many, ${shownTimes(few.step)} with few`,
			},
		],
		inside: { capture: await lookInside(amongMany.registry, amongMany.run) },
	};
});
