import { trouble } from '../../shared/identity/outcome';
import type { Outcome } from '../../shared/identity/outcome';
import type { Work } from '../../shared/ports';
import { shownConfiguration } from './configurations';
import type { Registry } from './registry';
import { checkSettings } from './settings';
import type { Settings } from './settings';

/** What the registry is, how large it is, and what is in it. */
export async function registryStatus(registry: Registry): Promise<Outcome> {
	const { store, workspace, location } = registry;
	const [status, records, mappings, domains, inbox] = [
		await store.status(),
		await store.count(workspace, 'record'),
		await store.count(workspace, 'mapping'),
		await store.count(workspace, 'related_domain'),
		await store.count(workspace, 'inbox'),
	];
	const rowsWhere = (counts: ReadonlyArray<{ group: string[]; rows: number }>, ...wanted: Array<string | undefined>) =>
		counts.filter(({ group }) => wanted.every((name, at) => name === undefined || group[at] === name)).reduce((sum, { rows }) => sum + rows, 0);
	return {
		status: 'found',
		registry: location.registry,
		workspace,
		engine: status.engine,
		engineVersion: status.engineVersion,
		schemaVersion: status.schemaVersion,
		location: status.location,
		bytes: status.bytes,
		records: {
			people: rowsWhere(records, 'people', 'active'),
			accounts: rowsWhere(records, 'accounts', 'active'),
			users: rowsWhere(records, 'users', 'active'),
			deleted: rowsWhere(records, undefined, 'deleted'),
		},
		mappings: {
			current: rowsWhere(mappings, undefined, undefined, 'current'),
			former: rowsWhere(mappings, undefined, undefined, 'former'),
			deleted: rowsWhere(mappings, undefined, undefined, 'deleted'),
		},
		relatedDomains: rowsWhere(domains),
		inboxWaiting: rowsWhere(inbox, 'waiting'),
		externalTypes: registry.configurations().map((row) => ({
			...shownConfiguration(row),
			currentMappings: rowsWhere(mappings, row.objectType, row.externalType, 'current'),
		})),
		settings: registry.settings,
	};
}

/** Shows the settings, or changes those that are given and differ. */
export async function changeSettings(registry: Registry, given: Readonly<Record<string, unknown>>, work: Work): Promise<Outcome> {
	const checked = checkSettings(given);
	if (typeof checked === 'string') return trouble('invalid', 'setting', checked, Object.keys(given));
	const changed = (Object.keys(checked) as Array<keyof Settings>).filter((key) => JSON.stringify(checked[key]) !== JSON.stringify(registry.settings[key]));
	if (changed.length > 0) {
		await registry.transact({}, work, (unit) => {
			for (const key of changed) unit.putSetting(key, checked[key], registry.settings[key]);
		});
		await registry.refresh();
	}
	const status = Object.keys(checked).length === 0 ? 'found' : changed.length > 0 ? 'updated' : 'unchanged';
	return { status, ...registry.settings, ...(changed.length > 0 ? { changed } : {}) };
}
