import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';

import { buildSync } from 'esbuild';

import { closeRegistries, openRegistry } from '../../../nodes/ExternalId/registry/registry';
import type { Registry } from '../../../nodes/ExternalId/registry/registry';
import type { Row } from '../engines';

/** A folder on the real disk with one registry file in it, for what only SQLite's files can show. */
export class Place {
	readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'external-id-sqlite-'));
	readonly file = path.join(this.folder, '.n8n', 'external-id', 'default.sqlite');
	private readonly children = new Set<Child>();

	async open(workspace = 'default'): Promise<Registry> {
		return await openRegistry({ file: this.file, registry: 'default', workspace });
	}

	/** The file through a connection of its own, as a database tool would open it. */
	tool<T>(use: (db: DatabaseSync) => T, file = this.file): T {
		const db = new DatabaseSync(file, { timeout: 2_000 });
		try {
			return use(db);
		} finally {
			db.close();
		}
	}

	tables(): Record<string, Row[]> {
		return this.tool((db) => Object.fromEntries(['configuration', 'record', 'mapping', 'email', 'related_domain', 'inbox', 'run', 'change'].map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all()])));
	}

	/** A process of its own; see children/work.ts. */
	child(what: string, ...more: Array<string | number>): Child {
		const child = new Child([what, this.file, ...more.map(String)]);
		this.children.add(child);
		return child;
	}

	childAs(uid: number, what: string, ...more: string[]): Child {
		const child = new Child([what, this.file, ...more], { CHILD_UID: String(uid) });
		this.children.add(child);
		return child;
	}

	async remove(): Promise<void> {
		for (const child of this.children) await child.kill();
		await closeRegistries();
		fs.rmSync(this.folder, { recursive: true, force: true });
	}
}

type Line = Record<string, unknown>;

/** A child process whose lines can be waited for. */
export class Child {
	private readonly process: ChildProcess;
	private readonly lines: Line[] = [];
	private readonly waiting: Array<() => void> = [];
	private readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
	private isOver = false;
	private errors = '';

	constructor(parameters: string[], env: NodeJS.ProcessEnv = {}) {
		this.process = spawn(process.execPath, [childScript(), ...parameters], { env: { ...process.env, NODE_PATH: MODULES, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
		const { stdout, stderr } = this.process as { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream };
		createInterface({ input: stdout }).on('line', (line) => {
			// A line that was cut by a kill is no line.
			if (line.startsWith('{') && line.endsWith('}')) this.lines.push(JSON.parse(line) as Line);
			this.wake();
		});
		stderr.on('data', (chunk) => (this.errors += String(chunk)));
		this.process.stdin?.on('error', () => undefined);
		this.ended = new Promise((resolve) =>
			this.process.once('close', (code, signal) => {
				this.isOver = true;
				this.wake();
				resolve({ code, signal });
			}),
		);
	}

	/** The next line that it tells. */
	async next(): Promise<Line> {
		while (this.lines.length === 0) {
			if (this.isOver) throw new Error(`The child ended without a word: ${JSON.stringify(await this.ended)} ${this.errors}`);
			await new Promise<void>((resolve) => this.waiting.push(resolve));
		}
		return this.lines.shift() as Line;
	}

	say(line: string): void {
		this.process.stdin?.write(`${line}\n`);
	}

	/** All the lines that are left, once it has ended by itself. */
	async rest(): Promise<Line[]> {
		const end = await this.ended;
		if (end.signal) throw new Error(`The child died of ${end.signal}: ${this.errors}`);
		return this.lines;
	}

	/** Ends it at once, as a power cut ends a process, and gives all that it told. */
	async kill(): Promise<Line[]> {
		if (!this.isOver) this.process.kill('SIGKILL');
		await this.ended;
		return this.lines;
	}

	private wake(): void {
		for (const resolve of this.waiting.splice(0)) resolve();
	}
}

const ROOT = path.join(__dirname, '..', '..', '..');
const MODULES = path.join(ROOT, 'node_modules');
let script: string | undefined;

afterAll(() => {
	if (script) fs.rmSync(path.dirname(script), { recursive: true, force: true });
	script = undefined;
});

/** The child's code as one file, built once a test file: a child then starts in no time. */
function childScript(): string {
	if (script) return script;
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'external-id-child-'));
	fs.chmodSync(folder, 0o755);
	script = path.join(folder, 'work.js');
	buildSync({ entryPoints: [path.join(__dirname, 'children', 'work.ts')], outfile: script, bundle: true, platform: 'node', target: 'node20', packages: 'external', loader: { '.json': 'json' } });
	return script;
}
