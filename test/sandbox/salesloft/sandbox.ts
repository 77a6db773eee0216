import type { Accounting, Call } from '../accounting';
import { clockOf, ServiceHost } from '../base';
import type { HostOptions, Service } from '../base';
import type { Budget } from '../budget';
import type { Clock } from '../clock';
import type { Fault, FaultOrder } from '../faults';
import { Access, ALL_SCOPES } from './access';
import type { Caller, Integration, TokenPair } from './access';
import { ERROR_IN_200, MALFORMED_BODY, NOT_FOUND, SERVER_ERROR, TOO_LONG, TOO_MANY } from './errors';
import { externalRoutes } from './external';
import { oauthRoutes } from './oauth';
import { recordRoutes } from './records';
import { seedTeam } from './seed';
import type { Seeded, SeedOptions } from './seed';
import { DEFAULT_SWITCHES } from './switches';
import type { Switches } from './switches';
import { Team } from './team';
import type { CustomField, Mapping, ObjectType, RecordRow } from './team';
import { teamRoutes } from './users';
import { ACCOUNTS, createRecord, PEOPLE } from './writes';
import type { RecordKind } from './writes';

export interface SalesloftOptions extends HostOptions {
	/** Positions that differ from the defaults. */
	switches?: Partial<Switches>;
	/** The team's cost a minute; 600. */
	costPerMinute?: number;
	/** The first API key; a random one. */
	apiKey?: string;
	/** The first application; a random ID and secret. */
	integration?: Partial<Omit<Integration, 'id'>>;
}

const COST_PER_MINUTE = 600;
const LONGEST_URL = 8_192;
/** Paths that end in an External ID: there `.json` may be part of it. */
const HAS_EXTERNAL_ID = /^\/v2\/external\/ids\//;

/** Acts where a test writes past the API. */
const EVERYONE: Caller = { name: 'test', userId: 1, scopes: new Set(ALL_SCOPES), integrationId: null };

/** A Salesloft team behind a port of this machine. `index.ts` tells how to use it. */
export class Sandbox {
	readonly clock: Clock;
	readonly switches: Switches;
	/** What the API knows; read it to see what became of something, past the API. */
	readonly team: Team;
	readonly access: Access;
	/** A key with every scope. */
	readonly apiKey: string;
	/** An OAuth application with every scope; its `id` is the Integration ID. */
	readonly integration: Integration;
	private readonly host: ServiceHost<Caller>;

	constructor(options: SalesloftOptions = {}) {
		this.clock = clockOf(options);
		this.switches = { ...DEFAULT_SWITCHES, ...options.switches };
		this.team = new Team(this.clock, this.switches);
		this.access = new Access(this.clock, this.switches);
		this.apiKey = this.access.addApiKey({ key: options.apiKey });
		this.integration = this.access.addIntegration(options.integration);
		this.addUser({ email: 'admin@sandbox-team.com', firstName: 'Ada', lastName: 'Admin' });
		this.host = new ServiceHost(this.service(options), this.clock, options);
	}

	async start(): Promise<this> {
		await this.host.listen();
		return this;
	}

	/** Ends at once; calls that wait for an answer lose their connection. */
	async close(): Promise<void> {
		await this.host.close();
	}

	/** `http://127.0.0.1:<port>`: of the login, too. */
	get origin(): string {
		return this.host.origin;
	}

	/** What stands in for `https://api.salesloft.com/v2`. */
	get baseUrl(): string {
		return `${this.origin}/v2`;
	}

	get authorizeUrl(): string {
		return `${this.origin}/oauth/authorize`;
	}

	get tokenUrl(): string {
		return `${this.origin}/oauth/token`;
	}

	/** Every call so far, and sums of them. */
	get accounting(): Accounting {
		return this.host.accounting;
	}

	get calls(): readonly Call[] {
		return this.accounting.calls;
	}

	/** The team's rate limit; other integrations can spend it too. */
	get budget(): Budget {
		return this.host.budget;
	}

	/** How long each answer takes at least, ms of sandbox time. */
	set latencyMs(ms: number) {
		this.host.latencyMs = ms;
	}

	/** Lets calls to come meet trouble. */
	fault(order: FaultOrder): Fault {
		return this.host.faults.add(order);
	}

	clearFaults(): void {
		this.host.faults.clear();
	}

	/** Another key of the same team, with these scopes only. */
	addApiKey(settings: { scopes?: readonly string[]; userId?: number; name?: string; key?: string } = {}): string {
		return this.access.addApiKey(settings);
	}

