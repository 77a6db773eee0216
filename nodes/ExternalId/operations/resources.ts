import type { Resource } from '../../shared/node/operation';
import type { Registry } from '../registry/registry';
import { checkpoint } from './checkpoint';
import { configuration } from './configuration';
import { contact } from './contact';
import { domain } from './domain';
import { inbox } from './inbox';
import { mapping } from './mapping';
import { record } from './record';
import { registry } from './registry';

/** What the External ID node offers, in the order of its panel. */
export const resources: Array<Resource<Registry>> = [mapping, record, contact, inbox, domain, configuration, checkpoint, registry];

/** The name that an operation has in the panel: `record:upsert` is "Record: Create or Update"; nothing for one that is not there. */
export function panelName(operation: string): string | undefined {
	const [resource, name] = operation.split(':');
	const found = resources.find(({ value }) => value === resource);
	const own = found?.operations.find(({ value }) => value === name);
	return own === undefined ? undefined : `${found?.name}: ${own.name}`;
}
