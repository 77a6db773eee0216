import { createHmac, randomBytes } from 'node:crypto';

import type { ObjectType } from '../../shared/identity/outcome';
import { idKeyText } from './known';
import type { IdKey } from './store';

/** What stands for a key of an erased person: without the secret nobody can try addresses until one fits. */
export function keyedHash(secret: string, key: string): string {
	return createHmac('sha256', secret).update(key).digest('base64url');
}

export function newSecret(): string {
	return randomBytes(32).toString('base64url');
}

/** The text of a key of a person, as it is hashed. No External Type begins with these signs. */
export const erasedKey = {
	email: (objectType: ObjectType, key: string) => `${objectType}\n@\n${key}`,
	objectId: (objectType: ObjectType, objectId: string) => `${objectType}\n#\n${objectId}`,
	id: (id: IdKey) => idKeyText(id),
} as const;
