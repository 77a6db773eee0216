import { isDone, isTrouble, OBJECT_WORD, trouble } from './identity/outcome';
import type { Outcome, Status, Trouble } from './identity/outcome';
import { shown } from './identity/wording';
import { inOrderOf } from './order';
import { Pacer } from './pace';
import { MATCH_KEYS } from './ports';
import type { BackfillEntry, BackfillPair, BackfillSystem, Candidate, ConflictChoices, Holder, Match, MatchKey, StopSign, Work } from './ports';

export interface BackfillChoices extends ConflictChoices {
	/** A dry run writes nothing, and gives `planned` with the plan. */
	mode: 'dryRun' | 'apply';
	/** Keys that may tell the record; tried in the order of {@link MATCH_KEYS}. */
	matchBy: ReadonlySet<MatchKey>;
	/** Only so many items, the first, are looked at; 0 for all. */
	tryFirst: number;
	/** Only so many mappings are written; 0 for any number. */
	maxWrites: number;
	/** 0 for any time. */
	maxMinutes: number;
	/** Share of items with trouble, or of replaced and moved IDs, above which nothing at all is written (percent). */
	maxTroublePercent: number;
	maxReplacedPercent: number;
}

/** What a whole backfill came to; the item of its Summary output. */
export interface BackfillSummary {
	/** A sentence ready for a chat message. */
	sentence: string;
	mode: 'dryRun' | 'apply';
	runId: string;
	objectType: string;
	externalType: string;
	items: number;
	/** Items by status. */
	counts: Partial<Record<Status, number>>;
	/** Mappings that the plan writes, by kind. */
	plan: { link: number; replace: number; move: number };
	seconds: number;
	/** Calls to the service. */
	calls?: number;
	/** Why an Apply would stop before its first write. */
	guard?: string;
	/** Why it did not do all. */
	stopped?: string;
}

const NOTHING: readonly string[] = [];

/** Shares are looked at from so many items with trouble on: two bad ones of ten are not a broken feed. */
const GUARD_FROM = 10;
/** Items and records that an outcome names. */
const MOST_NAMED = 20;

const KEY_WORDS: Readonly<Record<MatchKey, string>> = { objectId: 'Object ID', externalId: 'other External ID', crmId: 'CRM ID', email: 'e-mail', domain: 'domain', phone: 'phone' };

/** What a guard says when it stops a run before its first write. */
export class GuardError extends Error {
	constructor(
		message: string,
		readonly description: string,
	) {
		super(message);
	}
}

/**
 * Gives existing records their External IDs (design of it: plan the whole input, then write). A pair is written only if it is
 * unique on both sides: one ID for one record, and one record for one ID. Run again it finds what is done, and goes on.
 *
 * @returns the summary
 * @throws GuardError in mode `apply`, before anything is written, when the plan holds more trouble than the guards allow
 */
export async function backfill(system: BackfillSystem, entries: readonly BackfillEntry[], choices: BackfillChoices, work: Work): Promise<BackfillSummary> {
	return await new Backfill(system, entries, choices, work).run();
}

/** One item on its way to a record. */
interface Row {
	index: number;
	key: string;
	externalId: string;
	/** What is wrong with a match key; told only if no other key leads to a record. */
	keyProblem?: Trouble;
	holder?: Holder;
	/** The record, once it is found. */
	record?: Candidate;
	matchedBy?: MatchKey;
	/** Records that are shown where none fits exactly. */
	likely?: readonly Candidate[];
	/** Further items with the same ID for the same record. */
	repeats?: number[];
	settled?: boolean;
}

interface PlannedRow {
	row: Row;
	pair: BackfillPair;
}

class Backfill {
	private readonly began = performance.now();
	private readonly counts: Partial<Record<Status, number>> = {};
	private readonly plan = { link: 0, replace: 0, move: 0 };
	/** The record of each ID that the input gives and that is so already; kept only where something could be taken from it. */
	private readonly kept = new Map<string, string>();
	private readonly stop: StopSign;
	private readonly deadline: number;
	private stopped: string | undefined;

