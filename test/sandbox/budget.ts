import type { Clock } from './clock';

export interface BudgetSettings {
	/** Cost that may be spent a window; `Infinity` switches the limit off. */
	limit: number;
	windowMs: number;
	/** `clock`: windows begin at whole multiples of their length (a minute at second 0). `sliding`: the last `windowMs` count. */
	window: 'clock' | 'sliding';
}

export interface Admission {
	accepted: boolean;
	/** What is left after this call. */
	remaining: number;
	/** When there is room again at the earliest, ms of sandbox time from now. */
	resetInMs: number;
}

/** A rate limit that every caller of a service shares. A refused call costs nothing. */
export class Budget {
	private spent: Array<{ at: number; cost: number }> = [];
	/** Sum of what is in `spent`. */
	private own = 0;
	private others = { limit: 0, since: 0 };
	private emptyUntil = 0;

	constructor(
		readonly settings: BudgetSettings,
		private readonly clock: Clock,
	) {}

	get limit(): number {
		return this.settings.limit;
	}

	take(cost: number): Admission {
		const now = this.clock.now();
		const left = this.leftAt(now);
		const accepted = cost <= left;
		if (accepted) this.note(now, cost);
		return { accepted, remaining: accepted ? left - cost : left, resetInMs: this.resetInMs(now, accepted ? 0 : cost - left) };
	}

	/** Cost that is left now. */
	remaining(): number {
		return this.leftAt(this.clock.now());
	}

	/** Spends in another's name, once. */
	spend(cost: number): void {
		this.note(this.clock.now(), cost);
	}

	/** From now on another integration takes this much of each window, evenly; 0 ends it. */
	othersTake(limit: number): void {
		this.others = { limit, since: this.clock.now() };
	}

	/** Everything is refused for a time (ms of sandbox time), whatever window begins meanwhile. */
	exhaust(ms: number): void {
		this.emptyUntil = this.clock.now() + ms;
	}

	/** As if nothing had been spent yet. */
	refill(): void {
		this.spent = [];
		this.own = 0;
		this.emptyUntil = 0;
	}

	private note(at: number, cost: number): void {
		if (this.settings.limit === Infinity) return;
		this.spent.push({ at, cost });
		this.own += cost;
	}

	private leftAt(now: number): number {
		if (now < this.emptyUntil) return 0;
		const from = this.windowStart(now);
		// The oldest stand first. A call at the very start of a clock window is in it; a sliding window leaves out its far end.
		const isOver = (at: number) => (this.settings.window === 'clock' ? at < from : at <= from);
		let gone = 0;
		while (gone < this.spent.length && isOver((this.spent[gone] as { at: number }).at)) gone++;
		for (const { cost } of this.spent.splice(0, gone)) this.own -= cost;
		return Math.max(0, this.settings.limit - this.own - this.takenByOthers(now, from));
	}

	private windowStart(now: number): number {
		const { window, windowMs } = this.settings;
		return window === 'clock' ? Math.floor(now / windowMs) * windowMs : now - windowMs;
	}

	private takenByOthers(now: number, from: number): number {
		const during = now - Math.max(from, this.others.since);
		return Math.floor((this.others.limit * during) / this.settings.windowMs);
	}

	private resetInMs(now: number, missing: number): number {
		const afterOutage = Math.max(0, this.emptyUntil - now);
		const { window, windowMs } = this.settings;
		if (window === 'clock') return Math.max(afterOutage, this.windowStart(now) + windowMs - now);
		let freed = 0;
		for (const { at, cost } of this.spent) {
			if (freed >= missing) break;
			freed += cost;
			if (freed >= missing) return Math.max(afterOutage, at + windowMs - now);
		}
		return afterOutage;
	}
}
