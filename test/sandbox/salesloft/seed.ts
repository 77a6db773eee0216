import { Random } from '../random';
import type { Clock } from '../clock';
import type { Team } from './team';
import { microsOf } from './times';
import type { Micros } from './times';

export interface SeedOptions {
	/** How many of each; 0. */
	people?: number;
	accounts?: number;
	users?: number;
	/** Which sample; 1. */
	seed?: number;
	/** How many records in a row share one `updated_at`, as after an import; 3. More than 100 fill whole pages. */
	ties?: number;
	/** Which share has a Salesforce ID; 0.5. */
	crmIdShare?: number;
	/** Which share has an identifier in a custom field: people `Legacy ID` (`LEG-0000001`), accounts `ERP Number` (`ERP-0000001`); 0.5. */
	customFieldShare?: number;
}

export interface Seeded {
	/** Object IDs, in the order of the records' numbers. */
	people: number[];
	accounts: number[];
	users: number[];
}

const FIRST_NAMES = ['Ana', 'Ben', 'Chloé', 'Dmitri', 'Emeka', 'Farah', 'Grace', 'Hiro', 'Inés', 'Jörg', 'Katarzyna', 'Liam', 'Mei', 'Noah', 'Olga', 'Priya', 'Quentin', 'Rosa', 'Søren', 'Tariq'];
const LAST_NAMES = ['Adeyemi', 'Bauer', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'García', 'Haddad', 'Ito', 'Jansen', 'Kowalski', 'Lee', 'Müller', 'Novak', "O'Neill", 'Petrova', 'Rossi', 'Singh', 'Tanaka', 'Weber'];
const NAME_PARTS = ['north', 'bright', 'iron', 'blue', 'clear', 'stone', 'river', 'summit', 'cedar', 'solar'];
const NAME_ENDS = ['works', 'systems', 'labs', 'foods', 'logistics', 'health', 'energy', 'media', 'partners', 'tools'];
const SUFFIXES = ['com', 'com', 'com', 'io', 'de', 'co.uk', 'fr', 'com.br'];
const FREE_MAIL = ['gmail.com', 'outlook.com', 'gmx.de'];
const TITLES = ['Account Executive', 'Buyer', 'Chief of Staff', 'Head of Operations', 'IT Manager', 'Sales Director'];
const CUSTOM_FIELDS = [
	{ name: 'Legacy ID', fieldType: 'person', valueType: 'text' },
	{ name: 'Renewal Date', fieldType: 'person', valueType: 'date' },
	{ name: 'ERP Number', fieldType: 'company', valueType: 'text' },
	{ name: 'Forecast', fieldType: 'opportunity', valueType: 'text' },
] as const;

const TWO_YEARS_MS = 2 * 365 * 24 * 3_600_000;

