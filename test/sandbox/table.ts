/** Rows with an `id`, found by it, by keys that are declared once, and in any order. */
export class Table<Row extends { id: number }, Key extends string = never> {
	private readonly rows = new Map<number, Row>();
	private readonly indexes = new Map<Key, Map<string, Set<Row>>>();
	private readonly orders = new Map<string, Row[]>();

	/** @param keys how a row is found by each key; a row without the key is left out */
	constructor(private readonly keys: Readonly<Record<Key, (row: Row) => string | undefined>>) {
		for (const key of Object.keys(keys) as Key[]) this.indexes.set(key, new Map());
	}

	get size(): number {
		return this.rows.size;
	}

	get(id: number): Row | undefined {
		return this.rows.get(id);
	}

	/** In the order in which they were added. */
	all(): Row[] {
		return [...this.rows.values()];
	}

	find(key: Key, value: string): Row[] {
		return [...(this.indexes.get(key)?.get(value) ?? [])];
	}

	add(row: Row): Row {
		this.rows.set(row.id, row);
		this.enter(row);
		this.orders.clear();
		return row;
	}

	change(row: Row, change: (row: Row) => void): void {
		this.leave(row);
		change(row);
		this.enter(row);
		this.orders.clear();
	}

	remove(row: Row): void {
		this.leave(row);
		this.rows.delete(row.id);
		this.orders.clear();
	}

	clear(): void {
		this.rows.clear();
		this.orders.clear();
		for (const index of this.indexes.values()) index.clear();
	}

	/** All rows by a comparison, which is named so that the order is kept until something changes. */
	inOrder(name: string, compare: (a: Row, b: Row) => number): readonly Row[] {
		const kept = this.orders.get(name);
		if (kept) return kept;
		const sorted = this.all().sort(compare);
		this.orders.set(name, sorted);
		return sorted;
	}

	private enter(row: Row): void {
		for (const [key, index] of this.indexes) {
			const value = this.keys[key](row);
			if (value === undefined) continue;
			const found = index.get(value);
			if (found) found.add(row);
			else index.set(value, new Set([row]));
		}
	}

	private leave(row: Row): void {
		for (const [key, index] of this.indexes) {
			const value = this.keys[key](row);
			if (value === undefined) continue;
			const found = index.get(value);
			found?.delete(row);
			if (found?.size === 0) index.delete(value);
		}
	}
}
