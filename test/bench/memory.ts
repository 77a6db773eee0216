import type { INodeExecutionData } from 'n8n-workflow';

import type { Around } from './engine';

/** Bytes on the heap that a run takes above what n8n holds anyway, that is its input and output items. */
export interface Memory {
	/** Once it is over, its outputs held. */
	after: number;
	/** At the worst moment, of what could not be collected. */
	peak: number;
	/** Items that came out. */
	items: number;
}

/** From one look at the heap to the next while the node runs (ms): a look collects all garbage first, which takes as long. */
const BETWEEN_LOOKS_MS = 250;

/**
 * Measures a run of the node: what lives on the heap when it begins (the input items do), at looks in between, and when it has
 * ended; from this goes the size of plain copies of its output items.
 *
 * @param run runs the node once, with the given watcher around its `execute()`
 */
export async function measureMemory(run: (around: Around) => Promise<{ outputs: INodeExecutionData[][] }>): Promise<Memory> {
	let atStart = 0;
	let most = 0;
	let atEnd = 0;
	const { outputs } = await run(() => {
		atStart = live();
		let timer = setTimeout(function look() {
			most = Math.max(most, live());
			timer = setTimeout(look, BETWEEN_LOOKS_MS);
		}, BETWEEN_LOOKS_MS);
		return () => {
			clearTimeout(timer);
			atEnd = live();
		};
	});
	const copies = sizeOfCopies(outputs);
	return { after: atEnd - atStart - copies, peak: Math.max(most, atEnd) - atStart - copies, items: outputs.flat().length };
}

/** What the same items take when they share nothing with us: parsed anew, so that only short and repeated texts are shared. */
function sizeOfCopies(outputs: readonly INodeExecutionData[][]): number {
	const before = live();
	const copies = outputs.map((items) => items.map((item) => JSON.parse(JSON.stringify(item)) as INodeExecutionData));
	const size = live() - before;
	return copies.length > 0 ? size : 0;
}

function live(): number {
	if (globalThis.gc === undefined) throw new Error('Run with --expose-gc');
	globalThis.gc();
	return process.memoryUsage().heapUsed;
}
