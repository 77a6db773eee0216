import type { IExecuteFunctions, ILoadOptionsFunctions } from 'n8n-workflow';

import { locateRegistry } from './registry/location';
import { openRegistry } from './registry/registry';
import type { Registry } from './registry/registry';

export const CREDENTIAL = 'externalIdRegistryApi';

interface RegistryCredential {
	registry?: string;
	workspace?: string;
	accessSecret?: string;
}

/** Opens the registry that a node's credential names, or without one the registry `default`. */
export async function connect(context: IExecuteFunctions | ILoadOptionsFunctions): Promise<Registry> {
	// getCredentials throws where none is chosen, so the node is asked first (facts/n8n-seen.md, "Loading").
	const isChosen = context.getNode().credentials?.[CREDENTIAL] !== undefined;
	const credential = isChosen ? await context.getCredentials<RegistryCredential>(CREDENTIAL) : undefined;
	return await openRegistry(locateRegistry(credential), credential?.accessSecret);
}
