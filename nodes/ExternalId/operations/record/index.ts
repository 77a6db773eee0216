import type { Resource } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { remove } from './delete';
import { erase } from './erase';
import { get } from './get';
import { getAll } from './getAll';
import { merge } from './merge';
import { upsert } from './upsert';

export const record: Resource<Registry> = {
	value: 'record',
	name: 'Record',
	description: 'People, accounts and users, by their IDs',
	operations: [upsert, get, getAll, merge, remove, erase],
};
