import { UserError } from 'n8n-workflow';

import { backfill as runBackfill } from '../../../shared/backfill';
import type { BackfillChoices } from '../../../shared/backfill';
import { isTrouble } from '../../../shared/identity/outcome';
import { parseCountry } from '../../../shared/identity/phone';
import type { Field, Operation } from '../../../shared/node/operation';
import { MATCH_KEYS } from '../../../shared/ports';
import type { MatchKey } from '../../../shared/ports';
import { registryBackfill } from '../../registry/backfill';
import type { Registry } from '../../registry/registry';
import { listOf, wholeNumber } from '../../registry/settings';
import { conflictOptions, email, externalId, externalType, knownExternalType, objectType, optionsOf } from '../fields';
import { conflictChoices, objectTypeOf, option, typeChoice, workOf } from '../reading';
import type { RegistryRun } from '../reading';

const byKey = (key: MatchKey): Pick<Field, 'displayOptions'> => ({ displayOptions: { show: { matchBy: [key] } } });

const PHONE_FIELDS = 'phone, mobile, mobilePhone';

export const backfill: Operation<Registry> = {
	value: 'backfill',
	name: 'Backfill IDs',
	action: 'Backfill IDs',
	description: 'Give records that exist their External IDs, many at a time: planned first, then written. Never makes a record.',
	outputs: 'backfill',
	asTool: false,
	fields: [
		{
			displayName: 'Mode',
			name: 'mode',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Apply', value: 'apply', description: 'Plan, then write what is certain' },
				{ name: 'Dry Run', value: 'dryRun', description: 'Only plan: nothing is written, and Done stays empty' },
			],
			default: 'dryRun',
			description: 'Whether the IDs are written',
		},
		objectType,
		{ ...externalType, perItem: false },
		{ ...externalId, description: 'The ID that the record gets' },
		{
			displayName: 'Match By',
			name: 'matchBy',
			type: 'multiOptions',
			noDataExpression: true,
			options: [
				{ name: 'Domain', value: 'domain', description: 'A Related Domain of the account, exactly (accounts)' },
				{ name: 'Email', value: 'email', description: 'An e-mail address of the record (people, users)' },
				{ name: 'Object ID', value: 'objectId', description: 'The ID that the registry gave the record' },
				{ name: 'Other External ID', value: 'externalId', description: 'An ID of the record in another system' },
				{ name: 'Phone', value: 'phone', description: 'A phone number in a field of the record' },
			],
			default: ['email'],
			required: true,
			description: 'What tells which record an item is about. Of several the first that an item has and that leads to a record decides: Object ID, other External ID, e-mail, domain, phone.',
		},
		{
			displayName: 'Object ID',
			name: 'objectId',
			type: 'string',
			default: '',
			perItem: true,
			placeholder: 'e.g. per_01J9ZT5T7E',
			description: 'The ID that the registry gave the record',
			...byKey('objectId'),
		},
		{ ...knownExternalType, displayName: 'Other External Type', name: 'otherExternalType', description: 'The system of the other External ID', perItem: false, ...byKey('externalId') },
		{ ...externalId, displayName: 'Other External ID', name: 'otherExternalId', required: false, description: 'The ID of the record in that other system', ...byKey('externalId') },
		{ ...email, ...byKey('email') },
		{
			displayName: 'Domain',
			name: 'domain',
			type: 'string',
			default: '',
			perItem: true,
			placeholder: 'e.g. acme.com',
			description: 'A domain or website of the account',
			...byKey('domain'),
		},
		{
			displayName: 'Phone',
			name: 'phone',
			type: 'string',
			default: '',
			perItem: true,
			placeholder: 'e.g. +34 600 111 222',
			description: 'A phone number of the record',
			...byKey('phone'),
		},
		optionsOf(
			{
				displayName: 'Default Country',
				name: 'country',
				type: 'string',
				default: '',
				placeholder: 'e.g. ES',
				description: 'Country of phone numbers without a country code, as two letters',
			},
			{
				displayName: 'Max Minutes',
				name: 'maxMinutes',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description: 'How long it may take. What is left then is Not Attempted, and the next run goes on. 0 for any time.',
			},
			{
				displayName: 'Max Writes',
				name: 'maxWrites',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description: 'How many IDs may be written. What is left then is Not Attempted, and the next run goes on. 0 for any number.',
			},
			{
				displayName: 'Phone Fields',
				name: 'phoneFields',
				type: 'string',
				default: PHONE_FIELDS,
				description: 'Fields of the records that hold phone numbers, separated by commas',
			},
			{
				displayName: 'Stop Above Replacements (%)',
				name: 'maxReplacedPercent',
				type: 'number',
				typeOptions: { minValue: 0, maxValue: 100, numberPrecision: 2 },
				default: 1,
				description: 'Nothing at all is written when more items than this would replace or move an ID: a sign of a wrong column. Looked at from 10 such items on.',
			},
			{
				displayName: 'Stop Above Trouble (%)',
				name: 'maxTroublePercent',
				type: 'number',
				typeOptions: { minValue: 0, maxValue: 100, numberPrecision: 2 },
				default: 10,
				description: 'Nothing at all is written when more items than this are in conflict, ambiguous or invalid. Looked at from 10 such items on. Items whose record is not found do not count.',
			},
			{
				displayName: 'Try First',
				name: 'tryFirst',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description: 'Look only at so many items, the first ones, to try it out. 0 for all.',
			},
			...conflictOptions,
		),
	],
	onlyLooks: ({ mode }) => mode !== 'apply',
	async run(run) {
		const matchBy = matchKeysOf(run);
		const work = workOf(run, 'mapping:backfill');
		const system = await registryBackfill(
			run.system,
			{
				objectType: objectTypeOf(run),
				externalType: typeChoice(run.parameters.externalType),
				...(matchBy.has('externalId') ? { otherType: typeChoice(run.parameters.otherExternalType) } : {}),
				phoneFields: listOf(option(run, 'phoneFields', PHONE_FIELDS)).map(String),
				country: countryOf(run),
			},
			work,
		);
		if (isTrouble(system)) throw new UserError(system.reason);
		const entries = run.inputs.map(({ values }) => ({
			externalId: values.externalId,
			keys: { objectId: values.objectId, externalId: values.otherExternalId, email: values.email, domain: values.domain, phone: values.phone },
		}));
		const choices: BackfillChoices = {
			...conflictChoices(run),
			mode: run.parameters.mode === 'apply' ? 'apply' : 'dryRun',
			matchBy,
			tryFirst: countOf(run, 'tryFirst', 'Try First'),
			maxWrites: countOf(run, 'maxWrites', 'Max Writes'),
			maxMinutes: amountOf(run, 'maxMinutes', 'Max Minutes', 0),
			maxTroublePercent: amountOf(run, 'maxTroublePercent', 'Stop Above Trouble', 10),
			maxReplacedPercent: amountOf(run, 'maxReplacedPercent', 'Stop Above Replacements', 1),
		};
		const summary = await runBackfill(system, entries, choices, work);
		run.summarize({ ...summary });
		run.hint(summary.sentence, summary.guard === undefined && summary.stopped === undefined ? 'info' : 'warning');
	},
};

