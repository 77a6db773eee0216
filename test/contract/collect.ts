import { isDone, isTrouble } from '../../nodes/shared/identity/outcome';
import type { Outcome, Trouble } from '../../nodes/shared/identity/outcome';
import type { Caller } from '../../nodes/shared/node/operation';
import type { Work } from '../../nodes/shared/ports';

let runs = 0;

/** Who asks, a new run each time. */
export function caller(more: Partial<Caller> = {}): Caller {
	runs++;
	return { runId: `run_test${String(runs).padStart(6, '0')}`, workflowId: 'workflow1', nodeId: 'node1', executionId: String(runs), origin: 'manual', ...more };
}

/**
 * Does some work and gives the outcomes of each entry, in order. Fails when an entry is settled twice, with nothing, or
 * never, when an entry is settled that does not exist, and when an outcome cannot be shown to a builder.
 */
export async function collect<Entry>(
	entries: readonly Entry[],
	act: (entries: readonly Entry[], work: Work) => Promise<void>,
	more: Partial<Omit<Work, 'settle'>> & { onSettle?: (settled: number) => void } = {},
): Promise<Outcome[][]> {
	const { onSettle, ...given } = more;
	const settled = new Map<number, Outcome[]>();
	await act(entries, {
		caller: caller(),
		operation: 'test',
		...given,
		settle(index, outcome) {
			if (!(index in entries)) throw new Error(`Entry ${index} was settled, and there are ${entries.length}`);
			if (settled.has(index)) throw new Error(`Entry ${index} was settled twice: ${JSON.stringify([settled.get(index), outcome]).slice(0, 500)}`);
			const outcomes = [outcome].flat() as Outcome[];
			if (outcomes.length === 0) throw new Error(`Entry ${index} was settled with no outcome`);
			for (const each of outcomes) mustBePresentable(each);
			settled.set(index, outcomes);
			onSettle?.(settled.size);
		},
	});
	const never = [...entries.keys()].filter((index) => !settled.has(index));
	if (never.length > 0) throw new Error(`${never.length} entries were never settled: ${never.slice(0, 10).join(', ')}`);
	return [...entries.keys()].map((index) => settled.get(index) as Outcome[]);
}

/** What every outcome of ours must be: it becomes the JSON of an output item as it stands. */
export function mustBePresentable(outcome: Outcome): void {
	const shown = JSON.stringify(outcome);
	const refuse = (why: string) => {
		throw new Error(`${why}: ${shown.slice(0, 800)}`);
	};
	if ('error' in outcome) refuse('An outcome has a key "error"');
	if (shown.length > 1_500_000) refuse(`An outcome is ${shown.length} characters long`);
	if (isDone(outcome) || outcome.status === 'planned') return;
	if (!isTrouble(outcome)) return refuse('An outcome has no known status');
	const { reason, problemKey, retry } = outcome;
	if (typeof reason !== 'string' || reason.length < 10) refuse('A trouble says no reason');
	if (reason.length > 1_000) refuse(`A reason is ${reason.length} characters long`);
	if (/undefined|\[object |\bNaN\b|TypeError|RangeError|SQLITE|\n\s+at /.test(reason)) refuse('A reason speaks to programmers');
	if (!reason.isWellFormed() || /\p{Cc}/u.test(reason)) refuse('A reason holds characters that cannot be shown');
	if (!/^[a-z][A-Za-z]+:[0-9a-f]{12}$/.test(problemKey)) refuse('A problemKey has no known form');
	if (typeof retry !== 'boolean') refuse('A trouble does not say whether to retry');
}

/** The one outcome of each entry. */
export function single(outcomes: readonly Outcome[][]): Outcome[] {
	return outcomes.map((of) => {
		if (of.length !== 1) throw new Error(`One outcome was expected: ${JSON.stringify(of).slice(0, 500)}`);
		return of[0] as Outcome;
	});
}

/** How often each status came. */
export function tally(outcomes: ReadonlyArray<Outcome | readonly Outcome[]>): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const { status } of outcomes.flat() as Outcome[]) counts[status] = (counts[status] ?? 0) + 1;
	return counts;
}

export function statuses(outcomes: readonly Outcome[]): string[] {
	return outcomes.map(({ status }) => status);
}

/** The kind of a trouble: the stable part of its `problemKey`. */
export function kindOf(outcome: Outcome): string {
	return isTrouble(outcome) ? ((outcome as Trouble).problemKey.split(':')[0] ?? '') : outcome.status;
}
