/** Seconds since a time in ms, as text. */
export function elapsed(since: number): string;
export const npmCommand: string;
/** A line for whoever waits, with the seconds since this command began. */
export function progress(text: string): void;
/** Runs a command to its end and gives its output with `quiet`; throws when it fails. */
export function run(
	command: string,
	parameters: readonly string[],
	options?: { cwd?: string; env?: NodeJS.ProcessEnv; quiet?: boolean; signal?: AbortSignal },
): Promise<string>;
export function sleep(ms: number): Promise<void>;
/** Does `work` while no other process does it under the same lock, a folder that does not exist yet. */
export function withLock<T>(lock: string, work: () => Promise<T>): Promise<T>;
