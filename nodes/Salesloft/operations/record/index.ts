import type { Resource } from '../../../shared/node/operation';
import type { Salesloft } from '../../system';
import { get } from './get';
import { getAll } from './getAll';
import { upsert } from './upsert';

export const record: Resource<Salesloft> = {
	value: 'record',
	name: 'Record',
	description: 'People, accounts and users, by their External IDs',
	operations: [upsert, get, getAll],
};
