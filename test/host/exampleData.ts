import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

import { parse } from 'csv-parse/sync';

import { root } from './pack';

/** The example data over HTTP, as a CRM's or an ERP's API gives its records: a list of objects. */
export interface DataServer {
	url: string;
	close(): void;
}

/** Serves `examples/data/<name>.csv` as JSON under `/<name>`, to this machine only. */
export async function serveExampleData(port = 0): Promise<DataServer> {
	const lists = new Map(['accounts', 'contacts'].map((name) => [`/${name}`, JSON.stringify(readRows(name))]));
	const server = createServer((request, response) => {
		const list = lists.get(request.url ?? '');
		response.writeHead(list === undefined ? 404 : 200, { 'content-type': 'application/json' });
		response.end(list ?? '{}');
	});
	await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

export function readRows(name: string): Array<Record<string, string>> {
	return parse(readFileSync(path.join(root, 'examples', 'data', `${name}.csv`)), { columns: true }) as Array<Record<string, string>>;
}
