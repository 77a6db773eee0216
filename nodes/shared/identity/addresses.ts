import { addressParser, decodeWords } from 'postal-mime';

/** Somebody who is named in a header, a list or an object. The address is not checked yet: `parseEmail` does that. */
export interface Addressee {
	address: string;
	name?: string;
}

/**
 * Texts beyond these limits are no headers, but could hold n8n up: they are kept whole, as one address that is none. 60,000
 * characters of the worst kind take the parser 40 ms, and are some 1,500 addressees; mail providers take at most 2,000 a
 * message. Plain addresses go past the parser, so more of them fit. The parser starts again inside each colon's group.
 */
const MAX_TEXT_LENGTH = 250_000;
const MAX_PARSED_LENGTH = 60_000;
const MAX_PARSED_COLONS = 10;
/** Levels of lists and objects; Outlook's `[{ emailAddress: { address } }]` needs three. */
const MAX_DEPTH = 8;

/** Where objects keep their address, most telling first: mail nodes, Outlook, CRMs, Google People, mailparser's groups. */
const ADDRESS_KEYS = ['address', 'email', 'emailAddress', 'mail', 'value', 'group', 'text'] as const;
const NAME_KEYS = ['name', 'displayName'] as const;

/** An address that needs no header parser: no name, list, comment or encoded word around it. */
const BARE = /^[^\s"(),:;<>=?\\]+$/u;
/** The name of a header in front of its addresses, when somebody pasted the raw lines. */
const HEADER_NAME = /^\s*(?:to|cc|bcc|from|sender|reply-to|delivered-to)\s*:/i;
/** `undisclosed-recipients:;` names nobody, and means it. */
const EMPTY_GROUP = /^[^@<>"():]*:[\s;]*$/;
/** A new header line: one that does not begin like the rest of a folded one (RFC 5322, 2.2.3). */
const LINE_BREAK = /\r\n(?![ \t<])|[\r\n](?![ \t<\n])/;

/**
 * Reads the people of a mail: header text (`Ann <ann@acme.com>, "Doe, Bob" <bob@acme.com>`, groups, encoded names), lists,
 * and the objects that mail nodes and CRMs give (`{ address, name }`, `{ email }`, `{ value: [...], text }`,
 * `{ emailAddress: { address, name } }`), in any nesting.
 *
 * @returns them in order, each address once (compared in lower case) with the first name it came with. What is no address is
 * kept as address text, so that the caller can report it. An empty text, an empty list and a missing value give nobody.
 */
export function readAddressees(value: unknown): Addressee[] {
	const found = new Map<string, Addressee>();
	collect(value, undefined, 0, (address, name) => {
		const key = address.toLowerCase();
		const known = found.get(key);
		if (!known) found.set(key, name ? { address, name } : { address });
		else if (!known.name && name) known.name = name;
	});
	return [...found.values()];
}

type Add = (address: string, name: string | undefined) => void;

function collect(value: unknown, name: string | undefined, depth: number, add: Add): void {
	if (value === undefined || value === null) return;
	if (typeof value === 'string') return collectText(value, name, add);
	if (Array.isArray(value)) {
		if (depth >= MAX_DEPTH) return add('', undefined);
		for (const entry of value) collect(entry, undefined, depth + 1, add);
		return;
	}
	if (typeof value === 'object') return collectObject(value as Readonly<Record<string, unknown>>, name, depth, add);
	add(typeof value === 'symbol' ? '' : String(value), undefined);
}

function collectObject(value: Readonly<Record<string, unknown>>, outerName: string | undefined, depth: number, add: Add): void {
	const name = nameOf(value) ?? outerName;
	const key = ADDRESS_KEYS.find((candidate) => {
		const held = value[candidate];
		return held !== undefined && held !== null && (typeof held !== 'string' || held.trim() !== '');
	});
	// Without an address there is a name at most: that is what the caller can show.
	if (key === undefined || depth >= MAX_DEPTH) return add(name ?? '', undefined);
	// A group's name is nobody's.
	collect(value[key], Array.isArray(value[key]) ? undefined : name, depth + 1, add);
}

function nameOf(value: Readonly<Record<string, unknown>>): string | undefined {
	for (const key of NAME_KEYS) {
		const held = value[key];
		if (typeof held === 'string' && held.trim() !== '') return held;
	}
	return undefined;
}

function collectText(text: string, name: string | undefined, add: Add): void {
	const trimmed = text.trim();
	if (trimmed === '') return;
	if (trimmed.length > MAX_TEXT_LENGTH) return add(trimmed, undefined);
	if (BARE.test(trimmed)) return add(trimmed, cleanName(name, trimmed));
	let left = MAX_PARSED_LENGTH;
	for (const line of trimmed.split(LINE_BREAK)) left -= collectLine(line.replace(HEADER_NAME, '').trim(), name, left, add);
}

/** Reads one line of at most `left` characters that need the parser; returns how many needed it. */
function collectLine(text: string, name: string | undefined, left: number, add: Add): number {
	// Plain addresses need no parser, which would also take all but one for a name where only spaces stand between them.
	const words = text.split(/[\s,;]+/u).filter((word) => word !== '');
	if (words.every((word) => BARE.test(word) && (word.includes('@') || words.length === 1))) {
		for (const word of words) add(word, words.length === 1 ? cleanName(name, word) : undefined);
		return 0;
	}
	if (text.length > left || text.split(':', MAX_PARSED_COLONS + 2).length > MAX_PARSED_COLONS + 1) {
		add(text, undefined);
		return 0;
	}
	const mailboxes = addressParser(text, { flatten: true });
	let isUnread = !EMPTY_GROUP.test(text);
	for (const mailbox of mailboxes) {
		const address = (mailbox.address ?? '').trim();
		const ownName = cleanName(mailbox.name, address);
		if (address !== '') add(address, ownName ?? (mailboxes.length === 1 ? cleanName(name, address) : undefined));
		else if (ownName) add(ownName, undefined);
		else continue;
		isUnread = false;
	}
	if (isUnread) add(text, undefined);
	return text.length;
}

/** A name for people to read: encoded words decoded, no control characters, and not just the address again. */
function cleanName(name: string | undefined, address: string): string | undefined {
	if (name === undefined) return undefined;
	const decoded = name.includes('=?') ? decodeWords(name) : name;
	const clean = decoded.replace(/\p{Cc}+/gu, ' ').trim().replace(/^'(.*)'$/su, '$1').trim();
	return clean === '' || clean.toLowerCase() === address.toLowerCase() ? undefined : clean;
}
