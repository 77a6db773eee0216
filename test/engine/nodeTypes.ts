/** Node types that exist in tests only. */
import {
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	NodeConnectionTypes,
} from 'n8n-workflow';

function describe(name: string, properties: INodeProperties[] = []): INodeTypeDescription {
	return {
		displayName: name,
		name,
		group: ['transform'],
		version: 1,
		description: 'For tests',
		defaults: { name },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		properties,
	};
}

/** Emits given items, as they are (with their binary data). */
export class Items implements INodeType {
	description = describe('items');

	constructor(itemsOf: (nodeName: string) => INodeExecutionData[]) {
		this.execute = async function execute(this: IExecuteFunctions) {
			return [itemsOf(this.getNode().name)];
		};
	}

	execute: NonNullable<INodeType['execute']>;
}

/** Like n8n's Set: makes each item anew from `values`, an object whose values may be expressions. */
export class Assign implements INodeType {
	description = describe('set', [{ displayName: 'Values', name: 'values', type: 'json', default: {} }]);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [
			this.getInputData().map((_item, index) => ({
				json: this.getNodeParameter('values', index) as INodeExecutionData['json'],
				pairedItem: { item: index },
			})),
		];
	}
}

/** Takes what comes in and hands it on: shows what an output really delivered. */
export class Collect implements INodeType {
	description = describe('collect');

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [this.getInputData()];
	}
}
