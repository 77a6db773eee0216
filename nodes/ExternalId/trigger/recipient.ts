import type { IDataObject, IRun, ITriggerFunctions } from 'n8n-workflow';

import type { Delivered, Recipient } from '../registry/follower';
import { registryFailure } from './failure';

/** What n8n's promise of a run was broken with says what became of the batch. */
type Broken = Exclude<Delivered, 'ended'> | 'cancelled' | 'cannotWait';

/**
 * Hands batches to n8n. `emit` returns at once; its promise is kept when the run has ended, whatever came of it, and at once when n8n
 * has had the key already.
 */
export function recipientOf(trigger: ITriggerFunctions): Recipient {
	const { logger } = trigger;
	const node = trigger.getNode();
	const about = { nodeName: node.name, workflowId: trigger.getWorkflow().id };
	let canWait = true;
	return {
		async deliver(items, key) {
			const data = [items.map((json) => ({ json: json as IDataObject }))];
			try {
				if (canWait) {
					const done = trigger.helpers.createDeferredPromise<IRun>();
					trigger.emit(data, undefined, done, key);
					await done.promise;
					return 'ended';
				}
			} catch (error) {
				const broken = meaningOf(error);
				logger.debug(`${node.name}: a batch was not run to its end: ${String(error)}`, { ...about, key });
				if (broken === 'cancelled') return 'ended';
				if (broken !== 'cannotWait') return broken;
				canWait = false;
				logger.warn(`${node.name}: this workflow's engine does not say when a run has ended, so runs may overlap`, about);
			}
			trigger.emit(data, undefined, undefined, key);
			return 'ended';
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

/** Known by what they say of themselves: another copy of n8n-workflow may have made them. */
function meaningOf(error: unknown): Broken {
	const reason = typeof error === 'object' && error !== null && 'reason' in error ? error.reason : undefined;
	if (reason === 'shutdown') return 'systemStops';
	if (reason === 'manual' || reason === 'timeout') return 'cancelled';
	// n8n's `EngineV2ActiveTriggers` refuses every promise.
	return error instanceof Error && error.message.startsWith('Engine 2.0') ? 'cannotWait' : 'again';
}
