/**
 * Reads an operation's parameters. n8n's expression engine takes 0.3 ms an expression and everything else stands still
 * meanwhile (measured in n8n 2.41), so every field is compiled once a run: a constant is read once, a plain `$json` path
 * from the item, and only the rest goes to the engine.
 */
import isEqual from 'lodash/isEqual';
import { type IExecuteFunctions, type INodeExecutionData, NodeHelpers } from 'n8n-workflow';

import { trouble, type Trouble } from '../identity/outcome';
import { hasExpression, isValidatedByEngine, shapeOf } from './fieldValues';
import type { Field } from './operation';
import { ASK_ENGINE, type Build, compile } from './plainPath';
import { messageOf, sentence } from './wording';

/** How a field's value comes about: once for all items, from the item's JSON, or through n8n's expression engine. */
export type Source = 'constant' | 'path' | 'engine';

/** A field, ready to be read for any item. */
export interface Reader {
	readonly field: Field;
	readonly source: Source;
	/** The value for an item. @throws what the expression engine throws */
	read(index: number): unknown;
}

/** Fields that hold no value. */
const WITHOUT_VALUE: ReadonlySet<string> = new Set(['notice', 'callout', 'button']);

/**
 * Compiles a field for this run.
 *
 * @param items the node's input, as `getInputData()` gives it
 */
export function compileField(context: IExecuteFunctions, field: Field, items: readonly INodeExecutionData[]): Reader {
	const shape = shapeOf(field);
	const fallback = field.default ?? (field.type === 'collection' || field.type === 'fixedCollection' ? {} : null);
	const raw: unknown = context.getNodeParameter(field.name, 0, fallback, { rawExpressions: true });
	const shaped = (value: unknown) => (shape ? shape(value, raw) : value);
	const ask = (index: number): unknown => context.getNodeParameter(field.name, index, fallback);

	if (!hasExpression(raw)) {
		const value = shaped(ask(0));
		return { field, source: 'constant', read: () => value };
	}
	const build = isValidatedByEngine(field) ? undefined : compile(raw);
	if (build === undefined || !agrees(build, ask, items)) {
		return { field, source: 'engine', read: (index) => shaped(ask(index)) };
	}
	return {
		field,
		source: 'path',
		read: (index) => {
			const value = build(items[index].json);
			return shaped(value === ASK_ENGINE ? ask(index) : value);
		},
	};
}

/** Whether the engine gives the same for the first item; if not, the engine is right. */
function agrees(build: Build, ask: (index: number) => unknown, items: readonly INodeExecutionData[]): boolean {
	try {
		const built = build(items[0]?.json);
		return built === ASK_ENGINE || isEqual(built, ask(0));
	} catch {
		return false;
	}
}

/** Compiles fields; of several with one name the one that the panel shows. */
export function compileFields(
	context: IExecuteFunctions,
	fields: readonly Field[],
	items: readonly INodeExecutionData[],
): Reader[] {
	const node = context.getNode();
	const byName = new Map<string, Field>();
	for (const field of fields) {
		if (WITHOUT_VALUE.has(field.type)) continue;
		const other = byName.get(field.name);
		if (other === undefined || !NodeHelpers.displayParameter(node.parameters, other, node, null)) {
			byName.set(field.name, field);
		}
	}
	return [...byName.values()].map((field) => compileField(context, field, items));
}

/** The values of the fields that are read once a run. */
export function readOnce(readers: readonly Reader[]): Record<string, unknown> {
	const values: Record<string, unknown> = {};
	for (const { field, read } of readers) values[field.name] = read(0);
	return values;
}

/**
 * The values of one item, or the trouble that an expression made: it is that item's, not the run's (promise 6).
 * Where all fields are constants, every item gets the same object.
 */
export function itemReader(readers: readonly Reader[]): (index: number) => Readonly<Record<string, unknown>> | Failed {
	if (readers.every(({ source }) => source === 'constant')) {
		const values = readOnce(readers);
		return () => values;
	}
	const names = readers.map(({ field }) => field.name);
	return (index) => {
		const values: Record<string, unknown> = {};
		let place = 0;
		try {
			for (; place < names.length; place++) values[names[place]] = readers[place].read(index);
		} catch (error) {
			return new Failed(expressionTrouble(readers[place].field, error));
		}
		return values;
	};
}

/** An item whose parameters could not be read. */
export class Failed {
	constructor(readonly trouble: Trouble) {}
}

function expressionTrouble(field: Field, error: unknown): Trouble {
	const message = messageOf(error);
	return trouble(
		'invalid',
		'expressionFailed',
		`The value of "${field.displayName}" could not be worked out for this item. ${sentence(message)}`,
		[field.name, message],
		{ field: field.displayName },
	);
}

/** Whether a field that is read once a run was given an expression that looks at single items. */
export function looksAtItems(context: IExecuteFunctions, { field, source }: Reader): boolean {
	if (source === 'constant') return false;
	const raw: unknown = context.getNodeParameter(field.name, 0, null, { rawExpressions: true });
	return /\$json|\$binary|\$itemIndex|\.item\b/.test(JSON.stringify(raw));
}
