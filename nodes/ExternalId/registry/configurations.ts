import groupBy from 'lodash/groupBy';

import { compileIdPattern, ID_FORMATS, parseExternalId, parseExternalType } from '../../shared/identity/externalId';
import type { IdFormat } from '../../shared/identity/externalId';
import { isTrouble, OBJECT_TYPES, trouble } from '../../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../../shared/identity/outcome';
import { gist } from '../../shared/identity/wording';
import { Pacer } from '../../shared/pace';
import type { ConfigurationEntry, Work } from '../../shared/ports';
import { cancelled } from './batches';
import { checkEntries } from './checked';
import { disagreement } from './fields';
import { itemsOf } from './mappings';
import { DEFAULT_CONFIGURATION } from './registry';
import type { Registry } from './registry';
import type { ConfigurationRow } from './rows';
import { wholeNumber } from './settings';
import { shownMapping } from './views';

/** Longest External ID that a configuration can allow, in code points. */
export const LONGEST_ID = 1_000;
const MAX_IDS_PER_OBJECT = 1_000;
const DELETE_BATCH = 500;

type Given = Partial<Omit<ConfigurationRow, 'createdAt' | 'updatedAt'>> & Pick<ConfigurationRow, 'objectType' | 'externalType'>;

/** Makes configurations that are not there yet, and changes the settings that are given and differ. */
export async function ensureConfigurations(registry: Registry, entries: readonly ConfigurationEntry[], work: Work): Promise<void> {
	const checked = await checkEntries(entries, work, (entry) => {
		const given = checkConfiguration(registry, entry);
		return isTrouble(given) ? given : { given };
	});
	for (const { given, index } of agreeing(checked, work)) {
		if (work.signal?.aborted) {
			work.settle(index, cancelled([given.objectType, given.externalType]));
			continue;
		}
		const outcome = await registry.transact({ ofType: { ...given, limit: 1 } }, work, (unit): Outcome => {
			const before = unit.configuration(given.objectType, given.externalType);
			const hasMappings = unit.mappingsOfType(given.objectType, given.externalType).length > 0;
			if (before && given.idFormat && given.idFormat !== before.idFormat && hasMappings) {
				return trouble('conflict', 'formatInUse', `The ID Format of ${given.externalType} cannot change while it has mappings: the IDs that are stored were compared by the old one. Delete its mappings first.`, [given.objectType, given.externalType]);
			}
			const isSame = before && Object.entries(given).every(([name, value]) => before[name as keyof ConfigurationRow] === value);
			if (!isSame) unit.putConfiguration({ ...DEFAULT_CONFIGURATION, ...before, ...given });
			const row = unit.configuration(given.objectType, given.externalType) as ConfigurationRow;
			return { status: isSame ? 'unchanged' : before ? 'updated' : 'created', ...shownConfiguration(row) };
		});
		work.settle(index, outcome);
	}
	await registry.refresh();
}

/** Items that give one type different settings contradict each other: none of them is done. */
function agreeing<Item extends { given: Given; index: number }>(items: readonly Item[], work: Work): Item[] {
	return Object.values(groupBy(items, ({ given }) => `${given.objectType}\n${given.externalType}`)).flatMap((group) => {
		const setting = disagreement(group.map(({ given }) => given));
		if (setting === undefined) return group;
		const { objectType, externalType } = (group[0] as Item).given;
		for (const { index } of group) {
			work.settle(index, trouble('conflict', 'itemsDisagree', `Several items give ${externalType} different settings (${setting}; ${itemsOf(group)}). None of them was done.`, [objectType, externalType, setting]));
		}
		return [];
	});
}

function checkConfiguration(registry: Registry, entry: ConfigurationEntry): Given | Trouble {
	const objectType = checkObjectType(entry.objectType);
	if (typeof objectType !== 'string') return objectType;
	const externalType = parseExternalType(entry.externalType);
	if (typeof externalType !== 'string') return externalType;
	const refused = (code: string, reason: string) => trouble('invalid', code, reason, [objectType, externalType]);
	const given: Given = { objectType, externalType };

	if (isGiven(entry.maxLength)) {
		const maxLength = wholeNumber(entry.maxLength);
		if (!isWithin(maxLength, 1, LONGEST_ID)) return refused('maxLength', `Maximum Length is a whole number from 1 to ${LONGEST_ID}.`);
		given.maxLength = maxLength;
	}
	if (isGiven(entry.idsPerObject)) {
		const idsPerObject = wholeNumber(entry.idsPerObject);
		if (!isWithin(idsPerObject, 0, MAX_IDS_PER_OBJECT)) return refused('idsPerObject', `IDs per Object is a whole number from 1 to ${MAX_IDS_PER_OBJECT}, or 0 for any number.`);
		given.idsPerObject = idsPerObject;
	}
	if (isGiven(entry.idFormat)) {
		if (!ID_FORMATS.includes(entry.idFormat as IdFormat)) return refused('idFormat', `ID Format is one of: ${ID_FORMATS.join(', ')}.`);
		given.idFormat = entry.idFormat as IdFormat;
	}
	if (entry.pattern !== undefined) {
		if (entry.pattern !== null && typeof entry.pattern !== 'string') return refused('pattern', 'The Pattern is not a text.');
		const pattern = (entry.pattern ?? '').trim();
		const compiled = pattern === '' ? { ok: true as const } : compileIdPattern(pattern);
		if (!compiled.ok) return refused('pattern', `The Pattern cannot be used: ${compiled.reason}`);
		given.pattern = pattern === '' ? null : pattern;
	}
	if (entry.example !== undefined) {
		if (entry.example !== null && !['string', 'number'].includes(typeof entry.example)) return refused('example', 'The Example is not a text.');
		given.example = String(entry.example ?? '').trim() || null;
	}
	return checkExample(registry, given) ?? given;
}

