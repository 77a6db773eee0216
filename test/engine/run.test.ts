import { Expression, NodeApiError, sleep } from 'n8n-workflow';

import { COLLECT, ITEMS, PACKAGE, runNode, runWorkflow, SET, type SingleNode } from './harness';
import { Echo, echo, outcomeOf } from './echoNode';

beforeEach(() => echo.reset());

type Settings = Omit<SingleNode, 'node' | 'items'>;

/** One operation of the echo node on items with these statuses. */
function run(operation: string, statuses: string[], { parameters, ...settings }: Settings = {}) {
	return runNode({
		node: Echo,
		items: statuses.map((status, id) => ({ id, status })),
		parameters: { resource: 'thing', operation, ...parameters },
		...settings,
	});
}

const never = { parameters: { options: { failWhen: 'never' } } };
const ids = (items: Array<{ json: object }> = []) => items.map(({ json }) => (json as { id?: unknown }).id);
/** Index in the input of each item of an output, by its link. */
const linked = (items: Array<{ pairedItem?: unknown }>) => items.map(({ pairedItem }) => (pairedItem as { item: number }).item);

describe('every input item is accounted for exactly once', () => {
	const statuses = [
		'found', 'created', 'linked', 'updated', 'unchanged', 'deleted', 'planned', 'notFound', 'skipped', 'ambiguous',
		'conflict', 'invalid', 'rejected', 'notAttempted',
	];
	const done = [0, 1, 2, 3, 4, 5];

	it.each([
		['write', [done, [6, 7, 8, 9, 10, 11, 12, 13]]],
		['read', [done, [6, 7, 8, 9, 10, 11, 12, 13]]],
		['fill', [done, [7], [6, 8, 9, 10, 11, 12, 13], []]],
		['getAll', [statuses.map((_status, index) => index)]],
	])('%s: on its output, linked to its input', async (operation, expected) => {
		const { outputs, error } = await run(operation, statuses, never);
		expect(error).toBeUndefined();
		expect(outputs.map(linked)).toEqual(expected);
		expect(outputs.map(ids)).toEqual(expected);
		for (const item of outputs[0].filter(({ json }) => done.includes(json.id as number))) {
			expect(item.json).toEqual({ id: item.json.id, status: statuses[item.json.id as number] });
		}
	});

	it('carries the input where it was not done, and everywhere when asked', async () => {
		const plain = await run('write', ['created', 'conflict'], never);
		expect(plain.json(0)).toEqual([{ id: 0, status: 'created' }]);
		expect(plain.json(1)[0].input).toEqual({ id: 1, status: 'conflict' });
		const asked = await run('write', ['created'], { parameters: { options: { includeInput: true } } });
		expect(asked.json(0)).toEqual([{ id: 0, status: 'created', input: { id: 0, status: 'created' } }]);
	});

	it('leaves the input items as they were', async () => {
		const items = [{ id: 0, deep: { list: [1] } }];
		const before = JSON.stringify(items);
		await runNode({ node: Echo, items, parameters: { resource: 'thing', operation: 'write', third: '={{ $json }}' } });
		expect(JSON.stringify(items)).toBe(before);
	});

	it('links the several outcomes of one input to it, and takes none for an answer', async () => {
		echo.run = async ({ inputs: [first, second], settle }) => {
			settle(first, []);
			settle(second, [{ status: 'created', id: 'a' }, { status: 'unchanged', id: 'b' }]);
		};
		const { outputs } = await run('write', ['', '']);
		expect(ids(outputs[0])).toEqual(['a', 'b']);
		expect(linked(outputs[0])).toEqual([1, 1]);
	});

	it.each([
		['left out', async (one: Parameters<typeof echo.run>[0]) => one.settle(one.inputs[0], { status: 'created' }), 'never settled'],
		[
			'settled twice',
			async (one: Parameters<typeof echo.run>[0]) => {
				for (const input of [...one.inputs, one.inputs[0]]) {
					try {
						one.settle(input, { status: 'created' });
					} catch {
						// An operation that hides it is found out all the same.
					}
				}
			},
			'item 0 was settled twice',
		],
	])('fails the run when an input is %s', async (_name, behaviour, message) => {
		echo.run = behaviour;
		const { error } = await run('write', ['', '']);
		expect(error?.message).toContain('This is a defect of the node');
		expect(error?.message).toContain(message);
	});

	it('adds a summary of its own, linked to no list of items', async () => {
		echo.run = async (one) => {
			for (const input of one.inputs) one.settle(input, outcomeOf(one.json(input)));
			one.summarize({ created: one.inputs.length, runId: one.caller.runId });
		};
		const { outputs } = await run('fill', ['created', 'created']);
		expect(outputs[3]).toEqual([{ json: { created: 2, runId: expect.stringMatching(/^run_[0-9A-Z]{26}$/) } }]);
	});

	it('never has a key named "error" on an item that n8n could take for a failure', async () => {
		echo.run = async ({ inputs: [input], settle }) => settle(input, { status: 'created', error: 'theirs' });
		const { json, runData } = await run('write', [''], { retryOnFail: true, onError: 'continueErrorOutput' });
		expect(json(0)).toEqual([{ status: 'created', errorMessage: 'theirs' }]);
		expect(runData.Node).toHaveLength(1);
		expect(echo.runs).toHaveLength(1);
	});

	it('counts what needs attention in a hint', async () => {
		const { hints } = await run('write', ['created', 'conflict', 'conflict', 'notAttempted', 'notFound'], never);
		expect(hints).toEqual([
			{ message: '3 of 5 items need attention: 2 conflict, 1 not attempted.', type: 'warning', location: 'outputPane' },
		]);
		expect((await run('write', ['created', 'skipped'])).hints).toEqual([]);
	});

	it('runs once for all items where one call does the whole', async () => {
		const { outputs } = await run('status', ['created', 'created', 'created']);
		expect(echo.runs[0].inputs).toHaveLength(1);
		expect(outputs.map(linked)).toEqual([[0]]);
	});

	it('says who asks', async () => {
		await run('write', ['created'], { workflow: { mode: 'manual' } });
		await run('write', ['created'], { workflow: { mode: 'webhook' } });
		expect(echo.runs[0].caller).toEqual({
			runId: expect.stringMatching(/^run_/), workflowId: 'wf1', nodeId: 'node-1', executionId: '1', origin: 'manual',
		});
		expect(echo.runs[1].caller.origin).toBe('api');
		expect(echo.runs[1].caller.runId).not.toBe(echo.runs[0].caller.runId);
	});
});

