import groupBy from 'lodash/groupBy';

import { OBJECT_WORD, trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import type { ConflictChoices } from '../../shared/ports';
import type { CheckedId, Registry } from './registry';
import type { MappingRow } from './rows';
import { idKeyText } from './known';
import type { Known } from './known';
import type { Unit } from './unit';
import { shownMapping } from './views';

/** What has to give way so that an object can have some External IDs: current ones of its own become former. */
export interface Placement {
	giveWay: MappingRow[];
}

/** What stood where an External ID was put: nothing, the same, or what had to give way. */
export type Before = 'same' | { replacedId?: string; movedFrom?: string } | undefined;

/**
 * Looks whether an object can have some External IDs, all of them; changes nothing.
 *
 * @param objectId undefined for an object that is still to be made
 */
export function planIds(registry: Registry, known: Known, ids: readonly CheckedId[], objectId: string | undefined, choices: ConflictChoices): Placement | Trouble {
	for (const id of ids) {
		if (!registry.configuration(id.objectType, id.externalType)) return registry.unknownType(id.objectType, id.externalType);
		const problem = elsewhere(known, id, objectId, choices);
		if (problem) return problem;
	}
	const plan: Placement = { giveWay: [] };
	if (objectId === undefined) return plan;
	for (const ofType of ids.length === 1 ? [ids] : Object.values(groupBy(ids, 'externalType'))) {
		const id = ofType[0] as CheckedId;
		const keys = new Set(ofType.map(({ key }) => key));
		const current = known.currentOf(objectId, id.externalType);
		const others = current.filter((row) => !keys.has(row.idKey));
		const isNew = others.length + keys.size > current.length;
		const tooMany = others.length + keys.size - registry.idsPerObject(id.objectType, id.externalType);
		if (!isNew || tooMany <= 0) continue;
		if (choices.whenRecordHasOther === 'conflict') return hasOther(ofType, others, objectId);
		plan.giveWay.push(...others.slice(0, tooMany));
	}
	return plan;
}

/** The conflict of an ID that belongs to another object, unless it may be moved. */
export function elsewhere(known: Known, id: CheckedId, objectId: string | undefined, choices: ConflictChoices): Trouble | undefined {
	const taken = known.mapping(id);
	return taken && taken.objectId !== objectId && choices.whenIdBelongsToOther === 'conflict' ? takenByOther(id, taken, objectId) : undefined;
}

/** Ties an External ID to an object, as {@link planIds} found possible. */
export function placeId(unit: Unit, id: CheckedId, objectId: string, { giveWay }: Placement): { row: MappingRow; before: Before } {
	const taken = unit.mapping(id);
	if (taken?.objectId === objectId && taken.state === 'current') return { row: taken, before: 'same' };
	const replaced = giveWay.filter((row) => row.externalType === id.externalType && unit.mappingById(row.id)?.state === 'current');
	for (const row of replaced) unit.setMappingState(row, 'former');
	const before = replaced.length > 0 ? { replacedId: replaced.map((row) => row.externalId).join(', ') } : undefined;
	if (taken?.objectId === objectId) return { row: unit.setMappingState(taken, 'current'), before };
	if (!taken) return { row: unit.addMapping(id, id.externalId, objectId), before };
	unit.setMappingState(taken, 'deleted');
	return { row: unit.addMapping(id, id.externalId, objectId), before: { ...before, movedFrom: taken.objectId } };
}

function takenByOther(id: CheckedId, taken: MappingRow, objectId: string | undefined): Trouble {
	const former = taken.state === 'former' ? ' (as a former ID)' : '';
	return trouble('conflict', 'idBelongsToOther', `The ${id.externalType} ID "${shown(id.externalId)}" belongs to ${taken.objectId}${former}${objectId === undefined ? '' : `, not to ${objectId}`}.`, [idKeyText(id), objectId], {
		conflict: { wanted: { externalType: id.externalType, externalId: id.externalId, objectId: objectId ?? null }, existing: shownMapping(taken) },
	});
}

function hasOther(ids: readonly CheckedId[], others: readonly MappingRow[], objectId: string): Trouble {
	const { objectType, externalType } = ids[0] as CheckedId;
	const list = (values: readonly string[]) => values.slice(0, 5).map((value) => `"${shown(value)}"`).join(', ');
	const wanted = ids.map(({ externalId }) => externalId);
	return trouble('conflict', 'recordHasOtherId', `This ${OBJECT_WORD[objectType]} (${objectId}) already has the ${externalType} ID ${list(others.map((row) => row.externalId))}, so it did not get ${list(wanted)}.`, [...ids.map(idKeyText), objectId], {
		conflict: { wanted: { externalType, externalId: wanted.length === 1 ? wanted[0] : wanted, objectId }, existing: others.map(shownMapping) },
	});
}
