import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import type { ExternalIdEntry, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { erasedAmong, readsOfErased } from './erased';
import { groupByKeys } from './groups';
import { itemsOf } from './mappings';
import { checkObjectId, goneRecord } from './objects';
import { lookUpOwners, ownersOf } from './owners';
import { elsewhere, placeId } from './placement';
import type { CheckedId, Registry } from './registry';
import type { MappingRow } from './rows';
import type { Unit } from './unit';
import { idKeyText } from './known';
import { shownMapping } from './views';

/** One replacement, checked; `key` is how it names the record. */
interface Replacement {
	index: number;
	id: CheckedId;
	objectId?: string;
	old?: CheckedId;
	key: string;
}

/** Gives objects a new External ID in place of the one they have, which becomes former: it still resolves. */
export async function replaceIds(
	registry: Registry,
	entries: ReadonlyArray<ExternalIdEntry & { objectType: ObjectType; current: { objectId: unknown } | { externalId: unknown } }>,
	work: Work,
): Promise<void> {
	await registry.ensurePicked(entries, work);
	const checked = await checkEntries(entries, work, (entry): Omit<Replacement, 'index'> | Trouble => {
		const id = registry.checkId(entry.objectType, entry);
		if (isTrouble(id)) return id;
		if ('externalId' in entry.current) {
			const old = registry.checkId(entry.objectType, { ...entry, externalId: entry.current.externalId });
			return isTrouble(old) ? old : { id, old, key: idKeyText(old) };
		}
		const objectId = checkObjectId(entry.objectType, entry.current.objectId);
		return typeof objectId === 'string' ? { id, objectId, key: objectId } : objectId;
	});
	await inBatches(
		await sameRecordTogether(registry, checked, work),
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const reads = {
				ids: items.flatMap(({ id, old }) => (old ? [id, old] : [id])),
				objectIds: items.flatMap(({ objectId }) => objectId ?? []),
				...readsOfErased(items.map(({ id }) => ({ objectType: id.objectType, ids: [id] }))),
				with: { mappings: true },
			};
			const settled = await registry.transact(reads, work, (unit) =>
				batch.flatMap((group) => {
					const isSound = group.length === 1 || canAllBeDone(registry, unit, group);
					return group.map((item): [number, Outcome] => [item.index, isSound ? replaceId(registry, unit, item) : replacesDisagree(group)]);
				}),
			);
			for (const [index, outcome] of settled) work.settle(index, outcome);
		},
		(left) => settleCancelled(left, work),
	);
}

/** Joins the replacements of one record, however they name it, and those that give one ID to several records. */
async function sameRecordTogether(registry: Registry, checked: readonly Replacement[], work: Work): Promise<Replacement[][]> {
	const claims = checked.map((item) => ({ item, ids: item.old ? [item.old] : [], matchKeys: [] }));
	const owners = await lookUpOwners(registry, claims, work.signal);
	const groups = await groupByKeys(claims, (claim) => [
		`new\n${idKeyText(claim.item.id)}`,
		...(claim.item.old ? [`old\n${idKeyText(claim.item.old)}`] : []),
		...[...ownersOf(claim, owners), claim.item.objectId].flatMap((objectId) => (objectId === undefined ? [] : [`${claim.item.id.externalType}\n${objectId}`])),
	]);
	return groups.map((group) => group.map(({ item }) => item));
}

/** Whether several replacements of one record can be done in any order: all the same, or each of another of its IDs. */
function canAllBeDone(registry: Registry, unit: Unit, group: readonly Replacement[]): boolean {
	const [first] = group as [Replacement];
	if (group.every(({ id, key }) => id.key === first.id.key && key === first.key)) return true;
	if (registry.idsPerObject(first.id.objectType, first.id.externalType) === 1) return false;
	const pairs = new Set(group.map(({ id, key }) => `${id.key}\n${key}`));
	const olds = new Set(group.map(({ old }) => (old && unit.mapping(old)?.state === 'current' ? old.key : '')));
	const news = new Set(group.map(({ id }) => id.key));
	return !olds.has('') && olds.size === pairs.size && news.size === pairs.size && ![...news].some((key) => olds.has(key));
}

function replaceId(registry: Registry, unit: Unit, { id, old, objectId: given }: Replacement): Outcome {
	const named = old && unit.mapping(old);
	const objectId = old ? named?.objectId : given;
	if (objectId === undefined) {
		return trouble('notFound', 'noMapping', `Nothing has the ${id.externalType} ID "${shown(old?.externalId ?? '')}", so there is nothing to replace.`, [id.externalType, old?.key]);
	}
	const record = unit.record(objectId);
	if (!record || record.objectType !== id.objectType || record.state !== 'active') return goneRecord(record, id.objectType, objectId);
	const problem = erasedAmong(unit, [{ objectType: id.objectType, ids: [id] }]) ?? elsewhere(unit, id, objectId, { whenIdBelongsToOther: 'conflict', whenRecordHasOther: 'take' });
	if (problem) return problem;

	const others = unit.currentOf(objectId, id.externalType).filter((row) => row.idKey !== id.key);
	const giveWay = whatGivesWay(registry, unit, id, named, others);
	if (isTrouble(giveWay)) return giveWay;
	const current = unit.mapping(id);
	if (current?.state === 'current' && giveWay.length === 0) return { status: 'unchanged', ...shownMapping(current) };
	for (const row of giveWay) unit.setMappingState(row, 'former');
	const { row } = placeId(unit, id, objectId, { giveWay: [] });
	return { status: giveWay.length > 0 ? 'updated' : 'created', ...shownMapping(row), ...(giveWay.length > 0 ? { replacedId: giveWay.map((each) => each.externalId).join(', ') } : {}) };
}

/** The ID that was named; where only the record was, or a former ID of it, the one ID that it has. */
function whatGivesWay(registry: Registry, unit: Unit, id: CheckedId, named: MappingRow | undefined, others: MappingRow[]): MappingRow[] | Trouble {
	if (named?.state === 'current') return others.filter((row) => row === named);
	const limit = registry.idsPerObject(id.objectType, id.externalType);
	if (limit === 1) return others;
	if (unit.mapping(id)?.state === 'current') return [];
	if (others.length <= 1) return others;
	return trouble('ambiguous', 'severalIds', `The record has ${others.length} ${id.externalType} IDs; name the one to replace by Old External ID.`, [idKeyText(id)], { candidates: others.slice(0, 20).map(shownMapping) });
}

function replacesDisagree(group: readonly Replacement[]): Trouble {
	const { externalType } = (group[0] as Replacement).id;
	return trouble('conflict', 'itemsDisagree', `Several items replace the same ${externalType} IDs in different ways (${itemsOf(group)}). None of them was done.`, [...new Set(group.map(({ id }) => idKeyText(id)))].sort());
}
