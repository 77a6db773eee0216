import { readRows } from '../../host/exampleData';
import type { Sandbox } from './sandbox';

/** Every how many records the ID stands in a custom field of Salesloft's, as in a team that has begun to keep it there. */
const IN_CUSTOM_FIELD = 3;
const USERS = 12;

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/**
 * Fills a team with the records of `examples/data`, so that a backfill of those files finds them: accounts by their first
 * domain, people by their e-mail. What Salesloft would refuse (no usable address, an address or domain that is there already) is left out.
 *
 * @param most how many of each
 */
export function seedExamples(sandbox: Sandbox, most = Infinity): { accounts: number; people: number; users: number } {
	sandbox.addCustomField('ERP ID', 'person');
	sandbox.addCustomField('CRM ID', 'company');
	sandbox.seed({ users: USERS });
	const { team } = sandbox;
	const accountByDomain = new Map<string, number>();
	for (const [at, row] of readRows('accounts').slice(0, most).entries()) {
		const domains = (row.domains ?? '').split(';').filter((domain) => domain !== '');
		const [domain] = domains;
		if (domain === undefined || team.accounts.find('domain', domain.toLowerCase()).length > 0) continue;
		const id = sandbox.addAccount({ name: row.name, domain, ...(at % IN_CUSTOM_FIELD === 0 ? { custom_fields: { 'CRM ID': row.crm_id } } : {}) });
		for (const each of domains) accountByDomain.set(each, id);
	}
	for (const [at, row] of readRows('contacts').slice(0, most).entries()) {
		const email = (row.email ?? '').trim();
		if (!EMAIL.test(email) || team.people.find('email', team.foldEmail(email)).length > 0) continue;
		const account = accountByDomain.get(email.slice(email.lastIndexOf('@') + 1).toLowerCase());
		sandbox.addPerson({
			email_address: email,
			first_name: row.first_name,
			last_name: row.last_name,
			title: row.title,
			...(account === undefined ? {} : { account_id: account }),
			...(at % IN_CUSTOM_FIELD === 0 ? { custom_fields: { 'ERP ID': row.erp_id } } : {}),
		});
	}
	return { accounts: team.accounts.size, people: team.people.size, users: team.users.size };
}
