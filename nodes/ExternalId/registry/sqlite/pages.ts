import type { ChangeRow, HistoryRow, InboxRow, MappingRow, RunRow } from '../rows';
import type { ChangeFilter, InboxFilter, MappingFilter, Page } from '../store';

export function fitsMapping(row: MappingRow, filter: MappingFilter): boolean {
	return (
		filter.states.includes(row.state) &&
		(filter.objectType === undefined || row.objectType === filter.objectType) &&
		(filter.externalType === undefined || row.externalType === filter.externalType) &&
		(filter.objectId === undefined || row.objectId === filter.objectId)
	);
}

export function fitsInbox(row: InboxRow, { states, reason, site, domain, search }: InboxFilter): boolean {
	const text = search?.toLowerCase();
	return (
		states.includes(row.state) &&
		(reason === undefined || row.reason === reason) &&
		(site === undefined || row.site === site) &&
		(domain === undefined || row.domain === domain || row.domain?.endsWith(`.${domain}`) === true) &&
		(text === undefined || row.key.includes(text) || row.name?.toLowerCase().includes(text) === true)
	);
}

/** A change with its run, as the columns of a statement; `before` and `after` are JSON. */
export type StoredChange = Omit<ChangeRow, 'before' | 'after'> & {
	[column in keyof Omit<RunRow, 'id'>]: RunRow[column] | null;
} & { seq: number; workspace: string; before: string | null; after: string | null; runId: string | null };

export function fitsChange(row: StoredChange, { runId, objectId, kinds, objectType, externalType, from, to }: ChangeFilter): boolean {
	return (
		(runId === undefined || row.runId === runId) &&
		(objectId === undefined || row.objectId === objectId) &&
		(kinds === undefined || kinds.has(row.kind)) &&
		(objectType === undefined || row.objectType === objectType) &&
		(externalType === undefined || row.externalType === externalType) &&
		(from === undefined || row.at >= from) &&
		(to === undefined || row.at <= to)
	);
}

export function asHistory({ seq, at, kind, objectType, objectId, subject, externalType, before, after, undoes, runId, ...run }: StoredChange): HistoryRow {
	const { operation, workflowId, nodeId, executionId, origin, startedAt } = run;
	return {
		seq,
		at,
		kind,
		objectType,
		objectId,
		subject,
		externalType,
		before: before === null ? null : (JSON.parse(before) as unknown),
		after: after === null ? null : (JSON.parse(after) as unknown),
		undoes,
		run: runId === null ? null : { id: runId, operation: operation ?? '', workflowId, nodeId, executionId, origin: origin ?? '', startedAt: startedAt ?? 0 },
	};
}

/** Rows that are few and were all read, page by page in the order of their IDs. */
export function onePage(all: MappingRow[], filter: MappingFilter, after: string, limit: number): Page<MappingRow> {
	const rows = all.filter((row) => fitsMapping(row, filter) && row.id > after).sort((a, b) => (a.id < b.id ? -1 : 1));
	return { rows: rows.slice(0, limit), next: rows.length > limit ? rows[limit - 1]?.id : undefined };
}

/** The rows of a window that fit, at most `limit` of them, and where the scan goes on. */
export function page<Row>(seen: readonly Row[], fits: (row: Row) => boolean, position: (row: Row) => string, limit: number, window: number): Page<Row> {
	const rows: Row[] = [];
	for (const row of seen) {
		if (!fits(row)) continue;
		rows.push(row);
		if (rows.length === limit) return { rows, next: position(row) };
	}
	const last = seen.at(-1);
	return { rows, next: last && seen.length === window ? position(last) : undefined };
}
