import type { Field, Operation } from '../../../shared/node/operation';
import { approveWaiting, assignWaiting } from '../../registry/inbox';
import type { Registry } from '../../registry/registry';
import { account, optionsOf } from '../fields';
import { namedRecord, option, workOf } from '../reading';
import { waiting } from './fields';

const show = (assignMode: 'domain' | 'one') => ({ show: { assignMode: [assignMode] } });

const accountOfOne: Field[] = account.map((field) => ({ ...field, displayOptions: { show: { ...show('one').show, ...field.displayOptions?.show } } }));

export const assign: Operation<Registry> = {
	value: 'assign',
	name: 'Assign or Approve',
	action: 'Assign from the inbox',
	description: 'Put an address or a contact that waits on an account, or approve all that waits at a domain',
	outputs: 'writer',
	fields: [
		{
			displayName: 'What',
			name: 'assignMode',
			type: 'options',
			noDataExpression: true,
			options: [
				{ name: 'All of a Domain', value: 'domain', description: 'Make contacts of all that waits at a domain whose account is known, also of what waits for approval' },
				{ name: 'One Address or Contact', value: 'one', description: 'Put it on an account of your choice' },
			],
			default: 'one',
			description: 'Whether to assign one, or approve all of a domain',
		},
		{ ...waiting, displayOptions: show('one') },
		...accountOfOne,
		{
			displayName: 'Domain',
			name: 'domain',
			type: 'string',
			default: '',
			required: true,
			perItem: true,
			placeholder: 'e.g. acme.com',
			description: 'What waits at this domain, and under it, is put on the account that it belongs to',
			displayOptions: show('domain'),
		},
		optionsOf({
			displayName: 'Also Add the Domain',
			name: 'addDomain',
			type: 'boolean',
			default: false,
			description: 'Whether the domain of the address becomes a Related Domain of the account, so that others of it are found. Free mail, and domains of other accounts, are left out. Only for one address or contact.',
		}),
	],
	async run(run) {
		const work = workOf(run, 'inbox:assign');
		if (run.parameters.assignMode === 'domain') {
			await approveWaiting(run.system, run.inputs.map(({ values }) => values.domain), work);
			return;
		}
		const entries = run.inputs.map((input) => ({ waiting: input.values.waiting, account: namedRecord(run, input, 'accounts') }));
		let refused = 0;
		await assignWaiting(run.system, entries, { addDomain: option(run, 'addDomain', false) }, {
			...work,
			settle: (index, outcome) => {
				if ([outcome].flat().some((each) => 'refusedDomains' in each)) refused++;
				work.settle(index, outcome);
			},
		});
		if (refused > 0) run.hint(`The domain of ${refused} ${refused === 1 ? 'address' : 'addresses'} was not added; see refusedDomains in the output.`, 'warning');
	},
};
