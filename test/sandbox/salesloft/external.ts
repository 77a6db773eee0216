import type { Answer } from '../answer';
import type { Incoming, KeyedRoute } from '../base';
import { Query } from '../query';
import type { Access, Caller, Need } from './access';
import { complain, gone, isEmpty, NOT_FOUND, refused } from './errors';
import type { Complaints } from './errors';
import { anyNumber, anyText, flag, list, MOST_PER_PAGE, pageCost, paging } from './lists';
import type { Applied, Filter, ListRules } from './lists';
import type { Configuration, Mapping, ObjectType, RecordRow, Team, User } from './team';
import { readObjectType, shownConfiguration, shownMapping, shownUser } from './views';
import { ACCOUNTS, createRecord, PEOPLE, updateRecord } from './writes';

/** `/v2/external`: configurations, mappings, and the proxy for reads and upserts by External ID. */
export function externalRoutes(team: Team, access: Access): Array<KeyedRoute<Caller>> {
	const { switches } = team;
	const cost = ({ query }: Incoming) => pageCost(query, switches.externalCost);
	const allowed = (need: Need, run: (incoming: Incoming, caller: Caller) => Answer) => (incoming: Incoming, caller: Caller) => access.lacking(caller, need) ?? run(incoming, caller);
	return [
		{ method: 'GET', path: '/v2/external/configurations', cost, run: allowed('readConfigurations', () => listConfigurations(team)) },
		{ method: 'POST', path: '/v2/external/configurations', cost, run: allowed('writeConfigurations', ({ body }, caller) => createConfiguration(team, caller, body)) },
		{ method: 'DELETE', path: '/v2/external/configurations/:id', cost, run: allowed('deleteConfigurations', ({ params }) => deleteConfiguration(team, Number(params.id))) },
		{ method: 'GET', path: '/v2/external/mappings', cost, run: allowed('readMappings', ({ query }, caller) => listMappings(team, caller, query)) },
		{ method: 'POST', path: '/v2/external/mappings', cost, run: allowed('writeMappings', ({ body }, caller) => createMapping(team, caller, body)) },
		{ method: 'DELETE', path: '/v2/external/mappings/:id', cost, run: allowed('deleteMappings', ({ params }, caller) => deleteMapping(team, caller, Number(params.id))) },
		{ method: 'GET', path: '/v2/external/ids/:externalType/:objectType', cost, run: allowed('readMappings', (incoming, caller) => readByExternalIds(team, access, caller, incoming)) },
		{
			method: 'POST',
			path: '/v2/external/ids/:externalType/:objectType/:externalId',
			cost,
			run: allowed('writeMappings', (incoming, caller) => upsertByExternalId(team, access, caller, incoming)),
		},
	];
}

const findConfiguration = (team: Team, externalType: string, objectType: ObjectType): Configuration | undefined =>
	team.configurations.all().find((each) => !each.deleted && each.externalType === externalType && each.objectType === objectType);

/** All of the team, however made, on one page. */
function listConfigurations(team: Team): Answer {
	const rows = team.configurations.all().filter(({ deleted }) => !deleted || team.switches.deletedConfigurations === 'listed');
	return { status: 200, body: { data: rows.reverse().map((row) => shownConfiguration(team, row)) } };
}

function createConfiguration(team: Team, caller: Caller, body: unknown): Answer {
	const sent = fieldsOf(body);
	const complaints: Complaints = {};
	const externalType = readText(sent, 'external_type', complaints);
	const objectType = readType(team, sent.object_type, complaints);
	if (externalType === undefined || objectType === undefined) return refused(complaints);
	const present = findConfiguration(team, externalType, objectType);
	if (present && team.switches.duplicateConfiguration === 'refused') return refused({ external_type: ['has already been taken'] });
	const row = present ?? team.configurations.add({ id: team.nextId('configurations'), externalType, objectType, sourceId: caller.integrationId, deleted: false });
	return { status: 201, body: { data: shownConfiguration(team, row) } };
}

