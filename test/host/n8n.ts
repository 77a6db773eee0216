import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

import axios from 'axios';

import { npmCommand, run, sleep } from '../process.js';
import { type Account, N8nClient } from './client';
import { type HostInstall, installHost } from './install';

export interface StartOptions {
	/** Folder that takes the place of the user's home: n8n keeps everything in its `.n8n`. */
	userFolder: string;
	/** Path of the packed package; without it the one installed there before stays. */
	tarball?: string;
	/** Default: any free one. */
	port?: number;
	/** More environment variables for n8n; `undefined` takes a default away. */
	env?: NodeJS.ProcessEnv;
	account?: Account;
}

/** The owner of every n8n that is started here; it only listens on this machine. */
export const OWNER: Account = { email: 'owner@example.com', password: 'External-ID-1' };

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 20_000;

export async function freePort(): Promise<number> {
	return await new Promise((resolve, reject) => {
		const server = createServer();
		server.on('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
		});
	});
}

/** Puts the package where n8n's *Community Nodes* page would put it. Asks no registry: it has no dependencies. */
export async function installPackage(userFolder: string, tarball: string): Promise<void> {
	const folder = path.join(userFolder, '.n8n', 'nodes');
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'installed-nodes', private: true }));
	const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-package-lock', '--offline', '--no-audit', '--no-fund'];
	await run(npmCommand, ['install', tarball, ...flags], { cwd: folder, quiet: true });
}

function environment(options: StartOptions, install: HostInstall, port: number, brokerPort: number): NodeJS.ProcessEnv {
	return {
		PATH: install.path,
		HOME: options.userFolder,
		LANG: 'C.UTF-8',
		TMPDIR: process.env.TMPDIR,
		N8N_USER_FOLDER: options.userFolder,
		N8N_HOST: '127.0.0.1',
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		N8N_PORT: String(port),
		N8N_SECURE_COOKIE: 'false',
		N8N_RUNNERS_BROKER_PORT: String(brokerPort),
		N8N_PYTHON_ENABLED: 'false',
		N8N_GRACEFUL_SHUTDOWN_TIMEOUT: '10',
		// Nothing that asks a server elsewhere.
		N8N_DIAGNOSTICS_ENABLED: 'false',
		N8N_DISABLED_MODULES: 'mcp-registry',
		N8N_DYNAMIC_BANNERS_ENABLED: 'false',
		N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
		N8N_TEMPLATES_ENABLED: 'false',
		N8N_VERIFIED_PACKAGES_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
		// No surveys and banners over the editor.
		N8N_HIRING_BANNER_ENABLED: 'false',
		N8N_ONBOARDING_FLOW_DISABLED: 'true',
		N8N_PERSONALIZATION_ENABLED: 'false',
		...options.env,
	};
}

/** A running n8n, and its client. */
export class N8n extends N8nClient {
	private stopped: Promise<void> | undefined;

	constructor(
		baseUrl: string,
		private readonly startedWith: StartOptions & { port: number },
		private readonly child: ChildProcess,
		/** What n8n printed. */
		readonly logFile: string,
		readonly account: Account,
	) {
		super(baseUrl);
		process.once('exit', this.endWithUs);
	}

	private readonly endWithUs = () => this.child.kill('SIGTERM');

	get pid(): number {
		return this.child.pid ?? 0;
	}

	get userFolder(): string {
		return this.startedWith.userFolder;
	}

	log(): string {
		return readFileSync(this.logFile, 'utf8');
	}

	/** Asks n8n to end and waits until it has. */
	async stop(): Promise<void> {
		this.stopped ??= this.end('SIGTERM');
		await this.stopped;
	}

	/** Ends n8n without warning, as a crash or a power cut would. */
	async kill(): Promise<void> {
		this.stopped ??= this.end('SIGKILL');
		await this.stopped;
	}

	/** Stops and starts again on the same data, at the same address; `this` is done with. */
	async restart(changes: Partial<StartOptions> = {}): Promise<N8n> {
		await this.stop();
		return await startN8n({ ...this.startedWith, tarball: undefined, ...changes });
	}

	private async end(signal: NodeJS.Signals): Promise<void> {
		process.off('exit', this.endWithUs);
		if (this.child.exitCode !== null || this.child.signalCode !== null) return;
		const gone = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
		this.child.kill(signal);
		const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
		await gone;
		clearTimeout(late);
	}
}

/** Installs the packed package into an n8n of its own, starts it and logs in as its owner. */
export async function startN8n(options: StartOptions): Promise<N8n> {
	const install = await installHost();
	if (options.tarball !== undefined) await installPackage(options.userFolder, options.tarball);
	const port = options.port ?? (await freePort());
	const logFile = path.join(options.userFolder, 'n8n.log');
	const log = openSync(logFile, 'a');
	const modules = path.join(install.folder, 'node_modules');
	const child = spawn(
		path.join(modules, 'node', 'bin', 'node'),
		[path.join(modules, 'n8n', 'bin', 'n8n'), 'start'],
		{
			cwd: options.userFolder,
			env: environment(options, install, port, await freePort()),
			stdio: ['ignore', log, log],
		},
	);
	closeSync(log);
	const n8n = new N8n(
		`http://127.0.0.1:${port}`,
		{ ...options, port },
		child,
		logFile,
		options.account ?? OWNER,
	);
	try {
		await ready(n8n, child);
		await n8n.logIn(n8n.account);
	} catch (error) {
		await n8n.kill();
		const tail = existsSync(logFile) ? n8n.log().slice(-3000) : '';
		throw new Error(`n8n did not start: ${error instanceof Error ? error.message : String(error)}\n${tail}`, {
			cause: error,
		});
	}
	return n8n;
}

async function ready(n8n: N8n, child: ChildProcess): Promise<void> {
	const deadline = Date.now() + START_TIMEOUT_MS;
	let failed: Error | undefined;
	child.once('error', (error) => (failed = error));
	for (;;) {
		if (failed !== undefined) throw failed;
		if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
		const answers = await axios
			.get(`${n8n.baseUrl}/rest/settings`, { proxy: false, timeout: 5_000 })
			.then(({ data }) => typeof data === 'object', () => false);
		if (answers) return;
		if (Date.now() > deadline) throw new Error(`no answer within ${START_TIMEOUT_MS / 1000} s`);
		await sleep(250);
	}
}
