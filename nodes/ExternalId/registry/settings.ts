import { parseDomain } from '../../shared/identity/domain';
import { DEFAULT_BLOCKED } from '../../shared/identity/externalId';
import type { DomainLists } from '../../shared/identity/match';

/** The settings of one workspace. */
export interface Settings {
	/** E-mail domains of the builder's own company: their people are never contacts. */
	ownDomains: string[];
	/** Domains that may match although they are on the free-mail or the block list. */
	allowDomains: string[];
	/** Domains that never match. */
	blockDomains: string[];
	/** Values that are no External IDs (`n/a`, `0`), compared in lower case. */
	blockedIds: string[];
	/** Days that the history is kept. */
	retentionDays: number;
	/** New contacts that one added Related Domain may make of the inbox without asking. */
	approveAbove: number;
}

export const DEFAULT_SETTINGS: Readonly<Settings> = {
	ownDomains: [],
	allowDomains: [],
	blockDomains: [],
	blockedIds: [...DEFAULT_BLOCKED],
	retentionDays: 180,
	approveAbove: 50,
};

export const MAX_RETENTION_DAYS = 36_500;
export const MAX_APPROVE_ABOVE = 1_000_000;

export function readSettings(stored: ReadonlyMap<string, string>): Settings {
	const settings: Record<string, unknown> = { ...DEFAULT_SETTINGS };
	for (const key of Object.keys(DEFAULT_SETTINGS)) {
		const value = stored.get(key);
		if (value !== undefined) settings[key] = JSON.parse(value);
	}
	return settings as unknown as Settings;
}

export function domainLists(settings: Settings): DomainLists {
	return {
		own: new Set(settings.ownDomains),
		allow: new Set(settings.allowDomains),
		block: new Set(settings.blockDomains),
	};
}

/**
 * Checks settings as a builder gives them (lists as text with commas or lines, or as lists).
 *
 * @returns the settings that were given, checked, or a sentence that says what is wrong with one of them
 */
export function checkSettings(given: Readonly<Record<string, unknown>>): Partial<Settings> | string {
	const checked: Partial<Settings> = {};
	for (const key of ['ownDomains', 'allowDomains', 'blockDomains'] as const) {
		if (given[key] === undefined) continue;
		const domains: string[] = [];
		for (const value of listOf(given[key])) {
			const domain = parseDomain(value);
			if (typeof domain !== 'string') return domain.reason;
			domains.push(domain);
		}
		checked[key] = [...new Set(domains)].sort();
	}
	if (given.blockedIds !== undefined) {
		const values = listOf(given.blockedIds);
		if (!values.every((value) => typeof value === 'string' || typeof value === 'number')) return 'Blocked IDs are a list of texts.';
		checked.blockedIds = [...new Set(values.map((value) => String(value).normalize('NFC').toLowerCase()))].sort();
	}
	if (given.retentionDays !== undefined) {
		const days = wholeNumber(given.retentionDays);
		if (days === undefined || days < 1 || days > MAX_RETENTION_DAYS) {
			return `History is kept for 1 to ${MAX_RETENTION_DAYS} whole days.`;
		}
		checked.retentionDays = days;
	}
	if (given.approveAbove !== undefined) {
		const contacts = wholeNumber(given.approveAbove);
		if (contacts === undefined || contacts < 0 || contacts > MAX_APPROVE_ABOVE) return `Ask Above is a whole number of contacts, from 0 to ${MAX_APPROVE_ABOVE.toLocaleString('en')}.`;
		checked.approveAbove = contacts;
	}
	return checked;
}

/** A list as builders give it: a list, or text with commas, semicolons or lines between the entries. Empty ones are left out. */
export function listOf(value: unknown): unknown[] {
	const parts = typeof value === 'string' ? value.split(/[,;\n]/) : Array.isArray(value) ? value : [value];
	return parts.map((part: unknown) => (typeof part === 'string' ? part.trim() : part)).filter((part) => part !== '' && part !== undefined && part !== null);
}

/** A whole number, given as one or as text; undefined for anything else. */
export function wholeNumber(value: unknown): number | undefined {
	const isNumeric = typeof value === 'number' || (typeof value === 'string' && /^\s*\d+\s*$/.test(value));
	return isNumeric && Number.isInteger(Number(value)) ? Number(value) : undefined;
}
