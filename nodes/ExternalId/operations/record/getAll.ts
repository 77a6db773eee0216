import { trouble } from '../../../shared/identity/outcome';
import type { Trouble } from '../../../shared/identity/outcome';
import type { Operation } from '../../../shared/node/operation';
import { listRecords } from '../../registry/lists';
import type { RecordQuery } from '../../registry/lists';
import { checkObjectId } from '../../registry/objects';
import type { Registry } from '../../registry/registry';
import type { RecordState } from '../../registry/rows';
import { knownExternalType, filtersOf, insideCollection, limit, objectType, returnAll } from '../fields';
import { filterText, limitOf, locatorValue, objectTypeOf } from '../reading';
import type { RegistryRun } from '../reading';

const STATES: Readonly<Record<string, readonly RecordState[]>> = { active: ['active'], deleted: ['deleted'], all: ['active', 'deleted', 'merged'] };

export const getAll: Operation<Registry> = {
	value: 'getAll',
	name: 'Get Many',
	action: 'Get many records',
	description: 'Get many records that fit all the given filters',
	outputs: 'lister',
	fields: [
		objectType,
		returnAll,
		limit,
		filtersOf(
			{
				displayName: 'Account Object ID',
				name: 'accountId',
				type: 'string',
				default: '',
				placeholder: 'e.g. acc_01J9ZT5T7E',
				description: 'Only people of this account',
			},
			{
				displayName: 'Deleted',
				name: 'state',
				type: 'options',
				options: [
					{ name: 'All', value: 'all', description: 'Deleted ones too' },
					{ name: 'Deleted Only', value: 'deleted' },
					{ name: 'Not Deleted', value: 'active' },
				],
				default: 'active',
			},
			{
				displayName: 'Search',
				name: 'search',
				type: 'string',
				default: '',
				placeholder: 'e.g. acme',
				description: 'Text that a field or an e-mail address contains',
			},
			{
				displayName: 'Updated After',
				name: 'updatedAfter',
				type: 'dateTime',
				default: '',
				description: 'Only records that were made or changed after this time',
			},
			{ ...insideCollection(knownExternalType), displayName: 'With an ID Of', name: 'withType', description: 'Only records that have a current External ID of this type' },
			{ ...insideCollection(knownExternalType), displayName: 'Without an ID Of', name: 'withoutType', description: 'Only records that have no current External ID of this type' },
		),
	],
	async run(run) {
		for (const input of run.inputs) {
			const query = queryOf(run, input.values.filters);
			if (query.updatedAfter !== undefined && Number.isNaN(query.updatedAfter)) {
				run.settle(input, trouble('invalid', 'updatedAfter', 'Updated After is not a date that can be read. An example: 2026-01-31T09:00:00Z', [input.index]));
				continue;
			}
			const unknown = run.system.unknownFilter(query.objectType, query.withType) ?? run.system.unknownFilter(query.objectType, query.withoutType) ?? wrongAccount(query.accountId);
			if (unknown) {
				run.settle(input, unknown);
				continue;
			}
			const rows = await listRecords(run.system, query, limitOf(run), run.signal);
			run.settle(input, rows.map((row) => ({ status: 'found', ...row })));
		}
	},
};

function wrongAccount(accountId: string | undefined): Trouble | undefined {
	const checked = accountId === undefined ? undefined : checkObjectId('accounts', accountId);
	return typeof checked === 'object' ? checked : undefined;
}

function queryOf(run: RegistryRun, filters: unknown): RecordQuery {
	const given = (filters ?? {}) as Readonly<Record<string, unknown>>;
	const updatedAfter = filterText(given.updatedAfter);
	return {
		objectType: objectTypeOf(run),
		states: STATES[String(given.state ?? 'active')] ?? ['active'],
		accountId: filterText(given.accountId),
		search: filterText(given.search),
		withType: filterText(locatorValue(given.withType)),
		withoutType: filterText(locatorValue(given.withoutType)),
		updatedAfter: updatedAfter === undefined ? undefined : Date.parse(updatedAfter),
	};
}
