import type { RecordRow } from './rows';

/**
 * How the history tells what changed of a record: fields by name, `null` where there was or is none, and `accountId` for the
 * account of a person. A field may be called `accountId` too; it, and what would look like it, stands under `fields.`.
 */
const ACCOUNT = 'accountId';
const PREFIX = 'fields.';

/** Name under which the history shows a field. */
export function nameInHistory(field: string): string {
	return field === ACCOUNT || field.startsWith(PREFIX) ? PREFIX + field : field;
}

/** What a record holds now under a name of the history. */
export function valueNow({ fields, accountId }: Pick<RecordRow, 'fields' | 'accountId'>, name: string): unknown {
	if (name === ACCOUNT) return accountId;
	const field = fieldOf(name);
	return Object.hasOwn(fields, field) ? fields[field] : null;
}

/** Fields and account of a record with values of the history in the place of what they are now. */
export function withValues(record: RecordRow, values: Readonly<Record<string, unknown>>): Pick<RecordRow, 'fields' | 'accountId'> {
	const fields: Record<string, unknown> = { ...record.fields };
	let { accountId } = record;
	for (const [name, value] of Object.entries(values)) {
		if (name === ACCOUNT) accountId = typeof value === 'string' ? value : null;
		else if (value === null) delete fields[fieldOf(name)];
		else fields[fieldOf(name)] = value;
	}
	return { fields, accountId };
}

function fieldOf(name: string): string {
	return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}
