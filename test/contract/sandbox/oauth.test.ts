import { startSalesloft } from '../../sandbox/salesloft';
import type { Sandbox } from '../../sandbox/salesloft';
import { asking, sandboxes } from './ask';

const start = sandboxes();
const REDIRECT = 'http://localhost:5678/rest/oauth2-credential/callback';

async function token(sandbox: Sandbox, fields: Record<string, string>, headers: Record<string, string> = {}) {
	const response = await fetch(sandbox.tokenUrl, { method: 'POST', headers, body: new URLSearchParams(fields) });
	return { status: response.status, body: (await response.json()) as Record<string, string> };
}

const own = ({ integration }: Sandbox) => ({ client_id: integration.clientId, client_secret: integration.clientSecret });

/** Goes to the login and gives the address that the browser is sent back to. */
async function authorize(sandbox: Sandbox, more: Record<string, string> = {}): Promise<URL> {
	const query = new URLSearchParams({ client_id: sandbox.integration.clientId, redirect_uri: REDIRECT, response_type: 'code', state: 's/1', ...more });
	const response = await fetch(`${sandbox.authorizeUrl}?${query}`, { redirect: 'manual' });
	return new URL(response.headers.get('location') ?? `about:${response.status}`);
}

const byCode = async (sandbox: Sandbox, code: string, more: Record<string, string> = {}) =>
	await token(sandbox, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, ...own(sandbox), ...more });
const byRefresh = async (sandbox: Sandbox, refreshToken: string, more: Record<string, string> = {}) =>
	await token(sandbox, { grant_type: 'refresh_token', refresh_token: refreshToken, ...own(sandbox), ...more });

describe('The login of the Salesloft sandbox', () => {
	test('sends the browser back with a code, which gives tokens that work', async () => {
		const { sandbox, ask } = await start();
		const back = await authorize(sandbox);
		expect(back.href.startsWith(REDIRECT)).toBe(true);
		expect(back.searchParams.get('state')).toBe('s/1');
		const got = await byCode(sandbox, back.searchParams.get('code') as string);
		expect(got).toMatchObject({
			status: 200,
			body: { access_token: expect.any(String), refresh_token: expect.any(String), token_type: 'Bearer', expires_in: 7_200, scope: expect.stringContaining('external_id:read'), created_at: expect.any(Number) },
		});
		expect((await ask('GET', '/me', { key: got.body.access_token })).status).toBe(200);
		expect(sandbox.calls.filter(({ path }) => path.startsWith('/oauth')).map(({ cost }) => cost)).toEqual([0, 0]);
	});

	test('takes a code once, only from its application and for its address', async () => {
		const { sandbox } = await start();
		const other = sandbox.addIntegration();
		const code = async () => (await authorize(sandbox)).searchParams.get('code') as string;
		const first = await code();
		expect((await byCode(sandbox, first)).status).toBe(200);
		expect(await byCode(sandbox, first)).toMatchObject({ status: 400, body: { error: 'invalid_grant', error_description: expect.any(String) } });
		expect((await byCode(sandbox, await code(), { redirect_uri: 'http://elsewhere' })).body.error).toBe('invalid_grant');
		expect((await byCode(sandbox, await code(), { client_id: other.clientId, client_secret: other.clientSecret })).body.error).toBe('invalid_grant');
		expect(await byCode(sandbox, await code(), { client_secret: 'wrong' })).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
		expect((await authorize(sandbox, { client_id: 'nobody' })).href).toBe('about:401');
		expect((await authorize(sandbox, { response_type: 'token' })).href).toBe('about:400');
	});

	test('lets a code end after ten minutes', async () => {
		const { sandbox } = await start({ timeScale: 0 });
		const code = (await authorize(sandbox)).searchParams.get('code') as string;
		sandbox.clock.advance(600_001);
		expect((await byCode(sandbox, code)).body.error).toBe('invalid_grant');
	});

	test('rotates refresh tokens: a new one makes the old ones void, and one is good only once', async () => {
		const { sandbox, ask } = await start();
		const older = sandbox.login();
		const newer = sandbox.login();
		const second = await byRefresh(sandbox, newer.refreshToken);
		expect(second.status).toBe(200);
		for (const used of [newer.refreshToken, older.refreshToken]) expect((await byRefresh(sandbox, used)).body.error).toBe('invalid_grant');
		expect((await ask('GET', '/me', { key: second.body.access_token })).status).toBe(200);
		expect((await byRefresh(sandbox, second.body.refresh_token)).status).toBe(200);
	});

	test('access tokens end after two hours, or when they are taken back; then there is 401', async () => {
		const { sandbox, ask } = await start({ timeScale: 0 });
		const { accessToken, refreshToken } = sandbox.login();
		sandbox.clock.advance(7_199_000);
		expect((await ask('GET', '/me', { key: accessToken })).status).toBe(200);
		sandbox.clock.advance(1_001);
		expect((await ask('GET', '/me', { key: accessToken })).status).toBe(401);
		const next = (await byRefresh(sandbox, refreshToken)).body;
		sandbox.access.expireTokens();
		expect((await ask('GET', '/me', { key: next.access_token })).status).toBe(401);
		expect((await ask('GET', '/me')).status).toBe(200);
		sandbox.access.revoke(sandbox.apiKey);
		expect((await ask('GET', '/me')).status).toBe(401);
	});

	test('gives client credentials a token without a refresh token, by body or by HTTP Basic', async () => {
		const { sandbox, ask } = await start();
		const { clientId, clientSecret } = sandbox.integration;
		const fields = { grant_type: 'client_credentials', scope: 'people:read unknown:scope' };
		const byBody = await token(sandbox, { ...fields, ...own(sandbox) });
		const byBasic = await token(sandbox, fields, { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` });
		for (const { status, body } of [byBody, byBasic]) {
			expect(status).toBe(200);
			expect(body.scope).toBe('people:read');
			expect(body).not.toHaveProperty('refresh_token');
			expect((await ask('GET', '/people', { key: body.access_token })).status).toBe(200);
			expect((await ask('GET', '/accounts', { key: body.access_token })).status).toBe(403);
		}
		const basic = { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` };
		expect((await token(sandbox, { grant_type: 'refresh_token', refresh_token: sandbox.login().refreshToken }, basic)).status).toBe(401);
		expect((await token(sandbox, { grant_type: 'password', ...own(sandbox) })).body.error).toBe('unsupported_grant_type');
	});

	test('keys, addresses and applications can be given at the start', async () => {
		const sandbox = await startSalesloft({ apiKey: 'ak_fixed', integration: { clientId: 'id', clientSecret: 'secret', name: 'Mine' } });
		expect(sandbox.integration).toMatchObject({ clientId: 'id', clientSecret: 'secret', name: 'Mine' });
		expect((await asking(sandbox)('GET', '/me', { key: 'ak_fixed' })).status).toBe(200);
		await sandbox.close();
	});
});
