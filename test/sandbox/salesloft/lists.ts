import type { Answer } from '../answer';
import type { Query } from '../query';
import { complain, isEmpty, refused } from './errors';
import type { Complaints } from './errors';
import { readTime } from './times';
import type { Micros } from './times';

/** What one name in the query asks for. */
export interface Applied<Row> {
	matches(row: Row): boolean;
	/** The only rows that can match, where an index knows them. */
	candidates?: Row[];
}

export interface Filter<Row> {
	/** As the query has it, without brackets. */
	name: string;
	/** `undefined` where the query does not ask; `invalid` where its value cannot be read. */
	read(query: Query): Applied<Row> | 'invalid' | undefined;
	/** What `metadata.filtering` says of it; nothing where the query did not ask. */
	shown(query: Query): unknown;
}

export interface SortKey<Row> {
	value(row: Row): number | string | null;
}

export interface ListRules<Row> {
	filters: ReadonlyArray<Filter<Row>>;
	sorts: Readonly<Record<string, SortKey<Row>>>;
	defaultSort: string;
	/** How `metadata` names directions: with what becomes of nulls, or bare. */
	directions?: 'withNulls' | 'bare';
	/** Paged only when the query has a `page`. */
	pagedOnRequest?: boolean;
}

/** Cost by page number, in total. */
const PAGE_COSTS: ReadonlyArray<{ upTo: number; cost: number }> = [
	{ upTo: 100, cost: 1 },
	{ upTo: 150, cost: 3 },
	{ upTo: 250, cost: 8 },
	{ upTo: 500, cost: 10 },
	{ upTo: Infinity, cost: 30 },
];

export const MOST_PER_PAGE = 100;
export const USUAL_PER_PAGE = 25;
/** `limit_paging_counts`: the counts stop here. */
const MOST_COUNTED = 10_000;

/** What a list's page costs; `base` is the cost of its first pages. */
export function pageCost(query: Query, base = 1): number {
	const { page } = paging(query);
	return Math.max(base, PAGE_COSTS.find(({ upTo }) => page <= upTo)?.cost ?? base);
}

/** Values out of range are put right in silence. */
export function paging(query: Query): { page: number; perPage: number } {
	const whole = (name: string, otherwise: number, most: number) => {
		const value = Number(query.one(name) ?? otherwise);
		return Number.isInteger(value) && value >= 1 ? Math.min(value, most) : otherwise;
	};
	return { page: whole('page', 1, Number.MAX_SAFE_INTEGER), perPage: whole('per_page', USUAL_PER_PAGE, MOST_PER_PAGE) };
}

/** A table, as far as a list needs it. */
export interface Ordered<Row> {
	inOrder(name: string, compare: (a: Row, b: Row) => number): readonly Row[];
}

export interface Listed<Row> {
	rows: Row[];
	metadata: Record<string, unknown>;
}

/** One page of a table: filtered, sorted, with its metadata; or the refusal of a value. Unknown names are ignored. */
export function list<Row extends { id: number }>(table: Ordered<Row>, query: Query, rules: ListRules<Row>): Listed<Row> | { refusal: Answer } {
	const complaints: Complaints = {};
	const applied: Array<Applied<Row>> = [];
	const filtering: Record<string, unknown> = {};
	for (const filter of rules.filters) {
		const read = filter.read(query);
		if (read === undefined) continue;
		if (read === 'invalid') complain(complaints, filter.name, 'is invalid');
		else {
			applied.push(read);
			filtering[filter.name] = filter.shown(query);
		}
	}
	const sortBy = query.one('sort_by') ?? rules.defaultSort;
	const direction = (query.one('sort_direction') ?? 'DESC').toUpperCase();
	if (!Object.hasOwn(rules.sorts, sortBy)) complain(complaints, 'sort_by', 'is invalid');
	if (direction !== 'ASC' && direction !== 'DESC') complain(complaints, 'sort_direction', 'is invalid');
	if (!isEmpty(complaints)) return { refusal: refused(complaints) };

	const compare = comparison(rules.sorts[sortBy] as SortKey<Row>);
	const narrow = fewest(applied);
	const sorted = narrow ? narrow.sort(compare) : table.inOrder(sortBy, compare);
	const isPaged = !rules.pagedOnRequest || query.one('page') !== undefined;
	const { page, perPage } = isPaged ? paging(query) : { page: 1, perPage: Infinity };
	const counts = isPaged && query.one('include_paging_counts') === 'true';

	const rows: Row[] = [];
	const from = isPaged ? (page - 1) * perPage : 0;
	let found = 0;
	for (let at = 0; at < sorted.length; at++) {
		const row = sorted[direction === 'ASC' ? at : sorted.length - 1 - at] as Row;
		if (!applied.every(({ matches }) => matches(row))) continue;
		if (found >= from && rows.length < perPage) rows.push(row);
		found++;
		if (!counts && found > from + perPage) break;
	}
	const shownDirection = rules.directions === 'bare' ? direction : `${direction} NULLS ${direction === 'ASC' ? 'FIRST' : 'LAST'}`;
	const metadata: Record<string, unknown> = { filtering };
	if (isPaged) {
		metadata.paging = {
			per_page: perPage,
			current_page: page,
			next_page: found > from + perPage ? page + 1 : null,
			prev_page: page > 1 ? page - 1 : null,
			...(counts ? countsOf(found, perPage, query) : {}),
		};
	}
	metadata.sorting = { sort_by: sortBy, sort_direction: shownDirection };
	return { rows, metadata };
}