/** Fills a team with records that are the same for the same options; may be called again and then adds. */
export function seedTeam(team: Team, clock: Clock, options: SeedOptions = {}): Seeded {
	const { people = 0, accounts = 0, users = 0, seed = 1, ties = 3, crmIdShare = 0.5, customFieldShare = 0.5 } = options;
	const random = new Random(seed);
	if (team.customFields.size === 0) for (const field of CUSTOM_FIELDS) team.customFields.add({ id: team.nextId('customFields'), ...field });
	const time = timesFor(random, microsOf(clock.now() - TWO_YEARS_MS), ties);
	const seeded: Seeded = { people: [], accounts: [], users: [] };

	for (let at = 0; at < users; at++) {
		const number = team.users.size + 1;
		const [firstName, lastName] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
		const { createdAt, updatedAt } = time();
		const user = team.users.add({
			id: team.nextId('users'),
			guid: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
			createdAt,
			updatedAt,
			email: `${ascii(firstName)}.${ascii(lastName)}${number}@sandbox-team.com`,
			firstName,
			lastName,
			active: number % 10 !== 0,
			crmUserId: random.next() < crmIdShare ? salesforceId('005', number) : null,
		});
		seeded.users.push(user.id);
	}
	const owners = team.users.all().map(({ id }) => id);
	const ownerOf = () => (owners.length > 0 ? random.pick(owners) : null);

	const domains: string[] = [];
	for (let at = 0; at < accounts; at++) {
		const number = team.accounts.size + 1;
		const words = [random.pick(NAME_PARTS), random.pick(NAME_ENDS)];
		const domain = `${words.join('')}${number}.${random.pick(SUFFIXES)}`;
		domains.push(domain);
		// Salesloft does not normalise domains: some stand there as a whole address.
		const written = random.next() < 0.05 ? `https://www.${domain}` : domain;
		const name = `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ')} ${number}`;
		const crm = random.next() < crmIdShare ? { crm_id: salesforceId('001', number), crm_id_type: 'salesforce' } : {};
		const account = team.accounts.add({
			id: team.nextId('accounts'),
			...time(),
			lastContactedAt: null,
			fields: { name, domain: written, website: `https://www.${domain}`, owner_id: ownerOf(), ...crm },
			customFields: random.next() < customFieldShare ? { 'ERP Number': numbered('ERP', number) } : {},
			tags: [],
		});
		seeded.accounts.push(account.id);
	}

	for (let at = 0; at < people; at++) {
		const number = team.people.size + 1;
		const [firstName, lastName] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
		const place = domains.length > 0 ? random.below(domains.length) : -1;
		const isFree = place < 0 || random.next() < 0.03;
		const domain = isFree ? random.pick(FREE_MAIL) : (domains[place] as string);
		const plain = `${ascii(firstName)}.${ascii(lastName)}${number}@${domain}`;
		const email = random.next() < 0.1 ? plain.replace(/^./, (letter) => letter.toUpperCase()) : plain;
		const reach = random.next() < 0.01 ? { phone: `+1404555${String(number).padStart(7, '0')}` } : { email_address: email };
		const crm = random.next() < crmIdShare ? { crm_id: salesforceId('003', number), crm_id_type: 'salesforce' } : {};
		const person = team.people.add({
			id: team.nextId('people'),
			...time(),
			lastContactedAt: null,
			fields: { ...reach, first_name: firstName, last_name: lastName, title: random.pick(TITLES), account_id: isFree ? null : (seeded.accounts[place] ?? null), owner_id: ownerOf(), ...crm },
			customFields: random.next() < customFieldShare ? { 'Legacy ID': numbered('LEG', number) } : {},
			tags: [],
		});
		seeded.people.push(person.id);
	}
	return seeded;
}

/** Created in the order of their IDs' making, updated at some later time that a whole group shares. */
function timesFor(random: Random, start: Micros, ties: number): () => { createdAt: Micros; updatedAt: Micros } {
	const LONGEST = TWO_YEARS_MS * 1000;
	let given = 0;
	let updatedAt = start;
	return () => {
		if (given % ties === 0) updatedAt = start + Math.floor(LONGEST / 2 + random.next() * (LONGEST / 2));
		given++;
		return { createdAt: start + given, updatedAt };
	};
}

const numbered = (prefix: string, number: number) => `${prefix}-${String(number).padStart(7, '0')}`;

const ascii = (name: string) => name.normalize('NFD').replace(/[^A-Za-z]/g, '').toLowerCase() || 'x';

const CHECK_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/** An 18-character Salesforce ID: the last three tell which of the others are capitals. */
export function salesforceId(prefix: string, number: number): string {
	const id = `${prefix}A0000${number.toString(36).padStart(7, '0').replace(/[a-m]/g, (letter) => letter.toUpperCase())}`;
	let check = '';
	for (let from = 0; from < 15; from += 5) {
		let bits = 0;
		for (let at = 0; at < 5; at++) if (/[A-Z]/.test(id[from + at] as string)) bits |= 1 << at;
		check += CHECK_LETTERS[bits];
	}
	return id + check;
}
