import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import type { ObjectName } from '../../shared/ports';
import { shown } from '../../shared/identity/wording';
import { externalIdOf, wordsOf } from './changeWords';
import { Known } from './known';
import { collect } from './lists';
import { checkName, findNamed, readsOf } from './objects';
import type { Registry } from './registry';
import type { HistoryRow } from './rows';
import type { ChangeFilter } from './store';

export interface HistoryQuery extends Omit<ChangeFilter, 'objectId'> {
	/** The record whose changes are wanted, deleted or not. */
	record?: ObjectName;
}

/** Changes that fit all the given filters, the newest first, at most `limit`. */
export async function listHistory(registry: Registry, { record, ...query }: HistoryQuery, limit: number, signal?: AbortSignal): Promise<Array<Record<string, unknown>> | Trouble> {
	const filter: ChangeFilter = query;
	if (query.runId !== undefined && !(await registry.store.run(registry.workspace, query.runId))) {
		return trouble('notFound', 'noRun', `There is no run "${shown(query.runId)}" in this workspace that wrote anything.`, [query.runId], { runId: shown(query.runId) });
	}
	if (record) {
		const name = checkName(registry, record);
		if (isTrouble(name)) return name;
		const found = findNamed(new Known(await registry.store.read(registry.workspace, readsOf([name]))), name);
		if (isTrouble(found)) return found;
		filter.objectId = found.record.id;
	}
	const rows = await collect((after, left) => registry.store.scanChanges(registry.workspace, filter, 'older', after, left), limit, signal);
	return rows.map(shownChange);
}

/** A change as output items show it: what, when, before, after, who. */
function shownChange(change: HistoryRow): Record<string, unknown> {
	const { seq, at, kind, objectType, objectId, externalType, subject, before, after, run, undoes } = change;
	const externalId = externalIdOf(change);
	return {
		changeId: seq,
		changedAt: new Date(at).toISOString(),
		change: kind,
		what: `${wordsOf(change)}.`,
		objectType,
		objectId,
		externalType,
		externalId: externalId ?? null,
		subject,
		before,
		after,
		runId: run?.id ?? null,
		operation: run?.operation ?? null,
		origin: run?.origin ?? null,
		workflowId: run?.workflowId ?? null,
		nodeId: run?.nodeId ?? null,
		executionId: run?.executionId ?? null,
		...(undoes === null ? {} : { undoesChangeId: undoes }),
	};
}
