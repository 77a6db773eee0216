import { parseArgs } from 'node:util';

import { described, readSwitches, SANDBOX_PORT, serveSalesloft } from './serve';

/**
 * Salesloft for people without an account, until Ctrl-C:
 *
 *     node test/ts.js test/sandbox/start.ts [--port 8377] [--speed 1] [--latency 0] [--no-limit] [--switch name=position …]
 */
async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: String(SANDBOX_PORT) },
			speed: { type: 'string', default: '1' },
			latency: { type: 'string', default: '0' },
			'no-limit': { type: 'boolean', default: false },
			switch: { type: 'string', multiple: true, default: [] },
		},
	});
	const sandbox = await serveSalesloft({
		port: Number(values.port),
		speed: Number(values.speed),
		latencyMs: Number(values.latency),
		limitOff: values['no-limit'],
		switches: readSwitches(values.switch),
	});
	console.log(`${described(sandbox)}\n\nCtrl-C ends it.`);
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => {
			const { calls, cost, refused } = sandbox.accounting.totals();
			console.log(`\n${calls} calls, ${cost} cost, ${refused} answered 429.`);
			void sandbox.close();
		});
	}
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
});
