import { eachAtOnce } from '../shared/http/atOnce';
import { ServiceError } from '../shared/http/errors';
import { groupsForQuery, type QueryValues } from '../shared/http/query';
import { domainLadder, parseDomain } from '../shared/identity/domain';
import type { ObjectType } from '../shared/identity/outcome';
import { Pacer } from '../shared/pace';
import type { StopSign } from '../shared/ports';
import type { Fields } from './answers';
import { AT_ONCE, PER_PAGE, repeats, type SalesloftApi } from './api';

/** Characters that the values of one call may take: addresses above 8,192 are refused. */
const LONGEST_QUERY = 7_000;
/** Pages in a row without anything new before a list is taken to go round in circles. */
const BARREN = 3;
/** How a domain may stand in Salesloft, which does not normalise it (recorded: `https://www.nike.com`). */
const SPELLINGS: ReadonlyArray<(domain: string) => string> = [(domain) => domain, (domain) => `www.${domain}`, (domain) => `https://${domain}`, (domain) => `https://www.${domain}`, (domain) => `http://${domain}`, (domain) => `http://www.${domain}`];

type Tell = (at: number, records: readonly Fields[]) => void;

const NONE: readonly Fields[] = [];

export function idOf(record: Fields): string {
	return String(record.id);
}

/** A name for people: of a person, an account or a user. */
export function labelOf(record: Fields): string | undefined {
	const text = (name: string) => (typeof record[name] === 'string' ? (record[name] as string).trim() : '');
	const label = text('name') || text('display_name') || `${text('first_name')} ${text('last_name')}`.trim() || text('email_address') || text('email');
	return label === '' ? undefined : label;
}

export class Records {
	private users: Promise<Map<string, Fields[]>> | undefined;
	private domains: DomainIndex | undefined;

	constructor(private readonly api: SalesloftApi) {}

	/** Objects by ID, 100 a call; told only of those that are there. */
	async byIds(objectType: ObjectType, ids: readonly string[], tell: Tell, stop?: StopSign): Promise<void> {
		const more = objectType === 'users' ? { visible_only: false } : {};
		await this.by(objectType, 'ids[]', ids, idOf, tell, stop, more);
	}

	/**
	 * People by e-mail address, 100 a call. Whether Salesloft looks at case is not documented: an address is asked for as it was
	 * given (`spellings`, where that is not how it is compared), and once more in lower case where that finds nobody.
	 */
	async byEmails(emails: readonly string[], tell: Tell, stop?: StopSign, spellings: ReadonlyMap<string, string> = new Map()): Promise<void> {
		const keyOf = ({ email_address: email }: Fields) => (typeof email === 'string' ? email.trim().toLowerCase() : '');
		const found = new Set<number>();
		await this.by('people', 'email_addresses[]', emails, keyOf, (at, records) => {
			found.add(at);
			tell(at, records);
		}, stop, {}, spellings);
		const again = [...emails.keys()].filter((at) => !found.has(at) && spellings.has(emails[at] as string));
		if (stop?.aborted || again.length === 0) return;
		await this.by('people', 'email_addresses[]', again.map((at) => emails[at] as string), keyOf, (place, records) => tell(again[place] as number, records), stop);
	}

	/** Users by e-mail address: Salesloft has no filter for it, and few users, so all are read once. */
	async usersByEmails(emails: readonly string[], tell: Tell, stop?: StopSign): Promise<void> {
		this.users ??= this.usersByEmail(stop);
		const users = await this.users;
		const pacer = new Pacer();
		for (const [at, email] of emails.entries()) {
			const found = users.get(email.toLowerCase());
			if (found) tell(at, found);
			if (pacer.due()) await pacer.rest();
		}
	}

	/** People or accounts by the ID that their Salesforce has for them, 100 a call. */
	async byCrmIds(objectType: ObjectType, crmIds: readonly string[], tell: Tell, stop?: StopSign): Promise<void> {
		await this.by(objectType, 'crm_id[]', crmIds, ({ crm_id: id }) => String(id), tell, stop);
	}

	/**
	 * Accounts by domain, compared without scheme, `www.` and path. All accounts are read once where that takes fewer calls than to
	 * ask for each domain in every spelling.
	 *
	 * @param tell is told of accounts with exactly the domain, and where there are none of those with a parent of it
	 */
	async byDomains(domains: readonly string[], tell: (at: number, exact: readonly Fields[], likely: readonly Fields[]) => void, stop?: StopSign): Promise<void> {
		await this.readDomains(domains.length, stop);
		const index = this.domains;
		if (index) {
			const pacer = new Pacer();
			for (const [at, domain] of domains.entries()) {
				const exact = index.of(domain);
				const likely = exact.length > 0 ? NONE : (domainLadder(domain).slice(1).map((rung) => index.of(rung)).find((each) => each.length > 0) ?? NONE);
				if (exact.length + likely.length > 0) tell(at, exact, likely);
				if (pacer.due()) await pacer.rest();
			}
			return;
		}
		await eachAtOnce(domains.entries(), AT_ONCE, stop, async ([at, domain]) => {
			const found = new Map<string, Fields>();
			for (const spelling of SPELLINGS) {
				for (const record of (await this.api.recordPage('accounts', { domain: spelling(domain) }, 1, stop)).rows) if (domainOf(record) === domain) found.set(idOf(record), record);
			}
			if (found.size > 0) tell(at, [...found.values()], NONE);
		});
	}

