import type { Answer } from '../answer';
import { MALFORMED } from '../base';
import type { Incoming, OpenRoute } from '../base';
import type { Clock } from '../clock';
import type { Access, Integration } from './access';
import { TOKEN_SECONDS } from './access';

/**
 * The login: at Salesloft on `accounts.salesloft.com`, here on the sandbox's own address. Whoever asks is let in at once, as
 * if a user had agreed.
 */
export function oauthRoutes(access: Access, clock: Clock): OpenRoute[] {
	return [
		{ method: 'GET', path: '/oauth/authorize', open: true, run: (incoming) => authorize(access, incoming) },
		{ method: 'POST', path: '/oauth/token', open: true, run: (incoming) => token(access, clock, incoming) },
	];
}

function authorize(access: Access, { query }: Incoming): Answer {
	const integration = access.integrations.find(({ clientId }) => clientId === query.one('client_id'));
	const redirectUri = query.one('redirect_uri');
	if (!integration) return { status: 401, body: problem('invalid_client', 'Client authentication failed due to unknown client.') };
	if (query.one('response_type') !== 'code' || redirectUri === undefined || !URL.canParse(redirectUri)) {
		return { status: 400, body: problem('invalid_request', 'The request is missing a required parameter.') };
	}
	const back = new URL(redirectUri);
	back.searchParams.set('code', access.code(integration, redirectUri));
	back.searchParams.set('context', 'salesloft');
	back.searchParams.set('scope', integration.scopes.join(' '));
	const state = query.one('state');
	if (state !== undefined) back.searchParams.set('state', state);
	return { status: 302, headers: { location: back.href } };
}

function token(access: Access, clock: Clock, { body, headers }: Incoming): Answer {
	if (typeof body !== 'object' || body === null || body === (MALFORMED as unknown)) return { status: 400, body: problem('invalid_request', 'The request is missing a required parameter.') };
	const fields = body as Record<string, unknown>;
	const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);
	const kind = text('grant_type');
	// Only client credentials may also come as HTTP Basic.
	const basic = kind === 'client_credentials' ? basicOf(headers.authorization) : undefined;
	const [clientId, clientSecret] = basic ?? [text('client_id'), text('client_secret')];
	const integration = access.integrations.find((each) => each.clientId === clientId && each.clientSecret === clientSecret);
	if (!integration) return { status: 401, body: problem('invalid_client', 'Client authentication failed.') };
	switch (kind) {
		case 'authorization_code': {
			const grant = access.redeemCode(text('code') ?? '', integration, text('redirect_uri'));
			return grant ? tokens(access, clock, integration, grant) : INVALID_GRANT;
		}
		case 'refresh_token': {
			const grant = access.redeemRefreshToken(text('refresh_token') ?? '', integration);
			return grant ? tokens(access, clock, integration, grant) : INVALID_GRANT;
		}
		case 'client_credentials': {
			const wanted = text('scope')?.split(' ').filter((scope) => scope !== '') ?? integration.scopes;
			const scopes = wanted.filter((scope) => integration.scopes.includes(scope));
			return { status: 200, body: { ...common(clock, scopes), access_token: access.grantBare(integration, scopes) } };
		}
		default:
			return { status: 400, body: problem('unsupported_grant_type', 'The authorization grant type is not supported by the authorization server.') };
	}
}

function tokens(access: Access, clock: Clock, integration: Integration, grant: { userId: number; scopes: readonly string[] }): Answer {
	const pair = access.grant(integration, grant.userId, grant.scopes);
	return { status: 200, body: { ...common(clock, grant.scopes), access_token: pair.accessToken, refresh_token: pair.refreshToken } };
}

const common = (clock: Clock, scopes: readonly string[]) => ({
	token_type: 'Bearer',
	expires_in: TOKEN_SECONDS,
	scope: scopes.join(' '),
	created_at: Math.floor(clock.now() / 1000),
});

const problem = (error: string, description: string) => ({ error, error_description: description });

const INVALID_GRANT: Answer = {
	status: 400,
	body: problem(
		'invalid_grant',
		'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.',
	),
};

function basicOf(header: string | string[] | undefined): [string, string] | undefined {
	const [scheme, encoded] = String(header ?? '').split(' ');
	if (scheme?.toLowerCase() !== 'basic' || encoded === undefined) return undefined;
	const [id, ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
	return [decodeURIComponent(id as string), decodeURIComponent(secret.join(':'))];
}
