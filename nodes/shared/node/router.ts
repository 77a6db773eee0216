import { type IExecuteFunctions, NodeOperationError } from 'n8n-workflow';

import type { NodeDefinition, Operation, Resource } from './operation';

/** n8n adds this "operation" to nodes with credentials; it means: use the HTTP Request node instead. */
const CUSTOM_API_CALL = '__CUSTOM_API_CALL__';

/** Whether the node runs as a tool of an AI agent. AI Agent v3 runs tools as ordinary nodes whose type ends in "Tool". */
export function isTool(context: IExecuteFunctions): boolean {
	return context.isToolExecution() || context.getNode().type.endsWith('Tool');
}

/**
 * The operation that the panel chose.
 *
 * @throws NodeOperationError when there is none of that name, or it is not for AI agents and one asks
 */
export function findOperation<System>(
	definition: NodeDefinition<System>,
	context: IExecuteFunctions,
): { resource: Resource<System>; operation: Operation<System> } {
	const chosen = (name: string) => String(context.getNodeParameter(name, 0, ''));
	const [resourceValue, operationValue] = [chosen('resource'), chosen('operation')];
	const refuse = (message: string, description: string) =>
		new NodeOperationError(context.getNode(), message, { description });

	if (resourceValue === CUSTOM_API_CALL || operationValue === CUSTOM_API_CALL) {
		throw refuse(
			'Custom API Call is not an operation of this node',
			"Choose one of this node's operations, or add an HTTP Request node and select this node's credential there.",
		);
	}
	const resource = definition.resources.find(({ value }) => value === resourceValue);
	if (resource === undefined) {
		throw refuse(
			`This node has no resource "${resourceValue}"`,
			`Choose one of: ${definition.resources.map(({ name }) => name).join(', ')}.`,
		);
	}
	const operation = resource.operations.find(({ value }) => value === operationValue);
	if (operation === undefined) {
		throw refuse(
			`${resource.name} has no operation "${operationValue}"`,
			`Choose one of: ${resource.operations.map(({ name }) => name).join(', ')}.`,
		);
	}
	if (operation.asTool === false && isTool(context)) {
		throw refuse(
			`${resource.name}: ${operation.name} is not available to AI agents`,
			'It changes or removes many records at once. Run it from a workflow instead.',
		);
	}
	return { resource, operation };
}