describe('item linking reaches through the node', () => {
	it('lets nodes behind every output refer to the item that went in', async () => {
		const result = await runWorkflow({
			nodes: [
				{ name: 'Source', type: ITEMS, items: ['created', 'notFound', 'updated', 'conflict'].map((status, id) => ({ id, status, name: `n${id}` })) },
				{ name: 'Fill', type: `${PACKAGE}.echo`, parameters: { resource: 'thing', operation: 'fill' } },
				...['Done', 'Not Found', 'Attention'].map((name) => ({
					name, type: SET, parameters: { values: { name: "={{ $('Source').item.json.name }}" } },
				})),
			],
			connections: [['Source', 'Fill'], ['Fill', 0, 'Done'], ['Fill', 1, 'Not Found'], ['Fill', 2, 'Attention']],
			nodeTypes: [Echo],
		});
		expect(result.error).toBeUndefined();
		expect(result.json('Done')).toEqual([{ name: 'n0' }, { name: 'n2' }]);
		expect(result.json('Not Found')).toEqual([{ name: 'n1' }]);
		expect(result.json('Attention')).toEqual([{ name: 'n3' }]);
	});
});

describe('fail the run when', () => {
	const fail = (failWhen: string) => ({ parameters: { options: { failWhen } } });

	it('nothing succeeded (default): only if every item needs attention, after all are done', async () => {
		const { error, nodeError } = await run('write', ['conflict', 'conflict', 'invalid']);
		expect(nodeError).toEqual(error);
		expect(error).toMatchObject({
			name: 'NodeOperationError',
			message: 'None of the 3 items was done',
			description: [
				'Of 3 items: 2 conflict, 1 invalid.',
				'[Item 0] conflict: Item 0 asked for it.',
				'[Item 1] conflict: Item 1 asked for it.',
				'[Item 2] invalid: Item 2 asked for it.',
			].join('\n'),
		});
		for (const other of ['created', 'notFound', 'skipped', 'planned']) {
			expect((await run('write', ['conflict', other])).error).toBeUndefined();
		}
	});

	it('says the reason itself when there is one item', async () => {
		expect((await run('write', ['conflict'])).error?.message).toBe('Item 0 asked for it.');
	});

	it('anything failed: with the first ten troubles', async () => {
		const { error } = await run('write', ['created', ...Array<string>(14).fill('rejected')], fail('anythingFailed'));
		expect(error?.message).toBe('14 of 15 items need attention: 14 rejected');
		expect(error?.description?.split('\n')).toHaveLength(12);
		expect(error?.description).toMatch(/\n… and 4 more\.$/);
		expect((await run('write', ['created', 'notFound'], fail('anythingFailed'))).error).toBeUndefined();
	});

	it('never', async () => {
		const { error, outputs } = await run('write', ['conflict', 'conflict'], fail('never'));
		expect(error).toBeUndefined();
		expect(outputs[1]).toHaveLength(2);
	});

	it('does not apply under On Error: Continue', async () => {
		for (const onError of ['continueRegularOutput', 'continueErrorOutput'] as const) {
			const { nodeError, outputs } = await run('write', ['conflict'], { ...fail('anythingFailed'), onError });
			expect(nodeError).toBeUndefined();
			expect(ids(outputs[1])).toEqual([0]);
		}
	});
});

