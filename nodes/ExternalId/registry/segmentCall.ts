import { parseEmail } from '../../shared/identity/email';
import type { Email } from '../../shared/identity/email';
import { isTrouble, trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import { gist, shown } from '../../shared/identity/wording';
import { cleanFields, isEmptyValue, withoutEmpty } from './fields';
import type { Fields } from './fields';
import { isBlank } from './objects';

/** An identify call, read (https://segment.com/docs/connections/spec/identify/). */
export interface IdentifyCall {
	userId: unknown;
	email?: Email;
	/** Traits as fields of a record, without the e-mail; empty ones are left out. */
	traits: Fields;
	/** Whether it says no more than that somebody is in an audience or left it. */
	isAudienceOnly: boolean;
	/**
	 * Whether anybody can have sent it: it comes from a browser or an app, or had nothing but a write key, which stands in every page.
	 * Such a call may be about whom it names, or not.
	 */
	isPublic: boolean;
	/** Milliseconds since 1970; of calls without a time, none. */
	at: number;
	/** What decides between calls of one time, whatever their order. */
	tie: string;
}

/** Libraries that run on the device of whoever the call is about (`context.library.name`). */
const CLIENT_LIBRARIES = /^(?:analytics\.js|analytics-next|@segment\/analytics-next|ajs|analytics-(?:ios|swift|android|kotlin|react-native|flutter|unity|xamarin|amp|roku|capacitor)|@segment\/analytics-(?:react-native|consent.*))/i;
const CLIENT_CHANNELS: ReadonlySet<unknown> = new Set(['client', 'browser', 'mobile']);

/** What the other kinds of calls say, and that it is not taken. */
const OTHER_CALLS: Readonly<Record<string, string>> = {
	alias: 'An alias call joins two IDs of one visitor and names no contact',
	group: 'A group call tells of a company; contacts are matched to accounts by e-mail domain, not by it',
	page: 'A page call tells what somebody looked at, not who they are',
	screen: 'A screen call tells what somebody looked at, not who they are',
	track: 'A track call tells what somebody did, not who they are',
	delete: 'A delete call asks for the deletion of a user; use Record → Erase for it',
};

/** Traits that name somebody rather than describe them. */
const IDENTITY_TRAITS: ReadonlySet<string> = new Set(['email', 'id', 'userId', 'user_id']);
/** Traits that libraries write in two ways, and fields of a person (both are legal by the specification). */
const FIELD_OF_TRAIT: Readonly<Record<string, string>> = { first_name: 'firstName', last_name: 'lastName', created_at: 'createdAt' };
const AUDIENCE_CLASSES: ReadonlySet<unknown> = new Set(['audience', 'journey_step']);

/**
 * Reads a Segment call as it comes (from a webhook, the Segment Trigger, an SDK).
 *
 * The Segment Trigger marks what had no more than a write key with `trust: 'public'`.
 */
export function readIdentify(value: unknown): IdentifyCall | Trouble {
	const call = asObject(value);
	if (!call) return trouble('invalid', 'noCall', 'This is no Segment call: it is not an object with fields. Give the whole call, as Segment sends it; of a batch, each call as an item of its own.', [gist(value)]);
	const type = call.type ?? 'identify';
	if (type !== 'identify') return otherCall(type, call.messageId);
	const context = asObject(call.context) ?? {};
	const traits = asObject(call.traits) ?? {};
	const address = [traits.email, asObject(context.traits)?.email].find((each) => !isBlank(each));
	const userId = [call.userId, call.user_id].find((each) => !isBlank(each));
	if (userId === undefined && address === undefined) {
		return trouble('skipped', 'anonymous', 'The call has neither a userId nor an e-mail, so it cannot be told whom it is about.', [gist(call.anonymousId)], typeof call.anonymousId === 'string' ? { anonymousId: shown(call.anonymousId) } : {});
	}
	const email = address === undefined ? undefined : parseEmail(address);
	if (email && isTrouble(email)) return email;
	const fields = cleanFields(fieldsOf(traits));
	if (isTrouble(fields)) return fields;
	return {
		userId,
		email,
		traits: withoutEmpty(fields.fields),
		isAudienceOnly: isAudienceOnly(traits, asObject(context.personas)),
		isPublic: isPublic(call, context),
		at: timeOf(call),
		tie: JSON.stringify([call.messageId ?? '', userId ?? '', email?.key ?? '', call.trust ?? '', fields.fields]),
	};
}

function otherCall(type: unknown, messageId: unknown): Trouble {
	const name = typeof type === 'string' ? type : '';
	const what = Object.hasOwn(OTHER_CALLS, name) ? OTHER_CALLS[name] : `A call of the type "${shown(name)}" is not known`;
	return trouble('skipped', 'notIdentify', `${what}. Only identify calls make or change contacts.`, [name, gist(messageId)], { callType: shown(name) });
}

function fieldsOf(traits: Readonly<Fields>): Fields {
	const fields: Fields = {};
	for (const [name, value] of Object.entries(traits)) {
		if (IDENTITY_TRAITS.has(name)) continue;
		const field = FIELD_OF_TRAIT[name] ?? name;
		// Where a call has both spellings, the field's own one stands.
		if (field === name || isEmptyValue(traits[field])) fields[field] = value;
	}
	return fields;
}

function isAudienceOnly(traits: Readonly<Fields>, personas: Readonly<Fields> | undefined): boolean {
	const told = Object.entries(traits).filter(([name]) => !IDENTITY_TRAITS.has(name));
	const isFlag = (value: unknown) => typeof value === 'boolean' || value === 'true' || value === 'false';
	if (told.length === 0 || !told.every(([, value]) => isFlag(value))) return personas !== undefined && AUDIENCE_CLASSES.has(personas.computation_class) && told.length === 0;
	return (personas !== undefined && AUDIENCE_CLASSES.has(personas.computation_class)) || isBlank(traits.email);
}

function isPublic(call: Readonly<Fields>, context: Readonly<Fields>): boolean {
	const library = asObject(context.library)?.name;
	return call.trust === 'public' || CLIENT_CHANNELS.has(call.channel) || CLIENT_CHANNELS.has(context.channel) || (typeof library === 'string' && CLIENT_LIBRARIES.test(library));
}

function timeOf(call: Readonly<Fields>): number {
	for (const time of [call.timestamp, call.originalTimestamp, call.sentAt, call.receivedAt]) {
		const at = typeof time === 'number' ? time : typeof time === 'string' ? Date.parse(time) : time instanceof Date ? time.getTime() : Number.NaN;
		if (Number.isFinite(at)) return at;
	}
	return Number.NEGATIVE_INFINITY;
}

function asObject(value: unknown): Readonly<Fields> | undefined {
	let parsed = value;
	if (typeof value === 'string' && value.trim().startsWith('{')) {
		try {
			parsed = JSON.parse(value);
		} catch {
			return undefined;
		}
	}
	return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Fields) : undefined;
}
