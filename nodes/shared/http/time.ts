import { sleep } from 'n8n-workflow';

import type { StopSign } from '../ports';

/** Where the client takes its time from, so that tests can let a minute pass in a moment. */
export interface Time {
	/** ms since 1970. */
	now(): number;
	sleep(ms: number): Promise<void>;
}

export const REAL_TIME: Time = { now: () => Date.now(), sleep: async (ms) => await sleep(ms) };

/** A wait is looked at this often (ms), so that a cancel is honoured within a second. */
const SLICE_MS = 250;

/** Waits, and ends early when it should stop. */
export async function rest(time: Time, ms: number, stop: StopSign | undefined): Promise<void> {
	const until = time.now() + ms;
	for (let left = ms; left > 0 && stop?.aborted !== true; left = until - time.now()) await time.sleep(Math.min(left, SLICE_MS));
}
