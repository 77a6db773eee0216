import type { ICredentialsDecrypted, ICredentialTestFunctions, INodeCredentialTestResult } from 'n8n-workflow';

import { RegistryError } from './registry/errors';
import { locateRegistry } from './registry/location';
import { openRegistry } from './registry/registry';

/** Opens the registry that the credential names: its name, its file and its access key are right, or the message says what is not. */
export async function testRegistryCredential(this: ICredentialTestFunctions, credential: ICredentialsDecrypted): Promise<INodeCredentialTestResult> {
	const { registry, workspace, accessSecret } = (credential.data ?? {}) as { registry?: string; workspace?: string; accessSecret?: string };
	try {
		const { location } = await openRegistry(locateRegistry({ registry, workspace }), accessSecret);
		return { status: 'OK', message: `Workspace "${location.workspace}" of registry "${location.registry}" is ready` };
	} catch (error) {
		if (error instanceof RegistryError) return { status: 'Error', message: `${error.message}. ${error.description}` };
		return { status: 'Error', message: error instanceof Error ? error.message : String(error) };
	}
}
