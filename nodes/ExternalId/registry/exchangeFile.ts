import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { parseExternalType } from '../../shared/identity/externalId';
import { OBJECT_TYPES, trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import { Pacer } from '../../shared/pace';
import { objectTypeOf } from './ids';
import { CHANGE_KINDS, INBOX_STATES } from './rows';
import type { ChangeRow, CheckpointRow, ConfigurationRow, DomainRow, EmailRow, InboxRow, KeptRun, MappingRow, RecordRow } from './rows';

/**
 * The file in which a registry goes from one place to another: a line of JSON each, in UTF-8, compressed or not. First a header,
 * then the rows, what others refer to before those that refer to it, and at the end their numbers and a checksum (SHA-256 of
 * all the bytes before that line).
 */
export const FORMAT = 'n8n-nodes-external-id/registry';
export const FORMAT_VERSION = 1;

export interface Header {
	format: typeof FORMAT;
	version: number;
	registry: string;
	workspace: string;
	exportedAt: string;
	history: boolean;
}

/** The rows of a file by what they are. */
export interface FileRows {
	configuration: ConfigurationRow;
	setting: { key: string; value: unknown };
	checkpoint: CheckpointRow;
	record: RecordRow;
	mapping: MappingRow;
	email: EmailRow;
	domain: DomainRow;
	inbox: Omit<InboxRow, 'site'>;
	run: KeptRun;
	change: ChangeRow & { runId: string };
}
export type RowType = keyof FileRows;

export type FileLine = { [Type in RowType]: { type: Type; row: FileRows[Type] } }[RowType];

interface End {
	type: 'end';
	rows: Partial<Record<RowType, number>>;
	sha256: string;
}

/** What a file turned out to be. */
export interface Verified {
	header: Header;
	rows: Partial<Record<RowType, number>>;
	sha256: string;
}

type Check = (value: unknown) => boolean;
const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value);
const truth: Check = (value) => typeof value === 'boolean';
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const anything: Check = () => true;
const orNull = (check: Check): Check => (value) => value === null || check(value);
const oneOf = (...values: readonly unknown[]): Check => (value) => values.includes(value);
const objectType = oneOf(...OBJECT_TYPES);
const objectId: Check = (value) => typeof value === 'string' && value.length <= 64 && objectTypeOf(value) !== undefined;
const externalType: Check = (value) => parseExternalType(value) === value;

/** What the columns of each row must be; nothing else of a row is taken. */
const SHAPES: { [Type in RowType]: Record<keyof FileRows[Type] & string, Check> } = {
	configuration: { objectType, externalType, maxLength: number, idsPerObject: number, idFormat: oneOf('asIs', 'salesforce', 'uuid'), pattern: orNull(text), example: orNull(text), createdAt: number, updatedAt: number },
	setting: { key: text, value: anything },
	checkpoint: { name: text, value: text, savedAt: number },
	record: { id: objectId, objectType, state: oneOf('active', 'deleted', 'merged'), mergedInto: orNull(objectId), accountId: orNull(objectId), fields: object, origin: text, createdAt: number, updatedAt: number },
	mapping: { id: (value) => typeof value === 'string' && /^map_\w{1,60}$/.test(value), objectType, externalType, externalId: text, idKey: text, objectId, state: oneOf('current', 'former', 'deleted'), slot: orNull(number), createdAt: number, endedAt: orNull(number) },
	email: { recordId: objectId, objectType, key: text, address: text, isPrimary: truth, createdAt: number },
	domain: { domain: text, accountId: objectId, preferred: truth, createdAt: number },
	inbox: { key: text, address: text, name: orNull(text), domain: orNull(text), recordId: orNull(objectId), reason: text, state: oneOf(...INBOX_STATES), origin: text, createdAt: number, updatedAt: number },
	run: { id: text, operation: text, workflowId: orNull(text), nodeId: orNull(text), executionId: orNull(text), origin: text, startedAt: number, writtenAt: number, changes: number, undoneBy: orNull(text) },
	change: { runId: text, kind: oneOf(...CHANGE_KINDS), at: number, objectType: orNull(objectType), objectId: orNull(text), subject: orNull(text), externalType: orNull(text), before: anything, after: anything, undoes: orNull(number) },
};

/** Characters of one line: the fields of a record take at most a million, and some more as JSON. */
const LONGEST_LINE = 8_000_000;
const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * Reads a file to its end and checks it whole: that it is one of ours, of a version that is known, and as it was written.
 * Nothing may be written from a file that did not pass.
 */
