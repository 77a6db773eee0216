import type { MappingRow, RecordRow } from './rows';
import type { Known } from './known';

/** Current External IDs of an object by type: text, or a list where several are allowed. */
export function currentIds(known: Known, objectId: string): Record<string, string | string[]> {
	const ids = new Map<string, string | string[]>();
	for (const row of known.mappingsOf(objectId)) {
		if (row.state !== 'current') continue;
		const before = ids.get(row.externalType);
		ids.set(row.externalType, before === undefined ? row.externalId : [before, row.externalId].flat());
	}
	return Object.fromEntries(ids);
}

/** A record as output items show it: its keys, fields and what hangs on it. */
export function shownRecord(known: Known, record: RecordRow): Record<string, unknown> {
	const mappings = known.mappingsOf(record.id);
	const former = mappings.filter((row) => row.state === 'former').map(({ externalType, externalId }) => ({ externalType, externalId }));
	const emails = [...known.emailsOf(record.id)].sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary));
	const domains = known.domainsOf(record.id).map(({ domain }) => domain);
	return {
		objectType: record.objectType,
		objectId: record.id,
		externalIds: currentIds(known, record.id),
		...(former.length > 0 ? { formerIds: former } : {}),
		...(record.objectType === 'accounts' ? { domains: domains.sort() } : { email: emails[0]?.address ?? null }),
		...(emails.length > 1 ? { emails: emails.map(({ address }) => address) } : {}),
		...(record.objectType === 'people' ? { accountId: record.accountId } : {}),
		fields: record.fields,
		...(record.state === 'active' ? {} : { recordState: record.state }),
		createdAt: new Date(record.createdAt).toISOString(),
		updatedAt: new Date(record.updatedAt).toISOString(),
	};
}

/** A mapping as output items show it. */
export function shownMapping(row: MappingRow): Record<string, unknown> {
	return {
		objectType: row.objectType,
		objectId: row.objectId,
		externalType: row.externalType,
		externalId: row.externalId,
		mappingId: row.id,
		...(row.state === 'current' ? {} : { mappingState: row.state }),
	};
}
