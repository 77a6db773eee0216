import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import { nearestName, parseExternalId, parseExternalType, DEFAULT_MAX_LENGTH } from '../../shared/identity/externalId';
import type { ExternalId, IdRules } from '../../shared/identity/externalId';
import type { DomainLists } from '../../shared/identity/match';
import { OBJECT_WORD, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Trouble } from '../../shared/identity/outcome';
import type { ExternalIdEntry, TypeChoice, Work } from '../../shared/ports';
import { RegistryError } from './errors';
import type { RegistryLocation } from './location';
import { tellNews } from './news';
import { removeOldHistory } from './retention';
import type { ConfigurationRow, RunRow } from './rows';
import { domainLists, readSettings } from './settings';
import type { Settings } from './settings';
import { Connection } from './sqlite/connection';
import { SqliteStore } from './sqlite/store';
import type { IdKey, Store } from './store';
import type { Unit } from './unit';

const derive = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>;
const ACCESS_KEY_SETTING = 'accessKey';

/** An External ID that was checked: where it belongs and how it is compared. */
export interface CheckedId extends IdKey {
	/** As it is stored. */
	externalId: string;
}

/** One workspace of a registry, with its configurations and settings as they were when the run began. */
export class Registry {
	private known = new Map<string, ConfigurationRow>();
	private rules = new Map<string, IdRules>();
	private knownLists: DomainLists | undefined;

	constructor(
		readonly store: Store,
		readonly location: RegistryLocation,
		public settings: Settings,
		configurations: readonly ConfigurationRow[],
	) {
		this.learn(configurations);
	}

	get workspace(): string {
		return this.location.workspace;
	}

	configurations(): ConfigurationRow[] {
		return [...this.known.values()];
	}

	configuration(objectType: ObjectType, externalType: string): ConfigurationRow | undefined {
		return this.known.get(`${objectType}\n${externalType}`);
	}

	/** Reads configurations and settings again: others may have changed them. */
	async refresh(): Promise<void> {
		this.learn(await this.store.configurations(this.workspace));
		this.settings = readSettings(await this.store.settings(this.workspace));
		this.knownLists = undefined;
	}

	/** The workspace's own, allowed and blocked domains. */
	get lists(): DomainLists {
		this.knownLists ??= domainLists(this.settings);
		return this.knownLists;
	}

	/**
	 * Makes the External Types that were picked in a list and do not exist yet. Types that come from expressions are never
	 * made: a typing mistake would become a type of its own.
	 */
	async ensurePicked(choices: ReadonlyArray<{ objectType: ObjectType; externalType: TypeChoice }>, work: Pick<Work, 'caller' | 'operation'>): Promise<void> {
		const missing = new Map<string, { objectType: ObjectType; externalType: string }>();
		for (const { objectType, externalType: choice } of choices) {
			if (!choice.picked) continue;
			const externalType = parseExternalType(choice.name);
			if (typeof externalType !== 'string' || this.configuration(objectType, externalType)) continue;
			missing.set(`${objectType}\n${externalType}`, { objectType, externalType });
		}
		if (missing.size === 0) return;
		await this.transact({}, work, (unit) => {
			for (const type of missing.values()) {
				if (!unit.configuration(type.objectType, type.externalType)) unit.putConfiguration({ ...type, ...DEFAULT_CONFIGURATION });
			}
		});
		await this.refresh();
	}

	/** Checks the External Type that an item names: it must exist. */
	checkType(objectType: ObjectType, choice: TypeChoice): string | Trouble {
		const externalType = parseExternalType(choice.name);
		if (typeof externalType !== 'string') return externalType;
		if (this.configuration(objectType, externalType)) return externalType;
		return this.unknownType(objectType, externalType);
	}

	unknownType(objectType: ObjectType, externalType: string): Trouble {
		const names = this.configurations().filter((row) => row.objectType === objectType).map((row) => row.externalType);
		const near = nearestName(externalType, names);
		const advice = near ? `Did you mean "${near}"?` : 'No ID was stored under it yet. Check the Object Type and the registry; to create it, pick it in a node that stores IDs.';
		return trouble('invalid', 'unknownExternalType', `There is no External Type "${externalType}" for ${objectType} in this registry. ${advice}`, [objectType, externalType]);
	}

	/** A filter by a type that does not exist would find nothing without a word: the typing mistake is named instead. */
	unknownFilter(objectType: ObjectType | undefined, externalType: string | undefined): Trouble | undefined {
		if (externalType === undefined) return undefined;
		const isKnown = this.configurations().some((row) => row.externalType === externalType && (objectType === undefined || row.objectType === objectType));
		return isKnown ? undefined : this.unknownType(objectType ?? 'people', externalType);
	}

	/** Checks an External ID by the rules of its type. */
	checkId(objectType: ObjectType, entry: ExternalIdEntry): CheckedId | Trouble {
		const externalType = this.checkType(objectType, entry.externalType);
		if (typeof externalType !== 'string') return externalType;
		const id = this.parseId(objectType, externalType, entry.externalId);
		if ('status' in id) return id;
		return { objectType, externalType, key: id.key, externalId: id.id };
	}

	parseId(objectType: ObjectType, externalType: string, value: unknown): ExternalId | Trouble {
		return parseExternalId(value, this.rulesOf(objectType, externalType), { externalType, objectType });
	}

	/** How many current IDs of the type an object may have. */
	idsPerObject(objectType: ObjectType, externalType: string): number {
		const limit = this.configuration(objectType, externalType)?.idsPerObject ?? DEFAULT_CONFIGURATION.idsPerObject;
		return limit === 0 ? Number.POSITIVE_INFINITY : limit;
	}

