import { quoted } from './wording';

/** The part of re2js that is used here. */
interface LinearEngine {
	RE2JS: { compile(pattern: string): LinearPattern };
}
interface LinearPattern {
	/** Whether the whole text matches. */
	matches(text: string): boolean;
	/** Instructions of the compiled pattern: matching takes at most this times the length of the text. */
	programSize(): number;
}

/** Characters of a pattern. Compiling grows with them, and 300 of the worst ones take 0.2 s. */
const MAX_PATTERN_LENGTH = 200;
/** Instructions of a compiled pattern; `.{1,255}` has 511. */
const MAX_PROGRAM_SIZE = 2_000;
/** Compiled patterns that are kept, over all configurations. */
const MAX_KEPT = 100;

type Compiled = { pattern: LinearPattern } | { flaw: string };

const kept = new Map<string, Compiled>();

/**
 * Checks a pattern that a builder wrote for the External IDs of a configuration. Patterns are RE2's: what nearly every
 * regular expression uses, without look-ahead and back-references, in return for a match that can never hang n8n.
 */
export function compileIdPattern(pattern: string): { ok: true } | { ok: false; reason: string } {
	const compiled = compile(pattern);
	return 'flaw' in compiled ? { ok: false, reason: compiled.flaw } : { ok: true };
}

/** Why an ID does not fit a pattern, or nothing if it fits as a whole. */
export function fitsIdPattern(
	id: string,
	pattern: string,
): { code: string; reason: (shownId: string, externalType: string) => string } | undefined {
	const compiled = compile(pattern);
	if ('flaw' in compiled) {
		return {
			code: 'externalIdPatternInvalid',
			reason: (_shownId, externalType) => `The ID pattern of ${externalType} cannot be used. ${compiled.flaw}`,
		};
	}
	if (compiled.pattern.matches(id)) return undefined;
	return {
		code: 'externalIdPatternMismatch',
		reason: (shownId, externalType) =>
			`External ID ${shownId} does not fit the pattern of ${externalType}, ${quoted(pattern)}. Correct the ID, or the pattern in the configuration.`,
	};
}

function compile(pattern: string): Compiled {
	const known = kept.get(pattern);
	if (known) return known;
	const compiled = compileAnew(pattern);
	if (kept.size >= MAX_KEPT) kept.clear();
	// A pattern that is too long is not worth keeping in memory.
	if (pattern.length <= MAX_PATTERN_LENGTH) kept.set(pattern, compiled);
	return compiled;
}

function compileAnew(pattern: string): Compiled {
	if (pattern === '') return { flaw: 'The pattern is empty. Leave the option out to take every ID.' };
	if (pattern.length > MAX_PATTERN_LENGTH) {
		return { flaw: `The pattern is ${pattern.length} characters long; at most ${MAX_PATTERN_LENGTH} are taken.` };
	}
	const re2 = engine();
	try {
		const compiled = re2.compile(pattern);
		if (compiled.programSize() > MAX_PROGRAM_SIZE) {
			return { flaw: 'The pattern repeats too much to be checked fast. Use smaller numbers in {…}, or * and +.' };
		}
		return { pattern: compiled };
	} catch (error) {
		return { flaw: flawOf(error) };
	}
}

/** Loads the engine (10 ms) when the first pattern comes: few configurations have one. */
function engine(): LinearEngine['RE2JS'] {
	// eslint-disable-next-line @typescript-eslint/no-require-imports -- a static import would load it in every n8n
	const loaded: LinearEngine = require('re2js');
	return loaded.RE2JS;
}

/** What RE2 refuses, by the start of its message, in words for a builder. */
const FLAWS: ReadonlyArray<readonly [RegExp, string]> = [
	[/unsupported Perl syntax|invalid named capture/, 'Look-ahead and look-behind, "(?=…)" and the like, are not supported. Describe the whole ID without them.'],
	[/invalid escape sequence: `\\\d/, 'References to an earlier group, such as "\\1", are not supported.'],
	[/invalid escape sequence/, 'It holds a backslash before a character that needs none or is not known.'],
	[/invalid repeat count/, 'It repeats something more than 1,000 times.'],
	[/missing closing \]/, 'A "[" is not closed by a "]".'],
	[/missing closing \)/, 'A "(" is not closed by a ")".'],
	[/unexpected \)/, 'A ")" has no "(" before it.'],
	[/trailing backslash/, 'It ends with a backslash. Write "\\\\" for the character itself.'],
	[/missing argument to repetition/, 'A "*", "+", "?" or "{…}" has nothing before it to repeat.'],
	[/invalid nested repetition/, 'Two of "*", "+", "?" and "{…}" follow each other.'],
	[/invalid character class range/, 'A range in "[…]" runs backwards or is not known.'],
	[/nests too deeply|too large/, 'It is too complicated. Use fewer brackets and repetitions.'],
];

function flawOf(error: unknown): string {
	const message = error instanceof Error ? error.message : '';
	const flaw = FLAWS.find(([sign]) => sign.test(message));
	return `The pattern is not valid. ${flaw ? flaw[1] : 'Check its brackets and special characters.'}`;
}
