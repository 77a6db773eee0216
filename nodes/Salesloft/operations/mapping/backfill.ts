import { UserError } from 'n8n-workflow';

import { backfill as runBackfill } from '../../../shared/backfill';
import { isTrouble, trouble } from '../../../shared/identity/outcome';
import type { Outcome } from '../../../shared/identity/outcome';
import { backfillChoices, conflictOptions, guardOptions, mode } from '../../../shared/node/backfillPanel';
import type { Field, Input, Operation } from '../../../shared/node/operation';
import { locatorValue, option, optionsOf, typeChoice, workOf } from '../../../shared/node/panel';
import { MATCH_KEYS } from '../../../shared/ports';
import type { MatchKey, Work } from '../../../shared/ports';
import { entriesFromField, type OwnField, SalesloftBackfill } from '../../backfill';
import type { Salesloft } from '../../system';
import { email, externalId, externalType, knownExternalType, objectId, objectType, objectTypeOf, rateShare, salesloftOf, severalIds } from '../fields';
import type { SalesloftRun } from '../fields';

const fromItems = { source: ['items'] };
const byKey = (key: MatchKey): Pick<Field, 'displayOptions'> => ({ displayOptions: { show: { ...fromItems, matchBy: [key] } } });

const KEYS: ReadonlySet<unknown> = new Set(MATCH_KEYS.filter((key) => key !== 'phone'));

export const backfill: Operation<Salesloft> = {
	value: 'backfill',
	name: 'Backfill IDs',
	action: 'Backfill IDs',
	description: 'Give people, accounts or users that exist their External IDs, many at a time: planned first, then written. Never makes a record.',
	outputs: 'backfill',
	asTool: false,
	fields: [
		mode,
		objectType,
		{ ...externalType, perItem: false },
		{
			displayName: 'Source',
			name: 'source',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: "Field of Salesloft's Records", value: 'field', description: 'IDs that Salesloft holds already, in a custom field or as CRM ID' },
				{ name: 'Input Items', value: 'items', description: 'IDs of the input, each with what tells its record' },
			],
			default: 'items',
			description: 'Where the External IDs come from',
		},
		{
			displayName: 'Field',
			name: 'field',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'CRM ID', value: 'crmId', description: 'The ID that the Salesforce of the team has for the record' },
				{ name: 'Custom Field', value: 'customField' },
			],
			default: 'customField',
			description: 'What holds the IDs now (people and accounts)',
			displayOptions: { show: { source: ['field'] } },
		},
		{
			displayName: 'Custom Field',
			name: 'customField',
			type: 'resourceLocator',
			default: { mode: 'list', value: '' },
			required: true,
			description: 'The custom field that holds the IDs, by its name as Salesloft shows it',
			modes: [
				{ displayName: 'From List', name: 'list', type: 'list', placeholder: 'Choose…', typeOptions: { searchListMethod: 'searchCustomFields', searchable: true } },
				{ displayName: 'By Name', name: 'name', type: 'string', placeholder: 'e.g. Legacy ID' },
			],
			displayOptions: { show: { source: ['field'], field: ['customField'] } },
		},
		{ ...externalId, description: 'The ID that the record gets', displayOptions: { show: fromItems } },
		{
			displayName: 'Match By',
			name: 'matchBy',
			type: 'multiOptions',
			noDataExpression: true,
			options: [
				{ name: 'CRM ID', value: 'crmId', description: 'The ID of the record in the Salesforce of the team (people, accounts)' },
				{ name: 'Domain', value: 'domain', description: 'The domain of the account, exactly (accounts)' },
				{ name: 'Email', value: 'email', description: 'The e-mail address (people, users)' },
				{ name: 'Object ID', value: 'objectId', description: 'The ID that Salesloft gave the record' },
				{ name: 'Other External ID', value: 'externalId', description: 'An ID of the record in another system' },
			],
			default: ['email'],
			required: true,
			description: 'What tells which record an item is about. Of several the first that an item has and that leads to a record decides: Object ID, other External ID, CRM ID, e-mail, domain.',
			displayOptions: { show: fromItems },
		},
		{ ...objectId, required: false, ...byKey('objectId') },
		{ ...knownExternalType, displayName: 'Other External Type', name: 'otherExternalType', description: 'The system of the other External ID', perItem: false, ...byKey('externalId') },
		{ ...externalId, displayName: 'Other External ID', name: 'otherExternalId', required: false, description: 'The ID of the record in that other system', ...byKey('externalId') },
		{
			displayName: 'CRM ID',
			name: 'crmId',
			type: 'string',
			default: '',
			perItem: true,
			placeholder: 'e.g. 003A0000012abcXIAQ',
			description: 'The Salesforce ID of the record, 18 characters',
			...byKey('crmId'),
		},
		{ ...email, ...byKey('email') },
		{
			displayName: 'Domain',
			name: 'domain',
			type: 'string',
			default: '',
			perItem: true,
			placeholder: 'e.g. acme.com',
			description: 'The domain or website of the account',
			...byKey('domain'),
		},
		optionsOf(...guardOptions, rateShare, severalIds, ...conflictOptions),
	],
	async run(run) {
		const salesloft = salesloftOf(run);
		const isFromField = run.parameters.source === 'field';
		const matchBy = isFromField ? new Set<MatchKey>(['objectId']) : matchKeysOf(run);
		const choices = backfillChoices(run, matchBy);
		const target = await targetOf(run, salesloft, matchBy);
		if (isFromField) await fromField(run, salesloft, target, choices);
		else {
			const entries = run.inputs.map(({ values }) => ({
				externalId: values.externalId,
				keys: { objectId: values.objectId, externalId: values.otherExternalId, crmId: values.crmId, email: values.email, domain: values.domain },
			}));
			const work = workOf(run, 'mapping:backfill');
			tell(run, await runBackfill(new SalesloftBackfill(salesloft, target, work), entries, choices, work));
		}
	},
};

