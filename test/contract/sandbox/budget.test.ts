import { Clock } from '../../sandbox/clock';
import { sandboxes } from './ask';

const start = sandboxes();
/** Half a minute before the next one begins; the clock stands still. */
const HALF_PAST = { timeScale: 0, now: Date.UTC(2026, 0, 1, 12, 0, 30) };

describe('The budget of the Salesloft sandbox', () => {
	test('tells with each answer what it cost and what is left; over it there is 429, which costs nothing', async () => {
		const { sandbox, ask } = await start(HALF_PAST);
		const headers = (answer: Awaited<ReturnType<typeof ask>>) => ['endpoint-cost', 'remaining-minute'].map((name) => answer.headers.get(`x-ratelimit-${name}`));
		expect(headers(await ask('GET', '/me'))).toEqual(['1', '599']);
		sandbox.budget.spend(598);
		expect(headers(await ask('GET', '/me'))).toEqual(['1', '0']);
		const refused = await ask('GET', '/me');
		expect(refused).toMatchObject({ status: 429, body: { error: 'API rate limit exceeded' } });
		expect(headers(refused)).toEqual(['1', '0']);
		expect(refused.headers.has('retry-after')).toBe(false);
		expect(refused.headers.get('date')).toBe('Thu, 01 Jan 2026 12:00:30 GMT');
		expect(sandbox.accounting.totals()).toEqual({ calls: 3, cost: 2, refused: 1, statuses: { 200: 2, 429: 1 } });
		sandbox.clock.advance(30_000);
		expect(headers(await ask('GET', '/me'))).toEqual(['1', '599']);
		expect(sandbox.accounting.costByMinute()).toEqual([2, 1]);
	});

	test('is one for all keys of the team', async () => {
		const { sandbox, ask } = await start({ ...HALF_PAST, costPerMinute: 3 });
		const other = sandbox.addApiKey({ name: 'other' });
		const statuses = [];
		for (const key of [sandbox.apiKey, other, sandbox.login().accessToken, other]) statuses.push((await ask('GET', '/me', { key })).status);
		expect(statuses).toEqual([200, 200, 200, 429]);
		expect(sandbox.calls.map(({ caller }) => caller)).toEqual(['API key 1', 'other', sandbox.integration.name, 'other']);
	});

	test.each([
		[100, 1], [101, 3], [150, 3], [151, 8], [250, 8], [251, 10], [500, 10], [501, 30],
	])('page %i costs %i', async (page, cost) => {
		const { sandbox, ask } = await start(HALF_PAST);
		for (const path of ['/people', '/accounts', '/users', '/external/mappings']) await ask('GET', `${path}?page=${page}`);
		expect(sandbox.calls.map((call) => call.cost)).toEqual([cost, cost, cost, cost]);
	});

	test('refuses a page that costs more than is left, and still takes what costs less', async () => {
		const { ask } = await start({ ...HALF_PAST, costPerMinute: 20 });
		expect((await ask('GET', '/people?page=501')).status).toBe(429);
		expect((await ask('GET', '/people?page=1')).status).toBe(200);
	});

	test('without a known key is not touched', async () => {
		const { sandbox, ask } = await start(HALF_PAST);
		await ask('GET', '/me', { key: 'wrong' });
		expect(sandbox.budget.remaining()).toBe(600);
	});

	test('another integration takes its part of each minute, evenly', async () => {
		const { sandbox } = await start({ timeScale: 0, now: Date.UTC(2026, 0, 1, 12) });
		sandbox.budget.othersTake(300);
		const left = [];
		for (let at = 0; at < 5; at++) {
			left.push(sandbox.budget.remaining());
			sandbox.clock.advance(15_000);
		}
		expect(left).toEqual([600, 525, 450, 375, 600]);
	});

	test('another integration that begins within a minute takes only the rest of its part', async () => {
		const { sandbox } = await start(HALF_PAST);
		sandbox.budget.othersTake(300);
		sandbox.clock.advance(15_000);
		expect(sandbox.budget.remaining()).toBe(525);
	});

	test('counts what is spent at the very first moment of a minute', async () => {
		const { sandbox } = await start({ timeScale: 0, now: Date.UTC(2026, 0, 1, 12) });
		sandbox.budget.spend(10);
		expect(sandbox.budget.remaining()).toBe(590);
		sandbox.clock.advance(59_999);
		expect(sandbox.budget.remaining()).toBe(590);
		sandbox.clock.advance(1);
		expect(sandbox.budget.remaining()).toBe(600);
	});

	test('can be at zero for five minutes, whatever minute begins', async () => {
		const { sandbox, ask } = await start({ ...HALF_PAST, switches: { retryAfter: 'seconds' } });
		sandbox.budget.exhaust(300_000);
		expect((await ask('GET', '/me')).headers.get('retry-after')).toBe('300');
		sandbox.clock.advance(299_999);
		expect((await ask('GET', '/me')).status).toBe(429);
		sandbox.clock.advance(1);
		expect((await ask('GET', '/me')).status).toBe(200);
	});

	test('can be switched off', async () => {
		const { ask } = await start({ ...HALF_PAST, costPerMinute: 1, limitOff: true });
		const statuses = [];
		for (let at = 0; at < 5; at++) statuses.push((await ask('GET', '/me')).status);
		expect(new Set(statuses)).toEqual(new Set([200]));
	});
});

describe('The clock of a sandbox', () => {
	test('runs as many times faster as it is told', async () => {
		const clock = new Clock(60_000, 0);
		await clock.sleep(60_000);
		expect(clock.now()).toBeGreaterThanOrEqual(60_000);
	});

	test('stands still until it is moved, and wakes who slept long enough', async () => {
		const clock = new Clock(0, 1_000);
		const woken: string[] = [];
		void clock.sleep(10).then(() => woken.push('short'));
		const long = clock.sleep(20).then(() => woken.push('long'));
		clock.advance(15);
		await Promise.resolve();
		await Promise.resolve();
		expect(woken).toEqual(['short']);
		expect(clock.now()).toBe(1_015);
		clock.advance(5);
		await long;
		expect(clock.sleeping).toBe(0);
	});

	test('lets go of who no longer wants to sleep', async () => {
		const clock = new Clock(0);
		const giveUp = new AbortController();
		const sleep = clock.sleep(1_000, giveUp.signal);
		giveUp.abort();
		await sleep;
		expect(clock.sleeping).toBe(0);
	});
});