function deleteConfiguration(team: Team, id: number): Answer {
	const row = team.configurations.get(id);
	if (!row || row.deleted) return NOT_FOUND;
	team.configurations.change(row, () => (row.deleted = true));
	if (team.switches.configurationDelete === 'deletesMappings') {
		const own = team.mappings.all().filter(({ externalType, objectType }) => externalType === row.externalType && objectType === row.objectType);
		for (const mapping of own) removeMapping(team, mapping);
	}
	return gone();
}

/** Which mappings a caller sees and uses. */
const isVisible = (team: Team, caller: Caller, { sourceId }: Mapping) => team.switches.mappingsOfOthers === 'shared' || sourceId === caller.integrationId;

function mappingLists(team: Team, caller: Caller): ListRules<Mapping> {
	const { mappingFilterLists, listWithoutDeletedFilter } = team.switches;
	const fold = (id: string) => team.foldExternalId(id);
	const filters: Array<Filter<Mapping>> = [
		oneValue('external_type', (text) => ({ matches: ({ externalType }) => externalType === text })),
		oneValue('external_id', (text) => ({ matches: ({ externalId }) => fold(externalId) === fold(text), candidates: team.mappings.find('externalId', fold(text)) })),
		oneValue('object_type', (text) => {
			const wanted = readObjectType(team, text);
			return wanted === undefined ? 'invalid' : { matches: ({ objectType }) => objectType === wanted };
		}),
		oneValue('object_id', (text) => (/^\d{1,15}$/.test(text) ? { matches: ({ objectId }) => objectId === Number(text), candidates: team.mappings.find('objectId', String(Number(text))) } : 'invalid')),
		flag('deleted', (mapping) => !team.isLive(mapping), listWithoutDeletedFilter === 'live' ? false : undefined),
		{ name: 'source', shown: () => undefined, read: () => ({ matches: (mapping) => isVisible(team, caller, mapping) }) },
	];
	if (mappingFilterLists === 'understood') {
		filters.push(
			anyText('external_id', ({ externalId }) => externalId, { fold, lookUp: (id) => team.mappings.find('externalId', id) }),
			anyNumber('object_id', ({ objectId }) => objectId),
		);
	}
	return { defaultSort: 'id', directions: 'bare', sorts: { id: { value: ({ id }) => id } }, filters };
}

/** `name=value`, one value: what the mappings route documents. */
function oneValue(name: string, read: (text: string) => Applied<Mapping> | 'invalid'): Filter<Mapping> {
	return {
		name,
		shown: (query) => query.one(name) ?? query.list(name),
		read(query) {
			const text = query.one(name);
			return text === undefined || text === '' ? undefined : read(text);
		},
	};
}

function listMappings(team: Team, caller: Caller, query: Query): Answer {
	const listed = list(team.mappings, query, mappingLists(team, caller));
	if ('refusal' in listed) return listed.refusal;
	const data = oneOrMany(team, listed.rows.map((row) => shownMapping(team, row)));
	return { status: 200, body: team.switches.mappingMetadata === 'shown' ? { metadata: listed.metadata, data } : { data } };
}

const oneOrMany = (team: Team, data: unknown[]): unknown => (team.switches.singleResult === 'object' && data.length === 1 ? data[0] : data);

function createMapping(team: Team, caller: Caller, body: unknown): Answer {
	const sent = fieldsOf(body);
	const complaints: Complaints = {};
	const externalType = readText(sent, 'external_type', complaints);
	const externalId = readText(sent, 'external_id', complaints);
	const objectType = readType(team, sent.object_type, complaints);
	const objectId = sent.object_id;
	if (objectId === undefined || objectId === null) complain(complaints, 'object_id', "can't be blank");
	else if (typeof objectId !== 'number' || !Number.isSafeInteger(objectId)) complain(complaints, 'object_id', 'is invalid');
	if (!isEmpty(complaints)) return refused(complaints);
	const made = addMapping(team, caller, { externalType: externalType as string, objectType: objectType as ObjectType, externalId: externalId as string, objectId: objectId as number });
	if ('refusal' in made) return made.refusal;
	const { id, ...rest } = shownMapping(team, made.mapping);
	return { status: team.switches.mappingCreateStatus, body: { data: team.switches.mappingIdOnCreate === 'shown' ? { id, ...rest } : rest } };
}

