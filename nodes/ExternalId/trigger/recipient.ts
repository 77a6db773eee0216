import type { IDataObject, INodeExecutionData, IRun, ITriggerFunctions } from 'n8n-workflow';

import type { Delivered, Recipient } from '../registry/follower';
import { registryFailure } from './failure';

/**
 * Hands batches to n8n. `emit` returns at once; its promise is kept when the run has ended, whatever came of it, and at once when n8n
 * has had the key already.
 */
export function recipientOf(trigger: ITriggerFunctions): Recipient {
	const { logger } = trigger;
	const node = trigger.getNode();
	const about = { nodeName: node.name, workflowId: trigger.getWorkflow().id };
	let canWait = true;

	/** Emits a batch and waits for the end of its run, where the engine can say it. */
	async function run(data: INodeExecutionData[][], key: string): Promise<Delivered | 'cannotWait'> {
		const done = canWait ? trigger.helpers.createDeferredPromise<IRun>() : undefined;
		try {
			trigger.emit(data, undefined, done, key);
			await done?.promise;
			return 'ended';
		} catch (error) {
			logger.debug(`${node.name}: a batch was not run to its end: ${String(error)}`, { ...about, key });
			return meaningOf(error);
		}
	}

	return {
		async deliver(items, key) {
			const data = [items.map((json) => ({ json: json as IDataObject }))];
			const delivered = await run(data, key);
			if (delivered !== 'cannotWait') return delivered;
			canWait = false;
			logger.warn(`${node.name}: this workflow's engine does not say when a run has ended, so runs may overlap`, about);
			return (await run(data, key)) === 'ended' ? 'ended' : 'again';
		},
		outage(error) {
			const failure = registryFailure(node, error);
			logger.error(`${node.name}: the registry cannot be reached: ${failure.message}`, about);
			trigger.saveFailedExecution(failure);
		},
		log(level, message) {
			logger[level](`${node.name}: ${message}`, about);
		},
	};
}

/**
 * What became of a batch whose promise n8n broke. Errors are known by what they say of themselves: another copy of n8n-workflow may
 * have made them.
 */
function meaningOf(error: unknown): Delivered | 'cannotWait' {
	const reason = typeof error === 'object' && error !== null && 'reason' in error ? error.reason : undefined;
	if (reason === 'shutdown') return 'systemStops';
	// Someone, or the workflow's time-out, stopped the run: it has had its changes.
	if (reason === 'manual' || reason === 'timeout') return 'ended';
	// n8n's `EngineV2ActiveTriggers` refuses every promise.
	return error instanceof Error && error.message.startsWith('Engine 2.0') ? 'cannotWait' : 'again';
}
