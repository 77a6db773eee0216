import { getDomain } from 'tldts';

import { HOST_FAULT_WORDS, parseHost } from './host';
import { trouble, type Trouble } from './outcome';
import { gist, kindOf, quoted, shown } from './wording';

/** Characters that are looked at of what should be a domain: the longest name with a scheme and a path. */
const MAX_INPUT_LENGTH = 4_096;

/** The private section makes `foo.github.io` a domain of its own, and `github.io` a suffix that nobody owns. */
const SUFFIXES = { allowPrivateDomains: true, extractHostname: false, validateHostname: false } as const;

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const CONTROL = /\p{Cc}/u;

/**
 * Reads a domain that a builder entered or a CRM holds: `Acme.com`, `@acme.com`, `*.acme.com`, `https://www.acme.com/about`.
 *
 * @returns the domain, lower case, as A-labels, without `www.`; or an outcome `invalid`, for IP addresses, public suffixes
 * (`co.uk`, `github.io`), e-mail addresses and all that is no domain name. Never throws. Free mail passes: whether it may
 * match is decided by `classifyDomain`.
 */
export function parseDomain(value: unknown): string | Trouble {
	if (typeof value !== 'string') {
		const kind = kindOf(value);
		if (kind === 'missing') return missing(value);
		return refuse('domainNotText', `Domain is ${kind}; it must be one text, such as acme.com.`, value);
	}
	if (value.length > MAX_INPUT_LENGTH) return refuse('domainInvalid', `Domain ${quoted(value)} ${HOST_FAULT_WORDS.tooLong}.`, value);
	const text = value.trim();
	if (text === '') return missing(value);
	if (CONTROL.test(text)) return refuse('domainInvalid', `Domain ${quoted(text)} ${HOST_FAULT_WORDS.badCharacter}.`, value);

	const name = hostPart(text);
	if (name === undefined) {
		return refuse('domainIsEmail', `${quoted(text)} is an e-mail address. Enter only what follows the @.`, value);
	}
	const parsed = parseHost(name);
	if ('fault' in parsed) return refuse('domainInvalid', `Domain ${quoted(text)} ${HOST_FAULT_WORDS[parsed.fault]}.`, value);
	const host = withoutWww(parsed.host);
	if (registrableDomain(host) === undefined) {
		return refuse(
			'domainPublicSuffix',
			`${quoted(host)} is an ending that many owners share (a public suffix), so it cannot belong to one account. Enter the whole domain, such as acme.${host}.`,
			value,
		);
	}
	return host;
}

/** What names the host in a URL, `@acme.com` or `*.acme.com`; nothing for an e-mail address. */
function hostPart(text: string): string | undefined {
	const scheme = SCHEME.exec(text);
	let host = (scheme ? text.slice(scheme[0].length) : text).split(/[/?#\\]/, 1)[0];
	const at = host.lastIndexOf('@');
	if (at > 0 && !scheme) return undefined;
	host = host.slice(at + 1).replace(/:\d*$/, '');
	return host.startsWith('*.') ? host.slice(2) : host;
}

/** `www.acme.com` is `acme.com`'s web server; `www.com` and `www.co.uk` are domains. */
function withoutWww(host: string): string {
	while (host.startsWith('www.')) {
		const rest = host.slice(4);
		if (registrableDomain(rest) === undefined) break;
		host = rest;
	}
	return host;
}

/**
 * The part of a host that somebody registered: `acme.co.uk` of `eu.acme.co.uk`, by the public suffix list with its private
 * section.
 *
 * @param host lower case, A-labels
 * @returns nothing for a public suffix and for an IP address
 */
export function registrableDomain(host: string): string | undefined {
	return getDomain(host, SUFFIXES) ?? undefined;
}

/**
 * The domains that a host may belong to, most specific first: the host, its parents, and last its registrable domain.
 *
 * @param host lower case, A-labels
 * @returns nothing for a public suffix and for an IP address
 */
export function domainLadder(host: string): string[] {
	const top = registrableDomain(host);
	if (top === undefined) return [];
	const ladder = [host];
	let rung = host;
	while (rung.length > top.length) {
		rung = rung.slice(rung.indexOf('.') + 1);
		ladder.push(rung);
	}
	return ladder;
}

function missing(value: unknown): Trouble {
	return refuse('domainMissing', 'Domain is missing. Enter one, such as acme.com.', value);
}

function refuse(code: string, reason: string, value: unknown): Trouble {
	return trouble('invalid', code, reason, [gist(value)], typeof value === 'string' ? { given: shown(value) } : {});
}
