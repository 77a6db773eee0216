import { isTrouble, trouble } from '../../../shared/identity/outcome';
import type { ObjectType, Trouble } from '../../../shared/identity/outcome';
import type { Input, Operation } from '../../../shared/node/operation';
import { listHistory } from '../../registry/history';
import type { HistoryQuery } from '../../registry/history';
import type { Registry } from '../../registry/registry';
import { CHANGE_KINDS } from '../../registry/rows';
import type { ChangeKind } from '../../registry/rows';
import { filtersOf, insideCollection, knownExternalType, limit, objectType, recordName, returnAll } from '../fields';
import { filterText, limitOf, locatorValue, namedRecord } from '../reading';
import type { RegistryRun } from '../reading';
import { runPicker } from './runPicker';

const ofRecord = { historyOf: ['record'] };

export const history: Operation<Registry> = {
	value: 'history',
	name: 'Get History',
	action: 'Get the history of changes',
	description: 'What was changed, when, what it was before and after, and by which workflow; the newest first',
	outputs: 'lister',
	fields: [
		{
			displayName: 'History Of',
			name: 'historyOf',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'Everything', value: 'everything', description: 'All changes of the registry' },
				{ name: 'One Record', value: 'record', description: 'What became of one record, deleted or not' },
				{ name: 'One Run', value: 'run', description: 'What one run of a node did' },
			],
			default: 'everything',
			description: 'Whose changes to list',
		},
		{ ...runPicker, displayOptions: { show: { historyOf: ['run'] } } },
		{ ...objectType, displayOptions: { show: ofRecord } },
		...recordName('externalId', 'objectId', 'email').map((field) => ({ ...field, displayOptions: { show: { ...field.displayOptions?.show, ...ofRecord } } })),
		returnAll,
		limit,
		filtersOf(
			{
				displayName: 'Changes',
				name: 'kinds',
				type: 'multiOptions',
				options: [...CHANGE_KINDS].sort().map((kind) => ({ name: titleOf(kind), value: kind })),
				default: [],
				description: 'Only changes of these kinds; all when none is chosen',
			},
			insideCollection(knownExternalType),
			{ displayName: 'From', name: 'from', type: 'dateTime', default: '', description: 'Only changes at this time or later' },
			{ ...insideCollection(objectType), name: 'ofObjectType' },
			{ displayName: 'To', name: 'to', type: 'dateTime', default: '', description: 'Only changes at this time or earlier' },
		),
	],
	async run(run) {
		for (const input of run.inputs) {
			const query = queryOf(run, input);
			if (isTrouble(query)) {
				run.settle(input, query);
				continue;
			}
			const rows = await listHistory(run.system, query, limitOf(run), run.signal);
			run.settle(input, isTrouble(rows) ? rows : rows.map((row) => ({ status: 'found', ...row })));
		}
	},
};

function queryOf(run: RegistryRun, input: Input): HistoryQuery | Trouble {
	const given = (input.values.filters ?? {}) as Readonly<Record<string, unknown>>;
	const kinds = Array.isArray(given.kinds) ? (given.kinds as ChangeKind[]) : [];
	const query: HistoryQuery = {
		kinds: kinds.length > 0 ? new Set(kinds) : undefined,
		externalType: filterText(locatorValue(given.externalType)),
		objectType: filterText(given.ofObjectType) as ObjectType | undefined,
		from: timeOf(given.from),
		to: timeOf(given.to),
	};
	if (Number.isNaN(query.from) || Number.isNaN(query.to)) return trouble('invalid', 'time', 'From or To is not a date that can be read. An example: 2026-01-31T09:00:00Z', [input.index]);
	const { historyOf } = run.parameters;
	if (historyOf === 'record') query.record = namedRecord(run, input);
	if (historyOf === 'run') {
		query.runId = filterText(locatorValue(input.values.run));
		if (query.runId === undefined) return trouble('invalid', 'noRunId', 'Run is empty. Choose a run, or give a Run ID.', [input.index]);
	}
	return query;
}

function timeOf(value: unknown): number | undefined {
	const text = filterText(value);
	return text === undefined ? undefined : Date.parse(text);
}

/** `mappingCreated` as "Mapping Created". */
function titleOf(kind: string): string {
	return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`);
}
