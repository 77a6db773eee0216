/** Loading the package as n8n does, each time in a process of its own. */
import { tmpdir } from 'node:os';
import path from 'node:path';

import { run } from '../process.js';
import { part } from './report';
import { shownTimes, timesOf } from './rounds';

const PROCESSES = 9;

/**
 * What n8n runs for each package of its `nodes` folder: it requires every file that package.json names, makes an instance of each
 * class, and reads the codex and schema files. n8n-core and what it brings is there before, as in n8n.
 */
const LOAD = `
	require('reflect-metadata');
	const { PackageDirectoryLoader } = require('n8n-core');
	const loader = new PackageDirectoryLoader(process.argv[1]);
	const began = performance.now();
	loader.loadAll().then(() => {
		const took = performance.now() - began;
		if (Object.keys(loader.nodeTypes).length === 0) throw new Error('No nodes were loaded');
		console.log(took);
		process.exit(0);
	});
`;

part(async () => {
	const root = path.join(__dirname, '..', '..');
	const env = { ...process.env, N8N_LOG_LEVEL: 'silent', N8N_USER_FOLDER: tmpdir() };
	const seen: number[] = [];
	for (let each = 0; each < PROCESSES; each++) {
		seen.push(Number((await run(process.execPath, ['-e', LOAD, root], { cwd: root, env, quiet: true })).trim().split('\n').at(-1)));
	}
	const times = timesOf(seen);
	return {
		figures: [
			{
				what: "Load the package's nodes and credentials as n8n does",
				value: times.median,
				unit: 'ms',
				aim: 150,
				how: `n8n's own loader on the built files, ${PROCESSES} fresh processes`,
				detail: shownTimes(times),
			},
		],
	};
});
