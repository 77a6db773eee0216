import { eachAtOnce } from '../../../nodes/shared/http/atOnce';
import type { Answer } from '../../../nodes/shared/http/answer';
import { Budget } from '../../../nodes/shared/http/budget';
import { Budget as ServiceBudget } from '../../sandbox/budget';
import type { Clock } from '../../sandbox/clock';
import { VirtualTime } from './virtualTime';

const RULES = { perMinute: 600, costHeader: 'cost', remainingHeader: 'remaining', limitHeader: 'limit' };

/** A service that limits its callers, and one client of it that wants to make as many calls as it can. */
class World {
	readonly time = new VirtualTime();
	readonly budget: Budget;
	readonly service: ServiceBudget;
	readonly sent: Array<{ at: number; status: number; cost: number }> = [];

	constructor(
		window: 'clock' | 'sliding' = 'clock',
		private readonly cost = 1,
		private readonly headers: { limit?: boolean; retryAfter?: boolean } = { limit: true },
	) {
		this.budget = new Budget(RULES, this.time);
		this.service = new ServiceBudget({ limit: 600, windowMs: 60_000, window }, { now: () => this.time.now() } as Clock);
	}

	async call(share: number): Promise<number> {
		const planned = this.budget.costOf('r', 1);
		for (let wait = this.budget.take(planned, share); wait > 0; wait = this.budget.take(planned, share)) await this.time.sleep(wait);
		await this.time.sleep(20);
		const { accepted, remaining, resetInMs } = this.service.take(this.cost);
		const status = accepted ? 200 : 429;
		const answer: Answer = {
			status,
			body: {},
			headers: {
				date: new Date(this.time.now()).toUTCString(),
				cost: String(this.cost),
				remaining: String(remaining),
				...(this.headers.limit ? { limit: '600' } : {}),
				...(status === 429 && this.headers.retryAfter ? { 'retry-after': String(Math.ceil(resetInMs / 1000)) } : {}),
			},
		};
		this.sent.push({ at: this.time.now(), status, cost: accepted ? this.cost : 0 });
		await this.time.sleep(20);
		this.budget.answered('r', planned, answer);
		if (status === 429) this.budget.refused(answer, planned);
		return status;
	}

	/** Twenty callers that never stop asking, for some minutes. */
	async run(minutes: number, share = 0.8): Promise<void> {
		const until = this.time.now() + minutes * 60_000;
		const isOver = () => this.time.now() >= until;
		const endless = { *[Symbol.iterator]() { while (!isOver()) yield 0; } };
		await eachAtOnce(endless, 20, undefined, async () => { await this.call(share); });
	}

	get refused(): number {
		return this.sent.filter(({ status }) => status === 429).length;
	}

	/** The most that was spent in any 60 seconds. */
	get mostInAMinute(): number {
		let most = 0;
		let sum = 0;
		for (let from = 0, to = 0; to < this.sent.length; to++) {
			sum += this.sent[to]!.cost;
			while (this.sent[from]!.at <= this.sent[to]!.at - 60_000) sum -= this.sent[from++]!.cost;
			most = Math.max(most, sum);
		}
		return most;
	}

	spentBetween(fromMinute: number, toMinute: number): number {
		const began = this.sent[0]!.at;
		return this.sent.filter(({ at }) => at >= began + fromMinute * 60_000 && at < began + toMinute * 60_000).reduce((sum, { cost }) => sum + cost, 0);
	}
}

describe.each(['clock', 'sliding'] as const)('never above the chosen share of the rate limit (%s minutes)', (window) => {
	it.each([[0.8], [0.5], [1]])('and nearly all of it while alone: share %s', async (share) => {
		const world = new World(window);
		await world.run(6, share);
		expect(world.refused).toBe(0);
		expect(world.mostInAMinute).toBeLessThanOrEqual(600 * share + 1);
		expect(world.spentBetween(1, 5)).toBeGreaterThanOrEqual(4 * 600 * share * 0.95);
	});

	it('learns what a call costs from its answer', async () => {
		const world = new World(window, 3);
		await world.run(5);
		expect(world.refused).toBe(0);
		// The first calls went out at the planned cost.
		expect(world.mostInAMinute).toBeLessThanOrEqual(480 + 60);
		expect(world.spentBetween(1, 4)).toBeGreaterThanOrEqual(3 * 480 * 0.95);
	});

	it('under 1 % of calls are refused while another integration takes half of the budget', async () => {
		const world = new World(window);
		world.service.othersTake(300);
		await world.run(10);
		expect(world.refused / world.sent.length).toBeLessThan(0.01);
		// The service does not count what others take over a sliding minute's edge, so only whole minutes tell.
		if (window === 'clock') expect(world.spentBetween(2, 9) / 7).toBeGreaterThan(200);
	});

	it.each([[true], [false]])('waits while the budget is at zero for five minutes, with few calls (Retry-After: %s)', async (retryAfter) => {
		const world = new World(window, 1, { retryAfter });
		world.service.exhaust(5 * 60_000);
		await world.run(8);
		expect(world.refused).toBeLessThanOrEqual(30);
		expect(world.spentBetween(6, 8)).toBeGreaterThan(480);
	});
});

it('several runs with one credential share the budget', async () => {
	const world = new World();
	await Promise.all([world.run(3), world.run(3)]);
	expect(world.refused).toBe(0);
	expect(world.mostInAMinute).toBeLessThanOrEqual(481);
});

it('knows no limit where the service has none', async () => {
	const time = new VirtualTime();
	const budget = new Budget({ perMinute: Number.POSITIVE_INFINITY }, time);
	for (let n = 0; n < 10_000; n++) expect(budget.take(1, 0.8)).toBe(0);
});

it('takes the limit that the service names', async () => {
	const time = new VirtualTime();
	const budget = new Budget(RULES, time);
	expect(budget.take(1, 1)).toBe(0);
	budget.answered('r', 1, { status: 200, body: {}, headers: { cost: '1', remaining: '59', limit: '60' } });
	let taken = 1;
	while (budget.take(1, 1) === 0 && taken < 1_000) taken++;
	expect(taken).toBeLessThanOrEqual(60);
});
