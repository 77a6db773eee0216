import { DEFAULT_BLOCKED, DEFAULT_MAX_LENGTH, nearestName, parseExternalId, parseExternalType } from '../shared/identity/externalId';
import type { ExternalId, IdRules } from '../shared/identity/externalId';
import { OBJECT_TYPES, OBJECT_WORD, trouble } from '../shared/identity/outcome';
import type { ObjectType, Trouble } from '../shared/identity/outcome';
import { kindOf, quoted, shown } from '../shared/identity/wording';
import type { StopSign, TypeChoice } from '../shared/ports';
import { isRefusal } from './answers';
import type { MappingRow } from './answers';
import type { SalesloftApi } from './api';
import { TypeMappings } from './mappings';
import { Records } from './records';

const RULES: IdRules = { maxLength: DEFAULT_MAX_LENGTH, format: 'asIs', blocked: new Set(DEFAULT_BLOCKED), trim: true };

/** An External ID that was checked, and the type that it belongs to. */
export interface CheckedId {
	objectType: ObjectType;
	externalType: string;
	externalId: string;
}

/** Salesloft for one run: its API, and what the run has learnt so far. */
export class Salesloft {
	readonly records: Records;
	private readonly types = new Map<string, TypeMappings>();
	private known: ReadonlySet<string> = new Set();
	private names: string[] = [];

	constructor(readonly api: SalesloftApi) {
		this.records = new Records(api);
	}

	/** For one run: its share of the rate limit, and when to stop. */
	with(settings: { share?: number; stop?: StopSign }): Salesloft {
		return new Salesloft(this.api.with(settings));
	}

	/** The mappings of a type, as far as the run knows them. */
	mappings(objectType: ObjectType, externalType: string): TypeMappings {
		const key = `${objectType}\n${externalType}`;
		let mappings = this.types.get(key);
		if (mappings === undefined) this.types.set(key, (mappings = new TypeMappings(this.api, objectType, externalType)));
		return mappings;
	}

	/**
	 * Learns which External Types there are, and makes those that were picked in a list and are not there yet. Types that come from
	 * expressions are never made: a typing mistake would become a type of its own.
	 */
	async learnTypes(choices: ReadonlyArray<{ objectType: ObjectType; externalType: TypeChoice }>, mayCreate: boolean): Promise<void> {
		await this.readTypes();
		const missing = new Map<string, { objectType: ObjectType; externalType: string }>();
		for (const { objectType, externalType: choice } of mayCreate ? choices : []) {
			if (!choice.picked) continue;
			const externalType = parseExternalType(choice.name);
			if (typeof externalType === 'string' && !this.known.has(`${objectType}\n${externalType}`)) missing.set(`${objectType}\n${externalType}`, { objectType, externalType });
		}
		for (const { objectType, externalType } of missing.values()) await this.api.createConfiguration(objectType, externalType);
		if (missing.size > 0) await this.readTypes();
	}

	/** The name of an External Type that is there, or what is wrong. After {@link learnTypes}. */
	checkType(objectType: ObjectType, { name }: TypeChoice): string | Trouble {
		const given = typeof name === 'string' ? name.trim() : name;
		// A type of Salesloft's may have a name that this package would not make.
		if (typeof given === 'string' && this.known.has(`${objectType}\n${given}`)) return given;
		const externalType = parseExternalType(given);
		if (typeof externalType !== 'string' || this.known.has(`${objectType}\n${externalType}`)) return externalType;
		const near = nearestName(externalType, this.names.filter((each) => this.known.has(`${objectType}\n${each}`)));
		const advice = near ? `Did you mean "${near}"?` : 'Check the Object Type; to create it, pick it in the list of an operation that stores IDs, or use Configuration → Create.';
		return trouble('invalid', 'unknownExternalType', `There is no External Type "${externalType}" for ${objectType} in Salesloft. ${advice}`, [objectType, externalType]);
	}

	/** The same for a filter, where the Object Type may be left open. */
	checkAnyType(objectType: ObjectType | undefined, name: string): string | Trouble {
		const found = (objectType === undefined ? OBJECT_TYPES : [objectType]).find((type) => this.known.has(`${type}\n${name}`));
		return found ? name : this.checkType(objectType ?? 'people', { name, picked: false });
	}

