import { PerformanceObserver } from 'node:perf_hooks';

/** The longest times that nothing else in the process got its turn, ms. */
export interface Slices {
	/** As it happened. */
	longest: number;
	/** Without the garbage collections within: what our code and SQLite took. */
	longestWithoutGc: number;
	/** Of that one: what the thread ran on a processor; the rest it waited, for the disk or behind other processes. */
	onProcessor: number;
	/** The most that any slice ran on a processor. */
	busiest: number;
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

interface Slice extends Span {
	/** ms on a processor */
	processor: number;
}

/**
 * Watches the event loop until `stop` is called: an immediate that sets itself again runs once in every turn of the loop, so the
 * time between two of its calls is the slice between them. The loop never idles meanwhile, so no idling counts.
 */
export function watchSlices(): { stop(): void; slices(): Promise<Slices> } {
	const spans: Slice[] = [];
	const pauses: Span[] = [];
	const observer = new PerformanceObserver((list) => {
		for (const { startTime, duration } of list.getEntries()) pauses.push({ from: startTime, to: startTime + duration });
	});
	observer.observe({ entryTypes: ['gc'] });
	let last = performance.now();
	let lastProcessor = processorTime();
	let running = true;
	const look = () => {
		const now = performance.now();
		const processor = processorTime();
		// Short ones are of no interest, and there are millions.
		if (now - last > 1) spans.push({ from: last, to: now, processor: processor - lastProcessor });
		lastProcessor = processor;
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

/** ms that this thread has run on a processor */
function processorTime(): number {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1000;
}

function summary(spans: readonly Slice[], pauses: readonly Span[]): Slices {
	const whole = spans.map(length);
	const own = spans.map((span) => length(span) - pauses.reduce((sum, pause) => sum + overlap(span, pause), 0));
	const longestOwn = own.indexOf(Math.max(0, ...own));
	const above = (values: number[]) => values.filter((ms) => ms > 50).length;
	return {
		longest: Math.max(0, ...whole),
		longestWithoutGc: own[longestOwn] ?? 0,
		onProcessor: spans[longestOwn]?.processor ?? 0,
		busiest: Math.max(0, ...spans.map(({ processor }) => processor)),
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

/** The run with the longest slice of several, with the longest of everything. */
export function worst(runs: readonly Slices[]): Slices {
	const [longest] = [...runs].sort((a, b) => b.longestWithoutGc - a.longestWithoutGc);
	if (!longest) throw new Error('Nothing was watched');
	const most = (figure: keyof Slices) => Math.max(...runs.map((run) => run[figure]));
	return {
		...longest,
		longest: most('longest'),
		busiest: most('busiest'),
		longestGc: most('longestGc'),
		above50: most('above50'),
		above50WithoutGc: most('above50WithoutGc'),
	};
}
