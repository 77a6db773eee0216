import type { Operation } from '../../../shared/node/operation';
import { missingDomains as findMissing } from '../../registry/inbox';
import type { Registry } from '../../registry/registry';
import { limit, optionsOf, returnAll } from '../fields';
import { limitOf, option } from '../reading';

export const missingDomains: Operation<Registry> = {
	value: 'missingDomains',
	name: 'Get Missing Domains',
	action: 'Get missing domains of the inbox',
	description: 'Which Related Domains would catch how many people of the inbox, the most first',
	outputs: 'lister',
	once: true,
	fields: [
		returnAll,
		limit,
		optionsOf({
			displayName: 'Include Unusable',
			name: 'includeUnusable',
			type: 'boolean',
			default: false,
			description: 'Whether to list domains too that cannot be Related Domains, such as free mail; they come last',
		}),
	],
	async run(run) {
		for (const input of run.inputs) {
			const all = await findMissing(run.system);
			const usable = all.filter((each) => each.usable);
			const shown = (option(run, 'includeUnusable', false) ? all : usable).slice(0, limitOf(run));
			run.settle(input, shown.map((each) => ({ status: 'found', ...each })));
			const people = all.reduce((sum, each) => (each.usable ? sum : sum + each.people), 0);
			if (people > 0) run.hint(`Besides, ${people.toLocaleString('en')} ${people === 1 ? 'address waits' : 'addresses wait'} whose domain cannot be a Related Domain, such as free mail.`);
		}
	},
};
