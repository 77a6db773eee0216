import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

import omit from 'lodash/omit';

import { Pacer } from '../../shared/pace';
import { FORMAT, FORMAT_VERSION } from './exchangeFile';
import type { FileRows, Header, RowType } from './exchangeFile';
import { objectTypeOf } from './ids';
import { configurationKey } from './known';
import type { Registry } from './registry';
import { INBOX_STATES } from './rows';
import type { RecordRow } from './rows';
import type { Page } from './store';

export interface ExportChoices {
	/** The history too; without it the other registry knows what is, and not how it came to be. */
	history: boolean;
	compress: boolean;
}

/** An export that is under way: `content` is read once, after that the rest is known. */
export interface Export {
	content: Readable;
	fileName: string;
	mimeType: string;
	rows: Partial<Record<RowType, number>>;
	/** Of the lines, not of the compressed file; set at the end. */
	sha256: string;
}

const PAGE = 1_000;
/** Characters that go on in one piece. */
const PIECE = 65_536;

/** Writes a workspace into a file, a page of rows at a time, without the secrets of its settings, locks and followers. */
export function exportRegistry(registry: Registry, { history, compress }: ExportChoices, signal?: AbortSignal): Export {
	const exportedAt = new Date().toISOString();
	const { location } = registry;
	const made: Export = {
		content: Readable.from([]),
		fileName: `external-id-${location.registry}-${location.workspace}-${exportedAt.slice(0, 10)}.ndjson${compress ? '.gz' : ''}`,
		mimeType: compress ? 'application/gzip' : 'application/x-ndjson',
		rows: {},
		sha256: '',
	};
	const header: Header = { format: FORMAT, version: FORMAT_VERSION, registry: location.registry, workspace: location.workspace, exportedAt, history };
	const plain = Readable.from(new Lines(registry, header, made, signal).pieces(), { objectMode: false });
	made.content = compress ? pipeline(plain, createGzip(), () => undefined) : plain;
	return made;
}

class Lines {
	private readonly hash = createHash('sha256');
	private readonly pacer = new Pacer({ every: 1 });
	private pending: string[] = [];
	private length = 0;
	/** The last Object ID of each type that is in the file: those that come later were made meanwhile. */
	private readonly last: Record<string, string> = {};
	private readonly late = new Set<string>();
	private readonly types = new Set<string>();

	constructor(
		private readonly registry: Registry,
		private readonly header: Header,
		private readonly made: Export,
		private readonly signal: AbortSignal | undefined,
	) {}

	async *pieces(): AsyncGenerator<Buffer> {
		this.line(this.header);
		const rows = this.rows();
		while (!(await rows.next()).done) {
			if (this.signal?.aborted) throw new Error('The export was stopped');
			if (this.length >= PIECE) yield this.take();
			if (this.pacer.due()) await this.pacer.rest();
		}
		if (this.pending.length > 0) yield this.take();
		this.made.sha256 = this.hash.copy().digest('hex');
		this.line({ type: 'end', rows: this.made.rows, sha256: this.made.sha256 });
		yield this.take();
	}

