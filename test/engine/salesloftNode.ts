import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { SalesloftApi } from '../../credentials/SalesloftApi.credentials';
import { SalesloftOAuth2Api } from '../../credentials/SalesloftOAuth2Api.credentials';
import { Salesloft } from '../../nodes/Salesloft/Salesloft.node';
import type { Sandbox } from '../sandbox/salesloft';
import { runNode } from './harness';
import type { NodeResult, SingleNode } from './harness';

export interface SalesloftNode {
	(operation: string, parameters?: INodeParameters, items?: IDataObject[], settings?: Partial<SingleNode>): Promise<NodeResult>;
	/** The same, for the JSON of output 1 when nothing went wrong. */
	done(operation: string, parameters?: INodeParameters, items?: IDataObject[]): Promise<IDataObject[]>;
}

/** The Salesloft node on a sandbox, as a workflow would run it; operations are named `resource:operation`. */
export function salesloftNode(sandbox: Sandbox, key = sandbox.apiKey): SalesloftNode {
	const run = async (operation: string, parameters: INodeParameters = {}, items: IDataObject[] = [{}], settings: Partial<SingleNode> = {}) => {
		const [resource, name] = operation.split(':');
		return await runNode({
			node: Salesloft,
			items,
			parameters: { authentication: 'apiKey', resource: resource as string, operation: name as string, ...parameters },
			credentials: ['salesloftApi'],
			workflow: { credentials: { salesloftApi: { apiKey: key, advanced: true, baseUrl: sandbox.baseUrl } }, credentialTypes: [SalesloftApi] },
			...settings,
		});
	};
	return Object.assign(run, {
		done: async (operation: string, parameters?: INodeParameters, items?: IDataObject[]) => {
			const result = await run(operation, parameters, items);
			expect(result.error).toBeUndefined();
			return result.json(0);
		},
	});
}

/** What an OAuth2 credential is once it is connected. */
export function oauthSettings(sandbox: Sandbox): Partial<SingleNode> {
	const { accessToken, refreshToken } = sandbox.login();
	const { clientId, clientSecret } = sandbox.integration;
	return {
		credentials: ['salesloftOAuth2Api'],
		workflow: {
			credentialTypes: [SalesloftOAuth2Api],
			credentials: {
				salesloftOAuth2Api: {
					grantType: 'authorizationCode',
					authentication: 'body',
					clientId,
					clientSecret,
					accessTokenUrl: sandbox.tokenUrl,
					authUrl: sandbox.authorizeUrl,
					scope: '',
					baseUrl: sandbox.baseUrl,
					oauthTokenData: { access_token: accessToken, refresh_token: refreshToken, token_type: 'Bearer', expires_in: 7200 },
				},
			},
		},
	};
}