	checkId(objectType: ObjectType, choice: TypeChoice, value: unknown): CheckedId | Trouble {
		const externalType = this.checkType(objectType, choice);
		if (typeof externalType !== 'string') return externalType;
		const id = parseId(objectType, externalType, value);
		return 'status' in id ? id : { objectType, externalType, externalId: id.id };
	}

	private async readTypes(): Promise<void> {
		const configurations = await this.api.configurations();
		this.known = new Set(configurations.map(({ objectType, externalType }) => `${objectType}\n${externalType}`));
		this.names = [...new Set(configurations.map(({ externalType }) => externalType))];
	}
}

export function parseId(objectType: ObjectType, externalType: string, value: unknown): ExternalId | Trouble {
	return parseExternalId(value, RULES, { externalType, objectType });
}

/** Salesloft's ID of an object: a whole number, given as one or as text. */
export function parseObjectId(objectType: ObjectType, value: unknown): string | Trouble {
	const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
	if (/^[1-9]\d{0,14}$/.test(text)) return text;
	const reason = text === '' ? `Object ID is ${typeof value === 'string' ? 'empty' : kindOf(value)}.` : `Object ID ${quoted(text)} is not an ID of Salesloft, which is a whole number such as 578495206.`;
	return trouble('invalid', 'objectId', reason, [objectType, text]);
}

/** What every outcome tells of a mapping. */
export function shownMapping({ id, objectType, externalType, externalId, objectId, insertedAt }: MappingRow): Record<string, unknown> {
	return {
		objectType,
		externalType,
		externalId,
		objectId: objectId ?? null,
		...(id === undefined ? {} : { mappingId: String(id) }),
		...(insertedAt === undefined ? {} : { createdAt: insertedAt }),
	};
}

export function noMapping({ objectType, externalType, externalId }: CheckedId): Trouble {
	return trouble('notFound', 'noMapping', `No ${OBJECT_WORD[objectType]} in Salesloft has the ${externalType} ID "${shown(externalId)}".`, [objectType, externalType, externalId], { objectType, externalType, externalId });
}

/** An External ID that Salesloft has for several objects. */
export function severalObjects({ objectType, externalType, externalId }: CheckedId, rows: readonly MappingRow[]): Trouble {
	return trouble('ambiguous', 'severalObjects', `Salesloft has the ${externalType} ID "${shown(externalId)}" for ${rows.length} ${objectType}. Delete the mappings that are wrong.`, [objectType, externalType, externalId], {
		objectType,
		externalType,
		externalId,
		candidates: rows.map(shownMapping),
	});
}

/** A mapping that leads to no object: left behind by a create that Salesloft refused, or its object was deleted. */
export function goneObject({ objectType, externalType, externalId }: CheckedId, row: MappingRow): Trouble {
	const which = row.objectId === undefined ? 'nothing' : `${OBJECT_WORD[objectType]} ${row.objectId}, which is not there any more, or is hidden from this key`;
	return trouble('conflict', 'mappedToGone', `The ${externalType} ID "${shown(externalId)}" is mapped to ${which}. Delete the mapping (Mapping → Delete) to use the ID again.`, [objectType, externalType, externalId], {
		objectType,
		externalType,
		externalId,
		conflict: { wanted: { externalId }, existing: [shownMapping(row)] },
	});
}

export function noRecord(objectType: ObjectType, objectId: string): Trouble {
	return trouble('notFound', 'noRecord', `Salesloft has no ${OBJECT_WORD[objectType]} ${objectId}, or hides it from this key.`, [objectType, objectId], { objectType, objectId });
}

/** Distinct objects of some mappings. */
export function distinctObjects(rows: readonly MappingRow[]): MappingRow[] {
	return [...new Map(rows.map((row) => [row.objectId, row])).values()];
}

/** Whether a call was refused, as an outcome of the item that it was about. */
export function asOutcome(refusal: unknown, about: readonly unknown[], details: Record<string, unknown>): Trouble | undefined {
	if (!isRefusal(refusal)) return undefined;
	return trouble('rejected', 'rejected', `Salesloft refused it: ${refusal.words}`, [refusal.words, ...about], details);
}