	/** Another application of the same team. */
	addIntegration(settings: Partial<Omit<Integration, 'id'>> = {}): Integration {
		return this.access.addIntegration(settings);
	}

	/** Tokens of an application, without the login. */
	login(integration: Integration = this.integration): TokenPair {
		return this.access.grant(integration);
	}

	/** Adds records, the same for the same options. */
	seed(options: SeedOptions): Seeded {
		return seedTeam(this.team, this.clock, options);
	}

	/** Adds a person past the API, by the API's rules and names (`email_address`, `custom_fields`, …); returns its Object ID. */
	addPerson(fields: Readonly<Record<string, unknown>>): number {
		return this.add(PEOPLE, fields).id;
	}

	addAccount(fields: Readonly<Record<string, unknown>>): number {
		return this.add(ACCOUNTS, fields).id;
	}

	addUser(fields: { email: string; firstName: string; lastName: string; active?: boolean; crmUserId?: string }): number {
		const id = this.team.nextId('users');
		const now = this.team.now();
		const guid = `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`;
		this.team.users.add({ active: true, crmUserId: null, ...fields, id, guid, createdAt: now, updatedAt: now });
		return id;
	}

	addCustomField(name: string, fieldType: CustomField['fieldType'], valueType: CustomField['valueType'] = 'text'): number {
		return this.team.customFields.add({ id: this.team.nextId('customFields'), name, fieldType, valueType }).id;
	}

	addConfiguration(externalType: string, objectType: ObjectType, sourceId: number | null = null): number {
		return this.team.configurations.add({ id: this.team.nextId('configurations'), externalType, objectType, sourceId, deleted: false }).id;
	}

	/** Adds a mapping past the API and its rules: also one that the API would refuse. */
	addMapping(externalType: string, objectType: ObjectType, externalId: string, objectId: number, sourceId: number | null = null): number {
		const id = this.team.nextId('mappings');
		return this.team.mappings.add({ id, externalType, objectType, externalId, objectId, sourceId, insertedAt: this.team.now(), deleted: false }).id;
	}

	/** Mappings that are not deleted, in the order in which they were made. */
	mappings(externalType?: string, objectType?: ObjectType): Mapping[] {
		return this.team.mappings
			.all()
			.filter((each) => !each.deleted && (externalType === undefined || each.externalType === externalType) && (objectType === undefined || each.objectType === objectType));
	}

	private add(kind: RecordKind, fields: Readonly<Record<string, unknown>>): RecordRow {
		const written = createRecord(this.team, this.access, EVERYONE, kind, { crm_id_type: fields.crm_id === undefined ? undefined : 'salesforce', ...fields });
		if ('refusal' in written) throw new Error(`The sandbox refuses ${JSON.stringify(fields)}: ${JSON.stringify(written.refusal.body)}`);
		return written.row;
	}

	private service(options: SalesloftOptions): Service<Caller> {
		const { switches, team, access, clock } = this;
		return {
			budget: { limit: options.costPerMinute ?? COST_PER_MINUTE, windowMs: 60_000, window: switches.rateWindow === 'sliding' ? 'sliding' : 'clock' },
			routes: [...oauthRoutes(access, clock), ...externalRoutes(team, access), ...recordRoutes(team, access), ...teamRoutes(team, access)],
			admit: (incoming) => access.admit(incoming),
			budgetHeaders: (cost, remaining) => ({
				'x-ratelimit-endpoint-cost': String(cost),
				'x-ratelimit-remaining-minute': shownCost(remaining),
				...(switches.limitHeader === 'shown' ? { 'x-ratelimit-limit-minute': shownCost(this.budget.limit) } : {}),
			}),
			tooMany: (resetInMs) => ({
				status: 429,
				headers: switches.retryAfter === 'seconds' ? { 'retry-after': String(Math.max(1, Math.ceil(resetInMs / 1000))) } : undefined,
				body: TOO_MANY,
			}),
			notFound: NOT_FOUND,
			malformed: MALFORMED_BODY,
			serverError: SERVER_ERROR,
			errorIn200: ERROR_IN_200,
			longestUrl: switches.longUrls === 'refused' ? LONGEST_URL : Infinity,
			tooLong: TOO_LONG,
			rewrite: (url) => (HAS_EXTERNAL_ID.test(url) ? url : url.replace(/\.json(?=\?|$)/, '')),
		};
	}
}

/** Without a limit there is still a number. */
const shownCost = (cost: number) => String(Math.min(cost, 999_999));
