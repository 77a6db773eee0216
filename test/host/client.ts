import axios, { type AxiosInstance, type AxiosResponse, type Method } from 'axios';
import { parse as unflatten } from 'flatted';
import type { IDataObject, INodeExecutionData, INodeTypeDescription, IRunExecutionData, ITaskData } from 'n8n-workflow';

import { sleep } from '../process.js';

/** A workflow as it is exported: what examples/ and tests hold. */
export interface WorkflowJson {
	name: string;
	nodes: Array<{
		id?: string;
		name: string;
		type: string;
		typeVersion: number;
		position?: [number, number];
		parameters?: object;
		credentials?: Record<string, { id: string; name: string }>;
		[more: string]: unknown;
	}>;
	connections: object;
	settings?: object;
	pinData?: object;
}

/** One try of one node. */
export interface NodeRun {
	status: string;
	/** Items by output index, the error output included. */
	outputs: INodeExecutionData[][];
	error: { message: string; description?: string } | undefined;
	/** Messages shown in the output pane. */
	hints: string[];
	/** ms */
	executionTime: number;
}

/** A finished execution. */
export interface Execution {
	id: string;
	/** `success`, `error`, `canceled`, `crashed`. */
	status: string;
	mode: string;
	/** What ended it, if something did. */
	error: { message: string; description?: string } | undefined;
	/** Runs by node name. */
	nodes: Record<string, NodeRun[]>;
	/** The items of a node's output in its last run; none if it did not run. */
	items(node: string, output?: number): INodeExecutionData[];
	/** Their `json`. */
	json(node: string, output?: number): IDataObject[];
}

export interface ExecutionSummary {
	id: string;
	workflowId: string;
	status: string;
	mode: string;
	startedAt: string;
	stoppedAt: string | null;
}

/** What a list or field of a node's panel asks the node for. */
export interface ParameterRequest {
	/** `n8n-nodes-external-id.externalId` */
	nodeType: string;
	typeVersion?: number;
	method: string;
	/** Parameters of the node as they stand in the panel. */
	parameters: object;
	/** Name of the parameter that asks. */
	path?: string;
	credentials?: Record<string, { id: string; name: string }>;
}

export interface Account {
	email: string;
	password: string;
}

interface Publication {
	status: 'in_progress' | 'published' | 'partial' | 'failed' | 'not_published';
	triggers: Array<{ errorMessage: string | null }>;
}

export class N8nError extends Error {
	constructor(
		message: string,
		readonly status: number,
	) {
		super(message);
	}
}

const FINISHED = new Set(['success', 'error', 'canceled', 'crashed']);

/** Talks to a running n8n as its editor does: the same REST calls, with the owner's cookie. */
export class N8nClient {
	private readonly http: AxiosInstance;
	private cookie = '';

	constructor(readonly baseUrl: string) {
		this.http = axios.create({
			baseURL: baseUrl,
			// A proxy of the machine has nothing to do with a server on the same machine.
			proxy: false,
			maxBodyLength: Infinity,
			maxContentLength: Infinity,
			validateStatus: () => true,
		});
	}

