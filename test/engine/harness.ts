/**
 * Runs workflows through n8n's own engine (n8n-core), without a server: item linking, outputs, error output, retry and
 * cancel are n8n's, not imitated.
 */
import './environment';
import 'reflect-metadata';

import omit from 'lodash/omit';
import { ExecutionLifecycleHooks, WorkflowExecute } from 'n8n-core';
import {
	createRunExecutionData,
	type ICredentialDataDecryptedObject,
	type ICredentialsHelper,
	type ICredentialType,
	type IConnections,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
	type INodeParameters,
	type INodeType,
	type INodeTypes,
	type IRun,
	type IRunData,
	type IWorkflowExecuteAdditionalData,
	type NodeExecutionHint,
	NodeConnectionTypes,
	NodeHelpers,
	type OnError,
	Workflow,
	type WorkflowExecuteMode,
} from 'n8n-workflow';

import { startExpressionEngine, stopExpressionEngine } from './expressionEngine';
import { Assign, Collect, Items } from './nodeTypes';

/** How the types of the package under test are named in a workflow. */
export const PACKAGE = 'n8n-nodes-external-id';
/** Node types for tests: sources, Set, collector (nodeTypes.ts). */
export const ITEMS = 'test.items';
export const SET = 'test.set';
export const COLLECT = 'test.collect';

beforeAll(startExpressionEngine);
afterAll(stopExpressionEngine);

export type NodeClass = new () => INodeType;

/** What a test may say of a node: everything else has a default. */
export interface TestNode {
	name: string;
	/** `ITEMS`, `SET`, `COLLECT`, or `n8n-nodes-external-id.<name of the description>`. */
	type: string;
	parameters?: INodeParameters;
	/** What an `ITEMS` node emits. Bare objects become the JSON of an item. */
	items?: ReadonlyArray<INodeExecutionData | INodeExecutionData['json']>;
	onError?: OnError;
	retryOnFail?: boolean;
	maxTries?: number;
	alwaysOutputData?: boolean;
	executeOnce?: boolean;
	/** Names of credential types that the node has a credential of; default: all that `credentials` of the workflow holds. */
	credentials?: string[];
	/** As n8n sets it for a tool under AI Agent v3. */
	rewireOutputLogTo?: INode['rewireOutputLogTo'];
}

/** From a node (and one of its outputs, by default 0) to another. */
export type Connection = readonly [from: string, to: string] | readonly [from: string, output: number, to: string];

export interface TestWorkflow {
	/** The first one starts. */
	nodes: readonly TestNode[];
	connections: readonly Connection[];
	/** Classes of the package; each is also there as an AI tool (`<name>Tool`), as n8n makes one. */
	nodeTypes?: readonly NodeClass[];
	/** Decrypted credentials by type. */
	credentials?: Readonly<Record<string, ICredentialDataDecryptedObject>>;
	/** Credential classes, for `httpRequestWithAuthentication`. */
	credentialTypes?: ReadonlyArray<new () => ICredentialType>;
	mode?: WorkflowExecuteMode;
	/** Cancels the execution as the Stop button does, so many ms after it began. */
	cancelAfterMs?: number;
	/** Default `wf1`. */
	workflowId?: string;
}

export interface WorkflowResult {
	status: IRun['status'];
	/** What ended the execution, if anything did. */
	error: (Error & { description?: string | null }) | undefined;
	/** n8n's own record of the run, by node. */
	runData: IRunData;
	/** Items by output of the last run of a node; `[]` when it did not run. */
	outputs(node: string): INodeExecutionData[][];
	/** JSON of the items of one output (default 0). */
	json(node: string, output?: number): Array<INodeExecutionData['json']>;
	hints(node: string): NodeExecutionHint[];
	/** How long the engine took until it gave up the run, ms. */
	ms: number;
	/** The workflow as n8n holds it: its static data, its nodes with their defaults. */
	workflow: Workflow;
}

