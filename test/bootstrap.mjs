/**
 * Runs a command on the project's own Node and tools, from a fresh clone with nothing but Node and npm:
 *
 *     node test/bootstrap.mjs <command> [arguments]
 *
 * Installs what package-lock.json says when it is not there yet, and puts node_modules/.bin first on PATH, so that
 * `node` is the version that n8n itself needs.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { elapsed, npmCommand, progress, run, withLock } from './process.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');
const ownNode = path.join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const packagesOf = (lockfile) => JSON.parse(readFileSync(lockfile, 'utf8')).packages;

/** Whether node_modules is what package-lock.json says; npm writes its own list there last, when all is in place. */
function packagesInstalled() {
	const list = path.join(modules, '.package-lock.json');
	if (!existsSync(list)) return false;
	const present = packagesOf(list);
	return Object.entries(packagesOf(path.join(root, 'package-lock.json'))).every(
		([place, { version, optional }]) =>
			place === '' || (present[place] === undefined ? optional === true : present[place].version === version),
	);
}

const installed = () => packagesInstalled() && existsSync(ownNode);

async function install() {
	if (installed()) return;
	await withLock(path.join(root, '.install.lock'), async () => {
		// Another run may have done it while this one waited.
		if (installed()) return;
		const start = Date.now();
		if (!packagesInstalled()) {
			progress('Installing development packages (a minute or two the first time) …');
			await run(npmCommand, ['ci', '--loglevel=error'], { cwd: root });
		}
		progress('Fetching the Node version that n8n needs …');
		// .npmrc forbids install scripts; this one package consists of nothing else.
		await run(npmCommand, ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'], { cwd: root });
		progress(`Development packages are ready (${elapsed(start)}).`);
	});
}

const [command, ...parameters] = process.argv.slice(2);
if (command === undefined) {
	console.error('Usage: node test/bootstrap.mjs <command> [arguments]');
	process.exit(2);
}

try {
	await install();
} catch (error) {
	console.error(`Could not install the development packages: ${error.message}`);
	process.exit(1);
}

const bin = path.join(modules, '.bin');
const child = spawn(command, parameters, {
	cwd: root,
	stdio: 'inherit',
	shell: process.platform === 'win32',
	env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` },
});
// Ctrl-C reaches the child by itself; this process only waits for it to put things away.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('error', (error) => {
	console.error(`Could not run ${command}: ${error.message}`);
	process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
