import { newId } from '../../nodes/ExternalId/registry/ids';
import type { RunRow } from '../../nodes/ExternalId/registry/rows';
import type { Page, Store } from '../../nodes/ExternalId/registry/store';
import type { Unit } from '../../nodes/ExternalId/registry/unit';
import type { ObjectType } from '../../nodes/shared/identity/outcome';
import { onEachEngine } from './engines';
import type { Lab } from './engines';
import { brokenRules } from './world';

const WORKSPACE = 'default';
const RUN: RunRow = { id: 'run_1', operation: 'test', workflowId: 'w', nodeId: 'n', executionId: 'e', origin: 'manual', startedAt: 1 };

const crm = (key: string) => ({ objectType: 'people' as const, externalType: 'crm', key });
const person = (unit: Unit, fields: Record<string, unknown> = {}) => unit.addRecord({ objectType: 'people', fields, origin: 'manual' });
const declare = (unit: Unit, objectType: ObjectType = 'people', externalType = 'crm') =>
	unit.putConfiguration({ objectType, externalType, maxLength: 255, idsPerObject: 1, idFormat: 'asIs', pattern: null, example: null });

async function storeOf(lab: Lab): Promise<Store> {
	return (await lab.registry()).store;
}

async function write<T>(store: Store, decide: (unit: Unit) => T, reads: Parameters<Store['transact']>[1] = {}): Promise<T> {
	return await store.transact(WORKSPACE, reads, RUN, decide);
}

/** All the rows of a scan; fails when a page is larger than asked for. */
async function walk<R>(scan: (after: string | undefined, limit: number) => Promise<Page<R>>, limit: number): Promise<{ rows: R[]; pages: number }> {
	const rows: R[] = [];
	let after: string | undefined;
	for (let pages = 1; pages < 10_000; pages++) {
		const page = await scan(after, limit);
		expect(page.rows.length).toBeLessThanOrEqual(limit);
		rows.push(...page.rows);
		if (page.next === undefined) return { rows, pages };
		expect(page.next).not.toBe(after);
		after = page.next;
	}
	throw new Error('The scan never ends');
}

onEachEngine('A store keeps its keys unique by itself', (lab) => {
	test('a live External ID is taken only once, even by a writer that did not look', async () => {
		const store = await storeOf(lab());
		await write(store, (unit) => {
			declare(unit);
			unit.addMapping(crm('1'), '1', person(unit).id);
		});
		const before = await lab().tables();
		// Its record is written before its mapping is refused: that has to go too.
		await expect(write(store, (unit) => unit.addMapping(crm('1'), '1', person(unit).id))).rejects.toThrow();
		expect(await lab().tables()).toEqual(before);
	});

	test('a former External ID is still taken, a deleted one is free', async () => {
		const store = await storeOf(lab());
		const [first, second] = await write(store, (unit) => {
			declare(unit);
			return [person(unit).id, person(unit).id];
		});
		await write(store, (unit) => unit.setMappingState(unit.addMapping(crm('1'), '1', first), 'former'));
		await expect(write(store, (unit) => unit.addMapping(crm('1'), '1', second))).rejects.toThrow();
		await write(store, (unit) => unit.setMappingState(unit.mapping(crm('1')) as never, 'deleted'), { ids: [crm('1')] });
		await write(store, (unit) => unit.addMapping(crm('1'), '1', second));
		const { mappings } = await store.read(WORKSPACE, { ids: [crm('1')] });
		expect(mappings.map(({ objectId, state }) => [objectId, state])).toEqual([[second, 'current']]);
	});

	test('an object has one current ID in each slot of a type, even by a writer that did not look', async () => {
		const store = await storeOf(lab());
		const objectId = await write(store, (unit) => {
			declare(unit);
			const { id } = person(unit);
			unit.addMapping(crm('1'), '1', id);
			return id;
		});
		const before = await lab().tables();
		await expect(write(store, (unit) => unit.addMapping(crm('2'), '2', objectId))).rejects.toThrow();
		expect(await lab().tables()).toEqual(before);
	});

	test('a record has one primary e-mail, even by a writer that did not look', async () => {
		const store = await storeOf(lab());
		const record = await write(store, (unit) => {
			const made = person(unit);
			unit.addEmail(made, { key: 'ann@acme.com', address: 'ann@acme.com' }, true);
			return made;
		});
		await expect(write(store, (unit) => unit.addEmail(record, { key: 'ann@acme.de', address: 'ann@acme.de' }, true))).rejects.toThrow();
		expect((await lab().tables()).email).toHaveLength(1);
	});

	test('of writers at the same moment that look first, one makes the mapping and the others see it', async () => {
		const store = await storeOf(lab());
		await write(store, (unit) => declare(unit));
		const made = await Promise.all(
			Array.from({ length: 20 }, () =>
				write(
					store,
					(unit) => {
						if (unit.mapping(crm('1'))) return 'seen';
						unit.addMapping(crm('1'), '1', person(unit).id);
						return 'made';
					},
					{ ids: [crm('1')] },
				),
			),
		);
		expect(made.filter((each) => each === 'made')).toHaveLength(1);
		expect(brokenRules(await lab().tables())).toEqual([]);
	});

	test('a mapping, an e-mail and a domain belong to a record that exists', async () => {
		const store = await storeOf(lab());
		const nobody = newId('people', Date.now());
		await expect(write(store, (unit) => unit.addMapping(crm('1'), '1', nobody))).rejects.toThrow();
		await expect(write(store, (unit) => unit.putDomain(newId('accounts', Date.now()), 'acme.com', false))).rejects.toThrow();
		expect((await lab().tables()).mapping).toEqual([]);
	});
});

