import type { Resource } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { settings } from './settings';
import { status } from './status';

export const registry: Resource<Registry> = {
	value: 'registry',
	name: 'Registry',
	description: 'The built-in registry itself',
	operations: [status, settings],
};
