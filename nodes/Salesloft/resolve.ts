import { Settling } from '../shared/http/items';
import { parseEmail } from '../shared/identity/email';
import { isTrouble, OBJECT_WORD, trouble } from '../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../shared/identity/outcome';
import { shown } from '../shared/identity/wording';
import type { ObjectName, TypeChoice, Work } from '../shared/ports';
import type { Fields, MappingRow } from './answers';
import { AT_ONCE } from './api';
import { idOf } from './records';
import { type CheckedId, distinctObjects, goneObject, noMapping, noRecord, parseObjectId, type Salesloft, severalObjects, shownMapping } from './system';

/** An object that an entry names. */
interface Found {
	index: number;
	objectType: ObjectType;
	objectId: string;
	/** Where it was named by External ID. */
	id?: CheckedId;
	mapping?: MappingRow;
}

/** Finds the object that each name leads to: its Object ID; with `allIds`, all its External IDs too. */
export async function resolveNames(salesloft: Salesloft, names: readonly ObjectName[], work: Work, allIds: boolean): Promise<void> {
	const settling = new Settling(work, names.length);
	const found = await findObjects(salesloft, names, work, settling);
	if (allIds) {
		await settling.each(found, AT_ONCE, async (each) => {
			const rows = await salesloft.api.mappingsOf({ objectType: each.objectType, objectId: each.objectId }, work.signal);
			return { ...shownFound(each), externalIds: idsByType(rows) };
		});
	} else for (const each of found) settling.settle(each.index, shownFound(each));
	settling.end();
}

/** The ID of the same object under another External Type. */
export async function translateNames(salesloft: Salesloft, entries: ReadonlyArray<{ name: ObjectName; toType: TypeChoice }>, work: Work): Promise<void> {
	const settling = new Settling(work, entries.length);
	const found = await findObjects(salesloft, entries.map(({ name }) => name), work, settling, (name, index) => {
		const toType = salesloft.checkType(name.objectType, (entries[index] as (typeof entries)[number]).toType);
		return isTrouble(toType) ? toType : undefined;
	});
	const groups = groupBy(found, ({ objectType, index }) => `${objectType}\n${String(salesloft.checkType(objectType, (entries[index] as (typeof entries)[number]).toType))}`);
	for (const [key, group] of groups) {
		const [objectType, toType] = key.split('\n') as [ObjectType, string];
		await salesloft.mappings(objectType, toType).ofObjects(group.map(({ objectId }) => objectId), (at, rows) => {
			const each = group[at] as Found;
			const source = { objectType, objectId: each.objectId, ...(each.id ? { fromType: each.id.externalType, fromId: each.id.externalId } : {}) };
			const [first, ...more] = rows;
			if (first === undefined) settling.settle(each.index, trouble('notFound', 'noIdOfType', `${sentenceCase(OBJECT_WORD[objectType])} ${each.objectId} has no ${toType} ID in Salesloft.`, [objectType, each.objectId, toType], { ...source, externalType: toType }));
			else settling.settle(each.index, { status: 'found', externalType: toType, externalId: first.externalId, ...(more.length > 0 ? { externalIds: rows.map(({ externalId }) => externalId) } : {}), ...source });
		}, work.signal);
	}
	settling.end();
}

/** Whole people, accounts or users, each with the External ID that it was asked for by: Salesloft's own answer leaves that out. */
export async function getRecords(salesloft: Salesloft, names: readonly ObjectName[], work: Work): Promise<void> {
	const settling = new Settling(work, names.length);
	const found = await findObjects(salesloft, names, work, settling);
	for (const [objectType, group] of groupBy(found, (each) => each.objectType)) {
		await salesloft.records.byIds(objectType, group.map(({ objectId }) => objectId), (at, [record]) => {
			const each = group[at] as Found;
			settling.settle(each.index, { ...shownFound(each), fields: record });
		}, work.signal);
		if (work.signal?.aborted) break;
		for (const each of group) if (!settling.isSettled(each.index)) settling.settle(each.index, gone(each));
	}
	settling.end();
}

