/**
 * What the commands of test/ share: progress lines, child processes, a lock between two runs. Plain JavaScript without
 * dependencies, since the first of them runs before anything is installed.
 */
const { spawn } = require('node:child_process');
const { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const begin = Date.now();

/** Seconds since a time in ms, as text. */
const elapsed = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** A line for whoever waits, with the seconds since this command began. */
function progress(text) {
	process.stdout.write(`[${((Date.now() - begin) / 1000).toFixed(0).padStart(4)} s] ${text}\n`);
}

const npmCommand = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/**
 * Runs a command to its end and throws when it fails. With `quiet` its output is kept back and shown only then.
 * `signal` ends it.
 */
function run(command, parameters, { cwd, env = process.env, quiet = false, signal } = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, parameters, {
			cwd,
			env,
			signal,
			shell: process.platform === 'win32',
			stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
		});
		let output = '';
		for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
		child.on('error', reject);
		child.on('close', (code) => {
			if (code === 0) return resolve(output);
			const line = `${[command, ...parameters].join(' ')} ended with code ${code}`;
			reject(Object.assign(new Error(output === '' ? line : `${line}\n${output.slice(-8000)}`), { output, code }));
		});
	});
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const alive = (pid) => {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error.code === 'EPERM';
	}
};

/** Whether the holder of a lock is gone: its process ended, or it died before it could write its number. */
function abandoned(lock) {
	try {
		const holder = Number(readFileSync(path.join(lock, 'pid'), 'utf8'));
		return holder > 0 && !alive(holder);
	} catch {
		try {
			return Date.now() - statSync(lock).mtimeMs > 10_000;
		} catch {
			return false;
		}
	}
}

/** Does `work` while no other process does it under the same lock (a folder: making one is atomic everywhere). */
async function withLock(lock, work) {
	mkdirSync(path.dirname(lock), { recursive: true });
	for (let told = false; ; ) {
		try {
			mkdirSync(lock);
			break;
		} catch (error) {
			if (error.code !== 'EEXIST') throw error;
		}
		if (abandoned(lock)) {
			rmSync(lock, { recursive: true, force: true });
			continue;
		}
		if (!told) progress(`Another run is busy with the same (${lock}); waiting for it …`);
		told = true;
		await sleep(500);
	}
	const release = () => rmSync(lock, { recursive: true, force: true });
	process.once('exit', release);
	try {
		writeFileSync(path.join(lock, 'pid'), String(process.pid));
		return await work();
	} finally {
		process.off('exit', release);
		release();
	}
}

module.exports = { elapsed, npmCommand, progress, run, sleep, withLock };
