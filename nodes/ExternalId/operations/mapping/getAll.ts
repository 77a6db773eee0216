import type { Operation } from '../../../shared/node/operation';
import { isTrouble } from '../../../shared/identity/outcome';
import type { ObjectType } from '../../../shared/identity/outcome';
import { listMappings } from '../../registry/lists';
import type { MappingQuery } from '../../registry/lists';
import type { Registry } from '../../registry/registry';
import type { MappingState } from '../../registry/rows';
import { externalId, knownExternalType, filtersOf, insideCollection, limit, objectType, returnAll } from '../fields';
import { filterText, limitOf, locatorValue } from '../reading';

const STATES: Readonly<Record<string, readonly MappingState[]>> = {
	all: ['current', 'former', 'deleted'],
	current: ['current'],
	deleted: ['deleted'],
	former: ['former'],
	live: ['current', 'former'],
};

export const getAll: Operation<Registry> = {
	value: 'getAll',
	name: 'Get Many',
	action: 'Get many mappings',
	description: 'Get many mappings that fit all the given filters',
	outputs: 'lister',
	fields: [
		returnAll,
		limit,
		filtersOf(
			{
				displayName: 'State',
				name: 'state',
				type: 'options',
				options: [
					{ name: 'All', value: 'all', description: 'Deleted ones too' },
					{ name: 'Current Only', value: 'current', description: 'Only IDs that are in use' },
					{ name: 'Deleted Only', value: 'deleted', description: 'Only mappings that were deleted' },
					{ name: 'Former Only', value: 'former', description: 'Only IDs that were replaced' },
					{ name: 'Not Deleted', value: 'live', description: 'Current and former ones' },
				],
				default: 'live',
			},
			insideCollection(externalId),
			insideCollection(knownExternalType),
			{
				displayName: 'Object ID',
				name: 'objectId',
				type: 'string',
				default: '',
				placeholder: 'e.g. per_01J9ZT5T7E',
				description: 'All IDs of this record',
			},
			insideCollection(objectType),
		),
	],
	async run(run) {
		for (const input of run.inputs) {
			const query = queryOf(input.values.filters);
			const unknown = run.system.unknownFilter(query.objectType, query.externalType);
			if (unknown) {
				run.settle(input, unknown);
				continue;
			}
			const rows = await listMappings(run.system, query, limitOf(run), run.signal);
			run.settle(input, isTrouble(rows) ? rows : rows.map((row) => ({ status: 'found', ...row })));
		}
	},
};

function queryOf(filters: unknown): MappingQuery {
	const given = (filters ?? {}) as Readonly<Record<string, unknown>>;
	return {
		objectType: filterText(given.objectType) as ObjectType | undefined,
		externalType: filterText(locatorValue(given.externalType)),
		externalId: filterText(given.externalId),
		objectId: filterText(given.objectId),
		states: STATES[String(given.state ?? 'live')] ?? ['current', 'former'],
	};
}
