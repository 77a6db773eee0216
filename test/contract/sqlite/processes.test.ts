import * as fs from 'node:fs';

import { api, byId, ids } from '../api';
import { caller, collect, statuses, tally } from '../collect';
import { brokenRules } from '../world';
import { Place } from './place';

let place: Place;
beforeEach(() => {
	place = new Place();
});
afterEach(async () => await place.remove());

describe('Several processes on one file', () => {
	test('of those that map the same IDs, each ID has exactly one winner, and no write is lost', async () => {
		const COUNT = 800;
		const children = ['a', 'b', 'c'].map((owner) => place.child('compete', owner, COUNT));
		expect(await Promise.all(children.map((child) => child.next()))).toEqual(children.map(() => ({ ready: true })));
		for (const child of children) child.say('go');
		const results = (await Promise.all(children.map((child) => child.next()))) as Array<{ won: number[]; lost: number }>;
		expect(results.map(({ won, lost }) => won.length + lost)).toEqual(children.map(() => COUNT));
		const winners = results.flatMap(({ won }) => won).sort((a, b) => a - b);
		expect(winners).toEqual(Array.from({ length: COUNT }, (_, n) => n));
		const tables = place.tables();
		expect(tables.mapping?.filter(({ external_type }) => external_type === 'crm')).toHaveLength(COUNT);
		expect(tables.record).toHaveLength(COUNT * 3);
		expect(brokenRules(tables)).toEqual([]);
	});

	test('of those that update one record, none undoes what another wrote', async () => {
		const children = ['a', 'b', 'c'].map((owner) => place.child('together', owner, 30));
		expect((await Promise.all(children.map((child) => child.rest()))).flat()).toEqual(children.map(() => ({ ok: true })));
		const [record, ...others] = place.tables().record ?? [];
		expect(others).toEqual([]);
		expect(Object.keys(JSON.parse(String(record?.fields)) as object)).toHaveLength(90);
	});

	test('all of them may make the file at the same moment', async () => {
		const children = Array.from({ length: 4 }, (_, n) => place.child('once', `c${n % 2}`));
		const lines = (await Promise.all(children.map((child) => child.rest()))).flat();
		expect(lines.map(({ linked }) => linked).sort()).toEqual(['created', 'created', 'unchanged', 'unchanged']);
	});

	test('a file that another process made is seen by one that is open already', async () => {
		const all = api(await place.open());
		await all.link([{ objectType: 'people', ids: ids({ crm: 'mine' }) }]);
		expect(await place.child('once', 'theirs').rest()).toEqual([{ linked: 'created' }]);
		expect(statuses(await all.resolve([byId('people', 'crm', 'theirs'), byId('people', 'crm', 'mine')]))).toEqual(['found', 'found']);
	});
});

describe('Two copies of the module in one process', () => {
	test('work on one file at the same time', async () => {
		const COUNT = 800;
		type Copy = { registry: typeof import('../../../nodes/ExternalId/registry/registry'); link: typeof import('../../../nodes/ExternalId/registry/link') };
		const copies: Copy[] = [];
		for (let n = 0; n < 2; n++) {
			await jest.isolateModulesAsync(async () => {
				/* eslint-disable @typescript-eslint/no-require-imports */
				copies.push({ registry: require('../../../nodes/ExternalId/registry/registry') as Copy['registry'], link: require('../../../nodes/ExternalId/registry/link') as Copy['link'] });
				/* eslint-enable @typescript-eslint/no-require-imports */
			});
		}
		expect(copies[0]?.registry.openRegistry).not.toBe(copies[1]?.registry.openRegistry);
		const entries = Array.from({ length: COUNT }, (_, n) => ({ objectType: 'people' as const, ids: ids({ crm: `c${n}` }) }));
		const outcomes = await Promise.all(
			copies.map(async ({ registry, link }) => {
				const opened = await registry.openRegistry({ file: place.file, registry: 'default', workspace: 'default' });
				return (await collect(entries, async (all, work) => await link.linkIds(opened, all, { whenRecordHasOther: 'conflict', whenIdBelongsToOther: 'conflict' }, work), { caller: caller() })).flat();
			}),
		);
		expect(tally(outcomes.flat())).toEqual({ created: COUNT, unchanged: COUNT });
		// Each has a connection of its own: one that closes must not take the other's locks with it.
		await copies[0]?.registry.closeRegistries();
		const left = await copies[1]?.registry.openRegistry({ file: place.file, registry: 'default', workspace: 'default' });
		expect((await left?.store.count('default', 'record'))?.[0]?.rows).toBe(COUNT);
		await copies[1]?.registry.closeRegistries();
		expect(brokenRules(place.tables())).toEqual([]);
	});
});

