import { eachAtOnce } from '../shared/http/atOnce';
import { unlessOfOneCall } from '../shared/http/items';
import { parseDomain } from '../shared/identity/domain';
import { parseEmail } from '../shared/identity/email';
import { classifyDomain, type DomainLists, matchDomain } from '../shared/identity/match';
import { isTrouble, OBJECT_WORD, trouble } from '../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../shared/identity/outcome';
import { quoted, shown } from '../shared/identity/wording';
import { Pacer } from '../shared/pace';
import type { BackfillEntry, BackfillPair, BackfillSystem, Candidate, Holder, Match, MatchKey, StopSign, Work } from '../shared/ports';
import { isRefusal } from './answers';
import type { Fields, MappingRow } from './answers';
import { AT_ONCE } from './api';
import { idOf, labelOf } from './records';
import { distinctObjects, goneObject, noRecord, parseId, parseObjectId, type Salesloft, severalObjects, shownMapping } from './system';

export interface BackfillTarget {
	objectType: ObjectType;
	/** Checked: it is there. */
	externalType: string;
	/** The other External Type that objects may be found by; checked. */
	otherType?: string;
	/** Whether one object may have several IDs of the type: then those that it has are not looked at. */
	severalIds: boolean;
	/** Whether other backfills of the type are kept away. */
	exclusive: boolean;
	/** Objects that were read already, with their names: they need not be looked for. */
	known?: ReadonlyMap<string, string | undefined>;
}

const NO_LISTS: DomainLists = { own: new Set(), allow: new Set(), block: new Set() };
const NO_IDS: Candidate['ids'] = [];
/** A Salesforce ID, whose case says something only in its form of 15 characters; Salesloft holds those of 18. */
const CRM_ID = /^[A-Za-z0-9]{18}$/;

/** How Salesloft says that something is not free. */
const TAKEN = /taken|already|duplicate/i;

/** Backfills that are under way in this process, by credential and type. */
const underWay = new Map<string, { runId: string; since: string }>();

/** Salesloft as a backfill sees it: look-ups in as few calls as it can, and a call for each mapping that is written. */
export class SalesloftBackfill implements BackfillSystem {
	readonly objectType: ObjectType;
	readonly externalType: string;
	readonly idsPerObject: number;
	/** Ways in which addresses were written, where that is not how they are compared. */
	private readonly spellings = new Map<string, string>();

	constructor(
		private readonly salesloft: Salesloft,
		private readonly target: BackfillTarget,
		private readonly work: Work,
	) {
		this.objectType = target.objectType;
		this.externalType = target.externalType;
		this.idsPerObject = target.severalIds ? Number.POSITIVE_INFINITY : 1;
	}

	checkId(value: unknown): { key: string; externalId: string } | Trouble {
		const id = parseId(this.objectType, this.externalType, value);
		return isTrouble(id) ? id : { key: id.key, externalId: id.id };
	}

	checkKey(kind: MatchKey, value: unknown): string | Trouble {
		switch (kind) {
			case 'objectId':
				return parseObjectId(this.objectType, value);
			case 'externalId': {
				const id = parseId(this.objectType, this.target.otherType ?? '', value);
				return isTrouble(id) ? id : id.key;
			}
			case 'crmId': {
				const text = String(value).trim();
				return CRM_ID.test(text) ? text : trouble('invalid', 'crmId', `CRM ID ${quoted(text)} is not a Salesforce ID of 18 characters, as Salesloft holds them.`, [text]);
			}
			case 'email': {
				const email = parseEmail(value);
				if (isTrouble(email)) return email;
				if (email.address !== email.key) this.spellings.set(email.key, email.address);
				return email.key;
			}
			case 'domain': {
				const domain = parseDomain(value);
				return isTrouble(domain) || classifyDomain(domain, NO_LISTS) === 'business' ? domain : (matchDomain(domain, NO_LISTS, () => []) as Trouble);
			}
			case 'phone':
				return trouble('invalid', 'noPhone', 'Salesloft cannot be asked for phone numbers.', []);
		}
	}

	async findHolders(keys: readonly string[], tell: (at: number, holder: Holder) => void, stop: StopSign): Promise<void> {
		const { objectType, externalType } = this;
		await this.mappings.ofIds(
			keys,
			(at, rows) => {
				const objects = distinctObjects(rows);
				const [first] = objects;
				if (first === undefined) return;
				const id = { objectType, externalType, externalId: keys[at] as string };
				const problem = objects.length > 1 ? severalObjects(id, objects) : first.objectId === undefined ? goneObject(id, first) : undefined;
				tell(at, { objectId: first.objectId ?? '', label: undefined, ids: [{ key: first.externalId, externalId: first.externalId }], isCurrent: true, problem });
			},
			stop,
			{ furtherCalls: this.target.severalIds ? 0 : keys.length, screen: true },
		);
	}