describe('what concerns the whole run', () => {
	/** Does two of four items, then the service goes away. */
	const breakOff = async (one: Parameters<typeof echo.run>[0]) => {
		one.settle(one.inputs[0], { status: 'created', id: 0 });
		one.settle(one.inputs[2], outcomeOf({ id: 2, status: 'conflict' }));
		throw new Error('Cannot read properties of undefined, token=abcdef123456\n    at secret (/home/x.js:1:2)');
	};
	const four = ['', '', '', ''];

	it('stops the workflow, with how far it came and no stack, secret or "undefined" in it', async () => {
		echo.run = breakOff;
		const { error } = await run('write', four);
		expect(error).toMatchObject({
			name: 'NodeOperationError',
			message: 'Cannot read properties of nothing, token=***',
			description: 'Of 4 items: 1 created, 1 conflict, 2 not attempted.\n[Item 2] conflict: Item 2 asked for it.',
		});
	});

	it('keeps the error of a service, with its HTTP code', async () => {
		echo.connect = async () => {
			throw new NodeApiError({ name: 'Node' } as never, { message: 'x' }, { message: 'Wrong API key', description: 'Make a new one', httpCode: '401' });
		};
		const { error } = await run('write', four);
		expect(error).toMatchObject({ name: 'NodeApiError', message: 'Wrong API key', httpCode: '401', description: 'Make a new one\nOf 4 items: 4 not attempted.' });
	});

	const lost = (index: number) => ({
		json: {
			error: 'Cannot read properties of nothing, token=***',
			details: expect.objectContaining({ status: 'notAttempted', retry: true, input: { id: index, status: '' } }),
		},
		pairedItem: { item: index },
	});

	it('under Continue: unsettled inputs come out as error items on Needs Attention, settled ones as they are', async () => {
		echo.run = breakOff;
		const { outputs, nodeError } = await run('write', four, { onError: 'continueRegularOutput' });
		expect(nodeError).toBeUndefined();
		expect(ids(outputs[0])).toEqual([0]);
		expect(outputs[1]).toEqual([lost(1), expect.objectContaining({ json: expect.objectContaining({ status: 'conflict' }) }), lost(3)]);
	});

	it('under Continue Using Error Output: they land on the error output with their input, and nothing else does', async () => {
		echo.run = breakOff;
		const result = await runWorkflow({
			nodes: [
				{ name: 'Source', type: ITEMS, items: four.map((status, id) => ({ id, status })) },
				{ name: 'Write', type: `${PACKAGE}.echo`, parameters: { resource: 'thing', operation: 'write' }, onError: 'continueErrorOutput' },
				...['Done', 'Attention', 'Errors'].map((name) => ({ name, type: COLLECT })),
				{ name: 'Look Back', type: SET, parameters: { values: { id: "={{ $('Source').item.json.id }}" } } },
			],
			connections: [['Source', 'Write'], ['Write', 0, 'Done'], ['Write', 1, 'Attention'], ['Write', 2, 'Errors'], ['Errors', 'Look Back']],
			nodeTypes: [Echo],
		});
		expect(result.json('Done').map(({ id }) => id)).toEqual([0]);
		expect(result.json('Attention').map(({ id }) => id)).toEqual([2]);
		expect(result.json('Errors')).toEqual([1, 3].map((id) => ({ id, status: '', ...lost(id).json })));
		expect(result.json('Look Back')).toEqual([{ id: 1 }, { id: 3 }]);
	});

	it.each([['read', 1], ['fill', 2], ['getAll', 0]])('%s has them on output %i', async (operation, output) => {
		echo.connect = async () => {
			throw new Error('The database is away');
		};
		const { outputs } = await run(operation, ['', ''], { onError: 'continueRegularOutput' });
		expect(outputs.map((items) => items.length)).toEqual(outputs.map((_items, index) => (index === output ? 2 : 0)));
		expect(outputs[output][0].json.error).toBe('The database is away');
	});
});

