import { monotonicFactory } from 'ulid';

import type { ObjectType } from '../../shared/identity/outcome';

const PREFIX: Readonly<Record<ObjectType | 'mapping', string>> = {
	people: 'per_',
	accounts: 'acc_',
	users: 'usr_',
	mapping: 'map_',
};

/** Within a process IDs rise even when the clock stands still or jumps back. */
const next = monotonicFactory();

/** A new Object ID or Mapping ID: prefixed, ordered by time, never used again. */
export function newId(of: ObjectType | 'mapping', now: number): string {
	return PREFIX[of] + next(now);
}

/** The Object Type that an Object ID tells by its prefix; nothing for an ID that is none of ours. */
export function objectTypeOf(objectId: string): ObjectType | undefined {
	return (['people', 'accounts', 'users'] as const).find((type) => objectId.startsWith(PREFIX[type]));
}

/** Bounds of all Object IDs of a type, for range scans: `from` exclusive, `to` exclusive. */
export function objectIdRange(objectType: ObjectType): { from: string; to: string } {
	return { from: PREFIX[objectType], to: `${PREFIX[objectType].slice(0, -1)}~` };
}
