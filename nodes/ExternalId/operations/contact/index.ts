import type { Resource } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { capture } from './capture';
import { identify } from './identify';

export const contact: Resource<Registry> = {
	value: 'contact',
	name: 'Contact',
	description: 'People that mail, calendars and feeds bring, matched to accounts by domain',
	operations: [capture, identify],
};
