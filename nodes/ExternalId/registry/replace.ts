import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import type { ExternalIdEntry, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { groupByKeys } from './groups';
import { checkObjectId, goneRecord } from './objects';
import { elsewhere, placeId } from './placement';
import type { CheckedId, Registry } from './registry';
import type { Unit } from './unit';
import { idKeyText } from './known';
import { shownMapping } from './views';

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
	const named = old && unit.mapping(old);
	const objectId = old ? named?.objectId : given;
	if (objectId === undefined) {
		return trouble('notFound', 'noMapping', `Nothing has the ${id.externalType} ID "${shown(old?.externalId ?? '')}", so there is nothing to replace.`, [id.externalType, old?.key]);
	}
	const record = unit.record(objectId);
	if (!record || record.objectType !== id.objectType || record.state !== 'active') return goneRecord(record, id.objectType, objectId);
	const problem = elsewhere(unit, id, objectId, { whenIdBelongsToOther: 'conflict', whenRecordHasOther: 'take' });
	if (problem) return problem;

	// The ID that was named gives way; where only the record was, all its current ones do, down to what it may have.
	const others = unit.currentOf(objectId, id.externalType).filter((row) => row.idKey !== id.key);
	const room = registry.idsPerObject(id.objectType, id.externalType) - 1;
	const giveWay = named ? others.filter((row) => row === named) : others.slice(0, Math.max(others.length - room, room === 0 ? others.length : 1));
	const wasCurrent = unit.mapping(id)?.state === 'current';
	if (wasCurrent && giveWay.length === 0) return { status: 'unchanged', ...shownMapping(unit.mapping(id) as NonNullable<ReturnType<Unit['mapping']>>) };
	for (const row of giveWay) unit.setMappingState(row, 'former');
	const { row } = placeId(unit, id, objectId, { giveWay: [] });
	return { status: giveWay.length > 0 ? 'updated' : 'created', ...shownMapping(row), ...(giveWay.length > 0 ? { replacedId: giveWay.map((each) => each.externalId).join(', ') } : {}) };
}

function replacesDisagree(id: CheckedId): Trouble {
	return trouble('conflict', 'itemsDisagree', `Several items replace the same ${id.externalType} IDs in different ways. None of them was done.`, [idKeyText(id)]);
}
