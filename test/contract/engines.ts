import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { closeRegistries, openRegistry } from '../../nodes/ExternalId/registry/registry';
import type { Registry } from '../../nodes/ExternalId/registry/registry';

export type Row = Record<string, unknown>;

/** A fresh database of one engine, for one test. */
export interface Lab {
	/** Opens a workspace, as the node does at the start of each run. */
	registry(names?: { registry?: string; workspace?: string }, accessKey?: string): Promise<Registry>;
	/** The rows of every table as the database holds them (columns as in the schema), read past the store; all workspaces, or one. */
	tables(where?: { registry?: string; workspace?: string }): Promise<Record<string, Row[]>>;
	/** Writes past the store what its rules would refuse, to see that the rules hold on reading as well. */
	execute(sql: string): Promise<void>;
	/** Closes everything and leaves nothing behind. */
	remove(): Promise<void>;
}

export interface Engine {
	name: string;
	lab(): Lab;
}

const TABLES = ['configuration', 'record', 'mapping', 'email', 'related_domain', 'inbox', 'run', 'change', 'checkpoint', 'setting', 'follower', 'lock', 'erased'];

/** In memory where the machine has such a folder: the contract is about rules, what the disk does is tested in sqlite/. */
const SCRATCH = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

class SqliteLab implements Lab {
	private readonly folder = fs.mkdtempSync(path.join(SCRATCH, 'external-id-contract-'));

	async registry({ registry = 'default', workspace = 'default' } = {}, accessKey?: string): Promise<Registry> {
		return await openRegistry({ file: this.file(registry), registry, workspace }, accessKey);
	}

	async tables({ registry = 'default', workspace }: { registry?: string; workspace?: string } = {}): Promise<Record<string, Row[]>> {
		const db = new DatabaseSync(this.file(registry), { readOnly: true });
		try {
			const rows = (table: string) =>
				workspace === undefined ? db.prepare(`SELECT * FROM ${table}`).all() : db.prepare(`SELECT * FROM ${table} WHERE workspace = ?`).all(workspace);
			return Object.fromEntries(TABLES.map((table) => [table, rows(table).map((row) => ({ ...row }))]));
		} finally {
			db.close();
		}
	}

	async execute(sql: string): Promise<void> {
		const db = new DatabaseSync(this.file('default'), { timeout: 1_000, enableForeignKeyConstraints: true });
		try {
			db.exec(sql);
		} finally {
			db.close();
		}
	}

	async remove(): Promise<void> {
		await closeRegistries();
		fs.rmSync(this.folder, { recursive: true, force: true });
	}

	private file(registry: string): string {
		return path.join(this.folder, 'external-id', `${registry}.sqlite`);
	}
}

/** The stores that every suite of this folder runs against. */
export const ENGINES: readonly Engine[] = [{ name: 'SQLite', lab: () => new SqliteLab() }];

/** Declares a suite once for each engine; `lab()` is a fresh database in each test. */
export function onEachEngine(title: string, suite: (lab: () => Lab) => void): void {
	describe.each(ENGINES)(`${title} ($name)`, (engine) => {
		let lab: Lab | undefined;
		beforeEach(() => {
			lab = engine.lab();
		});
		afterEach(async () => {
			await lab?.remove();
			lab = undefined;
		});
		suite(() => {
			if (!lab) throw new Error('lab() is for use within a test');
			return lab;
		});
	});
}
