import { isTrouble } from '../../../shared/identity/outcome';
import type { Input, Operation } from '../../../shared/node/operation';
import { option, optionsOf, typeChoice, workOf } from '../../../shared/node/panel';
import type { Salesloft } from '../../system';
import { type UpsertEntry, upsertRecords } from '../../upsert';
import { externalId, externalType, rateShare, salesloftOf, upsertObjectType } from '../fields';
import { fieldsInput, fieldsOf } from './fieldsInput';

export const upsert: Operation<Salesloft> = {
	value: 'upsert',
	name: 'Create or Update',
	action: 'Create or update a record by external ID',
	description: 'Create a new record, or update the current one if it already exists (upsert)',
	outputs: 'writer',
	fields: [
		upsertObjectType,
		externalType,
		externalId,
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
			rateShare,
			{
				displayName: 'When the Domain Is Known',
				name: 'whenDomainKnown',
				type: 'options',
				options: [
					{ name: 'Conflict', value: 'conflict', description: 'Change nothing and show both sides' },
					{ name: 'Create Anyway', value: 'create', description: 'Salesloft refuses a second account with exactly the same domain' },
					{ name: 'Link', value: 'link', description: 'Give the ID to the account that has the domain, and update it' },
				],
				default: 'conflict',
				description: 'When the ID is new but an account with exactly the domain exists (accounts)',
			},
			{
				displayName: 'When the E-Mail Is Known',
				name: 'whenEmailKnown',
				type: 'options',
				options: [
					{ name: 'Conflict', value: 'conflict', description: 'Change nothing and show both sides' },
					{ name: 'Create Anyway', value: 'create', description: 'Salesloft refuses a second person with the e-mail, unless the team allows duplicates' },
					{ name: 'Link', value: 'link', description: 'Give the ID to the person who has the e-mail, and update that person' },
				],
				default: 'link',
				description: 'When the ID is new but a person with the e-mail exists (people)',
			},
			{
				displayName: 'When the Record Is Gone',
				name: 'whenGone',
				type: 'options',
				options: [
					{ name: 'Conflict', value: 'conflict', description: 'Change nothing and say so' },
					{ name: 'Create Anew', value: 'create', description: 'Delete the mapping, and create the record anew' },
				],
				default: 'conflict',
				description: 'When the ID leads to a record that was deleted in Salesloft',
			},
		),
	],
	async run(run) {
		const type = run.parameters.recordType === 'accounts' ? 'accounts' : 'people';
		const good: Array<{ input: Input; entry: UpsertEntry }> = [];
		for (const input of run.inputs) {
			const fields = fieldsOf(run, input, type);
			if (isTrouble(fields)) run.settle(input, fields);
			else good.push({ input, entry: { externalType: typeChoice(input.values.externalType), externalId: input.values.externalId, ...fields } });
		}
		await upsertRecords(
			salesloftOf(run),
			type,
			good.map(({ entry }) => entry),
			{
				whenKnown: type === 'people' ? option(run, 'whenEmailKnown', 'link') : option(run, 'whenDomainKnown', 'conflict'),
				whenGone: option(run, 'whenGone', 'conflict'),
				emptyValues: option(run, 'emptyValues', 'ignore'),
			},
			workOf(run, 'record:upsert', good.map(({ input }) => input)),
		);
	},
};
