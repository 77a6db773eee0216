import { listDomains } from '../../nodes/ExternalId/registry/lists';
import { changeSettings } from '../../nodes/ExternalId/registry/status';
import { api, byId, byObject, makeRecords, UPSERT } from './api';
import { caller, kindOf, statuses } from './collect';
import { onEachEngine } from './engines';
import type { Lab } from './engines';
import { changesIn } from './world';

const acme = byId('accounts', 'crm', 'ACME');
const blau = byId('accounts', 'crm', 'BLAU');

async function twoAccounts(lab: Lab) {
	const registry = await lab.registry();
	const [a, b] = await makeRecords(registry, 'accounts', ['ACME', 'BLAU'], (name) => ({ name }));
	return { ...api(registry), a: a as string, b: b as string };
}

async function domainsIn(lab: Lab): Promise<string[]> {
	return ((await lab.tables()).related_domain ?? []).map((row) => `${String(row.account_id)} ${String(row.domain)}${row.preferred ? '*' : ''}`).sort();
}

onEachEngine('A domain directory', (lab) => {
	test('adds and removes Related Domains, one outcome for each domain, and doing it again changes nothing', async () => {
		const { domains, a } = await twoAccounts(lab());
		const entry = { account: acme, domains: ' Acme.com, https://www.acme.de/x; acme.com\nbücher.example ' };
		expect((await domains('add', [entry])).map(statuses)).toEqual([['created', 'created', 'created']]);
		expect(await domainsIn(lab())).toEqual([`${a} acme.com`, `${a} acme.de`, `${a} xn--bcher-kva.example`]);
		const before = await changesIn(lab());
		expect((await domains('add', [entry])).map(statuses)).toEqual([['unchanged', 'unchanged', 'unchanged']]);
		expect(await changesIn(lab())).toBe(before);
		expect((await domains('remove', [{ account: acme, domains: ['acme.de', 'never.com'] }])).map(statuses)).toEqual([['deleted', 'unchanged']]);
		expect((await domains('remove', [{ account: acme, domains: ['acme.de'] }])).map(statuses)).toEqual([['unchanged']]);
	});

	test('sets them: what is not named goes; the same again, in whatever order, is unchanged', async () => {
		const { domains, a } = await twoAccounts(lab());
		await domains('add', [{ account: acme, domains: 'old.com, acme.com' }]);
		expect(await domains('set', [{ account: acme, domains: 'acme.com, new.com' }])).toMatchObject([[{ status: 'updated', added: ['new.com'], removed: ['old.com'], domains: ['acme.com', 'new.com'] }]]);
		expect(await domainsIn(lab())).toEqual([`${a} acme.com`, `${a} new.com`]);
		expect((await domains('set', [{ account: acme, domains: 'new.com, acme.com' }, { account: acme, domains: ['acme.com', 'new.com'] }])).map(statuses)).toEqual([['unchanged'], ['unchanged']]);
	});

	test('items that set different domains for one account are conflicts, however they name it', async () => {
		const { domains, a } = await twoAccounts(lab());
		await domains('add', [{ account: acme, domains: 'acme.com' }]);
		const sameName = await domains('set', [{ account: acme, domains: 'one.com' }, { account: acme, domains: 'two.com' }, { account: blau, domains: 'blau.com' }]);
		expect(sameName.map(statuses)).toEqual([['conflict'], ['conflict'], ['updated']]);
		const otherName = await domains('set', [{ account: acme, domains: 'one.com' }, { account: byObject('accounts', a), domains: 'two.com' }]);
		expect(otherName.map(statuses)).toEqual([['conflict'], ['conflict']]);
		expect((await domainsIn(lab())).filter((each) => each.startsWith(a))).toEqual([`${a} acme.com`]);
	});

	test('what an outcome tells is what is stored', async () => {
		const { domains, a } = await twoAccounts(lab());
		await domains('add', [{ account: acme, domains: 'one.com, two.com' }]);
		const outcomes = (await domains('set', [{ account: acme, domains: 'one.com' }, { account: byObject('accounts', a), domains: 'two.com' }])).flat();
		const last = outcomes.filter(({ status }) => status === 'updated').at(-1) as Record<string, unknown> | undefined;
		// Whether it is done one after the other or refused as a contradiction: the account has what it was last told to have.
		expect((await domainsIn(lab())).filter((each) => each.startsWith(a))).toEqual(((last?.domains as string[] | undefined) ?? ['one.com', 'two.com']).map((domain) => `${a} ${domain}`));
	});

	test('a list without a single usable domain does not empty an account', async () => {
		const { domains, a } = await twoAccounts(lab());
		await domains('add', [{ account: acme, domains: 'acme.com' }]);
		await domains('set', [{ account: acme, domains: 'gmail.com, not a domain' }]);
		await domains('set', [{ account: acme, domains: undefined }]);
		await domains('set', [{ account: acme, domains: null }]);
		expect(await domainsIn(lab())).toEqual([`${a} acme.com`]);
	});

	test('free mail, own and blocked domains and public suffixes cannot be added, and the others of the item are', async () => {
		const { domains, registry } = await twoAccounts(lab());
		await changeSettings(registry, { ownDomains: 'mycompany.com', blockDomains: ['bad.com'] }, { caller: caller(), operation: 'test', settle: () => undefined });
		const [outcomes = []] = await domains('add', [{ account: acme, domains: ['gmail.com', 'mycompany.com', 'eu.bad.com', 'co.uk', 'github.io', 'ann@acme.com', '10.0.0.1', 'acme.com'] }]);
		expect(statuses(outcomes).sort()).toEqual(['created', ...Array.from({ length: 7 }, () => 'invalid')]);
		expect((await lab().tables()).related_domain).toMatchObject([{ domain: 'acme.com' }]);
	});

	test('an account that is not there is said for its item only', async () => {
		const { domains, remove } = await twoAccounts(lab());
		await remove([blau]);
		const outcomes = await domains('add', [{ account: byId('accounts', 'crm', 'missing'), domains: 'a.com' }, { account: blau, domains: 'b.com' }, { account: acme, domains: 'c.com' }, { account: acme, domains: '' }]);
		expect(outcomes.map(statuses)).toEqual([['notFound'], ['notFound'], ['created'], ['invalid']]);
	});

	test('a domain of several accounts is ambiguous, with both as candidates, until one of them is preferred', async () => {
		const { domains, match, a, b } = await twoAccounts(lab());
		await domains('add', [{ account: acme, domains: 'shared.com' }]);
		expect((await domains('add', [{ account: blau, domains: 'shared.com' }])).flat()).toMatchObject([{ status: 'created', sharedWith: [a] }]);
		expect(await match(['x@shared.com'])).toMatchObject([{ status: 'ambiguous', candidates: [a, b].sort() }]);
		expect((await domains('add', [{ account: blau, domains: 'shared.com', preferred: true }])).map(statuses)).toEqual([['updated']]);
		expect(await match(['x@shared.com'])).toMatchObject([{ status: 'found', objectId: b, matchKind: 'exact' }]);
		expect((await domains('add', [{ account: blau, domains: 'shared.com' }])).map(statuses)).toEqual([['unchanged']]);
	});

	test('a match goes from the exact host over its parents to the registrable domain, says which, and writes nothing', async () => {
		const { domains, match, a, b } = await twoAccounts(lab());
		await domains('add', [{ account: acme, domains: 'acme.co.uk' }, { account: blau, domains: 'eu.acme.co.uk' }]);
		const before = await changesIn(lab());
		expect(await match(['ann@eu.acme.co.uk', 'ann@mail.eu.acme.co.uk', 'ann@us.acme.co.uk', 'acme.co.uk', 'https://eu.acme.co.uk/'])).toMatchObject([
			{ objectId: b, matchKind: 'exact', matchedDomain: 'eu.acme.co.uk' },
			{ objectId: b, matchKind: 'parent', matchedDomain: 'eu.acme.co.uk' },
			{ objectId: a, matchKind: 'registrable', matchedDomain: 'acme.co.uk' },
			{ objectId: a, matchKind: 'exact' },
			{ objectId: b, matchKind: 'exact' },
		]);
		expect(await changesIn(lab())).toBe(before);
	});

	test('a known contact decides before any domain does', async () => {
		const { domains, match, upsert, a, b } = await twoAccounts(lab());
		await domains('add', [{ account: acme, domains: 'acme.com' }]);
		await upsert([{ objectType: 'people', ids: [], fields: {} }], UPSERT);
		await upsert([{ objectType: 'people', ids: [{ externalType: { name: 'crm', picked: true }, externalId: 'P' }], fields: { email: 'ann@acme.com' }, account: byObject('accounts', b) }]);
		expect(await match(['ann@acme.com', 'bob@acme.com'])).toMatchObject([{ objectId: b, matchKind: 'knownContact', matchedDomain: null }, { objectId: a, matchKind: 'exact' }]);
	});

	test('what belongs to nobody is told with its reason', async () => {
		const { match } = await twoAccounts(lab());
		const outcomes = await match(['x@nobody.com', 'x@gmail.com', 'noreply@acme.com', 'not an address@', '', 17, null, ['x@acme.com'], 'co.uk']);
		expect(outcomes.map((each) => `${each.status} ${kindOf(each)}`)).toEqual([
			'notFound domainWithoutAccount',
			'skipped domainFreeMail',
			'skipped roleAddress',
			'invalid emailMalformed',
			'invalid nothingToMatch',
			'invalid emailNotText',
			'invalid nothingToMatch',
			'invalid emailNotText',
			'invalid domainPublicSuffix',
		]);
		expect(statuses(await match(['noreply@acme.com'], false))).toEqual(['notFound']);
	});

	test('the list shows domains with their accounts, of one account, or of one domain', async () => {
		const { domains, registry, a } = await twoAccounts(lab());
		await domains('add', [{ account: acme, domains: 'one.com, two.com' }, { account: blau, domains: 'two.com' }]);
		expect(await listDomains(registry, {}, 50)).toHaveLength(3);
		expect(await listDomains(registry, { accountId: a }, 50)).toMatchObject([{ domain: 'one.com', accountName: 'ACME', externalIds: { crm: 'ACME' } }, { domain: 'two.com' }]);
		expect(await listDomains(registry, { domain: 'TWO.com' }, 50)).toHaveLength(2);
		expect(await listDomains(registry, { domain: 'two.com', accountId: a }, 50)).toHaveLength(1);
		expect(await listDomains(registry, { domain: 'no domain' }, 50)).toMatchObject({ status: 'invalid' });
		expect(await listDomains(registry, { accountId: a }, 1)).toHaveLength(1);
	});
});

