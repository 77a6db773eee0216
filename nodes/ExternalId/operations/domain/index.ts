import type { Resource } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { add, remove, set } from './change';
import { getAll } from './getAll';
import { match } from './match';

export const domain: Resource<Registry> = {
	value: 'domain',
	name: 'Related Domain',
	description: 'E-mail domains of accounts, by which contacts find their account',
	operations: [match, add, remove, set, getAll],
};