	constructor(
		private readonly system: BackfillSystem,
		private readonly entries: readonly BackfillEntry[],
		private readonly choices: BackfillChoices,
		private readonly work: Work,
	) {
		this.deadline = choices.maxMinutes > 0 ? this.began + choices.maxMinutes * 60_000 : Number.POSITIVE_INFINITY;
		const isOver = () => work.signal?.aborted === true || performance.now() > this.deadline;
		this.stop = {
			get aborted() {
				return isOver();
			},
		};
	}

	async run(): Promise<BackfillSummary> {
		if (this.choices.mode === 'dryRun') return await this.dryRun();
		const release = await this.system.lock();
		if (isTrouble(release)) {
			await this.each(this.entries.map((_, index) => index), (index) => this.settle(index, { ...release }));
			this.stopped = release.reason;
			return this.summary(undefined);
		}
		try {
			return await this.apply();
		} finally {
			await release();
		}
	}

	private async dryRun(): Promise<BackfillSummary> {
		const planned = await this.planAll();
		const pacer = new Pacer();
		for (const { row, pair } of planned) {
			for (const index of [row.index, ...(row.repeats ?? [])]) this.settle(index, { status: 'planned', plan: pair.plan, ...this.shownPair(row, pair) });
			if (pacer.due()) await pacer.rest();
		}
		return this.summary(this.guard());
	}

	private async apply(): Promise<BackfillSummary> {
		const planned = await this.planAll();
		const guard = this.guard();
		if (guard !== undefined) {
			throw new GuardError(`Nothing was written: ${guard}`, 'Look at the items with a Dry Run. If all is as it should be, raise the limit in Options (Stop Above Trouble, Stop Above Replacements).');
		}
		const { maxWrites } = this.choices;
		let now = planned;
		if (maxWrites > 0 && planned.length > maxWrites) {
			// The same ones whatever the order of the items.
			const ordered = await inOrderOf(planned, ({ pair }) => pair.key);
			now = ordered.slice(0, maxWrites);
			this.stopped = `Max Writes (${number(maxWrites)}) was reached`;
			await this.each(ordered.slice(maxWrites), ({ row }) => this.leave(row, 'maxWrites', `${this.stopped}. Run it again to go on.`));
		}
		await this.system.write(
			now.map(({ pair }) => pair),
			(at, outcome) => this.settleWritten(now[at] as PlannedRow, outcome),
			this.stop,
		);
		await this.each(now, ({ row }) => {
			if (!row.settled) this.leaveStopped(row);
		});
		return this.summary(undefined);
	}

	/** Finds the record of each item and what would be written; settles all that comes to something else. */
	private async planAll(): Promise<PlannedRow[]> {
		let rows = await this.check();
		await this.findHolders(rows);
		rows = rows.filter(({ settled }) => !settled);
		for (const kind of MATCH_KEYS) if (this.choices.matchBy.has(kind)) await this.match(kind, rows);
		await this.each(rows, (row) => this.judgeMatch(row));
		rows = rows.filter(({ settled }) => !settled);
		rows = await this.uniqueOnBothSides(rows);
		return await this.withoutConflicts(rows);
	}

	private async check(): Promise<Row[]> {
		const { tryFirst } = this.choices;
		const rows: Row[] = [];
		const pacer = new Pacer();
		for (const [index, entry] of this.entries.entries()) {
			if (pacer.due()) await pacer.rest();
			if (tryFirst > 0 && index >= tryFirst) {
				this.settle(index, trouble('notAttempted', 'tryFirst', `Try First (${number(tryFirst)}) left it out. Set it to 0 to do all.`, [tryFirst]));
				continue;
			}
			const id = this.system.checkId(entry.externalId);
			if (isTrouble(id)) this.settle(index, id);
			else rows.push({ index, key: id.key, externalId: id.externalId });
		}
		if (tryFirst > 0 && this.entries.length > tryFirst) this.stopped = `Try First (${number(tryFirst)})`;
		return rows;
	}

