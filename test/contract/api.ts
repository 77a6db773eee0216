import { registryBackfill } from '../../nodes/ExternalId/registry/backfill';
import type { BackfillTarget } from '../../nodes/ExternalId/registry/backfill';
import { captureContacts } from '../../nodes/ExternalId/registry/capture';
import { deleteConfigurations, ensureConfigurations } from '../../nodes/ExternalId/registry/configurations';
import { changeDomains, matchDomains } from '../../nodes/ExternalId/registry/domains';
import { exportRegistry } from '../../nodes/ExternalId/registry/export';
import { importFiles } from '../../nodes/ExternalId/registry/import';
import type { ImportFile } from '../../nodes/ExternalId/registry/import';
import { allowAgain, erasePeople } from '../../nodes/ExternalId/registry/erase';
import { identifyContacts } from '../../nodes/ExternalId/registry/identify';
import { approveWaiting, assignWaiting, discardWaiting } from '../../nodes/ExternalId/registry/inbox';
import type { AssignEntry } from '../../nodes/ExternalId/registry/inbox';
import { linkIds } from '../../nodes/ExternalId/registry/link';
import type { LinkEntry } from '../../nodes/ExternalId/registry/link';
import { createMappings, deleteMappings } from '../../nodes/ExternalId/registry/mappings';
import { mergeRecords } from '../../nodes/ExternalId/registry/merge';
import type { MergeChoices, MergeEntry } from '../../nodes/ExternalId/registry/merge';
import { replaceIds } from '../../nodes/ExternalId/registry/replace';
import { deleteRecords } from '../../nodes/ExternalId/registry/records';
import type { Registry } from '../../nodes/ExternalId/registry/registry';
import { getRecords, resolveNames, translateNames } from '../../nodes/ExternalId/registry/resolve';
import { undoRuns } from '../../nodes/ExternalId/registry/undo';
import type { UndoChoices } from '../../nodes/ExternalId/registry/undo';
import { upsertRecords } from '../../nodes/ExternalId/registry/upsert';
import { backfill } from '../../nodes/shared/backfill';
import type { BackfillChoices, BackfillSummary } from '../../nodes/shared/backfill';
import { isTrouble } from '../../nodes/shared/identity/outcome';
import type { ObjectType, Outcome } from '../../nodes/shared/identity/outcome';
import type {
	BackfillEntry,
	ConfigurationEntry,
	ConflictChoices,
	DomainEntry,
	ExternalIdEntry,
	MappingEntry,
	MappingName,
	ObjectName,
	TypeChoice,
	UpsertChoices,
	UpsertEntry,
} from '../../nodes/shared/ports';
import { collect, single } from './collect';

export const CONFLICT: ConflictChoices = { whenRecordHasOther: 'conflict', whenIdBelongsToOther: 'conflict' };
export const TAKE: ConflictChoices = { whenRecordHasOther: 'take', whenIdBelongsToOther: 'take' };

/** What the panel has unless the builder changes it. */
export const UPSERT: UpsertChoices = {
	whenEmailKnown: 'link',
	whenDomainKnown: 'conflict',
	emptyValues: 'ignore',
	whenItemsDisagree: 'conflict',
	restoreDeleted: false,
};

/** What the panel has, except that it is applied. */
export const BACKFILL: BackfillChoices = {
	...CONFLICT,
	mode: 'apply',
	matchBy: new Set(['objectId', 'externalId', 'email', 'domain', 'phone']),
	tryFirst: 0,
	maxWrites: 0,
	maxMinutes: 0,
	maxTroublePercent: 10,
	maxReplacedPercent: 1,
};
export const MERGE: MergeChoices = { whenBothHaveId: 'conflict', fieldsFrom: 'survivor' };

/** An External Type as picked in the list. */
export const picked = (name: unknown): TypeChoice => ({ name, picked: true });
/** An External Type as an expression gives it. */
export const typed = (name: unknown): TypeChoice => ({ name, picked: false });

export const id = (externalType: unknown, externalId: unknown): ExternalIdEntry => ({ externalType: picked(externalType), externalId });

/** `{ crm: 1, erp: 'C-9' }` as rows of External IDs. */
export const ids = (byType: Readonly<Record<string, unknown>>): ExternalIdEntry[] => Object.entries(byType).map(([externalType, externalId]) => id(externalType, externalId));

export const byId = (objectType: ObjectType, externalType: unknown, externalId: unknown): ObjectName => ({ by: 'externalId', objectType, externalType: typed(externalType), externalId });
export const byObject = (objectType: ObjectType, objectId: unknown): ObjectName => ({ by: 'objectId', objectType, objectId });
export const byEmail = (objectType: ObjectType, email: unknown): ObjectName => ({ by: 'email', objectType, email });

export type More = Parameters<typeof collect>[2];

