import { isTrouble, OBJECT_WORD, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import type { ConflictChoices, ExternalIdEntry, MappingEntry, MappingName, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { groupByKeys } from './groups';
import { checkObjectId, goneRecord } from './objects';
import type { CheckedId, Registry } from './registry';
import { aRecord } from './registry';
import type { MappingRow } from './rows';
import { listOf } from './settings';
import type { Unit } from './unit';
import { idKeyText } from './unit';

interface CheckedMapping extends CheckedId {
	index: number;
	objectId: string;
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
	const groups = await groupByKeys(checked, (entry) => [idKeyText(entry), `${entry.externalType}\n${entry.objectId}`]);
	const sound = groups.filter((group) => {
		const contradiction = group.length > 1 ? contradictionIn(registry, group) : undefined;
		if (contradiction) for (const { index } of group) work.settle(index, contradiction);
		return !contradiction;
	});
	await inBatches(
		sound,
		work.signal,
		async (batch) => {
			const entriesOfBatch = batch.flat();
			const outcomes = await registry.transact(
				{ ids: entriesOfBatch, objectIds: entriesOfBatch.map(({ objectId }) => objectId), with: { mappings: true } },
				work,
				(unit) => entriesOfBatch.map((entry) => createMapping(registry, unit, entry, choices)),
			);
			entriesOfBatch.forEach(({ index }, at) => work.settle(index, outcomes[at] as Outcome));
		},
		(left) => settleCancelled(left, work),
	);
}

function createMapping(registry: Registry, unit: Unit, entry: CheckedMapping, choices: ConflictChoices): Outcome {
	const record = unit.record(entry.objectId);
	if (!record || record.objectType !== entry.objectType || record.state !== 'active') {
		return goneRecord(record, entry.objectType, entry.objectId);
	}
	const placed = placeId(registry, unit, entry, entry.objectId, choices);
	if (isTrouble(placed)) return placed;
	const { row, before } = placed;
	return {
		status: before === 'same' ? 'unchanged' : 'created',
		...shownMapping(row),
		...(before === 'same' || before === undefined ? {} : { before }),
	};
}

/** What stood where an External ID was put: nothing, the same, or what had to give way. */
export type Before = 'same' | { replacedId?: string; movedFrom?: string } | undefined;

/** What has to give way so that an object can have an External ID; or why it cannot have it. */
export interface Placement {
	taken: MappingRow | undefined;
	giveWay: MappingRow[];
}

/** Looks whether an object can have an External ID; changes nothing. */
export function planId(registry: Registry, unit: Unit, id: CheckedId, objectId: string, choices: ConflictChoices): Placement | Trouble {
	const taken = unit.mapping(id);
	if (taken && taken.objectId !== objectId && choices.whenIdBelongsToOther === 'conflict') return takenByOther(id, taken, objectId);
	if (taken?.objectId === objectId && taken.state === 'current') return { taken, giveWay: [] };
	const others = unit.currentOf(objectId, id.externalType);
	const tooMany = others.length + 1 - registry.idsPerObject(id.objectType, id.externalType);
	if (tooMany > 0 && choices.whenRecordHasOther === 'conflict') return hasOther(id, others, objectId);
	return { taken, giveWay: others.slice(0, Math.max(0, tooMany)) };
}

/** Ties an External ID to an object, when the choices allow it. */
export function placeId(registry: Registry, unit: Unit, id: CheckedId, objectId: string, choices: ConflictChoices): { row: MappingRow; before: Before } | Trouble {
	const plan = planId(registry, unit, id, objectId, choices);
	return isTrouble(plan) ? plan : carryOut(unit, id, objectId, plan);
}

/** Does what {@link planId} found possible. */
export function carryOut(unit: Unit, id: CheckedId, objectId: string, { taken, giveWay }: Placement): { row: MappingRow; before: Before } {
	if (taken?.objectId === objectId && taken.state === 'current') return { row: taken, before: 'same' };
	for (const row of giveWay) unit.setMappingState(row, 'former');
	const replaced = giveWay.length > 0 ? { replacedId: giveWay.map((row) => row.externalId).join(', ') } : undefined;
	if (taken && taken.objectId === objectId) return { row: unit.setMappingState(taken, 'current'), before: replaced };
	if (taken) unit.setMappingState(taken, 'deleted');
	const moved = taken ? { movedFrom: taken.objectId } : undefined;
	return { row: unit.addMapping(id, id.externalId, objectId), before: replaced || moved ? { ...replaced, ...moved } : undefined };
}

/** Deletes mappings, by type and External ID or by Mapping ID (many in one entry). Deleting again changes nothing. */
export async function deleteMappings(
	registry: Registry,
	entries: ReadonlyArray<{ name: MappingName; onlyIfObjectId?: unknown }>,
	work: Work,
): Promise<void> {
	const checked = await checkEntries(entries, work, ({ name, onlyIfObjectId }): { only?: string; id: CheckedId } | { only?: string; mappingIds: string[] } | Trouble => {
		const only = onlyIfObjectId === undefined || onlyIfObjectId === '' ? undefined : String(onlyIfObjectId).trim();
		if ('mappingIds' in name) {
			const mappingIds = listOf(name.mappingIds);
			return mappingIds.length > 0 ? { mappingIds, only } : trouble('invalid', 'noMappingId', 'Mapping ID is empty.', []);
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
					if ('mappingIds' in entry) return entry.mappingIds.map((id) => deleteMapping(unit, unit.mappingById(id), id, false, entry.only));
					return deleteMapping(unit, unit.mapping(entry.id), entry.id.externalId, unit.wasDeleted(entry.id), entry.only);
				}),
			);
			batchEntries.forEach(({ index }, at) => work.settle(index, outcomes[at] as Outcome | Outcome[]));
		},
		(left) => settleCancelled(left, work),
	);
}

