import { NodeOperationError } from 'n8n-workflow';
import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchResult,
	NodeParameterValueType,
	ResourceMapperFields,
} from 'n8n-workflow';
import { ulid } from 'ulid';

import { OBJECT_TYPES } from '../shared/identity/outcome';
import type { ObjectType } from '../shared/identity/outcome';
import { connect } from './connect';
import { KNOWN_FIELDS } from './operations/record/fieldsInput';
import { panelName } from './operations/resources';
import { ensureConfigurations } from './registry/configurations';
import { Known } from './registry/known';
import { searchRecords as findRecords } from './registry/lists';
import type { RecordRow } from './registry/rows';
import { labelOf as runLabelOf, searchRuns as findRuns } from './registry/runs';

/** What the panel's lists show. All lists search, and go on page by page. */

/** External Types of the chosen Object Type (of all where none is chosen). */
export async function searchExternalTypes(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
	const registry = await connect(this);
	const objectType = chosenObjectType(this);
	const wanted = (filter ?? '').trim().toLowerCase();
	const rows = registry.configurations().filter((row) => objectType === undefined || row.objectType === objectType);
	const names = [...new Set(rows.map((row) => row.externalType))].filter((name) => name.toLowerCase().includes(wanted));
	return { results: names.sort().map((name) => ({ name, value: name })) };
}

/** Makes the External Type that was typed into a list, for the chosen Object Type. */
export async function createExternalType(this: ILoadOptionsFunctions, payload: IDataObject | string | undefined): Promise<NodeParameterValueType> {
	const registry = await connect(this);
	const name = typeof payload === 'object' ? payload.name : payload;
	let answer = '';
	await ensureConfigurations(registry, [{ objectType: chosenObjectType(this) ?? 'people', externalType: name }], {
		caller: { runId: `run_${ulid()}`, workflowId: undefined, nodeId: this.getNode().id, executionId: undefined, origin: 'manual' },
		operation: 'configuration:create',
		settle: (_index, outcome) => {
			const [only] = [outcome].flat();
			if (only?.status === 'invalid') throw new NodeOperationError(this.getNode(), String(only.reason));
			answer = String(only?.externalType);
		},
	});
	return answer;
}

export async function searchRecords(this: ILoadOptionsFunctions, filter?: string, paginationToken?: string): Promise<INodeListSearchResult> {
	return await search(this, chosenObjectType(this) ?? 'people', filter, paginationToken);
}

export async function searchAccounts(this: ILoadOptionsFunctions, filter?: string, paginationToken?: string): Promise<INodeListSearchResult> {
	return await search(this, 'accounts', filter, paginationToken);
}

async function search(context: ILoadOptionsFunctions, objectType: ObjectType, filter = '', after?: string): Promise<INodeListSearchResult> {
	const registry = await connect(context);
	const { rows, next } = await findRecords(registry, objectType, filter, after);
	const known = new Known(await registry.store.read(registry.workspace, { objectIds: rows.map(({ id }) => id), with: { mappings: true, emails: true, domains: true } }));
	return { results: rows.map((row) => ({ name: labelOf(known, row), value: row.id })), paginationToken: next };
}

/** "Ann Lee, ann@acme.com (8F3K2Q)"; what has neither name nor address is known by its External IDs. */
function labelOf(known: Known, { id, fields }: RecordRow): string {
	const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
	const name = text('name') || `${text('firstName')} ${text('lastName')}`.trim();
	const address = known.emailsOf(id).find(({ isPrimary }) => isPrimary)?.address ?? known.domainsOf(id)[0]?.domain ?? '';
	const externalIds = known.mappingsOf(id).filter(({ state }) => state === 'current').map((row) => `${row.externalType} ${row.externalId}`);
	const parts = [name, address].filter((part) => part !== '');
	const label = (parts.length > 0 ? parts : externalIds.slice(0, 3)).join(', ');
	return label === '' ? id : `${label.slice(0, 100)} (${id.slice(-6)})`;
}

/** Runs that wrote something, the newest first: what each did, when, how much, and whether it is undone. */
export async function searchRuns(this: ILoadOptionsFunctions, filter = '', paginationToken?: string): Promise<INodeListSearchResult> {
	const { rows, next } = await findRuns(await connect(this), filter, paginationToken, panelName);
	return { results: rows.map((run) => ({ name: runLabelOf(run, panelName), value: run.id })), paginationToken: next };
}

/** Columns of the mapper: the known fields of the Object Type, and those that its newest records have. */
export async function recordFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const registry = await connect(this);
	const objectType = chosenObjectType(this) ?? 'people';
	const known = KNOWN_FIELDS[objectType].map(({ name, displayName }) => ({ id: name, displayName }));
	const { rows } = await findRecords(registry, objectType, '', undefined);
	const used = new Set(rows.flatMap(({ fields }) => Object.keys(fields)));
	const others = [...used].filter((name) => !known.some(({ id }) => id === name)).sort().map((name) => ({ id: name, displayName: name }));
	return {
		fields: [...known, ...others].map((field) => ({ ...field, type: 'string', required: false, defaultMatch: false, display: true })),
	};
}

function chosenObjectType(context: ILoadOptionsFunctions): ObjectType | undefined {
	const chosen = context.getCurrentNodeParameter('objectType');
	return OBJECT_TYPES.find((type) => type === chosen);
}
