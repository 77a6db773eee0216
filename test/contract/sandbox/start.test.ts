import { readRows } from '../../host/exampleData';
import { described, readSwitches, serveSalesloft } from '../../sandbox/serve';
import { asking } from './ask';

describe('The sandbox for people without an account', () => {
	test('holds the records of the example files, so that a backfill of them finds them', async () => {
		const sandbox = await serveSalesloft({ port: 0 });
		try {
			const ask = asking(sandbox);
			const contact = readRows('contacts')[0]!;
			const [person] = (await ask('GET', `/people?email_addresses[]=${encodeURIComponent(contact.email!)}`)).body.data;
			expect(person).toMatchObject({ email_address: contact.email, last_name: contact.last_name, custom_fields: { 'ERP ID': contact.erp_id } });
			const account = readRows('accounts')[0]!;
			expect((await ask('GET', `/accounts?domain=${account.domains!.split(';')[0]}`)).body.data).toMatchObject([{ name: account.name, custom_fields: { 'CRM ID': account.crm_id } }]);
			expect(sandbox.team.people.size).toBeGreaterThan(9_000);
			expect(sandbox.team.accounts.size).toBeGreaterThan(2_800);
			expect(sandbox.team.people.all().filter(({ fields }) => fields.account_id !== undefined).length).toBeGreaterThan(5_000);
			expect(sandbox.calls.every(({ status }) => status === 200)).toBe(true);
			for (const part of [sandbox.baseUrl, sandbox.apiKey, sandbox.tokenUrl, sandbox.authorizeUrl, sandbox.integration.clientId, sandbox.integration.clientSecret]) expect(described(sandbox)).toContain(part);
		} finally {
			await sandbox.close();
		}
	});

	test('has the same keys each time', async () => {
		const keys = [];
		for (let at = 0; at < 2; at++) {
			const sandbox = await serveSalesloft({ port: 0 });
			keys.push([sandbox.apiKey, sandbox.integration.clientId, sandbox.integration.clientSecret]);
			await sandbox.close();
		}
		expect(keys[0]).toEqual(keys[1]);
	});

	test('takes switches by name, and says which there are', () => {
		expect(readSwitches(['mappingCreateStatus=200', 'tags=add'])).toEqual({ mappingCreateStatus: 200, tags: 'add' });
		expect(() => readSwitches(['tag=add'])).toThrow('There is no switch "tag"');
		expect(() => readSwitches(['tags=perhaps'])).toThrow('can be replace or add');
	});
});