onEachEngine('A store writes a transaction whole or not at all', (lab) => {
	test('a decision that throws writes nothing, and the store goes on working', async () => {
		const store = await storeOf(lab());
		const before = await lab().tables();
		await expect(
			write(store, (unit) => {
				person(unit);
				throw new Error('no');
			}),
		).rejects.toThrow('no');
		expect(await lab().tables()).toEqual(before);
		await write(store, (unit) => person(unit));
		expect((await lab().tables()).record).toHaveLength(1);
	});

	test('every change stands in the history of its run, in the same transaction', async () => {
		const store = await storeOf(lab());
		await write(store, (unit) => {
			declare(unit);
			const record = person(unit, { name: 'Ann' });
			unit.addMapping(crm('1'), '1', record.id);
			unit.addEmail(record, { key: 'ann@acme.com', address: 'Ann@acme.com' }, true);
			unit.updateRecord(record.id, { fields: { name: 'Bob' } }, 'recordUpdated', { name: 'Ann' }, { name: 'Bob' });
		});
		const { change = [], run = [] } = await lab().tables();
		expect(change.map(({ kind, run_id }) => [kind, run_id])).toEqual([
			['configurationCreated', 'run_1'],
			['recordCreated', 'run_1'],
			['mappingCreated', 'run_1'],
			['emailAdded', 'run_1'],
			['recordUpdated', 'run_1'],
		]);
		expect(JSON.parse(String(change[4]?.before))).toEqual({ name: 'Ann' });
		expect(JSON.parse(String(change[4]?.after))).toEqual({ name: 'Bob' });
		expect(run.map(({ id, changes, origin }) => [id, changes, origin])).toEqual([['run_1', 5, 'manual']]);
		await write(store, (unit) => person(unit));
		expect((await lab().tables()).run?.map(({ changes }) => changes)).toEqual([6]);
	});

	test('a decision that changes nothing leaves no trace', async () => {
		const store = await storeOf(lab());
		const before = await lab().tables();
		await write(store, () => 'nothing');
		expect(await lab().tables()).toEqual(before);
	});

	test('what was read is what was written: every kind of row comes back as it went in', async () => {
		const store = await storeOf(lab());
		const fields = { name: 'Ünïcode 😀', list: [1, 'two', { three: null }], nested: { deep: { on: true } }, constructor: 'c', number: 1.5, nul: 'a\u0000b' };
		const { account, contact } = await write(store, (unit) => {
			declare(unit);
			const account = unit.addRecord({ objectType: 'accounts', fields, origin: 'api' });
			const contact = unit.addRecord({ objectType: 'people', fields: {}, origin: 'api', accountId: account.id });
			unit.putDomain(account.id, 'acme.com', true);
			unit.addEmail(contact, { key: 'ann@acme.com', address: 'Ann@Acme.com' }, true);
			unit.addMapping(crm('key'), 'Shown 😀', contact.id);
			unit.putInbox({ key: 'x@y.com', address: 'X@y.com', name: null, domain: 'y.com', recordId: null, reason: 'noAccount', origin: 'capture' });
			return { account, contact };
		});
		const snapshot = await store.read(WORKSPACE, {
			objectIds: [contact.id],
			inbox: ['x@y.com'],
			with: { mappings: true, emails: true, account: true },
			domains: ['acme.com'],
		});
		expect(snapshot.records).toEqual(expect.arrayContaining([account, contact]));
		expect(snapshot.records).toHaveLength(2);
		expect(snapshot.mappings).toMatchObject([{ idKey: 'key', externalId: 'Shown 😀', objectId: contact.id, state: 'current', slot: 0, endedAt: null }]);
		expect(snapshot.emails).toMatchObject([{ key: 'ann@acme.com', address: 'Ann@Acme.com', isPrimary: true, recordId: contact.id }]);
		expect(snapshot.domains).toMatchObject([{ domain: 'acme.com', accountId: account.id, preferred: true }]);
		expect(snapshot.inbox).toMatchObject([{ key: 'x@y.com', name: null, state: 'waiting' }]);
		expect(snapshot.configurations).toMatchObject([{ externalType: 'crm', idsPerObject: 1 }]);
	});

	test('the last change of a row in a transaction is the one that stays', async () => {
		const store = await storeOf(lab());
		const [account] = await write(store, (unit) => {
			const made = unit.addRecord({ objectType: 'accounts', fields: {}, origin: 'manual' });
			unit.putDomain(made.id, 'acme.com', false);
			return [made.id];
		});
		await write(
			store,
			(unit) => {
				unit.removeDomain(unit.domainsOf(account).find(({ domain }) => domain === 'acme.com') as never);
				unit.putDomain(account, 'acme.com', true);
			},
			{ domains: ['acme.com'], with: { domains: true } },
		);
		expect((await lab().tables()).related_domain).toMatchObject([{ domain: 'acme.com', account_id: account }]);
	});

	test('settings are kept by workspace', async () => {
		const registry = await lab().registry();
		const other = await lab().registry({ workspace: 'other' });
		await write(registry.store, (unit) => unit.putSetting('retentionDays', 7, 180));
		expect([...(await registry.store.settings('default'))]).toEqual([['retentionDays', '7']]);
		expect([...(await other.store.settings('other'))]).toEqual([]);
	});
});

