import type { Operation } from '../../../shared/node/operation';
import type { Registry } from '../../registry/registry';
import { translateNames } from '../../registry/resolve';
import { externalTypePicker, objectType, recordName } from '../fields';
import { namedRecord, typeChoice, workOf } from '../reading';

export const translate: Operation<Registry> = {
	value: 'translate',
	name: 'Translate ID',
	action: 'Translate an ID',
	description: 'Go straight from an ID in one system to the ID of the same record in another system',
	outputs: 'reader',
	fields: [
		objectType,
		...recordName('externalId', 'objectId', 'email'),
		externalTypePicker('To External Type', 'toType', 'The system whose ID is wanted'),
	],
	async run(run) {
		const entries = run.inputs.map((input) => ({ name: namedRecord(run, input), toType: typeChoice(input.values.toType) }));
		await translateNames(run.system, entries, workOf(run, 'mapping:translate'));
	},
};
