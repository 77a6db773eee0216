import type { Registry } from './registry';

export const DAY_MS = 86_400_000;
/** How often a process looks for history that is too old. */
const EVERY_MS = 3_600_000;
/** Windows of history that one look removes, so that opening a registry stays quick. */
const WINDOWS_A_LOOK = 20;

/** A trigger that was not seen for so long holds no history back, and on coming back it goes no further back than this. */
export const FOLLOWER_DAYS = 7;

/** When each workspace was looked at last, and how far its history is known to be gone or another's. */
const lastLooks = new Map<string, { at: number; position: number }>();

/**
 * Removes history that is older than the workspace keeps it, a bounded part at a time, at most once an hour. What a trigger has
 * still to hand on stays.
 */
export async function removeOldHistory(registry: Registry): Promise<void> {
	const place = `${registry.location.file}\n${registry.workspace}`;
	const now = Date.now();
	const last = lastLooks.get(place);
	if (last && now - last.at < EVERY_MS) return;
	const before = now - registry.settings.retentionDays * DAY_MS;
	const look = { at: now, position: last?.position ?? 0 };
	lastLooks.set(place, look);
	const needed = await registry.store.leastPosition(registry.workspace, now - FOLLOWER_DAYS * DAY_MS);
	for (let window = 0; window < WINDOWS_A_LOOK; window++) {
		const next = await registry.store.purgeChanges(registry.workspace, before, look.position, needed);
		if (next === undefined) return;
		look.position = next;
	}
	// There is more: the next run goes on.
	look.at = 0;
}
