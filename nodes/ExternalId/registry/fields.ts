import { trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import isEqual from 'lodash/isEqual';
import isPlainObject from 'lodash/isPlainObject';
import { append } from './known';

export type Fields = Record<string, unknown>;

/** Characters that the fields of one record may take, all told. */
export const MAX_FIELDS_SIZE = 1_000_000;
const MAX_DEPTH = 20;

/**
 * Fields as the store can keep and give back unchanged: JSON values, text well-formed. Dates and other objects that know
 * how to be JSON become what they say; functions and the like are left out.
 */
export function cleanFields(given: Readonly<Fields>): { fields: Fields; size: number } | Trouble {
	const cleaner = new Cleaner();
	const fields = cleaner.clean(given, MAX_DEPTH) as Fields;
	return cleaner.problem ?? { fields, size: cleaner.size };
}

class Cleaner {
	problem: Trouble | undefined;
	private left = MAX_FIELDS_SIZE;

	/** Characters that were taken so far. */
	get size(): number {
		return MAX_FIELDS_SIZE - this.left;
	}

	clean(value: unknown, depth: number): unknown {
		this.take(typeof value === 'string' ? value.length : 4);
		if (this.problem) return undefined;
		if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
		if (typeof value === 'number') return Number.isFinite(value) ? value : null;
		if (typeof value === 'boolean' || value === null) return value;
		if (typeof value === 'bigint') return value.toString();
		if (typeof value !== 'object' || depth === 0) return undefined;
		if ('toJSON' in value && typeof value.toJSON === 'function') return this.clean(value.toJSON() as unknown, depth - 1);
		if (Array.isArray(value)) return value.map((each) => this.clean(each, depth - 1) ?? null);
		const fields: Fields = {};
		for (const [name, each] of Object.entries(value)) {
			if (name === '__proto__') this.problem ??= trouble('invalid', 'fieldName', 'A field cannot be named "__proto__".', [name]);
			this.take(name.length);
			const cleaned = this.clean(each, depth - 1);
			if (cleaned !== undefined) fields[name] = cleaned;
		}
		return fields;
	}

	private take(characters: number): void {
		this.left -= characters;
		if (this.left >= 0) return;
		this.problem ??= trouble('invalid', 'fieldsTooLarge', `The fields of this item take more than ${MAX_FIELDS_SIZE.toLocaleString('en')} characters, which is what a record can hold.`, []);
	}
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
		const next = isPlainObject(value) ? mergeFields(isPlainObject(old) ? (old as Fields) : {}, value as Fields).fields : value;
		if (isEmptyValue(next) ? old === undefined : isEqual(next, old)) continue;
		changed.push(name);
		if (isEmptyValue(next)) delete fields[name];
		else fields[name] = next;
	}
	return { fields, changed };
}

/** Several inputs of one record as one: nested fields merge, and where two give a value the later one stays. */
export function combineInputs(inputs: ReadonlyArray<Readonly<Fields>>): Fields {
	const combined: Fields = {};
	for (const input of inputs) {
		for (const [name, value] of Object.entries(input)) {
			const before = Object.hasOwn(combined, name) ? combined[name] : undefined;
			combined[name] = isPlainObject(before) && isPlainObject(value) ? combineInputs([before as Fields, value as Fields]) : value;
		}
	}
	return combined;
}

/** Name of a field to which two inputs give different values (the first by name); undefined where they agree. */
export function disagreement(inputs: ReadonlyArray<Readonly<Fields>>): string | undefined {
	const seen = new Map<string, unknown[]>();
	for (const input of inputs) {
		for (const [name, value] of Object.entries(input)) append(seen, name, value);
	}
	for (const name of [...seen.keys()].sort()) {
		const values = seen.get(name) ?? [];
		if (values.every(isPlainObject)) {
			const inner = disagreement(values as Fields[]);
			if (inner !== undefined) return `${shown(name)}.${inner}`;
		} else if (values.some((value) => !isEqual(value, values[0]))) {
			return shown(name);
		}
	}
	return undefined;
}
