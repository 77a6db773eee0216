import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

/** An OAuth application of Salesloft, by authorization code. Its access tokens last two hours; each refresh token is good once. */
export class SalesloftOAuth2Api implements ICredentialType {
	name = 'salesloftOAuth2Api';

	extends = ['oAuth2Api'];

	displayName = 'Salesloft OAuth2 API';

	icon: Icon = { light: 'file:salesloft.svg', dark: 'file:salesloft.dark.svg' };

	documentationUrl = 'https://github.com/n8n-nodes-external-id/n8n-nodes-external-id#salesloft';

	properties: INodeProperties[] = [
		{
			displayName: 'Grant Type',
			name: 'grantType',
			type: 'hidden',
			default: 'authorizationCode',
		},
		{
			displayName: 'Authorization URL',
			name: 'authUrl',
			type: 'hidden',
			default: '={{ ($self["loginUrl"] || "https://accounts.salesloft.com") + "/oauth/authorize" }}',
			required: true,
		},
		{
			displayName: 'Access Token URL',
			name: 'accessTokenUrl',
			type: 'hidden',
			default: '={{ ($self["loginUrl"] || "https://accounts.salesloft.com") + "/oauth/token" }}',
			required: true,
		},
		{
			// The application's own choice of scopes decides; their names differ between older and newer applications.
			displayName: 'Scope',
			name: 'scope',
			type: 'hidden',
			default: '',
		},
		{
			displayName: 'Auth URI Query Parameters',
			name: 'authQueryParameters',
			type: 'hidden',
			default: '',
		},
		{
			displayName: 'Authentication',
			name: 'authentication',
			type: 'hidden',
			default: 'body',
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
		{
			displayName: 'Login URL',
			name: 'loginUrl',
			type: 'string',
			default: 'https://accounts.salesloft.com',
			placeholder: 'e.g. https://accounts.salesloft.com',
			description: 'Where applications log in. Change it for a sandbox only.',
			displayOptions: { show: { advanced: [true] } },
		},
	];
}