	/** The key of one kind that an item has; what is wrong with it is kept, and told if no other leads to a record. */
	private keyOf(row: Row, kind: MatchKey): string | undefined {
		const value = this.choices.matchBy.has(kind) ? (this.entries[row.index] as BackfillEntry).keys[kind] : undefined;
		if (value === undefined || value === null || (typeof value === 'string' && value.trim() === '')) return undefined;
		const key = this.system.checkKey(kind, value);
		if (typeof key === 'string') return key;
		row.keyProblem ??= key;
		return undefined;
	}

	private keysOf(row: Row): Array<readonly [MatchKey, string]> {
		return MATCH_KEYS.flatMap((kind) => {
			const key = this.keyOf(row, kind);
			return key === undefined ? [] : [[kind, key] as const];
		});
	}

	/**
	 * What is mapped already needs no match, unless an Object ID, or an e-mail or domain that its record has not got, says otherwise,
	 * or IDs may be moved.
	 */
	private async findHolders(rows: readonly Row[]): Promise<void> {
		const canMove = this.choices.whenIdBelongsToOther === 'take';
		const former: Row[] = [];
		await this.system.findHolders(
			rows.map(({ key }) => key),
			(at, holder) => {
				const row = rows[at] as Row;
				if (isTrouble(holder)) {
					this.settle(row.index, { ...holder, ...this.named(row) }, row);
					return;
				}
				const objectId = this.keyOf(row, 'objectId');
				const differs = objectId === undefined ? holder.lacksProof === true && holder.isCurrent : objectId !== holder.objectId;
				const saysOther = canMove ? this.keysOf(row).length > 0 : differs;
				if (saysOther) row.holder = holder;
				else if (holder.problem) this.settle(row.index, holder.problem, row);
				else if (holder.isCurrent) this.settleUnchanged(row, holder);
				else {
					row.holder = holder;
					former.push(row);
				}
			},
			this.stop,
			(at) => this.keyOf(rows[at] as Row, this.system.objectType === 'accounts' ? 'domain' : 'email'),
		);
		// A former ID names its record; which IDs that record has now decides what it would take to give this one back.
		if (former.length === 0) return;
		const objectIds = former.map(({ holder }) => (holder as Holder).objectId);
		await this.system.findMatches('objectId', objectIds, (at, match) => this.takeMatch(former[at] as Row, 'externalId', objectIds[at] as string, match), this.stop);
	}

	private async match(kind: MatchKey, rows: readonly Row[]): Promise<void> {
		const asking: Row[] = [];
		const keys: string[] = [];
		await this.each(rows, (row) => {
			const key = row.settled || row.record ? undefined : this.keyOf(row, kind);
			if (key === undefined) return;
			asking.push(row);
			keys.push(key);
		});
		if (keys.length === 0) return;
		await this.system.findMatches(kind, keys, (at, match) => this.takeMatch(asking[at] as Row, kind, keys[at] as string, match), this.stop);
	}

	private takeMatch(row: Row, kind: MatchKey, key: string, { exact, likely, problem }: Match): void {
		if (exact.length > 1) {
			// What tells several apart by nothing says nothing against the one that has the ID.
			if (row.holder && !row.holder.problem) return;
			this.settle(row.index, this.ambiguous(row, 'severalMatch', `${exact.length} records have the ${KEY_WORDS[kind]} ${shown(key)}; it does not tell which one is meant.`, exact), row);
			return;
		}
		if (exact[0]) {
			row.record = exact[0];
			row.matchedBy = kind;
			return;
		}
		if (problem) row.keyProblem ??= problem;
		if (likely && likely.length > 0) row.likely ??= likely;
		// An Object ID says outright which record is meant: no other key may put another in its place.
		if (kind === 'objectId') this.settle(row.index, problem ?? trouble('notFound', 'noRecord', `There is no record ${shown(key)}.`, [key], this.named(row)), row);
	}

