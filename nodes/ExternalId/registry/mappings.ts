import groupBy from 'lodash/groupBy';

import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import { inOrderOf } from '../../shared/order';
import type { ConflictChoices, MappingEntry, MappingName, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { erasedAmong, readsOfErased } from './erased';
import type { Keys } from './erased';
import { groupByKeys, inParts, sameSpelling, sortOut } from './groups';
import { checkObjectId, goneRecord, isBlank } from './objects';
import { lookUpOwners, ownersOf } from './owners';
import { elsewhere, placeId, planIds } from './placement';
import type { Placement } from './placement';
import type { CheckedId, Registry } from './registry';
import { aRecord } from './registry';
import type { MappingRow } from './rows';
import { listOf } from './settings';
import type { Unit } from './unit';
import { idKeyText, Known } from './known';
import { shownMapping } from './views';

export interface CheckedMapping extends CheckedId {
	index: number;
	objectId: string;
	/** The Object ID that was given, where its record was merged into another. */
	mergedFrom?: string;
}

/**
 * Ties External IDs to objects that exist.
 *
 * An ID that the input gives to two objects, and an object that it gives more IDs of a type than the configuration
 * allows, are conflicts for all the items concerned, whatever their order.
 */
export async function createMappings(registry: Registry, entries: readonly MappingEntry[], choices: ConflictChoices, work: Work): Promise<void> {
	await registry.ensurePicked(entries, work);
	const checked = await checkEntries(entries, work, (entry) => {
		const id = registry.checkId(entry.objectType, entry);
		if (isTrouble(id)) return id;
		const objectId = checkObjectId(entry.objectType, entry.objectId);
		return typeof objectId === 'string' ? { ...id, objectId } : objectId;
	});
	const groups = await groupByKeys(await followMerged(registry, checked, work), (entry) => [idKeyText(entry), `${entry.externalType}\n${entry.objectId}`]);
	const { sound, doubtful } = sortOut(groups, (group) => contradictionIn(registry, group));
	const create = async (batch: ReadonlyArray<readonly CheckedMapping[]>, decide: (unit: Unit) => Outcome[]) => {
		const entriesOfBatch = batch.flat();
		const reads = { ids: entriesOfBatch, objectIds: entriesOfBatch.map(({ objectId }) => objectId), ...readsOfErased(entriesOfBatch.map(asKeys)), with: { mappings: true } };
		const outcomes = await registry.transact(reads, work, decide);
		entriesOfBatch.forEach(({ index }, at) => work.settle(index, outcomes[at] as Outcome));
	};
	await inBatches(
		await inOrderOf(inParts(choices.whenIdBelongsToOther === 'take' ? await withOwners(registry, sound, work) : sound), ([first]) => first?.objectId ?? ''),
		work.signal,
		async (batch) => await create(batch, (unit) => batch.flatMap((group) => createGroup(registry, unit, group, choices))),
		(left) => settleCancelled(left, work),
	);
	await inBatches(
		doubtful.map((each) => [each]),
		work.signal,
		async (batch) => {
			const doubts = batch.flat();
			await create(batch.map((each) => each.map(({ item }) => item)), (unit) => doubts.map(({ item, problem }) => asMapped(unit, item) ?? problem));
		},
		(left) => settleCancelled(left.map((each) => each.map(({ item }) => item)), work),
	);
}

/** Entries whose record was merged into another are about that one. */
async function followMerged(registry: Registry, checked: readonly CheckedMapping[], work: Work): Promise<CheckedMapping[]> {
	if (!(await registry.store.hasMerged(registry.workspace))) return [...checked];
	const followed: CheckedMapping[] = [];
	await inBatches(
		checked.map((entry) => [entry]),
		work.signal,
		async (batch) => {
			const entries = batch.flat();
			const known = new Known(await registry.store.read(registry.workspace, { objectIds: entries.map(({ objectId }) => objectId) }));
			for (const entry of entries) {
				const survivor = known.survivorOf(entry.objectId);
				followed.push(survivor === undefined || survivor.id === entry.objectId ? entry : { ...entry, objectId: survivor.id, mergedFrom: entry.objectId });
			}
		},
		(left) => settleCancelled(left, work),
	);
	return followed;
}

function asKeys(entry: CheckedMapping): Keys {
	return { objectType: entry.objectType, ids: [entry] };
}

/** Joins groups between whose records IDs are moved. */
async function withOwners(registry: Registry, groups: ReadonlyArray<readonly CheckedMapping[]>, work: Work): Promise<CheckedMapping[][]> {
	const claims = groups.map((items) => ({ items, ids: [...items], matchKeys: [] }));
	const owners = await lookUpOwners(registry, claims, work.signal);
	const joined = await groupByKeys(claims, (claim) => [...ownersOf(claim, owners), ...claim.items.map(({ objectId }) => objectId)]);
	return joined.map((parts) => parts.flatMap(({ items }) => items));
}

function from({ mergedFrom }: CheckedMapping): { mergedFrom?: string } {
	return mergedFrom === undefined ? {} : { mergedFrom };
}

/** `unchanged` where the mapping is there already. */
function asMapped(known: Known, entry: CheckedMapping): Outcome | undefined {
	const row = known.mapping(entry);
	const isSo = row?.objectId === entry.objectId && row.state === 'current' && known.record(entry.objectId)?.state === 'active';
	return isSo ? { status: 'unchanged', ...shownMapping(row), ...from(entry) } : undefined;
}

/**
 * Creates the mappings of one group. Where IDs are moved away from a record, that may make room for another ID of the group,
 * so those that found no room are tried again as long as something moves: the order of the items decides nothing.
 */
export function createGroup(registry: Registry, unit: Unit, group: readonly CheckedMapping[], choices: ConflictChoices): Outcome[] {
	// Nearly all groups are one item: nothing to sort.
	if (group.length === 1) return createForObject(registry, unit, group, choices).map(([, outcome]) => outcome);
	const outcomes = new Map<CheckedMapping, Outcome>();
	let waiting = [...group];
	for (let moved = true; moved && waiting.length > 0; ) {
		moved = false;
		for (const ofObject of Object.values(groupBy(waiting, 'objectId'))) {
			for (const [entry, outcome] of createForObject(registry, unit, ofObject, choices)) outcomes.set(entry, outcome);
			moved ||= ofObject.some((entry) => Object(outcomes.get(entry)?.before).movedFrom !== undefined);
		}
		waiting = waiting.filter((entry) => outcomes.get(entry)?.status === 'conflict');
	}
	return group.map((entry) => outcomes.get(entry) as Outcome);
}

function createForObject(registry: Registry, unit: Unit, entries: readonly CheckedMapping[], choices: ConflictChoices): Array<[CheckedMapping, Outcome]> {
	const { objectId, objectType } = entries[0] as CheckedMapping;
	const record = unit.record(objectId);
	if (record?.objectType !== objectType || record.state !== 'active') return entries.map((entry) => [entry, goneRecord(record, objectType, objectId)]);
	const refused = (entry: CheckedMapping) => erasedAmong(unit, [asKeys(entry)]) ?? elsewhere(unit, entry, objectId, choices);
	const free = entries.filter((entry) => !refused(entry));
	const plan = planIds(registry, unit, free, objectId, choices);
	const spelling = entries.length === 1 ? undefined : new Map(Object.entries(groupBy(free, idKeyText)).map(([key, same]) => [key, sameSpelling(same, ({ externalId }) => externalId)]));
	return entries.map((entry) => {
		const problem = refused(entry) ?? asMapped(unit, entry) ?? (isTrouble(plan) ? plan : undefined);
		if (problem) return [entry, problem];
		const { row, before } = placeId(unit, spelling?.get(idKeyText(entry)) ?? entry, objectId, plan as Placement);
		return [entry, { status: 'created', ...shownMapping(row), ...from(entry), ...(before === undefined || before === 'same' ? {} : { before }) }];
	});
}

/** Deletes mappings, by type and External ID or by Mapping ID (many in one entry). Deleting again changes nothing. */
export async function deleteMappings(
	registry: Registry,
	entries: ReadonlyArray<{ name: MappingName; onlyIfObjectId?: unknown }>,
	work: Work,
): Promise<void> {
	const checked = await checkEntries(entries, work, ({ name, onlyIfObjectId }): { only?: string; id: CheckedId } | { only?: string; mappingIds: string[] } | Trouble => {
		if (!isBlank(onlyIfObjectId) && typeof onlyIfObjectId !== 'string') return trouble('invalid', 'onlyIfObjectId', 'Only If It Still Points To is not an Object ID.', []);
		const only = isBlank(onlyIfObjectId) ? undefined : String(onlyIfObjectId).trim();
		if ('mappingIds' in name) {
			const mappingIds = listOf(name.mappingIds);
			if (mappingIds.length === 0) return trouble('invalid', 'noMappingId', 'Mapping ID is empty.', []);
			if (!mappingIds.every((id) => typeof id === 'string')) return trouble('invalid', 'mappingId', 'A Mapping ID is a text, such as map_01J9ZT5T7E.', []);
			return { mappingIds, only };
		}
		const id = registry.checkId(name.objectType, name);
		return isTrouble(id) ? id : { id, only };
	});
	await inBatches(
		checked.map((entry) => [entry]),
		work.signal,
		async (batch) => {
			const batchEntries = batch.flat();
			const reads = {
				ids: batchEntries.flatMap((entry) => ('id' in entry ? [entry.id] : [])),
				mappingIds: batchEntries.flatMap((entry) => ('mappingIds' in entry ? entry.mappingIds : [])),
				deletedIds: true,
			};
			const outcomes = await registry.transact(reads, work, (unit) =>
				batchEntries.map((entry): Outcome | Outcome[] => {
					if ('mappingIds' in entry) return entry.mappingIds.map((id) => deleteMapping(unit, unit.mappingById(id), id, undefined, entry.only));
					return deleteMapping(unit, unit.mapping(entry.id), entry.id.externalId, entry.id, entry.only);
				}),
			);
			batchEntries.forEach(({ index }, at) => work.settle(index, outcomes[at] as Outcome | Outcome[]));
		},
		(left) => settleCancelled(left, work),
	);
}

function deleteMapping(unit: Unit, row: MappingRow | undefined, name: string, id: CheckedId | undefined, onlyIfObjectId: string | undefined): Outcome {
	if (!row && id && unit.wasDeleted(id)) return { status: 'unchanged', objectType: id.objectType, externalType: id.externalType, externalId: name, deleted: true };
	if (!row) return trouble('notFound', 'noMapping', `There is no mapping "${shown(name)}" to delete.`, [name]);
	if (row.state === 'deleted') return { status: 'unchanged', ...shownMapping(row), deleted: true };
	if (onlyIfObjectId !== undefined && row.objectId !== onlyIfObjectId) {
		return trouble('conflict', 'pointsElsewhere', `The mapping points to ${row.objectId} now, not to ${shown(onlyIfObjectId)}; it was not deleted.`, [row.id, onlyIfObjectId], {
			conflict: { mapping: shownMapping(row), expectedObjectId: onlyIfObjectId },
		});
	}
	return { status: 'deleted', ...shownMapping(unit.setMappingState(row, 'deleted')), deleted: true };
}


function contradictionIn(registry: Registry, group: readonly CheckedMapping[]): Trouble | undefined {
	const objects = new Map<string, Set<string>>();
	const ids = new Map<string, Set<string>>();
	for (const entry of group) {
		const id = idKeyText(entry);
		objects.set(id, (objects.get(id) ?? new Set()).add(entry.objectId));
		ids.set(entry.objectId, (ids.get(entry.objectId) ?? new Set()).add(entry.key));
	}
	const { externalType, objectType } = group[0] as CheckedMapping;
	const sides = { conflict: { items: group.slice(0, 20).map(({ index, externalId, objectId }) => ({ item: index, externalType, externalId, objectId })) } };
	if ([...objects.values()].some((targets) => targets.size > 1)) {
		return trouble('conflict', 'inputGivesIdToSeveral', `The input gives one ${externalType} ID to several records (${itemsOf(group)}). None of them was mapped.`, [...new Set(group.map(idKeyText))].sort(), sides);
	}
	const limit = registry.idsPerObject(objectType, externalType);
	if ([...ids.values()].some((each) => each.size > limit)) {
		return trouble('conflict', 'inputGivesSeveralIds', `The input gives ${aRecord(objectType)} several ${externalType} IDs (${itemsOf(group)}); ${allowed(limit)}. None of them was mapped.`, [...new Set(group.map(idKeyText))].sort(), sides);
	}
	return undefined;
}

/** "items 3, 17 and 2 more", counted from 0 as n8n does. */
export function itemsOf(group: ReadonlyArray<{ index: number }>): string {
	const shown = group.slice(0, 5).map(({ index }) => index);
	const more = group.length - shown.length;
	return `items ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export function allowed(limit: number): string {
	return limit === 1 ? 'one is allowed' : `${limit} are allowed`;
}

