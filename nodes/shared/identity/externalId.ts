import { fitsIdPattern } from './idPattern';
import { OBJECT_WORD, trouble, type ObjectType, type Trouble } from './outcome';
import { foldSalesforceId, foldUuid, type Fold } from './idFormat';
import { countCharacters, gist, kindOf, quoted, shown } from './wording';

export { nearestName, parseExternalType } from './externalType';
export { compileIdPattern } from './idPattern';

/** How the External IDs of a configuration are compared: letter by letter, or as a known kind of ID. */
export const ID_FORMATS = ['asIs', 'salesforce', 'uuid'] as const;
export type IdFormat = (typeof ID_FORMATS)[number];

/** What a configuration asks of its External IDs. */
export interface IdRules {
	/** Code points. */
	maxLength: number;
	format: IdFormat;
	/** Regular expression (RE2 syntax) that the whole ID must match. */
	pattern?: string;
	/** Placeholders that are no IDs, lower-cased. `0` stands for any row of zeros and dashes, `-` for dashes only. */
	blocked: ReadonlySet<string>;
	/** Trim and NFC-normalise; on by default. */
	trim: boolean;
}

export interface ExternalId {
	/** As stored. */
	id: string;
	/** What is compared: folded per format. */
	key: string;
}

/** Code points that an External ID takes at most, where the service has no smaller limit. */
export const DEFAULT_MAX_LENGTH = 255;

/** What spreadsheets, CRMs and programs write where there is no ID. */
export const DEFAULT_BLOCKED: readonly string[] = [
	'0',
	'-',
	'-1',
	'null',
	'undefined',
	'nan',
	'none',
	'n/a',
	'#n/a',
	'anonymous',
	'test',
	'[object object]',
];

/** Printable ASCII: needs no look at control characters, surrogates, normalisation or code points. */
const PLAIN = /^[\x20-\x7e]*$/;
const CONTROL_OR_BROKEN = /\p{Cc}|\p{Surrogate}/u;
const ZEROS_AND_DASHES = /^[0-]+$/;

/**
 * NFC makes a text shorter, never by more than this factor (three marks join a letter of one unit). A text beyond it is too
 * long whatever it holds, and is refused before any work that grows with its length.
 */
const LONGEST_COMPOSITION = 8;

const FOLDS: Readonly<Record<IdFormat, (id: string) => Fold>> = {
	asIs: (id) => ({ id, key: id }),
	salesforce: foldSalesforceId,
	uuid: foldUuid,
};

/**
 * Reads an External ID from whatever a builder's expression gave.
 *
 * @param value text, or a number that JavaScript holds exactly; everything else is `invalid`
 * @param rules of the configuration
 * @param about what the ID belongs to, for the sentence and the `problemKey` of a refusal
 * @returns the ID, or an outcome `invalid`; never throws and never shortens an ID
 */
export function parseExternalId(
	value: unknown,
	rules: IdRules,
	about: { externalType: string; objectType: ObjectType },
): ExternalId | Trouble {
	const text = typeof value === 'string' ? value : textOf(value, rules.maxLength);
	if (typeof text !== 'string') return refuse(text.code, text.reason, value, about);

	const trimmed = text.trim();
	if (trimmed === '') {
		const what = text === '' ? 'empty' : 'blank: it holds nothing but spaces';
		return refuse('externalIdEmpty', `External ID is ${what}. ${needed(about)}`, value, about);
	}
	if (trimmed.startsWith('{{') && trimmed.endsWith('}}')) {
		return refuse('externalIdExpression', 'External ID is the text of an expression, not its value. Switch the field from Fixed to Expression.', value, about);
	}
	let id = rules.trim ? trimmed : text;
	if (id.length > rules.maxLength * LONGEST_COMPOSITION) return tooLong(id, rules, about);

	if (!PLAIN.test(id)) {
		const flaw = CONTROL_OR_BROKEN.exec(id);
		if (flaw) return badCharacter(id, flaw, about);
		if (rules.trim) id = id.normalize('NFC');
	}
	if (id.length > rules.maxLength && countCharacters(id) > rules.maxLength) return tooLong(id, rules, about);
	if (isBlocked(id, rules.blocked)) return placeholder(id, about);

	const fold = FOLDS[rules.format](id);
	if ('code' in fold) return refuse(fold.code, fold.reason(quoted(id)), id, about);
	if (fold.key !== id && isBlocked(fold.key, rules.blocked)) return placeholder(id, about);

	if (rules.pattern) {
		const misfit = fitsIdPattern(id, rules.pattern);
		if (misfit) return refuse(misfit.code, misfit.reason(quoted(id), about.externalType), id, about);
	}
	return { id: fold.id, key: fold.key };
}

