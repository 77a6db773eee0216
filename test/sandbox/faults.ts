import { fits } from './accounting';
import { Random } from './random';
import type { Answer } from './answer';

/** What can go wrong; "effect" is the write that the call asks for. */
export const FAULTS = {
	/** Refused by the rate limit, in the service's own words, although there may be room. No effect, no cost. */
	tooManyRequests: { effect: false },
	/** 500 with the service's JSON. No effect. */
	serverError: { effect: false },
	/** 502 with a page of HTML, as a load balancer gives it. No effect. */
	badGateway: { effect: false },
	/** 502 with a page of HTML, although the service did it. */
	badGatewayAfter: { effect: true },
	/** 200, and the body holds an error. No effect. */
	errorIn200: { effect: false },
	/** The answer that is given with the fault. No effect. */
	answer: { effect: false },
	/** Never an answer, and no effect: the caller must give up by itself. */
	timeoutBefore: { effect: false },
	/** Never an answer, although it took effect. */
	timeoutAfter: { effect: true },
	/** The connection breaks before the service saw anything: no effect, no cost. */
	resetBefore: { effect: false },
	/** The connection breaks after it took effect, without an answer. */
	resetAfter: { effect: true },
	/** It took effect; the answer breaks off in the middle of its body. */
	truncated: { effect: true },
	/** It took effect; the answer comes `ms` later. */
	slow: { effect: true },
	/** Every call gets the answer of the first one, so that paging never comes to an end. */
	pageLoop: { effect: false },
} as const;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

export interface FaultOrder {
	kind: FaultKind;
	method?: string;
	/** A text that the path (with its query, as sent) holds, or a pattern for it. */
	path?: string | RegExp;
	/** How many fitting calls to leave alone first; 0. */
	after?: number;
	/** How many calls meet it; 1, without end for `pageLoop` or when a probability is given. */
	times?: number;
	/** Which share of the fitting calls meets it: 0 to 1, the same calls in each run. */
	probability?: number;
	/** How long `slow` takes, ms of sandbox time. */
	ms?: number;
	/** What `answer` answers. */
	answer?: Answer;
}

/** A fault that was ordered. */
export class Fault {
	/** Calls that met it so far. */
	hits = 0;
	/** What a page loop repeats. */
	repeated?: Answer;
	private passed = 0;
	private readonly times: number;

	constructor(
		readonly order: FaultOrder,
		private readonly random: Random,
	) {
		this.times = order.times ?? (order.kind === 'pageLoop' || order.probability !== undefined ? Infinity : 1);
	}

	meets(method: string, path: string): boolean {
		const { order } = this;
		if (this.hits >= this.times) return false;
		if (order.method !== undefined && order.method !== method) return false;
		if (order.path !== undefined && !fits(path, order.path)) return false;
		if (this.passed < (order.after ?? 0)) {
			this.passed++;
			return false;
		}
		if (order.probability !== undefined && this.random.next() >= order.probability) return false;
		this.hits++;
		return true;
	}
}

/** The faults of a sandbox; a call meets at most one, the one ordered first. */
export class Faults {
	private list: Fault[] = [];
	private readonly random: Random;

	constructor(seed: number) {
		this.random = new Random(seed);
	}

	add(order: FaultOrder): Fault {
		const fault = new Fault(order, this.random);
		this.list.push(fault);
		return fault;
	}

	clear(): void {
		this.list = [];
	}

	of(method: string, path: string): Fault | undefined {
		return this.list.find((fault) => fault.meets(method, path));
	}
}
