import { checkValue, getCheckpoints, saveCheckpoints } from '../../nodes/ExternalId/registry/checkpoints';
import type { CheckpointKind, FirstTime, SaveEntry } from '../../nodes/ExternalId/registry/checkpoints';
import type { Registry } from '../../nodes/ExternalId/registry/registry';
import type { Outcome } from '../../nodes/shared/identity/outcome';
import { collect, kindOf, single, statuses } from './collect';
import { onEachEngine } from './engines';

const NOW = Date.parse('2026-05-01T12:00:00Z');

function on(registry: Registry) {
	return {
		get: async (names: readonly unknown[], firstTime: FirstTime = { daysBack: 7 }) => single(await collect(names, (all, work) => getCheckpoints(registry, all, firstTime, NOW, work))),
		save: async (entries: readonly SaveEntry[], mayGoBack = false): Promise<Outcome[]> => single(await collect(entries, (all, work) => saveCheckpoints(registry, all, { mayGoBack }, work))),
	};
}

const date = (value: unknown, name: unknown = 'flow'): SaveEntry => ({ name, kind: 'date', value });
const of = (kind: CheckpointKind, value: unknown, name = 'flow'): SaveEntry => ({ name, kind, value });

onEachEngine('Checkpoints', (lab) => {
	test('give what to begin with until something is saved, then what was saved, and the time at which the run began', async () => {
		const { get, save } = on(await lab().registry());
		expect(await get(['flow'])).toEqual([{ status: 'found', name: 'flow', kind: 'date', value: '2026-04-24T12:00:00.000Z', isFirst: true, savedAt: null, now: '2026-05-01T12:00:00.000Z' }]);
		expect(await get(['flow'], { value: { kind: 'number', value: 5 } })).toMatchObject([{ value: 5, isFirst: true }]);
		expect(await get(['flow'], 'notFound')).toMatchObject([{ status: 'notFound', now: '2026-05-01T12:00:00.000Z' }]);
		expect(await save([date('2026-04-30T10:00:00+02:00')])).toMatchObject([{ status: 'created', before: null, value: '2026-04-30T08:00:00.000Z' }]);
		expect(await get(['flow', 'other'])).toMatchObject([{ value: '2026-04-30T08:00:00.000Z', isFirst: false }, { isFirst: true }]);
		expect(await on(await lab().registry({ workspace: 'another' })).get(['flow'])).toMatchObject([{ isFirst: true }]);
	});

	test('never go back unless asked: of two runs that overlap the later value stays', async () => {
		const { get, save } = on(await lab().registry());
		await save([date('2026-04-30')]);
		expect(await save([date('2026-04-29')])).toMatchObject([{ status: 'unchanged', value: '2026-04-30T00:00:00.000Z', keptBecause: expect.stringContaining('later') }]);
		expect(await save([date('2026-04-30')])).toMatchObject([{ status: 'unchanged' }]);
		expect(await save([date('2026-04-29')], true)).toMatchObject([{ status: 'updated', before: '2026-04-30T00:00:00.000Z', value: '2026-04-29T00:00:00.000Z' }]);
		expect(await get(['flow'])).toMatchObject([{ value: '2026-04-29T00:00:00.000Z' }]);
		await save([of('number', '10', 'version')]);
		expect(await save([of('number', 9, 'version')])).toMatchObject([{ status: 'unchanged', value: 10 }]);
		expect(await save([of('number', 11, 'version')])).toMatchObject([{ status: 'updated', value: 11 }]);
	});

	test('of texts, which have no order, the last one counts; another kind is a conflict', async () => {
		const { save } = on(await lab().registry());
		await save([of('text', 'zzz')]);
		expect(await save([of('text', 'aaa')])).toMatchObject([{ status: 'updated', value: 'aaa' }]);
		expect(await save([of('number', 1)])).toMatchObject([{ status: 'conflict', conflict: { wanted: { value: 1 }, existing: { value: 'aaa' } } }]);
		expect(await save([of('number', 1)], true)).toMatchObject([{ status: 'updated' }]);
	});

	test('Promise 5: the outcome does not depend on the order of the input', async () => {
		for (const order of [0, 1]) {
			const { get, save } = on(await lab().registry({ workspace: `w${order}` }));
			const entries = [date('2026-04-01'), date('2026-04-03'), date('2026-04-02'), of('text', 'a', 't'), of('text', 'b', 't'), date('2026-04-01', 'single')];
			const outcomes = await save(order ? entries.reverse() : entries);
			expect(statuses(order ? outcomes.reverse() : outcomes)).toEqual(['unchanged', 'created', 'unchanged', 'conflict', 'conflict', 'created']);
			expect(await get(['flow', 't'], 'notFound')).toMatchObject([{ value: '2026-04-03T00:00:00.000Z' }, { status: 'notFound' }]);
		}
	});

	test('refuse names and values that would not do, and dates that would keep every later one out', async () => {
		const { get, save } = on(await lab().registry());
		const bad = [date('2026-04-01', ''), date('2026-04-01', null), date('2026-04-01', 'a\nb'), date('2026-04-01', 'x'.repeat(201)), date(''), date(null), date('soon'), date({}), date('+123456-01-01'), of('number', 'many'), of('number', Number.NaN), of('text', ['a']), of('text', 'x'.repeat(10_001)), date('9999-01-01')];
		expect((await save([...bad, date('2026-04-01', 'good')])).map(kindOf)).toEqual(['noCheckpointName', 'noCheckpointName', 'checkpointName', 'checkpointName', 'checkpointValue', 'checkpointValue', 'checkpointValue', 'checkpointValue', 'checkpointValue', 'checkpointValue', 'checkpointValue', 'checkpointValue', 'checkpointValue', 'checkpointInFuture', 'created']);
		expect(statuses(await get(['flow', ''], 'notFound'))).toEqual(['notFound', 'invalid']);
		expect(checkValue('date', new Date('2026-01-01'))).toEqual({ kind: 'date', value: '2026-01-01T00:00:00.000Z' });
		expect(checkValue('date', Date.parse('2026-01-01'))).toEqual({ kind: 'date', value: '2026-01-01T00:00:00.000Z' });
	});
});
