import type { IExecuteFunctions } from 'n8n-workflow';
import { ulid } from 'ulid';

import { isDone, type Outcome } from '../identity/outcome';
import type { Ledger } from './ledger';

/**
 * What is kept between the tries of *Retry On Fail*: n8n runs the whole node again with all items, and what the first
 * try created would be reported as `unchanged` by the second.
 */
export interface Tries {
	/** The tries of one node execution are one run in the history. */
	readonly runId: string;
	/** This try, from 1. */
	attempt: number;
	readonly kept: Map<number, readonly Outcome[]>;
}

/** By n8n's execute data: the same object in every try of one node execution, another one in every other execution. */
const memory = new WeakMap<object, Tries>();

/** Counts a try and gives what the tries before it left. */
export function beginTry(context: IExecuteFunctions): Tries {
	const key: object | undefined = context.getExecuteData();
	const earlier = key && memory.get(key);
	if (earlier) {
		earlier.attempt++;
		return earlier;
	}
	const tries: Tries = { runId: `run_${ulid()}`, attempt: 1, kept: new Map() };
	if (key) memory.set(key, tries);
	return tries;
}

/** Whether n8n will run the node once more if it throws now (`getRetryParams` of n8n-core: 2 to 5 tries, 3 by default). */
export function willRetry(context: IExecuteFunctions, { attempt }: Tries): boolean {
	const { retryOnFail, maxTries } = context.getNode();
	return retryOnFail === true && attempt < Math.min(5, Math.max(2, maxTries || 3));
}

/** Before a throw: keeps what needs no second try. */
export function keepSettled(tries: Tries, ledger: Ledger): void {
	for (let index = 0; index < ledger.size; index++) {
		const outcomes = ledger.outcomesOf(index);
		if (ledger.isSettled(index) && outcomes.every(isFinal)) tries.kept.set(index, outcomes);
	}
}

/** After the last try. */
export function endTries(context: IExecuteFunctions): void {
	const key: object | undefined = context.getExecuteData();
	if (key) memory.delete(key);
}

function isFinal(outcome: Outcome): boolean {
	return isDone(outcome) || ['planned', 'notFound', 'skipped'].includes(outcome.status);
}
