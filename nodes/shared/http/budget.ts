import { type Answer, numberIn } from './answer';
import type { Time } from './time';

/** How a service limits its callers. Header names are in lower case. */
export interface BudgetRules {
	/** Cost that may be spent a minute, until the service says otherwise; `Infinity` where it has no such limit. */
	readonly perMinute: number;
	/** What the call cost, what is left, and the limit. */
	readonly costHeader?: string;
	readonly remainingHeader?: string;
	readonly limitHeader?: string;
}

const MINUTE_MS = 60_000;
/** Spending is remembered in slots of this length (ms), so that a minute takes a few entries. */
const SLOT_MS = 250;
/** What may go out at once before the pace is even: this part of a minute. */
const BURST = 1 / 6;
/** However much others take, this part of the limit is tried. */
const LEAST_SHARE = 0.05;
/** What the service said is left counts for so long (ms). */
const FRESH_MS = 5_000;
/** How soon a call that finds no room looks again (ms). */
const LOOK_AGAIN_MS = 250;
/** After a new minute began there, by clocks that may differ a little (ms). */
const TURN_MS = 1_000;

/**
 * What may be sent to a service, for all runs of this process that use one credential.
 *
 * Its own spending stays within the chosen share of the limit in every 60 seconds, wherever the service lets its minutes begin,
 * and goes out at an even pace after a first burst, so that other integrations find room at any time. What others take is read
 * from the service's own headers: where they need more than what the share leaves them, this gives way.
 */
export class Budget {
	private limit: number;
	private spent: Array<{ slot: number; cost: number }> = [];
	private own = 0;
	private inFlight = 0;
	private tokens: number;
	private refilledAt: number;
	private pausedUntil = 0;
	/** Server time less ours. */
	private offset = 0;
	private left: { cost: number; at: number; minute: number } | undefined;
	private isTight = false;
	/** After a refusal one call goes ahead, to see whether there is room again. */
	private isProbing = false;
	/** The most that others were seen to take, by minute. */
	private others: { minute: number; now: number; before: number };
	private readonly costs = new Map<string, number>();

	constructor(
		private readonly rules: BudgetRules,
		private readonly time: Time,
	) {
		this.limit = rules.perMinute;
		this.refilledAt = time.now();
		this.tokens = rules.perMinute * BURST;
		this.others = { minute: this.minute(time.now()), now: 0, before: 0 };
	}

	/** What a call will cost, as far as is known: what is planned, or what its route cost last time. */
	costOf(route: string, planned: number): number {
		return Math.max(planned, this.costs.get(route) ?? 0);
	}

	/**
	 * Takes room for a call.
	 *
	 * @param share part of the limit that may be spent, 0 to 1
	 * @returns 0 when the call may go and is counted; otherwise after how many ms to ask again
	 */
	take(cost: number, share: number): number {
		const now = this.time.now();
		if (now < this.pausedUntil) return this.pausedUntil - now;
		if (this.isProbing && this.inFlight > 0) return LOOK_AGAIN_MS;
		const allowance = this.allowance(now, share);
		if (allowance === Number.POSITIVE_INFINITY) {
			this.inFlight += cost;
			return 0;
		}
		const wait = this.waitFor(Math.min(cost, allowance), allowance, now) || this.waitForOthers(cost, share, now);
		if (wait > 0) return wait;
		this.tokens -= cost;
		this.note(cost, now);
		this.inFlight += cost;
		return 0;
	}

	/** Tells what a call came to; `undefined` where there was no answer. */
	answered(route: string, planned: number, answer: Answer | undefined): void {
		this.inFlight = Math.max(0, this.inFlight - planned);
		if (answer === undefined) return;
		const now = this.time.now();
		const date = typeof answer.headers.date === 'string' ? Date.parse(answer.headers.date) : Number.NaN;
		// The header has whole seconds: on average it lags by half of one.
		if (Number.isFinite(date)) this.offset = date + 500 - now;
		const cost = numberIn(answer, this.rules.costHeader);
		if (cost !== undefined) {
			this.costs.set(route, cost);
			if (answer.status !== 429 && cost !== planned) this.note(cost - planned, now);
		}
		if (answer.status === 429) this.note(-planned, now);
		else this.isProbing = false;
		const left = numberIn(answer, this.rules.remainingHeader);
		if (left !== undefined) this.learn(left, numberIn(answer, this.rules.limitHeader), cost ?? planned, now);
	}

