import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { CountryCode } from 'libphonenumber-js/min';

import { trouble, type Trouble } from './outcome';
import { kindOf, quoted } from './wording';

/** A country as phone numbers know it: ISO 3166-1, two letters. Nothing for what is none. */
export function parseCountry(value: unknown): CountryCode | undefined {
	const country = typeof value === 'string' ? value.trim().toUpperCase() : '';
	return isSupportedCountry(country) ? country : undefined;
}

/**
 * Reads a phone number, in any common way of writing.
 *
 * @param country that of numbers without a country code
 * @returns the number in E.164 (`+34600111222`), or an outcome `invalid`; never throws. That a number has the length of a
 * number of its country does not say that it exists.
 */
export function parsePhone(value: unknown, country: CountryCode | undefined): string | Trouble {
	if (typeof value !== 'string' && typeof value !== 'number') return trouble('invalid', 'phoneNotText', `Phone is ${kindOf(value)}; it must be a number as text, such as +34 600 111 222.`, [kindOf(value)]);
	const text = String(value).trim();
	const phone = parsePhoneNumberFromString(text, country);
	if (phone?.isPossible()) return phone.number;
	const advice = phone === undefined && country === undefined && /^\d/.test(text) ? 'It has no country code: choose a Default Country, or send it with one (+34 …).' : 'Check which field it comes from.';
	return trouble('invalid', 'phoneMalformed', `Phone ${quoted(text)} is not a phone number. ${advice}`, [text]);
}
