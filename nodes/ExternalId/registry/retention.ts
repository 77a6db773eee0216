import type { Registry } from './registry';

const DAY_MS = 86_400_000;
/** How often a process looks for history that is too old. */
const EVERY_MS = 3_600_000;
/** Windows of history that one look removes, so that opening a registry stays quick. */
const WINDOWS_A_LOOK = 20;

const lastLooks = new Map<string, number>();

/** Removes history that is older than the workspace keeps it, a bounded part at a time, at most once an hour. */
export async function removeOldHistory(registry: Registry): Promise<void> {
	const place = `${registry.location.file}\n${registry.workspace}`;
	const now = Date.now();
	if (now - (lastLooks.get(place) ?? 0) < EVERY_MS) return;
	lastLooks.set(place, now);
	const before = now - registry.settings.retentionDays * DAY_MS;
	let position: number | undefined = 0;
	for (let window = 0; window < WINDOWS_A_LOOK && position !== undefined; window++) {
		position = await registry.store.purgeChanges(registry.workspace, before, position);
	}
}
