import { eachAtOnce } from '../shared/http/atOnce';
import { ServiceError } from '../shared/http/errors';
import { groupsForQuery } from '../shared/http/query';
import type { ObjectType } from '../shared/identity/outcome';
import { Pacer } from '../shared/pace';
import type { StopSign } from '../shared/ports';
import { isRefusal } from './answers';
import type { MappingRow } from './answers';
import { AT_ONCE, pageCost, PER_PAGE, repeats, type SalesloftApi } from './api';

/** Fewer look-ups than this are made one by one, without a thought. */
const FEW = 5;
/** IDs that one proxy read takes; tried in this order (how many it takes is not documented). */
const PROXY_SIZES = [100, 25] as const;
const LONGEST_QUERY = 7_000;

type Tell = (at: number, rows: readonly MappingRow[]) => void;

const NONE: readonly MappingRow[] = [];

/**
 * The mappings of one External Type and Object Type, found with the fewest calls: all of them as a list, 100 a call, where that
 * is cheaper than to ask for each; else one by one, or by 100 through the proxy to see which are mapped at all. What was found
 * is kept for the run.
 */
export class TypeMappings {
	private whole: Whole | undefined;
	/** The list would cost more than what it would save. */
	private isTooLong = false;
	private samples: MappingRow[] = [];
	private proxy: { style: 'numbered' | 'brackets'; size: number } | undefined | 'none';

	constructor(
		private readonly api: SalesloftApi,
		readonly objectType: ObjectType,
		readonly externalType: string,
	) {}

	/**
	 * Tells what each External ID is mapped to: nothing where it is not mapped, several rows where Salesloft has several.
	 *
	 * @param options.furtherCalls look-ups that will follow and that the list would save too
	 * @param options.screen whether IDs that lead to nothing may be told as not mapped although they lead to an object that is gone
	 */
	async ofIds(externalIds: readonly string[], tell: Tell, stop?: StopSign, { furtherCalls = 0, screen = false } = {}): Promise<void> {
		await this.prepare(externalIds.length + furtherCalls, stop);
		if (this.whole) {
			await tellEach(externalIds, (id, at) => tell(at, this.whole?.byId(id) ?? NONE));
			return;
		}
		const { objectType, externalType } = this;
		const asked = screen ? await this.screened(externalIds, tell, stop) : externalIds.map((_, at) => at);
		await eachAtOnce(asked, AT_ONCE, stop, async (at) => tell(at, await this.api.mappingsOf({ objectType, externalType, externalId: externalIds[at] }, stop)));
	}

	/** Tells the External IDs of each object. */
	async ofObjects(objectIds: readonly string[], tell: Tell, stop?: StopSign): Promise<void> {
		await this.prepare(objectIds.length, stop);
		if (this.whole) {
			await tellEach(objectIds, (id, at) => tell(at, this.whole?.byObject(id) ?? NONE));
			return;
		}
		const { objectType, externalType } = this;
		await eachAtOnce(objectIds.entries(), AT_ONCE, stop, async ([at, objectId]) => tell(at, await this.api.mappingsOf({ objectType, externalType, objectId }, stop)));
	}

	/** Keeps up with what this run writes. */
	wasCreated(row: MappingRow): void {
		this.whole?.add(row);
	}

	wasDeleted(row: MappingRow): void {
		this.whole?.remove(row);
	}

	/** Reads the whole list where that costs less than so many look-ups. */
	private async prepare(lookUps: number, stop?: StopSign): Promise<void> {
		if (this.whole || this.isTooLong || lookUps <= FEW) return;
		const { objectType, externalType } = this;
		const filter = { objectType, externalType };
		const whole = new Whole();
		const first = await this.api.mappingPage(filter, 1, stop, true);
		whole.addAll(first.rows);
		this.samples = first.rows.filter(({ objectId }) => objectId !== undefined).slice(0, 3);
		let next = 2;
		let isLast = first.isLast || first.all === 0;
		let spent = 0;
		if (!isLast && first.total !== undefined) {
			const pages = Math.ceil(first.total / PER_PAGE);
			const cost = costOfPages(2, pages);
			if (cost > lookUps) {
				this.isTooLong = true;
				return;
			}
			// All but the last at once; that one, and what came in meanwhile, one after the other.
			const numbers = Array.from({ length: Math.max(0, pages - 2) }, (_, at) => at + 2);
			await eachAtOnce(numbers, AT_ONCE, stop, async (page) => {
				const { rows, all } = await this.api.mappingPage(filter, page, stop);
				if (whole.addAll(rows) === 0 && all === PER_PAGE) throw repeats('/external/mappings');
			});
			next = pages;
			spent = cost;
		}
		for (; !isLast && stop?.aborted !== true; next++) {
			spent += first.total === undefined ? pageCost(next) : 0;
			// Without a total, how long it is shows only in the end.
			if (spent > (first.total === undefined ? lookUps / 2 : lookUps)) {
				this.isTooLong = true;
				return;
			}
			const { rows, all, isLast: wasLast } = await this.api.mappingPage(filter, next, stop);
			if (whole.addAll(rows) === 0 && all === PER_PAGE) throw repeats('/external/mappings');
			isLast = wasLast || all === 0;
		}
		if (stop?.aborted !== true) this.whole = whole;
	}

