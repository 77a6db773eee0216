import { Follower } from '../../nodes/ExternalId/registry/follower';
import type { Delivered, FollowSettings, Recipient } from '../../nodes/ExternalId/registry/follower';
import { RegistryError } from '../../nodes/ExternalId/registry/errors';
import type { Registry } from '../../nodes/ExternalId/registry/registry';
import { DAY_MS } from '../../nodes/ExternalId/registry/retention';
import { api, ids } from './api';
import { caller } from './collect';
import { onEachEngine } from './engines';
import type { Lab } from './engines';

/** Short, so that nobody waits; what is tested is what follows on what, not how long it takes. */
const PAUSES = { look: 5, quiet: 10, gather: 200, retry: 1, longestRetry: 4, reopen: 20, remember: 0, older: 50 };
const WORKFLOW = 'follower-workflow';

/** Stands for n8n: takes batches, and ends their runs when it is told to. */
class Receiver implements Recipient {
	readonly batches: Array<{ emails: unknown[]; key: string; items: ReadonlyArray<Record<string, unknown>> }> = [];
	readonly outages: unknown[] = [];
	readonly said: string[] = [];
	/** Ends each run at once with what it says; without an answer the run goes on until `end` is called. */
	answer: ((batch: number) => Delivered | undefined) | undefined = () => 'ended';
	running = 0;
	mostRunning = 0;
	private ends: Array<(what: Delivered) => void> = [];

	async deliver(items: ReadonlyArray<Record<string, unknown>>, key: string): Promise<Delivered> {
		this.batches.push({ emails: items.map(({ email }) => email), key, items });
		this.running++;
		this.mostRunning = Math.max(this.mostRunning, this.running);
		const answer = this.answer?.(this.batches.length);
		const delivered = answer ?? (await new Promise<Delivered>((resolve) => this.ends.push(resolve)));
		await soon();
		this.running--;
		return delivered;
	}

	end(what: Delivered): void {
		for (const resolve of this.ends.splice(0)) resolve(what);
	}

	outage(error: unknown): void {
		this.outages.push(error);
	}

	log(_level: string, message: string): void {
		this.said.push(message);
	}

	get emails(): unknown[] {
		return this.batches.flatMap(({ emails }) => emails);
	}
}

const soon = async () => await new Promise((resolve) => setTimeout(resolve, 2));

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
	for (let turn = 0; turn < 5_000; turn++) {
		if (await isSo()) return;
		await soon();
	}
	throw new Error('It never came to that');
}

const following = new Map<Follower, Promise<void>>();

/** Starts one as the trigger does, and gives it once it follows. */
async function follow(lab: Lab, receiver: Recipient, more: Partial<FollowSettings> = {}): Promise<Follower> {
	const { location } = await lab.registry();
	const follower = new Follower(
		{
			location,
			workflowId: WORKFLOW,
			nodeId: 'node',
			choice: { events: new Set(['contactCreatedByDomain']), exceptWorkflowId: WORKFLOW, exceptOrigins: new Set(), alsoFrom: new Set(), withLinked: false, objectTypes: new Set(), externalTypes: new Set() },
			batchSize: 500,
			startFrom: 'now',
			runsOutliveUs: false,
			open: async () => await lab.registry(),
			...more,
			pauses: { ...PAUSES, ...more.pauses },
		},
		receiver,
	);
	await follower.begin();
	following.set(follower, follower.follow());
	return follower;
}

async function stop(follower: Follower): Promise<void> {
	await follower.stop();
	await following.get(follower);
	following.delete(follower);
}

afterEach(async () => {
	for (const follower of [...following.keys()]) await stop(follower);
});

async function withAccount(lab: Lab): Promise<Registry> {
	const registry = await lab.registry();
	await api(registry).upsert([{ objectType: 'accounts', ids: ids({ crm: 'A' }), fields: { name: 'Acme', domains: 'acme.com' } }]);
	return registry;
}

const capture = async (registry: Registry, ...names: string[]) => await api(registry).capture(names.map((name) => `${name}@acme.com`));
const addresses = (...names: string[]) => names.map((name) => `${name}@acme.com`);

