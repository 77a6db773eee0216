import chunk from 'lodash/chunk';

import { Pacer } from '../../shared/pace';
import type { Work } from '../../shared/ports';
import type { Registry } from './registry';
import { Known } from './known';
import type { Unit } from './unit';

/** Contacts of an account that one transaction changes. */
const CONTACTS_A_STEP = 100;
const CONTACTS_A_SCAN = 2_000;

/** Accounts that were merged into one: they may still have contacts, if that run was stopped. */
export async function accountsMergedInto(registry: Registry, accountId: string): Promise<string[]> {
	if (!(await registry.store.hasMerged(registry.workspace))) return [];
	const known = new Known(await registry.store.read(registry.workspace, { objectIds: [accountId], with: { merged: true } }));
	return known.mergedInto(accountId).map(({ id }) => id);
}

/**
 * Takes all contacts away from some accounts, whatever their number, a bounded part in each transaction.
 *
 * @param move must give the contact another account, or none: the next step looks for those that are left
 * @returns how many there were
 */
export async function eachContact(registry: Registry, accountIds: readonly string[], work: Work, move: (unit: Unit, id: string) => void): Promise<number> {
	const pacer = new Pacer({ every: 1 });
	let moved = 0;
	for (const accountId of accountIds) {
		for (;;) {
			if (work.signal?.aborted) return moved;
			const { rows } = await registry.store.scanRecords(registry.workspace, { objectType: 'people', states: ['active', 'deleted', 'merged'], accountId }, undefined, CONTACTS_A_SCAN);
			if (rows.length === 0) break;
			await pacer.rest();
			for (const contacts of chunk(rows, CONTACTS_A_STEP)) {
				if (work.signal?.aborted) return moved;
				await registry.transact({ objectIds: contacts.map(({ id }) => id), with: { account: true, emails: true, inbox: true } }, work, (unit) => {
					for (const { id } of contacts) move(unit, id);
				});
				moved += contacts.length;
				if (pacer.due()) await pacer.rest();
			}
		}
	}
	return moved;
}
