import { ulid } from 'ulid';

import { countOlder, readFeed, shownEntries } from './feed';
import type { FeedChoice, FeedEntry } from './feed';
import type { RegistryLocation } from './location';
import { pause, waitForNews } from './news';
import type { Registry } from './registry';
import { DAY_MS, FOLLOWER_DAYS } from './retention';
import type { FollowerRow, PendingBatch } from './rows';

/**
 * What became of a batch that was handed on: its run `ended` (also badly: that is the builder's to see), or was stopped because the
 * whole system stops, or there was none, so that the batch has to be handed on `again`.
 */
export type Delivered = 'ended' | 'systemStops' | 'again';

/** Whom a follower hands its batches to, and tells of its troubles. */
export interface Recipient {
	/** Hands on a batch and waits until its run has ended; never rejects. A key that was seen before starts nothing. */
	deliver(items: ReadonlyArray<Record<string, unknown>>, key: string): Promise<Delivered>;
	/** The registry cannot be reached; told once an outage. */
	outage(error: unknown): void;
	log(level: 'info' | 'warn' | 'error', message: string): void;
}

export interface FollowSettings {
	location: RegistryLocation;
	workflowId: string;
	nodeId: string;
	choice: FeedChoice;
	/** Changes that one batch holds at most. */
	batchSize: number;
	/** Where one that never followed begins. */
	startFrom: 'now' | 'beginning';
	/** Whether another process does the runs, so that they outlive this one: then a batch is handed on under the key that it had. */
	runsOutliveUs: boolean;
	/** Opens the registry, also again after an outage. */
	open(): Promise<Registry>;
	pauses?: Partial<Pauses>;
}

/** ms */
interface Pauses {
	/** Between two looks for changes that another process made. */
	look: number;
	/** A batch that is not full waits until nothing has come for so long, */
	quiet: number;
	/** but no longer than this, so that a change is handed on within 2 s. */
	gather: number;
	/** First pause after a failure; doubled each time, */
	retry: number;
	/** up to this. */
	longestRetry: number;
	/** Between two times that the registry is opened again: a file that was put in its place would go unseen. */
	reopen: number;
	/** Between two writes of a position that no batch moved. */
	remember: number;
	/** How long a batch of this node from before it was published again is waited for. */
	older: number;
}

const PAUSES: Pauses = { look: 500, quiet: 200, gather: 1_000, retry: 1_000, longestRetry: 60_000, reopen: 10_000, remember: 60_000, older: 60_000 };
/** A follower that has nothing to hand on says that it is there so often. */
const SIGN_OF_LIFE_MS = 3_600_000;

/** Batches that are on their way, by follower: one that is stopped and started again must not hand on a batch whose run goes on. */
const onTheirWay = new Map<string, Promise<unknown>>();

/**
 * Follows the history and hands on the changes that are wanted, in their order, batch by batch, each when the one before has ended.
 * Each change is handed on at least once, normally exactly once: the batch is written down before it goes out, and the position
 * moves when its run has ended.
 */
export class Follower {
	private readonly stopping = new AbortController();
	private registry: Registry | undefined;
	private openedAt = 0;
	private writtenAt = 0;
	private writtenPosition = 0;
	private position = 0;
	private pending: PendingBatch | null = null;
	/** The batch whose run has ended, though that may not be written down yet. */
	private ended: string | undefined;
	/** Whether it still has to be looked whether what comes next is too old. */
	private isComingBack = false;
	/** The first time that it reads its place: what is pending then is from before. */
	private isFirst = true;
	/** Whether the batch that is pending may be on its way still. */
	private mayBeOnItsWay = false;
	private readonly pauses: Pauses;

	constructor(
		private readonly settings: FollowSettings,
		private readonly recipient: Recipient,
	) {
		this.pauses = { ...PAUSES, ...settings.pauses };
	}

	/**
	 * Makes sure that the registry can be reached, and that one that follows for the first time begins now and not a moment later.
	 *
	 * @throws RegistryError when the registry cannot be used
	 */
	async begin(): Promise<void> {
		await this.open();
	}

	/** Follows until it is stopped; never rejects. */
	async follow(): Promise<void> {
		await this.waitForOlder();
		for (let failures = 0; !this.stopped; ) {
			try {
				await this.step();
				if (failures > 0) this.recipient.log('info', 'The registry can be reached again');
				failures = 0;
			} catch (error) {
				if (this.stopped) break;
				if (failures++ === 0) this.recipient.outage(error);
				this.registry = undefined;
				await pause(this.backoff(failures), this.stopping.signal);
			}
		}
	}

