import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import type { ObjectName, TypeChoice, Work } from '../../shared/ports';
import { inBatches, settleCancelled } from './batches';
import { checkEntries } from './checked';
import { checkName, findLive, readsOf } from './objects';
import type { CheckedName, NamedRecord } from './objects';
import type { Registry } from './registry';
import { currentIds, shownRecord } from './views';
import type { Reads } from './store';
import { Known } from './known';

/** Finds the record that each name leads to: its Object ID and fields; with `allIds`, all its External IDs too. */
export async function resolveNames(registry: Registry, names: readonly ObjectName[], work: Work, allIds = false): Promise<void> {
	await lookUp(registry, names, work, { with: { mappings: allIds } }, (known, { record, mapping, mergedFrom }) => ({
		status: 'found',
		objectType: record.objectType,
		objectId: record.id,
		...(mergedFrom ? { mergedFrom } : {}),
		...(mapping ? { externalType: mapping.externalType, externalId: mapping.externalId, mappingId: mapping.id, isFormer: mapping.state === 'former' } : {}),
		...(allIds ? { externalIds: currentIds(known, record.id), formerIds: formerIds(known, record.id) } : {}),
		...(record.objectType === 'people' ? { accountId: record.accountId } : {}),
		fields: record.fields,
	}));
}

/** Whole records: fields, e-mails, External IDs, Related Domains. */
export async function getRecords(registry: Registry, names: readonly ObjectName[], work: Work): Promise<void> {
	await lookUp(registry, names, work, { with: { mappings: true, emails: true, domains: true } }, (known, { record, mergedFrom }) => ({
		status: 'found',
		...shownRecord(known, record),
		...(mergedFrom ? { mergedFrom } : {}),
	}));
}

/** The current ID of the same object in another system. */
export async function translateNames(registry: Registry, entries: ReadonlyArray<{ name: ObjectName; toType: TypeChoice }>, work: Work): Promise<void> {
	const toTypes: Array<string | Trouble> = [];
	await lookUp(
		registry,
		entries.map(({ name }) => name),
		work,
		{ with: { mappings: true } },
		(known, { record, mapping, mergedFrom }, index) => {
			const toType = toTypes[index];
			if (typeof toType !== 'string') return toType as Trouble;
			const source = { objectType: record.objectType, objectId: record.id, ...(mapping ? { fromType: mapping.externalType, fromId: mapping.externalId, isFormer: mapping.state === 'former' } : {}), ...(mergedFrom ? { mergedFrom } : {}) };
			const current = known.currentOf(record.id, toType);
			if (current.length === 0) {
				return trouble('notFound', 'noIdOfType', `${record.id} has no ${toType} ID.`, [record.id, toType], { ...source, externalType: toType });
			}
			const [first, ...more] = current.map(({ externalId }) => externalId);
			return { status: 'found', externalType: toType, externalId: first, ...(more.length > 0 ? { externalIds: [first, ...more] } : {}), ...source };
		},
		(name, index) => {
			const entry = entries[index] as (typeof entries)[number];
			const toType = registry.checkType(entry.name.objectType, entry.toType);
			toTypes[index] = toType;
			return typeof toType === 'string' ? name : toType;
		},
	);
}

/** Reads a batch at a time; each name is told what `tell` makes of the live record it leads to. */
async function lookUp(
	registry: Registry,
	names: readonly ObjectName[],
	work: Work,
	reads: Pick<Reads, 'with'>,
	tell: (known: Known, found: NamedRecord, index: number) => Outcome,
	alsoCheck: (name: { name: CheckedName }, index: number) => { name: CheckedName } | Trouble = (name) => name,
): Promise<void> {
	let at = -1;
	const checked = await checkEntries(names, work, (name) => {
		at++;
		const checkedName = checkName(registry, name);
		return isTrouble(checkedName) ? checkedName : alsoCheck({ name: checkedName }, at);
	});
	await inBatches(
		checked.map((entry) => [entry]),
		work.signal,
		async (batch) => {
			const entries = batch.flat();
			const snapshot = await registry.store.read(registry.workspace, { ...readsOf(entries.map(({ name }) => name)), ...reads });
			const known = new Known(snapshot);
			for (const { name, index } of entries) {
				const found = findLive(known, name);
				work.settle(index, isTrouble(found) ? found : tell(known, found, index));
			}
		},
		(left) => settleCancelled(left, work),
	);
}

function formerIds(known: Known, objectId: string): Array<{ externalType: string; externalId: string }> {
	return known.mappingsOf(objectId).filter((row) => row.state === 'former').map(({ externalType, externalId }) => ({ externalType, externalId }));
}
