/** The query of a URL, read the way web frameworks read `name`, `name[]` and `name[key]`. */
export class Query {
	private readonly values = new Map<string, string[]>();

	constructor(text: string) {
		for (const [name, value] of new URLSearchParams(text)) this.values.set(name, [...(this.values.get(name) ?? []), value]);
	}

	/** The value of `name`; the last one counts. */
	one(name: string): string | undefined {
		return this.values.get(name)?.at(-1);
	}

	/** All values of `name[]`. */
	list(name: string): string[] | undefined {
		return this.values.get(`${name}[]`);
	}

	/** Values of `name[key]`, by key, in the order in which they were sent. */
	keyed(name: string): Map<string, string> {
		const found = new Map<string, string>();
		for (const [full, values] of this.values) {
			const inside = full.startsWith(`${name}[`) && full.endsWith(']') ? full.slice(name.length + 1, -1) : '';
			if (inside !== '') found.set(inside, values.at(-1) as string);
		}
		return found;
	}

	/** The same query with other values of single names. */
	with(changes: Readonly<Record<string, string>>): Query {
		const changed = new Query('');
		for (const [name, values] of this.values) changed.values.set(name, values);
		for (const [name, value] of Object.entries(changes)) changed.values.set(name, [value]);
		return changed;
	}
}
