import { trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import { Pacer } from '../../shared/pace';
import type { StopSign, Work } from '../../shared/ports';

/**
 * Processor time that a batch should take (ms); the most that n8n may stand still is 50 (promise 10). What a batch waits for the
 * disk does not count: that is the same for a small batch, and making batches smaller for it would only wait more often.
 */
const AIM_MS = 20;
const FIRST_SIZE = 250;
const SMALLEST_SIZE = 100;
const LARGEST_SIZE = 1_000;

/**
 * Does work in batches whose size follows the time they take, giving way between them, until all is done or the run is cancelled.
 *
 * @param groups entries that must be done together stay in one batch; a group may be larger than a batch
 * @param step does one batch, in one transaction
 * @param rest what to do with the groups that a cancelled run leaves
 * @param weightOf how much of a batch a group takes; its number of entries where nothing is said
 * @param aimMs processor time that a batch should take
 */
export async function inBatches<Group extends readonly unknown[]>(
	groups: readonly Group[],
	signal: StopSign | undefined,
	step: (batch: readonly Group[]) => Promise<void>,
	rest: (left: readonly Group[]) => void,
	weightOf: (group: Group) => number = (group) => group.length,
	aimMs = AIM_MS,
): Promise<void> {
	// A batch is a slice of its own, whatever came before it.
	const pacer = new Pacer({ every: 1, sliceMs: AIM_MS / 2 });
	let size = FIRST_SIZE;
	for (let at = 0; at < groups.length; ) {
		if (signal?.aborted) {
			rest(groups.slice(at));
			return;
		}
		if (pacer.due()) await pacer.rest();
		const end = endOfBatch(groups, at, size, weightOf);
		const before = process.cpuUsage();
		await step(groups.slice(at, end));
		const { user, system } = process.cpuUsage(before);
		size = nextSize(size, (user + system) / 1_000, aimMs);
		at = end;
	}
}

/** The outcome of what a cancelled run did not come to. */
export function cancelled(about: readonly unknown[]): Trouble {
	return trouble('notAttempted', 'cancelled', 'The run was stopped before this item. Run it again: what is done stays done.', about);
}

/** Settles all the entries of some groups as not attempted. */
export function settleCancelled(groups: ReadonlyArray<ReadonlyArray<{ index: number }>>, work: Work): void {
	for (const { index } of groups.flat()) work.settle(index, cancelled([work.operation, index]));
}

function endOfBatch<Group>(groups: readonly Group[], from: number, size: number, weightOf: (group: Group) => number): number {
	let weight = 0;
	let end = from;
	for (; end < groups.length; end++) {
		weight += weightOf(groups[end] as Group);
		if (weight > size && end > from) break;
	}
	return end;
}

/** Halves at once when a batch took too long, grows gently when it was quick. */
function nextSize(size: number, took: number, aimMs: number): number {
	const next = took > aimMs ? size / 2 : took < aimMs / 2 ? size * 1.5 : size;
	return Math.round(Math.min(LARGEST_SIZE, Math.max(SMALLEST_SIZE, next)));
}
