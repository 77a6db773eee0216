import type { Operation } from '../../../shared/node/operation';
import { optionsOf, typeChoice, workOf } from '../../../shared/node/panel';
import { translateNames } from '../../resolve';
import type { Salesloft } from '../../system';
import { externalTypePicker, namedRecord, objectType, rateShare, recordName, salesloftOf } from '../fields';

export const translate: Operation<Salesloft> = {
	value: 'translate',
	name: 'Translate ID',
	action: 'Translate an ID',
	description: 'Go straight from an ID in one system to the ID of the same person, account or user in another system',
	outputs: 'reader',
	fields: [objectType, ...recordName, externalTypePicker('To External Type', 'toType', 'The system whose ID is wanted'), optionsOf(rateShare)],
	async run(run) {
		const entries = run.inputs.map((input) => ({ name: namedRecord(run, input), toType: typeChoice(input.values.toType) }));
		await translateNames(salesloftOf(run), entries, workOf(run, 'mapping:translate'));
	},
};