	/** Makes the owner account where there is none yet, and logs in. */
	async logIn(account: Account): Promise<void> {
		const settings = await this.rest<{ userManagement?: { showSetupOnFirstLoad?: boolean } }>('GET', '/settings');
		const answer =
			settings.userManagement?.showSetupOnFirstLoad === true
				? await this.http.post('/rest/owner/setup', { ...account, firstName: 'External', lastName: 'ID' })
				: await this.http.post('/rest/login', { emailOrLdapLoginId: account.email, password: account.password });
		if (answer.status >= 300) throw new N8nError(`n8n refused the log-in: ${text(answer)}`, answer.status);
		this.cookie = (answer.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
	}

	/** The log-in cookie, for a browser. */
	cookies(): Array<{ name: string; value: string }> {
		return this.cookie.split('; ').map((pair) => {
			const [name = '', ...value] = pair.split('=');
			return { name, value: value.join('=') };
		});
	}

	/** Any call of n8n's REST interface; gives the answer's `data`. */
	async rest<T = unknown>(method: Method, path: string, body?: unknown, params?: object): Promise<T> {
		const answer = await this.http.request({
			method,
			url: `/rest${path}`,
			data: body,
			params,
			headers: { cookie: this.cookie },
		});
		if (answer.status >= 300) throw new N8nError(`${method} ${path}: ${text(answer)}`, answer.status);
		return (answer.data as { data?: T }).data as T;
	}

	/** A file that the editor fetches from n8n (`/icons/…`, `/schemas/…`, `/types/…`). */
	async file(path: string): Promise<AxiosResponse> {
		return await this.http.get(path, { headers: { cookie: this.cookie } });
	}

	/** Descriptions of all node types that n8n knows, or those whose name begins with `prefix`. */
	async nodeTypes(prefix = ''): Promise<INodeTypeDescription[]> {
		const answer = await this.file('/types/nodes.json');
		return (answer.data as INodeTypeDescription[]).filter(({ name }) => name.startsWith(prefix));
	}

	async createCredential(name: string, type: string, data: object): Promise<{ id: string; name: string }> {
		const { id } = await this.rest<{ id: string }>('POST', '/credentials', { name, type, data });
		return { id, name };
	}

	/** What the credential dialog's test says. */
	async testCredential(id: string, name: string, type: string, data: object): Promise<{ status: string; message: string }> {
		return await this.rest('POST', '/credentials/test', { credentials: { id, name, type, data } });
	}

	/** Gives the new workflow's ID. */
	async createWorkflow(workflow: WorkflowJson): Promise<string> {
		const nodes = workflow.nodes.map((node, index) => ({
			id: `node-${index}`,
			position: [index * 220, 0],
			parameters: {},
			...node,
		}));
		const { id } = await this.rest<{ id: string }>('POST', '/workflows', {
			settings: { executionOrder: 'v1' },
			...workflow,
			nodes,
			active: false,
		});
		return id;
	}

	async workflow(id: string): Promise<WorkflowJson & { id: string; versionId: string }> {
		return await this.rest('GET', `/workflows/${id}`);
	}

	async workflows(): Promise<Array<{ id: string; name: string }>> {
		return await this.rest('GET', '/workflows');
	}

	/**
	 * Runs a workflow as *Execute Workflow* does and waits for its end.
	 * `startNode` is the trigger to start from (default: the first node that nothing leads to); `upTo` a node to stop after.
	 */
	async runWorkflow(
		workflow: string | WorkflowJson,
		{ startNode, upTo, timeoutMs }: { startNode?: string; upTo?: string; timeoutMs?: number } = {},
	): Promise<Execution> {
		const id = typeof workflow === 'string' ? workflow : await this.createWorkflow(workflow);
		const executionId = await this.startWorkflow(id, { startNode, upTo });
		return await this.finishedExecution(executionId, timeoutMs);
	}

	/** The same without waiting; gives the execution's ID. */
	async startWorkflow(id: string, { startNode, upTo }: { startNode?: string; upTo?: string } = {}): Promise<string> {
		const start = startNode ?? firstNode(await this.workflow(id));
		const answer = await this.rest<{ executionId?: string }>('POST', `/workflows/${id}/run`, {
			triggerToStartFrom: { name: start },
			...(upTo === undefined ? {} : { destinationNode: { nodeName: upTo, mode: 'inclusive' } }),
		});
		if (answer.executionId === undefined) {
			throw new N8nError(`"${start}" waits for a call from outside: activate the workflow and use callWebhook`, 0);
		}
		return answer.executionId;
	}

	async stopExecution(id: string): Promise<void> {
		await this.rest('POST', `/executions/${id}/stop`);
	}

	/** Publishes a workflow and waits until its triggers run; throws with what a trigger said that does not. */
	async activate(id: string, timeoutMs = 30_000): Promise<void> {
		const { versionId } = await this.workflow(id);
		await this.rest('POST', `/workflows/${id}/activate`, { versionId, name: 'test', description: '' });
		const { status, triggers } = await this.settledPublication(id, timeoutMs);
		if (status === 'published') return;
		const reasons = triggers.map(({ errorMessage }) => errorMessage).filter((reason) => reason !== null);
		throw new N8nError(`The workflow is ${status}: ${reasons.join('; ') || 'no trigger came up'}`, 0);
	}

	/** Takes a workflow back and waits until its triggers have ended. */
	async deactivate(id: string, timeoutMs = 30_000): Promise<void> {
		await this.rest('POST', `/workflows/${id}/deactivate`, {});
		const { status } = await this.settledPublication(id, timeoutMs);
		if (status !== 'not_published') throw new N8nError(`The workflow is still ${status}`, 0);
	}

	/** n8n publishes in the background, a moment after the call that asks for it has been answered. */
	private async settledPublication(id: string, timeoutMs: number): Promise<Publication> {
		const deadline = Date.now() + timeoutMs;
		for (;;) {
			const publication = await this.rest<Publication>('GET', `/workflows/${id}/publication-status`);
			if (publication.status !== 'in_progress' || Date.now() > deadline) return publication;
			await sleep(50);
		}
	}

	/** Executions of a workflow, newest first. */
	async executions(workflowId: string): Promise<ExecutionSummary[]> {
		const answer = await this.rest<{ results: ExecutionSummary[] }>('GET', '/executions', undefined, {
			filter: JSON.stringify({ workflowId }),
			limit: 100,
		});
		return answer.results.filter((execution) => execution.workflowId === workflowId);
	}

	/** Waits until a workflow has `count` finished executions; gives them oldest first. */
	async finishedExecutions(workflowId: string, count: number, timeoutMs = 30_000): Promise<Execution[]> {
		const deadline = Date.now() + timeoutMs;
		for (;;) {
			const done = (await this.executions(workflowId)).filter(({ status }) => FINISHED.has(status));
			if (done.length >= count) {
				return await Promise.all(done.reverse().map(async ({ id }) => await this.execution(id)));
			}
			if (Date.now() > deadline) {
				throw new Error(`${done.length} of ${count} executions had finished after ${timeoutMs} ms`);
			}
			await sleep(200);
		}
	}

	async finishedExecution(id: string, timeoutMs = 120_000): Promise<Execution> {
		const deadline = Date.now() + timeoutMs;
		for (let pause = 25; ; pause = Math.min(pause * 2, 500)) {
			const execution = await this.execution(id);
			if (FINISHED.has(execution.status)) return execution;
			if (Date.now() > deadline) throw new Error(`Execution ${id} was still "${execution.status}" after ${timeoutMs} ms`);
			await sleep(pause);
		}
	}

	/**
	 * Waits until an execution waits for a form (*Wait*, resumed by a form), fills it in as a person does whom its address was sent
	 * to, and waits for the end. Gives the execution as it is if it ended without asking.
	 *
	 * @param answers by the labels of the form's fields, in their order
	 */
	async answerForm(executionId: string, answers: Readonly<Record<string, string>>, timeoutMs = 30_000): Promise<Execution> {
		const deadline = Date.now() + timeoutMs;
		for (;;) {
			const { status, data } = await this.rest<{ status: string; data: string }>('GET', `/executions/${executionId}`);
			if (FINISHED.has(status)) return await this.execution(executionId);
			if (status === 'waiting') {
				const { resumeToken = '' } = unflatten(data) as IRunExecutionData;
				const form = new FormData();
				Object.values(answers).forEach((value, index) => form.append(`field-${index}`, value));
				const { status: answer } = await this.http.post(`/form-waiting/${executionId}?signature=${resumeToken}`, form);
				if (answer >= 300) throw new N8nError(`The form of execution ${executionId} was refused`, answer);
				return await this.finishedExecution(executionId, timeoutMs);
			}
			if (Date.now() > deadline) throw new Error(`Execution ${executionId} was still "${status}" after ${timeoutMs} ms`);
			await sleep(100);
		}
	}

	async execution(id: string): Promise<Execution> {
		const stored = await this.rest<{ id: string; status: string; mode: string; data?: string }>(
			'GET',
			`/executions/${id}`,
		);
		const data = stored.data === undefined ? undefined : (unflatten(stored.data) as IRunExecutionData);
		const nodes: Record<string, NodeRun[]> = {};
		for (const [name, runs] of Object.entries(data?.resultData.runData ?? {})) nodes[name] = runs.map(nodeRun);
		const items = (node: string, output = 0) => nodes[node]?.at(-1)?.outputs[output] ?? [];
		return {
			id: stored.id,
			status: stored.status,
			mode: stored.mode,
			error: trouble(data?.resultData.error),
			nodes,
			items,
			json: (node, output) => items(node, output).map(({ json }) => json),
		};
	}

	/** Calls an active workflow's webhook; any status is an answer. */
	async callWebhook(
		path: string,
		body?: unknown,
		{ method = 'POST', headers = {} }: { method?: Method; headers?: Record<string, string> } = {},
	): Promise<AxiosResponse> {
		return await this.http.request({ method, url: `/webhook/${path}`, data: body, headers });
	}

	/** Choices of a resource locator's list. */
	async listSearch(
		request: ParameterRequest & { filter?: string; paginationToken?: string },
	): Promise<{ results: Array<{ name: string; value: string }>; paginationToken?: string }> {
		return await this.rest('POST', '/dynamic-node-parameters/resource-locator-results', {
			...parameterBody(request),
			filter: request.filter,
			paginationToken: request.paginationToken,
		});
	}

	/** Choices of a drop-down (`loadOptionsMethod`). */
	async options(request: ParameterRequest): Promise<Array<{ name: string; value: string; description?: string }>> {
		return await this.rest('POST', '/dynamic-node-parameters/options', parameterBody(request));
	}

	/** Fields of a resource mapper. `local` for mappers that ask no credential (`localResourceMapper`). */
	async resourceMapping(
		request: ParameterRequest & { local?: boolean },
	): Promise<{ fields: Array<{ id: string; displayName: string; type?: string; required: boolean }> }> {
		const path = request.local === true ? 'local-resource-mapper-fields' : 'resource-mapper-fields';
		return await this.rest('POST', `/dynamic-node-parameters/${path}`, parameterBody(request));
	}

	/** Address of a workflow in the editor, or of one node's panel in it. */
	editorUrl(workflowId: string, nodeId?: string): string {
		return `${this.baseUrl}/workflow/${workflowId}${nodeId === undefined ? '' : `/${nodeId}`}`;
	}
}

function parameterBody({ nodeType, typeVersion = 1, method, parameters, path = '', credentials }: ParameterRequest) {
	return {
		path: `parameters.${path}`,
		methodName: method,
		nodeTypeAndVersion: { name: nodeType, version: typeVersion },
		currentNodeParameters: parameters,
		credentials,
	};
}

function firstNode({ nodes, connections }: WorkflowJson): string {
	const targets = new Set(
		Object.values(connections as Record<string, Record<string, Array<Array<{ node: string }> | null>>>)
			.flatMap((kinds) => Object.values(kinds))
			.flat(2)
			.map((target) => target?.node),
	);
	const start = nodes.find(({ name, type }) => !targets.has(name) && !type.endsWith('.stickyNote'));
	if (start === undefined) throw new Error('The workflow has no node to start from');
	return start.name;
}

function nodeRun(run: ITaskData): NodeRun {
	return {
		status: run.executionStatus ?? (run.error === undefined ? 'success' : 'error'),
		outputs: (run.data?.main ?? []).map((items) => items ?? []),
		error: trouble(run.error),
		hints: (run.hints ?? []).map(({ message }) => message),
		executionTime: run.executionTime,
	};
}

function trouble(error: { message: string; description?: string | null } | undefined): NodeRun['error'] {
	return error === undefined ? undefined : { message: error.message, description: error.description ?? undefined };
}

function text(answer: AxiosResponse): string {
	const body: unknown = answer.data;
	const said = typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : JSON.stringify(body);
	return `${answer.status} ${said}`;
}
