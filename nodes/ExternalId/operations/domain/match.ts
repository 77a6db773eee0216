import type { Operation } from '../../../shared/node/operation';
import { matchDomains } from '../../registry/domains';
import type { Registry } from '../../registry/registry';
import { optionsOf, skipRoleAddresses } from '../fields';
import { option, workOf } from '../reading';

export const match: Operation<Registry> = {
	value: 'match',
	name: 'Match',
	action: 'Match an address to an account',
	description: 'Find the account that an e-mail address or a domain belongs to, and why. Nothing is written.',
	outputs: 'reader',
	fields: [
		{
			displayName: 'E-Mail or Domain',
			name: 'emailOrDomain',
			type: 'string',
			default: '',
			required: true,
			perItem: true,
			placeholder: 'e.g. ann@eu.acme.com',
			description: 'An e-mail address, or a domain alone',
		},
		optionsOf(skipRoleAddresses),
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => values.emailOrDomain);
		await matchDomains(run.system, entries, { skipRoleAddresses: option(run, 'skipRoleAddresses', true) }, workOf(run, 'domain:match'));
	},
};
