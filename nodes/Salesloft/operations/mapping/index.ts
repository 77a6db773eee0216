import type { Resource } from '../../../shared/node/operation';
import type { Salesloft } from '../../system';
import { backfill } from './backfill';
import { create } from './create';
import { remove } from './delete';
import { getAll } from './getAll';
import { resolve } from './resolve';
import { translate } from './translate';

export const mapping: Resource<Salesloft> = {
	value: 'mapping',
	name: 'Mapping',
	description: 'Which External ID leads to which person, account or user',
	operations: [resolve, translate, create, backfill, remove, getAll],
};
