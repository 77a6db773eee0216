import type { Resource } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { backfill } from './backfill';
import { create } from './create';
import { remove } from './delete';
import { getAll } from './getAll';
import { link } from './link';
import { replace } from './replace';
import { resolve } from './resolve';
import { translate } from './translate';

export const mapping: Resource<Registry> = {
	value: 'mapping',
	name: 'Mapping',
	description: 'Which ID in one system is which ID in another',
	operations: [link, translate, resolve, create, replace, backfill, remove, getAll],
};
