import type { Operation } from '../../../shared/node/operation';
import { conflictOptions } from '../../../shared/node/backfillPanel';
import { option, optionsOf, typeChoice, workOf } from '../../../shared/node/panel';
import { createMappings } from '../../changes';
import type { Salesloft } from '../../system';
import { externalId, externalType, objectId, objectType, objectTypeOf, rateShare, salesloftOf, severalIds } from '../fields';

export const create: Operation<Salesloft> = {
	value: 'create',
	name: 'Create',
	action: 'Create a mapping',
	description: 'Tie an External ID to a person, account or user whose Object ID is known',
	outputs: 'writer',
	fields: [objectType, externalType, externalId, objectId, optionsOf(rateShare, severalIds, ...conflictOptions)],
	async run(run) {
		const entries = run.inputs.map(({ values }) => ({
			objectType: objectTypeOf(run),
			externalType: typeChoice(values.externalType),
			externalId: values.externalId,
			objectId: values.objectId,
		}));
		const choices = {
			whenIdBelongsToOther: option(run, 'whenIdBelongsToOther', 'conflict' as const),
			whenRecordHasOther: option(run, 'whenRecordHasOther', 'conflict' as const),
			severalIds: option(run, 'severalIds', false),
		};
		await createMappings(salesloftOf(run), entries, choices, workOf(run, 'mapping:create'));
	},
};
