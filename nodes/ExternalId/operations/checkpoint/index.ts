import type { Resource } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { get } from './get';
import { save } from './save';

export const checkpoint: Resource<Registry> = {
	value: 'checkpoint',
	name: 'Checkpoint',
	description: 'How far a scheduled flow has come: what is new since the last success',
	operations: [get, save],
};