	/** Stops at once; a run that goes on is noted when it ends. */
	async stop(): Promise<void> {
		this.stopping.abort();
		try {
			if (this.pending === null && this.position !== this.writtenPosition) await this.write();
		} catch {
			// The same changes are looked at again the next time; none of them was wanted.
		}
	}

	private get stopped(): boolean {
		return this.stopping.signal.aborted;
	}

	private async step(): Promise<void> {
		if (this.isFirst || !this.registry || performance.now() - this.openedAt >= this.pauses.reopen) await this.resume();
		if (this.stopped) return;
		if (this.pending) await this.handOn(await this.entriesOf(this.pending));
		else await this.next();
	}

	/** Opens the registry and reads the place in it; one that has none begins. */
	private async open(): Promise<FollowerRow | undefined> {
		const registry = await this.settings.open();
		this.registry = registry;
		this.openedAt = performance.now();
		const { workflowId, nodeId, startFrom } = this.settings;
		const row = await registry.store.follower(registry.workspace, workflowId, nodeId);
		if (row) return row;
		if (!this.isFirst) this.recipient.log('warn', 'The registry is not the one of before; it is followed from here on');
		this.pending = null;
		this.position = startFrom === 'beginning' ? 0 : await registry.store.lastChange();
		await this.write();
		return undefined;
	}

	/** Goes on where it was: on starting, after an outage, and now and then, for the file may have been replaced. */
	private async resume(): Promise<void> {
		const row = await this.open();
		const { isFirst } = this;
		this.isFirst = false;
		if (!row) return;
		// It counts how long it was away, not how old its changes are: one that is still catching up leaves nothing out.
		if (isFirst) this.isComingBack = row.seenAt < Date.now() - FOLLOWER_DAYS * DAY_MS;
		// What is in memory is ahead of what is written, as long as this is the history that it was read from.
		const isSame = !isFirst && row.position === this.writtenPosition && (await this.store.lastChange()) >= this.position;
		if (!isSame) this.position = row.position;
		this.writtenPosition = row.position;
		this.pending = row.pending;
		if (!row.pending) return;
		if (row.pending.id === this.ended) await this.settle(row.pending);
		else if (this.settings.runsOutliveUs || this.mayBeOnItsWay) this.mayBeOnItsWay = false;
		else {
			// Nobody knows what became of it: n8n does not go on with a run that a crash has ended.
			this.pending = { ...row.pending, attempt: row.pending.attempt + 1 };
			await this.write();
		}
	}

	private async next(): Promise<void> {
		const last = await this.store.lastChange();
		if (last <= this.position) {
			await this.remember();
			await waitForNews(this.settings.location, this.pauses.look, this.stopping.signal);
			return;
		}
		if (this.isComingBack) await this.passOver(last);
		const { entries, to } = await this.gather(last);
		if (this.stopped) return;
		if (entries.length === 0) {
			this.position = Math.max(this.position, to);
			return;
		}
		this.pending = { id: ulid(), from: this.position, to, attempt: 1 };
		await this.write();
		await this.handOn(entries);
	}

	/** Leaves out what is too old, and says so. */
	private async passOver(last: number): Promise<void> {
		const before = Date.now() - FOLLOWER_DAYS * DAY_MS;
		const { passed, to } = await countOlder(this.opened, this.settings.choice, this.position, last, before, this.stopping.signal);
		if (this.stopped) return;
		this.isComingBack = false;
		if (passed > 0) this.recipient.log('warn', `${passed.toLocaleString('en-US')} changes are older than ${FOLLOWER_DAYS} days and were passed over (history ${this.position + 1} to ${to})`);
		this.position = to;
	}

	/** The next batch: full, or all that came until nothing more did. */
	private async gather(last: number): Promise<{ entries: FeedEntry[]; to: number }> {
		const registry = this.opened;
		const { batchSize, choice, location } = this.settings;
		const began = performance.now();
		const entries: FeedEntry[] = [];
		let to = this.position;
		for (let upTo = last; ; ) {
			const more = await readFeed(registry, choice, to, upTo, batchSize - entries.length, this.stopping.signal);
			entries.push(...more.entries);
			to = more.to;
			if (entries.length === 0 || entries.length >= batchSize || performance.now() - began >= this.pauses.gather) break;
			await waitForNews(location, this.pauses.quiet, this.stopping.signal);
			if (this.stopped) break;
			upTo = await registry.store.lastChange();
			if (upTo <= to) break;
		}
		return { entries, to };
	}

	/** The changes of a batch that was written down before. What the panel wants now decides; a batch that has become too large is cut. */
	private async entriesOf(batch: PendingBatch): Promise<FeedEntry[]> {
		const { entries, to } = await readFeed(this.opened, this.settings.choice, batch.from, batch.to, this.settings.batchSize, this.stopping.signal);
		if (to < batch.to && !this.stopped) {
			this.pending = { ...batch, to };
			await this.write();
		}
		return entries;
	}

