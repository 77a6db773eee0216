import { parseDomain } from '../../shared/identity/domain';
import type { ObjectType, Trouble } from '../../shared/identity/outcome';
import { Pacer } from '../../shared/pace';
import { accountsMergedInto } from './accountContacts';
import type { Registry } from './registry';
import type { DomainRow, MappingState, RecordRow, RecordState } from './rows';
import type { IdKey, MappingFilter, Page, RecordFilter } from './store';
import { Known } from './known';
import { currentIds, shownMapping, shownRecord } from './views';

type Row = Record<string, unknown>;

/** Rows that the details of records are read for at a time. */
const DETAILS_A_STEP = 200;

export interface MappingQuery {
	objectType?: ObjectType;
	externalType?: string;
	externalId?: unknown;
	objectId?: string;
	states: readonly MappingState[];
}

/** Mappings that fit all the given filters, at most `limit`. */
export async function listMappings(registry: Registry, query: MappingQuery, limit: number, signal?: AbortSignal): Promise<Row[] | Trouble> {
	const filter: MappingFilter = { objectType: query.objectType, externalType: query.externalType, objectId: query.objectId, states: query.states };
	if (query.externalId !== undefined) {
		const ids = idsUnderEachType(registry, query);
		if (!Array.isArray(ids)) return ids;
		filter.ids = ids;
	}
	const rows = await collect((after, left) => registry.store.scanMappings(registry.workspace, filter, after, left), limit, signal);
	return rows.map((row) => ({
		...shownMapping(row),
		mappingState: row.state,
		deleted: row.state === 'deleted',
		createdAt: new Date(row.createdAt).toISOString(),
		...(row.endedAt === null ? {} : { endedAt: new Date(row.endedAt).toISOString() }),
	}));
}

/** One External ID may stand under several types, each of which compares it in its own way. */
function idsUnderEachType(registry: Registry, { objectType, externalType, externalId }: MappingQuery): IdKey[] | Trouble {
	const keys: IdKey[] = [];
	let refused: Trouble | undefined;
	for (const row of registry.configurations()) {
		if (objectType !== undefined && row.objectType !== objectType) continue;
		if (externalType !== undefined && row.externalType !== externalType) continue;
		const id = registry.parseId(row.objectType, row.externalType, externalId);
		if ('status' in id) refused = id;
		else keys.push({ objectType: row.objectType, externalType: row.externalType, key: id.key });
	}
	return keys.length === 0 && refused ? refused : keys;
}

export interface RecordQuery extends Omit<RecordFilter, 'states'> {
	states: readonly RecordState[];
}

/** Records that fit all the given filters, whole, at most `limit`. */
export async function listRecords(registry: Registry, query: RecordQuery, limit: number, signal?: AbortSignal): Promise<Row[]> {
	const rows: RecordRow[] = [];
	for (const accountId of await accountsMeant(registry, query.accountId)) {
		rows.push(...(await collect((after, left) => registry.store.scanRecords(registry.workspace, { ...query, accountId }, after, left), limit - rows.length, signal)));
		if (rows.length >= limit) break;
	}
	return await withDetails(registry, rows);
}

/** The account that an Object ID leads to, and those that were merged into it: contacts may still name these. */
async function accountsMeant(registry: Registry, accountId: string | undefined): Promise<Array<string | undefined>> {
	if (accountId === undefined || !(await registry.store.hasMerged(registry.workspace))) return [accountId];
	const known = new Known(await registry.store.read(registry.workspace, { objectIds: [accountId] }));
	const survivorId = known.survivorOf(accountId)?.id ?? accountId;
	return [survivorId, ...(await accountsMergedInto(registry, survivorId))];
}

async function withDetails(registry: Registry, rows: readonly RecordRow[]): Promise<Row[]> {
	const detailed: Row[] = [];
	const pacer = new Pacer({ every: 1 });
	for (let from = 0; from < rows.length; from += DETAILS_A_STEP) {
		const part = rows.slice(from, from + DETAILS_A_STEP);
		const reads = { objectIds: part.map(({ id }) => id), with: { mappings: true, emails: true, domains: true } };
		const known = new Known(await registry.store.read(registry.workspace, reads));
		for (const { id } of part) {
			const record = known.record(id);
			if (record) detailed.push(shownRecord(known, record));
		}
		if (pacer.due()) await pacer.rest();
	}
	return detailed;
}

