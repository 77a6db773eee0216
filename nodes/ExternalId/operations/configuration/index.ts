import type { Resource } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { create } from './create';
import { remove } from './delete';
import { getAll } from './getAll';

export const configuration: Resource<Registry> = {
	value: 'configuration',
	name: 'Configuration',
	description: 'External Types: which systems there are, and what their IDs look like',
	operations: [create, remove, getAll],
};
