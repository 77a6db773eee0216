import { type Answer, isPlainObject } from './answer';

/** Characters of a service's own words that a message repeats. */
const LONGEST = 300;

/** Keys and tokens: nothing that looks like one is repeated, wherever it stands. */
const SECRETS: ReadonlyArray<readonly [RegExp, string]> = [
	[/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***'],
	[/\b(?:[a-z0-9]+_)*[0-9a-f]{32,}\b/gi, '***'],
	[/\beyJ[\w-]{10,}\.[\w.-]{10,}/g, '***'],
];

/** What a service says is wrong, in its own words and on one line; `HTTP 502` where it has none. */
export function wordsOf({ status, body }: Answer): string {
	const said = typeof body === 'string' ? ofText(body) : ofObject(body);
	return tidy(said) || `HTTP ${status}`;
}

/** One line without secrets and control characters. */
export function tidy(text: string): string {
	let clean = text.slice(0, LONGEST * 4).replace(/[\p{Cc}\s]+/gu, ' ').replace(/\bundefined\b/g, 'nothing').trim();
	for (const [pattern, instead] of SECRETS) clean = clean.replace(pattern, instead);
	return clean.length <= LONGEST ? clean : `${clean.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Of a page of HTML, as load balancers and proxies give it, only the title says something. */
function ofText(body: string): string {
	if (!/<\s*(?:!doctype|html|head|body)\b/i.test(body.slice(0, 2_000))) return body;
	return /<title[^>]*>([^<]*)<\/title>/i.exec(body.slice(0, 20_000))?.[1] ?? '';
}

/** `{"error": "…"}`, `{"message": "…"}`, `{"errors": {"field": ["…"]}}`, `{"errors": ["…"]}`. */
function ofObject(body: unknown): string {
	if (!isPlainObject(body)) return '';
	const parts = [body.error, body.message, body.error_description].filter((part) => typeof part === 'string' && part !== '');
	const { errors } = body;
	if (Array.isArray(errors)) parts.push(...errors.map((each) => (typeof each === 'string' ? each : ofObject(each))));
	else if (isPlainObject(errors)) {
		for (const [field, said] of Object.entries(errors)) parts.push(`${field} ${[said].flat().map(String).join(' and ')}`);
	}
	return parts.filter((part) => part !== '').join('; ');
}