/** Related Domains, of one account or of all, with the accounts they belong to. */
export async function listDomains(registry: Registry, query: { accountId?: string; domain?: string }, limit: number, signal?: AbortSignal): Promise<Row[] | Trouble> {
	const domain = query.domain === undefined ? undefined : parseDomain(query.domain);
	if (domain !== undefined && typeof domain !== 'string') return domain;
	const rows = await collect((after, left) => registry.store.scanDomains(registry.workspace, { ...query, domain }, after, left), limit, signal);
	return await withAccounts(registry, rows);
}

async function withAccounts(registry: Registry, rows: readonly DomainRow[]): Promise<Row[]> {
	const shown: Row[] = [];
	const pacer = new Pacer({ every: 1 });
	for (let from = 0; from < rows.length; from += DETAILS_A_STEP) {
		const part = rows.slice(from, from + DETAILS_A_STEP);
		const reads = { objectIds: part.map(({ accountId }) => accountId), with: { mappings: true } };
		const known = new Known(await registry.store.read(registry.workspace, reads));
		for (const row of part) {
			const account = known.record(row.accountId);
			shown.push({
				domain: row.domain,
				objectId: row.accountId,
				accountName: account?.fields.name ?? null,
				externalIds: currentIds(known, row.accountId),
				preferred: row.preferred,
				...(account?.state === 'active' ? {} : { recordState: account?.state ?? 'gone' }),
				createdAt: new Date(row.createdAt).toISOString(),
			});
		}
		if (pacer.due()) await pacer.rest();
	}
	return shown;
}

/** Goes through the pages of a scan until it has enough rows or the scan ends. */
export async function collect<R>(scan: (after: string | undefined, left: number) => Promise<Page<R>>, limit: number, signal: AbortSignal | undefined): Promise<R[]> {
	const rows: R[] = [];
	const pacer = new Pacer({ every: 1 });
	let after: string | undefined;
	do {
		const page = await scan(after, limit - rows.length);
		for (const row of page.rows) rows.push(row);
		after = page.next;
		if (pacer.due()) await pacer.rest();
	} while (after !== undefined && rows.length < limit && !signal?.aborted);
	return rows;
}

/** Records for a search box: by Object ID, External ID, or words in their fields and addresses; only a bounded part is looked at. */
export async function searchRecords(registry: Registry, objectType: ObjectType, text: string, after: string | undefined): Promise<{ rows: RecordRow[]; next: string | undefined }> {
	const wanted = text.trim();
	const filter: RecordFilter = { objectType, states: ['active'], ...(wanted === '' ? {} : { search: wanted }) };
	const found: RecordRow[] = [];
	if (wanted !== '' && after === undefined) {
		const ids = registry.configurations().filter((row) => row.objectType === objectType).flatMap((row) => {
			const id = registry.parseId(objectType, row.externalType, wanted);
			return 'status' in id ? [] : [{ objectType, externalType: row.externalType, key: id.key }];
		});
		const snapshot = await registry.store.read(registry.workspace, { ids, objectIds: [wanted] });
		found.push(...snapshot.records.filter((row) => row.objectType === objectType && row.state === 'active'));
	}
	let position = after;
	for (let windows = 0; windows < SEARCH_WINDOWS && found.length < SEARCH_PAGE; windows++) {
		const page = await registry.store.scanRecords(registry.workspace, filter, position, SEARCH_PAGE - found.length);
		for (const row of page.rows) if (!found.some(({ id }) => id === row.id)) found.push(row);
		position = page.next;
		if (position === undefined) break;
	}
	return { rows: found, next: position };
}

const SEARCH_PAGE = 50;
/** Windows of the store that one search looks at: with 2,000 rows each some 100,000 records. */
const SEARCH_WINDOWS = 50;
