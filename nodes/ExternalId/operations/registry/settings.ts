import type { Operation } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { MAX_APPROVE_ABOVE, MAX_RETENTION_DAYS } from '../../registry/settings';
import { changeSettings } from '../../registry/status';
import { workOf } from '../reading';

export const settings: Operation<Registry> = {
	value: 'settings',
	name: 'Get or Change Settings',
	action: 'Get or change settings of the registry',
	description: 'Show the settings of the registry, or change those that are added',
	outputs: 'writer',
	once: true,
	fields: [
		{
			displayName: 'Settings',
			name: 'settings',
			type: 'collection',
			placeholder: 'Add setting',
			default: {},
			description: 'A setting that is added takes the place of what it was. Without any, the settings are shown.',
			options: [
				{
					displayName: 'Allowed Domains',
					name: 'allowDomains',
					type: 'string',
					default: '',
					placeholder: 'e.g. acme-mail.com',
					description: 'Comma-separated domains that may match although they are free mail or blocked',
				},
				{
					displayName: 'Ask Above',
					name: 'approveAbove',
					type: 'number',
					typeOptions: { minValue: 0, maxValue: MAX_APPROVE_ABOVE },
					default: 50,
					description: 'How many new contacts one added Related Domain may make of the inbox. More of them wait there until Inbox → Assign or Approve.',
				},
				{
					displayName: 'Blocked Domains',
					name: 'blockDomains',
					type: 'string',
					default: '',
					placeholder: 'e.g. agency.com',
					description: 'Comma-separated domains that never match an account',
				},
				{
					displayName: 'Blocked IDs',
					name: 'blockedIds',
					type: 'string',
					default: '',
					placeholder: 'e.g. n/a, none, test',
					description: 'Comma-separated values that are no External IDs. They take the place of the built-in list.',
				},
				{
					displayName: 'History Days',
					name: 'retentionDays',
					type: 'number',
					typeOptions: { minValue: 1, maxValue: MAX_RETENTION_DAYS },
					default: 180,
					description: 'How many days the history of changes is kept',
				},
				{
					displayName: 'Own Domains',
					name: 'ownDomains',
					type: 'string',
					default: '',
					placeholder: 'e.g. ourcompany.com',
					description: 'Comma-separated e-mail domains of your own company: its people are never contacts',
				},
			],
		},
	],
	async run(run) {
		const given = run.parameters.settings as Readonly<Record<string, unknown>>;
		for (const input of run.inputs) run.settle(input, await changeSettings(run.system, given, workOf(run, 'registry:settings')));
	},
};
