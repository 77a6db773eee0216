/** The harness itself: that tests on it mean something. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
	Expression,
	type ICredentialType,
	type IExecuteFunctions,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	NodeConnectionTypes,
} from 'n8n-workflow';

import { clean } from '../../nodes/shared/node/wording';
import { ITEMS, runNode, runWorkflow, SET } from './harness';

class TestApi implements ICredentialType {
	name = 'testApi';
	displayName = 'Test API';
	properties: INodeProperties[] = [{ displayName: 'Key', name: 'key', type: 'string', default: '' }];
	authenticate = { type: 'generic', properties: { headers: { Authorization: '=Bearer {{$credentials.key}}' } } } as const;
}

class Caller implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Caller', name: 'caller', group: ['transform'], version: 1, description: 'For tests',
		usableAsTool: true, defaults: { name: 'Caller' }, inputs: [NodeConnectionTypes.Main], outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'testApi', required: true }],
		properties: [{ displayName: 'URL', name: 'url', type: 'string', default: '' }],
	};

	async execute(this: IExecuteFunctions) {
		const json = await this.helpers.httpRequestWithAuthentication.call(this, 'testApi', {
			url: this.getNodeParameter('url', 0) as string,
			json: true,
		});
		return [[{ json, pairedItem: { item: 0 } }]];
	}
}

it('evaluates expressions in the vm engine, as n8n does', async () => {
	expect(Expression.getActiveImplementation()).toBe('vm');
	const { json } = await runWorkflow({
		nodes: [
			{ name: 'Source', type: ITEMS, items: [{ x: 1 }, { json: { x: 2 }, binary: { file: { data: 'aGk=', mimeType: 'text/plain' } } }] },
			{ name: 'Set', type: SET, parameters: { values: { y: '={{ $("Source").item.json.x + 1 }}', type: '={{ $binary.file?.mimeType }}' } } },
		],
		connections: [['Source', 'Set']],
	});
	expect(json('Set')).toEqual([{ y: 2 }, { y: 3, type: 'text/plain' }]);
});

it("makes calls with n8n's own helper and a credential given as a plain object", async () => {
	const seen: IncomingMessage[] = [];
	const server = createServer((request, response) => {
		seen.push(request);
		response.setHeader('content-type', 'application/json').end('{"ok":true}');
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	try {
		const { json, error } = await runNode({
			node: Caller,
			parameters: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` },
			workflow: { credentials: { testApi: { key: 'k-1' } }, credentialTypes: [TestApi] },
		});
		expect(error).toBeUndefined();
		expect(json()).toEqual([{ ok: true }]);
		expect(seen[0].headers.authorization).toBe('Bearer k-1');
	} finally {
		server.close();
	}
});

it.each([
	['a bearer token', 'Call failed: Authorization: Bearer abc.def-123456', 'Call failed: Authorization: Bearer ***'],
	['a password in an address', 'connect postgres://ann:s3cret@db/x failed', 'connect postgres://***@db/x failed'],
	['an API key', '{"apiKey":"sk_live_12345678","name":"Ann"}', '{"apiKey":"***","name":"Ann"}'],
	['but no plain words', 'Password: must not be empty', 'Password: must not be empty'],
	['a stack', 'TypeError: x is undefined\n    at f (/a/b.js:1:2)\n    at g (/c.js:3:4)', 'x is nothing'],
	['what is too long', 'a'.repeat(700), `${'a'.repeat(600)}…`],
])('keeps stacks, secrets and "undefined" out of a text: %s', (_what, text, cleaned) => {
	expect(clean(text)).toBe(cleaned);
});
