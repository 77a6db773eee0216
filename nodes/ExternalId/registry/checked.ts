import { isTrouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import { Pacer } from '../../shared/pace';
import type { Work } from '../../shared/ports';

/**
 * Checks every entry before anything is read or written. Entries that do not pass are settled with what is wrong; the
 * others come back with their place in the input.
 */
export async function checkEntries<Entry, Checked extends object>(
	entries: readonly Entry[],
	work: Work,
	check: (entry: Entry) => Checked | Trouble,
): Promise<Array<Checked & { index: number }>> {
	const good: Array<Checked & { index: number }> = [];
	const pacer = new Pacer();
	for (const [index, entry] of entries.entries()) {
		const checked = check(entry);
		if (isTrouble(checked)) work.settle(index, checked);
		else good.push({ ...checked, index });
		if (pacer.due()) await pacer.rest();
	}
	return good;
}
