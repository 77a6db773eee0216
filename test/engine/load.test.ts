import { Pacer } from '../../nodes/shared/pace';
import { Echo, echo } from './echoNode';
import { runNode } from './harness';

const COUNT = 100_000;

/** Longest time that nothing else got its turn, ms: a timer that looks how late it is. */
function watchSlices() {
	let longest = 0;
	let last = performance.now();
	const timer = setInterval(() => {
		longest = Math.max(longest, performance.now() - last);
		last = performance.now();
	}, 1);
	return {
		stop: () => {
			clearInterval(timer);
			return Math.max(longest, performance.now() - last);
		},
	};
}

it('takes 100,000 items with three fields by plain paths, in order, without a long slice', async () => {
	echo.reset();
	echo.run = async (run) => {
		const pace = new Pacer({ signal: run.signal });
		for (const input of run.inputs) {
			run.settle(input, { status: 'found', id: input.values.externalId });
			if (pace.due()) await pace.rest();
		}
	};
	// Only what is ours is measured: n8n itself stands still while it hands on so many items.
	const execute = Echo.prototype.execute;
	let figures = '';
	Echo.prototype.execute = async function measured(this: ThisParameterType<typeof execute>) {
		const slices = watchSlices();
		globalThis.gc?.();
		const heap = process.memoryUsage().heapUsed;
		const began = performance.now();
		const result = await execute.call(this);
		const took = performance.now() - began;
		const longest = slices.stop();
		globalThis.gc?.();
		const grown = (process.memoryUsage().heapUsed - heap) / 1e6;
		figures = `${COUNT.toLocaleString('en')} items: ${took.toFixed(0)} ms in execute(), longest slice ${longest.toFixed(0)} ms, heap +${grown.toFixed(0)} MB`;
		return result;
	};
	try {
		const { outputs, error } = await runNode({
			node: Echo,
			items: Array.from({ length: COUNT }, (_, n) => ({ id: `id-${n}`, name: `Name ${n}`, deep: { email: `${n}@acme.com` } })),
			parameters: {
				resource: 'thing',
				operation: 'read',
				externalId: '={{ $json.id }}',
				second: '={{ $json.name }}',
				third: '={{ $json.deep.email }}',
			},
		});
		expect(error).toBeUndefined();
		expect(outputs.map((items) => items.length)).toEqual([COUNT, 0]);
		expect(outputs[0].every(({ json, pairedItem }, n) => json.id === `id-${n}` && (pairedItem as { item: number }).item === n)).toBe(true);
		expect(echo.values().at(-1)).toMatchObject({ second: `Name ${COUNT - 1}`, third: `${COUNT - 1}@acme.com` });
		process.stdout.write(`      ${figures}\n`);
	} finally {
		Echo.prototype.execute = execute;
	}
});

it('gives way while n8n works out expressions, so that nothing else has to wait for all of them', async () => {
	echo.reset();
	let turns = 0;
	const timer = setInterval(() => turns++, 1);
	// The operation begins when the last expression is read.
	let turnsWhileReading = 0;
	echo.run = async (run) => {
		turnsWhileReading = turns;
		for (const input of run.inputs) run.settle(input, { status: 'found', id: input.values.externalId });
	};
	echo.connect = async () => {
		turns = 0;
		return { connected: true };
	};
	const { json } = await runNode({
		node: Echo,
		items: Array.from({ length: 1000 }, (_, id) => ({ id })),
		parameters: { resource: 'thing', operation: 'read', externalId: '={{ "crm-" + $json.id }}' },
	});
	clearInterval(timer);
	expect(json()[999]).toEqual({ status: 'found', id: 'crm-999' });
	expect(turnsWhileReading).toBeGreaterThanOrEqual(2);
});
