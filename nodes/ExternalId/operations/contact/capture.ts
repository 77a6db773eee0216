import type { Operation } from '../../../shared/node/operation';
import { captureContacts } from '../../registry/capture';
import type { Registry } from '../../registry/registry';
import { optionsOf, skipRoleAddresses } from '../fields';
import { option, workOf } from '../reading';

export const capture: Operation<Registry> = {
	value: 'capture',
	name: 'Capture',
	action: 'Capture contacts from addresses',
	description: 'Make contacts of e-mail addresses whose domain belongs to an account. The others wait in the inbox.',
	outputs: 'writer',
	fields: [
		{
			displayName: 'Addresses',
			name: 'addresses',
			type: 'string',
			default: '',
			required: true,
			perItem: true,
			placeholder: 'e.g. Ann Lee <ann@acme.com>, bob@acme.com',
			description: 'Text as in a From, To or CC line, or an expression that gives a list or an object with addresses. An item gives one output item for each address.',
		},
		optionsOf(skipRoleAddresses),
	],
	async run(run) {
		const addresses = run.inputs.map(({ values }) => values.addresses);
		await captureContacts(run.system, addresses, { skipRoleAddresses: option(run, 'skipRoleAddresses', true) }, workOf(run, 'contact:capture'));
	},
};