/** Keys that one Object Type has and the other has not. */
function matchKeysOf(run: RegistryRun): ReadonlySet<MatchKey> {
	const chosen = new Set(([run.parameters.matchBy].flat() as unknown[]).filter((key): key is MatchKey => (MATCH_KEYS as readonly unknown[]).includes(key)));
	if (chosen.size === 0) throw new UserError('Match By is empty. Choose at least one key that tells which record an item is about.');
	const isAccount = objectTypeOf(run) === 'accounts';
	if (isAccount && chosen.has('email')) throw new UserError('Accounts have no e-mail address. Take Email out of Match By; Domain finds accounts by their Related Domains.');
	if (!isAccount && chosen.has('domain')) throw new UserError('Only accounts have Related Domains. Take Domain out of Match By; Email finds people and users.');
	return chosen;
}

function countryOf(run: RegistryRun): ReturnType<typeof parseCountry> {
	const given = option<unknown>(run, 'country', '');
	const country = parseCountry(given);
	if (country === undefined && given !== '') throw new UserError(`Default Country "${String(given)}" is no country code. Give two letters, such as ES or US.`);
	return country;
}

function countOf(run: RegistryRun, name: string, label: string): number {
	const count = wholeNumber(option<unknown>(run, name, 0));
	if (count === undefined || count < 0) throw new UserError(`${label} is a whole number from 0 on; 0 sets no limit.`);
	return count;
}

function amountOf(run: RegistryRun, name: string, label: string, otherwise: number): number {
	const amount = Number(option<unknown>(run, name, otherwise));
	if (!Number.isFinite(amount) || amount < 0) throw new UserError(`${label} is a number of 0 and more.`);
	return amount;
}
