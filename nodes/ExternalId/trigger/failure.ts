import { NodeOperationError } from 'n8n-workflow';
import type { INode } from 'n8n-workflow';

import { RegistryError } from '../registry/errors';

/** A trouble of the registry as n8n shows it. */
export function registryFailure(node: INode, error: unknown): NodeOperationError {
	if (error instanceof RegistryError) return new NodeOperationError(node, error.message, { description: error.description });
	return new NodeOperationError(node, error instanceof Error ? error : String(error));
}
