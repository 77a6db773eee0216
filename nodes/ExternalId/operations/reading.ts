import { UserError } from 'n8n-workflow';

import { isTrouble } from '../../shared/identity/outcome';
import type { ObjectType, Outcome } from '../../shared/identity/outcome';
import type { Input, LocatorValue, Run } from '../../shared/node/operation';
import type { ConflictChoices, ExternalIdEntry, ObjectName, TypeChoice, Work } from '../../shared/ports';
import type { Registry } from '../registry/registry';
import { wholeNumber } from '../registry/settings';

/** From what the runner read of the panel to what the registry takes. */

export type RegistryRun = Run<Registry>;

/** The registry's view of a run: entry n is the nth of `inputs`, which are all of the run's unless some were settled before. */
export function workOf(run: RegistryRun, operation: string, inputs: readonly Input[] = run.inputs): Work {
	return {
		caller: run.caller,
		operation,
		signal: run.signal,
		settle: (index, outcome) => run.settle(inputs[index] as Input, ownCopies(outcome)),
	};
}

/** Several items may have come to one trouble; each output item needs an object of its own. */
function ownCopies(outcome: Outcome | readonly Outcome[]): Outcome | Outcome[] {
	const own = (each: Outcome): Outcome => (isTrouble(each) ? { ...each } : each);
	return Array.isArray(outcome) ? outcome.map(own) : own(outcome as Outcome);
}

export function objectTypeOf(run: RegistryRun): ObjectType {
	return run.parameters.objectType as ObjectType;
}

/** An option of the operation's *Options*, or what it is when it was not added. */
export function option<T>(run: RegistryRun, name: string, otherwise: T): T {
	const options = run.parameters.options as Readonly<Record<string, unknown>> | undefined;
	const value = options && Object.hasOwn(options, name) ? options[name] : undefined;
	return value === undefined ? otherwise : (value as T);
}

export function typeChoice(locator: unknown): TypeChoice {
	const { value, picked } = (locator ?? {}) as Partial<LocatorValue>;
	return { name: value, picked: picked === true };
}

/** Value of a resource locator, without how it was chosen. */
export function locatorValue(locator: unknown): unknown {
	return (locator as LocatorValue | undefined)?.value;
}

/** The rows of *External IDs*. */
export function idEntries(collection: unknown): ExternalIdEntry[] {
	const rows = (collection as { ids?: Array<{ externalType: unknown; externalId: unknown }> } | undefined)?.ids ?? [];
	return rows.map((row) => ({ externalType: typeChoice(row.externalType), externalId: row.externalId }));
}

/** The record that an item names, by the key that the panel chose. */
export function namedRecord(run: RegistryRun, { values }: Input, objectType: ObjectType = objectTypeOf(run)): ObjectName {
	switch (run.parameters.findBy) {
		case 'objectId':
			return { by: 'objectId', objectType, objectId: locatorValue(values.record) };
		case 'email':
			return { by: 'email', objectType, email: values.email };
		default:
			return { by: 'externalId', objectType, externalType: typeChoice(values.externalType), externalId: values.externalId };
	}
}

export function conflictChoices(run: RegistryRun): ConflictChoices {
	return {
		whenIdBelongsToOther: option(run, 'whenIdBelongsToOther', 'conflict'),
		whenRecordHasOther: option(run, 'whenRecordHasOther', 'conflict'),
	};
}

/**
 * How many rows a list gives at most.
 *
 * @throws UserError where the limit is no whole number of 1 and more
 */
export function limitOf(run: RegistryRun): number {
	if (run.parameters.returnAll === true) return Number.POSITIVE_INFINITY;
	const limit = wholeNumber(run.parameters.limit);
	if (limit !== undefined && limit > 0) return limit;
	throw new UserError('Limit is a whole number of 1 and more. Set it, or turn on Return All.');
}

/** The text of a filter; undefined where none is set. What is no text is kept as such, so that it finds nothing instead of everything. */
export function filterText(value: unknown): string | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	return typeof value === 'object' ? JSON.stringify(value) : String(value).trim();
}
