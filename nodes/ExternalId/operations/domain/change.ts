import type { Field, Operation } from '../../../shared/node/operation';
import { changeDomains } from '../../registry/domains';
import type { Registry } from '../../registry/registry';
import { account } from '../fields';
import { namedRecord, option, workOf } from '../reading';

const domains: Field = {
	displayName: 'Domains',
	name: 'domains',
	type: 'string',
	default: '',
	required: true,
	perItem: true,
	placeholder: 'e.g. acme.com, acme.de',
	description: 'One domain, several comma-separated ones, or a list',
};

const preferred: Field = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Preferred',
			name: 'preferred',
			type: 'boolean',
			default: false,
			description: 'Whether this account gets the contacts when several accounts share the domain',
		},
	],
};

/** The three ways to change the Related Domains of accounts differ in nothing but that. */
function change(how: 'add' | 'remove' | 'set', texts: Pick<Operation<Registry>, 'name' | 'action' | 'description'>): Operation<Registry> {
	return {
		value: how,
		...texts,
		outputs: 'writer',
		fields: [...account, domains, ...(how === 'remove' ? [] : [preferred])],
		async run(run) {
			const entries = run.inputs.map((input) => ({
				account: namedRecord(run, input, 'accounts'),
				domains: input.values.domains,
				preferred: option<boolean | undefined>(run, 'preferred', undefined),
			}));
			await changeDomains(run.system, how, entries, workOf(run, `domain:${how}`));
		},
	};
}

export const add = change('add', {
	name: 'Add',
	action: 'Add related domains',
	description: 'Add Related Domains to an account',
});

export const remove = change('remove', {
	name: 'Remove',
	action: 'Remove related domains',
	description: 'Remove Related Domains from an account. Its contacts stay.',
});

export const set = change('set', {
	name: 'Set',
	action: 'Set related domains',
	description: 'Make the given domains the Related Domains of an account: others are removed',
});
