import { type Answer, isPlainObject } from '../shared/http/answer';
import { Unreadable } from '../shared/http/errors';
import { wordsOf } from '../shared/http/words';
import { OBJECT_TYPES, type ObjectType } from '../shared/identity/outcome';

/** An object of Salesloft's as it gives it. */
export type Fields = Readonly<Record<string, unknown>>;

/** An External Type declared for an Object Type. */
export interface Configuration {
	id: number;
	externalType: string;
	objectType: ObjectType;
	/** Of the OAuth application that made it; null for API keys. */
	integrationId: number | null;
	deleted: boolean;
}

/** An External ID and the object that it leads to. */
export interface MappingRow {
	/** Left out by some answers. */
	id: number | undefined;
	objectType: ObjectType;
	externalType: string;
	externalId: string;
	/** Undefined for a mapping that leads nowhere: what a refused create may leave behind. */
	objectId: string | undefined;
	insertedAt: string | undefined;
}

/** Why a call was refused, where that is about what was asked and not about who asks. */
export interface Refusal {
	refused: number;
	words: string;
}

export function isRefusal(value: unknown): value is Refusal {
	return isPlainObject(value) && typeof value.refused === 'number' && typeof value.words === 'string';
}

export function refusalOf(answer: Answer): Refusal {
	return { refused: answer.status, words: wordsOf(answer) };
}

/** What an answer holds, as a list: the guide shows a single result as an object, the reference as a list. */
export function rowsOf(answer: Answer): Fields[] {
	const { body } = answer;
	if (isPlainObject(body)) {
		if (Array.isArray(body.data)) return body.data.filter(isPlainObject);
		if (isPlainObject(body.data)) return [body.data];
	}
	throw new Unreadable(`The answer could not be read (${wordsOf(answer)})`);
}

/** The one object that an answer holds, under `data` or at its top. */
export function rowOf(answer: Answer): Fields {
	const { body } = answer;
	if (isPlainObject(body)) {
		if (isPlainObject(body.data)) return body.data;
		if (Array.isArray(body.data) && isPlainObject(body.data[0])) return body.data[0];
		if (typeof body.id === 'number') return body;
	}
	throw new Unreadable(`The answer could not be read (${wordsOf(answer)})`);
}

/** One page of a list. */
export interface Page {
	rows: Fields[];
	/** How many there are in all, where it was asked for and told. */
	total: number | undefined;
	isLast: boolean;
}

/** Without `paging` (it can be missing) a page that is not full is the last one. */
export function pageOf(answer: Answer, perPage: number): Page {
	const rows = rowsOf(answer);
	const metadata = isPlainObject(answer.body) ? answer.body.metadata : undefined;
	const paging = isPlainObject(metadata) && isPlainObject(metadata.paging) ? metadata.paging : undefined;
	const isLast = paging !== undefined && 'next_page' in paging ? paging.next_page === null : rows.length < perPage;
	return { rows, isLast, total: typeof paging?.total_count === 'number' ? paging.total_count : undefined };
}

const SINGULAR: Readonly<Record<string, ObjectType>> = { person: 'people', account: 'accounts', user: 'users' };

/** Both spellings occur in Salesloft's documents. */
export function objectTypeOf(value: unknown): ObjectType | undefined {
	return OBJECT_TYPES.find((type) => type === value) ?? (typeof value === 'string' ? SINGULAR[value] : undefined);
}

export function configurationOf(row: Fields): Configuration | undefined {
	const { id, external_type: externalType, object_type, source_id, source_type, deleted } = row;
	const objectType = objectTypeOf(object_type);
	if (typeof id !== 'number' || typeof externalType !== 'string' || objectType === undefined) return undefined;
	// The guide's example has the two fields the other way round than the reference.
	const integrationId = [source_id, source_type].find((value): value is number => typeof value === 'number') ?? null;
	return { id, externalType, objectType, integrationId, deleted: deleted === true };
}

export function mappingOf(row: Fields): MappingRow | undefined {
	const { id, external_type: externalType, external_id: externalId, object_type, object_id: objectId, inserted_at: insertedAt, deleted } = row;
	const objectType = objectTypeOf(object_type);
	if (typeof externalType !== 'string' || (typeof externalId !== 'string' && typeof externalId !== 'number') || objectType === undefined || deleted === true) return undefined;
	return {
		id: typeof id === 'number' ? id : undefined,
		objectType,
		externalType,
		externalId: String(externalId),
		objectId: typeof objectId === 'number' || typeof objectId === 'string' ? String(objectId) : undefined,
		insertedAt: typeof insertedAt === 'string' ? insertedAt : undefined,
	};
}
