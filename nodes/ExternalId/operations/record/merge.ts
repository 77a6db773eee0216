import type { Field, Input, Operation } from '../../../shared/node/operation';
import type { ObjectName } from '../../../shared/ports';
import { mergeRecords } from '../../registry/merge';
import type { Registry } from '../../registry/registry';
import { objectType, optionsOf, recordName } from '../fields';
import { namedRecord, objectTypeOf, option, workOf } from '../reading';
import type { RegistryRun } from '../reading';

const WAYS = ['externalId', 'objectId', 'email'] as const;

/** The keys of the record that is merged away stand under names of their own beside those of the one that stays. */
const otherName = (name: string) => `other${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const survivorFields = recordName(...WAYS).map((field): Field => ({ ...field, displayName: `Keep: ${field.displayName}` }));
const otherFields = recordName(...WAYS).map((field): Field => {
	const findBy = field.displayOptions?.show?.findBy;
	return { ...field, name: otherName(field.name), displayName: `Merge: ${field.displayName}`, ...(findBy ? { displayOptions: { show: { otherFindBy: findBy } } } : {}) };
});

export const merge: Operation<Registry> = {
	value: 'merge',
	name: 'Merge',
	action: 'Merge two records',
	description: 'Make two records one: IDs, addresses, Related Domains, fields and contacts go to the record to keep, and the other leads to it',
	outputs: 'writer',
	asTool: false,
	fields: [
		objectType,
		...survivorFields,
		...otherFields,
		optionsOf(
			{
				displayName: 'Fields From',
				name: 'mergeFieldsFrom',
				type: 'options',
				options: [
					{ name: 'Newest', value: 'newest', description: 'The record that was changed last' },
					{ name: 'Record to Keep', value: 'survivor' },
					{ name: 'Record to Merge', value: 'other' },
				],
				default: 'survivor',
				description: 'Whose value stays where both have one. What only one of them has stays anyway.',
			},
			{
				displayName: 'When Both Have an ID',
				name: 'whenBothHaveId',
				type: 'options',
				options: [
					{ name: 'Conflict', value: 'conflict', description: 'Merge nothing and show both sides' },
					{ name: "Keep the Survivor's", value: 'keepSurvivor', description: 'The other ID becomes former: it still resolves to the record' },
				],
				default: 'conflict',
				description: 'When both have a current ID of one External Type, and a record may have only one',
			},
		),
	],
	async run(run) {
		const entries = run.inputs.map((input) => ({ objectType: objectTypeOf(run), survivor: namedRecord(run, input), other: otherRecord(run, input) }));
		const choices = { fieldsFrom: option(run, 'mergeFieldsFrom', 'survivor' as const), whenBothHaveId: option(run, 'whenBothHaveId', 'conflict' as const) };
		await mergeRecords(run.system, entries, choices, workOf(run, 'record:merge'));
	},
};

function otherRecord(run: RegistryRun, input: Input): ObjectName {
	const unprefixed = (values: Readonly<Record<string, unknown>>) => Object.fromEntries(['findBy', 'externalType', 'externalId', 'record', 'email'].map((name) => [name, values[otherName(name)]]));
	return namedRecord({ ...run, parameters: { ...run.parameters, ...unprefixed(run.parameters) } }, { ...input, values: unprefixed(input.values) });
}
