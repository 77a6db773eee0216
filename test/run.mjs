/**
 * Everything that must hold, one line of totals at the end:
 *
 *     node test/run.mjs [checks or jest projects]
 *
 * Without arguments all of them, in this order. Lint, types and build count as one test each. A project that runs no test
 * has failed, and what was skipped is named.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { elapsed, progress, run } from './process.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bin = (name, file) => path.join(root, 'node_modules', name, file);
const node = process.execPath;

const CHECKS = {
	lint: [bin('@n8n/node-cli/node_modules/eslint', 'bin/eslint.js'), 'nodes', 'credentials', 'test', 'package.json', '--max-warnings=0'],
	types: [bin('gulp', 'bin/gulp.js'), 'compile'],
	build: [bin('gulp', 'bin/gulp.js'), 'product'],
};
const PROJECTS = ['unit', 'contract', 'engine', 'host'];

const wanted = process.argv.slice(2);
const chosen = [...Object.keys(CHECKS), ...PROJECTS].filter((name) => wanted.length === 0 || wanted.includes(name));
const totals = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const folder = mkdtempSync(path.join(tmpdir(), 'external-id-results-'));

async function check(name) {
	const [script, ...parameters] = CHECKS[name];
	try {
		await run(node, [existsOr(script), ...parameters], { cwd: root, quiet: true });
		totals.passed++;
	} catch (error) {
		console.error(error.output || error.message);
		totals.failed++;
	}
}

/** eslint may lie beside the lint rules or at the top, as npm lays it out. */
function existsOr(script) {
	try {
		readFileSync(script);
		return script;
	} catch {
		return script.replace('@n8n/node-cli/node_modules/', '');
	}
}

async function project(name) {
	const results = path.join(folder, `${name}.json`);
	const parameters = [bin('jest', 'bin/jest.js'), '--selectProjects', name, '--json', `--outputFile=${results}`, '--silent=false'];
	if (name !== 'unit') parameters.push('--runInBand');
	const env = { ...process.env, EXTERNAL_ID_BUILT: chosen.includes('build') ? '1' : '' };
	// jest ends with 1 when a test fails; what failed is on the screen, the counts are in the file.
	await run(node, parameters, { cwd: root, env, quiet: false, stdout: 'ignore' }).catch(() => undefined);
	let result;
	try {
		result = JSON.parse(readFileSync(results, 'utf8'));
	} catch {
		console.error(`The ${name} tests ended without a result.`);
		totals.failed++;
		return;
	}
	totals.passed += result.numPassedTests;
	totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
	totals.skipped += result.numPendingTests + result.numTodoTests;
	for (const file of result.testResults) {
		for (const test of file.assertionResults) if (test.status === 'pending') skipped.push(test.fullName);
	}
	if (result.numPassedTests + result.numFailedTests === 0) {
		console.error(`No ${name} test ran.`);
		totals.failed++;
	}
}

for (const name of chosen) {
	const start = Date.now();
	progress(`${name} …`);
	await (name in CHECKS ? check(name) : project(name));
	progress(`${name} is done (${elapsed(start)}); so far ${totals.passed} passed, ${totals.failed} failed`);
}
rmSync(folder, { recursive: true, force: true });

for (const name of skipped) console.log(`Skipped: ${name}`);
console.log(`${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
