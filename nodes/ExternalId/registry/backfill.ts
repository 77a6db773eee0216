import type { CountryCode } from 'libphonenumber-js/min';

import { domainLadder } from '../../shared/identity/domain';
import { parseEmail } from '../../shared/identity/email';
import { isTrouble, OBJECT_WORD, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../shared/identity/outcome';
import { parsePhone } from '../../shared/identity/phone';
import { shown } from '../../shared/identity/wording';
import { inOrderOf } from '../../shared/order';
import { Pacer } from '../../shared/pace';
import type { BackfillPair, BackfillSystem, Candidate, ConflictChoices, Holder, Match, MatchKey, StopSign, TypeChoice, Work } from '../../shared/ports';
import { inBatches } from './batches';
import { erasedAmong, readsOfErased } from './erased';
import { groupByKeys } from './groups';
import { append, Known } from './known';
import { createGroup } from './mappings';
import type { CheckedMapping } from './mappings';
import { checkObjectId, deletedBefore, goneRecord } from './objects';
import { runRow } from './registry';
import type { Registry } from './registry';
import type { RecordRow } from './rows';
import type { Reads } from './store';
import { usableDomain } from './usableDomain';

export interface BackfillTarget {
	objectType: ObjectType;
	externalType: TypeChoice;
	/** The other External Type that records may be found by. */
	otherType?: TypeChoice;
	/** Fields that hold phone numbers. */
	phoneFields: readonly string[];
	/** Country of phone numbers without a country code. */
	country: CountryCode | undefined;
}

/** A lock that its run has not confirmed for so long belongs to a run that died (ms). */
const LOCK_STALE_MS = 10_000;
const LOCK_CONFIRM_MS = 2_000;
/** Records that one step of the look through all phone numbers reads. */
const SCAN_PAGE = 500;

const STRICT: ConflictChoices = { whenIdBelongsToOther: 'conflict', whenRecordHasOther: 'conflict' };
const NO_IDS: Candidate['ids'] = [];

/**
 * The registry as a backfill sees it.
 *
 * @returns it, or what is wrong with the External Type or the other one
 */
export async function registryBackfill(registry: Registry, target: BackfillTarget, work: Work): Promise<BackfillSystem | Trouble> {
	await registry.ensurePicked([target], work);
	const externalType = registry.checkType(target.objectType, target.externalType);
	if (typeof externalType !== 'string') return externalType;
	const otherType = target.otherType === undefined ? undefined : registry.checkType(target.objectType, target.otherType);
	if (isTrouble(otherType)) return otherType;
	return new RegistryBackfill(registry, target, externalType, otherType, work);
}

class RegistryBackfill implements BackfillSystem {
	readonly objectType: ObjectType;
	private confirmedAt = 0;
	private isLocked = false;

	constructor(
		private readonly registry: Registry,
		private readonly target: BackfillTarget,
		readonly externalType: string,
		private readonly otherType: string | undefined,
		private readonly work: Work,
	) {
		this.objectType = target.objectType;
	}

	get idsPerObject(): number {
		return this.registry.idsPerObject(this.objectType, this.externalType);
	}

	checkId(value: unknown): { key: string; externalId: string } | Trouble {
		const id = this.registry.parseId(this.objectType, this.externalType, value);
		return isTrouble(id) ? id : { key: id.key, externalId: id.id };
	}

	checkKey(kind: MatchKey, value: unknown): string | Trouble {
		switch (kind) {
			case 'objectId':
				return checkObjectId(this.objectType, value);
			case 'externalId': {
				const id = this.registry.parseId(this.objectType, this.otherType ?? '', value);
				return isTrouble(id) ? id : id.key;
			}
			case 'email': {
				const email = parseEmail(value);
				return isTrouble(email) ? email : email.key;
			}
			case 'domain':
				return usableDomain(this.registry, value);
			case 'phone':
				return parsePhone(value, this.target.country);
			case 'crmId':
				return trouble('invalid', 'noCrmId', 'Records of the registry have no CRM ID of their own: it is an External ID like any other.', []);
		}
	}

	async findHolders(keys: readonly string[], tell: (at: number, holder: Holder | Trouble) => void, stop: StopSign, proofOf: (at: number) => string | undefined = () => undefined): Promise<void> {
		const { registry, objectType, externalType } = this;
		await inBatches(
			keys.map((_, at) => [at]),
			stop,
			async (batch) => {
				await this.confirmLock();
				const asked = new Map<string, { key: string; proof: string | null; at: number[] }>();
				for (const [at] of batch as Array<[number]>) {
					const [key, proof] = [keys[at] as string, proofOf(at) ?? null];
					const same = asked.get(`${key}\n${proof}`);
					if (same) same.at.push(at);
					else asked.set(`${key}\n${proof}`, { key, proof, at: [at] });
				}
				for (const { key, proof, lacksProof, externalId, objectId, state, recordState } of await registry.store.findHolders(registry.workspace, { objectType, externalType }, [...asked.values()])) {
					const isCurrent = state === 'current';
					const problem = recordState === 'active' ? undefined : this.outOfBounds(objectId);
					for (const at of asked.get(`${key}\n${proof}`)?.at ?? []) tell(at, { objectId, label: undefined, ids: isCurrent ? [{ key, externalId }] : NO_IDS, isCurrent, lacksProof, problem });
					asked.delete(`${key}\n${proof}`);
				}
				const free = new Map<string, number[]>();
				for (const { key, at } of asked.values()) for (const each of at) append(free, key, each);
				await this.findErased(free, tell);
			},
			() => undefined,
		);
	}

	/** IDs of people who were erased, among those that nobody has. */
	private async findErased(places: ReadonlyMap<string, readonly number[]>, tell: (at: number, problem: Trouble) => void): Promise<void> {
		if (places.size === 0) return;
		const { registry, objectType, externalType } = this;
		const keysOf = (key: string) => [{ objectType, ids: [{ objectType, externalType, key, externalId: key }] }];
		const known = new Known(await registry.store.read(registry.workspace, readsOfErased([...places.keys()].flatMap(keysOf))));
		for (const [key, at] of places) {
			const erased = erasedAmong(known, keysOf(key));
			if (erased) for (const each of at) tell(each, erased);
		}
	}

	async findMatches(kind: MatchKey, keys: readonly string[], tell: (at: number, match: Match) => void, stop: StopSign): Promise<void> {
		const { objectType, otherType = '' } = this;
		const told = (known: Known, records: ReadonlyArray<RecordRow | undefined>) => records.filter((record) => record !== undefined).map((record) => this.candidate(known, record));
		switch (kind) {
			case 'objectId':
				return await this.lookUp(keys, (batch) => ({ objectIds: batch }), (known, key, at) => {
					const record = known.survivorOf(key);
					if (record?.state === 'active' && record.objectType === objectType) tell(at, { exact: told(known, [record]) });
					else tell(at, { exact: [], problem: goneRecord(record, objectType, key) });
				}, stop);
			case 'externalId': {
				const idOf = (key: string) => ({ objectType, externalType: otherType, key });
				return await this.lookUp(keys, (batch) => ({ ids: batch.map(idOf) }), (known, key, at) => {
					const record = known.record(known.mapping(idOf(key))?.objectId ?? '');
					if (record?.state === 'active') tell(at, { exact: told(known, [record]) });
					else if (record) tell(at, { exact: [], problem: this.outOfBounds(record.id) });
				}, stop);
			}
			case 'email':
				return await this.lookUp(keys, (batch) => ({ emails: batch.map((key) => ({ objectType, key })) }), (known, key, at) => {
					const live = known.recordsByEmail(objectType, key);
					const [deleted] = live.length > 0 ? [] : known.recordsByEmail(objectType, key, 'deleted');
					if (live.length > 0 || deleted) tell(at, { exact: told(known, live), problem: deleted && this.outOfBounds(deleted.id) });
				}, stop);
			case 'domain':
				return await this.lookUp(keys, (batch) => ({ domains: batch.flatMap(domainLadder) }), (known, key, at) => {
					const owners = (domain: string) => told(known, known.ownersOf(domain).map(({ accountId }) => known.record(accountId)));
					const exact = owners(key);
					const likely = exact.length > 0 ? [] : (domainLadder(key).slice(1).map(owners).find((each) => each.length > 0) ?? []);
					if (exact.length + likely.length > 0) tell(at, { exact, likely });
				}, stop);
			case 'phone':
				return await this.findPhones(keys, tell, stop);
		}
	}

	async lock(): Promise<Trouble | (() => Promise<void>)> {
		const { registry, lockName } = this;
		const holder = await registry.store.takeLock(registry.workspace, lockName, runRow(this.work), LOCK_STALE_MS);
		const { runId } = this.work.caller;
		if (holder.runId !== runId) {
			const since = new Date(holder.takenAt).toISOString();
			const who = holder.executionId === null ? '' : ` (execution ${holder.executionId})`;
			return trouble('notAttempted', 'backfillUnderWay', `Another backfill of ${this.externalType} IDs for ${this.objectType}${who} has been under way since ${since}. Run this one again when it is done.`, [lockName], { runningSince: since, runningExecution: holder.executionId });
		}
		this.isLocked = true;
		this.confirmedAt = performance.now();
		return async () => {
			this.isLocked = false;
			await registry.store.releaseLock(registry.workspace, lockName, runId);
		};
	}

	async write(pairs: readonly BackfillPair[], tell: (at: number, outcome: Outcome) => void, stop: StopSign): Promise<void> {
		const { registry, objectType, externalType } = this;
		const planned = pairs.map((pair, at): Planned => ({ objectType, externalType, key: pair.key, externalId: pair.externalId, objectId: pair.objectId, index: at, pair }));
		// What is moved from one record to another is done together with what either of them gets.
		const moves = pairs.some(({ movedFrom }) => movedFrom !== undefined);
		const groups = moves ? await groupByKeys(planned, ({ pair }) => (pair.movedFrom === undefined ? [pair.objectId] : [pair.objectId, pair.movedFrom])) : planned.map((each) => [each]);
		await inBatches(
			await inOrderOf(groups, ([first]) => first?.objectId ?? ''),
			stop,
			async (batch) => {
				await this.confirmLock();
				const entries = batch.flat();
				const reads = { ids: entries, objectIds: entries.map(({ objectId }) => objectId), ...readsOfErased(entries.map((entry) => ({ objectType, ids: [entry] }))), with: { mappings: true } };
				const outcomes = await registry.transact(reads, this.work, (unit) => batch.flatMap((group) => createGroup(registry, unit, group, choicesOf(group))));
				entries.forEach(({ index }, at) => {
					const outcome = outcomes[at] as Outcome;
					tell(index, outcome.status === 'created' ? { ...outcome, status: 'linked' } : outcome);
				});
			},
			// The backfill says what became of them: it knows why it stopped.
			() => undefined,
		);
	}

	private get lockName(): string {
		return `backfill\n${this.objectType}\n${this.externalType}`;
	}

	/** Says that the run is alive; once another run has taken its place it must not write. */
	private async confirmLock(): Promise<void> {
		if (!this.isLocked || performance.now() - this.confirmedAt < LOCK_CONFIRM_MS) return;
		const { store, workspace } = this.registry;
		const holder = await store.takeLock(workspace, this.lockName, runRow(this.work), LOCK_STALE_MS);
		if (holder.runId !== this.work.caller.runId) throw new Error(`Another backfill of ${this.externalType} IDs took over, because this one stood still for more than ${LOCK_STALE_MS / 1_000} seconds. What it wrote stays written; run it again.`);
		this.confirmedAt = performance.now();
	}

	/** Reads what belongs to some keys, a batch at a time, in the order of the store. */
	private async lookUp(keys: readonly string[], readsOf: (keys: readonly string[]) => Reads, tell: (known: Known, key: string, at: number) => void, stop: StopSign): Promise<void> {
		const { store, workspace } = this.registry;
		const places = await inOrderOf(keys.map((_, at) => at), (at) => keys[at] as string);
		await inBatches(
			places.map((at) => [at]),
			stop,
			async (batch) => {
				await this.confirmLock();
				const of = batch.map(([at]) => at as number);
				const known = new Known(await store.read(workspace, { ...readsOf(of.map((at) => keys[at] as string)), with: { mappings: true } }));
				for (const at of of) tell(known, keys[at] as string, at);
			},
			() => undefined,
		);
	}

	/** Phone numbers are in no index: all records are looked through once, for all the numbers together. */
	private async findPhones(keys: readonly string[], tell: (at: number, match: Match) => void, stop: StopSign): Promise<void> {
		const { store, workspace } = this.registry;
		const found = new Map<string, string[]>(keys.map((key) => [key, []]));
		const pacer = new Pacer();
		for (let after: string | undefined = ''; after !== undefined; ) {
			if (stop.aborted) return;
			await this.confirmLock();
			const page: Awaited<ReturnType<typeof store.scanRecords>> = await store.scanRecords(workspace, { objectType: this.objectType, states: ['active'] }, after, SCAN_PAGE);
			for (const record of page.rows) {
				for (const phone of this.phonesOf(record)) found.get(phone)?.push(record.id);
				if (pacer.due()) await pacer.rest();
			}
			after = page.next;
		}
		const objectIds = [...new Set([...found.values()].flat())];
		const candidates = new Map<string, Candidate>();
		await this.lookUp(objectIds, (batch) => ({ objectIds: batch }), (known, objectId) => {
			const record = known.record(objectId);
			if (record?.state === 'active') candidates.set(objectId, this.candidate(known, record));
		}, stop);
		for (const [at, key] of keys.entries()) {
			const exact = (found.get(key) ?? []).map((objectId) => candidates.get(objectId)).filter((each) => each !== undefined);
			if (exact.length > 0) tell(at, { exact });
			if (pacer.due()) await pacer.rest();
		}
	}

	private phonesOf({ fields }: RecordRow): Set<string> {
		const phones = new Set<string>();
		for (const name of this.target.phoneFields) {
			const value = fields[name];
			if (typeof value !== 'string' && typeof value !== 'number') continue;
			const phone = parsePhone(value, this.target.country);
			if (typeof phone === 'string') phones.add(phone);
		}
		return phones;
	}

	private candidate(known: Known, { id, fields }: RecordRow): Candidate {
		const current = known.currentOf(id, this.externalType);
		const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
		const label = text('name') || `${text('firstName')} ${text('lastName')}`.trim();
		return { objectId: id, label: label === '' ? undefined : shown(label), ids: current.length === 0 ? NO_IDS : current.map((row) => ({ key: row.idKey, externalId: row.externalId })) };
	}

	private outOfBounds(objectId: string): Trouble {
		return deletedBefore({ objectType: this.objectType, id: objectId }, `Record → Delete or Restore (Do: Restore) brings the ${OBJECT_WORD[this.objectType]} back.`);
	}
}

type Planned = CheckedMapping & { pair: BackfillPair };

/** What the plan allows: what came in between is a conflict, even where the builder chose to replace and move. */
function choicesOf(group: readonly Planned[]): ConflictChoices {
	if (group.every(({ pair }) => pair.plan === 'link')) return STRICT;
	return {
		whenIdBelongsToOther: group.some(({ pair }) => pair.movedFrom !== undefined) ? 'take' : 'conflict',
		whenRecordHasOther: group.some(({ pair }) => pair.replaced.length > 0) ? 'take' : 'conflict',
	};
}
