import type { Operation } from '../../../shared/node/operation';
import { linkIds } from '../../registry/link';
import type { Registry } from '../../registry/registry';
import { conflictOptions, email, externalIds, objectType, optionsOf } from '../fields';
import { conflictChoices, idEntries, objectTypeOf, workOf } from '../reading';

export const link: Operation<Registry> = {
	value: 'link',
	name: 'Link IDs',
	action: 'Link IDs of one record',
	description: 'Store that IDs of different systems belong to the same record. The record is found by any of them, or made.',
	outputs: 'writer',
	fields: [
		objectType,
		externalIds,
		{ ...email, description: 'Finds the record when none of the IDs is known yet; added to the record when it is new' },
		optionsOf(...conflictOptions),
	],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({
			objectType: objectTypeOf(run),
			ids: idEntries(values.externalIds),
			email: values.email,
		}));
		await linkIds(run.system, entries, conflictChoices(run), workOf(run, 'mapping:link'));
	},
};
