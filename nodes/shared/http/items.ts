import { trouble } from '../identity/outcome';
import type { Outcome } from '../identity/outcome';
import type { Work } from '../ports';
import { eachAtOnce } from './atOnce';
import { ServiceError } from './errors';

/** Keeps account of the entries of some work: each is settled once, and what a stop leaves is settled at the end. */
export class Settling {
	private readonly settled = new Set<number>();

	constructor(
		private readonly work: Work,
		private readonly size: number,
	) {}

	settle(index: number, outcome: Outcome | readonly Outcome[]): void {
		this.settled.add(index);
		this.work.settle(index, outcome);
	}

	isSettled(index: number): boolean {
		return this.settled.has(index);
	}

	/** After a cancel: the rest was not attempted. */
	end(): void {
		if (this.work.signal?.aborted !== true) return;
		for (let index = 0; index < this.size; index++) {
			if (!this.settled.has(index)) this.settle(index, trouble('notAttempted', 'cancelled', 'The run was stopped before this item. Run it again: what is done stays done.', [this.work.operation, index]));
		}
	}

	/**
	 * Does something with each of some entries, several at a time. Where the service does not answer for one of them, the others go
	 * on; where it is away altogether, the run ends.
	 */
	async each<Entry extends { index: number }>(entries: Iterable<Entry>, most: number, what: (entry: Entry) => Promise<Outcome | readonly Outcome[]>): Promise<void> {
		await eachAtOnce(entries, most, this.work.signal, async (entry) => this.settle(entry.index, await unlessOfOneCall(() => what(entry), [this.work.operation, entry.index])));
	}
}

/** What a call came to; where the service did not answer this one call, the outcome that says so. */
export async function unlessOfOneCall<T>(what: () => Promise<T>, about: readonly unknown[]): Promise<T | Outcome> {
	try {
		return await what();
	} catch (error) {
		if (error instanceof ServiceError && error.isOfOneCall) return trouble('notAttempted', 'noAnswer', `${error.message}. ${error.description}`, about);
		throw error instanceof Error ? error : new Error(String(error));
	}
}