/** The object that each name leads to; settles those that lead to none. */
async function findObjects(salesloft: Salesloft, names: readonly ObjectName[], work: Work, settling: Settling, alsoCheck: (name: ObjectName, index: number) => Trouble | undefined = () => undefined): Promise<Found[]> {
	await salesloft.learnTypes([], false);
	const found: Found[] = [];
	const ids: Array<CheckedId & { index: number }> = [];
	const emails: Array<{ index: number; objectType: ObjectType; key: string }> = [];
	names.forEach((name, index) => {
		const problem = alsoCheck(name, index);
		const checked = problem ?? check(salesloft, name);
		if (isTrouble(checked)) settling.settle(index, checked);
		else if ('externalId' in checked) ids.push({ ...checked, index });
		else if ('key' in checked) emails.push({ ...checked, index });
		else found.push({ ...checked, index });
	});
	for (const group of groupBy(ids, ({ objectType, externalType }) => `${objectType}\n${externalType}`).values()) {
		const { objectType, externalType } = group[0] as CheckedId;
		await salesloft.mappings(objectType, externalType).ofIds(group.map(({ externalId }) => externalId), (at, rows) => {
			const id = group[at] as CheckedId & { index: number };
			const objects = distinctObjects(rows);
			const [mapping] = objects;
			if (mapping === undefined) settling.settle(id.index, noMapping(id));
			else if (objects.length > 1) settling.settle(id.index, severalObjects(id, objects));
			else if (mapping.objectId === undefined) settling.settle(id.index, goneObject(id, mapping));
			else found.push({ index: id.index, objectType, objectId: mapping.objectId, id, mapping });
		}, work.signal);
	}
	for (const [objectType, group] of groupBy(emails, (each) => each.objectType)) {
		const told = new Set<number>();
		const keys = group.map(({ key }) => key);
		const tell = (at: number, records: readonly Fields[]) => {
			told.add(at);
			const { index, key } = group[at] as (typeof group)[number];
			if (records.length === 1) found.push({ index, objectType, objectId: idOf(records[0] as Fields) });
			else settling.settle(index, trouble('ambiguous', 'severalMatch', `${records.length} ${objectType} have the e-mail ${shown(key)}.`, [objectType, key], { objectType, candidates: records.slice(0, 20).map((record) => ({ objectId: idOf(record) })) }));
		};
		if (objectType === 'users') await salesloft.records.usersByEmails(keys, tell, work.signal);
		else await salesloft.records.byEmails(keys, tell, work.signal);
		if (work.signal?.aborted) break;
		group.forEach(({ index, key }, at) => {
			if (!told.has(at)) settling.settle(index, trouble('notFound', 'noMatch', `No ${OBJECT_WORD[objectType]} in Salesloft has the e-mail ${shown(key)}.`, [objectType, key], { objectType }));
		});
	}
	return found;
}

function check(salesloft: Salesloft, name: ObjectName): CheckedId | { objectType: ObjectType; objectId: string } | { objectType: ObjectType; key: string } | Trouble {
	const { objectType } = name;
	switch (name.by) {
		case 'externalId':
			return salesloft.checkId(objectType, name.externalType, name.externalId);
		case 'objectId': {
			const objectId = parseObjectId(objectType, name.objectId);
			return isTrouble(objectId) ? objectId : { objectType, objectId };
		}
		case 'email': {
			const email = parseEmail(name.email);
			return isTrouble(email) ? email : { objectType, key: email.key };
		}
	}
}

function shownFound({ objectType, objectId, mapping }: Found): Outcome & { status: 'found' } {
	return { status: 'found', ...(mapping ? shownMapping(mapping) : { objectType, objectId }) };
}

function gone({ objectType, objectId, id, mapping }: Found): Trouble {
	if (id && mapping) return goneObject(id, mapping);
	return noRecord(objectType, objectId);
}

/** One ID of a type as text, several as a list. */
export function idsByType(rows: readonly MappingRow[]): Record<string, string | string[]> {
	return Object.fromEntries(
		[...groupBy(rows, (row) => row.externalType)].map(([externalType, ofType]) => {
			const ids = [...new Set(ofType.map(({ externalId }) => externalId))];
			return [externalType, ids.length === 1 ? (ids[0] as string) : ids];
		}),
	);
}

export function groupBy<T, K>(all: Iterable<T>, keyOf: (one: T) => K): Map<K, T[]> {
	const groups = new Map<K, T[]>();
	for (const one of all) {
		const key = keyOf(one);
		const group = groups.get(key);
		if (group) group.push(one);
		else groups.set(key, [one]);
	}
	return groups;
}

function sentenceCase(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}