export async function runWorkflow(setup: TestWorkflow): Promise<WorkflowResult> {
	const mode = setup.mode ?? 'manual';
	const workflow = new Workflow({
		id: setup.workflowId ?? 'wf1',
		name: 'Engine test',
		nodes: setup.nodes.map((node, place) => toNode(node, place, setup)),
		connections: toConnections(setup.connections),
		active: false,
		nodeTypes: nodeTypesOf(setup),
		settings: { executionOrder: 'v1' },
	});
	const start = workflow.getNode(setup.nodes[0].name)!;
	const runExecutionData = createRunExecutionData({
		executionData: {
			contextData: {},
			metadata: {},
			nodeExecutionStack: [{ node: start, data: { main: [[{ json: {} }]] }, source: null }],
			waitingExecution: {},
			waitingExecutionSource: {},
		},
	});
	const hooks = new ExecutionLifecycleHooks(mode, '1', {
		id: workflow.id,
		name: 'Engine test',
		active: false,
		isArchived: false,
		activeVersionId: null,
		createdAt: new Date(),
		updatedAt: new Date(),
		nodes: Object.values(workflow.nodes),
		connections: workflow.connectionsBySourceNode,
	});
	const began = performance.now();
	const running = new WorkflowExecute(additionalData(setup, hooks), mode, runExecutionData).processRunExecutionData(
		workflow,
	);
	const cancel =
		setup.cancelAfterMs === undefined ? undefined : setTimeout(() => running.cancel(), setup.cancelAfterMs);
	const run = await running.finally(() => clearTimeout(cancel));
	const ms = performance.now() - began;
	// Expressions leave their isolate open for the execution; n8n closes it with the execution, and so does this.
	await workflow.expression.releaseIsolate();

	const { runData, error } = run.data.resultData;
	const last = (node: string) => runData[node]?.at(-1);
	// A tool's items are filed under its own connection type (`rewireOutputLogTo`).
	const outputs = (node: string) =>
		(last(node)?.data?.main ?? last(node)?.data?.ai_tool ?? []).map((items) => items ?? []);
	return {
		status: run.status,
		error: error as WorkflowResult['error'],
		runData,
		outputs,
		json: (node, output = 0) => (outputs(node)[output] ?? []).map((item) => item.json),
		hints: (node) => last(node)?.hints ?? [],
		ms,
		workflow,
	};
}

/** One node of the package between a source of items and nothing. */
export interface SingleNode extends Omit<TestNode, 'name' | 'type' | 'items'> {
	node: NodeClass;
	/** Default: one empty item. */
	items?: TestNode['items'];
	/** Runs it under this type instead: `externalIdTool`. */
	type?: string;
	workflow?: Omit<TestWorkflow, 'nodes' | 'connections' | 'nodeTypes'>;
}

export interface NodeResult extends Omit<WorkflowResult, 'outputs' | 'json' | 'hints'> {
	outputs: INodeExecutionData[][];
	json(output?: number): Array<INodeExecutionData['json']>;
	hints: NodeExecutionHint[];
	/** Error that the node ended with; set under *On Error: Continue* too, when it threw. */
	nodeError: WorkflowResult['error'];
}

export async function runNode({ node, items = [{}], type, workflow, ...settings }: SingleNode): Promise<NodeResult> {
	const name = 'Node';
	const result = await runWorkflow({
		...workflow,
		nodes: [
			{ name: 'Items', type: ITEMS, items },
			{ ...settings, name, type: `${PACKAGE}.${type ?? new node().description.name}` },
		],
		connections: [['Items', name]],
		nodeTypes: [node],
	});
	return {
		...result,
		outputs: result.outputs(name),
		json: (output) => result.json(name, output),
		hints: result.hints(name),
		nodeError: result.runData[name]?.at(-1)?.error as WorkflowResult['error'],
	};
}

function toNode(node: TestNode, place: number, { credentials = {} }: TestWorkflow): INode {
	const { credentials: used = Object.keys(credentials), parameters = {}, ...settings } = omit(node, 'items');
	const ids = Object.fromEntries(used.map((type) => [type, { id: type, name: type }]));
	return {
		id: `node-${place}`,
		typeVersion: 1,
		position: [place * 200, 0],
		// n8n clamps 0 to its default of 1,000 ms.
		waitBetweenTries: 1,
		...settings,
		parameters,
		...(used.length > 0 ? { credentials: ids } : {}),
	};
}

function toConnections(list: readonly Connection[]): IConnections {
	const connections: IConnections = {};
	for (const connection of list) {
		const [from, output, to] = connection.length === 2 ? [connection[0], 0, connection[1]] : connection;
		const main = ((connections[from] ??= {}).main ??= []);
		while (main.length <= output) main.push([]);
		main[output]!.push({ node: to, type: NodeConnectionTypes.Main, index: 0 });
	}
	return connections;
}