	async findMatches(kind: MatchKey, keys: readonly string[], tell: (at: number, match: Match) => void, stop: StopSign): Promise<void> {
		const found = new Map<number, { exact: Brief[]; likely: Brief[] }>();
		const take = (at: number, exact: readonly Fields[], likely: readonly Fields[] = []) => void found.set(at, { exact: exact.map(brief), likely: likely.map(brief) });
		await this.look(kind, keys, take, found, stop);
		if (stop.aborted) return;
		const pacer = new Pacer();
		const distinct = new Set<string>();
		for (const { exact } of found.values()) {
			for (const { objectId } of exact) distinct.add(objectId);
			if (pacer.due()) await pacer.rest();
		}
		const objectIds = [...distinct];
		const ids = new Map<string, Candidate['ids']>();
		if (!this.target.severalIds) {
			await this.mappings.ofObjects(objectIds, (at, rows) => void ids.set(objectIds[at] as string, rows.map(({ externalId }) => ({ key: externalId, externalId }))), stop);
			if (stop.aborted) return;
		}
		const candidate = ({ objectId, label }: Brief): Candidate => ({ objectId, label, ids: ids.get(objectId) ?? NO_IDS });
		for (const [at, { exact, likely }] of found) {
			tell(at, { exact: exact.map(candidate), likely: likely.map(candidate) });
			if (pacer.due()) await pacer.rest();
		}
		if (kind !== 'objectId') return;
		for (const [at, objectId] of keys.entries()) {
			if (!found.has(at)) tell(at, { exact: [], problem: noRecord(this.objectType, objectId) });
			if (pacer.due()) await pacer.rest();
		}
	}

	async lock(): Promise<Trouble | (() => Promise<void>)> {
		if (!this.target.exclusive) return async () => undefined;
		const { objectType, externalType } = this;
		const name = `${this.salesloft.api.credential}\n${objectType}\n${externalType}`;
		const { runId } = this.work.caller;
		const other = underWay.get(name);
		if (other !== undefined && other.runId !== runId) {
			return trouble('notAttempted', 'backfillUnderWay', `Another backfill of ${externalType} IDs for ${objectType} has been under way since ${other.since}. Run this one again when it is done.`, [objectType, externalType], { runningSince: other.since });
		}
		underWay.set(name, { runId, since: new Date().toISOString() });
		return async () => void underWay.delete(name);
	}

	async write(pairs: readonly BackfillPair[], tell: (at: number, outcome: Outcome) => void, stop: StopSign): Promise<void> {
		// What gives way goes first, so that it makes room for what comes.
		const places = pairs.map((_, at) => at);
		for (const ofPhase of [places.filter((at) => pairs[at]?.plan !== 'link'), places.filter((at) => pairs[at]?.plan === 'link')]) {
			await eachAtOnce(ofPhase, AT_ONCE, stop, async (at) => {
				const pair = pairs[at] as BackfillPair;
				tell(at, await unlessOfOneCall(() => this.writeOne(pair, stop), [this.externalType, pair.externalId]));
			});
		}
	}

	calls(): number {
		return this.salesloft.api.calls;
	}

	private get mappings() {
		return this.salesloft.mappings(this.objectType, this.externalType);
	}

	private async look(kind: MatchKey, keys: readonly string[], take: (at: number, exact: readonly Fields[], likely?: readonly Fields[]) => void, found: Map<number, { exact: Brief[]; likely: Brief[] }>, stop: StopSign): Promise<void> {
		const { objectType } = this;
		const { records } = this.salesloft;
		switch (kind) {
			case 'objectId': {
				const { known } = this.target;
				const unknown: number[] = [];
				keys.forEach((objectId, at) => {
					if (known?.has(objectId)) found.set(at, { exact: [{ objectId, label: known.get(objectId) }], likely: [] });
					else unknown.push(at);
				});
				return await records.byIds(objectType, unknown.map((at) => keys[at] as string), (at, rows) => take(unknown[at] as number, rows), stop);
			}
			case 'externalId': {
				const leads: Array<{ at: number; objectId: string }> = [];
				await this.salesloft.mappings(objectType, this.target.otherType ?? '').ofIds(keys, (at, rows) => {
					for (const { objectId } of distinctObjects(rows)) if (objectId !== undefined) leads.push({ at, objectId });
				}, stop);
				return await records.byIds(objectType, leads.map(({ objectId }) => objectId), (place, rows) => {
					const { at } = leads[place] as (typeof leads)[number];
					found.set(at, { exact: [...(found.get(at)?.exact ?? []), ...rows.map(brief)], likely: [] });
				}, stop);
			}
			case 'crmId':
				return await records.byCrmIds(objectType, keys, take, stop);
			case 'email':
				return objectType === 'users' ? await records.usersByEmails(keys, take, stop) : await records.byEmails(keys, take, stop, this.spellings);
			case 'domain':
				return await records.byDomains(keys, take, stop);
			case 'phone':
				return;
		}
	}

