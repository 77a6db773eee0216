import type { IHttpRequestOptions } from 'n8n-workflow';

import type { Answer } from '../../../nodes/shared/http/answer';
import { Budget } from '../../../nodes/shared/http/budget';
import { DEFAULT_PATIENCE, HttpClient } from '../../../nodes/shared/http/client';
import type { Patience } from '../../../nodes/shared/http/client';
import { Stopped, Unreadable } from '../../../nodes/shared/http/errors';
import { groupsForQuery, queryOf, segmentOf } from '../../../nodes/shared/http/query';
import { wordsOf } from '../../../nodes/shared/http/words';
import { VirtualTime } from './virtualTime';

type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | Error;

const SECRET = `ak_${'0123456789abcdef'.repeat(4)}`;
const ok = (data: unknown = 1): Reply => ({ status: 200, body: { data } });
const broken = (code: string) => Object.assign(new Error(`connect ${code}`), { cause: Object.assign(new Error('socket'), { code }) });

/** A client whose answers are given, one after the other; the last one is repeated. */
function clientOf(replies: readonly Reply[], patience: Partial<Patience> = {}, stop?: { aborted: boolean }) {
	const time = new VirtualTime();
	const sent: IHttpRequestOptions[] = [];
	const send = async (options: IHttpRequestOptions) => {
		sent.push(options);
		const reply = replies[Math.min(sent.length, replies.length) - 1] as Reply;
		if (reply instanceof Error) throw reply;
		return { statusCode: reply.status, body: reply.body, headers: reply.headers ?? {} };
	};
	const service = { name: 'Acme', baseUrl: 'https://api.acme.test/v2', credentialAdvice: 'Check the key.' };
	const client = new HttpClient(service, send, new Budget({ perMinute: 600, remainingHeader: 'left' }, time), { share: 0.8, patience: { ...DEFAULT_PATIENCE, ...patience }, time, random: () => 1, stop });
	return { client, sent, time };
}

const read = ({ status, body }: Answer): unknown => {
	if (typeof body !== 'object' || body === null || !('data' in body)) {
		if (status < 300) throw new Unreadable('the answer holds no data');
		return { refused: wordsOf({ status, body, headers: {} }) };
	}
	return body.data;
};
const GET = { method: 'GET', path: '/things?a=1', route: '/things' } as const;
const POST = { method: 'POST', path: '/things', route: '/things', body: { name: 'a' } } as const;
const rejection = async (promise: Promise<unknown>) => await promise.then(() => { throw new Error('it did not fail'); }, (error: unknown) => error as Error & { problem?: string; description?: string });

it('asks for whole answers, errors included, without switching the refresh of tokens off', async () => {
	const { client, sent } = clientOf([ok()]);
	expect(await client.request(GET, read)).toBe(1);
	expect(sent).toEqual([expect.objectContaining({ url: 'https://api.acme.test/v2/things?a=1', returnFullResponse: true, ignoreHttpStatusErrors: { ignore: true, except: [401] }, timeout: 30_000 })]);
	expect(sent[0]).not.toHaveProperty('body');
});

it.each<[string, Reply]>([
	['500', { status: 500, body: { error: 'Internal Server Error' } }],
	['a page of HTML', { status: 502, body: '<html><head><title>502 Bad Gateway</title></head></html>' }],
	['a time-out', broken('ECONNABORTED')],
	['a broken connection', broken('ECONNRESET')],
	['a refused connection', broken('ECONNREFUSED')],
	['an error in a 200', { status: 200, body: { error: 'try again' } }],
	['half a body', { status: 200, body: '{"data": [1, 2' }],
])('a read is made again after %s', async (_, reply) => {
	const { client, sent } = clientOf([reply, reply, ok('there')]);
	expect(await client.request(GET, read)).toBe('there');
	expect(sent).toHaveLength(3);
});

it('pauses longer from try to try, and gives up with the words of the service', async () => {
	const { client, sent, time } = clientOf([{ status: 502, body: '<html><title>502 Bad Gateway</title></html>' }]);
	const began = time.now();
	const error = await rejection(client.request(GET, read));
	expect(sent).toHaveLength(5);
	expect(time.now() - began).toBe(500 + 1_000 + 2_000 + 4_000);
	expect(error).toMatchObject({ problem: 'away', message: 'Acme does not answer as it should: 502 Bad Gateway' });
	expect(error.description).not.toContain('not known');
});

it('asks no more once it was in vain three times, with all tries', async () => {
	const { client, sent } = clientOf([{ status: 500 }], { tries: 2 });
	for (const isOfOneCall of [true, true, false, false]) expect(await rejection(client.request(GET, read))).toMatchObject({ problem: 'away', isOfOneCall });
	expect(sent).toHaveLength(6);
});

