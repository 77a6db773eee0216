import type { Resource } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { assign } from './assign';
import { discard } from './discard';
import { getAll } from './getAll';
import { missingDomains } from './missingDomains';

export const inbox: Resource<Registry> = {
	value: 'inbox',
	name: 'Inbox',
	description: 'Addresses and contacts that no account could be found for',
	operations: [getAll, assign, discard, missingDomains],
};
