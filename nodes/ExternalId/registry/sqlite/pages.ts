import type { MappingRow } from '../rows';
import type { MappingFilter, Page } from '../store';

export function fitsMapping(row: MappingRow, filter: MappingFilter): boolean {
	return (
		filter.states.includes(row.state) &&
		(filter.objectType === undefined || row.objectType === filter.objectType) &&
		(filter.externalType === undefined || row.externalType === filter.externalType) &&
		(filter.objectId === undefined || row.objectId === filter.objectId)
	);
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