describe('Retry On Fail', () => {
	it("keeps the first try's statuses and runs only the rest, as one run in the history", async () => {
		const known = new Set<number>();
		echo.run = async (one) => {
			for (const input of one.inputs) {
				const id = Number(one.json(input).id);
				if (id >= 2 && echo.runs.length < 3) throw new Error('The line is down');
				one.settle(input, { status: known.has(id) ? 'unchanged' : 'created', id });
				known.add(id);
			}
		};
		const { error, json } = await run('write', ['', '', '', ''], { retryOnFail: true, maxTries: 3 });
		expect(error).toBeUndefined();
		expect(json()).toEqual([0, 1, 2, 3].map((id) => ({ status: 'created', id })));
		expect(echo.runs.map(({ inputs }) => inputs.map(({ index }) => index))).toEqual([[0, 1, 2, 3], [2, 3], [2, 3]]);
		expect(new Set(echo.runs.map(({ caller }) => caller.runId)).size).toBe(1);
	});

	it('tries items in trouble again, not what was found missing, skipped or planned', async () => {
		const statuses = ['created', 'notFound', 'skipped', 'planned', 'conflict', 'rejected'];
		const { error } = await run('write', statuses, { retryOnFail: true, maxTries: 2, parameters: { options: { failWhen: 'anythingFailed' } } });
		expect(error?.message).toBe('2 of 6 items need attention: 1 conflict, 1 rejected');
		expect(echo.runs.map(({ inputs }) => inputs.map(({ index }) => index))).toEqual([[0, 1, 2, 3, 4, 5], [4, 5]]);
	});

	it('uses all tries before items come out as errors under Continue', async () => {
		echo.run = async () => {
			throw new Error('The line is down');
		};
		for (const onError of ['continueRegularOutput', 'continueErrorOutput'] as const) {
			echo.runs = [];
			const { outputs } = await run('write', ['', ''], { retryOnFail: true, maxTries: 3, onError });
			expect(echo.runs).toHaveLength(3);
			expect(outputs[0]).toEqual([]);
			expect(outputs[onError === 'continueErrorOutput' ? 2 : 1]).toHaveLength(2);
		}
	});

	it('forgets everything with the execution', async () => {
		echo.run = async (one) => {
			one.settle(one.inputs[0], { status: 'created' });
			throw new Error('The line is down');
		};
		await run('write', ['', ''], { retryOnFail: true, maxTries: 2 });
		await run('write', ['', ''], { retryOnFail: true, maxTries: 2 });
		expect(echo.runs.map(({ inputs }) => inputs.length)).toEqual([2, 1, 2, 1]);
	});
});

describe('stopping and empty outputs', () => {
	it('ends at the next item after a cancel, and n8n records it as cancelled', async () => {
		let settled = 0;
		let settledAfterwards = 0;
		echo.run = async (one) => {
			for (const input of one.inputs) {
				if (one.signal?.aborted) return;
				await sleep(5);
				if (one.signal?.aborted) settledAfterwards++;
				one.settle(input, { status: 'created' });
				settled++;
			}
		};
		const { status, error } = await run('write', Array<string>(2000).fill(''), { workflow: { cancelAfterMs: 150 } });
		expect(status).toBe('canceled');
		expect(error?.name).toBe('ManualExecutionCancelledError');
		expect(settled).toBeLessThan(2000);
		expect(settledAfterwards).toBeLessThanOrEqual(1);
	});

	it('stops reading expressions when cancelled, and does not begin the operation', async () => {
		const asked = jest.spyOn(Expression.prototype, 'resolveSimpleParameterValue');
		const { status } = await run('write', Array<string>(20_000).fill('created'), {
			parameters: { externalId: '={{ $json.id + "x" }}' },
			workflow: { cancelAfterMs: 200 },
		});
		expect(status).toBe('canceled');
		expect(echo.runs).toEqual([]);
		expect(asked.mock.calls.length).toBeLessThan(20_000);
		asked.mockRestore();
	});

	it('leaves an empty item on output 1 to Always Output Data', async () => {
		const { outputs } = await run('write', ['conflict'], { ...never, alwaysOutputData: true });
		expect(outputs[0]).toEqual([{ json: {}, pairedItem: [{ item: 0, input: 0 }] }]);
		expect(outputs[1]).toHaveLength(1);
	});

	it.each([
		['an unknown resource', { resource: 'thong' }, 'This node has no resource "thong"'],
		['an unknown operation', { operation: 'wright' }, 'Thing has no operation "wright"'],
		['Custom API Call as operation', { operation: '__CUSTOM_API_CALL__' }, 'Custom API Call is not an operation of this node'],
		['Custom API Call as resource', { resource: '__CUSTOM_API_CALL__' }, 'Custom API Call is not an operation of this node'],
	])('refuses %s clearly', async (_name, parameters, message) => {
		const { error } = await run('write', [''], { parameters });
		expect(error).toMatchObject({ name: 'NodeOperationError', message });
	});
});
