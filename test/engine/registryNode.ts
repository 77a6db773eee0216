import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { ExternalId } from '../../nodes/ExternalId/ExternalId.node';
import { runNode } from './harness';
import type { NodeResult, SingleNode } from './harness';

/** Runs operations of the External ID node on a registry of their own, as a workflow would. */
export interface RegistryNode {
	(operation: string, parameters?: INodeParameters, items?: IDataObject[], settings?: Partial<SingleNode>): Promise<NodeResult>;
	/** The same, for the JSON of output 1 when nothing went wrong. */
	done(operation: string, parameters?: INodeParameters, items?: IDataObject[]): Promise<IDataObject[]>;
}

let made = 0;

/** An empty workspace, and the node on it; operations are named `resource:operation`. */
export function registryNode(registry = 'engine'): RegistryNode {
	const workspace = `w${++made}`;
	const run = async (operation: string, parameters: INodeParameters = {}, items: IDataObject[] = [{}], settings: Partial<SingleNode> = {}) => {
		const [resource, name] = operation.split(':');
		return await runNode({
			node: ExternalId,
			items,
			parameters: { registryFrom: 'credential', resource: resource as string, operation: name as string, ...parameters },
			workflow: { credentials: { externalIdRegistryApi: { registry, workspace, accessSecret: '' } } },
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

/** A resource locator as the editor saves a pick from the list. */
export function picked(value: string) {
	return { __rl: true, mode: 'list', value, cachedResultName: value };
}

/** A resource locator as the editor saves what was typed, or an expression. */
export function typed(value: string, mode = 'name') {
	return { __rl: true, mode, value };
}

/** *External IDs* of a panel: type and value (or expression). */
export function ids(...pairs: Array<[string, string]>): INodeParameters {
	return { ids: pairs.map(([type, externalId]) => ({ externalType: picked(type), externalId })) };
}

export const statuses = (items: IDataObject[]) => items.map(({ status }) => status);
