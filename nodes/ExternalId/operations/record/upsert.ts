import { isTrouble } from '../../../shared/identity/outcome';
import type { Input, Operation } from '../../../shared/node/operation';
import type { UpsertEntry } from '../../../shared/ports';
import type { Registry } from '../../registry/registry';
import { upsertRecords } from '../../registry/upsert';
import { externalIds, objectType, optionsOf } from '../fields';
import { idEntries, objectTypeOf, option, workOf } from '../reading';
import { fieldsInput, fieldsOf } from './fieldsInput';

export const upsert: Operation<Registry> = {
	value: 'upsert',
	name: 'Create or Update',
	action: 'Create or update a record by external ID',
	description: 'Create a new record, or update the current one if it already exists (upsert)',
	outputs: 'writer',
	fields: [
		objectType,
		externalIds,
		...fieldsInput,
		optionsOf(
			{
				displayName: 'Empty Values',
				name: 'emptyValues',
				type: 'options',
				options: [
					{ name: 'Clear', value: 'clear', description: 'An empty value empties the field of the record' },
					{ name: 'Ignore', value: 'ignore', description: 'An empty value changes nothing' },
				],
				default: 'ignore',
			},
			{
				displayName: 'Restore Deleted',
				name: 'restoreDeleted',
				type: 'boolean',
				default: false,
				description: 'Whether a deleted record comes back when its ID is in the input',
			},
			{
				displayName: 'When Items Disagree',
				name: 'whenItemsDisagree',
				type: 'options',
				options: [
					{ name: 'Conflict', value: 'conflict', description: 'None of the items that give one record different values is done' },
					{ name: 'Last Item Wins', value: 'last' },
				],
				default: 'conflict',
			},
			{
				displayName: 'When the Domain Is Known',
				name: 'whenDomainKnown',
				type: 'options',
				options: [
					{ name: 'Conflict', value: 'conflict', description: 'Change nothing and show both sides' },
					{ name: 'Create', value: 'create', description: 'Make a second account with the domain' },
					{ name: 'Link', value: 'link', description: 'Give the ID to the account that has the domain' },
				],
				default: 'conflict',
				description: 'When the ID is new but an account with exactly one of the Related Domains exists (accounts only)',
			},
			{
				displayName: 'When the E-Mail Is Known',
				name: 'whenEmailKnown',
				type: 'options',
				options: [
					{ name: 'Conflict', value: 'conflict', description: 'Change nothing and show both sides' },
					{ name: 'Create', value: 'create', description: 'Make a second record with the e-mail' },
					{ name: 'Link', value: 'link', description: 'Give the ID to the record that has the e-mail' },
				],
				default: 'link',
				description: 'When the ID is new but a record with the e-mail exists (people and users)',
			},
		),
	],
	async run(run) {
		const good: Array<{ input: Input; entry: UpsertEntry }> = [];
		for (const input of run.inputs) {
			const fields = fieldsOf(run, input);
			if (isTrouble(fields)) run.settle(input, fields);
			else good.push({ input, entry: { objectType: objectTypeOf(run), ids: idEntries(input.values.externalIds), ...fields } });
		}
		const work = workOf(run, 'record:upsert', good.map(({ input }) => input));
		let refused = 0;
		await upsertRecords(
			run.system,
			good.map(({ entry }) => entry),
			{
				emptyValues: option(run, 'emptyValues', 'ignore'),
				restoreDeleted: option(run, 'restoreDeleted', false),
				whenItemsDisagree: option(run, 'whenItemsDisagree', 'conflict'),
				whenDomainKnown: option(run, 'whenDomainKnown', 'conflict'),
				whenEmailKnown: option(run, 'whenEmailKnown', 'link'),
			},
			{ ...work, settle: (index, outcome) => { if ('refusedDomains' in outcome) refused++; work.settle(index, outcome); } },
		);
		if (refused > 0) run.hint(`${refused} ${refused === 1 ? 'item' : 'items'} had Related Domains that cannot be used; see refusedDomains in the output.`, 'warning');
	},
};
