/**
 * `npm run bench`: measures what the package promises to be, side by side with what there is otherwise, and prints one table.
 * Nothing here passes or fails by the clock: the exit code says only whether everything could be measured.
 *
 *     npm run bench                       everything but what needs a real n8n
 *     npm run bench -- --host             that too (4 minutes more)
 *     npm run bench -- resolve create     only these parts
 *
 * BENCH_ROUNDS (5) is how often each side is measured; BENCH_SCALE=0.1 makes a quick trial whose figures do not count.
 */
import { spawn } from 'node:child_process';
import { loadavg } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { progress, run } from '../process.js';
import { printReports } from './table.mjs';

const PARTS = ['resolve', 'create', 'capture', 'backfill', 'load'];
/** What needs a real n8n. */
const HOST_PARTS = ['host', 'trigger'];
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '..', '..');

/** Runs a part in a process of its own, so that no part's heap or compiled code touches another's. */
function measure(part) {
	progress(`Measuring: ${part} (load of the machine ${loadavg()[0].toFixed(1)}) …`);
	return new Promise((resolve) => {
		const file = path.join(here, `${part}.ts`);
		const child = spawn(process.execPath, ['--expose-gc', path.join(root, 'test', 'ts.js'), file], {
			cwd: root,
			stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
		});
		let report = { failed: `${part} could not be measured` };
		child.on('message', (message) => (report = message));
		child.on('exit', () => resolve(report));
	});
}

const parameters = process.argv.slice(2);
const named = parameters.filter((parameter) => !parameter.startsWith('--'));
const unknown = named.filter((name) => !PARTS.includes(name) && !HOST_PARTS.includes(name));
if (unknown.length > 0) {
	console.error(`There is no part "${unknown[0]}": ${[...PARTS, ...HOST_PARTS].join(', ')}`);
	process.exit(2);
}
const parts = named.length > 0 ? named : [...PARTS, ...(parameters.includes('--host') ? HOST_PARTS : [])];

progress('Building the package …');
await run(process.execPath, [path.join(root, 'node_modules', 'gulp', 'bin', 'gulp.js'), '--cwd', root, 'product'], { cwd: root, quiet: true });
const loadBefore = loadavg();
const reports = [];
for (const part of parts) reports.push(await measure(part));
if (!parts.includes('host') && named.length === 0) {
	reports.push({ skipped: 'Upsert, look-up and the trigger in a real n8n: add --host (npm run bench -- --host), it takes 4 minutes more' });
}
printReports(reports, { loadBefore, loadAfter: loadavg() });
process.exit(reports.some(({ failed }) => failed) ? 1 : 0);
