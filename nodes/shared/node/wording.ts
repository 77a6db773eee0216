/** Makes texts that came from elsewhere fit for a builder: no stack, no secret, never the word "undefined". */

const LONGEST = 600;

const REWORDED: ReadonlyArray<readonly [pattern: RegExp, replacement: string]> = [
	[/\s*\n\s+at [\s\S]*$/, ''],
	[/^(Expression evaluation failed: )?(Uncaught )?(Type|Reference|Range|Syntax)?Error: /, ''],
	// n8n's vm engine, for {{ $json.name.trim }}
	[/function \w*\(\) \{ \[native code\] \} could not be cloned\.?/, 'it gives a function; add () to call it'],
	[/:\/\/[^\s/:@]+:[^\s/@]+@/g, '://***@'],
	[/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***'],
	[
		/\b(api[-_ ]?key|access[-_ ]?key|token|secret|password|authorization)(["']?\s*[:=]\s*["']?)(?=[^\s"',;&]*\d)[^\s"',;&]{8,}/gi,
		'$1$2***',
	],
	[/\bundefined\b/g, 'nothing'],
];

/** One text, cleaned and at most {@link LONGEST} characters. */
export function clean(text: string): string {
	let cleaned = text;
	for (const [pattern, replacement] of REWORDED) cleaned = cleaned.replace(pattern, replacement);
	cleaned = cleaned.trim();
	return cleaned.length <= LONGEST ? cleaned : `${cleaned.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** What a thrown value says, cleaned. */
export function messageOf(thrown: unknown): string {
	const text = thrown instanceof Error || hasMessage(thrown) ? thrown.message : String(thrown);
	return clean(text) || 'No message was given';
}

function hasMessage(value: unknown): value is { message: string } {
	return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string';
}

/** With a period at its end, unless it has another mark there. */
export function sentence(text: string): string {
	return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** "1 item", "12 items". */
export function items(count: number): string {
	return count === 1 ? '1 item' : `${count.toLocaleString('en-US')} items`;
}

/** A status as a person reads it: `notAttempted` is "not attempted". */
export function words(status: string): string {
	return status.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