/** The registry's work as functions that give back the outcomes of their entries, each accounted for (see `collect`). */
export function api(registry: Registry, more?: More) {
	const one = async <Entry>(entries: readonly Entry[], act: Parameters<typeof collect<Entry>>[1]): Promise<Outcome[]> => single(await collect(entries, act, more));
	return {
		registry,
		configure: async (...entries: ConfigurationEntry[]) => await one(entries, (all, work) => ensureConfigurations(registry, all, work)),
		unconfigure: async (entries: ReadonlyArray<{ objectType: unknown; externalType: unknown }>, alsoMappings = false) =>
			await one(entries, (all, work) => deleteConfigurations(registry, all, { alsoMappings }, work)),
		link: async (entries: readonly LinkEntry[], choices = CONFLICT) => await one(entries, (all, work) => linkIds(registry, all, choices, work)),
		create: async (entries: readonly MappingEntry[], choices = CONFLICT) => await one(entries, (all, work) => createMappings(registry, all, choices, work)),
		unmap: async (entries: ReadonlyArray<{ name: MappingName; onlyIfObjectId?: unknown }>) =>
			await collect(entries, (all, work) => deleteMappings(registry, all, work), more),
		replace: async (entries: Parameters<typeof replaceIds>[1]) => await one(entries, (all, work) => replaceIds(registry, all, work)),
		resolve: async (names: readonly ObjectName[], allIds = false) => await one(names, (all, work) => resolveNames(registry, all, work, allIds)),
		translate: async (names: readonly ObjectName[], to: unknown) =>
			await one(names.map((name) => ({ name, toType: typed(to) })), (all, work) => translateNames(registry, all, work)),
		upsert: async (entries: readonly UpsertEntry[], choices: Partial<UpsertChoices> = {}) =>
			await one(entries, (all, work) => upsertRecords(registry, all, { ...UPSERT, ...choices }, work)),
		get: async (...names: ObjectName[]) => await one(names, (all, work) => getRecords(registry, all, work)),
		remove: async (names: readonly ObjectName[], restore = false) => await one(names, (all, work) => deleteRecords(registry, all, { restore }, work)),
		domains: async (how: 'add' | 'remove' | 'set', entries: readonly DomainEntry[]) =>
			await collect(entries, (all, work) => changeDomains(registry, how, all, work), more),
		match: async (entries: readonly unknown[], skipRoleAddresses = true) => await one(entries, (all, work) => matchDomains(registry, all, { skipRoleAddresses }, work)),
		/** The summary of each run, and what could not be undone. */
		undo: async (runs: readonly unknown[], choices: Partial<UndoChoices> = {}) =>
			await collect(runs, (all, work) => undoRuns(registry, all, { dryRun: false, everyChange: false, ...choices }, { ...work, operation: 'registry:undo' }), more),
		/** The file that an export writes, whole. */
		export: async (choices: Partial<Parameters<typeof exportRegistry>[1]> = {}) => {
			const made = exportRegistry(registry, { history: false, compress: false, ...choices });
			const pieces: Buffer[] = [];
			for await (const piece of made.content) pieces.push(Buffer.from(piece as Uint8Array));
			return { ...made, bytes: Buffer.concat(pieces) };
		},
		import: async (files: ReadonlyArray<Buffer | undefined>, dryRun = false) =>
			await collect(files, (all, work) => importFiles(registry, all.map((bytes) => bytes && fileOf(bytes)), { dryRun }, { ...work, operation: 'registry:import', caller: { ...work.caller, origin: 'import' } }), more),
		capture: async (entries: readonly unknown[], skipRoleAddresses = true) =>
			await collect(entries, (all, work) => captureContacts(registry, all, { skipRoleAddresses }, work), more),
		/** People get `erp` IDs and may be found by `crm` IDs, unless told otherwise. */
		backfill: async (entries: readonly BackfillEntry[], choices: Partial<BackfillChoices> = {}, target: Partial<BackfillTarget> = {}): Promise<{ outcomes: Outcome[]; summary: BackfillSummary }> => {
			let summary: BackfillSummary | undefined;
			const outcomes = await one(entries, async (all, work) => {
				const system = await registryBackfill(registry, { objectType: 'people', externalType: picked('erp'), otherType: target.objectType === 'accounts' ? undefined : typed('crm'), phoneFields: ['phone'], country: 'ES', ...target }, work);
				if (isTrouble(system)) throw new Error(system.reason);
				summary = await backfill(system, all, { ...BACKFILL, ...choices }, work);
			});
			return { outcomes, summary: summary as BackfillSummary };
		},
		merge: async (entries: readonly MergeEntry[], choices: Partial<MergeChoices> = {}) => await one(entries, (all, work) => mergeRecords(registry, all, { ...MERGE, ...choices }, work)),
		erase: async (...names: ObjectName[]) => await one(names, (all, work) => erasePeople(registry, all, work)),
		allow: async (...names: ObjectName[]) => await one(names, (all, work) => allowAgain(registry, all, work)),
		identify: async (calls: readonly unknown[], skipRoleAddresses = true) =>
			await one(calls, (all, work) => identifyContacts(registry, all.map((call) => ({ externalType: picked('app'), call })), { skipRoleAddresses }, work)),
		assign: async (entries: readonly AssignEntry[], addDomain = false) => await one(entries, (all, work) => assignWaiting(registry, all, { addDomain }, work)),
		approve: async (...domains: unknown[]) => await one(domains, (all, work) => approveWaiting(registry, all, work)),
		discard: async (names: readonly unknown[], restore = false) => await one(names, (all, work) => discardWaiting(registry, all, { restore }, work)),
	};
}

/** A file in pieces that fall anywhere, as streams give them. */
function fileOf(bytes: Buffer): ImportFile {
	async function* pieces() {
		for (let from = 0; from < bytes.length; from += 1_009) yield bytes.subarray(from, from + 1_009);
	}
	return { open: async () => pieces() };
}

export type Api = ReturnType<typeof api>;

/** Makes records by their `crm` IDs and gives their Object IDs. */
export async function makeRecords(registry: Registry, objectType: ObjectType, crmIds: readonly string[], fields: (crmId: string) => Record<string, unknown> = () => ({})): Promise<string[]> {
	const outcomes = await api(registry).upsert(crmIds.map((crmId) => ({ objectType, ids: ids({ crm: crmId }), fields: fields(crmId) })), { whenDomainKnown: 'create' });
	return outcomes.map((outcome) => {
		if (outcome.status !== 'created') throw new Error(`A record could not be made: ${JSON.stringify(outcome)}`);
		return String((outcome as Record<string, unknown>).objectId);
	});
}
