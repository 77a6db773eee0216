import type { Lab, Row } from './engines';

const ID = /\b(?:per|acc|usr|map)_[0-9A-Z]{26}\b/g;
const TIME = /"(?:createdAt|updatedAt)":\d+,?/g;
/** Columns that differ between two runs of the same work. */
const PASSING = new Set(['workspace', 'created_at', 'updated_at', 'ended_at', 'at', 'seq', 'run_id', 'slot', 'hash', 'person', 'erased_at']);

/**
 * What a database holds, so that two of them can be compared: without times and runs, and with each Object and Mapping ID
 * replaced by what the object is (its External IDs, addresses, fields).
 *
 * @param history whether the history and deleted mappings count too, or only what is true now
 */
export async function worldOf(lab: Lab, { history, workspace = 'default' }: { history: boolean; workspace?: string }): Promise<Record<string, string[]>> {
	const tables = await lab.tables({ workspace });
	for (const row of tables.record ?? []) row.fields = sorted(String(row.fields));
	const names = namesOf(tables);
	const renamed = (value: unknown) => (typeof value === 'string' ? value.replace(ID, (id) => names.get(id) ?? '<gone>').replace(TIME, '') : value);
	const world: Record<string, string[]> = {};
	for (const [table, rows] of Object.entries(tables)) {
		if (table === 'run' || (table === 'change' && !history)) continue;
		for (const row of rows) if (row.key === 'erasedSecret') row.value = 'random';
		const counted = table === 'mapping' && !history ? rows.filter(({ state }) => state !== 'deleted') : rows;
		world[table] = counted.map((row) => JSON.stringify(Object.entries(row).filter(([column]) => !PASSING.has(column)).map(([column, value]) => [column, renamed(value)]))).sort();
	}
	return world;
}

/** JSON with the keys of its top level in order: which field came first says nothing. */
function sorted(json: string): string {
	return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(json) as object).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** For each Object and Mapping ID a text that tells what stands behind it. */
function namesOf(tables: Record<string, Row[]>): Map<string, string> {
	const parts = new Map<string, string[]>();
	const add = (id: unknown, part: string) => parts.set(String(id), [...(parts.get(String(id)) ?? []), part]);
	for (const row of tables.record ?? []) add(row.id, `${String(row.object_type)} ${String(row.state)} ${String(row.fields)}`);
	for (const row of tables.mapping ?? []) if (row.state !== 'deleted') add(row.object_id, `${String(row.state)} ${String(row.external_type)}=${String(row.id_key)}`);
	for (const row of tables.email ?? []) add(row.record_id, `${String(row.key)}${row.is_primary ? '*' : ''}`);
	for (const row of tables.related_domain ?? []) add(row.account_id, `@${String(row.domain)}${row.preferred ? '*' : ''}`);
	const names = new Map([...parts].map(([id, of]) => [id, `<${of.sort().join(' | ')}>`]));
	for (const row of tables.mapping ?? []) names.set(String(row.id), `<mapping ${String(row.external_type)}=${String(row.id_key)} of ${names.get(String(row.object_id)) ?? '?'}>`);
	return names;
}

/** Rows of the history: what "nothing was written" is counted by. */
export async function changesIn(lab: Lab): Promise<number> {
	return ((await lab.tables()).change ?? []).length;
}

/**
 * Rules that the rows keep among themselves, whatever was done; returns what is broken.
 *
 * The history holds one row for each making and ending of a mapping, so a change without its mapping, or the other way
 * round, shows a transaction that was cut in two.
 */
export function brokenRules(tables: Record<string, Row[]>): string[] {
	const broken: string[] = [];
	const { mapping = [], record = [], change = [], email = [], related_domain: domains = [], configuration = [] } = tables;
	const key = (row: Row, ...columns: string[]) => ['workspace', ...columns].map((column) => String(row[column])).join(' ');

	const repeated = (rows: Row[], what: string, ...columns: string[]) => {
		const seen = new Set<string>();
		for (const row of rows) {
			const text = key(row, ...columns);
			if (seen.has(text)) broken.push(`${what} twice: ${text}`);
			seen.add(text);
		}
	};
	repeated(mapping.filter(({ state }) => state !== 'deleted'), 'a live External ID', 'object_type', 'external_type', 'id_key');
	repeated(mapping.filter(({ slot }) => slot !== null), 'a slot', 'object_id', 'external_type', 'slot');
	repeated(email.filter(({ is_primary }) => Boolean(is_primary)), 'a primary e-mail', 'record_id');

	const perObject = new Map(configuration.map((row) => [key(row, 'object_type', 'external_type'), Number(row.ids_per_object)]));
	const current = new Map<string, number>();
	for (const row of mapping) {
		if ((row.state === 'current') !== (row.slot !== null)) broken.push(`slot and state of ${key(row, 'id')} disagree`);
		if ((row.state === 'current') !== (row.ended_at === null)) broken.push(`end and state of ${key(row, 'id')} disagree`);
		const type = key(row, 'object_type', 'external_type');
		if (row.state !== 'deleted' && !perObject.has(type)) broken.push(`a live mapping of a type that has no configuration: ${type}`);
		if (row.state !== 'current') continue;
		const slot = key(row, 'object_id', 'external_type');
		current.set(slot, (current.get(slot) ?? 0) + 1);
		const limit = perObject.get(type) ?? 1;
		if (limit > 0 && (current.get(slot) ?? 0) > limit) broken.push(`${current.get(slot)} current IDs of one type, ${limit} allowed: ${slot}`);
	}

	const objects = new Set(record.map((row) => key(row, 'id')));
	for (const row of mapping) if (!objects.has(key(row, 'object_id'))) broken.push(`a mapping of no record: ${key(row, 'id')}`);
	for (const row of email) if (!objects.has(key(row, 'record_id'))) broken.push(`an e-mail of no record: ${key(row, 'key')}`);
	for (const row of domains) if (!objects.has(key(row, 'account_id'))) broken.push(`a domain of no account: ${key(row, 'domain')}`);

	const made = new Set(change.filter(({ kind }) => kind === 'mappingCreated').map((row) => key(row, 'subject')));
	const stored = new Set(mapping.map((row) => key(row, 'id')));
	for (const each of made) if (!stored.has(each)) broken.push(`history tells of a mapping that is not there: ${each}`);
	for (const each of stored) if (!made.has(each)) broken.push(`a mapping without history: ${each}`);
	const born = new Set(change.filter(({ kind }) => kind === 'recordCreated').map((row) => key(row, 'object_id')));
	for (const each of born) if (!objects.has(each)) broken.push(`history tells of a record that is not there: ${each}`);
	for (const each of objects) if (!born.has(each)) broken.push(`a record without history: ${each}`);
	return broken;
}
