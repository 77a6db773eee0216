import omit from 'lodash/omit';

import { backfill } from '../shared/backfill';
import { Settling } from '../shared/http/items';
import { isTrouble, trouble } from '../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../shared/identity/outcome';
import { shown } from '../shared/identity/wording';
import type { ConflictChoices, MappingEntry, TypeChoice, Work } from '../shared/ports';
import type { MappingRow } from './answers';
import { AT_ONCE } from './api';
import { SalesloftBackfill } from './backfill';
import { groupBy } from './resolve';
import { noMapping, parseObjectId, type Salesloft, shownMapping } from './system';

/**
 * Ties External IDs to objects whose Object ID is known. It is a backfill of what the items say, without its guards: looked at as a
 * whole, so that the order of the items decides nothing.
 */
export async function createMappings(salesloft: Salesloft, entries: readonly MappingEntry[], choices: ConflictChoices & { severalIds: boolean }, work: Work): Promise<void> {
	await salesloft.learnTypes(entries, true);
	const checked = entries.flatMap((entry, index) => {
		const externalType = salesloft.checkType(entry.objectType, entry.externalType);
		const objectId = isTrouble(externalType) ? '' : parseObjectId(entry.objectType, entry.objectId);
		const problem = isTrouble(externalType) ? externalType : isTrouble(objectId) ? objectId : undefined;
		if (problem === undefined) return [{ index, objectType: entry.objectType, externalType: externalType as string, entry: { externalId: entry.externalId, keys: { objectId } } }];
		work.settle(index, problem);
		return [];
	});
	for (const group of groupBy(checked, ({ objectType, externalType }) => `${objectType}\n${externalType}`).values()) {
		const { objectType, externalType } = group[0] as (typeof checked)[number];
		const ofGroup: Work = { ...work, settle: (at, outcome) => work.settle((group[at] as (typeof checked)[number]).index, asCreated(outcome as Outcome)) };
		const system = new SalesloftBackfill(salesloft, { objectType, externalType, severalIds: choices.severalIds, exclusive: false }, ofGroup);
		await backfill(
			system,
			group.map(({ entry }) => entry),
			{ ...choices, mode: 'apply', matchBy: new Set(['objectId']), tryFirst: 0, maxWrites: 0, maxMinutes: 0, maxTroublePercent: 100, maxReplacedPercent: 100 },
			ofGroup,
		);
	}
}

/** What a backfill tells, in the words of a plain create. */
function asCreated(outcome: Outcome): Outcome {
	if (outcome.status !== 'linked' && outcome.status !== 'unchanged') return outcome;
	return { ...omit(outcome, 'matchedBy', 'runId'), status: outcome.status === 'linked' ? 'created' : 'unchanged' };
}

export type MappingToDelete = { mappingIds: unknown } | { objectType: ObjectType; externalType: TypeChoice; externalId: unknown };

/** Deletes mappings, by External ID or by Mapping ID (several in one entry). The objects stay. */
export async function deleteMappings(salesloft: Salesloft, entries: ReadonlyArray<{ name: MappingToDelete; onlyIfObjectId: string | undefined }>, work: Work): Promise<void> {
	const settling = new Settling(work, entries.length);
	if (entries.some(({ name }) => 'externalId' in name)) await salesloft.learnTypes([], false);
	const done = new Map<number, Promise<boolean>>();
	/** The same mapping named twice is deleted once. */
	const remove = async (id: number, about: Record<string, unknown>): Promise<Outcome> => {
		const earlier = done.get(id);
		if (earlier) {
			await earlier;
			return { status: 'unchanged', ...about, deleted: true };
		}
		const removing = salesloft.api.deleteMapping(id, work.signal);
		done.set(id, removing);
		if (await removing) return { status: 'deleted', ...about, deleted: true };
		return trouble('notFound', 'noMapping', `Salesloft has no mapping ${id}; it may be deleted already.`, [id], { ...about, mappingId: String(id) });
	};
	await settling.each(
		entries.map((entry, index) => ({ ...entry, index })),
		AT_ONCE,
		async ({ name, onlyIfObjectId }) => {
			const only = onlyIfObjectId === undefined ? undefined : parseObjectId('people', onlyIfObjectId);
			if (isTrouble(only)) return only;
			if ('mappingIds' in name) return await deleteById(salesloft, name.mappingIds, only, remove, work);
			const id = salesloft.checkId(name.objectType, name.externalType, name.externalId);
			if (isTrouble(id)) return id;
			const rows = await salesloft.api.mappingsOf(id, work.signal);
			if (rows.length === 0) return noMapping(id);
			const outcomes: Outcome[] = [];
			for (const row of rows) outcomes.push(only !== undefined && row.objectId !== only ? pointsElsewhere(row, only) : row.id === undefined ? withoutId(row) : await remove(row.id, shownMapping(row)));
			return outcomes;
		},
	);
	settling.end();
}

async function deleteById(salesloft: Salesloft, given: unknown, only: string | undefined, remove: (id: number, about: Record<string, unknown>) => Promise<Outcome>, work: Work): Promise<Outcome | Outcome[]> {
	const ids = (Array.isArray(given) ? given : String(given ?? '').split(/[,;\s]+/)).map((id: unknown) => String(id).trim()).filter((id) => id !== '');
	if (ids.length === 0) return trouble('invalid', 'noMappingId', 'Mapping ID is empty.', []);
	const wrong = ids.find((id) => !/^[1-9]\d{0,14}$/.test(id));
	if (wrong !== undefined) return trouble('invalid', 'mappingId', `Mapping ID "${shown(wrong)}" is not one of Salesloft's, which is a whole number.`, [wrong]);
	// There is no way to look at one mapping by its ID; those of the object that it should lead to can be listed.
	const pointing = only === undefined ? undefined : await salesloft.api.mappingsOf({ objectId: only }, work.signal);
	const outcomes: Outcome[] = [];
	for (const mappingId of ids) {
		const row = pointing?.find(({ id }) => id === Number(mappingId));
		if (pointing !== undefined && row === undefined) {
			outcomes.push(trouble('conflict', 'pointsElsewhere', `Mapping ${mappingId} does not lead to ${String(only)} now; it was not deleted.`, [mappingId, only], { mappingId, conflict: { expectedObjectId: only } }));
			continue;
		}
		outcomes.push(await remove(Number(mappingId), row ? shownMapping(row) : { mappingId }));
	}
	return outcomes;
}

function pointsElsewhere(row: MappingRow, only: string): Trouble {
	return trouble('conflict', 'pointsElsewhere', `The mapping leads to ${row.objectId ?? 'nothing'} now, not to ${shown(only)}; it was not deleted.`, [row.externalType, row.externalId, only], { ...shownMapping(row), conflict: { mapping: shownMapping(row), expectedObjectId: only } });
}

function withoutId(row: MappingRow): Trouble {
	return trouble('rejected', 'noMappingId', 'Salesloft does not tell the ID of this mapping, so it cannot be deleted from here.', [row.externalType, row.externalId], shownMapping(row));
}
