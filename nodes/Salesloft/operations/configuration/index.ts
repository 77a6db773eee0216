import type { Resource } from '../../../shared/node/operation';
import type { Salesloft } from '../../system';
import { create } from './create';
import { remove } from './delete';
import { getAll } from './getAll';

export const configuration: Resource<Salesloft> = {
	value: 'configuration',
	name: 'Configuration',
	description: 'External Types: which systems there are, for which Object Types',
	operations: [create, remove, getAll],
};
