import { isTrouble, OBJECT_WORD, trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import type { UpsertChoices, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { disagreement } from './fields';
import { groupByKeys, sortOut } from './groups';
import { distinctIds, namedIds, readsOfIds, recordOfIds, tooManyIds } from './link';
import { itemsOf } from './mappings';
import { emailKey, isEmail, lookUpOwners, ownersOf } from './owners';
import type { MatchKey, Owners } from './owners';
import type { CheckedId, Registry } from './registry';
import { append, idKeyText, Known } from './known';
import type { CheckedUpsert } from './upsert';

/** The items of one object, decided together. */
interface Group {
	items: CheckedUpsert[];
	ids: CheckedId[];
	matchKeys: MatchKey[];
}

type Items = readonly CheckedUpsert[];

/**
 * Which items of an upsert are decided together, and which groups come first, so that what becomes of an item never
 * depends on the order of the input. Items that contradict each other are settled here.
 *
 * @returns in the order in which they are to be done: groups whose IDs are known (an address or domain that they bring decides
 * about the others), groups that an e-mail or a domain ties to a record, and new ones, joined where they share such a key
 */
export async function upsertOrder(registry: Registry, items: readonly CheckedUpsert[], choices: UpsertChoices, work: Work): Promise<Items[][]> {
	const byInput = (await groupByKeys(items, ({ ids }) => ids.map(idKeyText))).map((group) => asGroup(group, choices));
	const owners = await lookUpOwners(registry, byInput, work.signal);
	const byObject = await groupByKeys(byInput, (group) => objectsOf(group, owners, choices));
	const { sound, doubtful } = sortOut(byObject.map((parts) => parts.flatMap((group) => group.items)), (group) => tooManyIds(registry, group));

	const known = new Set(byInput.filter((group) => (owners.byId.get(group) ?? []).length > 0).flatMap((group) => group.items));
	const tied = new Set(byInput.filter((group) => objectsOf(group, owners, choices).length > 0).flatMap((group) => group.items));
	const groups = sound.map((group) => asGroup([...group], choices));
	const isAmong = (items: ReadonlySet<CheckedUpsert>) => (group: Group) => group.items.some((item) => items.has(item));
	const ofKnown = groups.filter(isAmong(known));
	const ofTied = groups.filter((group) => !isAmong(known)(group) && isAmong(tied)(group));
	const fresh = groups.filter((group) => !isAmong(tied)(group));
	const stored = (await storedOf(registry, doubtful, work)).map((group) => asGroup(group, choices));

	const ready = (each: readonly Group[]) => each.map((group) => group.items).filter((group) => !settleDisagreement(group, choices, work));
	const sure = new Set(withoutClashes([...ofKnown, ...stored, ...ofTied], owners, work));
	const isSure = (group: Group) => sure.has(group);
	return [ready([...ofKnown, ...stored].filter(isSure)), ready(ofTied.filter(isSure)), ready(await joinNew(registry, fresh, choices, work))];
}

/** The objects that a group is on; by its e-mail or domain only where a new ID would be linked by it. */
function objectsOf(group: Group, owners: Owners<Group>, choices: UpsertChoices): string[] {
	const byId = owners.byId.get(group) ?? [];
	return byId.length > 0 || choiceFor(group, choices) !== 'link' ? byId : ownersOf(group, owners);
}

function choiceFor({ items }: Group, choices: UpsertChoices): UpsertChoices['whenEmailKnown'] {
	return items[0]?.objectType === 'accounts' ? choices.whenDomainKnown : choices.whenEmailKnown;
}

function asGroup(items: CheckedUpsert[], choices: UpsertChoices): Group {
	const matchKeys = items.flatMap(({ objectType, email, domains }): MatchKey[] => [
		...(email && choices.whenEmailKnown !== 'create' ? [emailKey(objectType, email.key)] : []),
		...(choices.whenDomainKnown !== 'create' ? domains.map((domain) => `.${domain}` as const) : []),
	]);
	return { items, ids: distinctIds(items), matchKeys };
}

/** Items of contradictory groups whose own IDs all are on one record already: they go on, by record. The others are settled. */
async function storedOf(registry: Registry, doubtful: ReadonlyArray<{ item: CheckedUpsert; problem: Trouble }>, work: Work): Promise<CheckedUpsert[][]> {
	const byRecord = new Map<string, CheckedUpsert[]>();
	await inBatches(
		doubtful.map((each) => [each]),
		work.signal,
		async (batch) => {
			const entries = batch.flat();
			const known = new Known(await registry.store.read(registry.workspace, readsOfIds(entries.map(({ item }) => item))));
			for (const { item, problem } of entries) {
				const record = recordOfIds(known, item.objectType, item.ids, false);
				if (record && isTrouble(record)) work.settle(item.index, record);
				else if (record && item.ids.every((id) => known.mapping(id) !== undefined)) append(byRecord, record.id, item);
				else work.settle(item.index, problem);
			}
		},
		(left) => settleCancelled(left.map((entries) => entries.map(({ item }) => item)), work),
	);
	return [...byRecord.values()];
}

/** Known records of which several claim one e-mail that nobody has yet. Domains may be shared, so they do not clash. */
function withoutClashes(known: readonly Group[], { byKey }: Owners<Group>, work: Work): Group[] {
	const claimants = new Map<MatchKey, Set<Group>>();
	for (const group of known) {
		for (const key of group.matchKeys) {
			if (isEmail(key) && !byKey.has(key)) claimants.set(key, (claimants.get(key) ?? new Set()).add(group));
		}
	}
	return known.filter((group) => {
		const clash = [...group.matchKeys].sort().find((key) => (claimants.get(key)?.size ?? 0) > 1);
		if (clash === undefined) return true;
		settleAll(group.items, trouble('conflict', 'emailClaimedTwice', `Several records of this input claim the e-mail ${clash.slice(clash.indexOf('\n') + 1)} (${itemsOf(group.items)} is one of them). It was given to none of them.`, [clash]), work);
		return false;
	});
}

/** Joins new groups that share a key, where the choice is to link them and no record would get too many IDs. */
async function joinNew(registry: Registry, groups: readonly Group[], choices: UpsertChoices, work: Work): Promise<Group[]> {
	const joined = await groupByKeys(groups, (group) => group.matchKeys);
	return joined.flatMap((parts) => {
		if (parts.length === 1) return parts;
		const group = asGroup(parts.flatMap(({ items }) => items), choices);
		if (choiceFor(group, choices) === 'link' && !tooManyIds(registry, group.items)) return [group];
		settleAll(group.items, newIdsShareKey(group), work);
		return [];
	});
}

function newIdsShareKey({ items, matchKeys }: Group): Trouble {
	const { objectType } = items[0] as CheckedUpsert;
	const isAccount = objectType === 'accounts';
	const what = isAccount ? 'Related Domain' : 'e-mail';
	const option = isAccount ? 'When the Domain Is Known' : 'When the E-Mail Is Known';
	return trouble('conflict', 'newIdsShareKey', `Several new ${objectType} of this input have the same ${what} (${itemsOf(items)}). None of them was done. To keep them apart, set ${option} to Create.`, [...matchKeys].sort(), {
		conflict: {
			items: items.slice(0, 20).map(({ index, ids, email, domains }) => ({ item: index, externalIds: namedIds(ids), ...(email ? { email: email.address } : { domains }) })),
		},
	});
}

/** Items of one record that give a field different values, unless the last one is to win. */
function settleDisagreement(items: Items, choices: UpsertChoices, work: Work): boolean {
	if (choices.whenItemsDisagree !== 'conflict' || items.length === 1) return false;
	const field = disagreement(items.map(({ fields, email }) => (email ? { ...fields, email: email.key } : fields)));
	if (field === undefined) return false;
	const { objectType } = items[0] as CheckedUpsert;
	settleAll(items, trouble('conflict', 'itemsDisagree', `Items of one ${OBJECT_WORD[objectType]} (${itemsOf(items)}) give different values for "${field}". None of them was done. To take the last one, set When Items Disagree to Last Item Wins.`, [field, ...new Set(items.flatMap(({ ids }) => ids.map(idKeyText)))].sort()), work);
	return true;
}

function settleAll(items: Items, problem: Trouble, work: Work): void {
	for (const { index } of items) work.settle(index, problem);
}
