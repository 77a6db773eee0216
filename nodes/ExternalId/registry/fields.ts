import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import isEqual from 'lodash/isEqual';
import isPlainObject from 'lodash/isPlainObject';

export type Fields = Record<string, unknown>;

/** Characters that the fields of one record may take, all told. */
export const MAX_FIELDS_SIZE = 1_000_000;
const MAX_DEPTH = 20;

/**
 * Fields as the store can keep and give back unchanged: JSON values, text well-formed. Dates and other objects that know
 * how to be JSON become what they say; functions and the like are left out.
 */
export function cleanFields(given: Readonly<Fields>): { fields: Fields } | Trouble {
	const size = { left: MAX_FIELDS_SIZE };
	const fields = clean(given, size, MAX_DEPTH);
	if (size.left < 0) {
		return trouble('invalid', 'fieldsTooLarge', `The fields of this item take more than ${MAX_FIELDS_SIZE.toLocaleString('en')} characters, which is what a record can hold.`, []);
	}
	if (isTrouble(Object(fields))) return fields as Trouble;
	return { fields: fields as Fields };
}

function clean(value: unknown, size: { left: number }, depth: number): unknown {
	size.left -= typeof value === 'string' ? value.length : 4;
	if (size.left < 0) return undefined;
	if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
	if (typeof value === 'number') return Number.isFinite(value) ? value : null;
	if (typeof value === 'boolean' || value === null) return value;
	if (typeof value === 'bigint') return value.toString();
	if (typeof value !== 'object') return undefined;
	if (depth === 0) return undefined;
	if ('toJSON' in value && typeof value.toJSON === 'function') return clean(value.toJSON() as unknown, size, depth - 1);
	if (Array.isArray(value)) return value.map((each) => clean(each, size, depth - 1) ?? null);
	const fields: Fields = {};
	for (const [name, each] of Object.entries(value)) {
		if (name === '__proto__') return trouble('invalid', 'fieldName', 'A field cannot be named "__proto__".', [name]);
		size.left -= name.length;
		const cleaned = clean(each, size, depth - 1);
		if (typeof cleaned === 'object' && cleaned !== null && isTrouble(cleaned) && cleaned.problemKey.startsWith('fieldName:')) return cleaned;
		if (cleaned !== undefined) fields[name] = cleaned;
	}
	return fields;
}

/** Whether a value says nothing: CRM nodes send these for every field that is not set. */
export function isEmptyValue(value: unknown): boolean {
	return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0) || (isPlainObject(value) && Object.keys(value as object).length === 0);
}

/** Without the fields that say nothing, at any depth. */
export function withoutEmpty(fields: Readonly<Fields>): Fields {
	const kept: Fields = {};
	for (const [name, value] of Object.entries(fields)) {
		const inner = isPlainObject(value) ? withoutEmpty(value as Fields) : value;
		if (!isEmptyValue(inner)) kept[name] = inner;
	}
	return kept;
}

/**
 * The fields of a record after an input: nested fields merge, lists are replaced, an empty value (when it was not left out
 * before) clears the field.
 *
 * @returns the new fields, and the names of the top-level ones that differ
 */
export function mergeFields(before: Readonly<Fields>, input: Readonly<Fields>): { fields: Fields; changed: string[] } {
	const fields: Fields = { ...before };
	const changed: string[] = [];
	for (const [name, value] of Object.entries(input)) {
		const old = Object.hasOwn(fields, name) ? fields[name] : undefined;
		const next = isPlainObject(value) && isPlainObject(old) ? mergeFields(old as Fields, value as Fields).fields : value;
		if (isEmptyValue(next) ? old === undefined : isEqual(next, old)) continue;
		changed.push(name);
		if (isEmptyValue(next)) delete fields[name];
		else fields[name] = next;
	}
	return { fields, changed };
}

/** Name of a field to which two inputs give different values; undefined where they agree. */
export function disagreement(inputs: ReadonlyArray<Readonly<Fields>>): string | undefined {
	const seen: Fields = {};
	for (const input of inputs) {
		for (const [name, value] of Object.entries(input)) {
			if (!Object.hasOwn(seen, name)) seen[name] = value;
			else if (!isEqual(seen[name], value)) return shown(name);
		}
	}
	return undefined;
}
