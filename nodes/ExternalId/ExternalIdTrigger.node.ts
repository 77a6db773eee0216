import { NodeConnectionTypes } from 'n8n-workflow';
import type { INodeType, INodeTypeDescription, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { testRegistryCredential } from './credentialTest';
import { triggerProperties } from './trigger/fields';
import { startTrigger } from './trigger/start';

export class ExternalIdTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'External ID Trigger',
		name: 'externalIdTrigger',
		icon: { light: 'file:externalId.svg', dark: 'file:externalId.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].length === 1 ? $parameter["events"][0].replace(/[A-Z]/g, " $&").toLowerCase() : $parameter["events"].length + " events" }}',
		description: 'Starts the workflow when a contact is made by domain match, a record changes, or an External ID comes or goes',
		eventTriggerDescription: 'Shows the newest change that fits, or a sample',
		activationMessage: 'Changes of the registry now start this workflow.',
		defaults: { name: 'External ID Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'externalIdRegistryApi',
				required: true,
				testedBy: 'testRegistryCredential',
				displayOptions: { show: { registryFrom: ['credential'] } },
			},
		],
		properties: triggerProperties(),
	};

	methods = { credentialTest: { testRegistryCredential } };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await startTrigger(this);
	}
}
