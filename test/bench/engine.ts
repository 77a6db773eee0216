/**
 * The built node in n8n's real engine, outside jest, whose transform and module wrapper would distort what is measured.
 * The engine is the harness of the engine tests; its set-up runs here by hand instead of as jest hooks.
 */
import { runBeforeAll } from './jestHooks';

import { createRequire } from 'node:module';
import path from 'node:path';

import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeParameters, INodeType } from 'n8n-workflow';

import { runNode } from '../engine/harness';

type NodeClass = new () => INodeType;
type Execute = (this: IExecuteFunctions) => Promise<INodeExecutionData[][]>;

const dist = createRequire(path.join(__dirname, '..', '..', 'dist', 'x.js'));
const { ExternalId } = dist('./nodes/ExternalId/ExternalId.node.js') as { ExternalId: NodeClass };

/** Starts n8n's expression engine; it lasts as long as the process. */
export const startEngine = runBeforeAll;

/** What a run of the node gave and how long it took, ms. */
export interface NodeRun {
	outputs: INodeExecutionData[][];
	/** The node's own `execute()`. */
	execute: number;
	/** The node's step in n8n: `execute()`, and what n8n does before and after it. */
	step: number;
}

/** Stands around the node's `execute()`: begins when it begins, and what it gives is called with the outputs when it ends. */
export type Around = () => (outputs: INodeExecutionData[][]) => void;

/**
 * Runs the node over items on a registry that lies under a user folder.
 *
 * @param items input; n8n wraps them as they are, so they may be used again
 */
export async function runExternalId(userFolder: string, parameters: INodeParameters, items: readonly IDataObject[], around?: Around): Promise<NodeRun> {
	// The registry looks where n8n's user folder is each time that it is opened.
	const before = process.env.N8N_USER_FOLDER;
	process.env.N8N_USER_FOLDER = userFolder;
	let took = 0;
	class Measured extends ExternalId {
		override execute: Execute = measured(ExternalId.prototype.execute as Execute, (ms) => (took = ms), around);
	}
	try {
		const { outputs, runData, nodeError, error } = await runNode({ node: Measured, items, parameters });
		if (nodeError ?? error) throw nodeError ?? error;
		return { outputs, execute: took, step: runData.Node?.at(-1)?.executionTime ?? 0 };
	} finally {
		process.env.N8N_USER_FOLDER = before;
	}
}

function measured(execute: Execute, tell: (ms: number) => void, around?: Around): Execute {
	return async function (this: IExecuteFunctions) {
		const done = around?.();
		const began = performance.now();
		const outputs = await execute.call(this);
		tell(performance.now() - began);
		done?.(outputs);
		return outputs;
	};
}

/** Fails when a run did not do what it is measured for. */
export function expectItems({ outputs }: NodeRun, count: number): void {
	const [done = [], ...others] = outputs;
	if (done.length === count) return;
	const [other] = others.flat();
	throw new Error(`${done.length} of ${count} items came out as they should; another: ${JSON.stringify(other?.json)}`);
}
