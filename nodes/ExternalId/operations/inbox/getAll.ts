import { isTrouble } from '../../../shared/identity/outcome';
import type { Operation } from '../../../shared/node/operation';
import { listInbox } from '../../registry/inbox';
import type { InboxQuery } from '../../registry/inbox';
import type { Registry } from '../../registry/registry';
import type { InboxState } from '../../registry/rows';
import { filtersOf, limit, returnAll } from '../fields';
import { filterText, limitOf } from '../reading';

const STATES: Readonly<Record<string, readonly InboxState[]>> = {
	all: ['waiting', 'assigned', 'discarded'],
	assigned: ['assigned'],
	discarded: ['discarded'],
	waiting: ['waiting'],
};

export const getAll: Operation<Registry> = {
	value: 'getAll',
	name: 'Get Many',
	action: 'Get many from the inbox',
	description: 'Get many addresses and contacts that wait for an account, with the reason',
	outputs: 'lister',
	fields: [
		returnAll,
		limit,
		filtersOf(
			{
				displayName: 'Domain',
				name: 'domain',
				type: 'string',
				default: '',
				placeholder: 'e.g. acme.com',
				description: 'Only addresses at this domain or under it',
			},
			{
				displayName: 'Reason',
				name: 'reason',
				type: 'options',
				options: [
					{ name: 'Account Was Deleted', value: 'accountDeleted' },
					{ name: 'Any', value: '' },
					{ name: 'Domain of Several Accounts', value: 'domainAmbiguous', description: 'None of them is preferred' },
					{ name: 'Domain Without Account', value: 'domainWithoutAccount' },
					{ name: 'Free Mail', value: 'domainFreeMail', description: 'The address does not tell a company' },
					{ name: 'No E-Mail', value: 'noEmail', description: 'Only a user ID is known' },
					{ name: 'Waits for Approval', value: 'approval', description: 'One added domain would have made many contacts' },
				],
				default: '',
			},
			{
				displayName: 'Search',
				name: 'search',
				type: 'string',
				default: '',
				placeholder: 'e.g. ann',
				description: 'Text that the address or the name contains',
			},
			{
				displayName: 'State',
				name: 'state',
				type: 'options',
				options: [
					{ name: 'All', value: 'all' },
					{ name: 'Assigned', value: 'assigned', description: 'Those that have an account by now' },
					{ name: 'Discarded', value: 'discarded' },
					{ name: 'Waiting', value: 'waiting' },
				],
				default: 'waiting',
			},
		),
	],
	async run(run) {
		for (const input of run.inputs) {
			const rows = await listInbox(run.system, queryOf(input.values.filters), limitOf(run), run.signal);
			run.settle(input, isTrouble(rows) ? rows : rows.map((row) => ({ status: 'found', ...row })));
		}
	},
};

function queryOf(filters: unknown): InboxQuery {
	const given = (filters ?? {}) as Readonly<Record<string, unknown>>;
	return {
		states: STATES[String(given.state ?? 'waiting')] ?? ['waiting'],
		reason: filterText(given.reason),
		domain: filterText(given.domain),
		search: filterText(given.search),
	};
}
