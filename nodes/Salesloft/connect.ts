import type { IExecuteFunctions, ILoadOptionsFunctions, INodeProperties } from 'n8n-workflow';

import { sharedBudget } from '../shared/http/budget';
import { DEFAULT_PATIENCE, HttpClient } from '../shared/http/client';
import { REAL_TIME } from '../shared/http/time';
import { SalesloftApi } from './api';
import { Salesloft } from './system';


const BASE_URL = 'https://api.salesloft.com/v2';

/** 600 cost a minute for the whole team (https://developers.salesloft.com/docs/platform/api-basics/rate-limits/). */
const RULES = { perMinute: 600, costHeader: 'x-ratelimit-endpoint-cost', remainingHeader: 'x-ratelimit-remaining-minute', limitHeader: 'x-ratelimit-limit-minute' };

/** Part of the limit that a run takes unless its options say otherwise. */
export const USUAL_SHARE = 0.8;

/** How the node logs in. */
export const authentication: INodeProperties = {
	displayName: 'Authentication',
	name: 'authentication',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'API Key', value: 'apiKey', description: 'For customers of Salesloft' },
		{ name: 'OAuth2', value: 'oAuth2', description: 'For applications of partners and private ones' },
	],
	default: 'apiKey',
};

interface Credential {
	advanced?: boolean;
	baseUrl?: string;
}

/** Salesloft by the credential that the panel chose. */
export async function connect(context: IExecuteFunctions | ILoadOptionsFunctions): Promise<Salesloft> {
	const chosen = 'getCurrentNodeParameter' in context ? context.getCurrentNodeParameter('authentication') : context.getNodeParameter('authentication', 0, 'apiKey');
	const credentialType = chosen === 'oAuth2' ? 'salesloftOAuth2Api' : 'salesloftApi';
	const { baseUrl } = await context.getCredentials<Credential>(credentialType);
	const service = {
		name: 'Salesloft',
		baseUrl: (baseUrl?.trim() || BASE_URL).replace(/\/+$/, ''),
		credentialAdvice: chosen === 'oAuth2' ? 'Connect the credential anew. If it fails again, check the application in Salesloft.' : 'Check the API key in the credential: it may have been deleted in Salesloft, or cut when it was copied.',
	};
	const name = `${credentialType}\n${context.getNode().credentials?.[credentialType]?.id ?? ''}\n${service.baseUrl}`;
	const send = async (options: Parameters<typeof context.helpers.httpRequestWithAuthentication>[1]): Promise<unknown> =>
		await context.helpers.httpRequestWithAuthentication.call(context, credentialType, options, chosen === 'oAuth2' ? { oauth2: { includeCredentialsOnRefreshOnBody: true } } : undefined);
	const http = new HttpClient(service, send, sharedBudget(name, RULES, REAL_TIME), { share: USUAL_SHARE, patience: DEFAULT_PATIENCE });
	return new Salesloft(new SalesloftApi(http, name));
}
