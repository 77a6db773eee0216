import { FEED_EVENTS } from '../registry/feed';
import type { FeedEvent } from '../registry/feed';

const PERSON = {
	objectType: 'people',
	objectId: 'per_01J9ZT5T7E0000000000000000',
	externalIds: { crm: 'C-1001' },
	email: 'ann@eu.acme.example',
	accountId: 'acc_01J9ZT5T7E0000000000000000',
	fields: { name: 'Ann Lee' },
	createdAt: '2026-01-05T09:00:00.000Z',
	updatedAt: '2026-01-05T09:00:00.000Z',
	accountName: 'Acme',
};

const MAPPING = { externalType: 'crm', externalId: 'C-1001', mappingId: 'map_01J9ZT5T7E0000000000000000' };

/** What each event's items look like, for a test in a registry where nothing has happened yet. */
const SAMPLES: Readonly<Record<FeedEvent, Readonly<Record<string, unknown>>>> = {
	contactCreatedByDomain: { ...PERSON, externalIds: {}, matchedDomain: 'acme.example', matchKind: 'registrable', isNew: true },
	contactWithoutAccount: { email: 'eve@nowhere.example', name: 'Eve', domain: 'nowhere.example', reason: 'domainWithoutAccount', inboxState: 'waiting' },
	recordUpdated: { ...PERSON, changed: ['title'], before: { title: null }, after: { title: 'Buyer' } },
	recordsMerged: { ...PERSON, mergedFrom: 'per_01J9ZT5T7E0000000000000001' },
	mappingCreated: { ...PERSON, ...MAPPING },
	mappingDeleted: { ...PERSON, externalIds: {}, ...MAPPING },
};

/** A sample of the first event that is chosen, marked as one. */
export function sampleOf(events: ReadonlySet<FeedEvent>): Record<string, unknown> {
	const event = FEED_EVENTS.find((each) => events.has(each)) ?? 'contactCreatedByDomain';
	return {
		sample: true,
		event,
		...structuredClone(SAMPLES[event]),
		seq: 0,
		changedAt: '2026-01-05T09:00:00.000Z',
		changedBy: { runId: 'run_01J9ZT5T7E0000000000000000', operation: 'contact:capture', origin: 'api', workflowId: 'sample', executionId: '1' },
	};
}
