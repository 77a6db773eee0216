import { trouble, type Trouble } from './outcome';
import { countCharacters, gist, kindOf, quoted, shown } from './wording';

/** Code points of an External Type's name. */
export const MAX_EXTERNAL_TYPE_LENGTH = 64;

const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_.-]*$/u;

/** What expressions give where a field is missing: as a name, it would collect everybody's mistakes. */
const NOT_NAMES: ReadonlySet<string> = new Set(['undefined', 'null', 'nan']);

/**
 * Reads the name of an External Type.
 *
 * Any such name is safe as a key of a `Map` or `Set` and in a URL; `constructor` is a legal one, so never look one up in a
 * plain object.
 *
 * @returns the name, trimmed and NFC-normalised, or an outcome `invalid`; never throws
 */
export function parseExternalType(value: unknown): string | Trouble {
	if (typeof value !== 'string') {
		const kind = kindOf(value);
		if (kind === 'missing') return refuse('externalTypeMissing', 'External Type is missing. Choose one from the list, or enter its name.', value);
		return refuse('externalTypeNotText', `External Type is ${kind}; it must be a name, such as crm.`, value);
	}
	const trimmed = value.trim();
	if (trimmed === '') return refuse('externalTypeMissing', 'External Type is empty. Choose one from the list, or enter its name.', value);
	// NFC can shorten a text by no more than a factor of 8 (externalId.ts); this keeps a 10 MB one from being normalised.
	const name = trimmed.length > MAX_EXTERNAL_TYPE_LENGTH * 8 ? trimmed : trimmed.normalize('NFC');
	const length = countCharacters(name);
	if (length > MAX_EXTERNAL_TYPE_LENGTH) {
		return refuse('externalTypeTooLong', `External Type is ${length} characters long; at most ${MAX_EXTERNAL_TYPE_LENGTH} are taken.`, value);
	}
	if (!NAME.test(name)) {
		return refuse(
			'externalTypeMalformed',
			`External Type ${quoted(name)} cannot be used: a name starts with a letter or digit and holds only letters, digits, "_", "-" and ".", e.g. marketing_automation.`,
			value,
		);
	}
	if (NOT_NAMES.has(name.toLowerCase())) {
		return refuse('externalTypeMissing', 'External Type is what an expression gives for a missing value. Check the expression, or enter a name.', value);
	}
	return name;
}

function refuse(code: string, reason: string, value: unknown): Trouble {
	return trouble('invalid', code, reason, [gist(value)], typeof value === 'string' ? { given: shown(value) } : {});
}

/**
 * The known name that somebody most likely meant: the same but for case, spaces and dashes, or with one or two slips of the
 * finger. For "did you mean …?".
 *
 * @returns nothing if the name is known itself, or if none is near; the answer does not depend on the order of `known`
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
	if (name.length > MAX_EXTERNAL_TYPE_LENGTH * 2 || known.includes(name)) return undefined;
	const wanted = folded(name);
	if (wanted === '') return undefined;
	let nearest: string | undefined;
	let nearestDistance = slips(wanted.length) + 1;
	for (const candidate of known) {
		const distance = editDistance(wanted, folded(candidate), nearestDistance);
		if (distance < nearestDistance || (distance === nearestDistance && nearest !== undefined && candidate < nearest)) {
			nearest = candidate;
			nearestDistance = distance;
		}
	}
	return nearest;
}

function folded(name: string): string {
	return name.normalize('NFKC').toLowerCase().replace(/[\s_.-]+/g, '');
}

/** Slips that are forgiven in a name of some length: `crm` is not `erp`. */
function slips(length: number): number {
	if (length <= 2) return 0;
	return length <= 5 ? 1 : 2;
}

/** Letters to add, drop, change or swap with their neighbour (optimal string alignment); `limit` or more is given as more. */
function editDistance(a: string, b: string, limit: number): number {
	if (a === b) return 0;
	if (Math.abs(a.length - b.length) > limit) return limit + 1;
	let beforeLast: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, at) => at);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const change = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
			let best = Math.min(change, last[j] + 1, row[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, beforeLast[j - 2] + 1);
			row.push(best);
		}
		beforeLast = last;
		last = row;
	}
	return last[b.length];
}
