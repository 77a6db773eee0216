/** An External ID under its format, or why it is none: a code, and a sentence about the ID as shown. */
export type Fold = { id: string; key: string } | { code: string; reason: (id: string) => string };

const SALESFORCE = /^[A-Za-z0-9]{15}(?:[A-Za-z0-5]{3})?$/;
/** Digits of a Salesforce suffix, each of which stands for five bits. */
const SUFFIX_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/**
 * Folds the two forms of a Salesforce ID: 15 characters, where case matters, and 18, whose last three say which of the
 * fifteen are capitals (https://help.salesforce.com/s/articleView?id=000385585). An 18-character ID that a spreadsheet or a
 * database has put into one case as a whole is repaired from those three. One whose case is mixed and does not fit them is
 * refused: a typing error would otherwise be "repaired" into another record's ID.
 *
 * @returns `key`, the 18-character form; `id`, as given unless it had to be repaired
 */
export function foldSalesforceId(id: string): Fold {
	if (!SALESFORCE.test(id)) {
		return {
			code: 'externalIdNotSalesforce',
			reason: (shownId) => `External ID ${shownId} is not a Salesforce ID, which has 15 or 18 letters and digits. Correct it, or set the ID Format of this External Type to As Is.`,
		};
	}
	const given = id.slice(0, 15);
	const suffix = suffixOf(given);
	if (id.length === 15) return { id, key: given + suffix };

	const givenSuffix = id.slice(15);
	if (givenSuffix.toUpperCase() === suffix) {
		const key = given + suffix;
		return { id: givenSuffix === suffix ? id : key, key };
	}
	if (id === id.toLowerCase() || id === id.toUpperCase()) {
		const repaired = withCapitals(given, givenSuffix.toUpperCase());
		if (repaired !== undefined) return { id: repaired, key: repaired };
	}
	return {
		code: 'externalIdSalesforceChecksum',
		reason: (shownId) => `The last three characters of External ID ${shownId} do not fit the first fifteen, so at least one character is wrong. Copy the ID from Salesforce again.`,
	};
}

/** The three characters that say which of 15 are capitals. */
function suffixOf(fifteen: string): string {
	let suffix = '';
	for (let start = 0; start < 15; start += 5) {
		let bits = 0;
		for (let at = 0; at < 5; at++) {
			const code = fifteen.charCodeAt(start + at);
			if (code >= 65 && code <= 90) bits |= 1 << at;
		}
		suffix += SUFFIX_DIGITS[bits];
	}
	return suffix;
}

/** The 18-character form with the capitals that the suffix asks for; nothing if it asks for a capital digit. */
function withCapitals(fifteen: string, suffix: string): string | undefined {
	let repaired = '';
	for (let at = 0; at < 15; at++) {
		const capital = (SUFFIX_DIGITS.indexOf(suffix[Math.floor(at / 5)]) >> at % 5) & 1;
		repaired += capital ? fifteen[at].toUpperCase() : fifteen[at].toLowerCase();
	}
	return suffixOf(repaired) === suffix ? repaired + suffix : undefined;
}

const UUID = /^(?:urn:uuid:)?(\{)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(\})?$/i;

/**
 * Folds the ways to write a UUID: case, braces, `urn:uuid:`, with and without hyphens.
 *
 * @returns `key`, lower case with hyphens; `id`, as given
 */
export function foldUuid(id: string): Fold {
	const parts = UUID.exec(id);
	if (!parts || (parts[1] === undefined) !== (parts[7] === undefined)) {
		return {
			code: 'externalIdNotUuid',
			reason: (shownId) => `External ID ${shownId} is not a UUID, such as 123e4567-e89b-12d3-a456-426614174000. Correct it, or set the ID Format of this External Type to As Is.`,
		};
	}
	return { id, key: parts.slice(2, 7).join('-').toLowerCase() };
}
