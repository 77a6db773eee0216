import { type IDataObject, type ILoadOptionsFunctions, type INodeListSearchResult, type INodePropertyOptions, NodeOperationError, type NodeParameterValueType, type ResourceMapperFields } from 'n8n-workflow';

import { parseExternalType } from '../shared/identity/externalId';
import { OBJECT_TYPES } from '../shared/identity/outcome';
import type { ObjectType } from '../shared/identity/outcome';
import { isRefusal } from './answers';
import { connect } from './connect';
import { WRITABLE } from './fields';
import { CUSTOM_PREFIX, labelOfField } from './operations/record/fieldsInput';

/** What the panel's lists show. */

/** External Types of the chosen Object Type (of all where none is chosen). */
export async function searchExternalTypes(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
	const objectType = chosenObjectType(this);
	const wanted = (filter ?? '').trim().toLowerCase();
	const { api } = await connect(this);
	const rows = (await api.configurations()).filter((row) => objectType === undefined || row.objectType === objectType);
	const names = [...new Set(rows.map((row) => row.externalType))].filter((name) => name.toLowerCase().includes(wanted));
	return { results: names.sort().map((name) => ({ name, value: name })) };
}

/** Makes the External Type that was typed into a list, for the chosen Object Type. */
export async function createExternalType(this: ILoadOptionsFunctions, payload: IDataObject | string | undefined): Promise<NodeParameterValueType> {
	const name = parseExternalType(typeof payload === 'object' ? payload.name : payload);
	if (typeof name !== 'string') throw new NodeOperationError(this.getNode(), name.reason);
	const { api } = await connect(this);
	const made = await api.createConfiguration(chosenObjectType(this) ?? 'people', name);
	if (isRefusal(made)) throw new NodeOperationError(this.getNode(), `Salesloft refused it: ${made.words}`);
	return name;
}

export async function searchCustomFields(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
	const wanted = (filter ?? '').trim().toLowerCase();
	const names = (await customFieldsOf(this)).filter((name) => name.toLowerCase().includes(wanted));
	return { results: names.map((name) => ({ name, value: name })) };
}

export async function loadCustomFields(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return (await customFieldsOf(this)).map((name) => ({ name, value: name }));
}

/** Columns of the mapper: the fields that can be written, and the team's custom fields. */
export async function recordFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const objectType = chosenObjectType(this) === 'accounts' ? 'accounts' : 'people';
	const known = Object.keys(WRITABLE[objectType]).filter((name) => name !== 'custom_fields' && name !== 'crm_id_type').map((name) => ({ id: name, displayName: labelOfField(name) }));
	const custom = (await customFieldsOf(this)).map((name) => ({ id: CUSTOM_PREFIX + name, displayName: `${name} (custom)` }));
	return { fields: [...known, ...custom].map((field) => ({ ...field, type: 'string', required: false, defaultMatch: false, display: true })) };
}

async function customFieldsOf(context: ILoadOptionsFunctions): Promise<string[]> {
	const { api } = await connect(context);
	return await api.customFields(chosenObjectType(context) === 'accounts' ? 'accounts' : 'people');
}

function chosenObjectType(context: ILoadOptionsFunctions): ObjectType | undefined {
	const chosen = context.getCurrentNodeParameter('objectType') ?? context.getCurrentNodeParameter('recordType');
	return OBJECT_TYPES.find((type) => type === chosen);
}