function countsOf(found: number, perPage: number, query: Query): { total_pages: number; total_count: number } {
	const total = query.one('limit_paging_counts') === 'true' ? Math.min(found, MOST_COUNTED) : found;
	return { total_pages: Math.ceil(total / perPage), total_count: total };
}

/** Nulls first, ties by `id`; descending is exactly the other way round. */
function comparison<Row extends { id: number }>({ value }: SortKey<Row>): (a: Row, b: Row) => number {
	return (a, b) => {
		const [left, right] = [value(a), value(b)];
		if (left === right) return a.id - b.id;
		if (left === null) return -1;
		if (right === null) return 1;
		return left < right ? -1 : 1;
	};
}

function fewest<Row>(applied: ReadonlyArray<Applied<Row>>): Row[] | undefined {
	let best: Row[] | undefined;
	for (const { candidates } of applied) if (candidates && (best === undefined || candidates.length < best.length)) best = candidates;
	return best ? [...new Set(best)] : undefined;
}

const INTEGER = /^\d{1,15}$/;

/** `name[]=1&name[]=2`, whole numbers. */
export function anyNumber<Row>(name: string, value: (row: Row) => number | null, lookUp?: (value: number) => Row | undefined): Filter<Row> {
	return {
		name,
		shown: (query) => query.list(name)?.map(Number),
		read(query) {
			const wanted = query.list(name);
			if (wanted === undefined) return undefined;
			if (!wanted.every((each) => INTEGER.test(each))) return 'invalid';
			const values = new Set(wanted.map(Number));
			return {
				matches: (row) => values.has(value(row) as number),
				candidates: lookUp && [...values].flatMap((each) => lookUp(each) ?? []),
			};
		},
	};
}

/** `name[]=a&name[]=b`, or `_is_null`. */
export function anyText<Row>(name: string, value: (row: Row) => string | null, more: { fold?(text: string): string; lookUp?(value: string): Row[] } = {}): Filter<Row> {
	const fold = more.fold ?? ((text: string) => text);
	return {
		name,
		shown: (query) => query.list(name),
		read(query) {
			const wanted = query.list(name);
			if (wanted === undefined) return undefined;
			const takesNull = wanted.includes('_is_null');
			const values = new Set(wanted.filter((each) => each !== '_is_null').map(fold));
			return {
				matches: (row) => {
					const own = value(row);
					return own === null ? takesNull : values.has(fold(own));
				},
				candidates: takesNull || !more.lookUp ? undefined : [...values].flatMap(more.lookUp),
			};
		},
	};
}

/** `name=a`. */
export function oneText<Row>(name: string, value: (row: Row) => string | null, more: { fold?(text: string): string; lookUp?(value: string): Row[] } = {}): Filter<Row> {
	const fold = more.fold ?? ((text: string) => text);
	return {
		name,
		shown: (query) => query.one(name),
		read(query) {
			const wanted = query.one(name);
			if (wanted === undefined) return undefined;
			const folded = fold(wanted);
			return { matches: (row) => fold(value(row) ?? '') === folded, candidates: more.lookUp?.(folded) };
		},
	};
}

/** `name=true` or `name=false`; where the query says nothing, `otherwise` does. */
export function flag<Row>(name: string, value: (row: Row) => boolean, otherwise?: boolean): Filter<Row> {
	return {
		name,
		shown: (query) => (query.one(name) === undefined ? undefined : query.one(name) === 'true'),
		read(query) {
			const wanted = query.one(name) ?? (otherwise === undefined ? undefined : String(otherwise));
			if (wanted === undefined) return undefined;
			if (wanted !== 'true' && wanted !== 'false') return 'invalid';
			return { matches: (row) => value(row) === (wanted === 'true') };
		},
	};
}

const BOUNDS: Readonly<Record<string, (own: Micros, bound: Micros) => boolean>> = {
	gt: (own, bound) => own > bound,
	gte: (own, bound) => own >= bound,
	lt: (own, bound) => own < bound,
	lte: (own, bound) => own <= bound,
};

/** `name[gte]=<ISO 8601>`, to the microsecond; `_is_null` and `_is_not_null` too. */
export function timeRange<Row>(name: string, value: (row: Row) => Micros | null): Filter<Row> {
	return {
		name,
		shown: (query) => query.one(name) ?? Object.fromEntries(query.keyed(name)),
		read(query) {
			const special = query.one(name);
			if (special !== undefined) {
				if (special !== '_is_null' && special !== '_is_not_null') return 'invalid';
				return { matches: (row) => (value(row) === null) === (special === '_is_null') };
			}
			const bounds = [...query.keyed(name)].filter(([key]) => Object.hasOwn(BOUNDS, key));
			if (bounds.length === 0) return undefined;
			const tests: Array<(own: Micros) => boolean> = [];
			for (const [key, text] of bounds) {
				const bound = readTime(text);
				if (bound === undefined) return 'invalid';
				const isWithin = BOUNDS[key] as (own: Micros, bound: Micros) => boolean;
				tests.push((own) => isWithin(own, bound));
			}
			return {
				matches: (row) => {
					const own = value(row);
					return own !== null && tests.every((test) => test(own));
				},
			};
		},
	};
}

/** `custom_fields[Name]=value`: the name to the letter, the value without regard to case. */
export function customFields<Row>(value: (row: Row) => Readonly<Record<string, string>>): Filter<Row> {
	const name = 'custom_fields';
	return {
		name,
		shown: (query) => Object.fromEntries(query.keyed(name)),
		read(query) {
			const wanted = [...query.keyed(name)];
			if (wanted.length === 0) return undefined;
			return { matches: (row) => wanted.every(([field, text]) => value(row)[field]?.toLowerCase() === text.toLowerCase()) };
		},
	};
}