	/** Settles what no key leads to, and what is as it should be. */
	private judgeMatch(row: Row): void {
		if (row.settled) return;
		if (this.stop.aborted) {
			this.leaveStopped(row);
			return;
		}
		const { holder, record } = row;
		if (!record) {
			if (holder && !holder.problem) this.settleUnchanged(row, holder);
			else this.settle(row.index, this.unmatched(row), row);
			return;
		}
		if (!holder) return;
		if (holder.objectId === record.objectId) {
			if (holder.isCurrent) this.settleUnchanged(row, holder);
			return;
		}
		if (this.choices.whenIdBelongsToOther === 'conflict') {
			this.settle(row.index, this.conflict(row, 'idBelongsToOther', `The ${this.system.externalType} ID "${shown(row.externalId)}" belongs to ${holder.objectId}, not to ${record.objectId}.`, [holder]), row);
		}
	}

	private unmatched(row: Row): Trouble {
		if (row.likely) {
			return this.ambiguous(row, 'onlyLikely', 'Only the parent of its domain belongs to an account; that may be the same company or another one. Add the domain to the account that is meant.', row.likely);
		}
		if (row.keyProblem) return { ...row.keyProblem, ...this.named(row) };
		const keys = this.keysOf(row);
		if (keys.length === 0) {
			const wanted = MATCH_KEYS.filter((kind) => this.choices.matchBy.has(kind)).map((kind) => KEY_WORDS[kind]);
			return trouble('invalid', 'noMatchKey', `The item has nothing to find its record by (${wanted.join(', ') || 'no key is chosen in Match By'}).`, [], this.named(row));
		}
		const tried = keys.map(([kind, key]) => `${KEY_WORDS[kind]} ${shown(key)}`).join(', ');
		return trouble('notFound', 'noMatch', `No ${OBJECT_WORD[this.system.objectType]} has the ${tried}.`, keys.flat(), this.named(row));
	}

	/** An ID for two records is a conflict, also where one of them has it; two IDs for one record are ambiguous. The same pair again is done once. */
	private async uniqueOnBothSides(rows: readonly Row[]): Promise<Row[]> {
		const byKey = new Map<string, Row[]>();
		await this.each(rows, (row) => append(byKey, row.key, row));
		const single: Row[] = [];
		await this.each([...byKey.values()], (same) => {
			const [first, ...others] = same as [Row, ...Row[]];
			const isKept = this.kept.has(first.key);
			if (others.length === 0 && !isKept) single.push(first);
			else if (!isKept && others.every(({ record }) => record?.objectId === first.record?.objectId)) {
				first.repeats = others.map(({ index }) => index);
				single.push(first);
			} else {
				const records = [...new Map(same.map(({ record }) => [record?.objectId, record as Candidate])).values()];
				const where = isKept ? `to the record that has it, ${this.kept.get(first.key)}, and to others too` : 'to several records';
				for (const row of same) {
					const existing = isKept && row.holder ? [row.holder, ...records] : records;
					this.settle(row.index, this.conflict(row, 'inputGivesIdToSeveral', `The input gives this ${this.system.externalType} ID ${where} (${itemsOf(same)}).`, existing), row);
				}
			}
		});
		const unique: Row[] = [];
		await this.each(await this.byRecord(single), (same) => {
			if (same.length <= this.system.idsPerObject) {
				unique.push(...same);
				return;
			}
			for (const row of same) {
				const outcome = this.ambiguous(row, 'severalIdsForRecord', `The input gives this record several ${this.system.externalType} IDs (${itemsOf(same)}), and ${this.system.idsPerObject === 1 ? 'one is' : `${this.system.idsPerObject} are`} allowed.`, [row.record as Candidate]);
				this.settleAll(row, { ...outcome, givenIds: same.slice(0, MOST_NAMED).map(({ externalId }) => externalId) });
			}
		});
		return unique;
	}

