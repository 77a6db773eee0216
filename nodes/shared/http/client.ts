import type { IHttpRequestMethods, IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';

import type { StopSign } from '../ports';
import { type Answer, isPlainObject } from './answer';
import type { Budget } from './budget';
import { ServiceError, Stopped, Unreadable } from './errors';
import { REAL_TIME, rest, type Time } from './time';
import { tidy, wordsOf } from './words';

/** n8n's own `httpRequestWithAuthentication`, bound to a node and its credential. */
export type Send = (options: IHttpRequestOptions) => Promise<unknown>;

/** What a service is to its callers. */
export interface Service {
	/** As messages name it. */
	readonly name: string;
	/** Without a slash at its end. */
	readonly baseUrl: string;
	/** What to do when the key or token is refused. */
	readonly credentialAdvice: string;
}

export interface Patience {
	/** How long one call may take (ms). */
	readonly timeoutMs: number;
	/** How often a call is sent that gets no answer, or an error of the service's own. */
	readonly tries: number;
	/** How long a call waits for room in the rate limit, all in all (ms). */
	readonly waitMs: number;
	/** First pause before another try (ms), doubled each time up to the longest. */
	readonly pauseMs: number;
	readonly longestPauseMs: number;
}

export const DEFAULT_PATIENCE: Patience = { timeoutMs: 30_000, tries: 5, waitMs: 15 * 60_000, pauseMs: 500, longestPauseMs: 30_000 };

/** So many calls of a route in a row without an answer, each with all its tries, and no further one is made. */
const AWAY_AFTER = 3;

export interface Call {
	readonly method: IHttpRequestMethods;
	/** Below the base URL, with its query. */
	readonly path: string;
	/** The path without what differs from call to call: calls of one route cost the same. */
	readonly route: string;
	readonly body?: unknown;
	/** What it is thought to cost; 1. */
	readonly cost?: number;
	readonly stop?: StopSign;
}

/** How a call that may or may not have taken effect is followed up; one that does no harm when it is sent twice needs none. */
export interface FollowUp<T> {
	/** Looks whether the write was done; `undefined` when it was not, so that it is sent again. */
	readBack(): Promise<T | undefined>;
}

type Sent = { answer: Answer } | { lost: string; never: boolean };

/**
 * The only way out to a service: within its rate limit, patient with its troubles, and able to stop. One for each run; runs
 * with one credential share the budget.
 */
export class HttpClient {
	/** Calls made so far, those that were refused too. */
	calls = 0;
	/** Calls in a row that were in vain, by route: what a service still answers says nothing of what it does not. */
	private readonly unanswered = new Map<string, number>();

	private lastWords = '';

	constructor(
		private readonly service: Service,
		private readonly send: Send,
		private readonly budget: Budget,
		private readonly settings: { share: number; patience: Patience; time?: Time; random?: () => number; stop?: StopSign },
	) {}

	/** The same way out with another share of the rate limit; calls and troubles are counted anew. */
	with(settings: { share?: number; stop?: StopSign }): HttpClient {
		return new HttpClient(this.service, this.send, this.budget, { ...this.settings, ...settings });
	}

	/**
	 * Makes a call, as often as it takes.
	 *
	 * @param read makes something of an answer of any status but 401, 408, 425, 429 and 5xx; throws `Unreadable` where it cannot be
	 * what the service meant. It is told how often the call was sent, refusals by the rate limit not counted
	 * @param followUp for writes that must not be done twice
	 * @throws ServiceError when the service is away, busy for too long, or refuses the key; Stopped when the run should stop
	 */
	async request<T>(call: Call, read: (answer: Answer, tries: number) => T, followUp?: FollowUp<T>): Promise<T> {
		const { patience } = this.settings;
		const cost = this.budget.costOf(call.route, call.cost ?? 1);
		const giveUpAt = this.time.now() + patience.waitMs;
		for (let tries = 1, refusals = 0; ; ) {
			if (this.isAway(call)) throw this.away(call, this.lastWords, false);
			await this.admission(call, cost, giveUpAt);
			const sent = await this.once(call, cost);
			if ('answer' in sent && sent.answer.status === 429) {
				if (!this.budget.refused(sent.answer, cost)) await this.pause(call, ++refusals);
				if (this.time.now() > giveUpAt) throw this.busy();
				continue;
			}
			let why = 'lost' in sent ? sent.lost : wordsOf(sent.answer);
			if ('answer' in sent && !isOwnTrouble(sent.answer.status)) {
				try {
					const result = read(sent.answer, tries);
					this.unanswered.delete(call.route);
					return result;
				} catch (error) {
					if (!(error instanceof Unreadable)) throw asIs(error);
					why = error.message;
				}
			}
			const mayBeDone = !('never' in sent && sent.never);
			const isLast = tries++ >= patience.tries;
			if (!isLast) await this.pause(call, tries - 1, 'answer' in sent ? sent.answer : undefined);
			const done = followUp !== undefined && mayBeDone ? await followUp.readBack() : undefined;
			if (done !== undefined) return done;
			if (isLast) {
				this.unanswered.set(call.route, (this.unanswered.get(call.route) ?? 0) + 1);
				this.lastWords = why;
				throw this.away(call, why, followUp !== undefined && mayBeDone);
			}
		}
	}

	private isAway({ route }: Call): boolean {
		return (this.unanswered.get(route) ?? 0) >= AWAY_AFTER;
	}

	private get time(): Time {
		return this.settings.time ?? REAL_TIME;
	}

	private isOver({ stop }: Call): boolean {
		return stop?.aborted === true || this.settings.stop?.aborted === true;
	}

	/** Waits until the budget has room. */
	private async admission(call: Call, cost: number, giveUpAt: number): Promise<void> {
		for (;;) {
			if (this.isOver(call)) throw new Stopped();
			const wait = this.budget.take(cost, this.settings.share);
			if (wait === 0) return;
			if (this.time.now() > giveUpAt) throw this.busy();
			await this.rest(call, wait);
		}
	}

	private async rest(call: Call, ms: number): Promise<void> {
		const isOver = () => this.isOver(call);
		await rest(this.time, ms, {
			get aborted() {
				return isOver();
			},
		});
		if (isOver()) throw new Stopped();
	}

	/** Exponential, capped, with jitter, so that several runs do not come back at the same moment; what the service asks for goes first. */
	private async pause(call: Call, failures: number, answer?: Answer): Promise<void> {
		const { pauseMs, longestPauseMs } = this.settings.patience;
		const asked = Number(answer?.headers['retry-after']) * 1_000;
		const grown = Math.min(longestPauseMs, pauseMs * 2 ** (failures - 1));
		const jitter = 0.5 + (this.settings.random ?? Math.random)() / 2;
		await this.rest(call, asked > 0 ? Math.min(asked, longestPauseMs) : grown * jitter);
	}

	private async once(call: Call, cost: number): Promise<Sent> {
		const { method, path, body } = call;
		this.calls++;
		let answer: Answer | undefined;
		try {
			const full = await this.send({
				method,
				url: `${this.service.baseUrl}${path}`,
				...(body === undefined ? {} : { body: body as IHttpRequestOptions['body'] }),
				json: true,
				returnFullResponse: true,
				// Anything else switches the refresh of OAuth2 tokens off (seen in n8n 2.41).
				ignoreHttpStatusErrors: { ignore: true, except: [401] },
				disableFollowRedirect: true,
				timeout: this.settings.patience.timeoutMs,
			});
			answer = answerOf(full);
			return { answer };
		} catch (error) {
			if (this.isOver(call)) throw stopped();
			if (statusOf(error) === '401') throw this.refused(error);
			return { lost: reasonOf(error, this.settings.patience.timeoutMs), never: isNeverSent(error) };
		} finally {
			this.budget.answered(call.route, cost, answer);
		}
	}

	private refused(error: unknown): ServiceError {
		const said = serviceWordsOf(error);
		return new ServiceError('credential', `${this.service.name} refused the credential${said === '' ? '' : `: ${said}`}`, this.service.credentialAdvice);
	}

	private away(call: Call, why: string, isUnsure: boolean): ServiceError {
		const unsure = isUnsure ? ' Whether the last write was done is not known; the next run looks before it writes.' : '';
		return new ServiceError('away', `${this.service.name} does not answer as it should: ${tidy(why)}`, `Run it again later: what is done stays done.${unsure}`, !this.isAway(call));
	}

	private busy(): ServiceError {
		const minutes = Math.round(this.settings.patience.waitMs / 60_000);
		return new ServiceError('busy', `The rate limit of ${this.service.name} was used up for more than ${minutes} minutes`, 'Other integrations of the team use all of it. Run it again later: what is done stays done.');
	}
}

/** Statuses that tell of the service's own trouble, not of the call. */
function isOwnTrouble(status: number): boolean {
	return status >= 500 || status === 408 || status === 425;
}

function answerOf(full: unknown): Answer {
	const { statusCode, body, headers } = full as IN8nHttpFullResponse;
	return { status: statusCode, body, headers: isPlainObject(headers) ? headers : {} };
}

function stopped(): Stopped {
	return new Stopped();
}

/** What an error holds, through n8n's wrapping. */
function* layers(error: unknown): Generator<Readonly<Record<string, unknown>>> {
	let layer = error;
	for (let depth = 0; depth < 5 && typeof layer === 'object' && layer !== null; depth++) {
		const one = layer as Record<string, unknown>;
		yield one;
		layer = one.cause ?? one.errorResponse;
	}
}

function statusOf(error: unknown): string | undefined {
	for (const { httpCode, response } of layers(error)) {
		if (typeof httpCode === 'string') return httpCode;
		if (isPlainObject(response) && typeof response.status === 'number') return String(response.status);
	}
	return undefined;
}

/** Words of the answer that came with a thrown error. */
function serviceWordsOf(error: unknown): string {
	for (const { response, context } of layers(error)) {
		const body = isPlainObject(response) ? response.data : isPlainObject(context) ? context.data : undefined;
		if (body !== undefined && body !== null) {
			const said = wordsOf({ status: 0, body, headers: {} });
			if (said !== 'HTTP 0') return said;
		}
	}
	return '';
}

/** Codes of connections that never came about. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const CODE_WORDS: ReadonlyMap<string, string> = new Map([
	['ECONNREFUSED', 'the connection was refused'],
	['ENOTFOUND', 'its address was not found'],
	['EAI_AGAIN', 'its address could not be looked up'],
	['EHOSTUNREACH', 'it cannot be reached from here'],
	['ENETUNREACH', 'it cannot be reached from here'],
	['ECONNRESET', 'the connection broke'],
	['EPIPE', 'the connection broke'],
]);

function codeOf(error: unknown): string | undefined {
	for (const { code } of layers(error)) if (typeof code === 'string' && code !== '') return code;
	return undefined;
}

function isNeverSent(error: unknown): boolean {
	return NEVER_SENT.has(codeOf(error) ?? '');
}

function reasonOf(error: unknown, timeoutMs: number): string {
	const code = codeOf(error) ?? '';
	if (code === 'ECONNABORTED' || code === 'ETIMEDOUT') return `no answer came within ${Math.round(timeoutMs / 1_000)} seconds`;
	return CODE_WORDS.get(code) ?? tidy(error instanceof Error ? error.message : String(error));
}

function asIs(error: unknown): Error {
	return error instanceof Error ? error : new Error(String(error));
}
