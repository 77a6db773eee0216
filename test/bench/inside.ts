import type { Around, NodeRun } from './engine';
import { type Memory, measureMemory } from './memory';
import { openRegistry } from './registryFiles';
import { type Slices, watchSlices, worst } from './watch';

/** What is seen from inside one kind of run: in runs of their own, since looking takes time. */
export interface Inside {
	slices: Slices;
	memory: Memory;
}

/** Slices are the worst of so many runs. */
const WATCHED_RUNS = 3;

/**
 * @param registry user folder of a registry
 * @param run runs the node once, with a watcher around its `execute()`
 */
export async function lookInside(registry: string, run: (around: Around) => Promise<NodeRun>): Promise<Inside> {
	const seen: Slices[] = [];
	for (let time = 0; time < WATCHED_RUNS; time++) {
		let watch: ReturnType<typeof watchSlices> | undefined;
		await run(() => {
			watch = watchSlices();
			return watch.stop;
		});
		if (watch) seen.push(await watch.slices());
	}
	await openRegistry(registry);
	return { slices: worst(seen), memory: await measureMemory(run) };
}
