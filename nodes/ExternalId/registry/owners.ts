import type { ObjectType } from '../../shared/identity/outcome';
import { inBatches } from './batches';
import type { CheckedId, Registry } from './registry';
import { Known } from './known';

/** A key that may tell who is meant where the External ID is new: an e-mail (after `@`, with its Object Type) or a domain (after `.`). */
export type MatchKey = `@${string}` | `.${string}`;

/** Items that belong to one object as far as the input tells, with the keys they bring. */
export interface Claim {
	ids: CheckedId[];
	matchKeys: MatchKey[];
}

/** Whom the store knows by the keys of some claims. */
export interface Owners<Group> {
	/** Objects that the IDs of a group are on; none where they are all new. */
	byId: Map<Group, string[]>;
	/** Objects that hold an e-mail or a domain. */
	byKey: Map<MatchKey, string[]>;
}

/**
 * Looks up whom the keys of a run belong to, before anything is written.
 *
 * The input alone does not tell that its `crm` 1 and its `erp` A are one object: the store may. Groups that turn out to be
 * one object have to be decided together, and groups that are known before those that are new, else the outcome would
 * depend on which comes first.
 */
export async function lookUpOwners<Group extends Claim>(registry: Registry, groups: readonly Group[], signal: AbortSignal | undefined): Promise<Owners<Group>> {
	const owners: Owners<Group> = { byId: new Map(), byKey: new Map() };
	await inBatches(
		groups.map((group) => [group]),
		signal,
		async (batch) => {
			const claims = batch.flat();
			const emails = claims.flatMap(({ matchKeys }) => matchKeys.filter(isEmail).map(emailOf));
			const domains = claims.flatMap(({ matchKeys }) => matchKeys.filter((key) => !isEmail(key)).map((key) => key.slice(1)));
			const known = new Known(await registry.store.read(registry.workspace, { ids: claims.flatMap(({ ids }) => ids), emails, domains }));
			for (const group of claims) owners.byId.set(group, [...new Set(group.ids.flatMap((id) => known.mapping(id)?.objectId ?? []))]);
			for (const { objectType, key } of emails) remember(owners.byKey, emailKey(objectType, key), known.recordsByEmail(objectType, key).map(({ id }) => id));
			for (const domain of domains) remember(owners.byKey, `.${domain}`, known.ownersOf(domain).map(({ accountId }) => accountId));
		},
		() => undefined,
	);
	return owners;
}

/** The object that a group is on: by its IDs, or where these are all new by the keys that point to one object alone. */
export function ownersOf<Group extends Claim>(group: Group, { byId, byKey }: Owners<Group>): string[] {
	const known = byId.get(group) ?? [];
	if (known.length > 0) return known;
	return group.matchKeys.flatMap((key) => {
		const holders = byKey.get(key) ?? [];
		return holders.length === 1 ? holders : [];
	});
}

/** People, accounts and users may have the same address and are not one object for that. */
export function emailKey(objectType: ObjectType, key: string): MatchKey {
	return `@${objectType}\n${key}`;
}

export function isEmail(key: MatchKey): boolean {
	return key.startsWith('@');
}

function emailOf(key: MatchKey): { objectType: ObjectType; key: string } {
	const [objectType, address] = key.slice(1).split('\n') as [ObjectType, string];
	return { objectType, key: address };
}

function remember(byKey: Map<MatchKey, string[]>, key: MatchKey, owners: string[]): void {
	if (owners.length > 0) byKey.set(key, owners);
}