	/**
	 * Plans what each pair takes: a plain link, a replacement, a move. An ID that another pair moves away makes room; which do is
	 * found step by step, so that the order of the items decides nothing.
	 */
	private async withoutConflicts(rows: readonly Row[]): Promise<PlannedRow[]> {
		const planned: PlannedRow[] = [];
		const leaving = new Set<string>();
		let waiting = await this.byRecord(rows);
		for (let found = true; found && waiting.length > 0; ) {
			found = false;
			const still: Row[][] = [];
			await this.each(waiting, (ofRecord) => {
				const pairs = this.pairsOf(ofRecord, leaving);
				if (pairs === undefined) still.push(ofRecord);
				for (const { row, pair } of pairs ?? []) {
					planned.push({ row, pair });
					this.plan[pair.plan]++;
					if (pair.movedFrom === undefined) continue;
					leaving.add(`${pair.movedFrom}\n${pair.key}`);
					found = true;
				}
			});
			waiting = still;
		}
		await this.each(waiting.flat(), (row) => {
			const record = row.record as Candidate;
			const list = record.ids.slice(0, 5).map(({ externalId }) => `"${shown(externalId)}"`).join(', ');
			if (this.choices.whenRecordHasOther === 'take') {
				const reason = `The input gives this ${OBJECT_WORD[this.system.objectType]} (${record.objectId}) "${shown(row.externalId)}" and the ${this.system.externalType} ID that would have to give way for it (of ${list}).`;
				this.settleAll(row, this.ambiguous(row, 'severalIdsForRecord', reason, [record]));
				return;
			}
			this.settleAll(row, this.conflict(row, 'recordHasOtherId', `This ${OBJECT_WORD[this.system.objectType]} (${record.objectId}) already has the ${this.system.externalType} ID ${list}, so it did not get "${shown(row.externalId)}".`, [record]));
		});
		return planned;
	}

	/** What one record's new IDs take; nothing where they do not fit beside those that it has. */
	private pairsOf(rows: readonly Row[], leaving: ReadonlySet<string>): PlannedRow[] | undefined {
		const record = (rows[0] as Row).record as Candidate;
		const others = record.ids.filter(({ key }) => !rows.some((row) => row.key === key) && !leaving.has(`${record.objectId}\n${key}`));
		const tooMany = others.length + rows.length - this.system.idsPerObject;
		if (tooMany > 0 && this.choices.whenRecordHasOther === 'conflict') return undefined;
		const giveWay = tooMany > 0 ? others.slice(0, tooMany) : [];
		// What the input gives the record itself is not taken from it again: two runs would swap the two for ever.
		if (giveWay.some(({ key }) => this.kept.get(key) === record.objectId)) return undefined;
		return rows.map((row, at) => {
			const replaced = at === 0 && giveWay.length > 0 ? giveWay.map((id) => id.externalId) : NOTHING;
			const movedFrom = row.holder && row.holder.objectId !== record.objectId ? row.holder.objectId : undefined;
			const plan = movedFrom !== undefined ? 'move' : replaced.length > 0 ? 'replace' : 'link';
			return { row, pair: { key: row.key, externalId: row.externalId, objectId: record.objectId, plan, movedFrom, replaced } };
		});
	}

	private async byRecord(rows: readonly Row[]): Promise<Row[][]> {
		const groups = new Map<string, Row[]>();
		await this.each(rows, (row) => append(groups, row.record?.objectId ?? '', row));
		return [...groups.values()];
	}

