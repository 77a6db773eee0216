import type { Clock } from '../clock';
import { Table } from '../table';
import type { Switches } from './switches';
import { microsOf } from './times';
import type { Micros } from './times';

export const OBJECT_TYPES = ['people', 'accounts', 'users'] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

/** A person or an account; `fields` holds what can be written, named as the API names it. */
export interface RecordRow {
	id: number;
	createdAt: Micros;
	updatedAt: Micros;
	lastContactedAt: Micros | null;
	fields: Record<string, unknown>;
	/** By display name; empty ones are left out. */
	customFields: Record<string, string>;
	tags: string[];
}

export interface User {
	id: number;
	guid: string;
	createdAt: Micros;
	updatedAt: Micros;
	email: string;
	firstName: string;
	lastName: string;
	active: boolean;
	crmUserId: string | null;
}

export interface Configuration {
	id: number;
	externalType: string;
	objectType: ObjectType;
	/** The Integration ID; API keys have none. */
	sourceId: number | null;
	deleted: boolean;
}

export interface Mapping {
	id: number;
	externalType: string;
	objectType: ObjectType;
	externalId: string;
	/** `null` only where a refused create left its mapping behind (switch `mappingAfterFailedCreate`). */
	objectId: number | null;
	/** Which integration made it; API keys have none. */
	sourceId: number | null;
	insertedAt: Micros;
	deleted: boolean;
}

export interface CustomField {
	id: number;
	name: string;
	fieldType: 'person' | 'company' | 'opportunity';
	valueType: 'text' | 'date';
}

/** First IDs of each kind; far apart, so that a mix-up is seen. */
const FIRST_IDS = { people: 500_000_001, accounts: 60_000_001, users: 7_001, configurations: 201, mappings: 9_001, customFields: 31 };

/** Everything that the API knows of one team. Rules of what may be written stand beside the routes; this only holds it. */
export class Team {
	readonly id = 100_013;
	readonly name = 'Sandbox Team';
	readonly people;
	readonly accounts;
	readonly users = new Table<User>({});
	readonly configurations = new Table<Configuration>({});
	readonly mappings;
	readonly customFields = new Table<CustomField>({});
	/** IDs of people and accounts that were deleted: deleting again succeeds again. */
	readonly deletedIds = { people: new Set<number>(), accounts: new Set<number>() };
	private readonly nextIds = { ...FIRST_IDS };
	private lastNow = 0;

	constructor(
		private readonly clock: Clock,
		readonly switches: Switches,
	) {
		this.people = new Table<RecordRow, 'email' | 'phone' | 'account' | 'crmId'>({
			email: ({ fields }) => (typeof fields.email_address === 'string' ? this.foldEmail(fields.email_address) : undefined),
			phone: ({ fields }) => (typeof fields.phone === 'string' ? fields.phone : undefined),
			account: ({ fields }) => (typeof fields.account_id === 'number' ? String(fields.account_id) : undefined),
			crmId: ({ fields }) => (typeof fields.crm_id === 'string' ? fields.crm_id : undefined),
		});
		this.accounts = new Table<RecordRow, 'domain' | 'crmId'>({
			// Domains are kept as they were given: `https://www.nike.com` and `nike.com` are two accounts.
			domain: ({ fields }) => (typeof fields.domain === 'string' ? fields.domain.toLowerCase() : undefined),
			crmId: ({ fields }) => (typeof fields.crm_id === 'string' ? fields.crm_id : undefined),
		});
		this.mappings = new Table<Mapping, 'externalId' | 'objectId'>({
			externalId: ({ externalId }) => this.foldExternalId(externalId),
			objectId: ({ objectId }) => (objectId === null ? undefined : String(objectId)),
		});
	}

	nextId(kind: keyof typeof FIRST_IDS): number {
		return this.nextIds[kind]++;
	}

	/** Whether an ID was given out at some time, whatever became of its row. */
	wasGiven(kind: keyof typeof FIRST_IDS, id: number): boolean {
		return id >= FIRST_IDS[kind] && id < this.nextIds[kind];
	}

	/** The time for a new timestamp: never the same twice, as writes come one after another. */
	now(): Micros {
		this.lastNow = Math.max(this.lastNow + 1, microsOf(this.clock.now()));
		return this.lastNow;
	}

	foldEmail(email: string): string {
		return this.switches.emailMatching === 'folded' ? email.trim().toLowerCase() : email;
	}

	foldExternalId(externalId: string): string {
		return this.switches.externalIdMatching === 'folded' ? externalId.trim().toLowerCase() : externalId;
	}

	isObject(objectType: ObjectType, id: number): boolean {
		return this[objectType].get(id) !== undefined;
	}

	/** Whether a mapping leads somewhere and was not deleted. */
	isLive({ deleted, objectType, objectId }: Mapping): boolean {
		return this.switches.deletedMeans === 'mapping' || objectId === null ? !deleted : this.isObject(objectType, objectId);
	}

	clear(): void {
		for (const table of [this.people, this.accounts, this.users, this.configurations, this.mappings, this.customFields]) table.clear();
		this.deletedIds.people.clear();
		this.deletedIds.accounts.clear();
		Object.assign(this.nextIds, FIRST_IDS);
	}
}