	/** One transaction of the work's run. */
	async transact<T>(reads: Parameters<Store['transact']>[1], work: Pick<Work, 'caller' | 'operation'>, decide: (unit: Unit) => T): Promise<T> {
		const result = await this.store.transact(this.workspace, reads, runRow(work), (unit) => {
			// Another run may have changed or deleted a configuration since this one began.
			this.learn(unit.configurations());
			return decide(unit);
		});
		tellNews(this.location);
		return result;
	}

	private rulesOf(objectType: ObjectType, externalType: string): IdRules {
		const name = `${objectType}\n${externalType}`;
		let rules = this.rules.get(name);
		if (!rules) {
			const row = this.known.get(name);
			rules = {
				maxLength: row?.maxLength ?? DEFAULT_MAX_LENGTH,
				format: row?.idFormat ?? 'asIs',
				pattern: row?.pattern ?? undefined,
				blocked: new Set(this.settings.blockedIds),
				trim: true,
			};
			this.rules.set(name, rules);
		}
		return rules;
	}

	private learn(rows: readonly ConfigurationRow[]): void {
		this.rules.clear();
		this.known = new Map(rows.map((row) => [`${row.objectType}\n${row.externalType}`, row]));
	}
}

export const DEFAULT_CONFIGURATION = {
	maxLength: DEFAULT_MAX_LENGTH,
	idsPerObject: 1,
	idFormat: 'asIs',
	pattern: null,
	example: null,
} as const;

/** "person", "account" or "user" with its article, for sentences. */
export function aRecord(objectType: ObjectType): string {
	return `${objectType === 'accounts' ? 'an' : 'a'} ${OBJECT_WORD[objectType]}`;
}

const connections = new Map<string, Promise<Connection>>();

/**
 * Opens a workspace of a registry. The file is opened once a process and stays open.
 *
 * @param accessKey key that the workspace was made with, if it has one: the first credential that names one for an empty
 * workspace sets it
 * @throws RegistryError when the registry cannot be used
 */
export async function openRegistry(location: RegistryLocation, accessKey?: string): Promise<Registry> {
	const store = new SqliteStore(await connect(location.file));
	const stored = await store.settings(location.workspace);
	await checkAccessKey(store, location, stored.get(ACCESS_KEY_SETTING), accessKey?.trim() ?? '');
	const registry = new Registry(store, location, readSettings(stored), await store.configurations(location.workspace));
	await removeOldHistory(registry);
	return registry;
}

/** Closes every open file of this process; for tests, and before a file is moved away. */
export async function closeRegistries(): Promise<void> {
	const open = [...connections.values()];
	connections.clear();
	for (const connection of await Promise.allSettled(open)) {
		if (connection.status === 'fulfilled') connection.value.close();
	}
}

async function connect(file: string): Promise<Connection> {
	const open = connections.get(file);
	if (open) {
		const connection = await open;
		if (!connection.isStale()) return connection;
		connection.close();
	}
	const opening = Connection.open(file);
	connections.set(file, opening);
	opening.catch(() => connections.delete(file));
	return await opening;
}

/** Compares in constant time; the store holds salt and hash, never the key. */
async function checkAccessKey(store: Store, location: RegistryLocation, stored: string | undefined, given: string): Promise<void> {
	const place = `Workspace "${location.workspace}" of registry "${location.registry}"`;
	if (stored === undefined) {
		if (given === '') return;
		const isEmpty = (await store.configurations(location.workspace)).length === 0 && (await store.count(location.workspace, 'record')).length === 0;
		if (!isEmpty) {
			throw new RegistryError('accessKey', `${place} has no access key`, 'It was made without one. Leave Access Key empty in the credential, or name another workspace.');
		}
		const salt = randomBytes(16);
		const hash = await derive(given, salt, 32);
		const made = `${salt.toString('hex')}:${hash.toString('hex')}`;
		const isOurs = await store.transact(location.workspace, { settings: true }, undefined, (unit) => {
			if (unit.setting(ACCESS_KEY_SETTING) !== undefined) return false;
			unit.putSecretSetting(ACCESS_KEY_SETTING, made);
			return true;
		});
		// Another credential was faster: its key is the workspace's.
		if (!isOurs) await checkAccessKey(store, location, (await store.settings(location.workspace)).get(ACCESS_KEY_SETTING), given);
		return;
	}
	const [salt = '', hash = ''] = (JSON.parse(stored) as string).split(':');
	if (await isRightKey(given, salt, hash)) return;
	throw new RegistryError('accessKey', `The access key for ${place.charAt(0).toLowerCase()}${place.slice(1)} is wrong`, 'Put the access key that it was made with into the credential.');
}

const rightKeys = new Set<string>();

/** A key is derived once a process: scrypt is slow on purpose. */
async function isRightKey(given: string, salt: string, hash: string): Promise<boolean> {
	const memory = createHash('sha256').update(`${salt}:${hash}:${given}`).digest('hex');
	if (rightKeys.has(memory)) return true;
	const derived = await derive(given, Buffer.from(salt, 'hex'), 32);
	const isRight = timingSafeEqual(derived, Buffer.from(hash, 'hex'));
	if (isRight) rightKeys.add(memory);
	return isRight;
}

export function runRow({ caller, operation }: Pick<Work, 'caller' | 'operation'>): RunRow {
	return {
		id: caller.runId,
		operation,
		workflowId: caller.workflowId ?? null,
		nodeId: caller.nodeId,
		executionId: caller.executionId ?? null,
		origin: caller.origin,
		startedAt: Date.now(),
	};
}
