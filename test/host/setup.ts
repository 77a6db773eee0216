import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { progress } from '../process.js';
import { startN8n } from './n8n';
import { build, pack } from './pack';
import { publishShared, setRunning } from './shared';

/** Before the first host test: packs the package and starts the one n8n that the host tests share. */
export default async function setup(): Promise<void> {
	const folder = mkdtempSync(path.join(tmpdir(), 'external-id-host-'));
	// `npm test` has just built; a run of single tests builds for itself.
	if (process.env.EXTERNAL_ID_BUILT !== '1') await build();
	const tarball = await pack(folder);
	progress('Starting n8n with the packed package …');
	const n8n = await startN8n({ userFolder: folder, tarball: tarball.file });
	progress(`n8n runs at ${n8n.baseUrl}, its log is ${n8n.logFile}`);
	setRunning(n8n);
	publishShared({ baseUrl: n8n.baseUrl, account: n8n.account, tarball, userFolder: folder, logFile: n8n.logFile });
}
