import { trouble } from '../../../shared/identity/outcome';
import type { Operation } from '../../../shared/node/operation';
import { ALL_FINDINGS, auditRegistry } from '../../registry/audit';
import type { FindingKind } from '../../registry/audit';
import type { Registry } from '../../registry/registry';
import { insideCollection, knownExternalType, objectType } from '../fields';
import { filterText, locatorValue, objectTypeOf } from '../reading';

export const audit: Operation<Registry> = {
	value: 'audit',
	name: 'Audit',
	action: 'Audit the registry',
	description: 'Look through the registry for what will make trouble: duplicates, orphans, IDs that do not fit. Writes nothing. The first item counts, the others are one finding each.',
	outputs: 'lister',
	once: true,
	fields: [
		{
			displayName: 'Look For',
			name: 'kinds',
			type: 'multiOptions',
			noDataExpression: true,
			options: [
				{ name: 'Accounts That Share a Domain', value: 'sharedDomain', description: 'And none of them is preferred' },
				{ name: 'IDs of a Type That Is Gone', value: 'configurationGone' },
				{ name: 'IDs of Records That Are Gone', value: 'recordGone', description: 'Deleted or merged records that still have IDs' },
				{ name: 'IDs That Are Nearly the Same', value: 'similarIds', description: 'In another case, or without their leading zeros' },
				{ name: 'IDs That Do Not Fit Their Type', value: 'unfitId', description: 'By its pattern, length or blocked values as they are now' },
				{ name: 'People on Accounts That Are Gone', value: 'accountGone' },
				{ name: 'People Who Share an E-Mail', value: 'sharedEmail' },
				{ name: 'Records Without an ID', value: 'withoutId', description: 'Of the External Type that is chosen below' },
			],
			default: [...ALL_FINDINGS],
			description: 'What to look for',
		},
		{
			displayName: 'Limit per Kind',
			name: 'limitPerKind',
			type: 'number',
			typeOptions: { minValue: 0 },
			default: 50,
			description: 'How many findings of each kind come out as items; all are counted',
		},
		{ ...objectType, description: 'What kind of record should have an ID of the External Type below', displayOptions: { show: { kinds: ['withoutId'] } } },
		{
			...insideCollection(knownExternalType),
			displayName: 'Records Without an ID Of',
			name: 'withoutType',
			description: 'The External Type that each record should have an ID of. Left empty, that is not looked for.',
			displayOptions: { show: { kinds: ['withoutId'] } },
		},
	],
	async run(run) {
		const kinds = new Set(run.parameters.kinds as FindingKind[]);
		const type = filterText(locatorValue(run.parameters.withoutType));
		const limit = Number(run.parameters.limitPerKind);
		for (const input of run.inputs) {
			const unknown = run.system.unknownFilter(objectTypeOf(run), kinds.has('withoutId') ? type : undefined);
			if (kinds.size === 0) {
				run.settle(input, trouble('invalid', 'noKinds', 'Look For is empty, so nothing was looked for. Choose at least one kind of finding.', []));
				continue;
			}
			if (unknown || !(limit >= 0)) {
				run.settle(input, unknown ?? trouble('invalid', 'limit', 'Limit per Kind is a number from 0.', []));
				continue;
			}
			const findings = await auditRegistry(run.system, { kinds, limit, withoutType: type === undefined ? undefined : { objectType: objectTypeOf(run), externalType: type } }, run.signal);
			run.settle(input, findings.map((finding) => ({ status: 'found', ...finding })));
		}
	},
};
