import { FAULT_KINDS, FAULTS } from '../../sandbox/salesloft';
import type { FaultKind } from '../../sandbox/salesloft';
import { mappingOf, oneOfEach, sandboxes } from './ask';

const start = sandboxes();

/** Lets everything run that does not wait for the clock. */
async function while_(isSo: () => boolean): Promise<void> {
	while (isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** What the caller of a write sees of each fault; `rejected` where there is no whole answer. */
const SEEN: Record<FaultKind, unknown> = {
	tooManyRequests: { status: 429, body: { error: 'API rate limit exceeded' } },
	serverError: { status: 500, body: { error: 'Internal Server Error' } },
	badGateway: { status: 502, body: expect.stringContaining('<html>') },
	badGatewayAfter: { status: 502, body: expect.stringContaining('<html>') },
	errorIn200: { status: 200, body: { error: expect.any(String) } },
	answer: { status: 503, body: 'down' },
	timeoutBefore: 'silence',
	timeoutAfter: 'silence',
	resetBefore: 'rejected',
	resetAfter: 'rejected',
	truncated: 'rejected',
	slow: { status: 201 },
	pageLoop: { status: 201 },
};

describe('A fault of the sandbox', () => {
	test.each(FAULT_KINDS)('%s: the caller sees it, and the write took effect or not as it says', async (kind) => {
		const { sandbox, ask, person } = await oneOfEach(start);
		const fault = sandbox.fault({ kind, method: 'POST', path: '/external/mappings', answer: { status: 503, body: 'down' } });
		const giveUp = new AbortController();
		const asked = ask('POST', '/external/mappings', { body: mappingOf('A', person), signal: giveUp.signal }).catch(() => 'rejected');
		await sandbox.accounting.until((calls) => calls.some(({ ended }) => ended));
		if (SEEN[kind] === 'silence') {
			giveUp.abort();
			expect(await asked).toBe('rejected');
		} else if (typeof SEEN[kind] === 'string') expect(await asked).toBe(SEEN[kind]);
		else expect(await asked).toMatchObject(SEEN[kind] as object);
		expect(fault.hits).toBe(1);
		expect(sandbox.calls).toMatchObject([{ fault: kind, cost: kind === 'tooManyRequests' || kind === 'resetBefore' ? 0 : 1 }]);
		// A page loop calls the rule the first time, as every list is.
		expect(sandbox.mappings()).toHaveLength(FAULTS[kind].effect || kind === 'pageLoop' ? 1 : 0);
	});

	test('a page loop never comes to an end', async () => {
		const { sandbox, ask } = await start();
		sandbox.seed({ people: 30 });
		const fault = sandbox.fault({ kind: 'pageLoop', path: '/people' });
		const first = await ask('GET', '/people?page=1');
		const second = await ask('GET', '/people?page=2');
		expect(second.body).toEqual(first.body);
		expect(second.body.metadata.paging.next_page).toBe(2);
		expect(fault.hits).toBe(2);
	});

	test('a slow answer comes when its time is over, and the write was there before', async () => {
		const { sandbox, ask, person } = await oneOfEach(start, { timeScale: 0 });
		sandbox.fault({ kind: 'slow', ms: 30_000 });
		const asked = ask('POST', '/external/mappings', { body: mappingOf('A', person) });
		await while_(() => sandbox.clock.sleeping === 0);
		expect(sandbox.mappings()).toHaveLength(1);
		expect(sandbox.calls[0]).toMatchObject({ ended: false, status: 0 });
		sandbox.clock.advance(30_000);
		expect((await asked).status).toBe(201);
	});

	test('meets only calls of its method and path, after those that it leaves alone, as often as it was ordered', async () => {
		const { sandbox, ask } = await start();
		sandbox.fault({ kind: 'serverError', method: 'GET', path: /\/(me|team)$/, after: 1, times: 2 });
		const statuses = [];
		for (const path of ['/users', '/me', '/team', '/users', '/me', '/me']) statuses.push((await ask('GET', path)).status);
		expect(statuses).toEqual([200, 200, 500, 200, 500, 200]);
	});

	test('with a probability meets its share of the calls, the same ones in each run', async () => {
		const runs = [];
		for (const faultSeed of [1, 1, 2]) {
			const { sandbox, ask } = await start({ faultSeed });
			sandbox.fault({ kind: 'badGateway', probability: 0.3 });
			for (let at = 0; at < 60; at++) await ask('GET', '/me');
			runs.push(sandbox.calls.map(({ status }) => status));
		}
		expect(runs[0]).toEqual(runs[1]);
		expect(runs[0]).not.toEqual(runs[2]);
		const share = runs[0]!.filter((status) => status === 502).length / 60;
		expect(share).toBeGreaterThan(0.15);
		expect(share).toBeLessThan(0.45);
	});

	test('is gone when faults are cleared', async () => {
		const { sandbox, ask } = await start();
		sandbox.fault({ kind: 'serverError', times: 9 });
		sandbox.clearFaults();
		expect((await ask('GET', '/me')).status).toBe(200);
	});

	test('the sandbox closes while calls hang', async () => {
		const { sandbox, ask } = await start();
		sandbox.fault({ kind: 'timeoutBefore' });
		const asked = ask('GET', '/me').catch(() => 'rejected');
		await sandbox.accounting.until((calls) => calls.some(({ ended }) => ended));
		await sandbox.close();
		expect(await asked).toBe('rejected');
	});

	test('latency holds every answer back, before the service acts', async () => {
		const { sandbox, ask, person } = await oneOfEach(start, { timeScale: 0, latencyMs: 20 });
		const asked = ask('POST', '/external/mappings', { body: mappingOf('A', person) });
		await while_(() => sandbox.clock.sleeping === 0);
		expect(sandbox.mappings()).toHaveLength(0);
		sandbox.clock.advance(20);
		expect((await asked).status).toBe(201);
	});
});