/** An example that its own configuration would refuse would mislead everybody. */
function checkExample(registry: Registry, given: Given): Trouble | undefined {
	const row = { ...DEFAULT_CONFIGURATION, ...registry.configuration(given.objectType, given.externalType), ...given };
	if (!row.example) return undefined;
	const rules = { maxLength: row.maxLength, format: row.idFormat, pattern: row.pattern ?? undefined, blocked: new Set(registry.settings.blockedIds), trim: true };
	const parsed = parseExternalId(row.example, rules, given);
	return 'status' in parsed ? { ...parsed, reason: `The Example does not fit the configuration. ${parsed.reason}` } : undefined;
}

export function checkObjectType(value: unknown): ObjectType | Trouble {
	const objectType = OBJECT_TYPES.find((type) => type === value);
	return objectType ?? trouble('invalid', 'objectType', `Object Type is one of: ${OBJECT_TYPES.join(', ')}.`, [gist(value)]);
}

/** Deletes configurations. One that has live mappings is refused, unless they are to go too. */
export async function deleteConfigurations(
	registry: Registry,
	entries: ReadonlyArray<{ objectType: unknown; externalType: unknown }>,
	{ alsoMappings }: { alsoMappings: boolean },
	work: Work,
): Promise<void> {
	const checked = await checkEntries(entries, work, (entry): Given | Trouble => {
		const objectType = checkObjectType(entry.objectType);
		if (typeof objectType !== 'string') return objectType;
		const externalType = parseExternalType(entry.externalType);
		return typeof externalType === 'string' ? { objectType, externalType } : externalType;
	});
	for (const { objectType, externalType, index } of checked) {
		work.settle(index, await deleteConfiguration(registry, objectType, externalType, alsoMappings, work));
	}
	await registry.refresh();
}

async function deleteConfiguration(registry: Registry, objectType: ObjectType, externalType: string, alsoMappings: boolean, work: Work): Promise<Outcome> {
	const pacer = new Pacer({ every: 1 });
	for (let deletedMappings = 0; ; ) {
		if (work.signal?.aborted) return { ...cancelled([objectType, externalType]), deletedMappings };
		const step = await registry.transact({ ofType: { objectType, externalType, limit: DELETE_BATCH } }, work, (unit): Outcome | number => {
			const row = unit.configuration(objectType, externalType);
			if (!row) return trouble('notFound', 'noConfiguration', `There is no External Type "${externalType}" for ${objectType} to delete.`, [objectType, externalType]);
			const live = unit.mappingsOfType(objectType, externalType);
			if (live.length > 0 && !alsoMappings) {
				return trouble('conflict', 'mappingsLive', `${externalType} has mappings for ${objectType}. Delete them first, or turn on Delete Mappings Too.`, [objectType, externalType], {
					conflict: { existing: live.slice(0, 5).map(shownMapping) },
				});
			}
			for (const mapping of live) unit.setMappingState(mapping, 'deleted');
			if (live.length > 0) return live.length;
			unit.deleteConfiguration(row);
			return { status: 'deleted', ...shownConfiguration(row), deleted: true, deletedMappings };
		});
		if (typeof step !== 'number') return step;
		deletedMappings += step;
		if (pacer.due()) await pacer.rest();
	}
}

export function shownConfiguration(row: ConfigurationRow): Record<string, unknown> {
	return {
		objectType: row.objectType,
		externalType: row.externalType,
		maxLength: row.maxLength,
		idsPerObject: row.idsPerObject,
		idFormat: row.idFormat,
		pattern: row.pattern,
		example: row.example,
		createdAt: new Date(row.createdAt).toISOString(),
		updatedAt: new Date(row.updatedAt).toISOString(),
	};
}

/** Whether a setting was given: an empty one is left as it is. */
function isGiven(value: unknown): boolean {
	return value !== undefined && value !== null && value !== '';
}

function isWithin(value: number | undefined, from: number, to: number): value is number {
	return value !== undefined && value >= from && value <= to;
}
