import type { Account } from './client';
import { N8nClient } from './client';
import type { N8n } from './n8n';
import type { Tarball } from './pack';

/** What the host tests share: one n8n with the packed package. */
export interface Shared {
	readonly baseUrl: string;
	readonly account: Account;
	readonly tarball: Tarball;
	readonly userFolder: string;
	readonly logFile: string;
}

// Set-up and tests run in separate module worlds, perhaps separate processes: the environment reaches them all.
const VARIABLE = 'EXTERNAL_ID_HOST';

export function publishShared(shared: Shared): void {
	process.env[VARIABLE] = JSON.stringify(shared);
}

export function shared(): Shared {
	const json = process.env[VARIABLE];
	if (json === undefined) throw new Error('Host tests run as jest project "host", which starts n8n for them');
	return JSON.parse(json) as Shared;
}

/** A client of the shared n8n, logged in. */
export async function sharedN8n(): Promise<N8nClient> {
	const { baseUrl, account } = shared();
	const client = new N8nClient(baseUrl);
	await client.logIn(account);
	return client;
}

const running = globalThis as { externalIdHost?: N8n };

export function setRunning(n8n: N8n | undefined): void {
	running.externalIdHost = n8n;
}

export function takeRunning(): N8n | undefined {
	return running.externalIdHost;
}
