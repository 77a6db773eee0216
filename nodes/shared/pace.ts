import { sleep } from 'n8n-workflow';

/** A slice of work, ms: well below the 50 of promise 10, so that one slow step or a garbage collection still fits. */
const SLICE_MS = 20;

/**
 * When our code last let go of the thread. One for the whole process, for so is the thread: work that follows other work without
 * a rest is one slice with it, whoever did either.
 */
let sliceBegan = 0;

/**
 * Keeps a long loop from standing in the way of everything else that n8n does (promise 10), and notices a cancel.
 *
 * ```ts
 * const pace = new Pacer({ signal });
 * for (const row of rows) {
 *   use(row);
 *   if (pace.due()) await pace.rest();
 *   if (pace.cancelled) break;
 * }
 * ```
 */
export class Pacer {
	private readonly signal: AbortSignal | undefined;
	private readonly every: number;
	private readonly sliceMs: number;
	private countdown: number;

	/**
	 * @param signal the execution's cancel signal
	 * @param sliceMs how long a slice may last; less where what comes next is long itself
	 * @param every iterations between two looks at the clock (default 16); give less for steps of 1 ms and more
	 */
	constructor({ signal, every = 16, sliceMs = SLICE_MS }: { signal?: AbortSignal; every?: number; sliceMs?: number } = {}) {
		this.signal = signal;
		this.every = every;
		this.sliceMs = sliceMs;
		this.countdown = every;
	}

	/** Whether the slice is used up; cheap enough to ask in every iteration. */
	due(): boolean {
		if (--this.countdown > 0) return false;
		this.countdown = this.every;
		return performance.now() - sliceBegan >= this.sliceMs;
	}

	/** Lets everything else have its turn, then begins a new slice. */
	async rest(): Promise<void> {
		await sleep(0);
		sliceBegan = performance.now();
		this.countdown = this.every;
	}

	/** Whether the execution was cancelled or ran into its time-out. */
	get cancelled(): boolean {
		return this.signal?.aborted === true;
	}
}