async function rowOf(lab: Lab): Promise<{ position: number; pending: { attempt: number; from: number; to: number } | null }> {
	const row = await (await lab.registry()).store.follower('default', WORKFLOW, 'node');
	if (!row) throw new Error('There is no such follower');
	return row;
}

onEachEngine('A follower of the history', (lab) => {
	test('begins from now, or from the beginning where that is asked for', async () => {
		const registry = await withAccount(lab());
		await capture(registry, 'before');
		const [fromNow, fromBeginning] = [new Receiver(), new Receiver()];
		await follow(lab(), fromNow);
		await follow(lab(), fromBeginning, { nodeId: 'other', startFrom: 'beginning' });
		await capture(registry, 'after');
		await until(() => fromNow.emails.length >= 1 && fromBeginning.emails.length >= 2);
		expect(fromNow.emails).toEqual(addresses('after'));
		expect(fromBeginning.emails).toEqual(addresses('before', 'after'));
	});

	test('is woken by a change of its own process, however seldom it looks for those of others', async () => {
		const registry = await withAccount(lab());
		const receiver = new Receiver();
		await follow(lab(), receiver, { pauses: { look: 3_600_000, reopen: 3_600_000 } });
		await soon();
		await capture(registry, 'ann');
		await until(() => receiver.batches.length === 1);
	});

	test('writes a batch down before it goes out, and its end once the run has ended', async () => {
		const registry = await withAccount(lab());
		const receiver = new Receiver();
		receiver.answer = undefined;
		await follow(lab(), receiver);
		const before = await rowOf(lab());
		await capture(registry, 'ann');
		await until(() => receiver.batches.length === 1);
		const during = await rowOf(lab());
		expect(during.position).toBe(before.position);
		expect(during.pending).toMatchObject({ from: before.position, attempt: 1 });
		expect(receiver.batches[0]?.key).toMatch(new RegExp(`^extid:${WORKFLOW}:node:${during.pending?.to}:1:\\w+$`));
		receiver.end('ended');
		await until(async () => (await rowOf(lab())).pending === null);
		expect((await rowOf(lab())).position).toBe(during.pending?.to);
	});

	test('10,000 contacts are 20 executions, one at a time, in order', async () => {
		const registry = await withAccount(lab());
		const receiver = new Receiver();
		await follow(lab(), receiver, { pauses: { quiet: 200, gather: 5_000 } });
		const names = Array.from({ length: 10_000 }, (_, n) => `p${String(n).padStart(5, '0')}`);
		await capture(registry, ...names);
		await until(() => receiver.emails.length >= 10_000);
		expect(receiver.batches.map(({ emails }) => emails.length)).toEqual(Array(20).fill(500));
		expect(receiver.mostRunning).toBe(1);
		const order = receiver.batches.flatMap(({ items }) => items.map(({ seq }) => Number(seq)));
		expect(order).toEqual([...order].sort((a, b) => a - b));
		expect([...receiver.emails].sort()).toEqual(addresses(...names));
	});

	test('what could not be handed on is handed on again under the same key', async () => {
		const registry = await withAccount(lab());
		const receiver = new Receiver();
		receiver.answer = (batch) => (batch <= 3 ? 'again' : 'ended');
		await follow(lab(), receiver);
		await capture(registry, 'ann');
		await until(async () => receiver.batches.length === 4 && (await rowOf(lab())).pending === null);
		expect(new Set(receiver.batches.map(({ key }) => key)).size).toBe(1);
		await capture(registry, 'bob');
		await until(() => receiver.batches.length === 5);
		expect(receiver.batches[4]?.emails).toEqual(addresses('bob'));
	});

	test('after a crash a batch is handed on as another attempt: nobody goes on with its run', async () => {
		const registry = await withAccount(lab());
		await crashedWith(registry, 'ann');
		const after = new Receiver();
		await follow(lab(), after);
		await until(async () => (await rowOf(lab())).pending === null);
		expect(after.emails).toEqual(addresses('ann'));
		expect(after.batches[0]?.key).toMatch(/:2:b1$/);
		await capture(registry, 'bob');
		await until(() => after.batches.length === 2);
		expect(after.emails).toEqual(addresses('ann', 'bob'));
	});

	test('where runs outlive this process it is handed on under the same key', async () => {
		const registry = await withAccount(lab());
		await crashedWith(registry, 'ann');
		const after = new Receiver();
		await follow(lab(), after, { runsOutliveUs: true });
		await until(async () => (await rowOf(lab())).pending === null);
		expect(after.batches.map(({ key }) => key)).toEqual([expect.stringMatching(/:1:b1$/)]);
	});

	test('the attempt is written down too, so that each crash makes another', async () => {
		const registry = await withAccount(lab());
		await crashedWith(registry, 'ann');
		const receiver = new Receiver();
		receiver.answer = undefined;
		await follow(lab(), receiver);
		await until(() => receiver.batches.length === 1);
		expect((await rowOf(lab())).pending?.attempt).toBe(2);
		receiver.end('ended');
	});

	/** What a process leaves that ended in the middle of a run. */
	async function crashedWith(registry: Registry, name: string): Promise<void> {
		const from = await registry.store.lastChange();
		await capture(registry, name);
		const to = await registry.store.lastChange();
		await registry.store.putFollower('default', { workflowId: WORKFLOW, nodeId: 'node', position: from, pending: { id: 'b1', from, to, attempt: 1 }, seenAt: Date.now() });
	}

	test('stopped while a run goes on, its end is noted all the same, and the next one waits for it', async () => {
		const registry = await withAccount(lab());
		const [first, second] = [new Receiver(), new Receiver()];
		first.answer = undefined;
		const follower = await follow(lab(), first);
		await capture(registry, 'ann');
		await until(() => first.batches.length === 1);
		await stop(follower);
		await capture(registry, 'bob');
		await follow(lab(), second, { pauses: { older: 60_000 } });
		await until(() => second.said.some((line) => line.includes('waits for it')));
		expect(second.batches).toEqual([]);
		first.end('ended');
		await until(() => second.batches.length === 1);
		expect(second.emails).toEqual(addresses('bob'));
	});

	test('one whose run never ends is asked for under its own key, so that n8n can say that it has it', async () => {
		const registry = await withAccount(lab());
		const [first, second] = [new Receiver(), new Receiver()];
		first.answer = undefined;
		const follower = await follow(lab(), first);
		await capture(registry, 'ann');
		await until(() => first.batches.length === 1);
		await stop(follower);
		await follow(lab(), second);
		await until(() => second.batches.length === 1);
		expect(second.batches[0]?.key).toBe(first.batches[0]?.key);
		first.end('ended');
	});

	test('a run that was stopped because the system stops is handed on again by the next', async () => {
		const registry = await withAccount(lab());
		const [first, second] = [new Receiver(), new Receiver()];
		first.answer = () => 'systemStops';
		const follower = await follow(lab(), first);
		await capture(registry, 'ann');
		await until(() => first.batches.length === 1);
		await following.get(follower);
		expect(first.batches).toHaveLength(1);
		await follow(lab(), second);
		await until(() => second.batches.length === 1);
		expect(second.emails).toEqual(addresses('ann'));
		expect(second.batches[0]?.key).not.toBe(first.batches[0]?.key);
	});

	test('stopped, it hands on nothing more, and goes on where it was', async () => {
		const registry = await withAccount(lab());
		const [first, second] = [new Receiver(), new Receiver()];
		const follower = await follow(lab(), first);
		await stop(follower);
		await capture(registry, 'ann');
		await soon();
		expect(first.batches).toEqual([]);
		await follow(lab(), second);
		await until(() => second.batches.length === 1);
		expect(second.emails).toEqual(addresses('ann'));
	});

	test('coming back after more than seven days it passes over what is older, and says how much', async () => {
		const registry = await withAccount(lab());
		await registry.store.putFollower('default', { workflowId: WORKFLOW, nodeId: 'node', position: 0, pending: null, seenAt: Date.now() - 8 * DAY_MS });
		await capture(registry, 'old', 'older');
		await lab().execute(`UPDATE change SET at = at - ${8 * DAY_MS}`);
		await capture(registry, 'new');
		const receiver = new Receiver();
		await follow(lab(), receiver);
		await until(() => receiver.batches.length === 1);
		expect(receiver.emails).toEqual(addresses('new'));
		expect(receiver.said).toContainEqual(expect.stringMatching(/^2 changes are older than 7 days and were passed over/));
	});

	test('one that was there all the time passes over nothing, however old the changes say that they are', async () => {
		const registry = await withAccount(lab());
		await registry.store.putFollower('default', { workflowId: WORKFLOW, nodeId: 'node', position: 0, pending: null, seenAt: Date.now() - 6 * DAY_MS });
		await capture(registry, 'ann');
		// As after a jump of the clock.
		await lab().execute('UPDATE change SET at = 1');
		const receiver = new Receiver();
		await follow(lab(), receiver);
		await until(() => receiver.batches.length === 1);
		expect(receiver.emails).toEqual(addresses('ann'));
	});

	test('a clock that jumps back loses nothing: the order of the history counts', async () => {
		const registry = await withAccount(lab());
		await registry.store.putFollower('default', { workflowId: WORKFLOW, nodeId: 'node', position: 0, pending: null, seenAt: Date.now() - 8 * DAY_MS });
		await capture(registry, 'first');
		const between = await registry.store.lastChange();
		await capture(registry, 'second');
		await lab().execute(`UPDATE change SET at = 1 WHERE seq > ${between}`);
		const receiver = new Receiver();
		await follow(lab(), receiver);
		await until(() => receiver.emails.length >= 2);
		expect(receiver.emails).toEqual(addresses('first', 'second'));
	});

	test('while the registry is away it tells so once, and then goes on', async () => {
		const registry = await withAccount(lab());
		const receiver = new Receiver();
		let tries = 0;
		let isAway = false;
		await follow(lab(), receiver, {
			open: async () => {
				if (!isAway) return await lab().registry();
				tries++;
				throw new RegistryError('busy', 'The registry is locked', 'Wait.');
			},
		});
		isAway = true;
		await until(() => tries >= 5);
		await capture(registry, 'ann');
		isAway = false;
		await until(() => receiver.emails.length === 1);
		expect(receiver.outages).toHaveLength(1);
		isAway = true;
		await until(() => receiver.outages.length === 2);
	});

	test('cannot begin while the registry is away', async () => {
		const away = new RegistryError('busy', 'The registry is locked', 'Wait.');
		await expect(follow(lab(), new Receiver(), { open: async () => await Promise.reject(away) })).rejects.toBe(away);
	});

	test('a batch whose end could not be written down is not handed on a second time', async () => {
		const registry = await withAccount(lab());
		const receiver = new Receiver();
		receiver.answer = undefined;
		await follow(lab(), receiver);
		await capture(registry, 'ann');
		await until(() => receiver.batches.length === 1);
		await lab().execute(`CREATE TRIGGER full BEFORE UPDATE ON follower BEGIN SELECT raise(ABORT, 'full'); END`);
		receiver.end('ended');
		await until(() => receiver.outages.length === 1);
		await lab().execute('DROP TRIGGER full');
		await until(async () => (await rowOf(lab())).pending === null);
		await capture(registry, 'bob');
		await until(() => receiver.batches.length === 2);
		expect(receiver.emails).toEqual(addresses('ann', 'bob'));
	});

	test('a registry that is put in place of another is followed from there on', async () => {
		await withAccount(lab());
		const receiver = new Receiver();
		let registry = await lab().registry();
		await follow(lab(), receiver, { open: async () => registry });
		await capture(registry, 'ann');
		await until(() => receiver.batches.length === 1);
		registry = await lab().registry({ registry: 'another' });
		await api(registry).upsert([{ objectType: 'accounts', ids: ids({ crm: 'A' }), fields: { name: 'Acme', domains: 'acme.com' } }]);
		await until(async () => (await registry.store.follower('default', WORKFLOW, 'node')) !== undefined);
		await capture(registry, 'bob');
		await until(() => receiver.batches.length === 2);
		expect(receiver.emails).toEqual(addresses('ann', 'bob'));
		expect(receiver.batches[0]?.key.split(':').at(-1)).not.toBe(receiver.batches[1]?.key.split(':').at(-1));
	});

	test('a backup that is put back in its place is followed from where it was then', async () => {
		let registry = await withAccount(lab());
		const receiver = new Receiver();
		await follow(lab(), receiver, { open: async () => registry });
		const names = Array.from({ length: 50 }, (_, n) => `p${n}`);
		await capture(registry, ...names);
		await until(() => receiver.emails.length === 50);
		const backup = await lab().registry({ registry: 'backup' });
		await api(backup).upsert([{ objectType: 'accounts', ids: ids({ crm: 'A' }), fields: { name: 'Acme', domains: 'acme.com' } }]);
		const then = await backup.store.lastChange();
		await capture(backup, 'ann');
		await backup.store.putFollower('default', { workflowId: WORKFLOW, nodeId: 'node', position: then, pending: null, seenAt: Date.now() });
		registry = backup;
		await until(() => receiver.emails.length === 51);
		expect(receiver.emails.at(-1)).toBe('ann@acme.com');
	});

	test('a batch that nothing is left of, or that the panel no longer wants, is done', async () => {
		const registry = await withAccount(lab());
		const from = await registry.store.lastChange();
		await capture(registry, 'ann');
		const to = await registry.store.lastChange();
		await registry.store.putFollower('default', { workflowId: WORKFLOW, nodeId: 'node', position: from, pending: { id: 'b1', from, to, attempt: 1 }, seenAt: Date.now() });
		const receiver = new Receiver();
		await follow(lab(), receiver, { choice: { events: new Set(['recordsMerged']), exceptWorkflowId: undefined, exceptOrigins: new Set(), alsoFrom: new Set(), withLinked: false, objectTypes: new Set(), externalTypes: new Set() } });
		await until(async () => (await rowOf(lab())).pending === null);
		expect((await rowOf(lab())).position).toBe(to);
		expect(receiver.batches).toEqual([]);
	});

	test('a batch that is larger than the panel now allows is cut, and nothing of it is lost', async () => {
		const registry = await withAccount(lab());
		const from = await registry.store.lastChange();
		await capture(registry, 'a', 'b', 'c', 'd', 'e');
		const to = await registry.store.lastChange();
		await registry.store.putFollower('default', { workflowId: WORKFLOW, nodeId: 'node', position: from, pending: { id: 'b1', from, to, attempt: 1 }, seenAt: Date.now() });
		const receiver = new Receiver();
		await follow(lab(), receiver, { batchSize: 2 });
		await until(() => receiver.emails.length >= 5);
		expect(receiver.batches.map(({ emails }) => emails.length)).toEqual([2, 2, 1]);
		expect([...receiver.emails].sort()).toEqual(addresses('a', 'b', 'c', 'd', 'e'));
	});

	test('changes that its own workflow made start nothing, and do not stand in the way', async () => {
		const registry = await withAccount(lab());
		const receiver = new Receiver();
		await follow(lab(), receiver);
		await api(registry, { caller: caller({ workflowId: WORKFLOW }) }).capture(['own@acme.com']);
		await capture(registry, 'ann');
		await until(() => receiver.batches.length === 1);
		expect(receiver.emails).toEqual(addresses('ann'));
	});

	test('how far it is with changes that nobody wants is written down, so that their history may go', async () => {
		const registry = await withAccount(lab());
		await follow(lab(), new Receiver());
		await api(registry).capture(['eve@nowhere.com']);
		const last = await registry.store.lastChange();
		await until(async () => (await rowOf(lab())).position === last);
	});

	test('two nodes of a workflow each have a place of their own', async () => {
		const registry = await withAccount(lab());
		const [one, other] = [new Receiver(), new Receiver()];
		await follow(lab(), one);
		await follow(lab(), other, { nodeId: 'other' });
		await capture(registry, 'ann');
		await until(() => one.batches.length === 1 && other.batches.length === 1);
		expect(one.batches[0]?.key).not.toBe(other.batches[0]?.key);
	});

	test('a key has at most 255 characters, whatever n8n calls the node', async () => {
		const registry = await withAccount(lab());
		const receiver = new Receiver();
		await follow(lab(), receiver, { nodeId: 'n'.repeat(1_000) });
		await capture(registry, 'ann');
		await until(() => receiver.batches.length === 1);
		expect(receiver.batches[0]?.key.length).toBeLessThanOrEqual(255);
	});
});
