import { trouble } from '../../shared/identity/outcome';
import type { Outcome, Planned, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import { Pacer } from '../../shared/pace';
import type { Work } from '../../shared/ports';
import { cancelled, inBatches } from './batches';
import { checkEntries } from './checked';
import { externalIdOf, wordsOf } from './changeWords';
import { Rehearsal } from './rehearsal';
import type { Registry } from './registry';
import type { ChangeKind, HistoryRow, KeptRun, RecordRow } from './rows';
import { shownRun } from './runs';
import { readsOfChanges, RESTORES_MAPPING, turnRound } from './turnRound';
import type { Turned } from './turnRound';
import type { Unit } from './unit';

export interface UndoChoices {
	/** Only says what would be done. */
	dryRun: boolean;
	/** Tells of every change, not only of those that could not be undone. */
	everyChange: boolean;
}

/** Changes that an item tells of one by one, at most; the summary counts all. */
export const MOST_TROUBLES = 1_000;
export const MOST_DETAILS = 100_000;
/** Changes that a dry run looks at: it keeps their rows in memory to see what the later ones would find. */
export const MOST_REHEARSED = 100_000;
/** Each change turned round moves an ID between two indexes, so small batches would write the same pages again and again. */
const AIM_MS = 28;
/** Changes that are read ahead of the work. */
const READ_AHEAD = 8_000;
/** Changes that one step reads: some milliseconds. */
const READ_AT_ONCE = 500;

/**
 * Undoes whole runs: turns their changes round, the newest first, wherever the registry still is as the run left it. What was
 * changed since is a conflict and stays; the rest is undone. An undo is a run with a history of its own, so it can be undone as
 * well. One that was stopped goes on where it was when it is run again.
 *
 * Each entry is the ID of a run. Its first outcome counts; after it come the changes that could not be undone, up to 1,000.
 */
export async function undoRuns(registry: Registry, entries: readonly unknown[], choices: UndoChoices, work: Work): Promise<void> {
	const checked = await checkEntries(entries, work, (entry): { id: string } | Trouble => {
		const id = typeof entry === 'string' ? entry.trim() : '';
		return id === '' ? trouble('invalid', 'noRunId', 'Run ID is empty. It is on every item that a run wrote, in the history, and in the list of runs.', []) : { id };
	});
	const runs: Array<{ index: number; run: KeptRun }> = [];
	for (const { id, index } of checked) {
		const run = await registry.store.run(registry.workspace, id);
		if (run) runs.push({ index, run });
		else work.settle(index, trouble('notFound', 'noRun', `There is no run "${shown(id)}" in this workspace that wrote anything.`, [id], { runId: shown(id) }));
	}
	// The newest first, whatever the order of the items: what it changed has to be out of the way of the older ones.
	runs.sort((a, b) => b.run.startedAt - a.run.startedAt || Number(a.run.id < b.run.id) - Number(a.run.id > b.run.id) || a.index - b.index);
	const seen = new Set<string>();
	for (const { index, run } of runs) {
		if (work.signal?.aborted) work.settle(index, cancelled([run.id]));
		else if (seen.has(run.id)) work.settle(index, { status: 'unchanged', ...shownRun(run), repeated: true });
		else work.settle(index, await undoRun(registry, run.id, choices, work));
		seen.add(run.id);
	}
	await registry.refresh();
}

async function undoRun(registry: Registry, id: string, choices: UndoChoices, work: Work): Promise<Outcome[]> {
	// Read again: another run of this input may have undone or redone it.
	const run = (await registry.store.run(registry.workspace, id)) as KeptRun;
	if (run.undoneBy !== null) return [{ status: 'unchanged', ...shownRun(run), undoneBy: run.undoneBy, changes: run.changes, undone: 0 }];
	const pass = new UndoPass(registry, run, choices, work);
	await pass.goThrough();
	return await pass.conclude();
}

/** One pass through the changes of a run. */
class UndoPass {
	private seen = 0;
	private undone = 0;
	/** Undone by an earlier undo that was stopped, or left something. */
	private earlier = 0;
	/** Nothing to do: the registry is as before the run, by whatever way. */
	private unchanged = 0;
	private conflicts = 0;
	private readonly kinds: Partial<Record<ChangeKind, number>> = {};
	private readonly told: Outcome[] = [];
	private toldTroubles = 0;
	private stopped = false;
	private readonly known = new Set<string>();
	private readonly endedHere = new Set<string>();
	private firstOf: ReadonlyMap<string, number> = new Map();
	private readonly rehearsal: Rehearsal | undefined;

	constructor(
		private readonly registry: Registry,
		private readonly run: KeptRun,
		private readonly choices: UndoChoices,
		private readonly work: Work,
	) {
		this.rehearsal = choices.dryRun ? new Rehearsal(registry) : undefined;
	}

	async goThrough(): Promise<void> {
		const { registry, run } = this;
		let after: string | undefined;
		let held: HistoryRow[] = [];
		const pacer = new Pacer({ every: 1 });
		do {
			const changes = held;
			do {
				const page = await registry.store.scanChanges(registry.workspace, { runId: run.id }, 'older', after, Math.min(READ_AT_ONCE, READ_AHEAD - changes.length));
				for (const row of page.rows) changes.push(row);
				after = page.next;
				if (pacer.due()) await pacer.rest();
			} while (after !== undefined && changes.length < READ_AHEAD);
			// What one mapping went through stays together.
			held = after === undefined ? [] : changes.splice(changes.findLastIndex(({ kind }) => !RESTORES_MAPPING.has(kind)) + 1 || changes.length);
			this.firstOf = new Map(changes.flatMap(({ kind, subject, seq }) => (kind.startsWith('mapping') && subject !== null ? [[subject, seq] as const] : [])));
			await this.turnAll(changes);
		} while (after !== undefined && !this.stopped && (this.rehearsal === undefined || this.seen < MOST_REHEARSED));
	}

	/**
	 * Turns changes round in batches, in their order. Two kinds need transactions of their own: those of configurations, which
	 * ask whether there are mappings, and the making of accounts, which ask whether there are people. The latter come last, for
	 * nothing older than its making can concern an account.
	 */
	private async turnAll(changes: readonly HistoryRow[]): Promise<void> {
		let ordinary: HistoryRow[] = [];
		const accounts: HistoryRow[] = [];
		for (const change of changes) {
			if (change.kind.startsWith('configuration')) {
				await this.turnInBatches(ordinary);
				ordinary = [];
				await this.turnInBatches([change]);
			} else if (change.kind === 'recordCreated' && change.objectType === 'accounts') {
				accounts.push(change);
			} else {
				ordinary.push(change);
			}
		}
		await this.turnInBatches(ordinary);
		await this.turnInBatches(accounts);
	}

	private async turnInBatches(changes: readonly HistoryRow[]): Promise<void> {
		if (this.stopped) return;
		await inBatches(
			changes.map((change) => [change]),
			this.work.signal,
			async (batch) => {
				const rows = batch.flat();
				const { reads, ended } = await readsOfChanges(this.registry, rows);
				await this.findOut(ended);
				const turned = await this.step(reads, (unit) => {
					const all = rows.map((change) => this.turn(unit, change));
					// What an undo had undone is not wholly undone any more.
					if (this.run.operation === UNDO && all.includes('undone')) unit.takeBackUndo(this.run.id);
					return all;
				});
				rows.forEach((change, at) => this.note(change, turned[at] as Turned | 'earlier'));
			},
			() => {
				this.stopped = true;
			},
			({ 0: change }) => (change ? 1 + weightOf(change) : 1),
			AIM_MS,
		);
	}

	/** Which of some records that are deleted or merged are so because of this run, or because it was undone and that was undone. */
	private async findOut(ended: readonly RecordRow[]): Promise<void> {
		const { store, workspace } = this.registry;
		for (const { id: objectId } of ended) {
			if (this.known.has(objectId)) continue;
			this.known.add(objectId);
			let [ending] = (await store.scanChanges(workspace, { objectId, kinds: ENDINGS }, 'older', undefined, 1)).rows;
			while (ending && ending.run?.id !== this.run.id && ending.undoes !== null) {
				[ending] = (await store.scanChanges(workspace, {}, 'newer', String(ending.undoes - 1), 1)).rows;
			}
			if (ending?.run?.id === this.run.id) this.endedHere.add(objectId);
		}
	}

	private async step<T>(reads: Parameters<Rehearsal['step']>[0], decide: (unit: Unit) => T): Promise<T> {
		return this.rehearsal ? await this.rehearsal.step(reads, decide) : await this.registry.transact(reads, this.work, decide);
	}

	private turn(unit: Unit, change: HistoryRow): Turned | 'earlier' {
		if (unit.isUndone(change.seq)) return 'earlier';
		return unit.turningRound(change.seq, () => turnRound({ registry: this.registry, unit, endedHere: this.endedHere, firstOf: this.firstOf }, change));
	}

	private note(change: HistoryRow, turned: Turned | 'earlier'): void {
		this.seen++;
		if (turned === 'earlier') this.earlier++;
		else if (turned === 'unchanged') this.unchanged++;
		else if (turned === 'undone') {
			this.undone++;
			this.kinds[change.kind] = (this.kinds[change.kind] ?? 0) + 1;
			if (this.choices.everyChange) this.tell(this.rehearsal ? { status: 'planned', plan: PLANS[change.kind] ?? 'update', ...shownChange(change) } : { status: 'updated', ...shownChange(change) });
		} else {
			this.conflicts++;
			if (this.toldTroubles < MOST_TROUBLES || this.choices.everyChange) {
				this.toldTroubles++;
				this.tell({ ...turned, runId: this.run.id });
			}
		}
	}

	private tell(outcome: Outcome): void {
		if (this.told.length < MOST_DETAILS) this.told.push(outcome);
	}

	/** Says what the pass came to, and marks the run as undone where all of it is. */
	async conclude(): Promise<Outcome[]> {
		const { run, seen, undone, conflicts, earlier, unchanged } = this;
		const isCut = this.rehearsal !== undefined && this.seen < run.changes && this.seen >= MOST_REHEARSED;
		const lost = this.stopped || isCut ? 0 : Math.max(0, run.changes - seen);
		if (seen === 0 && !this.stopped) {
			return [trouble('notFound', 'historyGone', `The history of this run is not kept any more: it is removed after ${this.registry.settings.retentionDays} days, and when its people are erased. It cannot be undone.`, [run.id], { ...shownRun(run), changes: run.changes })];
		}
		if (lost > 0) {
			this.tell(trouble('conflict', 'historyGone', `${lost.toLocaleString('en')} of the ${run.changes.toLocaleString('en')} changes of this run are not in the history any more (it is kept ${this.registry.settings.retentionDays} days, and not of people who were erased), so they were not undone.`, [run.id], { runId: run.id }));
		}
		if (!this.stopped && !this.rehearsal && conflicts === 0 && lost === 0) await this.close();
		const counts = {
			...shownRun(run),
			changes: run.changes,
			undone,
			...(earlier > 0 ? { undoneBefore: earlier } : {}),
			...(unchanged > 0 ? { alreadySo: unchanged } : {}),
			conflicts,
			...(lost > 0 ? { notInHistory: lost } : {}),
			...(isCut ? { notLookedAt: run.changes - seen } : {}),
			undoneKinds: this.kinds,
			...(undone > 0 && !this.rehearsal ? { undoneBy: this.work.caller.runId } : {}),
		};
		if (this.stopped) return [{ ...cancelled([run.id]), ...counts }, ...this.told];
		return [this.summary(counts), ...this.told];
	}

	private summary(counts: Record<string, unknown>): Outcome {
		const { undone, conflicts, earlier, unchanged } = this;
		if (this.rehearsal) return { status: 'planned', plan: 'update', ...counts };
		if (undone > 0) return { status: 'updated', ...counts };
		if (conflicts === 0) return { status: 'unchanged', ...counts };
		const rest = earlier + unchanged > 0 ? ' The others are undone.' : '';
		return { ...trouble('conflict', 'notUndone', `${conflicts.toLocaleString('en')} ${conflicts === 1 ? 'change' : 'changes'} of this run could not be undone, because something changed since.${rest} Undo the later runs first, or put it right by hand.`, [this.run.id]), ...counts };
	}

	/** Marks the run as undone, unless it went on writing meanwhile. */
	private async close(): Promise<void> {
		const { run, work } = this;
		const isWhole = await this.registry.transact({ runs: [run.id] }, work, (unit) => {
			if (unit.run(run.id)?.changes !== run.changes) return false;
			unit.markUndone(run.id, work.caller.runId);
			return true;
		});
		if (!isWhole) this.tell(trouble('conflict', 'stillRunning', 'The run wrote more while it was undone. Wait until it has ended, then undo it again.', [run.id], { runId: run.id }));
	}
}

export const UNDO = 'registry:undo';

const ENDINGS: ReadonlySet<ChangeKind> = new Set(['recordDeleted', 'recordsMerged']);

const PLANS: Partial<Record<ChangeKind, Planned['plan']>> = {
	mappingCreated: 'delete',
	mappingDeleted: 'link',
	mappingReplaced: 'link',
	recordCreated: 'delete',
	emailAdded: 'delete',
	domainAdded: 'delete',
	configurationCreated: 'delete',
	configurationDeleted: 'create',
};

function shownChange(change: HistoryRow): Record<string, unknown> {
	const externalId = externalIdOf(change);
	return {
		runId: change.run?.id ?? null,
		undid: `${wordsOf(change)}.`,
		changeId: change.seq,
		change: change.kind,
		objectType: change.objectType,
		objectId: change.objectId,
		...(change.externalType === null ? {} : { externalType: change.externalType }),
		...(externalId === undefined ? {} : { externalId }),
	};
}

/** How much longer than usual a change takes, by what its values hold. */
function weightOf({ kind, before, after }: HistoryRow): number {
	if (!kind.startsWith('record')) return 0;
	return (JSON.stringify(before)?.length ?? 0) / 1_000 + (JSON.stringify(after)?.length ?? 0) / 1_000;
}

