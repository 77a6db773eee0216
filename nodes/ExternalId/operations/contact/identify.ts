import type { Operation } from '../../../shared/node/operation';
import { identifyContacts } from '../../registry/identify';
import type { Registry } from '../../registry/registry';
import { externalTypePicker, optionsOf, skipRoleAddresses } from '../fields';
import { option, typeChoice, workOf } from '../reading';

export const identify: Operation<Registry> = {
	value: 'identify',
	name: 'Identify',
	action: 'Identify contacts from segment calls',
	description: 'Take Segment identify calls: the user ID or e-mail of a known contact decides, else a contact is made and matched to an account by domain',
	outputs: 'writer',
	fields: [
		externalTypePicker('External Type of User ID', 'externalType', 'The system that the userId of the calls comes from, such as app. Type a new name in the list to create it.', true),
		{
			displayName: 'Segment Call',
			name: 'call',
			type: 'json',
			default: '={{ $json }}',
			required: true,
			perItem: true,
			description: 'The call as Segment sends it, with type, userId, traits, context and timestamp. Calls of other types are skipped. Calls from browsers and apps, and those marked with "trust": "public", never set an External ID and link nothing by e-mail.',
		},
		optionsOf(skipRoleAddresses),
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({ externalType: typeChoice(values.externalType), call: values.call }));
		await identifyContacts(run.system, entries, { skipRoleAddresses: option(run, 'skipRoleAddresses', true) }, workOf(run, 'contact:identify'));
	},
};