type Wanted = Pick<Mapping, 'externalType' | 'objectType' | 'externalId' | 'objectId'>;

/** Whether a mapping may be made; its object is looked at only where there is one. */
function refusalOf(team: Team, caller: Caller, { externalType, objectType, externalId, objectId }: Wanted): Answer | undefined {
	const { switches } = team;
	if (switches.mappingWithoutConfiguration === 'refused' && !findConfiguration(team, externalType, objectType)) {
		return refused({ external_type: ['has no configuration for this object type'] });
	}
	if (switches.duplicateMapping === 'refused' && findMapping(team, caller, externalType, objectType, externalId)) return refused({ external_id: ['has already been taken'] });
	if (objectId === null) return undefined;
	if (switches.mappingToMissingObject === 'refused' && !team.isObject(objectType, objectId)) return refused({ object_id: ['does not exist'] });
	if (switches.secondIdOfObject === 'refused') {
		const others = team.mappings.find('objectId', String(objectId)).filter((each) => !each.deleted && each.externalType === externalType && each.objectType === objectType && isVisible(team, caller, each));
		if (others.length > 0) return refused({ object_id: ['has already been taken'] });
	}
	return undefined;
}

function addMapping(team: Team, caller: Caller, wanted: Wanted): { mapping: Mapping } | { refusal: Answer } {
	const refusal = refusalOf(team, caller, wanted);
	if (refusal) return { refusal };
	return { mapping: team.mappings.add({ id: team.nextId('mappings'), ...wanted, sourceId: caller.integrationId, insertedAt: team.now(), deleted: false }) };
}

/** The mapping of an External ID; where there are several, the one made first. */
function findMapping(team: Team, caller: Caller, externalType: string, objectType: ObjectType, externalId: string): Mapping | undefined {
	return team.mappings
		.find('externalId', team.foldExternalId(externalId))
		.find((each) => !each.deleted && each.externalType === externalType && each.objectType === objectType && isVisible(team, caller, each));
}

function deleteMapping(team: Team, caller: Caller, id: number): Answer {
	const mapping = team.mappings.get(id);
	if (!mapping || mapping.deleted || !isVisible(team, caller, mapping)) return team.switches.repeatedMappingDelete === 204 && team.wasGiven('mappings', id) ? gone() : NOT_FOUND;
	removeMapping(team, mapping);
	return gone();
}

/** Marked where `deleted` tells of the mapping, else simply gone. */
function removeMapping(team: Team, mapping: Mapping): void {
	if (team.switches.deletedMeans === 'mapping') team.mappings.change(mapping, () => (mapping.deleted = true));
	else team.mappings.remove(mapping);
}

const READ_NEEDS: Readonly<Record<ObjectType, Need>> = { people: 'readPeople', accounts: 'readAccounts', users: 'readTeam' };

