import type { Answer } from '../shared/http/answer';
import type { HttpClient } from '../shared/http/client';
import { ServiceError } from '../shared/http/errors';
import { type QueryValues, queryOf, segmentOf } from '../shared/http/query';
import type { ObjectType } from '../shared/identity/outcome';
import type { StopSign } from '../shared/ports';
import { configurationOf, isRefusal, mappingOf, pageOf, refusalOf, rowOf, rowsOf } from './answers';
import type { Configuration, Fields, MappingRow, Page, Refusal } from './answers';
import { type Need, scopeWords } from './needs';

/** Rows of a page: the most that there are (reference: 1 to 100). */
export const PER_PAGE = 100;
/** Calls under way at a time. */
export const AT_ONCE = 20;

const READ: Readonly<Record<ObjectType, Need>> = { people: 'readPeople', accounts: 'readAccounts', users: 'readUsers' };
const WRITE: Readonly<Record<'people' | 'accounts', Need>> = { people: 'writePeople', accounts: 'writeAccounts' };

export interface NewMapping {
	objectType: ObjectType;
	externalType: string;
	externalId: string;
	objectId: string;
}

/** Filters of the list of mappings: all that are documented. */
export interface MappingFilter {
	objectType?: ObjectType;
	externalType?: string;
	externalId?: string;
	objectId?: string;
	/** Deleted ones instead of those that are in use. */
	deleted?: boolean;
}

/** What a page costs by its number, in all (rate-limits page). */
const PAGE_COSTS: ReadonlyArray<readonly [upTo: number, cost: number]> = [[100, 1], [150, 3], [250, 8], [500, 10], [Number.POSITIVE_INFINITY, 30]];

export function pageCost(page: number): number {
	return PAGE_COSTS.find(([upTo]) => page <= upTo)?.[1] ?? 1;
}

/** Salesloft's API, as far as External IDs need it. Refusals that are about one item are given back; all else is thrown. */
export class SalesloftApi {
	private known: Promise<Configuration[]> | undefined;

	constructor(
		private readonly http: HttpClient,
		/** Stands for the credential: what locks of this process go by. */
		readonly credential: string,
	) {}

	/** The same API for one run: its share of the rate limit, and when to stop. */
	with(settings: { share?: number; stop?: StopSign }): SalesloftApi {
		return new SalesloftApi(this.http.with(settings), this.credential);
	}

	/** Calls made so far. */
	get calls(): number {
		return this.http.calls;
	}

	/** All External Types of the team; asked for once a run. */
	async configurations(): Promise<Configuration[]> {
		this.known ??= this.readConfigurations();
		return await this.known;
	}

	/** Gives the configuration, and whether it was made now. */
	async createConfiguration(objectType: ObjectType, externalType: string): Promise<{ configuration: Configuration; isNew: boolean } | Refusal> {
		const find = async () => (await this.refreshed()).find((each) => each.objectType === objectType && each.externalType === externalType);
		const made = await this.ask(
			{ method: 'POST', path: '/external/configurations', body: { external_type: externalType, object_type: objectType } },
			'writeConfigurations',
			(answer) => ({ configuration: configurationOf(rowOf(answer)) ?? missing(), isNew: true }),
			async () => {
				const configuration = await find();
				return configuration && { configuration, isNew: true };
			},
		);
		if (isRefusal(made)) {
			const configuration = await find();
			return configuration ? { configuration, isNew: false } : made;
		}
		this.known = undefined;
		return made;
	}

	/** Gives whether it was there. */
	async deleteConfiguration(id: number): Promise<boolean> {
		this.known = undefined;
		return await this.remove(`/external/configurations/${id}`, '/external/configurations/:id', 'deleteConfigurations');
	}

	/** One page of mappings, in the order in which they were made. */
	async mappingPage(filter: MappingFilter, page: number, stop?: StopSign, withTotal = false): Promise<{ rows: MappingRow[]; all: number; total: number | undefined; isLast: boolean }> {
		const query: QueryValues = {
			object_type: filter.objectType,
			external_type: filter.externalType,
			external_id: filter.externalId,
			object_id: filter.objectId,
			deleted: filter.deleted ?? false,
			sort_by: 'id',
			sort_direction: 'ASC',
			per_page: PER_PAGE,
			page,
			include_paging_counts: withTotal ? true : undefined,
		};
		const { rows, total, isLast } = await this.page('/external/mappings', query, 'readMappings', page, stop);
		const shown = filter.deleted === true ? rows.map((row) => ({ ...row, deleted: false })) : rows;
		// Names that a service does not know as filters are ignored there, so each row is looked at.
		return { rows: shown.map(mappingOf).filter((row) => row !== undefined).filter((row) => fits(row, filter)), all: rows.length, total, isLast };
	}

