import { NodeConnectionTypes } from 'n8n-workflow';
import type { IExecuteFunctions, INodeExecutionData, INodeType, INodeTypeDescription } from 'n8n-workflow';

import type { NodeDefinition } from '../shared/node/operation';
import { outputsOf } from '../shared/node/outputs';
import { propertiesOf } from '../shared/node/properties';
import { execute } from '../shared/node/run';
import { connect, registryFrom } from './connect';
import { testRegistryCredential } from './credentialTest';
import { createExternalType, recordFields, searchAccounts, searchExternalTypes, searchRecords, searchRuns } from './lists';
import { resources } from './operations/resources';
import type { Registry } from './registry/registry';

const definition: NodeDefinition<Registry> = { resources, connect };

export class ExternalId implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'External ID',
		name: 'externalId',
		icon: { light: 'file:externalId.svg', dark: 'file:externalId.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Link, map, resolve, translate and upsert by the IDs that one person or company has in every system',
		defaults: { name: 'External ID' },
		inputs: [NodeConnectionTypes.Main],
		outputs: `={{${outputsOf(definition)}}}`,
		usableAsTool: true,
		credentials: [
			{
				name: 'externalIdRegistryApi',
				required: true,
				testedBy: 'testRegistryCredential',
				displayOptions: { show: { registryFrom: ['credential'] } },
			},
		],
		properties: [structuredClone(registryFrom), ...propertiesOf(definition)],
	};

	methods = {
		credentialTest: { testRegistryCredential },
		listSearch: { searchExternalTypes, searchRecords, searchAccounts, searchRuns },
		resourceMapping: { recordFields },
		actionHandler: { createExternalType },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(definition, this);
	}
}
