import type { IExecuteFunctions } from 'n8n-workflow';

import type { Caller } from './operation';

/** Who makes the changes of this run. */
export function callerOf(context: IExecuteFunctions, runId: string): Caller {
	return {
		runId,
		workflowId: context.getWorkflow().id,
		nodeId: context.getNode().id,
		executionId: context.getExecutionId(),
		origin: context.getMode() === 'manual' ? 'manual' : 'api',
	};
}