	/** Mappings that fit a filter, all of them: for filters that few fit. */
	async mappingsOf(filter: MappingFilter, stop?: StopSign): Promise<MappingRow[]> {
		const found: MappingRow[] = [];
		for await (const rows of this.mappingPages(filter, stop)) found.push(...rows);
		return found;
	}

	/** Mappings that fit a filter, page by page. */
	async *mappingPages(filter: MappingFilter, stop?: StopSign): AsyncGenerator<MappingRow[]> {
		let last = '';
		for (let page = 1; stop?.aborted !== true; page++) {
			const { rows, all, isLast } = await this.mappingPage(filter, page, stop);
			const shown = JSON.stringify(rows);
			if (all > 0 && shown === last) throw repeats('/external/mappings');
			last = shown;
			yield rows;
			if (isLast || all === 0) return;
		}
	}

	/**
	 * Makes a mapping. An answer that was lost is looked up, so that none is made twice.
	 *
	 * @returns the mapping (its ID is missing where Salesloft leaves it out), or the refusal
	 */
	async createMapping(mapping: NewMapping, stop?: StopSign): Promise<MappingRow | Refusal> {
		const { objectType, externalType, externalId, objectId } = mapping;
		return await this.ask(
			{ method: 'POST', path: '/external/mappings', body: { object_type: objectType, external_type: externalType, external_id: externalId, object_id: Number(objectId) }, stop },
			'writeMappings',
			(answer) => mappingOf(rowOf(answer)) ?? missing(),
			async () => (await this.mappingsOf({ objectType, externalType, externalId }, stop)).find((row) => row.objectId === objectId),
		);
	}

	/** Gives whether it was there. */
	async deleteMapping(id: number, stop?: StopSign): Promise<boolean> {
		return await this.remove(`/external/mappings/${id}`, '/external/mappings/:id', 'deleteMappings', stop);
	}

	/** The objects of some External IDs, in no order and without saying which is whose; `style` is how the query names the IDs. */
	async readByExternalIds(objectType: ObjectType, externalType: string, externalIds: readonly string[], style: 'numbered' | 'brackets', stop?: StopSign): Promise<Fields[] | Refusal> {
		const type = segmentOf(externalType);
		if (type === undefined) return { refused: 422, words: 'External Type cannot stand in an address' };
		const ids = style === 'brackets' ? { 'external_ids[]': externalIds } : Object.fromEntries(externalIds.map((id, at) => [`external_ids[${at + 1}]`, id]));
		return await this.ask({ method: 'GET', path: `/external/ids/${type}/${objectType}${queryOf({ ...ids, per_page: PER_PAGE })}`, route: `/external/ids/:type/${objectType}`, stop }, READ[objectType], rowsOf);
	}

	/**
	 * Creates or updates by External ID: Salesloft updates the object that is mapped, or creates one with its mapping.
	 *
	 * @param readBack looks after a lost answer whether it was done; an update needs none
	 */
	async upsertByExternalId(objectType: 'people' | 'accounts', externalType: string, externalId: string, fields: Fields, readBack?: () => Promise<Fields | undefined>, stop?: StopSign): Promise<Fields | Refusal> {
		const [type, id] = [segmentOf(externalType), segmentOf(externalId)];
		if (type === undefined || id === undefined) return { refused: 422, words: `"${externalId}" cannot stand in an address` };
		return await this.ask({ method: 'POST', path: `/external/ids/${type}/${objectType}/${id}`, route: `/external/ids/:type/${objectType}/:id`, body: fields, stop }, WRITE[objectType], rowOf, readBack);
	}

	/** One page of people, accounts or users. */
	async recordPage(objectType: ObjectType, query: QueryValues, page: number, stop?: StopSign): Promise<Page> {
		return await this.page(`/${objectType}`, { ...query, per_page: PER_PAGE, page }, READ[objectType], page, stop);
	}