function deleteMapping(unit: Unit, row: MappingRow | undefined, name: string, wasDeleted: boolean, onlyIfObjectId: string | undefined): Outcome {
	if (!row && wasDeleted) return { status: 'unchanged', externalId: name, deleted: true };
	if (!row) return trouble('notFound', 'noMapping', `There is no mapping "${shown(name)}" to delete.`, [name]);
	if (row.state === 'deleted') return { status: 'unchanged', ...shownMapping(row), deleted: true };
	if (onlyIfObjectId !== undefined && row.objectId !== onlyIfObjectId) {
		return trouble('conflict', 'pointsElsewhere', `The mapping points to ${row.objectId} now, not to ${shown(onlyIfObjectId)}; it was not deleted.`, [row.id, onlyIfObjectId], {
			conflict: { mapping: shownMapping(row), expectedObjectId: onlyIfObjectId },
		});
	}
	return { status: 'deleted', ...shownMapping(unit.setMappingState(row, 'deleted')), deleted: true };
}

/** Gives objects a new External ID in place of the one they have, which becomes former: it still resolves. */
export async function replaceIds(
	registry: Registry,
	entries: ReadonlyArray<ExternalIdEntry & { objectType: ObjectType; current: { objectId: unknown } | { externalId: unknown } }>,
	work: Work,
): Promise<void> {
	await registry.ensurePicked(entries, work);
	const checked = await checkEntries(entries, work, (entry): { id: CheckedId; objectId?: string; old?: CheckedId; key: string } | Trouble => {
		const id = registry.checkId(entry.objectType, entry);
		if (isTrouble(id)) return id;
		if ('externalId' in entry.current) {
			const old = registry.checkId(entry.objectType, { ...entry, externalId: entry.current.externalId });
			return isTrouble(old) ? old : { id, old, key: idKeyText(old) };
		}
		const objectId = checkObjectId(entry.objectType, entry.current.objectId);
		return typeof objectId === 'string' ? { id, objectId, key: objectId } : objectId;
	});
	const groups = await groupByKeys(checked, ({ id, key }) => [idKeyText(id), key]);
	await inBatches(
		groups,
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const reads = {
				ids: items.flatMap(({ id, old }) => (old ? [id, old] : [id])),
				objectIds: items.flatMap(({ objectId }) => objectId ?? []),
				with: { mappings: true },
			};
			const settled = await registry.transact(reads, work, (unit) =>
				batch.flatMap((group) => {
					const differ = group.some(({ id, key }) => id.key !== group[0]?.id.key || key !== group[0].key);
					return group.map(({ index, ...entry }): [number, Outcome] => [index, differ ? replacesDisagree(entry.id) : replaceId(registry, unit, entry)]);
				}),
			);
			for (const [index, outcome] of settled) work.settle(index, outcome);
		},
		(left) => settleCancelled(left, work),
	);
}