	/**
	 * After a refusal: keeps everything back until there is room again.
	 *
	 * @returns whether it does; where the service says that there is room, this call alone should wait a little
	 */
	refused(answer: Answer, cost: number): boolean {
		const now = this.time.now();
		const after = numberIn(answer, 'retry-after');
		const left = numberIn(answer, this.rules.remainingHeader);
		if (after === undefined && left !== undefined && left >= cost + this.inFlight) return false;
		this.isProbing = true;
		const server = now + this.offset;
		// Without a word of when, the next clock minute is the best guess.
		const wait = after === undefined ? MINUTE_MS - (((server % MINUTE_MS) + MINUTE_MS) % MINUTE_MS) + TURN_MS : after * 1_000;
		this.pausedUntil = Math.max(this.pausedUntil, now + wait);
		return true;
	}

	private allowance(now: number, share: number): number {
		if (this.limit === Number.POSITIVE_INFINITY) return this.limit;
		const minute = this.minute(now);
		const { others } = this;
		const taken = minute === others.minute ? Math.max(others.now, others.before) : minute === others.minute + 1 ? others.now : 0;
		return Math.max(1, this.limit * LEAST_SHARE, Math.min(this.limit * share, this.limit - taken));
	}

	/** By our own spending: within the allowance in any minute, at an even pace. */
	private waitFor(cost: number, allowance: number, now: number): number {
		this.forget(now);
		const burst = Math.max(1, allowance * BURST);
		this.tokens = Math.min(burst, this.tokens + ((now - this.refilledAt) * allowance) / MINUTE_MS);
		this.refilledAt = now;
		if (this.own > 0 && this.own + cost > allowance + 1e-6) {
			const oldest = this.spent[0];
			return oldest === undefined ? LOOK_AGAIN_MS : Math.max(1, (oldest.slot + 1) * SLOT_MS + MINUTE_MS - now);
		}
		const missing = Math.min(cost, burst) - this.tokens;
		return missing > 1e-6 ? Math.max(1, (missing / allowance) * MINUTE_MS) : 0;
	}

	/** By what the service said is left for everybody. What it said a while ago is asked anew with one call. */
	private waitForOthers(cost: number, share: number, now: number): number {
		const { left } = this;
		if (left === undefined || left.minute !== this.minute(now)) {
			this.isTight = false;
			return 0;
		}
		if (now - left.at > FRESH_MS) return this.isTight && this.inFlight > 0 ? LOOK_AGAIN_MS : 0;
		this.isTight = left.cost - this.inFlight - cost < this.limit * (1 - share) - 1e-6;
		return this.isTight ? LOOK_AGAIN_MS : 0;
	}

	private learn(left: number, limit: number | undefined, cost: number, now: number): void {
		if (this.rules.perMinute !== Number.POSITIVE_INFINITY) this.limit = Math.max(limit ?? (left > this.limit ? left + cost : this.limit), 1);
		const minute = this.minute(now);
		this.left = { cost: left, at: now, minute };
		this.forget(now);
		const taken = this.limit - left - Math.max(0, this.own - this.inFlight);
		if (minute !== this.others.minute) this.others = { minute, now: 0, before: minute === this.others.minute + 1 ? this.others.now : 0 };
		this.others.now = Math.max(this.others.now, taken);
	}

	private note(cost: number, now: number): void {
		const slot = Math.floor(now / SLOT_MS);
		const last = this.spent.at(-1);
		if (last?.slot === slot) last.cost += cost;
		else this.spent.push({ slot, cost });
		this.own += cost;
	}

	private forget(now: number): void {
		let gone = 0;
		for (const { slot, cost } of this.spent) {
			if ((slot + 1) * SLOT_MS + MINUTE_MS > now) break;
			this.own -= cost;
			gone++;
		}
		if (gone > 0) this.spent.splice(0, gone);
	}

	private minute(now: number): number {
		return Math.floor((now + this.offset) / MINUTE_MS);
	}
}

const budgets = new Map<string, Budget>();

/** The budget that all runs of this process share under one name: one credential of one service. */
export function sharedBudget(name: string, rules: BudgetRules, time: Time): Budget {
	let budget = budgets.get(name);
	if (budget === undefined) budgets.set(name, (budget = new Budget(rules, time)));
	return budget;
}
