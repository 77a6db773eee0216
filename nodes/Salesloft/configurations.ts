import { Settling } from '../shared/http/items';
import { parseExternalType } from '../shared/identity/externalId';
import { isTrouble, trouble } from '../shared/identity/outcome';
import type { ObjectType, Outcome, Trouble } from '../shared/identity/outcome';
import type { TypeChoice, Work } from '../shared/ports';
import { isRefusal } from './answers';
import type { Configuration } from './answers';
import { AT_ONCE } from './api';
import { asOutcome, type Salesloft } from './system';

interface ConfigurationEntry {
	objectType: ObjectType;
	externalType: unknown;
}

/** Declares External Types for Object Types. What is there already is `unchanged`: doing it again changes nothing. */
export async function ensureConfigurations(salesloft: Salesloft, entries: readonly ConfigurationEntry[], work: Work): Promise<void> {
	const settling = new Settling(work, entries.length);
	const made = new Map<string, Promise<Outcome>>();
	const existing = await salesloft.api.configurations();
	const find = (objectType: ObjectType, name: unknown) => existing.find((each) => each.objectType === objectType && each.externalType === (typeof name === 'string' ? name.trim() : name));
	await settling.each(
		entries.map((entry, index) => ({ ...entry, index })),
		AT_ONCE,
		async ({ objectType, externalType: name }) => {
			const present = find(objectType, name);
			if (present) return { status: 'unchanged', ...shownConfiguration(present) };
			const externalType = parseExternalType(name);
			if (isTrouble(externalType)) return externalType;
			const key = `${objectType}\n${externalType}`;
			const other = made.get(key);
			if (other) {
				const outcome = await other;
				return outcome.status === 'created' ? { ...outcome, status: 'unchanged' } : { ...outcome };
			}
			const making = make(salesloft, objectType, externalType);
			made.set(key, making);
			return await making;
		},
	);
	settling.end();
}

async function make(salesloft: Salesloft, objectType: ObjectType, externalType: string): Promise<Outcome> {
	const made = await salesloft.api.createConfiguration(objectType, externalType);
	if (isRefusal(made)) return asOutcome(made, [objectType, externalType], { objectType, externalType }) as Trouble;
	return { status: made.isNew ? 'created' : 'unchanged', ...shownConfiguration(made.configuration) };
}

/** Deletes External Types. What becomes of their mappings Salesloft does not say, so they must be gone before, unless it is asked for. */
export async function deleteConfigurations(salesloft: Salesloft, entries: ReadonlyArray<{ objectType: ObjectType; externalType: TypeChoice }>, options: { evenWithMappings: boolean }, work: Work): Promise<void> {
	const settling = new Settling(work, entries.length);
	const configurations = await salesloft.api.configurations();
	const done = new Set<number>();
	await settling.each(
		entries.map((entry, index) => ({ ...entry, index })),
		AT_ONCE,
		async ({ objectType, externalType: { name } }) => {
			const externalType = typeof name === 'string' ? name.trim() : name;
			const found = configurations.find((each) => each.objectType === objectType && each.externalType === externalType);
			if (!found) {
				const checked = parseExternalType(externalType);
				return isTrouble(checked) ? checked : trouble('notFound', 'noConfiguration', `There is no External Type "${checked}" for ${objectType} in Salesloft.`, [objectType, checked], { objectType, externalType: checked });
			}
			const shown = shownConfiguration(found);
			if (done.has(found.id)) return { status: 'unchanged', ...shown };
			done.add(found.id);
			if (!options.evenWithMappings) {
				const { rows } = await salesloft.api.mappingPage({ objectType, externalType: found.externalType }, 1, work.signal);
				const [one] = rows;
				if (one) return trouble('conflict', 'idsInUse', `IDs of ${found.externalType} are in use (such as "${one.externalId}"). Delete their mappings first, or turn on Even With Mappings.`, [objectType, found.externalType], { ...shown, conflict: { mappings: rows.length } });
			}
			return { status: (await salesloft.api.deleteConfiguration(found.id)) ? 'deleted' : 'unchanged', ...shown, deleted: true };
		},
	);
	settling.end();
}

export function shownConfiguration({ id, objectType, externalType, integrationId }: Configuration): Record<string, unknown> {
	return { objectType, externalType, configurationId: String(id), integrationId: integrationId === null ? null : String(integrationId) };
}