	/** Tells of the IDs that the proxy finds nothing for, 100 a call; gives the places of the others. */
	private async screened(externalIds: readonly string[], tell: Tell, stop?: StopSign): Promise<number[]> {
		const proxy = await this.provenProxy(stop);
		const places = externalIds.map((_, at) => at);
		if (proxy === undefined) return places;
		const asked: number[] = [];
		await eachAtOnce(groupsForQuery(places, 'external_ids[100]', (at) => externalIds[at] as string, proxy.size, LONGEST_QUERY), AT_ONCE, stop, async (group) => {
			const found = await this.api.readByExternalIds(this.objectType, this.externalType, group.map((at) => externalIds[at] as string), proxy.style, stop);
			// Refused: one unknown ID may spoil the call.
			if (isRefusal(found) || found.length > 0) asked.push(...group);
			else for (const at of group) tell(at, NONE);
		});
		return asked;
	}

	/** How the proxy takes several IDs is not certain. An ID that is known to be mapped shows it; unproven it is not used. */
	private async provenProxy(stop?: StopSign): Promise<{ style: 'numbered' | 'brackets'; size: number } | undefined> {
		if (this.proxy === undefined) {
			this.proxy = 'none';
			try {
				this.proxy = (await this.proveProxy(stop)) ?? 'none';
			} catch (error) {
				// Without the scope to read the objects themselves the longer way is left.
				if (!(error instanceof ServiceError && error.problem === 'scope')) throw asIs(error);
			}
		}
		return this.proxy === 'none' ? undefined : this.proxy;
	}

	private async proveProxy(stop?: StopSign): Promise<{ style: 'numbered' | 'brackets'; size: number } | undefined> {
		for (const style of ['numbered', 'brackets'] as const) {
			for (const sample of this.samples) {
				const found = await this.api.readByExternalIds(this.objectType, this.externalType, [sample.externalId], style, stop);
				if (isRefusal(found)) break;
				if (found.length !== 1 || String(found[0]?.id) !== sample.objectId) continue;
				for (const size of PROXY_SIZES) {
					// The same ID again and again tells whether so many are taken.
					const many = await this.api.readByExternalIds(this.objectType, this.externalType, Array.from({ length: size }, () => sample.externalId), style, stop);
					if (!isRefusal(many)) return { style, size };
				}
			}
		}
		return undefined;
	}
}

/** All mappings of a type. */
class Whole {
	private readonly ids = new Map<string, MappingRow[]>();
	private readonly objects = new Map<string, MappingRow[]>();
	private readonly seen = new Set<string>();

	byId(externalId: string): readonly MappingRow[] | undefined {
		return this.ids.get(externalId);
	}

	byObject(objectId: string): readonly MappingRow[] | undefined {
		return this.objects.get(objectId);
	}

	/** Gives how many were new: pages shift while others write. */
	addAll(rows: readonly MappingRow[]): number {
		const before = this.seen.size;
		for (const row of rows) this.add(row);
		return this.seen.size - before;
	}

	add(row: MappingRow): void {
		const name = nameOf(row);
		if (this.seen.has(name)) return;
		this.seen.add(name);
		append(this.ids, row.externalId, row);
		if (row.objectId !== undefined) append(this.objects, row.objectId, row);
	}

	remove(row: MappingRow): void {
		const isOther = (each: MappingRow) => nameOf(each) !== nameOf(row);
		this.seen.delete(nameOf(row));
		this.ids.set(row.externalId, (this.ids.get(row.externalId) ?? []).filter(isOther));
		if (row.objectId !== undefined) this.objects.set(row.objectId, (this.objects.get(row.objectId) ?? []).filter(isOther));
	}
}

const nameOf = ({ externalId, objectId }: MappingRow) => `${objectId ?? ''}\n${externalId}`;

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
	const list = map.get(key);
	if (list) list.push(value);
	else map.set(key, [value]);
}

/** Does something with each, giving way. */
async function tellEach<T>(all: readonly T[], what: (one: T, at: number) => void): Promise<void> {
	const pacer = new Pacer();
	for (const [at, one] of all.entries()) {
		what(one, at);
		if (pacer.due()) await pacer.rest();
	}
}

function costOfPages(from: number, to: number): number {
	let cost = 0;
	for (let page = from; page <= to; page++) cost += pageCost(page);
	return cost;
}

function asIs(error: unknown): Error {
	return error instanceof Error ? error : new Error(String(error));
}
