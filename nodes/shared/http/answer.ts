/** What a service answered, whatever the status. */
export interface Answer {
	status: number;
	/** Parsed where it was JSON, else text. */
	body: unknown;
	/** Names in lower case. */
	headers: Readonly<Record<string, unknown>>;
}

/** A header as a number of 0 and more; undefined where there is none. */
export function numberIn({ headers }: Answer, name: string | undefined): number | undefined {
	const value = name === undefined ? undefined : headers[name];
	if (typeof value !== 'string' && typeof value !== 'number') return undefined;
	const number = Number(value);
	return String(value).trim() !== '' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
