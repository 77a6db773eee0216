import { shown } from '../../shared/identity/wording';
import type { Registry } from './registry';
import type { KeptRun } from './rows';

const RUNS_A_PAGE = 50;
/** Pages of runs that one search looks at. */
const SEARCH_PAGES = 20;

/** Name of an operation for people, where there is one. */
export type NameOf = (operation: string) => string | undefined;

/** Runs for a search box, the newest first; `after` is the ID of the last one seen. */
export async function searchRuns(registry: Registry, text: string, after: string | undefined, nameOf: NameOf): Promise<{ rows: KeptRun[]; next: string | undefined }> {
	const wanted = text.trim().toLowerCase();
	const found: KeptRun[] = [];
	let position = after;
	for (let page = 0; page < SEARCH_PAGES && found.length < RUNS_A_PAGE; page++) {
		const runs = await registry.store.runs(registry.workspace, position, RUNS_A_PAGE);
		found.push(...runs.filter((run) => wanted === '' || `${run.id} ${labelOf(run, nameOf)}`.toLowerCase().includes(wanted)));
		position = runs.length < RUNS_A_PAGE ? undefined : runs.at(-1)?.id;
		if (position === undefined) break;
	}
	return { rows: found, next: position };
}

/** What a run did, when, and whether it is undone, in one line. */
export function labelOf({ operation, startedAt, changes, undoneBy }: KeptRun, nameOf: NameOf): string {
	const time = new Date(startedAt).toISOString();
	const what = `${nameOf(operation) ?? operationName(operation)} · ${time.slice(0, 10)} ${time.slice(11, 16)} UTC · ${changes.toLocaleString('en')} ${changes === 1 ? 'change' : 'changes'}`;
	return undoneBy === null ? what : `${what} · undone`;
}

/** A run as output items show it. */
export function shownRun(run: KeptRun): Record<string, unknown> {
	return {
		runId: run.id,
		operation: run.operation,
		startedAt: new Date(run.startedAt).toISOString(),
		workflowId: run.workflowId,
		executionId: run.executionId,
	};
}

/** `mapping:getAll` as "Mapping: Get all": an operation of another version may have no name here. */
function operationName(operation: string): string {
	const [resource = '', name = ''] = operation.split(':');
	const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
	return shown(`${capital(resource)}${words === '' ? '' : `: ${capital(words)}`}`);
}

function capital(word: string): string {
	return word.charAt(0).toUpperCase() + word.slice(1);
}
