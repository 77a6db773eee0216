import { trouble } from '../../shared/identity/outcome';
import type { ObjectType, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import { erasedKey } from './erasedKeys';
import type { Known } from './known';
import type { CheckedId } from './registry';

/** The keys by which an item names somebody. */
export interface Keys {
	objectType: ObjectType;
	ids?: readonly CheckedId[];
	email?: { key: string; address: string };
}

/** What has to be read to see whether feeds bring somebody who was erased. */
export function readsOfErased(items: readonly Keys[]): { erasedKeys: string[] } {
	return {
		erasedKeys: items.flatMap(({ objectType, ids = [], email }) => [...ids.map(erasedKey.id), ...(email ? [erasedKey.email(objectType, email.key)] : [])]),
	};
}

/**
 * Why items are not done that bring a key of somebody who was erased. A key that a live record has decides nothing: it
 * belongs to that record now.
 */
export function erasedAmong(known: Known, items: readonly Keys[]): Trouble | undefined {
	for (const { objectType, ids = [], email } of items) {
		for (const id of ids) {
			const erased = known.erased(erasedKey.id(id));
			if (erased && !known.mapping(id)) return wasErased(`The ${id.externalType} ID "${shown(id.externalId)}" belonged to`, erased.erasedAt, erased.key);
		}
		const erased = email && known.erased(erasedKey.email(objectType, email.key));
		if (erased && known.recordsByEmail(objectType, email.key).length === 0) return wasErased(`${shown(email.address)} belonged to`, erased.erasedAt, erased.key);
	}
	return undefined;
}

/** Why a row of a file is left out: its record, or the key that it brings, belonged to somebody who was erased. */
export function erasedInFile(known: Known, keys: readonly string[]): Trouble | undefined {
	const erased = keys.map((key) => known.erased(key)).find((each) => each !== undefined);
	return erased && wasErased('This row of the file belongs to', erased.erasedAt, erased.key);
}

function wasErased(whose: string, at: number, key: string): Trouble {
	const day = new Date(at).toISOString().slice(0, 10);
	return trouble('skipped', 'erased', `${whose} somebody who was erased on ${day}, so it does not come back. If it should, use Record → Erase with Do: Allow Again first.`, [key]);
}
