/** Values of a query: several under a name repeat it. */
export type QueryValues = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** `?a=1&ids%5B%5D=2`; empty where nothing is asked. */
export function queryOf(values: QueryValues): string {
	const parts = Object.entries(values).flatMap(([name, value]) => {
		if (value === undefined) return [];
		const all = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
		return all.map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`);
	});
	return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/**
 * One path segment, whatever it holds; nothing for `.` and `..`, which every URL parser resolves, encoded or not
 * (https://url.spec.whatwg.org/#double-dot-path-segment).
 */
export function segmentOf(value: string): string | undefined {
	return value === '.' || value === '..' || value === '' ? undefined : encodeURIComponent(value);
}

/**
 * Puts values into groups that fit into one call, as they are asked for: encoding 100,000 at once would stand in n8n's way.
 *
 * @param most values of one call
 * @param longest characters that the values of one call may take, encoded, each with its name
 */
export function* groupsForQuery<T>(values: Iterable<T>, name: string, textOf: (value: T) => string, most: number, longest: number): Generator<T[]> {
	const ofName = encodeURIComponent(name).length + 2;
	let group: T[] = [];
	let length = 0;
	for (const value of values) {
		const own = ofName + encodeURIComponent(textOf(value)).length;
		if (group.length > 0 && (group.length >= most || length + own > longest)) {
			yield group;
			group = [];
			length = 0;
		}
		group.push(value);
		length += own;
	}
	if (group.length > 0) yield group;
}
