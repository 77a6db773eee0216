import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { Pacer } from '../../shared/pace';
import type { Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { groupByKeys } from './groups';
import { Known } from './known';
import { itemsOf } from './mappings';
import { findLive, readsOf } from './objects';
import type { CheckedName, NamedRecord } from './objects';
import type { Registry } from './registry';

export interface CheckedMerge {
	index: number;
	survivor: CheckedName;
	other: CheckedName;
}

/** A merge between two records as they were found. */
export interface Merge {
	index: number;
	survivorId: string;
	otherId: string;
}

/** Finds the records that merges name. What cannot be done is settled here, and what is one record already is told. */
export async function findMerges(registry: Registry, checked: readonly CheckedMerge[], work: Work, whenOne: (index: number, found: NamedRecord) => void): Promise<Merge[]> {
	const found: Merge[] = [];
	await inBatches(
		checked.map((entry) => [entry]),
		work.signal,
		async (batch) => {
			const entries = batch.flat();
			const known = new Known(await registry.store.read(registry.workspace, readsOf(entries.flatMap(({ survivor, other }) => [survivor, other]))));
			for (const { index, survivor, other } of entries) {
				const [kept, merged] = [findLive(known, survivor), findLive(known, other)];
				if (isTrouble(kept)) work.settle(index, { ...kept, reason: `The record to keep: ${kept.reason}` });
				else if (isTrouble(merged)) work.settle(index, { ...merged, reason: `The record to merge: ${merged.reason}` });
				else if (kept.record.id === merged.record.id) whenOne(index, merged);
				else found.push({ index, survivorId: kept.record.id, otherId: merged.record.id });
			}
		},
		(left) => settleCancelled(left, work),
	);
	return found;
}

/**
 * Puts merges that share records together and into the one order that does not depend on the input: what is merged into a record
 * that is itself merged goes first, and of several into one record the oldest. Groups that contradict themselves are settled.
 */
export async function mergeOrder(merges: readonly Merge[], work: Work): Promise<Merge[][]> {
	const groups = await groupByKeys(merges, ({ survivorId, otherId }) => [survivorId, otherId]);
	const pacer = new Pacer();
	const sound: Merge[][] = [];
	for (const group of groups) {
		const ordered = inOrder(group);
		if (!isTrouble(ordered)) sound.push(ordered);
		else for (const { index } of group) work.settle(index, ordered);
		if (pacer.due()) await pacer.rest();
	}
	return sound;
}

function inOrder(group: readonly Merge[]): Merge[] | Trouble {
	const into = new Map<string, string>();
	for (const { survivorId, otherId } of group) {
		if ((into.get(otherId) ?? survivorId) !== survivorId) return contradiction(group);
		into.set(otherId, survivorId);
	}
	const depths = new Map<string, number>();
	for (const start of into.keys()) {
		const path: string[] = [];
		let at = start;
		for (let next = into.get(at); next !== undefined && !depths.has(at); next = into.get(at)) {
			path.push(at);
			if (path.length > into.size) return contradiction(group);
			at = next;
		}
		const end = depths.get(at) ?? 0;
		path.reverse().forEach((id, place) => depths.set(id, end + place + 1));
	}
	const depthOf = (id: string) => depths.get(id) ?? 0;
	return [...group].sort((a, b) => depthOf(b.otherId) - depthOf(a.otherId) || (a.otherId < b.otherId ? -1 : a.otherId > b.otherId ? 1 : a.index - b.index));
}

function contradiction(group: readonly Merge[]): Trouble {
	const records = [...new Set(group.flatMap(({ survivorId, otherId }) => [survivorId, otherId]))].sort();
	return trouble('conflict', 'mergesContradict', `These merges contradict each other (${itemsOf(group)}): one record was to go into several, or records into each other. None of them was done.`, records, {
		conflict: { items: group.slice(0, 20).map(({ index, survivorId, otherId }) => ({ item: index, keep: survivorId, merge: otherId })) },
	});
}

/** Groups of several merges whose records together have more current IDs of a type than one may have: all of them are conflicts. */
export async function withoutTooManyIds(registry: Registry, groups: readonly Merge[][], work: Work, settle: (index: number, outcome: Outcome) => void): Promise<Merge[][]> {
	const several = groups.filter((group) => group.length > 1);
	const tooMany = new Map<Merge[], string>();
	const ids = new Map<Merge[], Map<string, Set<string>>>();
	await inBatches(
		several.flatMap((group) => group.map((merge) => [{ merge, group }])),
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const known = new Known(await registry.store.read(registry.workspace, { objectIds: items.flatMap(({ merge }) => [merge.survivorId, merge.otherId]), with: { mappings: true } }));
			for (const { merge, group } of items) {
				const byType = ids.get(group) ?? new Map<string, Set<string>>();
				ids.set(group, byType);
				for (const row of [merge.survivorId, merge.otherId].flatMap((id) => known.mappingsOf(id))) {
					if (row.state !== 'current') continue;
					const keys = byType.get(row.externalType) ?? new Set<string>();
					byType.set(row.externalType, keys.add(row.idKey));
					if (keys.size > registry.idsPerObject(row.objectType, row.externalType)) tooMany.set(group, row.externalType);
				}
			}
		},
		() => {},
	);
	return groups.filter((group) => {
		const externalType = tooMany.get(group);
		if (externalType === undefined) return true;
		const records = [...new Set(group.flatMap(({ survivorId, otherId }) => [survivorId, otherId]))].sort();
		const problem = trouble('conflict', 'mergeGivesSeveralIds', `Taken together, the records of these merges (${itemsOf(group)}) have several current ${externalType} IDs. None of them was merged. To keep the surviving record's ID, set When Both Have an ID to Keep the Survivor's.`, [externalType, ...records], { conflict: { records: records.slice(0, 20) } });
		for (const { index } of group) settle(index, problem);
		return false;
	});
}
