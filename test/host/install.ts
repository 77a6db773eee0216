import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, copyFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

import { elapsed, npmCommand, progress, run, withLock } from '../process.js';

/** Where downloads and user folders are kept between runs. */
export const cacheFolder = path.join(
	process.env.EXTERNAL_ID_CACHE ?? process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'),
	'n8n-nodes-external-id',
);

/** A complete n8n with the Node it runs on. */
export interface HostInstall {
	/** Folder with its node_modules. */
	readonly folder: string;
	/** PATH for its processes: its own Node first. */
	readonly path: string;
}

const definition = path.join(__dirname, 'n8n');
const installOf = (folder: string): HostInstall => ({
	folder,
	path: `${path.join(folder, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
});

/** The folder of the Node package with its C headers, so that native modules build without a download. */
function nodeHeaders(folder: string): string | undefined {
	const inside = path.join(folder, 'node_modules', 'node', 'node_modules');
	const packages = existsSync(inside) ? readdirSync(inside) : [];
	return packages.map((name) => path.join(inside, name)).find((home) => existsSync(path.join(home, 'include', 'node')));
}

async function missingBuildTools(): Promise<string[]> {
	const missing: string[] = [];
	for (const tool of ['python3', 'make', 'g++']) {
		await run(tool, ['--version'], { quiet: true }).catch(() => missing.push(tool));
	}
	return missing;
}

/** n8n's database driver is C++ that has to be built for the machine (or fetched ready-made, where npm is allowed to). */
async function buildNative(folder: string, name: string): Promise<void> {
	const { path: PATH } = installOf(folder);
	const loads = () => run('node', ['-e', `require('${name}')`], { cwd: folder, env: { ...process.env, PATH }, quiet: true });
	if (await loads().then(() => true, () => false)) return;
	const env: NodeJS.ProcessEnv = { ...process.env, PATH };
	const headers = nodeHeaders(folder);
	if (headers !== undefined) env.npm_config_nodedir = headers;
	try {
		await run(npmCommand, ['rebuild', name, '--ignore-scripts=false'], { cwd: folder, env, quiet: true });
		await loads();
	} catch (error) {
		const missing = await missingBuildTools();
		if (missing.length === 0) throw error;
		throw new Error(
			`n8n needs its ${name} module built on this machine, and that needs ${missing.join(', ')}. ` +
				'Install them (on Debian and Ubuntu: apt-get install python3 make g++) and run this again.',
			{ cause: error },
		);
	}
}

/** Gives the n8n that test/host/n8n/package-lock.json describes, installing it the first time (3 to 5 minutes). */
export async function installHost(): Promise<HostInstall> {
	const lockfile = readFileSync(path.join(definition, 'package-lock.json'));
	const hash = createHash('sha256').update(lockfile).digest('hex').slice(0, 12);
	const folder = path.join(cacheFolder, `n8n-${hash}`);
	const stamp = path.join(folder, 'complete');
	if (existsSync(stamp)) return installOf(folder);

	return await withLock(`${folder}.lock`, async () => {
		if (existsSync(stamp)) return installOf(folder);
		const start = Date.now();
		// Whole or not at all: what an interrupted run left is thrown away.
		const temporary = `${folder}.part`;
		for (const rest of [temporary, folder]) rmSync(rest, { recursive: true, force: true });
		mkdirSync(temporary, { recursive: true });
		for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
			copyFileSync(path.join(definition, file), path.join(temporary, file));
		}
		progress(`Installing a real n8n for the host tests (2.5 GB, 3 to 5 minutes, kept in ${cacheFolder}) …`);
		await run(npmCommand, ['ci', '--ignore-scripts'], { cwd: temporary, quiet: true });
		progress(`n8n is downloaded (${elapsed(start)}); fetching its Node and building its database driver …`);
		await run(npmCommand, ['rebuild', 'node', '--ignore-scripts=false'], { cwd: temporary, quiet: true });
		await buildNative(temporary, 'sqlite3');
		await buildNative(temporary, 'isolated-vm');
		renameSync(temporary, folder);
		writeFileSync(stamp, new Date().toISOString());
		progress(`n8n is installed (${elapsed(start)}).`);
		return installOf(folder);
	});
}
