import { inBatches } from './batches';
import type { CheckedId, Registry } from './registry';
import { Unit } from './unit';

/** Items that belong to one object by their External IDs, with the weaker keys (e-mail, exact domain) they claim. */
export interface Claim {
	ids: CheckedId[];
	matchKeys: string[];
}

/**
 * Keys that several groups of items claim, and the objects that those groups belong to already.
 *
 * An e-mail or a domain only decides where an ID is new. So the groups whose IDs are known must be told apart from those
 * that are new before anything is written, else the outcome would depend on which comes first. Only groups that share a
 * key with another are looked up: there are few.
 *
 * @returns for each contested group its object, or null where its IDs are all new
 */
export async function ownersOfContested<Group extends Claim>(registry: Registry, groups: readonly Group[]): Promise<Map<Group, string | null>> {
	const claimants = new Map<string, Group[]>();
	for (const group of groups) {
		for (const key of new Set(group.matchKeys)) {
			const others = claimants.get(key);
			if (others) others.push(group);
			else claimants.set(key, [group]);
		}
	}
	const contested = new Set<Group>();
	for (const groupsOfKey of claimants.values()) {
		if (groupsOfKey.length > 1) for (const group of groupsOfKey) contested.add(group);
	}
	const owners = new Map<Group, string | null>();
	await inBatches(
		[...contested].map((group) => [group]),
		undefined,
		async (batch) => {
			const ids = batch.flatMap(([group]) => group?.ids ?? []);
			const unit = new Unit(await registry.store.read(registry.workspace, { ids }), Date.now());
			for (const [group] of batch) {
				if (group) owners.set(group, group.ids.map((id) => unit.mapping(id)?.objectId).find((id) => id !== undefined) ?? null);
			}
		},
		() => undefined,
	);
	return owners;
}
