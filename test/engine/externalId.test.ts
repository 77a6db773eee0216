import { ExternalId } from '../../nodes/ExternalId/ExternalId.node';
import { runNode } from './harness';

const crm = { __rl: true, mode: 'list', value: 'crm' };
const erp = { __rl: true, mode: 'list', value: 'erp' };

describe('the first five minutes: link, then translate, without credential or set-up', () => {
	it('stores two IDs as one record and goes from one to the other', async () => {
		const linked = await runNode({
			node: ExternalId,
			items: [{ a: 123, b: 'C-9' }],
			parameters: {
				resource: 'mapping',
				operation: 'link',
				objectType: 'people',
				externalIds: { ids: [{ externalType: crm, externalId: '={{ $json.a }}' }, { externalType: erp, externalId: '={{ $json.b }}' }] },
			},
		});
		console.log(JSON.stringify(linked.json(0)), JSON.stringify(linked.json(1)), linked.error, linked.hints);
		const t = await runNode({
			node: ExternalId,
			items: [{ b: 'C-9' }, { b: 'nope' }],
			parameters: { resource: 'mapping', operation: 'translate', objectType: 'people', findBy: 'externalId', externalType: erp, externalId: '={{ $json.b }}', toType: crm },
		});
		console.log(JSON.stringify(t.json(0)), JSON.stringify(t.json(1)), t.error, t.hints);
	});
});