	/** Hands on the pending batch, until its run has ended or the follower is stopped. */
	private async handOn(entries: readonly FeedEntry[]): Promise<void> {
		const batch = this.pending;
		if (!batch || this.stopped) return;
		const items = await shownEntries(this.opened, entries);
		if (items.length === 0) {
			await this.settle(batch);
			return;
		}
		for (let failures = 0; !this.stopped; ) {
			const delivered = await this.untilStopped(this.send(batch, items));
			if (delivered === 'ended') {
				if (this.pending) await this.settle(batch);
				return;
			}
			if (delivered === 'systemStops') this.stopping.abort();
			if (this.stopped) return;
			failures++;
			this.recipient.log('warn', `A batch of ${items.length} changes could not be handed on; it is tried again (${failures})`);
			await pause(this.backoff(failures), this.stopping.signal);
		}
	}

	/** Hands on a batch; its end is noted also when the follower was stopped in between. */
	private async send(batch: PendingBatch, items: ReadonlyArray<Record<string, unknown>>): Promise<Delivered> {
		const isTheLast = () => onTheirWay.get(this.name) === sending;
		const sending: Promise<Delivered> = this.recipient.deliver(items, this.keyOf(batch)).then(async (delivered) => {
			if (delivered !== 'ended') return delivered;
			this.ended = batch.id;
			if (isTheLast()) await this.settle(batch).catch((error: unknown) => this.recipient.log('error', `It could not be written down that a batch has ended: ${String(error)}`));
			return delivered;
		});
		onTheirWay.set(this.name, sending);
		const delivered = await sending;
		if (isTheLast()) onTheirWay.delete(this.name);
		return delivered;
	}

	private async settle(batch: PendingBatch): Promise<void> {
		const { registry } = this;
		if (!registry) return;
		await this.put(registry, { position: batch.to, pending: null });
		this.position = batch.to;
		this.pending = null;
	}

	private async waitForOlder(): Promise<void> {
		const older = onTheirWay.get(this.name);
		if (!older) return;
		this.recipient.log('info', 'The run of a batch from before goes on; the next one waits for it');
		const over = new AbortController();
		void older.finally(() => over.abort());
		await pause(this.pauses.older, this.stopping.signal, over.signal);
		// It may wait for ever (n8n forgets an execution that is stopped before it began): n8n knows by the key whether it had the batch.
		this.mayBeOnItsWay = onTheirWay.get(this.name) === older;
	}

	/** Says now and then how far it is: also so that the history it is done with may go, and what it needs stays. */
	private async remember(): Promise<void> {
		const since = performance.now() - this.writtenAt;
		const isDue = this.position !== this.writtenPosition ? since >= this.pauses.remember : since >= SIGN_OF_LIFE_MS;
		if (isDue) await this.write();
	}

	private async write(): Promise<void> {
		await this.put(this.opened, { position: this.position, pending: this.pending });
	}

	private async put({ store, workspace }: Registry, { position, pending }: Pick<FollowerRow, 'position' | 'pending'>): Promise<void> {
		const { workflowId, nodeId } = this.settings;
		await store.putFollower(workspace, { workflowId, nodeId, position, pending, seenAt: Date.now() });
		this.writtenAt = performance.now();
		this.writtenPosition = position;
	}

	/** At most 255 characters, which is what n8n takes; IDs that are longer are ours to cut, for the batch's own ID tells it apart. */
	private keyOf({ id, to, attempt }: PendingBatch): string {
		const { workflowId, nodeId } = this.settings;
		return `extid:${workflowId.slice(0, 64)}:${nodeId.slice(0, 64)}:${to}:${attempt}:${id}`;
	}

	private get name(): string {
		const { location, workflowId, nodeId } = this.settings;
		return [location.file, location.workspace, workflowId, nodeId].join('\n');
	}

	private get store(): Registry['store'] {
		return this.opened.store;
	}

	private get opened(): Registry {
		if (!this.registry) throw new RangeError('The registry is not open');
		return this.registry;
	}

	private backoff(failures: number): number {
		return Math.min(this.pauses.retry * 2 ** (failures - 1), this.pauses.longestRetry);
	}

	private async untilStopped<T>(work: Promise<T>): Promise<T | undefined> {
		const { signal } = this.stopping;
		return await new Promise((resolve, reject) => {
			const stop = () => resolve(undefined);
			signal.addEventListener('abort', stop);
			work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
		});
	}
}