describe('A process that is killed in the middle of its work', () => {
	test('leaves a file that opens, with all that was told as done and nothing half-written', async () => {
		const KILLS = 10;
		const told: string[] = [];
		for (let kill = 0; kill < KILLS; kill++) {
			const child = place.child('forever', kill);
			const first = await child.next();
			// Anywhere from the first words on: in a transaction, between two, or while the log is taken into the file.
			await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
			for (const { done } of [first, ...(await child.kill())]) told.push(...(done as string[]));
			expect(place.tool((db) => db.prepare('PRAGMA integrity_check').all())).toEqual([{ integrity_check: 'ok' }]);
			expect(place.tool((db) => db.prepare('PRAGMA foreign_key_check').all())).toEqual([]);
			const tables = place.tables();
			expect(brokenRules(tables)).toEqual([]);
			// An item is done whole: its two IDs and its e-mail, or nothing.
			const crm = new Set(tables.mapping?.filter(({ external_type }) => external_type === 'crm').map((row) => row.external_id));
			expect(tables.mapping).toHaveLength(crm.size * 2);
			expect(tables.email).toHaveLength(crm.size);
			expect(told.filter((each) => !crm.has(each))).toEqual([]);
		}
		expect(told.length).toBeGreaterThanOrEqual(KILLS * 50);
		const all = api(await place.open());
		expect(statuses(await all.resolve([byId('people', 'crm', told[0] ?? '')]))).toEqual(['found']);
		expect(fs.existsSync(place.file)).toBe(true);
	});

	test('loses none of the changes that it followed, and hands on again only what was on its way', async () => {
		const [KILLS, CONTACTS, BATCH] = [10, 60, 7];
		const all = api(await place.open());
		await all.upsert([{ objectType: 'accounts', ids: ids({ crm: 'A' }), fields: { domains: 'acme.com' } }]);
		const wanted: string[] = [];
		const ended: Array<{ email: string; seq: number }> = [];
		const keys: string[] = [];
		const take = (lines: Array<Record<string, unknown>>) => {
			for (const line of lines) {
				if (line.ended === undefined) continue;
				ended.push(...(line.ended as typeof ended));
				keys.push(String(line.key));
			}
		};
		for (let kill = 0; kill < KILLS; kill++) {
			const child = place.child('follow', BATCH);
			let line = await child.next();
			while (!line.ready) line = await child.next();
			const made = Array.from({ length: CONTACTS }, (_, n) => `p${kill}-${n}@acme.com`);
			wanted.push(...made);
			await all.capture(made);
			// Its first batch is on its way; then anywhere: in a run, or while it writes down what it does.
			const first = [await child.next()];
			await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
			take([...first, ...(await child.kill())]);
		}
		const last = place.child('follow', BATCH);
		while (new Set(ended.map(({ email }) => email)).size < wanted.length) take([await last.next()]);
		await last.kill();
		expect([...new Set(ended.map(({ email }) => email))].sort()).toEqual([...wanted].sort());
		expect(ended.length - wanted.length).toBeLessThanOrEqual(KILLS * BATCH);
		const firsts = ended.filter(({ email }, at) => ended.findIndex((each) => each.email === email) === at).map(({ seq }) => seq);
		expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
		expect(new Set(keys).size).toBe(keys.length);
	});
});
