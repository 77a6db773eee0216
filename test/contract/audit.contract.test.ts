import { ALL_FINDINGS, auditRegistry } from '../../nodes/ExternalId/registry/audit';
import type { AuditChoices } from '../../nodes/ExternalId/registry/audit';
import { listHistory } from '../../nodes/ExternalId/registry/history';
import type { HistoryQuery } from '../../nodes/ExternalId/registry/history';
import { changeSettings } from '../../nodes/ExternalId/registry/status';
import type { Registry } from '../../nodes/ExternalId/registry/registry';
import { api, byEmail, byId, byObject, ids, makeRecords, typed } from './api';
import { caller } from './collect';
import { onEachEngine } from './engines';
import { changesIn } from './world';

const upTo = <T>(count: number, make: (number: number) => T): T[] => Array.from({ length: count }, (_, number) => make(number));

async function audit(registry: Registry, more: Partial<AuditChoices> = {}) {
	const [summary, ...findings] = await auditRegistry(registry, { kinds: new Set(ALL_FINDINGS), limit: 50, ...more });
	return { summary: summary as Record<string, unknown>, findings };
}

onEachEngine('Audit', (lab) => {
	test('finds nothing in a sound registry, former IDs and shared domains with a preferred account included', async () => {
		const all = api(await lab().registry());
		await makeRecords(all.registry, 'accounts', ['a', 'b'], () => ({ domains: 'shared.com' }));
		await all.domains('set', [{ account: byId('accounts', 'crm', 'a'), domains: 'shared.com', preferred: true }]);
		await makeRecords(all.registry, 'people', upTo(300, (n) => `c${n}`), (name) => ({ email: `${name}@x.com` }));
		await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: 'new', current: { externalId: 'c1' } }]);
		const { summary, findings } = await audit(all.registry);
		expect(findings).toEqual([]);
		expect(summary).toMatchObject({ finding: 'summary', total: 0, complete: true, looked: { mappings: 303, people: 300, emails: 300, domains: 2 } });
	});

	test('finds each kind of trouble, names the records and says what to do; it writes nothing', async () => {
		const all = api(await lab().registry());
		const { registry } = all;
		const [a, b, c] = await makeRecords(registry, 'accounts', ['a', 'b', 'c'], () => ({ domains: 'shared.com' }));
		await all.upsert([
			{ objectType: 'people', ids: ids({ crm: 'AbC' }), fields: { email: 'ann@x.com' } },
			{ objectType: 'people', ids: ids({ crm: 'aBc' }), fields: { email: 'Ann@x.com' } },
			{ objectType: 'people', ids: ids({ crm: '007' }), fields: {} },
			{ objectType: 'people', ids: ids({ crm: '7', erp: 'E' }), fields: {} },
			{ objectType: 'people', ids: ids({ crm: 'gone' }), fields: {} },
			{ objectType: 'people', ids: ids({ crm: 'orphan' }), fields: {}, account: byId('accounts', 'crm', 'c') },
		], { whenEmailKnown: 'create' });
		await all.remove([byId('people', 'crm', 'gone')]);
		await lab().execute(`UPDATE record SET state = 'deleted' WHERE id = '${String(c)}'`);
		await changeSettings(registry, { blockedIds: 'aBc' }, { caller: caller(), operation: 'test', settle: () => undefined });
		await lab().execute(`DELETE FROM configuration WHERE external_type = 'erp'`);
		const changes = await changesIn(lab());
		const { summary, findings } = await audit(await lab().registry(), { withoutType: { objectType: 'people', externalType: 'crm' } });
		expect(summary.found).toEqual({ recordGone: 2, accountGone: 1, sharedEmail: 1, sharedDomain: 1, similarIds: 2, withoutId: 0, configurationGone: 1, unfitId: 2 });
		expect(summary).toMatchObject({ total: 10, told: 10 });
		const of = (kind: string) => findings.filter(({ finding }) => finding === kind);
		expect(of('sharedDomain')).toMatchObject([{ domain: 'shared.com', objectIds: [a, b] }]);
		expect(of('sharedEmail')).toMatchObject([{ email: expect.stringMatching(/ann@x/i), objectIds: [expect.any(String), expect.any(String)] }]);
		expect(of('similarIds').map(({ what }) => what).sort()).toEqual([expect.stringMatching(/^"007" and "7" are nearly the same crm ID/), expect.stringMatching(/^"AbC" and "aBc"/)]);
		expect(of('recordGone').map(({ externalId }) => externalId).sort()).toEqual(['c', 'gone']);
		expect(of('accountGone')).toMatchObject([{ accountId: c }]);
		expect(of('configurationGone')).toMatchObject([{ externalId: 'E' }]);
		for (const finding of findings) expect(finding).toMatchObject({ severity: expect.stringMatching(/^(problem|warning|info)$/), advice: expect.stringMatching(/\.$/), objectId: expect.any(String) });
		expect(await changesIn(lab())).toBe(changes);
	});

	test('tells so many of a kind and counts all; looks only for what was asked', async () => {
		const all = api(await lab().registry());
		await all.link(upTo(2_500, (n) => ({ objectType: 'people' as const, ids: ids({ erp: `${n % 2 ? 'x' : 'X'}${n >> 1}` }) })));
		await all.configure({ objectType: 'people', externalType: 'crm' });
		const { summary, findings } = await audit(all.registry, { limit: 3, withoutType: { objectType: 'people', externalType: 'crm' } });
		expect(summary).toMatchObject({ total: 3_750, told: 6, found: { similarIds: 1_250, withoutId: 2_500 } });
		expect(findings).toHaveLength(6);
		expect((await audit(all.registry, { kinds: new Set(['sharedEmail']) })).summary).toMatchObject({ total: 0, found: { sharedEmail: 0 }, looked: { mappings: 0 } });
		const aborted = await auditRegistry(all.registry, { kinds: new Set(ALL_FINDINGS), limit: 1 }, AbortSignal.abort());
		expect(aborted).toMatchObject([{ complete: false }]);
	});
});