	private async writeOne(pair: BackfillPair, stop: StopSign): Promise<Outcome> {
		const { objectType, externalType } = this;
		const { externalId, objectId, movedFrom, replaced } = pair;
		const { api } = this.salesloft;
		const gone: MappingRow[] = [];
		if (movedFrom !== undefined) {
			const rows = await api.mappingsOf({ objectType, externalType, externalId }, stop);
			const other = rows.find((row) => (row.objectId ?? '') !== movedFrom && row.objectId !== objectId);
			if (other) return this.taken(pair, other);
			gone.push(...rows.filter((row) => row.objectId !== objectId));
		}
		if (replaced.length > 0) gone.push(...(await api.mappingsOf({ objectType, externalType, objectId }, stop)).filter((row) => replaced.includes(row.externalId)));
		// First deleted, then created: whoever runs it again after a stop in between finds what is missing, and links it.
		for (const row of gone) {
			if (row.id !== undefined) await api.deleteMapping(row.id, stop);
			this.mappings.wasDeleted(row);
		}
		const before = gone.length > 0 ? { before: gone.map(shownMapping) } : {};
		const made = await api.createMapping({ objectType, externalType, externalId, objectId }, stop);
		if (!isRefusal(made)) {
			this.mappings.wasCreated(made);
			return { status: 'linked', ...shownMapping(made), ...before };
		}
		const holder = await this.holderNow(externalId, made.words, stop);
		if (holder?.objectId === objectId) return { status: 'unchanged', ...shownMapping(holder), ...before };
		for (const { objectId: earlier, externalId: id } of gone) {
			if (earlier !== undefined) await api.createMapping({ objectType, externalType, externalId: id, objectId: earlier }, stop);
		}
		return holder ? this.taken(pair, holder) : trouble('rejected', 'rejected', `Salesloft refused to map the ${externalType} ID "${shown(externalId)}" to ${OBJECT_WORD[objectType]} ${objectId}: ${made.words}`, [made.words, objectType, externalType, externalId]);
	}

	/** Who has an ID that Salesloft does not give away; a mapping whose object is gone may be listed as deleted only. */
	private async holderNow(externalId: string, words: string, stop: StopSign): Promise<MappingRow | undefined> {
		const filter = { objectType: this.objectType, externalType: this.externalType, externalId };
		const [live] = await this.salesloft.api.mappingsOf(filter, stop);
		if (live || !TAKEN.test(words)) return live;
		return (await this.salesloft.api.mappingsOf({ ...filter, deleted: true }, stop))[0];
	}

	private taken({ externalId, objectId }: BackfillPair, holder: MappingRow): Trouble {
		const whose = holder.objectId === undefined ? 'leads to nothing' : `belongs to ${holder.objectId}`;
		return trouble('conflict', 'idBelongsToOther', `The ${this.externalType} ID "${shown(externalId)}" ${whose}, not to ${objectId}.`, [this.objectType, this.externalType, externalId], {
			conflict: { wanted: { externalId, objectId }, existing: [shownMapping(holder)] },
		});
	}
}

interface Brief {
	objectId: string;
	label: string | undefined;
}

/** Of a whole record what a plan needs: 100,000 whole ones would take too much room. */
function brief(record: Fields): Brief {
	return { objectId: idOf(record), label: labelOf(record) };
}

/** Where a backfill may take the IDs from, when they are in Salesloft already. */
export type OwnField = { kind: 'customField'; name: string } | { kind: 'crmId' };

/**
 * Entries from a field of Salesloft's own records: the way out of identifiers that are kept in custom fields.
 *
 * @returns the entries, and the objects that they are about
 */
export async function entriesFromField(salesloft: Salesloft, objectType: ObjectType, field: OwnField, stop: StopSign | undefined): Promise<{ entries: BackfillEntry[]; known: Map<string, string | undefined>; looked: number }> {
	const entries: BackfillEntry[] = [];
	const known = new Map<string, string | undefined>();
	let looked = 0;
	for await (const page of salesloft.records.every(objectType, {}, stop)) {
		looked += page.length;
		for (const record of page) {
			const externalId = valueOf(record, field);
			if (externalId === undefined || externalId === null || externalId === '') continue;
			known.set(idOf(record), labelOf(record));
			entries.push({ externalId, keys: { objectId: idOf(record) } });
		}
	}
	return { entries, known, looked };
}

function valueOf(record: Fields, field: OwnField): unknown {
	if (field.kind === 'crmId') return record.crm_id;
	const values = record.custom_fields;
	return typeof values === 'object' && values !== null && Object.hasOwn(values, field.name) ? (values as Fields)[field.name] : undefined;
}