	/** Why nothing may be written, if the plan holds more trouble than is allowed. */
	private guard(): string | undefined {
		const { maxTroublePercent, maxReplacedPercent } = this.choices;
		const items = this.entries.length - (this.counts.notAttempted ?? 0);
		const bad = (['conflict', 'ambiguous', 'invalid', 'rejected'] as const).reduce((sum, status) => sum + (this.counts[status] ?? 0), 0);
		if (bad >= GUARD_FROM && bad > (items * maxTroublePercent) / 100) {
			return `${number(bad)} of ${number(items)} items are in conflict, ambiguous or invalid, more than the ${maxTroublePercent} % that are allowed.`;
		}
		const replaced = this.plan.replace + this.plan.move;
		if (replaced >= GUARD_FROM && replaced > (items * maxReplacedPercent) / 100) {
			return `${number(replaced)} of ${number(items)} items would replace or move an ID, more than the ${maxReplacedPercent} % that are allowed.`;
		}
		return undefined;
	}

	private settleWritten({ row, pair }: PlannedRow, outcome: Outcome): void {
		if (!isDone(outcome)) {
			this.settleAll(row, { ...outcome, ...this.named(row) });
			return;
		}
		const written = { ...outcome, ...this.shownPair(row, pair) };
		this.settle(row.index, { ...written, runId: this.work.caller.runId }, row);
		for (const index of row.repeats ?? []) this.settle(index, { ...written, status: 'unchanged' });
	}

	private settleUnchanged(row: Row, holder: Holder): void {
		const { whenIdBelongsToOther, whenRecordHasOther } = this.choices;
		if (whenIdBelongsToOther === 'take' || whenRecordHasOther === 'take') this.kept.set(row.key, holder.objectId);
		const details = { ...this.named(row), objectId: holder.objectId };
		// A dry run gives nothing on output 1.
		this.settleAll(row, this.choices.mode === 'dryRun' ? { status: 'planned', plan: 'nothing', ...details } : { status: 'unchanged', ...details });
	}

	private leaveStopped(row: Row): void {
		if (this.work.signal?.aborted) {
			this.stopped = 'It was cancelled';
			this.leave(row, 'cancelled', 'The run was stopped before this item. Run it again: what is done stays done.');
			return;
		}
		this.stopped = `Max Minutes (${this.choices.maxMinutes}) were over`;
		this.leave(row, 'maxMinutes', `${this.stopped} before this item. Run it again to go on.`);
	}

	private leave(row: Row, code: string, reason: string): void {
		this.settleAll(row, trouble('notAttempted', code, reason, [code], this.named(row)));
	}

	private settleAll(row: Row, outcome: Outcome): void {
		this.settle(row.index, outcome, row);
		for (const index of row.repeats ?? []) this.settle(index, { ...outcome });
	}

	private settle(index: number, outcome: Outcome, row?: Row): void {
		if (row) row.settled = true;
		this.counts[outcome.status] = (this.counts[outcome.status] ?? 0) + 1;
		this.work.settle(index, outcome);
	}

	private shownPair(row: Row, { movedFrom, replaced }: BackfillPair): Record<string, unknown> {
		const { objectId, label } = row.record as Candidate;
		return {
			...this.named(row),
			objectId,
			...(label === undefined ? {} : { name: label }),
			matchedBy: row.matchedBy,
			...(replaced.length > 0 ? { replaced } : {}),
			...(movedFrom === undefined ? {} : { movedFrom }),
		};
	}

	private named({ externalId }: Row): Record<string, unknown> {
		return { objectType: this.system.objectType, externalType: this.system.externalType, externalId };
	}

	private ambiguous(row: Row, code: string, reason: string, candidates: readonly Candidate[]): Trouble {
		return trouble('ambiguous', code, reason, [row.key], { ...this.named(row), candidates: candidates.slice(0, MOST_NAMED).map(shownCandidate) });
	}

