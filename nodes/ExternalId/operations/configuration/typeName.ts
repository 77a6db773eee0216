import type { Field } from '../../../shared/node/operation';

/** The name of an External Type as typed, not picked: what a configuration is about may not exist yet. */
export const typeName: Field = {
	displayName: 'External Type',
	name: 'name',
	type: 'string',
	default: '',
	required: true,
	perItem: true,
	placeholder: 'e.g. crm',
	description: 'Name of the system: letters, digits, "_", "-" and "."',
};