onEachEngine('A store looks through everything in steps', (lab) => {
	const PEOPLE = 4_500;

	/** 4,500 people; each 1,400th has a `crm` ID, each 1,500th says "needle", each 9th was deleted. */
	async function crowd(store: Store): Promise<string[]> {
		const people: string[] = [];
		for (let from = 0; from < PEOPLE; from += 900) {
			people.push(
				...(await write(store, (unit) => {
					if (from === 0) declare(unit);
					return Array.from({ length: 900 }, (_, at) => {
						const number = from + at;
						const { id } = person(unit, number % 1_500 === 0 ? { note: 'A Needle in it' } : {});
						if (number % 1_400 === 0) unit.addMapping(crm(String(number)), String(number), id);
						if (number % 9 === 0) unit.updateRecord(id, { state: 'deleted' }, 'recordDeleted', null, null);
						return id;
					});
				})),
			);
		}
		return people;
	}

	test.each([1, 7, 100, 10_000])('every record comes once, in pages of at most %i, also where hits are rare', async (limit) => {
		const store = await storeOf(lab());
		const people = await crowd(store);
		const active = people.filter((_, number) => number % 9 !== 0);
		const records = async (filter: object) =>
			(await walk((after, most) => store.scanRecords(WORKSPACE, { objectType: 'people', states: ['active', 'deleted'], ...filter }, after, most), limit)).rows.map(({ id }) => id);
		const nth = (every: number) => people.filter((_, number) => number % every === 0);

		if (limit > 50) expect(await records({ states: ['active'] })).toEqual(active);
		expect(await records({ withType: 'crm' })).toEqual(nth(1_400));
		expect(await records({ search: 'NEEDLE' })).toEqual(nth(1_500));
		expect(await records({ withType: 'crm', search: 'needle' })).toEqual([people[0]]);
		expect(await records({ search: 'nowhere' })).toEqual([]);
		expect(await records({ objectType: 'accounts' })).toEqual([]);
		if (limit > 50) expect(await records({ withoutType: 'crm' })).toEqual(people.filter((_, number) => number % 1_400 !== 0));
	});

	test('a scan goes on from where a page ended when rows are added behind it', async () => {
		const store = await storeOf(lab());
		const people = await crowd(store);
		const page = await store.scanRecords(WORKSPACE, { objectType: 'people', states: ['active', 'deleted'] }, undefined, 10);
		const added = await write(store, (unit) => person(unit).id);
		const rest = await walk((after, most) => store.scanRecords(WORKSPACE, { objectType: 'people', states: ['active', 'deleted'] }, after ?? page.next, most), 1_000);
		expect([...page.rows, ...rest.rows].map(({ id }) => id)).toEqual([...people, added]);
	});

	test('mappings come once, by type, by object, by ID and by state, in pages', async () => {
		const store = await storeOf(lab());
		const { objects } = await write(store, (unit) => {
			declare(unit);
			declare(unit, 'people', 'erp');
			const objects = Array.from({ length: 2_600 }, () => person(unit).id);
			objects.forEach((objectId, number) => {
				const mapping = unit.addMapping(crm(`k${number}`), `K${number}`, objectId);
				if (number % 1_000 === 999) unit.setMappingState(mapping, 'deleted');
				if (number === 7) {
					unit.setMappingState(mapping, 'former');
					unit.addMapping(crm('seven'), 'seven', objectId);
				}
				if (number === 2_500) unit.addMapping({ ...crm('k7'), externalType: 'erp' }, 'K7', objectId);
			});
			return { objects };
		});
		const found = async (filter: object, limit: number) =>
			(await walk((after, most) => store.scanMappings(WORKSPACE, { states: ['current'], ...filter }, after, most), limit)).rows.map(({ externalId }) => externalId).sort();
		for (const limit of [1, 50, 10_000]) {
			expect(await found({ externalType: 'erp' }, limit)).toEqual(['K7']);
			expect(await found({ objectType: 'people', externalType: 'crm', states: ['former'] }, limit)).toEqual(['K7']);
			expect(await found({ states: ['deleted'] }, limit)).toEqual(['K1999', 'K999']);
			expect(await found({ objectType: 'people', externalType: 'crm', states: ['deleted'] }, limit)).toEqual(['K1999', 'K999']);
			expect(await found({ objectType: 'accounts' }, limit)).toEqual([]);
		}
		expect(await found({ objectType: 'people', externalType: 'crm' }, 100)).toHaveLength(2_600 - 2);
		expect(await found({}, 100)).toHaveLength(2_600 - 2 + 1);
		expect(await found({ objectId: objects[7], states: ['current', 'former'] }, 10)).toEqual(['K7', 'seven']);
		expect(await found({ ids: [crm('k999')], states: ['deleted'] }, 10)).toEqual(['K999']);
		expect(await found({ ids: [crm('k999'), crm('k5')] }, 10)).toEqual(['K5']);
	});

	test('a page is never larger than asked for, whatever the filter', async () => {
		const store = await storeOf(lab());
		const objectId = await write(store, (unit) => {
			declare(unit);
			const { id } = person(unit);
			for (let number = 0; number < 5; number++) unit.setMappingState(unit.addMapping(crm(`k${number}`), `k${number}`, id), 'former');
			const account = unit.addRecord({ objectType: 'accounts', fields: {}, origin: 'manual' });
			for (let number = 0; number < 5; number++) unit.putDomain(account.id, `acme${number}.com`, false);
			return { person: id, account: account.id };
		});
		const byObject = await walk((after, most) => store.scanMappings(WORKSPACE, { objectId: objectId.person, states: ['former'] }, after, most), 2);
		expect(byObject.rows).toHaveLength(5);
		const byIds = await walk((after, most) => store.scanMappings(WORKSPACE, { ids: [0, 1, 2].map((n) => crm(`k${n}`)), states: ['former'] }, after, most), 2);
		expect(byIds.rows).toHaveLength(3);
		const byAccount = await walk((after, most) => store.scanDomains(WORKSPACE, { accountId: objectId.account }, after, most), 2);
		expect(byAccount.rows).toHaveLength(5);
	});

	test('Related Domains come once, though several accounts share one', async () => {
		const store = await storeOf(lab());
		await write(store, (unit) => {
			const accounts = Array.from({ length: 30 }, () => unit.addRecord({ objectType: 'accounts', fields: {}, origin: 'manual' }).id);
			for (const accountId of accounts) for (let number = 0; number < 100; number++) unit.putDomain(accountId, `d${number}.com`, false);
		});
		for (const limit of [7, 2_000]) {
			const { rows } = await walk((after, most) => store.scanDomains(WORKSPACE, {}, after, most), limit);
			expect(new Set(rows.map(({ domain, accountId }) => domain + accountId)).size).toBe(3_000);
			expect(rows).toHaveLength(3_000);
		}
		expect((await walk((after, most) => store.scanDomains(WORKSPACE, { domain: 'd5.com' }, after, most), 50)).rows).toHaveLength(30);
	});

	test('counts add up over more rows than one step looks at', async () => {
		const store = await storeOf(lab());
		const SHARED = 52_000;
		await write(store, (unit) => {
			declare(unit);
			for (let number = 0; number < 3; number++) person(unit);
			const mapping = unit.addMapping(crm('1'), '1', person(unit).id);
			unit.setMappingState(mapping, 'former');
			unit.addMapping(crm('2'), '2', mapping.objectId);
		});
		// Of the same domain, so that the limit of a step falls between the owners of one domain.
		for (let from = 0; from < SHARED; from += 13_000) {
			await write(store, (unit) => {
				for (let number = 0; number < 13_000; number++) unit.putDomain(unit.addRecord({ objectType: 'accounts', fields: {}, origin: 'manual' }).id, `d${number % 2}.com`, false);
			});
		}
		const counted = async (what: Parameters<Store['count']>[1]) => Object.fromEntries((await store.count(WORKSPACE, what)).map(({ group, rows }) => [group.join(' '), rows]));
		expect(await counted('related_domain')).toEqual({ '': SHARED });
		expect(await counted('record')).toEqual({ 'accounts active': SHARED, 'people active': 4 });
		expect(await counted('mapping')).toEqual({ 'people crm current': 1, 'people crm former': 1 });
		expect(await counted('inbox')).toEqual({});
		expect(await store.count('other', 'record')).toEqual([]);
	});

	test('history older than a moment goes, in steps, and only in its workspace', async () => {
		const store = await storeOf(lab());
		for (let turn = 0; turn < 3; turn++) {
			await write(store, (unit) => {
				for (let number = 0; number < 1_000; number++) person(unit);
			});
		}
		await store.transact('other', {}, RUN, (unit) => person(unit));
		const kept = async () => ((await lab().tables()).change ?? []).map(({ workspace }) => workspace);
		const before = Date.now() + 1_000;
		let position: number | undefined = 0;
		let steps = 0;
		for (; position !== undefined && steps < 20; steps++) position = await store.purgeChanges(WORKSPACE, before, position);
		expect(await kept()).toEqual(['other']);
		expect(steps).toBeGreaterThan(1);
		await write(store, (unit) => person(unit));
		expect(await store.purgeChanges(WORKSPACE, 1, 0)).toBeUndefined();
		expect(await kept()).toEqual(['other', 'default']);
	});
});
