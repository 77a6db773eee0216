/** Why a text is no host name that could belong to a company. */
export type HostFault = 'literal' | 'singleLabel' | 'emptyLabel' | 'tooLong' | 'badCharacter';

/** What is wrong with a host, in words that follow its name. */
export const HOST_FAULT_WORDS: Readonly<Record<HostFault, string>> = {
	literal: 'is an IP address; a domain name is needed, such as acme.com',
	singleLabel: 'is not a whole domain name; it needs at least one dot, as in acme.com',
	emptyLabel: 'has a dot too many, so that nothing stands before, between or after the dots',
	tooLong: 'is too long: a domain name has at most 253 characters, and 63 between two dots',
	badCharacter: 'holds a character that domain names cannot have',
};

/** RFC 1035, 2.3.4: octets of a name without its last dot, and of one label. */
const MAX_HOST_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;

const PRINTABLE_ASCII = /^[ -~]*$/;
/** Underscores are no part of host names, but of names that mail is really sent from. */
const HOST_CHARACTERS = /^[a-z0-9._-]*$/;
const NUMBER_LABEL = /^(?:\d+|0x[0-9a-f]*)$/;

export type ParsedHost = { host: string } | { fault: HostFault };

/**
 * Reads a host name: lower case, A-labels (`bücher.de` → `xn--bcher-kva.de`), without one dot at its end.
 *
 * The A-labels come from the WHATWG URL parser (UTS 46). That parser also decodes `%2e`, splits off users, ports and paths,
 * and completes `1.2` to an IP address; so only names that hold none of that reach it, and its answer is checked again.
 */
export function parseHost(text: string): ParsedHost {
	// Before anything that grows with the length. One character beyond ASCII never becomes less than one.
	if (text.length > MAX_HOST_LENGTH + 1) return { fault: 'tooLong' };
	if (text.startsWith('[') || text.includes(':')) return { fault: 'literal' };

	let host = text.toLowerCase();
	if (!PRINTABLE_ASCII.test(host)) {
		const ascii = toAscii(host);
		if (ascii === undefined) return { fault: 'badCharacter' };
		host = ascii;
	}
	if (host.endsWith('.')) host = host.slice(0, -1);
	if (!HOST_CHARACTERS.test(host)) return { fault: 'badCharacter' };
	if (host.length > MAX_HOST_LENGTH) return { fault: 'tooLong' };

	const labels = host.split('.');
	for (const label of labels) {
		if (label === '') return { fault: 'emptyLabel' };
		if (label.length > MAX_LABEL_LENGTH) return { fault: 'tooLong' };
		if (label.startsWith('-') || label.endsWith('-')) return { fault: 'badCharacter' };
	}
	// No top-level domain is a number; a name that ends in one is an IP address, whole or shortened.
	if (NUMBER_LABEL.test(labels[labels.length - 1])) return { fault: 'literal' };
	return labels.length < 2 ? { fault: 'singleLabel' } : { host };
}

function toAscii(host: string): string | undefined {
	for (const character of host) {
		if (character < '\x80' && !HOST_CHARACTERS.test(character)) return undefined;
	}
	try {
		return new URL(`http://${host}`).hostname;
	} catch {
		return undefined;
	}
}
