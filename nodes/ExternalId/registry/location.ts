import * as os from 'node:os';
import * as path from 'node:path';

import { RegistryError } from './errors';

/** Where a registry lies and which part of it is meant. */
export interface RegistryLocation {
	file: string;
	registry: string;
	workspace: string;
}

export const DEFAULT_REGISTRY = 'default';
export const DEFAULT_WORKSPACE = 'default';

/** Set to `true`, nodes without a credential are refused, so that nobody uses the shared registry `default` by oversight. */
export const FORBID_DEFAULT_VARIABLE = 'N8N_EXTERNAL_ID_REQUIRE_CREDENTIAL';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** The file of a registry, under n8n's user folder. A name is letters, digits, `-` and `_`: never a path. */
export function locateRegistry(names: { registry?: string; workspace?: string } | undefined): RegistryLocation {
	refuseQueueMode();
	if (names === undefined && isOn(process.env[FORBID_DEFAULT_VARIABLE])) {
		throw new RegistryError('defaultForbidden', 'This n8n asks for a credential', `Choose an External ID Registry credential in the node. ${FORBID_DEFAULT_VARIABLE} is set, so the shared registry cannot be used without one.`);
	}
	const registry = checkedName(names?.registry, DEFAULT_REGISTRY, 'Registry name');
	const workspace = checkedName(names?.workspace, DEFAULT_WORKSPACE, 'Workspace');
	return { file: path.join(userFolder(), 'external-id', `${registry}.sqlite`), registry, workspace };
}

function checkedName(given: string | undefined, fallback: string, what: string): string {
	const name = given?.trim() || fallback;
	if (NAME.test(name)) return name;
	throw new RegistryError('badName', `${what} "${name.slice(0, 64)}" cannot be used`, `A ${what.toLowerCase()} is 1 to 64 letters, digits, "-" or "_"; it is not a path.`);
}

/** n8n's own folder, found as n8n finds it (n8n-core, `InstanceSettings`): N8N_USER_FOLDER is the parent of `.n8n`. */
function userFolder(): string {
	const home = process.platform === 'win32' ? process.env.USERPROFILE : process.env.HOME;
	const parent = process.env.N8N_USER_FOLDER ?? home ?? os.homedir() ?? process.cwd();
	return path.join(parent, '.n8n');
}

/** In queue mode every worker would keep a file of its own, and IDs made by one would be unknown to the others. */
function refuseQueueMode(): void {
	if (!isQueueMode()) return;
	throw new RegistryError('queueMode', 'The SQLite registry does not work in queue mode', 'n8n runs in queue mode here: each worker would keep a registry file of its own, and they would not agree. Run n8n in regular mode to use it.');
}

/** Whether n8n hands its executions to workers. */
export function isQueueMode(): boolean {
	return process.env.EXECUTIONS_MODE === 'queue' || ['worker', 'webhook'].includes(process.argv[2] ?? '');
}

function isOn(value: string | undefined): boolean {
	return value !== undefined && ['true', '1', 'yes'].includes(value.toLowerCase());
}
