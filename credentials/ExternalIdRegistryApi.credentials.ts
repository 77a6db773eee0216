import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

/** Names a registry and a workspace in it. Nodes without a credential use the registry and workspace `default`. */
export class ExternalIdRegistryApi implements ICredentialType {
	name = 'externalIdRegistryApi';

	displayName = 'External ID Registry API';

	icon: Icon = { light: 'file:externalId.svg', dark: 'file:externalId.dark.svg' };

	documentationUrl = 'https://github.com/n8n-nodes-external-id/n8n-nodes-external-id#credential';

	/** No other node may send this credential anywhere. */
	restrictToSupportedNodes = true as const;

	properties: INodeProperties[] = [
		{
			displayName: 'Registry',
			name: 'registry',
			type: 'string',
			default: 'default',
			placeholder: 'e.g. sales',
			description: 'Name of the registry: letters, digits, "-" and "_". It is a file of its own under the user folder of n8n, made on first use.',
		},
		{
			displayName: 'Workspace',
			name: 'workspace',
			type: 'string',
			default: 'default',
			placeholder: 'e.g. client-a',
			description: 'Part of the registry that is used. Workspaces of one registry share nothing: one for each team or client.',
		},
		{
			displayName: 'Access Key',
			name: 'accessSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description: 'Locks the workspace: the first credential that names a key for an empty workspace sets it, and from then on only credentials with that key can use it. It cannot be read back.',
		},
	];
}
