/** One call that reached the sandbox. */
export interface Call {
	/** Sandbox time, ms since 1970. */
	at: number;
	method: string;
	/** With its query, as it was sent. */
	path: string;
	/** Which key or integration made it; empty where it showed none that is known. */
	caller: string;
	/** What it took of the budget. */
	cost: number;
	/** 0 while there is no answer, and where there never was one. */
	status: number;
	/** The sandbox is done with it: it was answered, broken off, or left in silence. */
	ended: boolean;
	/** The fault that it met. */
	fault?: string;
}

export interface Totals {
	calls: number;
	cost: number;
	/** Calls that were answered 429. */
	refused: number;
	/** How many calls had each status; 0: no answer. */
	statuses: Record<number, number>;
}

/** What a sandbox was asked, so that tests can count calls and benchmarks can print shares of the budget. */
export class Accounting {
	/** Oldest first. */
	calls: Call[] = [];
	private readonly waiting = new Set<() => void>();

	open(call: Call): Call {
		this.calls.push(call);
		this.changed();
		return call;
	}

	close(call: Call, status: number): void {
		call.status = status;
		call.ended = true;
		this.changed();
	}

	reset(): void {
		this.calls = [];
	}

	/** Calls of a method to paths that hold a text or fit a pattern. */
	to(method: string, path: string | RegExp): Call[] {
		return this.calls.filter((call) => call.method === method && fits(call.path, path));
	}

	totals(calls: readonly Call[] = this.calls): Totals {
		const statuses: Record<number, number> = {};
		let cost = 0;
		for (const call of calls) {
			cost += call.cost;
			statuses[call.status] = (statuses[call.status] ?? 0) + 1;
		}
		return { calls: calls.length, cost, refused: statuses[429] ?? 0, statuses };
	}

	/** Cost spent in each minute of sandbox time from the first call to the last, minutes without calls included. */
	costByMinute(caller?: string): number[] {
		const calls = caller === undefined ? this.calls : this.calls.filter((call) => call.caller === caller);
		if (calls.length === 0) return [];
		const minute = ({ at }: Call) => Math.floor(at / 60_000);
		const first = minute(calls[0] as Call);
		const last = calls.reduce((most, call) => Math.max(most, minute(call)), first);
		const spent = new Array<number>(last - first + 1).fill(0);
		for (const call of calls) spent[minute(call) - first] = (spent[minute(call) - first] as number) + call.cost;
		return spent;
	}

	/** Waits until the calls are as wanted: for tests that stop or kill something in the middle. */
	async until(wanted: (calls: readonly Call[]) => boolean): Promise<void> {
		while (!wanted(this.calls)) await new Promise<void>((resolve) => this.waiting.add(resolve));
	}

	private changed(): void {
		if (this.waiting.size === 0) return;
		const all = [...this.waiting];
		this.waiting.clear();
		for (const wake of all) wake();
	}
}

/** Whether a path holds a text or fits a pattern. */
export function fits(path: string, wanted: string | RegExp): boolean {
	return typeof wanted === 'string' ? path.includes(wanted) : wanted.test(path);
}
