interface Sleeper {
	/** Sandbox time, ms. */
	due: number;
	wake(): void;
	timer?: NodeJS.Timeout;
}

/** Longest delay that a timer of Node takes; longer ones would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The time of a sandbox. It runs `scale` times as fast as real time (60: a minute a second), stands still at scale 0, and
 * jumps by `advance`. Give the same clock to the client under test, and minutes of waiting pass in seconds.
 */
export class Clock {
	private readonly began = performance.now();
	private readonly sleepers = new Set<Sleeper>();
	private jumped = 0;

	/** @param start what time it is now, ms since 1970 */
	constructor(
		readonly scale = 1,
		private readonly start = Date.now(),
	) {}

	/** Sandbox time, ms since 1970; may have a fraction. */
	now(): number {
		return this.start + this.jumped + (performance.now() - this.began) * this.scale;
	}

	/** Waits for a time given in ms of sandbox time; ends early, without an error, when `signal` aborts. */
	async sleep(ms: number, signal?: AbortSignal): Promise<void> {
		if (ms <= 0 || signal?.aborted) return;
		await new Promise<void>((resolve) => {
			const sleeper: Sleeper = {
				due: this.now() + ms,
				wake: () => {
					clearTimeout(sleeper.timer);
					this.sleepers.delete(sleeper);
					signal?.removeEventListener('abort', sleeper.wake);
					resolve();
				},
			};
			signal?.addEventListener('abort', sleeper.wake, { once: true });
			this.sleepers.add(sleeper);
			this.arm(sleeper);
		});
	}

	/** Moves the time on at once; whoever slept until then wakes. */
	advance(ms: number): void {
		this.jumped += ms;
		for (const sleeper of [...this.sleepers]) this.arm(sleeper);
	}

	/** How many wait at the moment. */
	get sleeping(): number {
		return this.sleepers.size;
	}

	/** Wakes everyone, so that nothing keeps the process. */
	stop(): void {
		for (const sleeper of [...this.sleepers]) sleeper.wake();
	}

	private arm(sleeper: Sleeper): void {
		clearTimeout(sleeper.timer);
		const left = sleeper.due - this.now();
		if (left <= 0) return sleeper.wake();
		if (this.scale === 0) return;
		sleeper.timer = setTimeout(() => this.arm(sleeper), Math.min(Math.ceil(left / this.scale), LONGEST_TIMER_MS));
	}
}