describe('a write that must not be done twice', () => {
	it.each<[string, Reply]>([['a time-out', broken('ECONNABORTED')], ['a broken connection', broken('ECONNRESET')], ['502', { status: 502 }], ['half a body', { status: 201, body: '{"da' }]])('whose answer was lost by %s is read back before it is sent again', async (_, reply) => {
		const done = clientOf([reply]);
		expect(await done.client.request(POST, read, { readBack: async () => 'found' })).toBe('found');
		expect(done.sent).toHaveLength(1);
		const notDone = clientOf([reply, ok('second')]);
		expect(await notDone.client.request(POST, read, { readBack: async () => undefined })).toBe('second');
		expect(notDone.sent).toHaveLength(2);
	});

	it('that never left is not read back', async () => {
		const readBack = jest.fn(async () => 'found');
		const { client } = clientOf([broken('ECONNREFUSED'), ok('second')]);
		expect(await client.request(POST, read, { readBack })).toBe('second');
		expect(readBack).not.toHaveBeenCalled();
	});

	it('is read back after the last try too, and else said to be uncertain', async () => {
		const late = clientOf([{ status: 500 }], { tries: 2 });
		let looks = 0;
		expect(await late.client.request(POST, read, { readBack: async () => (++looks === 2 ? 'found' : undefined) })).toBe('found');
		const never = clientOf([{ status: 500 }], { tries: 2 });
		expect((await rejection(never.client.request(POST, read, { readBack: async () => undefined }))).description).toContain('not known');
	});

	it('refused by the rate limit is sent again as it is', async () => {
		const readBack = jest.fn(async () => 'found');
		const { client, sent } = clientOf([{ status: 429, headers: { left: '0' } }, ok('second')]);
		expect(await client.request(POST, read, { readBack })).toBe('second');
		expect([readBack.mock.calls.length, sent.length]).toEqual([0, 2]);
	});
});

describe('the rate limit', () => {
	it('without Retry-After it waits for the next minute of the service', async () => {
		const { client, time } = clientOf([{ status: 429, headers: { left: '0', date: 'Thu, 01 Jan 2026 12:00:40 GMT' } }, ok()]);
		const began = time.now();
		await client.request(GET, read);
		// 40.5 s of the minute are over there.
		expect(time.now() - began).toBe(19_500 + 1_000);
	});

	it('honours Retry-After', async () => {
		const { client, time } = clientOf([{ status: 429, headers: { 'retry-after': '7' } }, ok()]);
		const began = time.now();
		await client.request(GET, read);
		expect(time.now() - began).toBe(7_000);
	});

	it('waits a moment only where there is room all the same', async () => {
		const { client, time } = clientOf([{ status: 429, headers: { left: '500' } }, ok()]);
		const began = time.now();
		await client.request(GET, read);
		expect(time.now() - began).toBe(500);
	});

	it('gives up after its patience', async () => {
		const { client } = clientOf([{ status: 429, headers: { 'retry-after': '60' } }], { waitMs: 5 * 60_000 });
		expect(await rejection(client.request(GET, read))).toMatchObject({ problem: 'busy', message: 'The rate limit of Acme was used up for more than 5 minutes' });
	});
});

it('says what the service says of a refused key, and nothing secret', async () => {
	const refusal = Object.assign(new Error('401'), { httpCode: '401', cause: { response: { status: 401, data: { error: `Invalid Bearer Token ${SECRET}` } } } });
	const { client, sent } = clientOf([refusal]);
	expect(await rejection(client.request(GET, read))).toMatchObject({ problem: 'credential', message: 'Acme refused the credential: Invalid Bearer Token ***', description: 'Check the key.' });
	expect(sent).toHaveLength(1);
});

it('hands on every other refusal', async () => {
	const { client, sent } = clientOf([{ status: 422, body: { errors: { email_address: ['is already taken'], first_name: ['is required', 'is short'] } } }]);
	expect(await client.request(GET, read)).toEqual({ refused: 'email_address is already taken; first_name is required and is short' });
	expect(sent).toHaveLength(1);
});

it.each([['a pause between two tries', { status: 500 }], ['a wait for the rate limit', { status: 429, headers: { 'retry-after': '300' } }]])('a cancel is honoured within a second of %s', async (_, reply) => {
	const stop = { aborted: false };
	const { client, time, sent } = clientOf([reply], { pauseMs: 30_000 }, stop);
	const began = time.now();
	const call = rejection(client.request(GET, read));
	await time.sleep(3_000);
	stop.aborted = true;
	expect(await call).toBeInstanceOf(Stopped);
	expect(time.now() - began).toBeLessThan(4_000);
	expect(sent).toHaveLength(1);
});

describe('words of a service', () => {
	it.each<[unknown, string]>([
		[{ error: 'Not Found', status: 404 }, 'Not Found'],
		[{ errors: ['a', { message: 'b' }] }, 'a; b'],
		[`token ${SECRET} and Bearer abcdefgh12345678`, 'token *** and Bearer ***'],
		['<!DOCTYPE html><html><body>no title</body></html>', 'HTTP 418'],
		[undefined, 'HTTP 418'],
		['a\n\tb', 'a b'],
	])('%j', (body, words) => {
		expect(wordsOf({ status: 418, body, headers: {} })).toBe(words);
	});

	it('are cut', () => {
		expect(wordsOf({ status: 500, body: 'x'.repeat(1e6), headers: {} })).toHaveLength(301);
	});
});

describe('addresses', () => {
	it.each([['a/b?c#d%e é😀', 'a%2Fb%3Fc%23d%25e%20%C3%A9%F0%9F%98%80'], ['..a', '..a'], ['..', undefined], ['.', undefined], ['', undefined]])('segment %j', (id, segment) => {
		expect(segmentOf(id)).toBe(segment);
		if (segment !== undefined) expect(decodeURIComponent(new URL(`https://a.test/x/${segment}/y`).pathname.split('/')[2] as string)).toBe(id);
	});

	it('query and groups', () => {
		expect(queryOf({ a: 1, 'ids[]': ['x y', '&'], no: undefined })).toBe('?a=1&ids%5B%5D=x%20y&ids%5B%5D=%26');
		expect(queryOf({})).toBe('');
		expect([...groupsForQuery(['a', 'b', 'c'], 'i', String, 2, 1_000)]).toEqual([['a', 'b'], ['c']]);
		expect([...groupsForQuery(['aaaa', 'bbbb', 'c'], 'i', String, 100, 12)]).toEqual([['aaaa'], ['bbbb', 'c']]);
	});
});
