import { NodeConnectionTypes } from 'n8n-workflow';
import type { IExecuteFunctions, INodeExecutionData, INodeType, INodeTypeDescription } from 'n8n-workflow';

import type { NodeDefinition } from '../shared/node/operation';
import { outputsOf } from '../shared/node/outputs';
import { propertiesOf } from '../shared/node/properties';
import { execute } from '../shared/node/run';
import { authentication, connect } from './connect';
import { createExternalType, loadCustomFields, recordFields, searchCustomFields, searchExternalTypes } from './lists';
import { configuration } from './operations/configuration';
import { mapping } from './operations/mapping';
import { record } from './operations/record';
import type { Salesloft as System } from './system';

const definition: NodeDefinition<System> = {
	resources: [mapping, record, configuration],
	connect,
};

export class Salesloft implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Salesloft',
		name: 'salesloft',
		icon: { light: 'file:salesloft.svg', dark: 'file:salesloft.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Map, resolve, translate and backfill External IDs in Salesloft, and read and upsert people and accounts by them',
		defaults: { name: 'Salesloft' },
		inputs: [NodeConnectionTypes.Main],
		outputs: `={{${outputsOf(definition)}}}`,
		usableAsTool: true,
		credentials: [
			{ name: 'salesloftApi', required: true, displayOptions: { show: { authentication: ['apiKey'] } } },
			{ name: 'salesloftOAuth2Api', required: true, displayOptions: { show: { authentication: ['oAuth2'] } } },
		],
		properties: [structuredClone(authentication), ...propertiesOf(definition)],
	};

	methods = {
		listSearch: { searchExternalTypes, searchCustomFields },
		loadOptions: { loadCustomFields },
		resourceMapping: { recordFields },
		actionHandler: { createExternalType },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(definition, this);
	}
}