function nodeTypesOf({ nodes, nodeTypes = [] }: TestWorkflow): INodeTypes {
	const isItem = (value: object): value is INodeExecutionData => 'json' in value && typeof value.json === 'object';
	const itemsOf = (name: string) =>
		(nodes.find((node) => node.name === name)?.items ?? []).map((value) => (isItem(value) ? value : { json: value }));
	const types = new Map<string, INodeType>([
		[ITEMS, new Items(itemsOf)],
		[SET, new Assign()],
		[COLLECT, new Collect()],
	]);
	for (const nodeType of nodeTypes) {
		const node = new nodeType();
		types.set(`${PACKAGE}.${node.description.name}`, node);
		types.set(`${PACKAGE}.${node.description.name}Tool`, asTool(new nodeType()));
	}
	const get = (name: string) => {
		const type = types.get(name);
		if (type === undefined) throw new Error(`No node type "${name}" in this test`);
		return type;
	};
	return {
		getByName: get,
		getByNameAndVersion: (name, version) => NodeHelpers.getVersionedNodeType(get(name), version),
		getKnownTypes: () => ({}),
	};
}

/** What n8n makes of a node with `usableAsTool` (`n8n/dist/tool-generation/ai-tools.js`), for AI Agent v3: an ordinary node. */
function asTool(node: INodeType): INodeType {
	node.description = {
		...node.description,
		name: `${node.description.name}Tool`,
		displayName: `${node.description.displayName} Tool`,
		outputs: [NodeConnectionTypes.AiTool],
	};
	return node;
}

function additionalData(setup: TestWorkflow, hooks: ExecutionLifecycleHooks): IWorkflowExecuteAdditionalData {
	const url = 'http://localhost:5678';
	return {
		executionId: '1',
		workflowId: setup.workflowId ?? 'wf1',
		hooks,
		currentNodeExecutionIndex: 0,
		variables: {},
		instanceBaseUrl: `${url}/`,
		restApiUrl: `${url}/rest`,
		formBaseUrl: url,
		formWaitingBaseUrl: url,
		formTestBaseUrl: url,
		webhookBaseUrl: url,
		webhookWaitingBaseUrl: url,
		webhookTestBaseUrl: url,
		mcpBaseUrl: url,
		mcpTestBaseUrl: url,
		setExecutionStatus: () => {},
		sendDataToUI: () => {},
		logAiEvent: () => {},
		credentialsHelper: credentialsHelper(setup),
	} as unknown as IWorkflowExecuteAdditionalData;
}

function credentialsHelper({ credentials = {}, credentialTypes = [] }: TestWorkflow): ICredentialsHelper {
	const types = new Map(credentialTypes.map((type) => new type()).map((type) => [type.name, type]));
	const stored = new Map(Object.entries(credentials));
	return {
		getParentTypes: (name: string) => types.get(name)?.extends ?? [],
		isCredentialUsableByNode: () => true,
		getCredentialsProperties: (name: string) => types.get(name)?.properties ?? [],
		getDecrypted: async (_data: unknown, _details: unknown, name: string) => {
			const values = stored.get(name);
			if (values === undefined) throw new Error(`This test has no credential of type "${name}"`);
			return { ...values };
		},
		authenticate: async (
			values: ICredentialDataDecryptedObject,
			name: string,
			options: IHttpRequestOptions,
			workflow: Workflow,
			node: INode,
		) => authenticate(types.get(name), values, options, workflow, node),
		preAuthentication: async () => undefined,
		runPreAuthentication: async () => undefined,
		updateCredentials: async (_details: unknown, name: string, values: ICredentialDataDecryptedObject) => {
			stored.set(name, values);
		},
		updateCredentialsOauthTokenData: async (_details: unknown, name: string, values: ICredentialDataDecryptedObject) => {
			stored.set(name, { ...stored.get(name), ...values });
		},
	} as unknown as ICredentialsHelper;
}

/** As `n8n/dist/credentials-helper.js` does it. */
async function authenticate(
	type: ICredentialType | undefined,
	values: ICredentialDataDecryptedObject,
	options: IHttpRequestOptions,
	workflow: Workflow,
	node: INode,
): Promise<IHttpRequestOptions> {
	if (typeof type?.authenticate === 'function') return await type.authenticate(values, options);
	if (type?.authenticate?.type !== 'generic') return options;
	const resolve = (text: unknown) =>
		typeof text === 'string' && text.startsWith('=')
			? String(
					workflow.expression.getSimpleParameterValue(node, text, 'internal', { $credentials: values }, undefined, '') ??
						'',
				)
			: text;
	const target = options as unknown as Record<string, Record<string, unknown>>;
	for (const [part, entries] of Object.entries(type.authenticate.properties)) {
		target[part] ??= {};
		for (const [key, value] of Object.entries(entries as Record<string, unknown>)) {
			target[part][String(resolve(key))] = resolve(value);
		}
	}
	return options;
}
