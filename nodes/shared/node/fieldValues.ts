/** What a field delivers, where that is more than n8n's plain value: resource locators and resource mappers. */
import {
	type INodeProperties,
	type INodePropertyCollection,
	type INodePropertyMode,
	isResourceMapperValue,
	UserError,
	validateFieldType,
} from 'n8n-workflow';

import type { LocatorValue } from './operation';

type Plain = Readonly<Record<string, unknown>>;

/** Turns what n8n gave for a field into what an operation gets. `raw` is the parameter as saved, expressions and all. */
export type Shape = (value: unknown, raw: unknown) => unknown;

/** The shape of a field, or nothing where n8n's value is delivered as it is. */
export function shapeOf(field: INodeProperties): Shape | undefined {
	switch (field.type) {
		case 'resourceLocator':
			return (value, raw) => locatorValue(field, value, raw);
		case 'resourceMapper':
			return (value) => mapperValue(field, value);
		case 'collection':
			return membersShape((field.options ?? []) as INodeProperties[]);
		case 'fixedCollection':
			return groupsShape((field.options ?? []) as INodePropertyCollection[]);
		default:
			return undefined;
	}
}

/** Whether n8n itself converts or checks this field's value (or one inside), so that only n8n may read it. */
export function isValidatedByEngine(field: INodeProperties): boolean {
	if (field.validateType !== undefined) return true;
	return (field.options ?? []).some((option) =>
		'values' in option ? option.values.some(isValidatedByEngine) : 'type' in option && isValidatedByEngine(option),
	);
}

/** Whether a saved value holds an expression anywhere. */
export function hasExpression(raw: unknown): boolean {
	if (typeof raw === 'string') return raw.startsWith('=');
	if (typeof raw !== 'object' || raw === null) return false;
	return Object.values(raw).some(hasExpression);
}

export function isPlain(value: unknown): value is Plain {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Shape of an object whose keys are fields; of a list of them, each. */
function membersShape(fields: readonly INodeProperties[]): Shape | undefined {
	const shapes = fields.flatMap((field) => {
		const shape = shapeOf(field);
		return shape ? [[field.name, shape] as const] : [];
	});
	if (shapes.length === 0) return undefined;
	const shapeMembers: Shape = (value, raw) => {
		if (Array.isArray(value)) {
			return value.map((member, place) => shapeMembers(member, Array.isArray(raw) ? raw[place] : undefined));
		}
		if (!isPlain(value)) return value;
		const shaped: Record<string, unknown> = { ...value };
		for (const [name, shape] of shapes) {
			if (Object.hasOwn(value, name)) shaped[name] = shape(value[name], isPlain(raw) ? raw[name] : undefined);
		}
		return shaped;
	};
	return shapeMembers;
}

/** Shape of a fixed collection: an object of groups, each an object of fields or a list of such objects. */
function groupsShape(groups: readonly INodePropertyCollection[]): Shape | undefined {
	const shapes = groups.flatMap(({ name, values }) => {
		const shape = membersShape(values);
		return shape ? [[name, shape] as const] : [];
	});
	if (shapes.length === 0) return undefined;
	return (value, raw) => {
		if (!isPlain(value)) return value;
		const shaped: Record<string, unknown> = { ...value };
		for (const [name, shape] of shapes) {
			if (Object.hasOwn(value, name)) shaped[name] = shape(value[name], isPlain(raw) ? raw[name] : undefined);
		}
		return shaped;
	};
}

function locatorValue(field: INodeProperties, located: unknown, raw: unknown): LocatorValue {
	// A bare value instead of a locator: hand-written workflows, or an expression for the whole parameter.
	if (!isPlain(located) || !('value' in located)) return { value: located, picked: false };
	const { mode, value } = located;
	const picked = mode === 'list' && isPlain(raw) && !hasExpression(raw.value) && !hasExpression(raw.mode);
	return { value: extract(field, mode, value), picked };
}

/** Applies a mode's `extractValue`, as n8n does when asked to (an ID out of an address, for example). */
function extract(field: INodeProperties, mode: unknown, value: unknown): unknown {
	const how = field.modes?.find(({ name }: INodePropertyMode) => name === mode)?.extractValue;
	if (how?.type !== 'regex' || typeof value !== 'string') return value;
	const found = new RegExp(how.regex).exec(value);
	if (found?.[1] === undefined) {
		throw new UserError(`"${value}" does not have the form that ${field.displayName} takes by ${String(mode)}`);
	}
	return found[1];
}

/** Converts the values of a resource mapper to the types of its schema, as n8n does for `<name>.value`. */
function mapperValue(field: INodeProperties, mapped: unknown): unknown {
	if (!isResourceMapperValue(mapped) || !isPlain(mapped.value)) return mapped;
	const options = field.typeOptions?.resourceMapper;
	const typed = options?.showTypeConversionOptions === true;
	const columns = new Map(mapped.schema?.map((column) => [column.id, column]));
	const value: Record<string, unknown> = { ...mapped.value };
	for (const [key, given] of Object.entries(value)) {
		const column = columns.get(key);
		if (column?.type === undefined || given === null || given === undefined) continue;
		const checked = validateFieldType(key, given, column.type, {
			valueOptions: column.options,
			strict: typed && !mapped.attemptToConvertTypes,
			parseStrings: typed && (options?.alwaysConvertFieldsToString === true || mapped.convertFieldsToString),
		});
		if (!checked.valid) throw new UserError(checked.errorMessage);
		value[key] = checked.newValue;
	}
	return { ...mapped, value };
}
