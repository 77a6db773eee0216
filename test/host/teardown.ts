import { rmSync } from 'node:fs';

import { takeRunning } from './shared';

/** After the last host test: ends the shared n8n. Its folder stays with EXTERNAL_ID_KEEP=1, to look into. */
export default async function teardown(): Promise<void> {
	const n8n = takeRunning();
	if (n8n === undefined) return;
	await n8n.stop();
	if (process.env.EXTERNAL_ID_KEEP !== '1') rmSync(n8n.userFolder, { recursive: true, force: true });
}
