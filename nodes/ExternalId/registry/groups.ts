import type { Trouble } from '../../shared/identity/outcome';
import { Pacer } from '../../shared/pace';

/**
 * Puts entries that share a key into one group, and entries of groups that share an entry too: what belongs to one object
 * as far as the input tells. What becomes of a group is decided for the whole group, so it never depends on the order.
 *
 * @param entries in input order
 * @param keysOf the keys of an entry; an entry without keys is a group of its own
 * @returns groups in the order of their first entries, entries in input order
 */
export async function groupByKeys<Entry>(entries: readonly Entry[], keysOf: (entry: Entry) => readonly string[]): Promise<Entry[][]> {
	const parent = entries.map((_, at) => at);
	const root = (at: number): number => {
		let top = at;
		while (parent[top] !== top) top = parent[top] as number;
		// Shortens the way for the next search.
		for (let each = at; parent[each] !== top; ) {
			const up = parent[each] as number;
			parent[each] = top;
			each = up;
		}
		return top;
	};
	const pacer = new Pacer();
	const firstWith = new Map<string, number>();
	for (const [at, entry] of entries.entries()) {
		for (const key of keysOf(entry)) {
			const first = firstWith.get(key);
			if (first === undefined) firstWith.set(key, at);
			// The earlier entry stays on top, so that a group stands where its first entry stands.
			else parent[Math.max(root(first), root(at))] = Math.min(root(first), root(at));
		}
		if (pacer.due()) await pacer.rest();
	}
	const groups = new Map<number, Entry[]>();
	for (const [at, entry] of entries.entries()) {
		const top = root(at);
		const group = groups.get(top);
		if (group) group.push(entry);
		else groups.set(top, [entry]);
		if (pacer.due()) await pacer.rest();
	}
	return [...groups.values()];
}

/** Largest part of a group that is done in one transaction; what an earlier part did, the next one finds in the store. */
const LARGEST_PART = 250;

/** Cuts groups that are too large for one transaction into parts, in order. */
export function inParts<Entry>(groups: ReadonlyArray<readonly Entry[]>): Array<readonly Entry[]> {
	return groups.flatMap((group) => {
		if (group.length <= LARGEST_PART) return [group];
		const parts: Array<readonly Entry[]> = [];
		for (let from = 0; from < group.length; from += LARGEST_PART) parts.push(group.slice(from, from + LARGEST_PART));
		return parts;
	});
}

/**
 * Tells the groups that can be done from the items of groups that contradict themselves. Of the latter an item may still
 * be as it says in the store, so each is looked at on its own.
 */
export function sortOut<Item>(groups: ReadonlyArray<readonly Item[]>, problemOf: (group: readonly Item[]) => Trouble | undefined): { sound: Array<readonly Item[]>; doubtful: Array<{ item: Item; problem: Trouble }> } {
	const sound: Array<readonly Item[]> = [];
	const doubtful: Array<{ item: Item; problem: Trouble }> = [];
	for (const group of groups) {
		const problem = group.length > 1 ? problemOf(group) : undefined;
		if (!problem) sound.push(group);
		else for (const item of group) doubtful.push({ item, problem });
	}
	return { sound, doubtful };
}

/** Of several spellings of one thing the one that sorts first, so that which is stored does not depend on the order. */
export function sameSpelling<T>(spellings: readonly T[], textOf: (spelling: T) => string): T {
	return spellings.reduce((first, each) => (textOf(each) < textOf(first) ? each : first));
}