onEachEngine('Capturing contacts', (lab) => {
	async function withDomains() {
		const all = await twoAccounts(lab());
		await all.domains('add', [{ account: acme, domains: 'acme.com' }, { account: blau, domains: 'blau.de' }]);
		return all;
	}

	test('an item gives one outcome for each of its addresses, in order, with the name that came with it', async () => {
		const { capture, a, b } = await withDomains();
		const [outcomes] = await capture(['To: "Lee, Ann" <Ann@acme.com>, bob@eu.acme.com, Zoe <zoe@gmail.com>, Carl <carl@blau.de>, x@nobody.org']);
		expect(outcomes).toMatchObject([
			{ status: 'created', accountId: a, matchedDomain: 'acme.com', matchKind: 'exact', fields: { name: 'Lee, Ann' }, email: 'Ann@acme.com' },
			{ status: 'created', accountId: a, matchKind: 'registrable' },
			{ status: 'skipped', inInbox: true },
			{ status: 'created', accountId: b },
			{ status: 'notFound', inInbox: true },
		]);
		expect((await lab().tables()).inbox?.map(({ key, state }) => `${key} ${state}`).sort()).toEqual(['x@nobody.org waiting', 'zoe@gmail.com waiting']);
	});

	test('one address in many items makes one contact', async () => {
		const { capture } = await withDomains();
		const outcomes = await capture(['ann@acme.com', 'Ann <ANN@acme.com>', ['ann@acme.com', 'bob@acme.com'], { value: [{ address: 'ann@acme.com', name: 'Ann Lee' }] }]);
		expect(outcomes.map(statuses)).toEqual([['created'], ['unchanged'], ['unchanged', 'created'], ['unchanged']]);
		expect(outcomes[0]).toMatchObject([{ fields: { name: 'Ann Lee' } }]);
		expect((await lab().tables()).email).toHaveLength(2);
	});

	test('role addresses, own and blocked domains make no contact and do not wait', async () => {
		const { capture, registry } = await withDomains();
		await changeSettings(registry, { ownDomains: 'mycompany.com', blockDomains: 'bad.com' }, { caller: caller(), operation: 'test', settle: () => undefined });
		const [outcomes] = await capture([['support@acme.com', 'me@mycompany.com', 'x@bad.com']]);
		expect(statuses(outcomes ?? [])).toEqual(['skipped', 'skipped', 'skipped']);
		expect((await lab().tables()).inbox).toEqual([]);
		expect((await capture(['support@acme.com'], false)).map(statuses)).toEqual([['created']]);
	});

	test('an address that two people have is ambiguous and makes no third', async () => {
		const { capture, upsert } = await withDomains();
		const twin = (externalId: string) => ({ objectType: 'people' as const, ids: [{ externalType: { name: 'crm', picked: true }, externalId }], fields: { email: 'ann@acme.com' } });
		await upsert([twin('1'), twin('2')], { whenEmailKnown: 'create' });
		expect((await capture(['ann@acme.com'])).map(statuses)).toEqual([['ambiguous']]);
		expect((await lab().tables()).email).toHaveLength(2);
	});

	test('an address that became a contact waits in the inbox no longer', async () => {
		const { capture, domains } = await withDomains();
		expect((await capture(['ann@later.com'])).map(statuses)).toEqual([['notFound']]);
		expect(await domains('add', [{ account: acme, domains: 'later.com' }])).toMatchObject([[{ status: 'created', contactsCreated: 1 }]]);
		expect((await capture(['ann@later.com'])).map(statuses)).toEqual([['unchanged']]);
		expect(((await lab().tables()).inbox ?? []).filter(({ state }) => state === 'waiting')).toEqual([]);
	});

	test('an item without an address is invalid, and the others are done', async () => {
		const { capture } = await withDomains();
		expect((await capture(['', null, undefined, {}, [], 'nobody', 42, true, 'ann@acme.com', { name: 'Ann' }, 'undisclosed-recipients:;'])).map(statuses)).toEqual([
			['invalid'], ['invalid'], ['invalid'], ['invalid'], ['invalid'], ['invalid'], ['invalid'], ['invalid'], ['created'], ['invalid'], ['invalid'],
		]);
	});
});