/** A number as text, or why it cannot be one. */
function textOf(value: unknown, maxLength: number): string | { code: string; reason: string } {
	if (typeof value === 'number') {
		if (Number.isNaN(value)) {
			return { code: 'externalIdNotNumber', reason: 'External ID is the result of a calculation that failed (not a number). Correct the expression.' };
		}
		if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
			return {
				code: 'externalIdInexact',
				reason: 'External ID is a number of more than 15 digits, which n8n cannot hold exactly: its last digits may be wrong already. Send it as text.',
			};
		}
		const text = String(value);
		if (!text.includes('e')) return text;
		return { code: 'externalIdInexact', reason: `External ID is the number ${text}, which cannot be written out exactly. Send it as text.` };
	}
	if (typeof value === 'bigint') {
		// Writing out a huge one would take seconds, so its size is looked at first.
		const limit = 10n ** BigInt(maxLength);
		if (value < limit && value > -limit) return value.toString();
		return { code: 'externalIdTooLong', reason: `External ID is a number of more than ${maxLength} digits. Check which field it comes from.` };
	}
	const kind = kindOf(value);
	if (kind === 'missing') return { code: 'externalIdMissing', reason: 'External ID is missing. Check the field that it comes from, or leave the item out.' };
	return { code: 'externalIdNotText', reason: `External ID is ${kind}; it must be one text or number.` };
}

function isBlocked(id: string, blocked: ReadonlySet<string>): boolean {
	const word = id.trim().toLowerCase();
	if (blocked.has(word)) return true;
	return ZEROS_AND_DASHES.test(word) && blocked.has(word.includes('0') ? '0' : '-');
}

function placeholder(id: string, about: About): Trouble {
	const reason = `External ID ${quoted(id)} is on the list of blocked values: it says that there is no ID. ${needed(about)}`;
	return refuse('externalIdBlocked', reason, id, about);
}

function tooLong(id: string, rules: IdRules, about: About): Trouble {
	const reason = `External ID is ${countCharacters(id)} characters long; ${about.externalType} takes at most ${rules.maxLength}.`;
	return refuse('externalIdTooLong', reason, id, about);
}

function badCharacter(id: string, flaw: RegExpExecArray, about: About): Trouble {
	const unit = flaw[0].charCodeAt(0);
	const place = countCharacters(id.slice(0, flaw.index)) + 1;
	if (unit >= 0xd800) {
		return refuse(
			'externalIdBrokenCharacter',
			`Character ${place} of the External ID is half of a character: the text was cut or decoded wrongly. Check where it comes from.`,
			id,
			about,
		);
	}
	const name = `U+${unit.toString(16).toUpperCase().padStart(4, '0')}`;
	return refuse(
		'externalIdControlCharacter',
		`Character ${place} of the External ID is an invisible control character (${name}), such as a tab or a line break. Remove it.`,
		id,
		about,
	);
}

interface About {
	externalType: string;
	objectType: ObjectType;
}

function needed(about: About): string {
	return `Give the ID that ${about.externalType} has for this ${OBJECT_WORD[about.objectType]}, or leave the item out.`;
}

function refuse(code: string, reason: string, value: unknown, about: About): Trouble {
	const details: Record<string, unknown> = { externalType: about.externalType, objectType: about.objectType };
	if (typeof value === 'string') details.given = shown(value);
	return trouble('invalid', code, reason, [about.externalType, about.objectType, gist(value)], details);
}