export async function verifyFile(content: AsyncIterable<Uint8Array | string>, signal: AbortSignal | undefined): Promise<Verified | Trouble> {
	const hash = createHash('sha256');
	const rows: Partial<Record<RowType, number>> = {};
	const pacer = new Pacer({ signal });
	let header: Header | undefined;
	let end: End | undefined;
	try {
		for await (const line of linesOf(content)) {
			if (end) return damaged('There is something after its end');
			const parsed = parseLine(line);
			if (!header) {
				if (!isHeader(parsed)) return foreign();
				if (parsed.version !== FORMAT_VERSION) return trouble('invalid', 'fileVersion', `The file was written in version ${parsed.version} of its format; this version of the package knows ${FORMAT_VERSION}. Update n8n-nodes-external-id.`, []);
				header = parsed;
			} else if (isEnd(parsed)) {
				if (parsed.sha256 !== hash.copy().digest('hex')) return damaged('Its checksum is wrong');
				end = parsed;
			} else {
				const row = asLine(parsed);
				if (!row) return damaged(`Line ${Object.values(rows).reduce((sum, count) => sum + count, 2)} cannot be read`);
				rows[row.type] = (rows[row.type] ?? 0) + 1;
			}
			hash.update(line).update('\n');
			if (pacer.due()) await pacer.rest();
			if (pacer.cancelled) return trouble('notAttempted', 'cancelled', 'The run was stopped while the file was checked. Nothing was written; run it again.', []);
		}
	} catch (error) {
		return header ? damaged(`It ends in the middle or is broken (${error instanceof Error ? error.message : 'it cannot be read'})`) : foreign();
	}
	if (!header) return foreign();
	if (!end) return damaged('It ends in the middle');
	for (const type of Object.keys({ ...rows, ...end.rows }) as RowType[]) {
		if ((rows[type] ?? 0) !== (end.rows[type] ?? 0)) return damaged('Some of its rows are missing');
	}
	return { header, rows, sha256: end.sha256 };
}

/** The rows of a file that was verified, in its order. */
export async function* rowsOf(content: AsyncIterable<Uint8Array | string>): AsyncGenerator<FileLine> {
	for await (const line of linesOf(content)) {
		const row = asLine(parseLine(line));
		if (row) yield row;
	}
}

async function* linesOf(content: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
	// `fatal`: what is no UTF-8 is no text of ours.
	const decoder = new TextDecoder('utf-8', { fatal: true });
	let rest = '';
	for await (const piece of unpacked(content)) {
		rest += decoder.decode(piece, { stream: true });
		let from = 0;
		for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n', from)) {
			yield rest.slice(from, at);
			from = at + 1;
		}
		rest = rest.slice(from);
		if (rest.length > LONGEST_LINE) throw new RangeError('a line is too long');
	}
	rest += decoder.decode();
	if (rest !== '') yield rest;
}

/** Compressed or not: the first two bytes tell. */
async function* unpacked(content: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
	const pieces = bytesOf(content)[Symbol.asyncIterator]();
	const first = await pieces.next();
	if (first.done) return;
	async function* all(): AsyncGenerator<Uint8Array> {
		yield first.value as Uint8Array;
		for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
	}
	if (GZIP_MAGIC.every((byte, at) => first.value[at] === byte)) {
		// A failure of either comes out of the iteration.
		yield* pipeline(Readable.from(all()), createGunzip(), () => undefined) as AsyncIterable<Uint8Array>;
	} else {
		yield* all();
	}
}

async function* bytesOf(content: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
	for await (const piece of content) {
		const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
		if (bytes.length > 0) yield bytes;
	}
}

function parseLine(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		return undefined;
	}
}

function isHeader(value: unknown): value is Header {
	return object(value) && (value as Header).format === FORMAT && typeof (value as Header).version === 'number' && typeof (value as Header).exportedAt === 'string';
}

function isEnd(value: unknown): value is End {
	return object(value) && (value as End).type === 'end' && typeof (value as End).sha256 === 'string' && object((value as End).rows);
}

/** A line as a row of its type with the columns of its shape; undefined when it is none. */
function asLine(value: unknown): FileLine | undefined {
	if (!object(value)) return undefined;
	const { type, row } = value as { type: unknown; row: unknown };
	if (typeof type !== 'string' || !Object.hasOwn(SHAPES, type) || !object(row)) return undefined;
	const given = row as Record<string, unknown>;
	const taken: Record<string, unknown> = {};
	for (const [column, check] of Object.entries<Check>(SHAPES[type as RowType])) {
		const each = given[column];
		if (each === undefined || !check(each)) return undefined;
		taken[column] = each;
	}
	return { type, row: taken } as unknown as FileLine;
}

function foreign(): Trouble {
	return trouble('invalid', 'notOurFile', 'The file is no export of a registry. Give the file that Registry → Export wrote, as it is. Nothing was written.', []);
}

function damaged(what: string): Trouble {
	return trouble('invalid', 'fileDamaged', `The file is damaged. ${what}, so it is not as it was exported. Export it again, or copy it again in full. Nothing was written.`, [what]);
}
