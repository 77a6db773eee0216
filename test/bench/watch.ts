import { PerformanceObserver } from 'node:perf_hooks';

/** The longest times that nothing else in the process got its turn, ms. */
export interface Slices {
	/** As it happened. */
	longest: number;
	/** Without the garbage collections within: what our code and SQLite took. */
	longestWithoutGc: number;
	/** The longest single garbage collection. */
	longestGc: number;
	/** How many slices were longer than 50 ms, with their garbage collections and without. */
	above50: number;
	above50WithoutGc: number;
}

interface Span {
	from: number;
	to: number;
}

/**
 * Watches the event loop until `stop` is called: an immediate that sets itself again runs once in every turn of the loop, so the
 * time between two of its calls is the slice between them. The loop never idles meanwhile, so no idling counts.
 */
export function watchSlices(): { stop(): void; slices(): Promise<Slices> } {
	const spans: Span[] = [];
	const pauses: Span[] = [];
	const observer = new PerformanceObserver((list) => {
		for (const { startTime, duration } of list.getEntries()) pauses.push({ from: startTime, to: startTime + duration });
	});
	observer.observe({ entryTypes: ['gc'] });
	let last = performance.now();
	let running = true;
	const look = () => {
		const now = performance.now();
		// Short ones are of no interest, and there are millions.
		if (now - last > 1) spans.push({ from: last, to: now });
		last = now;
		if (running) setImmediate(look);
	};
	setImmediate(look);
	return {
		stop() {
			look();
			running = false;
		},
		async slices() {
			// Entries of collections come with a delay.
			await new Promise((resolve) => setTimeout(resolve, 50));
			observer.disconnect();
			return summary(spans, pauses);
		},
	};
}

function summary(spans: readonly Span[], pauses: readonly Span[]): Slices {
	const whole = spans.map(length);
	const own = spans.map((span) => length(span) - pauses.reduce((sum, pause) => sum + overlap(span, pause), 0));
	const above = (values: number[]) => values.filter((ms) => ms > 50).length;
	return {
		longest: Math.max(0, ...whole),
		longestWithoutGc: Math.max(0, ...own),
		longestGc: Math.max(0, ...pauses.map(length)),
		above50: above(whole),
		above50WithoutGc: above(own),
	};
}

function length({ from, to }: Span): number {
	return to - from;
}

function overlap(a: Span, b: Span): number {
	return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}

/** The worst of several runs, figure by figure. */
export function worst(runs: readonly Slices[]): Slices {
	const most = (figure: keyof Slices) => Math.max(...runs.map((run) => run[figure]));
	return {
		longest: most('longest'),
		longestWithoutGc: most('longestWithoutGc'),
		longestGc: most('longestGc'),
		above50: most('above50'),
		above50WithoutGc: most('above50WithoutGc'),
	};
}
