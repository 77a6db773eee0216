import axios from 'axios';
import type { IHttpRequestOptions } from 'n8n-workflow';

import { Budget } from '../../../nodes/shared/http/budget';
import { DEFAULT_PATIENCE, HttpClient } from '../../../nodes/shared/http/client';
import type { Patience } from '../../../nodes/shared/http/client';
import type { ObjectType, Outcome } from '../../../nodes/shared/identity/outcome';
import type { StopSign, Work } from '../../../nodes/shared/ports';
import { SalesloftApi } from '../../../nodes/Salesloft/api';
import { Salesloft } from '../../../nodes/Salesloft/system';
import { startSalesloft } from '../../sandbox/salesloft';
import type { Sandbox, SalesloftOptions } from '../../sandbox/salesloft';
import { collect, single } from '../collect';

/** As n8n's helper does it: whole answers, 401 thrown, errors with their code below. */
async function send(options: IHttpRequestOptions, key: string): Promise<unknown> {
	const answer = await axios.request({
		method: options.method,
		url: options.url,
		data: options.body,
		timeout: options.timeout,
		headers: { Authorization: `Bearer ${key}`, Accept: 'application/json' },
		validateStatus: (status) => status !== 401,
	});
	return { statusCode: answer.status, body: answer.data as unknown, headers: answer.headers };
}

export interface LabOptions extends SalesloftOptions {
	patience?: Partial<Patience>;
	/** The key that the node uses; the sandbox's own. */
	key?: (sandbox: Sandbox) => string;
	share?: number;
}

/** A sandbox and the node's system on it, living in the sandbox's time. */
export class Lab {
	private readonly budget: Budget;

	constructor(
		readonly sandbox: Sandbox,
		private readonly options: LabOptions,
	) {
		this.budget = new Budget({ perMinute: 600, costHeader: 'x-ratelimit-endpoint-cost', remainingHeader: 'x-ratelimit-remaining-minute', limitHeader: 'x-ratelimit-limit-minute' }, this.time);
	}

	private get time() {
		const { clock } = this.sandbox;
		return { now: () => clock.now(), sleep: async (ms: number) => await clock.sleep(ms) };
	}

	/** A new run of the node. */
	salesloft(stop?: StopSign): Salesloft {
		const { sandbox, options } = this;
		const key = options.key?.(sandbox) ?? sandbox.apiKey;
		const service = { name: 'Salesloft', baseUrl: sandbox.baseUrl, credentialAdvice: 'Check the key.' };
		const patience = { ...DEFAULT_PATIENCE, timeoutMs: 1_000, pauseMs: 20, longestPauseMs: 100, ...options.patience };
		const http = new HttpClient(service, async (request) => await send(request, key), this.budget, { share: options.share ?? 1, patience, time: this.time, stop });
		return new Salesloft(new SalesloftApi(http, sandbox.baseUrl));
	}

	/** Does some work in a run of its own; gives the one outcome of each entry. */
	async do<Entry>(entries: readonly Entry[], act: (salesloft: Salesloft, entries: readonly Entry[], work: Work) => Promise<void>, more: Partial<Work> & { onSettle?: (settled: number) => void } = {}): Promise<Outcome[]> {
		return single(await collect(entries, async (all, work) => await act(this.salesloft(work.signal), all, work), more));
	}
}

/** Starts sandboxes for one test file and closes them after each test. The rate limit is off unless a test is about it. */
export function labs(): (options?: LabOptions) => Promise<Lab> {
	const open: Sandbox[] = [];
	afterEach(async () => {
		for (const sandbox of open.splice(0)) await sandbox.close();
	});
	return async (options = {}) => {
		const sandbox = await startSalesloft({ limitOff: true, ...options });
		open.push(sandbox);
		return new Lab(sandbox, options);
	};
}

/** People `p0@acme.com` …, each with its name; gives their Object IDs as texts. */
export function addPeople({ sandbox }: Lab, count: number): string[] {
	return Array.from({ length: count }, (_, n) => String(sandbox.addPerson({ email_address: `p${n}@acme.com`, first_name: 'P', last_name: `${n}` })));
}

export const typed = (name: unknown) => ({ name, picked: false });
export const picked = (name: unknown) => ({ name, picked: true });
export const byId = (externalId: unknown, externalType = 'crm', objectType: ObjectType = 'people') => ({ by: 'externalId' as const, objectType, externalType: typed(externalType), externalId });