	/** Names of the team's custom fields. */
	async customFields(objectType: 'people' | 'accounts'): Promise<string[]> {
		const names: string[] = [];
		for (let page = 1; ; page++) {
			const { rows, isLast } = await this.page('/custom_fields', { field_type: objectType === 'people' ? 'person' : 'company', per_page: PER_PAGE, page }, READ[objectType], page);
			names.push(...rows.map(({ name }) => name).filter((name) => typeof name === 'string'));
			if (isLast || rows.length === 0 || page >= 100) return [...new Set(names)].sort();
		}
	}

	private async refreshed(): Promise<Configuration[]> {
		this.known = undefined;
		return await this.configurations();
	}

	private async readConfigurations(): Promise<Configuration[]> {
		const found = new Map<number, Configuration>();
		// Paging is not documented here; where there is none, the first page is all.
		for (let page = 1; ; page++) {
			const { rows, isLast } = await this.page('/external/configurations', { per_page: PER_PAGE, page }, 'readConfigurations', page);
			const before = found.size;
			for (const configuration of rows.map(configurationOf)) if (configuration !== undefined && !configuration.deleted) found.set(configuration.id, configuration);
			if (isLast || found.size === before) return [...found.values()];
		}
	}

	private async page(path: string, query: QueryValues, need: Need, page: number, stop?: StopSign): Promise<Page> {
		const read = await this.ask({ method: 'GET', path: `${path}${queryOf(query)}`, route: page > PER_PAGE ? `${path} ${pageCost(page)}` : path, cost: pageCost(page), stop }, need, (answer) => pageOf(answer, PER_PAGE));
		if (isRefusal(read)) throw new ServiceError('unforeseen', `Salesloft refused a list (${path}): ${read.words}`, 'Check the filters. If they are right, please report this.');
		return read;
	}

	/** Deleting may be repeated: what is gone the second time was deleted by the first. */
	private async remove(path: string, route: string, need: Need, stop?: StopSign): Promise<boolean> {
		let sent = 1;
		const removed = await this.ask({ method: 'DELETE', path, route, stop, told: (tries) => (sent = tries) }, need, () => true);
		if (!isRefusal(removed)) return true;
		if (removed.refused === 404) return sent > 1;
		throw new ServiceError('unforeseen', `Salesloft refused to delete: ${removed.words}`, 'Try it in Salesloft itself; if that works, please report this.');
	}

	private async ask<T>(
		call: { method: 'GET' | 'POST' | 'DELETE'; path: string; route?: string; body?: unknown; cost?: number; stop?: StopSign; told?(tries: number): void },
		need: Need,
		read: (answer: Answer) => T,
		readBack?: () => Promise<T | undefined>,
	): Promise<T | Refusal> {
		const { route = call.path } = call;
		return await this.http.request<T | Refusal>(
			{ ...call, route: `${call.method} ${route}` },
			(answer, tries) => {
				call.told?.(tries);
				if (answer.status < 300) return read(answer);
				const refusal = refusalOf(answer);
				if (answer.status === 403) {
					throw new ServiceError('scope', `Salesloft does not allow this: ${refusal.words}`, `The API key or OAuth application lacks the scope ${scopeWords(need)}, or its user may not see these records. Add the scope in Salesloft; an OAuth credential must then be connected anew.`);
				}
				return refusal;
			},
			readBack && { readBack },
		);
	}
}

function fits(row: MappingRow, { objectType, externalType, externalId, objectId }: MappingFilter): boolean {
	return (
		(objectType === undefined || row.objectType === objectType) &&
		(externalType === undefined || row.externalType === externalType) &&
		// Whether Salesloft looks at case is not documented: its own judgement counts.
		(externalId === undefined || row.externalId.trim().toLowerCase() === externalId.trim().toLowerCase()) &&
		(objectId === undefined || row.objectId === objectId)
	);
}

function missing(): never {
	throw new ServiceError('unforeseen', 'Salesloft answered with an object that lacks its fields', 'Please report this.');
}

/** A list that gives the same page again and again. */
export function repeats(path: string): ServiceError {
	return new ServiceError('unforeseen', `Salesloft gives the same page of ${path} again and again`, 'The list would never end, so it was given up. Run it again; if it stays so, tell Salesloft.');
}

