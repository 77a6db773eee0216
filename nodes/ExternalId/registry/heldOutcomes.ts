import { isTrouble } from '../../shared/identity/outcome';
import type { Outcome } from '../../shared/identity/outcome';
import type { Work } from '../../shared/ports';
import type { Registry } from './registry';
import { caughtKey, shownCaught, tryWaitingAgain } from './waiting';

/** An outcome, with the Related Domains that it gave an account. */
export interface WithDomains {
	outcome: Outcome;
	accountId?: string;
	domains?: readonly string[];
}

/**
 * Does work that adds Related Domains, and tries what waits in the inbox when all of them are stored: which account an address
 * belongs to depends on all of them. While anything waits, the outcomes are held back until then, for they tell what was caught.
 */
export async function catchingWaiting(registry: Registry, work: Work, act: (hold: (index: number, outcomes: readonly WithDomains[]) => void) => Promise<void>): Promise<void> {
	const held: Array<[number, readonly WithDomains[]]> = [];
	const domains = new Set<string>();
	let caught: Awaited<ReturnType<typeof tryWaitingAgain>> = new Map();
	const waits = await anythingWaits(registry);
	try {
		await act((index, outcomes) => {
			for (const each of outcomes) if (!isTrouble(each.outcome)) for (const domain of each.domains ?? []) domains.add(domain);
			if (waits) held.push([index, outcomes]);
			else work.settle(index, outcomes.map(({ outcome }) => outcome));
		});
		if (domains.size > 0) caught = await tryWaitingAgain(registry, [...domains], work);
	} finally {
		// What was written is told, whatever came after it.
		for (const [index, outcomes] of held) work.settle(index, outcomes.map((each) => withCaught(each)));
	}

	function withCaught({ outcome, accountId = '', domains = [] }: WithDomains): Outcome {
		const mine = domains.flatMap((domain) => {
			const counts = caught.get(caughtKey(accountId, domain));
			// One outcome tells of it: the sums add up.
			caught.delete(caughtKey(accountId, domain));
			return counts ?? [];
		});
		return mine.length === 0 ? outcome : { ...outcome, ...shownCaught(mine) };
	}
}

async function anythingWaits(registry: Registry): Promise<boolean> {
	const { rows } = await registry.store.scanInbox(registry.workspace, { states: ['waiting'] }, undefined, 1);
	return rows.length > 0;
}
