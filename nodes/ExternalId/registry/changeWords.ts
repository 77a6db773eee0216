import { OBJECT_WORD } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import type { ChangeKind, ChangeRow } from './rows';

type Values = Readonly<Record<string, unknown>>;

/** What a change did, as a sentence without its full stop. */
const WORDS: Readonly<Record<ChangeKind, (change: ChangeRow, before: Values, after: Values) => string>> = {
	configurationCreated: (change) => `${typeOf(change)} was created`,
	configurationUpdated: (change) => `${typeOf(change)} got other settings`,
	configurationDeleted: (change) => `${typeOf(change)} was deleted`,
	mappingCreated: (change) => `${idOf(change)} was mapped to ${objectOf(change)}`,
	mappingReplaced: (change) => `${idOf(change)} of ${objectOf(change)} became former`,
	mappingRestored: (change) => `${idOf(change)} of ${objectOf(change)} came back`,
	mappingDeleted: (change) => `${idOf(change)} was taken from ${objectOf(change)}`,
	recordCreated: (change) => `${recordOf(change)} was created`,
	recordUpdated: (change, before, after) => `${recordOf(change)} was changed (${listed(Object.keys({ ...before, ...after }))})`,
	recordDeleted: (change) => `${recordOf(change)} was deleted`,
	recordRestored: (change) => `${recordOf(change)} came back`,
	recordsMerged: (change, _before, after) => `${recordOf(change)} was merged into ${text(after.mergedInto, 'another record')}`,
	recordErased: () => 'A record was erased',
	recordAllowedAgain: () => 'An erased record was allowed again',
	emailAdded: (change) => `The e-mail ${subjectOf(change)} was added to ${objectOf(change)}`,
	emailRemoved: (change) => `The e-mail ${subjectOf(change)} was taken from ${objectOf(change)}`,
	domainAdded: (change) => `The Related Domain ${subjectOf(change)} was added to ${objectOf(change)}`,
	domainUpdated: (change, _before, after) => `The Related Domain ${subjectOf(change)} of ${objectOf(change)} was made ${after.preferred === true ? 'the preferred one' : 'an ordinary one'}`,
	domainRemoved: (change) => `The Related Domain ${subjectOf(change)} was taken from ${objectOf(change)}`,
	inboxAdded: (change) => `${waiterOf(change)} came into the inbox`,
	inboxUpdated: (change, _before, after) => `${waiterOf(change)} in the inbox was changed (${text(after.state, 'changed')})`,
	inboxRemoved: (change) => `${waiterOf(change)} left the inbox`,
	settingUpdated: (change) => `The setting ${subjectOf(change)} was changed`,
};

/** What a change did, in words for a builder. */
export function wordsOf(change: ChangeRow): string {
	return WORDS[change.kind](change, valuesOf(change.before), valuesOf(change.after));
}

/** `before` or `after` of a change as values by name; none where the history holds nothing of it. */
export function valuesOf(part: unknown): Values {
	return typeof part === 'object' && part !== null && !Array.isArray(part) ? (part as Values) : {};
}

/** The External ID that a change of a mapping is about. */
export function externalIdOf({ before, after }: Pick<ChangeRow, 'before' | 'after'>): string | undefined {
	const id = valuesOf(before).externalId ?? valuesOf(after).externalId;
	return typeof id === 'string' ? id : undefined;
}

function idOf(change: ChangeRow): string {
	const id = externalIdOf(change);
	return `${change.externalType ?? 'An'} ID${id === undefined ? '' : ` "${shown(id)}"`}`;
}

function typeOf({ externalType, objectType }: ChangeRow): string {
	return `The External Type ${externalType ?? ''} for ${objectType ?? 'records'}`;
}

function recordOf({ objectType, objectId }: ChangeRow): string {
	const word = objectType === null ? 'record' : OBJECT_WORD[objectType];
	return `${word.charAt(0).toUpperCase()}${word.slice(1)} ${objectId ?? ''}`.trim();
}

function objectOf({ objectId }: ChangeRow): string {
	return objectId ?? 'a record';
}

function subjectOf({ subject }: ChangeRow): string {
	return shown(subject ?? '');
}

function waiterOf({ subject, objectId }: ChangeRow): string {
	return shown(subject || (objectId ?? 'An entry'));
}

function listed(names: readonly string[]): string {
	const few = names.slice(0, 5).map(shown);
	return `${few.join(', ')}${names.length > few.length ? ` and ${names.length - few.length} more` : ''}`;
}

function text(value: unknown, otherwise: string): string {
	return typeof value === 'string' ? value : otherwise;
}
