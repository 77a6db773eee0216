import type { IAuthenticateGeneric, Icon, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

/** An API key of a Salesloft customer; partners use OAuth2. */
export class SalesloftApi implements ICredentialType {
	name = 'salesloftApi';

	displayName = 'Salesloft API';

	icon: Icon = { light: 'file:salesloft.svg', dark: 'file:salesloft.dark.svg' };

	documentationUrl = 'https://github.com/n8n-nodes-external-id/n8n-nodes-external-id#salesloft';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description: 'From Your Applications → API Keys. Scopes it needs: external_id and external_id_configuration (read, write and delete, or manage), and people, accounts and team (read, and write for upserts).',
		},
		{
			displayName: 'Advanced',
			name: 'advanced',
			type: 'boolean',
			default: false,
			description: 'Whether to show settings that are rarely needed',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'https://api.salesloft.com/v2',
			placeholder: 'e.g. https://api.salesloft.com/v2',
			description: 'Where the API is, with its version. Change it for a proxy or a sandbox only.',
			displayOptions: { show: { advanced: [true] } },
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.apiKey}}' } },
	};

	/** What the node itself needs first; `/me` may need a scope that a key for External IDs does not have. */
	test: ICredentialTestRequest = {
		request: { baseURL: '={{$credentials.baseUrl || "https://api.salesloft.com/v2"}}', url: '/external/configurations' },
		rules: [
			{
				type: 'responseCode',
				properties: { value: 403, message: 'The key is right, but lacks the scope external_id_configuration:read' },
			},
		],
	};
}
