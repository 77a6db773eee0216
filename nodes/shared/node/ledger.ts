import { UnexpectedError } from 'n8n-workflow';

import { needsAttention, type Outcome, type Status, type Trouble } from '../identity/outcome';

type Settled = Outcome | readonly Outcome[];

const isMany = (settled: Settled): settled is readonly Outcome[] => Array.isArray(settled);

/** What became of every input of a run, exactly once each (promise 4). */
export class Ledger {
	private readonly entries: Array<Settled | undefined>;
	private settledInputs = 0;
	private attentionInputs = 0;
	private readonly counts = new Map<Status, number>();

	constructor(readonly size: number) {
		this.entries = new Array<Settled | undefined>(size).fill(undefined);
	}

	/** @throws UnexpectedError when the input is settled already, or is none of this run */
	settle(index: number, settled: Settled): void {
		if (!(index >= 0 && index < this.size)) throw defect(`there is no item ${index}`);
		if (this.entries[index] !== undefined) throw defect(`item ${index} was settled twice`);
		this.entries[index] = settled;
		this.settledInputs++;
		if (isMany(settled)) {
			for (const outcome of settled) this.count(outcome);
			if (settled.length > 0 && settled.every(needsAttention)) this.attentionInputs++;
		} else {
			this.count(settled);
			if (needsAttention(settled)) this.attentionInputs++;
		}
	}

	private count({ status }: Outcome): void {
		this.counts.set(status, (this.counts.get(status) ?? 0) + 1);
	}

	isSettled(index: number): boolean {
		return this.entries[index] !== undefined;
	}

	/** Outcomes of an input; none when it is not settled, or came to nothing (an empty list). */
	outcomesOf(index: number): readonly Outcome[] {
		const settled = this.entries[index];
		return settled === undefined ? [] : isMany(settled) ? settled : [settled];
	}

	/** Lets go of an input's outcomes, so that they are not held here and in the output. */
	release(index: number): void {
		this.entries[index] = [];
	}

	get unsettled(): number {
		return this.size - this.settledInputs;
	}

	/** Number of outcomes by status, in the order in which they came up. */
	get byStatus(): ReadonlyMap<Status, number> {
		return this.counts;
	}

	/** Number of outcomes. */
	get total(): number {
		return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
	}

	/** Number of outcomes that a person has to look at. */
	get attention(): number {
		return this.attentionByStatus().reduce((sum, [, count]) => sum + count, 0);
	}

	attentionByStatus(): Array<[Status, number]> {
		return [...this.counts].filter(([status]) => needsAttention({ status } as Outcome));
	}

	/** Whether there are inputs and not one of them came to anything but trouble. */
	get nothingSucceeded(): boolean {
		return this.size > 0 && this.attentionInputs === this.size;
	}

	/** The first troubles that a person has to look at, with their item. */
	troubles(limit: number): Array<{ index: number; trouble: Trouble }> {
		const found: Array<{ index: number; trouble: Trouble }> = [];
		for (let index = 0; index < this.size && found.length < limit; index++) {
			for (const outcome of this.outcomesOf(index)) {
				if (needsAttention(outcome) && found.length < limit) found.push({ index, trouble: outcome });
			}
		}
		return found;
	}
}

/** An error that only our own code can cause. */
export function defect(what: string): UnexpectedError {
	return new UnexpectedError(`This is a defect of the node, not of the workflow: ${what}. Please report it.`);
}