function replaceId(registry: Registry, unit: Unit, { id, old, objectId: given }: { id: CheckedId; old?: CheckedId; objectId?: string }): Outcome {
	const objectId = old ? unit.mapping(old)?.objectId : given;
	if (objectId === undefined) {
		return trouble('notFound', 'noMapping', `Nothing has the ${id.externalType} ID "${shown(old?.externalId ?? '')}", so there is nothing to replace.`, [id.externalType, old?.key]);
	}
	const record = unit.record(objectId);
	if (!record || record.objectType !== id.objectType || record.state !== 'active') return goneRecord(record, id.objectType, objectId);
	// With several IDs allowed, the one that was named gives way, not the oldest.
	const named = old ? unit.mapping(old) : undefined;
	const plan = planId(registry, unit, id, objectId, { whenRecordHasOther: 'take', whenIdBelongsToOther: 'conflict' });
	if (isTrouble(plan)) return plan;
	const current = unit.currentOf(objectId, id.externalType).filter((row) => row !== plan.taken);
	const giveWay = named ? [named].filter((row) => row.state === 'current' && row !== plan.taken) : current.slice(0, Math.max(plan.giveWay.length, 1));
	const isSame = plan.taken?.objectId === objectId && plan.taken.state === 'current';
	if (isSame && giveWay.length === 0) return { status: 'unchanged', ...shownMapping(plan.taken as MappingRow) };
	if (isSame) {
		for (const row of giveWay) unit.setMappingState(row, 'former');
		return { status: 'updated', ...shownMapping(plan.taken as MappingRow), replacedId: giveWay[0]?.externalId };
	}
	const { row } = carryOut(unit, id, objectId, { taken: plan.taken, giveWay });
	return { status: giveWay.length > 0 ? 'updated' : 'created', ...shownMapping(row), ...(giveWay.length > 0 ? { replacedId: giveWay[0]?.externalId } : {}) };
}

/** A mapping as output items show it. */
export function shownMapping(row: MappingRow): Record<string, unknown> {
	return {
		objectType: row.objectType,
		objectId: row.objectId,
		externalType: row.externalType,
		externalId: row.externalId,
		mappingId: row.id,
		...(row.state === 'current' ? {} : { mappingState: row.state }),
	};
}

function contradictionIn(registry: Registry, group: readonly CheckedMapping[]): Trouble | undefined {
	const objects = new Map<string, Set<string>>();
	const ids = new Map<string, Set<string>>();
	for (const entry of group) {
		const id = idKeyText(entry);
		objects.set(id, (objects.get(id) ?? new Set()).add(entry.objectId));
		ids.set(entry.objectId, (ids.get(entry.objectId) ?? new Set()).add(entry.externalId));
	}
	const { externalType, objectType } = group[0] as CheckedMapping;
	const sides = { conflict: { items: group.slice(0, 20).map(({ index, externalId, objectId }) => ({ item: index, externalType, externalId, objectId })) } };
	if ([...objects.values()].some((targets) => targets.size > 1)) {
		return trouble('conflict', 'inputGivesIdToSeveral', `The input gives one ${externalType} ID to several records (${itemsOf(group)}). None of them was mapped.`, group.map(idKeyText), sides);
	}
	const limit = registry.idsPerObject(objectType, externalType);
	if ([...ids.values()].some((each) => each.size > limit)) {
		return trouble('conflict', 'inputGivesSeveralIds', `The input gives ${aRecord(objectType)} several ${externalType} IDs (${itemsOf(group)}); ${allowed(limit)}. None of them was mapped.`, group.map(idKeyText), sides);
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

function takenByOther(id: CheckedId, taken: MappingRow, objectId: string): Trouble {
	const former = taken.state === 'former' ? ' (as a former ID)' : '';
	return trouble('conflict', 'idBelongsToOther', `The ${id.externalType} ID "${shown(id.externalId)}" belongs to ${taken.objectId}${former}, not to ${objectId}.`, [idKeyText(id), objectId], {
		conflict: { wanted: { externalType: id.externalType, externalId: id.externalId, objectId }, existing: shownMapping(taken) },
	});
}

function hasOther(id: CheckedId, others: readonly MappingRow[], objectId: string): Trouble {
	const names = others.map((row) => `"${shown(row.externalId)}"`).join(', ');
	return trouble('conflict', 'recordHasOtherId', `This ${OBJECT_WORD[id.objectType]} (${objectId}) already has the ${id.externalType} ID ${names}, so it did not get "${shown(id.externalId)}".`, [idKeyText(id), objectId], {
		conflict: { wanted: { externalType: id.externalType, externalId: id.externalId, objectId }, existing: others.map(shownMapping) },
	});
}

function replacesDisagree(id: CheckedId): Trouble {
	return trouble('conflict', 'itemsDisagree', `Several items replace the same ${id.externalType} IDs in different ways. None of them was done.`, [idKeyText(id)]);
}
