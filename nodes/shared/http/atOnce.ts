import type { StopSign } from '../ports';
import { Stopped } from './errors';

/**
 * Does something with each, several at a time, until all is done or it should stop. A list as long as the input is not made:
 * as many are under way as are allowed, and no more.
 *
 * @throws what the first one threw, once those that were under way have ended
 */
export async function eachAtOnce<T>(all: Iterable<T>, most: number, stop: StopSign | undefined, what: (one: T, at: number) => Promise<void>): Promise<void> {
	const iterator = all[Symbol.iterator]();
	let next = 0;
	let failure: { by: unknown } | undefined;
	const work = async (): Promise<void> => {
		while (failure === undefined && stop?.aborted !== true) {
			const { value, done } = iterator.next();
			if (done === true) return;
			try {
				await what(value, next++);
			} catch (error) {
				if (error instanceof Stopped) return;
				failure ??= { by: error };
			}
		}
	};
	await Promise.all(Array.from({ length: Math.max(1, most) }, work));
	if (failure !== undefined) throw failure.by;
}