	/** Adds the rows of the workspace as lines; gives way after each page, and within a page where lines are long. */
	private async *rows(): AsyncGenerator<void> {
		const { store, workspace, settings } = this.registry;
		await this.newConfigurations();
		// Only what the settings know: what stands beside them is secret.
		const stored = await store.settings(workspace);
		for (const [key, value] of Object.entries(settings)) if (stored.has(key)) this.row('setting', { key, value });
		for (const row of await store.checkpoints(workspace)) this.row('checkpoint', row);
		yield;
		for (const objectType of ['accounts', 'users', 'people'] as const) {
			for await (const page of pagesOf((after) => store.scanRecords(workspace, { objectType, states: ['active', 'deleted', 'merged'] }, after, PAGE))) {
				await this.withRecords(page.flatMap(({ accountId }) => accountId ?? []));
				for (const row of page) {
					this.row('record', row);
					this.last[objectType] = row.id;
					if (this.length >= PIECE) yield;
				}
				yield;
			}
			this.last[objectType] ??= '';
		}
		for await (const page of pagesOf((after) => store.scanMappings(workspace, { states: ['current', 'former', 'deleted'] }, after, PAGE))) {
			await this.withRecords(page.map(({ objectId }) => objectId));
			if (page.some((row) => !this.types.has(configurationKey(row)))) await this.newConfigurations();
			for (const row of page) this.row('mapping', row);
			yield;
		}
		for await (const page of pagesOf((after) => store.scanEmails(workspace, after, PAGE))) {
			await this.withRecords(page.map(({ recordId }) => recordId));
			for (const row of page) this.row('email', row);
			yield;
		}
		for await (const page of pagesOf((after) => store.scanDomains(workspace, {}, after, PAGE))) {
			await this.withRecords(page.map(({ accountId }) => accountId));
			for (const row of page) this.row('domain', row);
			yield;
		}
		for await (const page of pagesOf((after) => store.scanInbox(workspace, { states: INBOX_STATES }, after, PAGE))) {
			await this.withRecords(page.flatMap(({ recordId }) => recordId ?? []));
			for (const row of page) this.row('inbox', omit(row, 'site'));
			yield;
		}
		if (this.header.history) yield* this.history();
	}

	private async newConfigurations(): Promise<void> {
		for (const row of await this.registry.store.configurations(this.registry.workspace)) {
			if (!this.types.has(configurationKey(row))) this.row('configuration', row);
			this.types.add(configurationKey(row));
		}
	}

	/** Changes in their order, each run before its first; what the registry did by itself stays. */
	private async *history(): AsyncGenerator<void> {
		const { store, workspace } = this.registry;
		const runs = new Set<string>();
		for await (const page of pagesOf((after) => store.scanChanges(workspace, {}, 'newer', after, PAGE))) {
			const fresh = [...new Set(page.flatMap(({ run }) => (run && !runs.has(run.id) ? [run.id] : [])))];
			if (fresh.length > 0) {
				for (const row of (await store.read(workspace, { runs: fresh })).runs) {
					this.row('run', row);
					runs.add(row.id);
				}
			}
			for (const row of page) {
				if (row.run && runs.has(row.run.id)) this.row('change', { ...omit(row, 'run', 'seq'), runId: row.run.id });
				if (this.length >= PIECE) yield;
			}
			yield;
		}
	}

	/** Records that were made after their part of the file was written and that the rows to come refer to. */
	private async withRecords(ids: readonly string[]): Promise<void> {
		const missing = [...new Set(ids)].filter((id) => {
			const last = this.last[objectTypeOf(id) ?? ''];
			return last !== undefined && id > last && !this.late.has(id);
		});
		if (missing.length === 0) return;
		const { store, workspace } = this.registry;
		const { records } = await store.read(workspace, { objectIds: missing });
		for (const { id } of records) this.late.add(id);
		await this.withRecords(records.flatMap(({ accountId }) => accountId ?? []));
		for (const row of records) this.row('record', row satisfies RecordRow);
	}

	private row<Type extends RowType>(type: Type, row: FileRows[Type]): void {
		this.made.rows[type] = (this.made.rows[type] ?? 0) + 1;
		this.line({ type, row });
	}

	private line(value: unknown): void {
		const line = `${JSON.stringify(value)}\n`;
		this.pending.push(line);
		this.length += line.length;
	}

	private take(): Buffer {
		const piece = Buffer.from(this.pending.join(''));
		this.hash.update(piece);
		this.pending = [];
		this.length = 0;
		return piece;
	}
}

async function* pagesOf<Row>(scan: (after: string | undefined) => Promise<Page<Row>>): AsyncGenerator<Row[]> {
	let after: string | undefined;
	do {
		const page = await scan(after);
		yield page.rows;
		after = page.next;
	} while (after !== undefined);
}
