import { isTrouble } from '../../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../../shared/identity/outcome';
import type { Operation } from '../../../shared/node/operation';
import { filterText, filtersOf, insideCollection, limit, limitOf, locatorValue, returnAll } from '../../../shared/node/panel';
import type { MappingFilter } from '../../api';
import { parseObjectId, type Salesloft, shownMapping } from '../../system';
import { externalId, knownExternalType, objectId, objectType } from '../fields';

export const getAll: Operation<Salesloft> = {
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
				displayName: 'Deleted',
				name: 'deleted',
				type: 'boolean',
				default: false,
				description: 'Whether to get the deleted mappings instead of those in use',
			},
			insideCollection(externalId),
			insideCollection(knownExternalType),
			{ ...insideCollection(objectId), description: 'All External IDs of this person, account or user' },
			insideCollection(objectType),
		),
	],
	async run(run) {
		const most = limitOf(run);
		const salesloft = run.system.with({ stop: run.signal });
		await salesloft.learnTypes([], false);
		for (const input of run.inputs) {
			if (run.signal?.aborted) return;
			const filter = filterOf(salesloft, input.values.filters);
			if (isTrouble(filter)) {
				run.settle(input, filter);
				continue;
			}
			const found: Outcome[] = [];
			for await (const rows of salesloft.api.mappingPages(filter, run.signal)) {
				found.push(...rows.slice(0, most - found.length).map((row): Outcome => ({ status: 'found', ...shownMapping(row), ...(filter.deleted === true ? { deleted: true } : {}) })));
				if (found.length >= most) break;
			}
			run.settle(input, found);
		}
	},
};

function filterOf(salesloft: Salesloft, filters: unknown): MappingFilter | Trouble {
	const given = (filters ?? {}) as Readonly<Record<string, unknown>>;
	const type = filterText(given.objectType) as ObjectType | undefined;
	const externalType = filterText(locatorValue(given.externalType));
	const id = filterText(given.objectId);
	// A type that is not there would find nothing without a word: the typing mistake is named instead.
	const checked = externalType === undefined ? undefined : salesloft.checkAnyType(type, externalType);
	if (isTrouble(checked)) return checked;
	const object = id === undefined ? undefined : parseObjectId(type ?? 'people', id);
	if (isTrouble(object)) return object;
	return { objectType: type, externalType: checked, externalId: filterText(given.externalId), objectId: object, deleted: given.deleted === true };
}