	/**
	 * Everything that fits the filters, page by page, in the order of its last change: by the time of the last one of a page, for
	 * high page numbers cost more and more. What changes meanwhile may come again; it is given once.
	 *
	 * @throws ServiceError where Salesloft gives the same page over and over
	 */
	async *every(objectType: ObjectType, filters: QueryValues = {}, stop?: StopSign): AsyncGenerator<Fields[]> {
		const seen = new Set<string>();
		const byTime = objectType !== 'users';
		let since = filters['updated_at[gte]'];
		for (let page = 1, barren = 0; stop?.aborted !== true; ) {
			const order = byTime ? { sort_by: 'updated_at', sort_direction: 'ASC', ...(since === undefined ? {} : { 'updated_at[gte]': since }) } : {};
			const { rows, isLast } = await this.api.recordPage(objectType, { ...filters, ...order }, page, stop);
			const fresh = rows.filter((row) => !seen.has(idOf(row)));
			for (const row of fresh) seen.add(idOf(row));
			if (fresh.length > 0) yield fresh;
			if (isLast || rows.length === 0) return;
			barren = fresh.length === 0 ? barren + 1 : 0;
			if (barren >= BARREN) throw repeats(`/${objectType}`);
			const last = rows.at(-1)?.updated_at;
			// More than a page may share one time, as after an import.
			if (!byTime || typeof last !== 'string' || last === since) page++;
			else [since, page] = [last, 1];
		}
	}

	/** How many there are, where Salesloft tells. */
	async count(objectType: ObjectType, stop?: StopSign): Promise<number | undefined> {
		return (await this.api.recordPage(objectType, { include_paging_counts: true }, 1, stop)).total;
	}

	private async by(
		objectType: ObjectType,
		filter: string,
		keys: readonly string[],
		keyOf: (record: Fields) => string,
		tell: Tell,
		stop: StopSign | undefined,
		more: QueryValues = {},
		spellings: ReadonlyMap<string, string> = new Map(),
	): Promise<void> {
		const places = new Map<string, number[]>();
		const pacer = new Pacer();
		for (const [at, key] of keys.entries()) {
			const list = places.get(key);
			if (list) list.push(at);
			else places.set(key, [at]);
			if (pacer.due()) await pacer.rest();
		}
		const valueOf = (key: string) => spellings.get(key) ?? key;
		await eachAtOnce(groupsForQuery(places.keys(), filter, valueOf, PER_PAGE, LONGEST_QUERY), AT_ONCE, stop, async (group) => {
			const found = new Map<string, Map<string, Fields>>(group.map((key) => [key, new Map()]));
			for (let page = 1; ; page++) {
				const { rows, isLast } = await this.api.recordPage(objectType, { ...more, [filter]: group.map(valueOf) }, page, stop);
				const fitting = rows.filter((row) => found.has(keyOf(row)));
				// A filter whose name Salesloft does not know is ignored without a word.
				if (rows.length > 0 && fitting.length === 0) throw new ServiceError('unforeseen', `Salesloft does not filter ${objectType} by ${filter.replace('[]', '')}`, 'Please report this.');
				for (const row of fitting) found.get(keyOf(row))?.set(idOf(row), row);
				if (isLast || rows.length === 0) break;
			}
			for (const [key, records] of found) {
				if (records.size > 0) for (const at of places.get(key) ?? []) tell(at, [...records.values()]);
			}
		});
	}

	private async usersByEmail(stop?: StopSign): Promise<Map<string, Fields[]>> {
		const users = new Map<string, Fields[]>();
		for await (const page of this.every('users', { visible_only: false }, stop)) {
			for (const user of page) {
				const email = typeof user.email === 'string' ? user.email.trim().toLowerCase() : '';
				if (email !== '') users.set(email, [...(users.get(email) ?? []), user]);
			}
		}
		return users;
	}

	private async readDomains(wanted: number, stop?: StopSign): Promise<void> {
		if (this.domains || wanted === 0) return;
		const total = await this.count('accounts', stop);
		if (total === undefined || Math.ceil(total / PER_PAGE) > wanted * SPELLINGS.length) return;
		const index = new DomainIndex();
		for await (const page of this.every('accounts', {}, stop)) for (const account of page) index.add(account);
		if (stop?.aborted !== true) this.domains = index;
	}
}

/** Accounts by their domain, compared as `parseDomain` reads it. */
class DomainIndex {
	private readonly accounts = new Map<string, Fields[]>();

	add(account: Fields): void {
		const domain = domainOf(account);
		if (domain === undefined) return;
		const list = this.accounts.get(domain);
		// What a match needs; whole accounts of a large team would take too much room.
		const kept = { id: account.id, name: account.name, domain: account.domain };
		if (list) list.push(kept);
		else this.accounts.set(domain, [kept]);
	}

	of(domain: string): readonly Fields[] {
		return this.accounts.get(domain) ?? NONE;
	}
}

function domainOf({ domain }: Fields): string | undefined {
	const parsed = typeof domain === 'string' ? parseDomain(domain) : undefined;
	return typeof parsed === 'string' ? parsed : undefined;
}