type Target = ConstructorParameters<typeof SalesloftBackfill>[1];

async function targetOf(run: SalesloftRun, salesloft: Salesloft, matchBy: ReadonlySet<MatchKey>): Promise<Target> {
	const type = objectTypeOf(run);
	const choice = typeChoice(run.parameters.externalType);
	await salesloft.learnTypes([{ objectType: type, externalType: choice }], true);
	const checkedType = salesloft.checkType(type, choice);
	if (isTrouble(checkedType)) throw new UserError(checkedType.reason);
	const otherType = matchBy.has('externalId') ? salesloft.checkType(type, typeChoice(run.parameters.otherExternalType)) : undefined;
	if (isTrouble(otherType)) throw new UserError(otherType.reason);
	return { objectType: type, externalType: checkedType, otherType, severalIds: option(run, 'severalIds', false), exclusive: true };
}

/** The records are the entries: all that is told of them comes out for the first item, for none of them stands for a record. */
async function fromField(run: SalesloftRun, salesloft: Salesloft, target: Target, choices: Parameters<typeof runBackfill>[2]): Promise<void> {
	if (target.objectType === 'users') throw new UserError('Users have no custom fields and no CRM ID. Choose Input Items as Source, and match by e-mail.');
	const field = fieldOf(run);
	const { entries, known, looked } = await entriesFromField(salesloft, target.objectType, field, run.signal);
	if (run.signal?.aborted) return;
	const [first, ...others] = run.inputs as [Input, ...Input[]];
	const outcomes: Outcome[] = [];
	const work: Work = { ...workOf(run, 'mapping:backfill'), settle: (_at, outcome) => void outcomes.push(...[outcome].flat()) };
	try {
		tell(run, await runBackfill(new SalesloftBackfill(salesloft, { ...target, known }, work), entries, choices, work));
	} finally {
		// What was written before a failure is told all the same.
		if (outcomes.length > 0 || entries.length === 0) run.settle(first, outcomes.length > 0 ? outcomes : nothingThere(looked, field, target));
	}
	for (const input of others) run.settle(input, []);
	if (others.length > 0) run.hint('The source is a field of Salesloft, so the input items are not looked at: all records came out for the first one.');
}

function nothingThere(looked: number, field: OwnField, { objectType }: Target): Outcome {
	const where = field.kind === 'crmId' ? 'a CRM ID' : `something in the custom field "${field.name}"`;
	return trouble('notFound', 'fieldEmpty', `None of ${looked.toLocaleString('en')} ${objectType} has ${where}. The name of a custom field must be written as Salesloft shows it, capitals included.`, [objectType, field.kind === 'crmId' ? '' : field.name]);
}

function fieldOf(run: SalesloftRun): OwnField {
	if (run.parameters.field === 'crmId') return { kind: 'crmId' };
	const name = String(locatorValue(run.parameters.customField) ?? '').trim();
	if (name === '') throw new UserError('Custom Field is empty. Choose the field that holds the IDs.');
	return { kind: 'customField', name };
}

function tell(run: SalesloftRun, summary: Awaited<ReturnType<typeof runBackfill>>): void {
	run.summarize({ ...summary });
	run.hint(summary.sentence, summary.guard === undefined && summary.stopped === undefined ? 'info' : 'warning');
}

/** Keys that one Object Type has and another has not. */
function matchKeysOf(run: SalesloftRun): ReadonlySet<MatchKey> {
	const chosen = new Set(([run.parameters.matchBy].flat() as unknown[]).filter((key): key is MatchKey => KEYS.has(key)));
	if (chosen.size === 0) throw new UserError('Match By is empty. Choose at least one key that tells which record an item is about.');
	const type = objectTypeOf(run);
	if (type === 'accounts' && chosen.has('email')) throw new UserError('Accounts have no e-mail address. Take Email out of Match By; Domain finds accounts by their domain.');
	if (type !== 'accounts' && chosen.has('domain')) throw new UserError('Only accounts have a domain. Take Domain out of Match By; Email finds people and users.');
	if (type === 'users' && chosen.has('crmId')) throw new UserError('Users cannot be found by CRM ID. Take CRM ID out of Match By; Email finds users.');
	return chosen;
}
