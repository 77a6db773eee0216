import omit from 'lodash/omit';
import { type INodeProperties, UserError } from 'n8n-workflow';

import { isTrouble } from '../identity/outcome';
import type { Outcome } from '../identity/outcome';
import type { TypeChoice, Work } from '../ports';
import type { Field, Input, LocatorValue, Run } from './operation';

/** Fields that operations of every node have, and how what they gave is read. */

export const returnAll: Field = {
	displayName: 'Return All',
	name: 'returnAll',
	type: 'boolean',
	default: false,
	description: 'Whether to return all results or only up to a given limit',
};

export const limit: Field = {
	displayName: 'Limit',
	name: 'limit',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 50,
	displayOptions: { show: { returnAll: [false] } },
	description: 'Max number of results to return',
};

/** The *Options* of an operation; the runner adds those that all operations have. */
export function optionsOf(...options: INodeProperties[]): Field {
	return { displayName: 'Options', name: 'options', type: 'collection', placeholder: 'Add option', default: {}, options };
}

/** The *Filters* of a list, read for each item. */
export function filtersOf(...options: INodeProperties[]): Field {
	return { displayName: 'Filters', name: 'filters', type: 'collection', placeholder: 'Add filter', default: {}, perItem: true, options };
}

/** A field as it stands inside a collection, which n8n reads as a whole and where nothing is required. */
export function insideCollection(field: Field): INodeProperties {
	return omit(field, 'perItem', 'required');
}

/** A system's view of a run: entry n is the nth of `inputs`, which are all of the run's unless some were settled before. */
export function workOf<System>(run: Run<System>, operation: string, inputs: readonly Input[] = run.inputs): Work {
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

/** An option of the operation's *Options*, or what it is when it was not added. */
export function option<T>(run: Pick<Run<unknown>, 'parameters'>, name: string, otherwise: T): T {
	const options = run.parameters.options as Readonly<Record<string, unknown>> | undefined;
	const value = options && Object.hasOwn(options, name) ? options[name] : undefined;
	return value === undefined ? otherwise : (value as T);
}

/** A number of *Options*. @throws UserError where it is none of `least` to `most` */
export function numberOption(run: Pick<Run<unknown>, 'parameters'>, name: string, label: string, { otherwise, least = 0, most = Number.POSITIVE_INFINITY, whole = false }: { otherwise: number; least?: number; most?: number; whole?: boolean }): number {
	const given = option<unknown>(run, name, otherwise);
	const number = typeof given === 'number' || (typeof given === 'string' && given.trim() !== '') ? Number(given) : Number.NaN;
	if (number >= least && number <= most && (!whole || Number.isInteger(number))) return number;
	throw new UserError(`${label} is a ${whole ? 'whole ' : ''}number ${most === Number.POSITIVE_INFINITY ? `of ${least} and more` : `from ${least} to ${most}`}.`);
}

export function typeChoice(locator: unknown): TypeChoice {
	const { value, picked } = (locator ?? {}) as Partial<LocatorValue>;
	return { name: value, picked: picked === true };
}

/** Value of a resource locator, without how it was chosen. */
export function locatorValue(locator: unknown): unknown {
	return (locator as LocatorValue | undefined)?.value;
}

/**
 * How many rows a list gives at most.
 *
 * @throws UserError where the limit is no whole number of 1 and more
 */
export function limitOf({ parameters }: Pick<Run<unknown>, 'parameters'>): number {
	if (parameters.returnAll === true) return Number.POSITIVE_INFINITY;
	const most = Number(parameters.limit);
	if (Number.isInteger(most) && most > 0) return most;
	throw new UserError('Limit is a whole number of 1 and more. Set it, or turn on Return All.');
}

/** The text of a filter; undefined where none is set. What is no text is kept as such, so that it finds nothing instead of everything. */
export function filterText(value: unknown): string | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	return typeof value === 'object' ? JSON.stringify(value) : String(value).trim();
}

/** A list as builders give it: a list, or text with commas or lines between the entries. Empty ones are left out. */
export function listOf(value: unknown): unknown[] {
	const parts = typeof value === 'string' ? value.split(/[,;\n]/) : Array.isArray(value) ? value : [value];
	return parts.map((part: unknown) => (typeof part === 'string' ? part.trim() : part)).filter((part) => part !== '' && part !== undefined && part !== null);
}
