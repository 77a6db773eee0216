import { startSalesloft } from '../../sandbox/salesloft';
import type { Sandbox, SalesloftOptions } from '../../sandbox/salesloft';

/** A row of any kind. */
export type Row = Record<string, unknown> & { id: number; created_at: string; updated_at: string; inserted_at: string; external_id: string };

/** What answers hold, as far as tests look into them one by one. */
export interface Body {
	/** One or many; which of them is what the tests are about. */
	data: Row & Row[];
	metadata: { paging: Record<string, number | null>; [name: string]: unknown };
	error: string;
	errors: Record<string, string[]>;
	upsert_type?: string;
}

export interface Answered {
	status: number;
	/** Parsed where it is JSON, else the text. */
	body: Body;
	headers: Headers;
}

export interface AskOptions {
	key?: string;
	body?: unknown;
	headers?: Record<string, string>;
	signal?: AbortSignal;
}

export type Ask = (method: string, path: string, options?: AskOptions) => Promise<Answered>;

/** Calls a sandbox as any client would: paths are below `/v2`. */
export function asking(sandbox: Sandbox): Ask {
	return async (method, path, { key = sandbox.apiKey, body, headers = {}, signal } = {}) => {
		const response = await fetch(sandbox.baseUrl + path, {
			method,
			signal,
			redirect: 'manual',
			headers: { ...(key === '' ? {} : { authorization: `Bearer ${key}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
			body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
		});
		const text = await response.text();
		const isJson = response.headers.get('content-type')?.includes('json');
		return { status: response.status, body: (isJson ? JSON.parse(text) : text) as Body, headers: response.headers };
	};
}

/** Starts sandboxes for one test file and closes them after each test. */
export function sandboxes(): (options?: SalesloftOptions) => Promise<{ sandbox: Sandbox; ask: Ask }> {
	const open: Sandbox[] = [];
	afterEach(async () => {
		for (const sandbox of open.splice(0)) await sandbox.close();
	});
	return async (options) => {
		const sandbox = await startSalesloft(options);
		open.push(sandbox);
		return { sandbox, ask: asking(sandbox) };
	};
}

/** A team with an account, a person on it, and `crm` configured for people. */
export async function oneOfEach(start: ReturnType<typeof sandboxes>, options?: SalesloftOptions) {
	const { sandbox, ask } = await start(options);
	const account = sandbox.addAccount({ name: 'Acme', domain: 'acme.com' });
	const person = sandbox.addPerson({ email_address: 'ann@acme.com', first_name: 'Ann', last_name: 'Lee', account_id: account });
	const configuration = sandbox.addConfiguration('crm', 'people');
	return { sandbox, ask, account, person, configuration };
}

export const mappingOf = (externalId: unknown, objectId: unknown, externalType = 'crm', objectType = 'people') => ({
	external_type: externalType,
	object_type: objectType,
	external_id: externalId,
	object_id: objectId,
});

export const idsOf = ({ body }: Answered): number[] => body.data.map(({ id }) => id);
