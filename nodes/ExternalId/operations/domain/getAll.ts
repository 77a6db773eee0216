import { isTrouble } from '../../../shared/identity/outcome';
import type { Operation } from '../../../shared/node/operation';
import { listDomains } from '../../registry/lists';
import type { Registry } from '../../registry/registry';
import { filtersOf, limit, returnAll } from '../fields';
import { filterText, limitOf } from '../reading';

export const getAll: Operation<Registry> = {
	value: 'getAll',
	name: 'Get Many',
	action: 'Get many related domains',
	description: 'Get many Related Domains with the accounts that they belong to',
	outputs: 'lister',
	fields: [
		returnAll,
		limit,
		filtersOf(
			{
				displayName: 'Account Object ID',
				name: 'accountId',
				type: 'string',
				default: '',
				placeholder: 'e.g. acc_01J9ZT5T7E',
				description: 'Only domains of this account',
			},
			{
				displayName: 'Domain',
				name: 'domain',
				type: 'string',
				default: '',
				placeholder: 'e.g. acme.com',
				description: 'Only this domain: it may belong to several accounts',
			},
		),
	],
	async run(run) {
		for (const input of run.inputs) {
			const { accountId, domain } = (input.values.filters ?? {}) as { accountId?: unknown; domain?: unknown };
			const query = { accountId: filterText(accountId), domain: filterText(domain) };
			const rows = await listDomains(run.system, query, limitOf(run), run.signal);
			run.settle(input, isTrouble(rows) ? rows : rows.map((row) => ({ status: 'found', ...row })));
		}
	},
};
