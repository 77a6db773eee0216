import { randomBytes } from 'node:crypto';

import type { Answer } from '../answer';
import type { Incoming } from '../base';
import type { Clock } from '../clock';
import { BAD_BEARER, forbidden, NO_BEARER } from './errors';
import type { Switches } from './switches';

/** What a call may need, and the scope's name in the current scheme and in the older one. */
const SCOPES = {
	readMappings: ['external_id:read', 'external_id:read'],
	writeMappings: ['external_id:write', 'external_id:manage'],
	deleteMappings: ['external_id:delete', 'external_id:manage'],
	readConfigurations: ['external_id_configuration:read', 'external_id_configuration:read'],
	writeConfigurations: ['external_id_configuration:write', 'external_id_configuration:manage'],
	deleteConfigurations: ['external_id_configuration:delete', 'external_id_configuration:manage'],
	readPeople: ['people:read', 'person:view'],
	writePeople: ['people:write', 'person:manage'],
	deletePeople: ['people:delete', 'person:manage'],
	readAccounts: ['accounts:read', 'account:view'],
	writeAccounts: ['accounts:write', 'account:manage'],
	deleteAccounts: ['accounts:delete', 'account:manage'],
	readTeam: ['team:read', 'team:read'],
	crmIdOfPeople: ['crm_id_person:write', 'person:set_crm_id'],
	crmIdOfAccounts: ['crm_id_account:write', 'account:set_crm_id'],
} as const;

export type Need = keyof typeof SCOPES;

/** Every scope there is, in both schemes. */
export const ALL_SCOPES: readonly string[] = [...new Set(Object.values(SCOPES).flat())];

/** An OAuth application of the team's partner, or a private one. */
export interface Integration {
	/** The Integration ID: `source_id` of the configurations that it makes. */
	id: number;
	name: string;
	clientId: string;
	clientSecret: string;
	scopes: readonly string[];
}

/** Who calls: the holder of an API key, or an integration. */
export interface Caller {
	name: string;
	userId: number;
	scopes: ReadonlySet<string>;
	/** Of an OAuth token; API keys have none. */
	integrationId: number | null;
}

interface Token {
	caller: Caller;
	/** Sandbox time, ms; API keys do not expire. */
	expiresAt: number;
}

interface Grant {
	integration: Integration;
	userId: number;
	scopes: readonly string[];
}

interface Code extends Grant {
	redirectUri: string;
	expiresAt: number;
}

export interface TokenPair {
	accessToken: string;
	refreshToken: string;
}

/** Seconds that an access token is good for. */
export const TOKEN_SECONDS = 7_200;
const CODE_MS = 10 * 60_000;

/** Keys, applications and tokens of a team. */
export class Access {
	readonly integrations: Integration[] = [];
	private readonly tokens = new Map<string, Token>();
	private readonly codes = new Map<string, Code>();
	private readonly refreshTokens = new Map<string, Grant>();
	private nextIntegrationId = 1121;
	private keys = 0;

	constructor(
		private readonly clock: Clock,
		private readonly switches: Switches,
	) {}

	addApiKey(settings: { scopes?: readonly string[]; userId?: number; name?: string; key?: string } = {}): string {
		const key = settings.key ?? `ak_${randomBytes(32).toString('hex')}`;
		this.keys++;
		const caller = { name: settings.name ?? `API key ${this.keys}`, userId: settings.userId ?? 1, scopes: new Set(settings.scopes ?? ALL_SCOPES), integrationId: null };
		this.tokens.set(key, { caller, expiresAt: Infinity });
		return key;
	}

	addIntegration(settings: Partial<Omit<Integration, 'id'>> = {}): Integration {
		const id = this.nextIntegrationId++;
		const integration = {
			id,
			name: settings.name ?? `Integration ${id}`,
			clientId: settings.clientId ?? randomBytes(32).toString('hex'),
			clientSecret: settings.clientSecret ?? randomBytes(32).toString('hex'),
			scopes: settings.scopes ?? ALL_SCOPES,
		};
		this.integrations.push(integration);
		return integration;
	}

	/** Tokens as at the end of the login, without going through it. */
	grant(integration: Integration, userId = 1, scopes: readonly string[] = integration.scopes): TokenPair {
		return { accessToken: this.accessToken({ integration, userId, scopes }), refreshToken: this.refreshToken({ integration, userId, scopes }) };
	}

	/** An access token without a refresh token, as client credentials give it. */
	grantBare(integration: Integration, scopes: readonly string[]): string {
		return this.accessToken({ integration, userId: 1, scopes });
	}

	/** Each access token that is out now is refused from now on; refresh tokens stay good. */
	expireTokens(): void {
		for (const token of this.tokens.values()) if (token.expiresAt !== Infinity) token.expiresAt = 0;
	}

	/** Takes a key or an access token back. */
	revoke(token: string): void {
		this.tokens.delete(token);
	}

	/** A login that was agreed to. */
	code(integration: Integration, redirectUri: string): string {
		const code = randomBytes(24).toString('hex');
		this.codes.set(code, { integration, userId: 1, scopes: integration.scopes, redirectUri, expiresAt: this.clock.now() + CODE_MS });
		return code;
	}

	/** Good once, for ten minutes, for the same application and address. */
	redeemCode(code: string, integration: Integration, redirectUri: string | undefined): Grant | undefined {
		const found = this.codes.get(code);
		this.codes.delete(code);
		if (!found || found.integration !== integration || found.redirectUri !== redirectUri || found.expiresAt < this.clock.now()) return undefined;
		return found;
	}

	/** Refresh tokens rotate: each is good once, and a new one makes all older ones of that login void. */
	redeemRefreshToken(token: string, integration: Integration): Grant | undefined {
		const found = this.refreshTokens.get(token);
		if (!found || found.integration !== integration) return undefined;
		for (const [other, grant] of this.refreshTokens) {
			if (grant.integration === integration && grant.userId === found.userId) this.refreshTokens.delete(other);
		}
		return found;
	}

	/** Who shows this key or token, or why it is refused. */
	admit({ headers }: Incoming): { caller: Caller } | { refusal: Answer } {
		const [scheme, token] = String(headers.authorization ?? '').split(' ');
		if (scheme?.toLowerCase() !== 'bearer' || token === undefined || token === '') return { refusal: NO_BEARER };
		const found = this.tokens.get(token);
		return found && found.expiresAt > this.clock.now() ? { caller: found.caller } : { refusal: BAD_BEARER };
	}

	/** The first need that the caller's scopes do not cover. */
	lacking(caller: Caller, ...needs: readonly Need[]): Answer | undefined {
		const scheme = this.switches.scopeNames === 'readWriteDelete' ? 0 : 1;
		const missing = needs.map((need) => SCOPES[need][scheme]).find((scope) => !caller.scopes.has(scope));
		return missing === undefined ? undefined : forbidden(missing);
	}

	private accessToken({ integration, userId, scopes }: Grant): string {
		const token = randomBytes(32).toString('hex');
		const caller = { name: integration.name, userId, scopes: new Set(scopes), integrationId: integration.id };
		this.tokens.set(token, { caller, expiresAt: this.clock.now() + TOKEN_SECONDS * 1000 });
		return token;
	}

	private refreshToken(grant: Grant): string {
		const token = randomBytes(32).toString('hex');
		this.refreshTokens.set(token, grant);
		return token;
	}
}
