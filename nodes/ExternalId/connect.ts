import type { FunctionsBase, IExecuteFunctions, ILoadOptionsFunctions, INodeProperties } from 'n8n-workflow';

import { locateRegistry } from './registry/location';
import type { RegistryLocation } from './registry/location';
import { openRegistry } from './registry/registry';
import type { Registry } from './registry/registry';

export const CREDENTIAL = 'externalIdRegistryApi';

/** Which registry a node works on. A credential is shown, and used, only where it was asked for. */
export const registryFrom: INodeProperties = {
	displayName: 'Registry',
	name: 'registryFrom',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Built-In', value: 'default', description: 'The registry of this n8n; nothing to set up' },
		{ name: 'From Credential', value: 'credential', description: 'Another registry or workspace, which a credential names' },
	],
	default: 'default',
	description: 'Where the IDs are kept',
};

interface RegistryCredential {
	registry?: string;
	workspace?: string;
	accessSecret?: string;
}

/** Opens the registry that a node's credential names, or without one the registry `default`. */
export async function connect(context: IExecuteFunctions | ILoadOptionsFunctions): Promise<Registry> {
	// The editor fills in a credential by itself where one exists; only the panel's own choice counts.
	const choice = 'getCurrentNodeParameter' in context ? context.getCurrentNodeParameter('registryFrom') : context.getNodeParameter('registryFrom', 0, 'default');
	const { location, accessKey } = await registryPlace(context, choice);
	return await openRegistry(location, accessKey);
}

/** Where the registry lies that the panel's choice means, and the key to it. */
export async function registryPlace(context: Pick<FunctionsBase, 'getCredentials'>, choice: unknown): Promise<{ location: RegistryLocation; accessKey: string | undefined }> {
	const credential = choice === 'credential' ? await context.getCredentials<RegistryCredential>(CREDENTIAL) : undefined;
	return { location: locateRegistry(credential), accessKey: credential?.accessSecret };
}