/** Gives the objects themselves, without the External IDs that they were asked for by. */
function readByExternalIds(team: Team, access: Access, caller: Caller, { params, query }: Incoming): Answer {
	const { switches } = team;
	const externalType = params.externalType as string;
	const objectType = readObjectType(team, params.objectType);
	if (objectType === undefined) return NOT_FOUND;
	const forbidden = access.lacking(caller, READ_NEEDS[objectType]);
	if (forbidden) return forbidden;
	if (switches.proxyUnknownType === 'notFound' && !findConfiguration(team, externalType, objectType)) return NOT_FOUND;
	const ids = switches.proxyKeys === 'brackets' ? query.list('external_ids') : [...query.keyed('external_ids')].filter(([key]) => /^\d+$/.test(key)).map(([, id]) => id);
	if (ids === undefined || ids.length === 0) return refused({ external_ids: ['is invalid'] });
	if (ids.length > switches.proxyMostIds) return refused({ external_ids: [`has too many values (at most ${switches.proxyMostIds})`] });
	const found = new Map<number, RecordRow | User>();
	for (const id of ids) {
		const mapping = findMapping(team, caller, externalType, objectType, id);
		const object = mapping?.objectId == null ? undefined : team[objectType].get(mapping.objectId);
		if (object) found.set(object.id, object);
		else if (!mapping && switches.proxyUnknownIds === 'notFound') return NOT_FOUND;
	}
	// The proxied list has its own order, not that of the IDs.
	const rows = [...found.values()].sort((a, b) => b.updatedAt - a.updatedAt || b.id - a.id);
	const { page, perPage } = switches.proxyPaging === 'paged' ? paging(query) : { page: 1, perPage: Math.max(MOST_PER_PAGE, rows.length) };
	const shown = rows.slice((page - 1) * perPage, page * perPage).map((row) => showObject(team, objectType, row));
	return { status: 200, body: { data: oneOrMany(team, shown) } };
}

function showObject(team: Team, objectType: ObjectType, row: RecordRow | User): Record<string, unknown> {
	if (objectType === 'users') return shownUser(row as User);
	return (objectType === 'people' ? PEOPLE : ACCOUNTS).show(team, row as RecordRow);
}

/** A mapping there: the object's update. None: the mapping is made and the object's create is called. Users are not supported. */
function upsertByExternalId(team: Team, access: Access, caller: Caller, { params, body }: Incoming): Answer {
	const { externalType, externalId } = params as { externalType: string; externalId: string };
	const objectType = readObjectType(team, params.objectType);
	if (objectType === undefined || objectType === 'users') return NOT_FOUND;
	const forbidden = access.lacking(caller, objectType === 'people' ? 'writePeople' : 'writeAccounts');
	if (forbidden) return forbidden;
	const kind = objectType === 'people' ? PEOPLE : ACCOUNTS;
	const mapping = findMapping(team, caller, externalType, objectType, externalId);
	if (mapping) {
		if (mapping.objectId === null) return NOT_FOUND;
		const written = updateRecord(team, access, caller, kind, mapping.objectId, body);
		return 'refusal' in written ? written.refusal : { status: team.switches.proxyUpdateStatus, body: { data: kind.show(team, written.row) } };
	}
	const wanted = { externalType, objectType, externalId, objectId: null };
	const refusal = refusalOf(team, caller, wanted);
	if (refusal) return refusal;
	const written = createRecord(team, access, caller, kind, body);
	if ('refusal' in written) {
		if (team.switches.mappingAfterFailedCreate === 'stays') addMapping(team, caller, wanted);
		return written.refusal;
	}
	team.mappings.add({ id: team.nextId('mappings'), ...wanted, objectId: written.row.id, sourceId: caller.integrationId, insertedAt: team.now(), deleted: false });
	return { status: 201, body: { data: kind.show(team, written.row) } };
}

const fieldsOf = (body: unknown): Readonly<Record<string, unknown>> => (typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {});

function readText(sent: Readonly<Record<string, unknown>>, name: string, complaints: Complaints): string | undefined {
	const value = sent[name];
	if (typeof value === 'string' && value.trim() !== '') return value;
	complain(complaints, name, value === undefined || value === null || typeof value === 'string' ? "can't be blank" : 'is invalid');
	return undefined;
}

function readType(team: Team, value: unknown, complaints: Complaints): ObjectType | undefined {
	const objectType = readObjectType(team, value);
	if (objectType === undefined) complain(complaints, 'object_type', value === undefined || value === null ? "can't be blank" : 'is invalid');
	return objectType;
}
