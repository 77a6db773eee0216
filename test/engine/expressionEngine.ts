import { ExpressionEvaluator, IsolatedVmBridge } from '@n8n/expression-runtime';
import { Expression, LoggerProxy } from 'n8n-workflow';
import { expressionSandboxHooks } from 'n8n-workflow/dist/cjs/expression-sandboxing.js';

/** The defaults of n8n 2.41 (`@n8n/config`, ExpressionEngineConfig), handed on as `n8n/dist/commands/base-command.js` does. */
const DEFAULTS = { poolSize: 1, maxCodeCacheSize: 1024, bridgeTimeout: 5000, bridgeMemoryLimit: 128 };

/**
 * Starts the `vm` expression engine that n8n uses (a bare n8n-core runs `legacy`, which is faster and looser).
 *
 * `Expression.initExpressionEngine` loads its run time by a dynamic import, which jest's modules cannot do without an
 * experimental flag. So the evaluator is built here, as that function builds it, and found in place by it.
 */
export async function startExpressionEngine(): Promise<void> {
	const evaluator = new ExpressionEvaluator({
		createBridge: () =>
			new IsolatedVmBridge({
				timeout: DEFAULTS.bridgeTimeout,
				memoryLimit: DEFAULTS.bridgeMemoryLimit,
				logger: LoggerProxy,
			}),
		maxCodeCacheSize: DEFAULTS.maxCodeCacheSize,
		poolSize: DEFAULTS.poolSize,
		hooks: expressionSandboxHooks,
		logger: LoggerProxy,
	});
	await evaluator.initialize();
	Object.assign(Expression, { vmEvaluator: evaluator });
	await Expression.initExpressionEngine({ engine: 'vm', ...DEFAULTS });
	if (Expression.getActiveImplementation() !== 'vm') throw new Error('The vm expression engine did not start.');
}

/** Ends the engine; its isolates would keep the process alive. */
export async function stopExpressionEngine(): Promise<void> {
	await Expression.disposeExpressionEngine();
}
