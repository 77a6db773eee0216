/** What can be wrong with a whole registry, as opposed to one item. */
export type RegistryProblem =
	| 'noSqlite'
	| 'queueMode'
	| 'defaultForbidden'
	| 'badName'
	| 'accessKey'
	| 'newerSchema'
	| 'busy'
	| 'readOnly'
	| 'corrupt'
	| 'full'
	| 'cannotOpen'
	| 'unexpected';

/** A trouble of the whole registry, in words for a builder: what happened, and what to do. */
export class RegistryError extends Error {
	constructor(
		readonly problem: RegistryProblem,
		message: string,
		/** What to do about it. */
		readonly description: string,
		options?: { cause?: unknown },
	) {
		super(message, options);
		this.name = 'RegistryError';
	}
}

/** SQLite's primary result codes that a builder can do something about (https://sqlite.org/rescode.html). */
const BY_SQLITE_CODE: ReadonlyMap<number, [RegistryProblem, string, string]> = new Map([
	[5, ['busy', 'The registry is locked by another program', 'Another n8n process or a database tool keeps the registry file locked. Close the tool, or try again in a moment.']],
	[6, ['busy', 'The registry is locked by another program', 'Another n8n process or a database tool keeps the registry file locked. Close the tool, or try again in a moment.']],
	[8, ['readOnly', 'The registry file cannot be written', 'Make the file and its folder writable for the user that n8n runs as.']],
	[10, ['cannotOpen', 'The disk did not do what the registry asked', 'Check the disk that holds n8n\'s user folder. Nothing of this step was written.']],
	[11, ['corrupt', 'The registry file is damaged', 'Stop n8n, put back a backup of the file, or move the file away to start with an empty registry.']],
	[13, ['full', 'The disk is full', 'Make room on the disk that holds n8n\'s user folder and run again. What was reported as done is kept; nothing is half-written.']],
	[14, ['cannotOpen', 'The registry file cannot be opened', 'Make sure that the folder exists and that the user n8n runs as may read and write it.']],
	[26, ['corrupt', 'The registry file is not a registry', 'Another program wrote this file, or it is damaged. Move it away, or put back a backup.']],
]);

const CANNOT_REACH: [RegistryProblem, string, string] = ['cannotOpen', 'The registry file cannot be opened', 'Make sure that its folder can be made, and that the user n8n runs as may read and write it.'];

/** Codes of the operating system, as `node:fs` gives them. */
const BY_SYSTEM_CODE: ReadonlyMap<string, [RegistryProblem, string, string]> = new Map([
	['EACCES', CANNOT_REACH],
	['EPERM', CANNOT_REACH],
	['EROFS', CANNOT_REACH],
	['ENOTDIR', CANNOT_REACH],
	['EISDIR', CANNOT_REACH],
	['ENOSPC', ['full', 'The disk is full', 'Make room on the disk that holds n8n\'s user folder and run again.']],
]);

/** Turns what a database driver threw into words; errors of our own stay as they are. */
export function registryError(error: unknown, location: string): RegistryError {
	if (error instanceof RegistryError) return error;
	const code = sqliteCode(error);
	const known = code === undefined ? undefined : BY_SQLITE_CODE.get(code);
	if (known) {
		const [problem, message, advice] = known;
		return new RegistryError(problem, `${message}: ${location}`, advice, { cause: error });
	}
	const system = systemCode(error);
	const refused = system === undefined ? undefined : BY_SYSTEM_CODE.get(system);
	if (refused) {
		const [problem, message, advice] = refused;
		return new RegistryError(problem, `${message}: ${location}`, advice, { cause: error });
	}
	const detail = error instanceof Error ? error.message : String(error);
	return new RegistryError('unexpected', `The registry could not do this: ${detail}`, `It is kept in ${location}. Nothing of this step was written.`, { cause: error });
}

/** Primary result code of an error of `node:sqlite` (extended codes carry it in their low byte). */
export function sqliteCode(error: unknown): number | undefined {
	if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
	return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

function systemCode(error: unknown): string | undefined {
	return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the database was busy, so that trying again a little later can help. */
export function isBusy(error: unknown): boolean {
	const code = sqliteCode(error);
	return code === 5 || code === 6;
}

/** Whether a uniqueness or another constraint refused a write (SQLITE_CONSTRAINT). */
export function isConstraint(error: unknown): boolean {
	return sqliteCode(error) === 19;
}
