import fastify from 'fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AddressInfo } from 'node:net';

import { Accounting } from './accounting';
import type { Call } from './accounting';
import { BAD_GATEWAY } from './answer';
import type { Answer } from './answer';
import { Budget } from './budget';
import type { BudgetSettings } from './budget';
import { Clock } from './clock';
import { Faults } from './faults';
import type { Fault, FaultOrder } from './faults';
import { Query } from './query';

/** The clock that the options ask for. */
export const clockOf = ({ timeScale, now }: HostOptions): Clock => new Clock(timeScale, now);

/** How any sandbox may be started. */
export interface HostOptions {
	/** A free one when it is left out. */
	port?: number;
	/** How many times faster than real time the sandbox's clock runs; 1. At 0 it stands still and moves by `clock.advance`. */
	timeScale?: number;
	/** What time the clock shows at the start, ms since 1970; the real time. */
	now?: number;
	/** How long each answer takes at least, ms of sandbox time; 0. */
	latencyMs?: number;
	/** Switches the rate limit off; its headers stay, and tell of plenty. */
	limitOff?: boolean;
	/** Seed of faults that come with a probability; 1. */
	faultSeed?: number;
}

/** A call as a service's rules see it. */
export interface Incoming {
	method: string;
	/** Path and query, as sent. */
	url: string;
	/** Decoded path segments by the name that the route gives them. */
	params: Readonly<Record<string, string>>;
	query: Query;
	headers: Readonly<Record<string, string | string[] | undefined>>;
	/** Parsed JSON or a form's fields; `MALFORMED` when it could not be read. */
	body: unknown;
}

export const MALFORMED = Symbol('a body that cannot be read');

interface Address {
	method: 'GET' | 'POST' | 'PUT' | 'DELETE';
	/** As fastify writes it: `/v2/people/:id`. */
	path: string;
}

/** Needs no key and costs nothing: a login page, a token endpoint. */
export interface OpenRoute extends Address {
	open: true;
	run(incoming: Incoming): Answer;
}

export interface KeyedRoute<Caller> extends Address {
	open?: undefined;
	/** Cost in the budget; 1. */
	cost?(incoming: Incoming): number;
	run(incoming: Incoming, caller: Caller): Answer;
}

export type Route<Caller> = OpenRoute | KeyedRoute<Caller>;

/** What differs from service to service. */
export interface Service<Caller extends { name: string }> {
	budget: BudgetSettings;
	routes: ReadonlyArray<Route<Caller>>;
	/** Who calls, or the refusal. */
	admit(incoming: Incoming): { caller: Caller } | { refusal: Answer };
	/** What comes with every answer that the budget was asked for. */
	budgetHeaders(cost: number, remaining: number): Record<string, string>;
	/** Refused by the budget; `resetInMs` is when there is room again. */
	tooMany(resetInMs: number): Answer;
	notFound: Answer;
	/** The body could not be read. */
	malformed: Answer;
	serverError: Answer;
	/** A 200 with an error in its body. */
	errorIn200: Answer;
	/** Longest path with query that is taken, characters. */
	longestUrl: number;
	tooLong: Answer;
	/** Another way to write the same address. */
	rewrite?(url: string): string;
}

/** The longest ID that fits into a path; Fastify's own limit is 100 characters. */
const LONGEST_SEGMENT = 16_384;
const MOST_BODY_BYTES = 16 * 1024 * 1024;

/**
 * A service on a port of this machine. Every call goes the same way: it is counted, waits for the latency, meets its fault,
 * shows its key, is charged to the budget, and only then does the service's rule run.
 */
export class ServiceHost<Caller extends { name: string }> {
	readonly budget: Budget;
	readonly accounting = new Accounting();
	readonly faults: Faults;
	latencyMs: number;
	private readonly app;
	private address = '';

