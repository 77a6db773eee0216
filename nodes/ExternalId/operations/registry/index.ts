import type { Resource } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { audit } from './audit';
import { exportRegistry } from './export';
import { history } from './history';
import { importRegistry } from './import';
import { settings } from './settings';
import { status } from './status';
import { undo } from './undo';

export const registry: Resource<Registry> = {
	value: 'registry',
	name: 'Registry',
	description: 'The built-in registry itself',
	operations: [status, settings, history, undo, audit, exportRegistry, importRegistry],
};
