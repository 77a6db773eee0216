import type { Field } from '../../../shared/node/operation';

export const waiting: Field = {
	displayName: 'Address or Contact',
	name: 'waiting',
	type: 'string',
	default: '',
	required: true,
	perItem: true,
	placeholder: 'e.g. ann@acme.com',
	description: 'The e-mail address, or the Object ID of the contact, as Inbox → Get Many gives them',
};
