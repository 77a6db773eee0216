/** Microseconds since 1970: what the API's timestamps are exact to. */
export type Micros = number;

/** The offset in which this team's timestamps are written; they are not always UTC (`2024-03-07T02:46:00.302715-05:00`). */
const OFFSET_HOURS = -5;

export const microsOf = (ms: number): Micros => Math.floor(ms * 1000);

export function shownTime(micros: Micros): string {
	const seconds = Math.floor(micros / 1_000_000);
	const local = new Date((seconds + OFFSET_HOURS * 3600) * 1000).toISOString().slice(0, 19);
	return `${local}.${String(micros % 1_000_000).padStart(6, '0')}-05:00`;
}

/** Seconds and UTC, as the external-ID routes write it. */
export const shownUtcTime = (micros: Micros): string => `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)}Z`;

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** Reads an ISO 8601 time, to the microsecond; without a zone it is UTC. */
export function readTime(text: string): Micros | undefined {
	const found = ISO.exec(text);
	if (!found) return undefined;
	const [, date, time = '00:00:00', fraction = '', zone = 'Z'] = found;
	const ms = Date.parse(`${date}T${time}${zone}`);
	return Number.isNaN(ms) ? undefined : ms * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