onEachEngine('History', (lab) => {
	test('tells the changes of everything, a record by any of its keys, or a run, newest first, each readable', async () => {
		const all = api(await lab().registry());
		const [ann] = await makeRecords(all.registry, 'people', ['1', '2'], (name) => ({ email: `p${name}@x.com`, title: 'CEO' }));
		const made = String((await lab().tables()).change?.at(-1)?.run_id);
		await all.upsert([{ objectType: 'people', ids: ids({ crm: '1' }), fields: { title: 'CTO' } }]);
		await all.replace([{ objectType: 'people', externalType: typed('crm'), externalId: '1x', current: { externalId: '1' } }]);
		await all.remove([byId('people', 'crm', '1x')]);
		const list = async (query: HistoryQuery, limit = 100) => (await listHistory(all.registry, query, limit)) as Array<Record<string, unknown>>;
		const told = await list({ record: byId('people', 'crm', '1') });
		expect(told.map(({ change }) => change)).toEqual(['recordDeleted', 'mappingCreated', 'mappingReplaced', 'recordUpdated', 'emailAdded', 'mappingCreated', 'recordCreated']);
		expect(told[3]).toMatchObject({ what: `Person ${ann} was changed (title).`, before: { title: 'CEO' }, after: { title: 'CTO' }, objectId: ann, operation: 'test', origin: 'manual', workflowId: 'workflow1', runId: expect.stringContaining('run_'), changedAt: expect.stringMatching(/Z$/) });
		expect(told[5]).toMatchObject({ what: `crm ID "1" was mapped to ${ann}.`, externalType: 'crm', externalId: '1' });
		for (const record of [byObject('people', ann), byEmail('people', 'P1@x.com'), byId('people', 'crm', '1x')]) expect(await list({ record })).toEqual(told);
		expect(await list({ runId: made })).toHaveLength(7);
		expect(await list({}, 3)).toEqual(told.slice(0, 3));
		expect(await list({ kinds: new Set(['mappingReplaced']) })).toEqual([told[2]]);
		expect((await list({ externalType: 'crm', objectType: 'people', runId: made })).map(({ change }) => change).sort()).toEqual(['configurationCreated', 'mappingCreated', 'mappingCreated']);
		expect(await list({ from: Date.now() + 60_000 })).toEqual([]);
		expect(await list({ to: Date.now() - 60_000 })).toEqual([]);
		expect(await list({ from: 0, to: Date.now() })).toHaveLength(11);
		expect(await listHistory(all.registry, { record: byId('people', 'crm', 'no') }, 10)).toMatchObject({ status: 'notFound' });
		expect(await listHistory(all.registry, { record: byEmail('people', 'nonsense') }, 10)).toMatchObject({ status: 'invalid' });
	});
});
