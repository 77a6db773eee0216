/**
 * What nobody has confirmed about Salesloft's API, as positions to choose between; the first is the likely one and the
 * default. Numbers are sections of the project's notes on the API. What is confirmed has no switch.
 */
export const POSITIONS = {
	/** 1.2: how answers name the Object Types. Plural names are always understood, singular ones only in their own position. */
	objectTypeNames: ['plural', 'singular'],
	/** 1.3: the reference types `source_type` as text and `source_id` as number; the guide's example has them swapped. */
	sourceFields: ['asTyped', 'swapped'],
	/** 1.3: the same configuration again: 422, or the one that exists. */
	duplicateConfiguration: ['refused', 'returned'],
	/** 1.3: a mapping of a type that has no configuration. */
	mappingWithoutConfiguration: ['refused', 'accepted'],
	/** 1.3: what becomes of its mappings when a configuration is deleted. */
	configurationDelete: ['keepsMappings', 'deletesMappings'],
	/** 1.3: whether a deleted configuration is still listed, marked as deleted. */
	deletedConfigurations: ['hidden', 'listed'],
	/** 1.4: the guide says 201, the reference 200. */
	mappingCreateStatus: [201, 200],
	/** 1.4: the guide's examples have no `id`; without it here, only lists tell it. */
	mappingIdOnCreate: ['shown', 'missing'],
	/** 1.4: `2024-02-01T12:00:00Z` or `2024-02-01`. */
	insertedAt: ['timestamp', 'date'],
	/** 1.4: `deleted` tells of the mapping (then it stays, marked), or of the object that it leads to. */
	deletedMeans: ['mapping', 'object'],
	/** 1.4: whether a list without the filter `deleted` holds deleted mappings too. */
	listWithoutDeletedFilter: ['live', 'all'],
	/** 1.4: a second mapping of one External ID (type and Object Type the same). */
	duplicateMapping: ['refused', 'accepted'],
	/** 1.4: a second External ID of one type for one object. */
	secondIdOfObject: ['accepted', 'refused'],
	/** 7.4: a mapping to an object that is not there. */
	mappingToMissingObject: ['refused', 'accepted'],
	/** 1.4: whether `external_id[]=` and `object_id[]=` filter (else they are unknown names, and are ignored). */
	mappingFilterLists: ['ignored', 'understood'],
	/** 1.4: deleting a mapping again. */
	repeatedMappingDelete: [404, 204],
	/** 1.4, 1.5: `data` when there is exactly one result: a list, or the object itself. */
	singleResult: ['list', 'object'],
	/** 1.4, 7.3: whether lists of mappings tell `metadata` (they are paged either way). */
	mappingMetadata: ['shown', 'missing'],
	/** 1.5: `external_ids[1]=a`, or `external_ids[]=a`; the other is refused. */
	proxyKeys: ['numbered', 'brackets'],
	/** 1.5: External IDs that one proxy read takes; more are refused. */
	proxyMostIds: [100, 25],
	/** 1.5: whether the proxied list is paged by 25 unless `per_page` says otherwise, as the proxied endpoint is. */
	proxyPaging: ['all', 'paged'],
	/** 1.5: External IDs without a mapping are left out, or spoil the call. */
	proxyUnknownIds: ['leftOut', 'notFound'],
	/** 1.5: a read of a type that has no configuration. */
	proxyUnknownType: ['empty', 'notFound'],
	/** 1.6: the status when the upsert was an update. */
	proxyUpdateStatus: [201, 200],
	/** 1.6: whether the mapping stays, leading nowhere, when the proxied create was refused. */
	mappingAfterFailedCreate: ['gone', 'stays'],
	/** 1.7: the names of scopes that an app can have; API keys have both unless told otherwise. */
	scopeNames: ['readWriteDelete', 'viewManage'],
	/** 7.9: what the routes under `/v2/external` cost. */
	externalCost: [1, 2],
	/** 2.4: an update of an account needs `name` and `domain`, as the reference marks them. */
	accountUpdate: ['partial', 'needsNameAndDomain'],
	/** 2.5: windows of the clock minute, or the last 60 seconds. */
	rateWindow: ['clockMinute', 'sliding'],
	/** 2.5: whether 429 says `Retry-After` (seconds). */
	retryAfter: ['absent', 'seconds'],
	/** 2.5: `x-ratelimit-limit-minute`, seen in one connector's code only. */
	limitHeader: ['shown', 'missing'],
	/** 3: what `GET /me` needs. */
	meScope: ['none', 'team'],
	/** 4.1: whether `tags` replace the set or add to it. */
	tags: ['replace', 'add'],
	/** 4.1: whether the answer of `person_upserts` and `account_upserts` stands under `data`. */
	upsertAnswer: ['wrapped', 'bare'],
	/** 4.1: a setting of the team: several people may have one e-mail address. */
	duplicateEmails: ['refused', 'allowed'],
	/** 7.6: whether another integration of the team sees and uses a mapping. */
	mappingsOfOthers: ['shared', 'hidden'],
	/** 7.7: whether External IDs are compared as they are, or trimmed and without regard to case. */
	externalIdMatching: ['exact', 'folded'],
	/** 4.1 does not say how e-mail addresses are compared. */
	emailMatching: ['folded', 'exact'],
	/** 1.5 "keep the URL short (a few KB)": over 8,192 characters 414, or no limit. */
	longUrls: ['refused', 'accepted'],
} as const;

export type SwitchName = keyof typeof POSITIONS;
export type Switches = { readonly [Name in SwitchName]: (typeof POSITIONS)[Name][number] };

export interface SwitchPosition {
	name: SwitchName;
	position: string | number;
	isDefault: boolean;
	/** What to give to `startSalesloft`. */
	switches: Partial<Switches>;
}

/** Every position of every switch, defaults included. */
export const SWITCHES: readonly SwitchPosition[] = (Object.keys(POSITIONS) as SwitchName[]).flatMap((name) =>
	POSITIONS[name].map((position, at) => ({ name, position, isDefault: at === 0, switches: { [name]: position } })),
);

export const DEFAULT_SWITCHES = Object.fromEntries(SWITCHES.filter(({ isDefault }) => isDefault).map(({ name, position }) => [name, position])) as Switches;
