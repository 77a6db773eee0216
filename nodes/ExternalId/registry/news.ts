import type { RegistryLocation } from './location';

/** Who waits for changes of a registry, by the registry's file. */
const waiting = new Map<string, Set<() => void>>();

/** Wakes those in this process that wait for changes of the registry. */
export function tellNews({ file }: RegistryLocation): void {
	for (const wake of [...(waiting.get(file) ?? [])]) wake();
}

/** Waits until this process has changed the registry, but not longer than `ms` and not once `signal` is aborted. Other processes' changes wake nobody. */
export async function waitForNews({ file }: RegistryLocation, ms: number, signal: AbortSignal): Promise<void> {
	const news = new AbortController();
	const wake = () => news.abort();
	const all = waiting.get(file) ?? new Set();
	waiting.set(file, all.add(wake));
	await pause(ms, signal, news.signal);
	all.delete(wake);
}

/** Waits, but not once one of the signals is aborted. */
export async function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
	if (signals.some(({ aborted }) => aborted)) return;
	await new Promise<void>((resolve) => {
		const timer = setTimeout(end, ms);
		for (const signal of signals) signal.addEventListener('abort', end);
		function end(): void {
			clearTimeout(timer);
			for (const signal of signals) signal.removeEventListener('abort', end);
			resolve();
		}
	});
}
