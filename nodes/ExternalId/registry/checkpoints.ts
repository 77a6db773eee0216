import { trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { kindOf, shown } from '../../shared/identity/wording';
import type { Work } from '../../shared/ports';
import { cancelled } from './batches';
import { checkEntries } from './checked';
import { append } from './known';
import { isBlank } from './objects';
import type { Registry } from './registry';

/** Where a scheduled flow is ("since the last success"): a date, a number, or a text that another system gave. */
export type CheckpointKind = 'date' | 'number' | 'text';

interface Value {
	kind: CheckpointKind;
	value: string | number;
}

export interface SaveEntry {
	name: unknown;
	kind: CheckpointKind;
	value: unknown;
}

const MAX_NAME = 200;
const MAX_TEXT = 10_000;
const DAY_MS = 86_400_000;

/** What a checkpoint is before anything was saved. */
export type FirstTime = { value: Value } | { daysBack: number } | 'notFound';

/** The value that was saved last, or what to begin with. `now` is the time to save when the flow has succeeded. */
export async function getCheckpoints(registry: Registry, names: readonly unknown[], firstTime: FirstTime | Trouble, now: number, work: Work): Promise<void> {
	const checked = await checkEntries(names, work, checkName);
	const { checkpoints } = await registry.store.read(registry.workspace, { checkpoints: checked.map(({ name }) => name) });
	const stored = new Map(checkpoints.map((row) => [row.name, row]));
	for (const { name, index } of checked) {
		const row = stored.get(name);
		const times = { now: new Date(now).toISOString() };
		if (row) work.settle(index, { status: 'found', name, ...(JSON.parse(row.value) as Value), isFirst: false, savedAt: new Date(row.savedAt).toISOString(), ...times });
		else if (firstTime === 'notFound') work.settle(index, trouble('notFound', 'noCheckpoint', `Nothing was saved under "${shown(name)}" yet.`, [name], { name, ...times }));
		else if ('status' in firstTime) work.settle(index, { ...firstTime });
		else {
			const value: Value = 'value' in firstTime ? firstTime.value : { kind: 'date', value: new Date(now - firstTime.daysBack * DAY_MS).toISOString() };
			work.settle(index, { status: 'found', name, ...value, isFirst: true, savedAt: null, ...times });
		}
	}
}

/**
 * Saves checkpoints. A date or a number never goes back unless that is allowed: of two runs that overlap the later value
 * stays. Of several values for one name in an input the greatest is saved, whatever their order.
 */
export async function saveCheckpoints(registry: Registry, entries: readonly SaveEntry[], { mayGoBack }: { mayGoBack: boolean }, work: Work): Promise<void> {
	const now = Date.now();
	const checked = await checkEntries(entries, work, (entry): { name: string; value: Value } | Trouble => {
		const name = checkName(entry.name);
		if ('status' in name) return name;
		const value = checkValue(entry.kind, entry.value);
		if ('status' in value) return value;
		if (value.kind === 'date' && Date.parse(String(value.value)) > now + DAY_MS && !mayGoBack) {
			return trouble('invalid', 'checkpointInFuture', `The date ${value.value} lies in the future; saved, it would keep every later one out. Save the time at which the run began (the "now" that Get gives).`, [name.name]);
		}
		return { name: name.name, value };
	});
	const groups = new Map<string, typeof checked>();
	for (const item of checked) append(groups, item.name, item);
	for (const group of groups.values()) {
		if (work.signal?.aborted) {
			for (const { index, name } of group) work.settle(index, cancelled([name]));
			continue;
		}
		const outcomes = await saveOne(registry, group, mayGoBack, work);
		group.forEach(({ index }, at) => work.settle(index, outcomes[at] as Outcome));
	}
}

async function saveOne(registry: Registry, group: ReadonlyArray<{ name: string; value: Value }>, mayGoBack: boolean, work: Work): Promise<Outcome[]> {
	const { name } = group[0] as (typeof group)[number];
	const values = group.map(({ value }) => value);
	if (new Set(values.map(({ kind, value }) => (kind === 'text' ? `text ${value}` : kind))).size > 1) {
		const problem = trouble('conflict', 'itemsDisagree', `Several items save different values as "${shown(name)}", and texts have no order. Nothing was saved.`, [name], { name });
		return group.map(() => ({ ...problem }));
	}
	const greatest = values.reduce((most, each) => (isAfter(each, most) ? each : most));
	return await registry.transact({ checkpoints: [name] }, work, (unit) => {
		const row = unit.checkpoint(name);
		const before = row ? (JSON.parse(row.value) as Value) : undefined;
		const told = { name, kind: greatest.kind, before: before?.value ?? null };
		if (before && before.kind !== greatest.kind && !mayGoBack) {
			const problem = trouble('conflict', 'otherKind', `"${shown(name)}" holds a ${before.kind}, and a ${greatest.kind} was to be saved. Choose the same kind, another name, or turn on Allow Going Back.`, [name], { name, conflict: { wanted: greatest, existing: before } });
			return group.map(() => ({ ...problem }));
		}
		if (before && before.kind === greatest.kind && before.value === greatest.value) return group.map(() => ({ status: 'unchanged' as const, ...told, value: before.value }));
		if (before && !mayGoBack && isAfter(before, greatest)) return group.map(() => ({ status: 'unchanged' as const, ...told, value: before.value, keptBecause: `What is saved is later than ${greatest.value}. Turn on Allow Going Back to save it nevertheless.` }));
		unit.putCheckpoint({ name, value: JSON.stringify(greatest), savedAt: unit.now });
		const saver = values.indexOf(greatest);
		return group.map((_, at) => ({ status: at === saver ? (before ? ('updated' as const) : ('created' as const)) : ('unchanged' as const), ...told, value: greatest.value }));
	});
}

/** A value as it is kept: a date in UTC, a finite number, a text. */
export function checkValue(kind: CheckpointKind, given: unknown): Value | Trouble {
	const refused = (reason: string) => trouble('invalid', 'checkpointValue', reason, [kind, String(kindOf(given))]);
	if (isBlank(given)) return refused('Value is empty. Save the time at which the run began (the "now" that Get gives), or the greatest value that was worked on.');
	if (kind === 'text') {
		if (typeof given !== 'string' && typeof given !== 'number') return refused(`Value is ${kindOf(given)}; a text was expected.`);
		const text = String(given);
		if (text.length > MAX_TEXT) return refused(`Value is ${text.length.toLocaleString('en')} characters long; at most ${MAX_TEXT.toLocaleString('en')} are kept.`);
		return { kind, value: text.toWellFormed() };
	}
	if (kind === 'number') {
		const number = typeof given === 'string' ? Number(given) : given;
		return typeof number === 'number' && Number.isFinite(number) ? { kind, value: number } : refused(`Value ${typeof given === 'string' ? `"${shown(given)}"` : 'is something that'} cannot be read as a number. An example: 1200`);
	}
	const text = typeof given === 'object' && given !== null && 'toJSON' in given && typeof given.toJSON === 'function' ? String(given.toJSON()) : given;
	const time = typeof text === 'number' ? text : typeof text === 'string' ? Date.parse(text) : Number.NaN;
	// The years that an ISO date can name with four digits.
	if (!(time >= -62_135_596_800_000 && time <= 253_402_300_799_999)) return refused(`Value ${typeof text === 'string' ? `"${shown(text)}"` : `is ${kindOf(given)}, which`} is not a date that can be read. An example: 2026-01-31T09:00:00Z`);
	return { kind: 'date', value: new Date(time).toISOString() };
}

function checkName(given: unknown): { name: string } | Trouble {
	const name = typeof given === 'string' || typeof given === 'number' ? String(given).trim().normalize('NFC') : '';
	if (name === '') return trouble('invalid', 'noCheckpointName', 'Name is empty. Give each flow a name of its own, such as crm-contacts.', []);
	if (name.length > MAX_NAME || !name.isWellFormed() || /\p{Cc}/u.test(name)) return trouble('invalid', 'checkpointName', `The name "${shown(name)}" cannot be used: at most ${MAX_NAME} characters, on one line.`, [name.slice(0, MAX_NAME)]);
	return { name };
}

function isAfter(a: Value, b: Value): boolean {
	return a.kind !== 'text' && a.value > b.value;
}
