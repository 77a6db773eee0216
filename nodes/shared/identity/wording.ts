/** Characters of a value that a reason shows at most; the rest becomes "…". */
export const SHOWN_CHARACTERS = 60;

/** Characters of a value that stand for it in a `problemKey`, beside its length: hashing 10 MB would take too long. */
const GIST_CHARACTERS = 512;

const CONTROL = /\p{Cc}/gu;
const BROKEN = /\p{Surrogate}/gu;

/**
 * A value as a reason shows it: in quotes, cut to {@link SHOWN_CHARACTERS}, without control characters. The word
 * that JavaScript writes for a missing value is left out: read in a message, it looks like a defect of the node.
 */
export function quoted(text: string): string {
	return `"${shown(text)}"`;
}

/** {@link quoted} without the quotes, for keys of an outcome that repeat what was given. */
export function shown(text: string): string {
	// Twice the characters, since a character may take two UTF-16 units.
	const head = text.length > SHOWN_CHARACTERS * 2 ? text.slice(0, SHOWN_CHARACTERS * 2) : text;
	const characters = Array.from(head.replace(/undefined/gi, '…').replace(CONTROL, ' ').replace(BROKEN, '\uFFFD'));
	const cut = characters.length > SHOWN_CHARACTERS || head.length < text.length;
	return cut ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : characters.join('');
}

/** A bounded stand-in for a value of any kind, to be hashed into a `problemKey`. */
export function gist(value: unknown): string {
	if (typeof value === 'string') return `${value.length}:${value.slice(0, GIST_CHARACTERS)}`;
	return kindOf(value);
}

/** What a value is, in words that follow "is": `a list`, `missing`. */
export function kindOf(value: unknown): string {
	if (value === undefined || value === null) return 'missing';
	if (Array.isArray(value)) return 'a list';
	if (value instanceof Date) return 'a date';
	switch (typeof value) {
		case 'boolean':
			return 'a true/false value';
		case 'object':
			return 'an object with fields of its own';
		case 'number':
		case 'bigint':
			return 'a number';
		case 'string':
			return 'a text';
		default:
			return 'something other than text';
	}
}

/** Characters as people count them (code points), where one emoji is one. */
export function countCharacters(text: string): number {
	let count = text.length;
	// A low surrogate is the second half of a character that is counted already.
	for (let at = 0; at < text.length; at++) {
		if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) count--;
	}
	return count;
}
