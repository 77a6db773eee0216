/** Expressions that only name a place in the item's JSON, read without n8n's expression engine. */
import { isSafeObjectProperty } from 'n8n-workflow';

import { isPlain } from './fieldValues';

/** Instead of a value: only n8n's expression engine can say what this is. */
export const ASK_ENGINE = Symbol('ask the expression engine');

/** Gives a value for an item's JSON, or {@link ASK_ENGINE}. */
export type Build = (json: unknown) => unknown;

const SEGMENT = /(?:\?\.|\.)([\p{ID_Start}$_][\p{ID_Continue}$]*)|\[(?:"([^"\\\n]*)"|'([^'\\\n]*)'|(\d{1,9}))\]/uy;

/** The keys of `={{ $json.a["b c"][0] }}`, none of `={{ $json }}`; nothing when it is any other expression. */
export function parsePath(expression: string): string[] | undefined {
	const inside = /^=\{\{\s*\$json([^{}]*?)\s*\}\}$/.exec(expression)?.[1];
	if (inside === undefined) return undefined;
	const keys: string[] = [];
	SEGMENT.lastIndex = 0;
	while (SEGMENT.lastIndex < inside.length) {
		const segment = SEGMENT.exec(inside);
		if (segment === null) return undefined;
		const key = segment[1] ?? segment[2] ?? segment[3] ?? segment[4];
		// n8n refuses `constructor`, `__proto__` and their kind with a message of its own.
		if (!isSafeObjectProperty(key)) return undefined;
		keys.push(key);
	}
	return keys;
}

/**
 * Own properties only. A method or other inherited property is the engine's to judge: `$json.name.trim` fails there.
 * What is missing on the way gives nothing, as in n8n.
 */
function read(json: unknown, keys: readonly string[]): unknown {
	let value = json;
	for (const key of keys) {
		if (value === null || value === undefined) return undefined;
		const holder: object = typeof value === 'object' ? value : Object(value);
		if (Object.hasOwn(holder, key)) value = (holder as Record<string, unknown>)[key];
		else if (key in holder) return ASK_ENGINE;
		else return undefined;
	}
	return isJson(value) ? value : ASK_ENGINE;
}

/** Whether a value stands for itself; dates and other objects with a class are converted by n8n in its own way. */
function isJson(value: unknown): boolean {
	if (typeof value === 'function') return false;
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
	const prototype: unknown = Object.getPrototypeOf(value);
	// Not compared with Object.prototype: an item may come from another realm (the Code node).
	return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** How to build a saved value from an item's JSON; nothing when one of its expressions is no plain path. */
export function compile(raw: unknown): Build | undefined {
	if (typeof raw === 'string' && raw.startsWith('=')) {
		const keys = parsePath(raw);
		return keys && ((json) => read(json, keys));
	}
	if (Array.isArray(raw)) return compileEntries(raw.map((value, place) => [String(place), value]), () => []);
	if (isPlain(raw)) return compileEntries(Object.entries(raw), () => ({}));
	return () => raw;
}

function compileEntries(entries: Array<[string, unknown]>, empty: () => object): Build | undefined {
	const builds: Array<[string, Build]> = [];
	for (const [key, value] of entries) {
		const build = compile(value);
		if (build === undefined || !isSafeObjectProperty(key)) return undefined;
		builds.push([key, build]);
	}
	return (json) => {
		const built = empty() as Record<string, unknown>;
		for (const [key, build] of builds) {
			const value = build(json);
			if (value === ASK_ENGINE) return ASK_ENGINE;
			built[key] = value;
		}
		return built;
	};
}
