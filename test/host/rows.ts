import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Rows over HTTP, as a system's API gives its records. */
export interface RowServer {
	url: string;
	close(): void;
}

export async function serveRows(rows: readonly object[]): Promise<RowServer> {
	const json = JSON.stringify(rows);
	const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(json));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}