	constructor(
		private readonly service: Service<Caller>,
		readonly clock: Clock,
		private readonly options: HostOptions = {},
	) {
		this.budget = new Budget({ ...service.budget, ...(options.limitOff ? { limit: Infinity } : {}) }, clock);
		this.faults = new Faults(options.faultSeed ?? 1);
		this.latencyMs = options.latencyMs ?? 0;
		this.app = fastify({
			bodyLimit: MOST_BODY_BYTES,
			forceCloseConnections: true,
			routerOptions: { maxParamLength: LONGEST_SEGMENT },
			rewriteUrl: ({ url = '/' }) => service.rewrite?.(url) ?? url,
			// What no route can be found for (a path with a broken %) never reaches the rules.
			frameworkErrors: (error, _request, reply) => {
				reply.hijack();
				reply.raw.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: error.message }));
			},
		});
		this.readBodies();
		for (const route of service.routes) {
			this.app.route({ method: route.method, url: route.path, exposeHeadRoute: false, handler: async (request, reply) => await this.handle(route, request, reply) });
		}
		const nothing: Route<Caller> = { method: 'GET', path: '*', run: () => service.notFound };
		this.app.setNotFoundHandler(async (request, reply) => await this.handle(nothing, request, reply));
	}

	async listen(): Promise<void> {
		await this.app.listen({ host: '127.0.0.1', port: this.options.port ?? 0 });
		this.address = `http://127.0.0.1:${(this.app.server.address() as AddressInfo).port}`;
	}

	/** `http://127.0.0.1:<port>`, without a slash. */
	get origin(): string {
		return this.address;
	}

	fault(order: FaultOrder): Fault {
		return this.faults.add(order);
	}

	/** Ends at once, open connections included. */
	async close(): Promise<void> {
		this.clock.stop();
		await this.app.close();
	}

	private readBodies(): void {
		const { app } = this;
		app.removeAllContentTypeParsers();
		app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: FastifyRequest, text: string) => parsed(text));
		app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, async (_request: FastifyRequest, text: string) =>
			Object.fromEntries(new URLSearchParams(text)),
		);
		app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: FastifyRequest, text: string) => (text === '' ? undefined : MALFORMED));
	}

	private async handle(route: Route<Caller>, request: FastifyRequest, reply: FastifyReply): Promise<void> {
		const { method, originalUrl: url } = request;
		const call = this.accounting.open({ at: this.clock.now(), method, path: url, caller: '', cost: 0, status: 0, ended: false });
		const fault = this.faults.of(method, url);
		if (fault) call.fault = fault.order.kind;
		// Whatever becomes of the answer is decided here, not by the framework.
		reply.hijack();
		await this.clock.sleep(this.latencyMs);
		if (fault?.order.kind === 'resetBefore') {
			request.raw.socket.resetAndDestroy();
			this.accounting.close(call, 0);
			return;
		}
		const at = url.indexOf('?');
		const incoming: Incoming = {
			method,
			url,
			params: request.params as Record<string, string>,
			query: new Query(at < 0 ? '' : url.slice(at + 1)),
			headers: request.headers,
			body: request.body,
		};
		let answer: Answer;
		try {
			answer = this.answerTo(route, incoming, call, fault);
		} catch (error) {
			// A defect of the sandbox itself: whoever tests against it should read of it.
			answer = { status: 500, body: { error: `Sandbox: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` } };
		}
		await this.send(answer, call, fault, request, reply);
	}

	private answerTo(route: Route<Caller>, incoming: Incoming, call: Call, fault: Fault | undefined): Answer {
		const { service } = this;
		if (incoming.url.length > service.longestUrl) return service.tooLong;
		if (route.open) return this.faulty(fault) ?? route.run(incoming);
		const admitted = service.admit(incoming);
		if ('refusal' in admitted) return this.faulty(fault) ?? admitted.refusal;
		call.caller = admitted.caller.name;
		const cost = route.cost?.(incoming) ?? 1;
		if (fault?.order.kind === 'tooManyRequests') return withHeaders(service.tooMany(0), service.budgetHeaders(cost, this.budget.remaining()));
		const admission = this.budget.take(cost);
		const headers = service.budgetHeaders(cost, admission.remaining);
		if (!admission.accepted) return withHeaders(service.tooMany(admission.resetInMs), headers);
		call.cost = cost;
		const broken = this.faulty(fault);
		if (broken) return withHeaders(broken, headers);
		if (incoming.body === MALFORMED) return withHeaders(service.malformed, headers);
		const answer = fault?.repeated ?? route.run(incoming, admitted.caller);
		if (fault?.order.kind === 'pageLoop') fault.repeated = answer;
		return withHeaders(answer, headers);
	}

	/** The answer of a fault that keeps the call from its effect. */
	private faulty(fault: Fault | undefined): Answer | undefined {
		switch (fault?.order.kind) {
			case 'tooManyRequests':
				return this.service.tooMany(0);
			case 'serverError':
				return this.service.serverError;
			case 'badGateway':
				return BAD_GATEWAY;
			case 'errorIn200':
				return this.service.errorIn200;
			case 'answer':
				return fault.order.answer ?? { status: 500 };
			case 'timeoutBefore':
				// Never sent.
				return { status: 0 };
			default:
				return undefined;
		}
	}

	private async send(answer: Answer, call: Call, fault: Fault | undefined, request: FastifyRequest, reply: FastifyReply): Promise<void> {
		const { socket } = request.raw;
		const kind = fault?.order.kind;
		// The connection stays open and silent until the caller or the end of the sandbox closes it.
		if (kind === 'timeoutBefore' || kind === 'timeoutAfter') {
			this.accounting.close(call, 0);
			return;
		}
		if (kind === 'resetAfter') {
			socket.resetAndDestroy();
			this.accounting.close(call, 0);
			return;
		}
		if (kind === 'slow') await this.clock.sleep(fault?.order.ms ?? 0);
		const sent = kind === 'badGatewayAfter' && answer.status < 300 ? BAD_GATEWAY : answer;
		if (socket.destroyed) {
			this.accounting.close(call, 0);
			return;
		}
		const { body } = sent;
		const isText = typeof body === 'string';
		const bytes = body === undefined ? undefined : Buffer.from(isText ? body : JSON.stringify(body));
		reply.raw.writeHead(sent.status, {
			date: new Date(this.clock.now()).toUTCString(),
			...(bytes === undefined ? {} : { 'content-type': isText ? 'text/plain' : 'application/json; charset=utf-8', 'content-length': bytes.length }),
			...sent.headers,
		});
		if (kind === 'truncated' && bytes !== undefined) {
			reply.raw.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => socket.destroy());
			this.accounting.close(call, sent.status);
			return;
		}
		this.accounting.close(call, sent.status);
		reply.raw.end(bytes);
	}
}

function withHeaders(answer: Answer, headers: Record<string, string>): Answer {
	return { ...answer, headers: { ...headers, ...answer.headers } };
}

function parsed(text: string): unknown {
	if (text === '') return undefined;
	try {
		return JSON.parse(text) as unknown;
	} catch {
		return MALFORMED;
	}
}
