import omit from 'lodash/omit';

import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { kindOf, shown } from '../../shared/identity/wording';
import type { UpsertChoices, UpsertEntry, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { assigned } from './contacts';
import { erasedAmong, readsOfErased } from './erased';
import { cleanFields, combineInputs, mergeFields, withoutEmpty } from './fields';
import type { Fields } from './fields';
import { nameInHistory, valueNow } from './changedFields';
import { inParts } from './groups';
import { catchingWaiting } from './heldOutcomes';
import { checkIds, distinctIds, isFormerOf, namedIds, readsOfIds, recordOfIds } from './link';
import type { CheckedIds } from './link';
import { placeId, planIds } from './placement';
import type { Placement } from './placement';
import { checkName, deletedBefore, emailOfOther, findLive, readsOf, severalWithEmail } from './objects';
import type { CheckedName } from './objects';
import type { CheckedId, Registry } from './registry';
import { aRecord } from './registry';
import type { RecordRow } from './rows';
import { listOf } from './settings';
import type { Known } from './known';
import type { Unit } from './unit';
import { upsertOrder } from './upsertOrder';
import { usableDomain } from './usableDomain';
import { currentIds } from './views';

const STRICT = { whenRecordHasOther: 'conflict', whenIdBelongsToOther: 'conflict' } as const;

export interface CheckedUpsert extends CheckedIds {
	fields: Fields;
	/** Characters of the fields. */
	size: number;
	account?: CheckedName;
	domains: string[];
	refusedDomains: Array<{ domain: string; reason: string }>;
}

/**
 * Creates or updates records by their External IDs. Where the IDs are new, an e-mail (people, users) or an exact Related
 * Domain (accounts) that is known decides as the choices say. Only what is given and differs is written.
 */
export async function upsertRecords(registry: Registry, entries: readonly UpsertEntry[], choices: UpsertChoices, work: Work): Promise<void> {
	await registry.ensurePicked(entries.flatMap(({ objectType, ids }) => ids.map((id) => ({ objectType, externalType: id.externalType }))), work);
	const checked = await checkEntries(entries, work, (entry) => checkUpsert(registry, entry, choices));
	const parts = await upsertOrder(registry, checked, choices, work);
	await catchingWaiting(registry, work, async (hold) => {
		for (const groups of parts) await upsertGroups(registry, groups, choices, hold, work);
	});
}

type Hold = Parameters<Parameters<typeof catchingWaiting>[2]>[0];

async function upsertGroups(registry: Registry, groups: ReadonlyArray<readonly CheckedUpsert[]>, choices: UpsertChoices, hold: Hold, work: Work): Promise<void> {
	await inBatches(
		inParts(groups),
		work.signal,
		async (batch) => {
			const items = batch.flat();
			const fromIds = readsOfIds(items);
			const accounts = readsOf(items.flatMap(({ account }) => account ?? []));
			const reads = {
				ids: [...fromIds.ids, ...(accounts.ids ?? [])],
				objectIds: accounts.objectIds,
				emails: fromIds.emails,
				...readsOfErased(items),
				domains: items.flatMap(({ domains }) => domains),
				// A person who waits in the inbox and gets an account waits no more.
				inbox: items.flatMap(({ email, account }) => (email && account ? [email.key] : [])),
				with: { mappings: true, emails: true, domains: true },
			};
			const outcomes = await registry.transact(reads, work, (unit) => batch.map((group) => upsertGroup(registry, unit, group, choices, work)));
			batch.forEach((group, at) => {
				const { outcomes: told, newDomains } = outcomes[at] as UpsertedGroup;
				group.forEach(({ index }, place) => {
					const outcome = told[place] as Outcome;
					if (place === 0 && newDomains.length > 0) hold(index, [{ outcome, accountId: String(outcome.objectId), domains: newDomains }]);
					else work.settle(index, outcome);
				});
			});
		},
		(left) => settleCancelled(left, work),
		(group) => group.reduce((weight, { size }) => weight + 1 + size / CHARACTERS_AN_ITEM, 0),
	);
}

/** Characters of fields that take as long as an item does itself. */
const CHARACTERS_AN_ITEM = 1_000;

function checkUpsert(registry: Registry, entry: UpsertEntry, choices: UpsertChoices): Omit<CheckedUpsert, 'index'> | Trouble {
	const takesEmail = entry.objectType !== 'accounts';
	const { email, domains } = entry.fields;
	// What has a meaning of its own for this Object Type is no field; for the others it is one like any.
	const others = omit(entry.fields, takesEmail ? 'email' : 'domains');
	const ids = checkIds(registry, entry, takesEmail ? email : undefined);
	if (isTrouble(ids)) return ids;
	const cleaned = cleanFields(others);
	if (isTrouble(cleaned)) return cleaned;
	const account = entry.account && checkName(registry, entry.account);
	if (account && isTrouble(account)) return account;
	const fields = choices.emptyValues === 'ignore' ? withoutEmpty(cleaned.fields) : cleaned.fields;
	return { ...ids, fields, size: cleaned.size, account, ...(takesEmail ? { domains: [], refusedDomains: [] } : sortDomains(registry, domains)) };
}

/** Related Domains of an item that can be used, and those that cannot (free mail is common in CRM exports), with the reason. */
function sortDomains(registry: Registry, given: unknown): Pick<CheckedUpsert, 'domains' | 'refusedDomains'> {
	const domains = new Set<string>();
	const refusedDomains: CheckedUpsert['refusedDomains'] = [];
	for (const each of listOf(given)) {
		const domain = usableDomain(registry, each);
		if (typeof domain === 'string') domains.add(domain);
		else refusedDomains.push({ domain: shown(typeof each === 'string' ? each : kindOf(each)), reason: domain.reason });
	}
	return { domains: [...domains], refusedDomains };
}

/** What an upsert would do to a record; everything is looked at before anything is written. */
interface Plan {
	target: RecordRow | undefined;
	restores: boolean;
	ids: CheckedId[];
	placement: Placement;
	fields: Fields;
	changedFields: string[];
	accountId: string | null | undefined;
	newDomains: string[];
}

/** What became of the items of a group, and the Related Domains that they gave its account. */
interface UpsertedGroup {
	outcomes: Outcome[];
	newDomains: readonly string[];
}

function upsertGroup(registry: Registry, unit: Unit, items: readonly CheckedUpsert[], choices: UpsertChoices, work: Work): UpsertedGroup {
	const plan = planUpsert(registry, unit, items, choices);
	if (isTrouble(plan)) return { outcomes: items.map(() => plan), newDomains: [] };
	const { objectType } = items[0] as CheckedUpsert;
	let record = plan.target ?? unit.addRecord({ objectType, fields: plan.fields, origin: work.caller.origin, accountId: plan.accountId });
	if (plan.restores) record = unit.updateRecord(record.id, { state: 'active' }, 'recordRestored', { state: 'deleted' }, { state: 'active' });
	const changed = [...plan.changedFields];
	if (plan.target && plan.accountId !== undefined && plan.accountId !== plan.target.accountId) changed.push('accountId');
	if (plan.target) record = updateFields(unit, record, plan);

	const linked = plan.ids.filter((id) => placeId(unit, id, record.id, plan.placement).before !== 'same');
	if (takeEmails(unit, record, items)) changed.push('email');
	if (record.accountId !== null) for (const { key } of unit.emailsOf(record.id)) assigned(unit, unit.inbox(key), record.id);
	for (const domain of plan.newDomains) unit.putDomain(record.id, domain, false);
	if (plan.newDomains.length > 0) changed.push('domains');

	const isNew = plan.target === undefined;
	const status = isNew ? 'created' : linked.length > 0 ? 'linked' : plan.restores || changed.length > 0 ? 'updated' : 'unchanged';
	const shared = { objectType, objectId: record.id, externalIds: currentIds(unit, record.id) };
	const outcomes = items.map((item, place): Outcome => ({
		status: place === 0 ? status : 'unchanged',
		...shared,
		...(place === 0 && !isNew && changed.length > 0 ? { changed } : {}),
		...(item.refusedDomains.length > 0 ? { refusedDomains: item.refusedDomains } : {}),
	}));
	return { outcomes, newDomains: plan.newDomains };
}

function planUpsert(registry: Registry, known: Known, items: readonly CheckedUpsert[], choices: UpsertChoices): Plan | Trouble {
	const target = erasedAmong(known, items) ?? targetOf(known, items, choices);
	if (target && isTrouble(target)) return target;

	const ids = distinctIds(items).filter((id) => !isFormerOf(known, id, target));
	const placement = planIds(registry, known, ids, target?.id, STRICT);
	if (isTrouble(placement)) return placement;
	const emailProblem = choices.whenEmailKnown === 'create' ? undefined : emailOfOther(known, items, target);
	if (emailProblem) return emailProblem;
	const accountId = accountOf(known, items, choices);
	if (accountId && typeof accountId !== 'string') return accountId;

	const input = combineInputs(items.map(({ fields }) => fields));
	const { fields, changed: changedFields } = mergeFields(target?.fields ?? {}, input);
	const held = new Set(target ? known.domainsOf(target.id).map(({ domain }) => domain) : []);
	const newDomains = [...new Set(items.flatMap(({ domains }) => domains))].filter((domain) => !held.has(domain));
	return { target, restores: target?.state === 'deleted', ids, placement, fields, changedFields, accountId, newDomains };
}

/** The record that the items mean: by their IDs, or where these are new by e-mail or exact domain as the choices say. */
function targetOf(known: Known, items: readonly CheckedUpsert[], choices: UpsertChoices): RecordRow | undefined | Trouble {
	const { objectType } = items[0] as CheckedUpsert;
	const target = recordOfIds(known, objectType, distinctIds(items), false);
	if (target === undefined) return byMatchKey(known, items, choices);
	if (isTrouble(target) || target.state === 'active' || choices.restoreDeleted) return target;
	return deletedBefore(target, 'Turn on Restore Deleted to bring it back.');
}

function byMatchKey(known: Known, items: readonly CheckedUpsert[], choices: UpsertChoices): RecordRow | undefined | Trouble {
	const { objectType } = items[0] as CheckedUpsert;
	const isAccount = objectType === 'accounts';
	const policy = isAccount ? choices.whenDomainKnown : choices.whenEmailKnown;
	if (policy === 'create') return undefined;
	const candidates = new Map<string, RecordRow>();
	const keys = isAccount ? items.flatMap(({ domains }) => domains) : items.flatMap(({ email }) => (email ? [email.key] : []));
	for (const key of keys) {
		const records = isAccount ? known.ownersOf(key).map(({ accountId }) => known.record(accountId)) : known.recordsByEmail(objectType, key);
		for (const record of records) if (record) candidates.set(record.id, record);
	}
	const found = [...candidates.values()];
	if (found.length === 0) return isAccount ? undefined : deletedWithEmail(known, items, choices);
	const name = keys.slice(0, 3).map(shown).join(', ');
	if (policy === 'conflict') {
		const what = isAccount ? 'Related Domain' : 'e-mail';
		return trouble('conflict', 'keyKnown', `The ID is new, but ${aRecord(objectType)} with the ${what} ${name} exists already (${found.map(({ id }) => id).join(', ')}). Link them, or choose Create to keep both.`, [objectType, ...keys], {
			conflict: { wanted: { externalIds: namedIds(distinctIds(items)) }, existing: found.map(({ id, fields }) => ({ objectId: id, fields })) },
		});
	}
	if (found.length === 1) return found[0];
	if (!isAccount) return severalWithEmail(objectType, name, found);
	return trouble('ambiguous', 'severalWithDomain', `${found.length} accounts have the Related Domain ${name}; it does not tell which one is meant.`, keys, { candidates: found.map(({ id, fields }) => ({ objectId: id, fields })) });
}

/** A deleted record with the e-mail comes back only where that is wanted; a new one in its place would be it come back. */
function deletedWithEmail(known: Known, items: readonly CheckedUpsert[], choices: UpsertChoices): RecordRow | undefined | Trouble {
	const [deleted] = items.flatMap(({ objectType, email }) => (email ? known.recordsByEmail(objectType, email.key, 'deleted') : []));
	if (!deleted || choices.restoreDeleted) return deleted;
	return deletedBefore(deleted, 'Turn on Restore Deleted to bring it back.');
}

function accountOf(known: Known, items: readonly CheckedUpsert[], choices: UpsertChoices): string | undefined | Trouble {
	const accounts: string[] = [];
	for (const { account } of items) {
		if (!account) continue;
		const found = findLive(known, account);
		if (isTrouble(found)) return { ...found, status: 'invalid', reason: `The account was not found. ${found.reason}`, retry: true };
		accounts.push(found.record.id);
	}
	if (choices.whenItemsDisagree === 'conflict' && new Set(accounts).size > 1) {
		return trouble('conflict', 'itemsDisagree', `Several items put one person on different accounts (${[...new Set(accounts)].sort().join(', ')}). None of them was done.`, accounts.sort());
	}
	return accounts.at(-1);
}

function updateFields(unit: Unit, record: RecordRow, plan: Plan): RecordRow {
	const accountId = plan.accountId ?? record.accountId;
	const names = [...plan.changedFields.map(nameInHistory), ...(accountId === record.accountId ? [] : ['accountId'])];
	if (names.length === 0) return record;
	const pick = (of: Pick<RecordRow, 'fields' | 'accountId'>) => Object.fromEntries(names.map((name) => [name, valueNow(of, name)]));
	return unit.updateRecord(record.id, { fields: plan.fields, accountId }, 'recordUpdated', pick(record), pick({ fields: plan.fields, accountId }));
}

/**
 * A new address becomes primary and the old one stays; one that is known changes nothing, so that two feeds that each know
 * another address do not undo each other for ever. Of several new ones the last item's is primary.
 */
function takeEmails(unit: Unit, record: RecordRow, items: readonly CheckedUpsert[]): boolean {
	let changed = false;
	for (const { email } of items) {
		if (!email) continue;
		if (unit.emailsOf(record.id).some(({ key }) => key === email.key)) continue;
		unit.addEmail(record, email, true);
		changed = true;
	}
	return changed;
}