	private conflict(row: Row, code: string, reason: string, existing: readonly Candidate[]): Trouble {
		return trouble('conflict', code, reason, [row.key, row.record?.objectId], {
			...this.named(row),
			conflict: {
				wanted: { externalId: row.externalId, objectId: row.record?.objectId ?? null },
				existing: existing.slice(0, MOST_NAMED).map((each) => ({ ...shownCandidate(each), externalIds: each.ids.slice(0, MOST_NAMED).map(({ externalId }) => externalId) })),
			},
		});
	}

	/** Does something with each, giving way. */
	private async each<T>(all: readonly T[], what: (one: T) => void): Promise<void> {
		const pacer = new Pacer();
		for (const one of all) {
			what(one);
			if (pacer.due()) await pacer.rest();
		}
	}

	private summary(guard: string | undefined): BackfillSummary {
		const { mode } = this.choices;
		const { objectType, externalType } = this.system;
		const calls = this.system.calls?.();
		const seconds = Math.round((performance.now() - this.began) / 100) / 10;
		const facts = { mode, runId: this.work.caller.runId, objectType, externalType, items: this.entries.length, counts: this.counts, plan: this.plan, seconds, ...(calls === undefined ? {} : { calls }) };
		const told = { ...facts, ...(guard === undefined ? {} : { guard }), ...(this.stopped === undefined ? {} : { stopped: this.stopped }) };
		return { sentence: sentenceOf(told), ...told };
	}
}

/** "Dry run of crm IDs for people, nothing was written: 9,120 of 10,000 items would be linked …" */
function sentenceOf({ mode, objectType, externalType, items, counts, plan, seconds, calls, guard, stopped, runId }: Omit<BackfillSummary, 'sentence'>): string {
	const parts: string[] = [];
	const add = (count: number | undefined, words: string) => {
		if (count) parts.push(`${number(count)} ${words}`);
	};
	if (mode === 'dryRun') {
		const written = plan.link + plan.replace + plan.move;
		add(plan.link, 'would be linked');
		add(plan.replace, 'would replace another ID');
		add(plan.move, 'would be moved from another record');
		add((counts.planned ?? 0) - written, 'need nothing or are repeats');
	} else {
		add(counts.linked, 'linked');
		add(counts.unchanged, 'were so already');
	}
	add(counts.notFound, 'not found');
	const attention = (['conflict', 'ambiguous', 'invalid', 'rejected', 'skipped'] as const).filter((status) => counts[status]);
	for (const status of attention) add(counts[status], status === 'conflict' ? 'in conflict' : status);
	add(counts.notAttempted, 'not attempted');
	const head = mode === 'dryRun' ? `Dry run of ${externalType} IDs for ${objectType}, nothing was written` : `Backfill of ${externalType} IDs for ${objectType}`;
	const tail = [
		`${seconds.toLocaleString('en')} s${calls === undefined ? '' : `, ${number(calls)} calls`}.`,
		...(guard === undefined ? [] : [`Apply would stop: ${guard}`]),
		...(stopped === undefined ? [] : [`Not all was done: ${stopped.replace(/\.$/, '')}.`]),
		// A service has no undo of a run: what was done stands on each item.
		...(mode === 'apply' && counts.linked && calls === undefined ? [`Undo it by run ${runId}.`] : []),
	];
	return `${head}. Of ${number(items)} ${items === 1 ? 'item' : 'items'}: ${parts.join(', ') || 'nothing to do'}. ${tail.join(' ')}`;
}

function shownCandidate({ objectId, label }: Candidate): Record<string, unknown> {
	return { objectId, ...(label === undefined ? {} : { name: label }) };
}

/** "items 3, 17 and 2 more", counted from 0 as n8n does. */
function itemsOf(rows: readonly Row[]): string {
	const named = rows.slice(0, 5).map(({ index }) => index);
	const more = rows.length - named.length;
	return `items ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function number(value: number): string {
	return value.toLocaleString('en');
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
	const list = map.get(key);
	if (list) list.push(value);
	else map.set(key, [value]);
}
