import isEqual from 'lodash/isEqual';

import { Settling } from '../shared/http/items';
import { segmentOf } from '../shared/http/query';
import { parseDomain } from '../shared/identity/domain';
import { parseEmail } from '../shared/identity/email';
import { isTrouble, OBJECT_WORD, trouble } from '../shared/identity/outcome';
import type { Outcome, Trouble } from '../shared/identity/outcome';
import { shown } from '../shared/identity/wording';
import type { StopSign, TypeChoice, Work } from '../shared/ports';
import { isRefusal } from './answers';
import type { Fields, MappingRow } from './answers';
import { AT_ONCE } from './api';
import { changesOf, readFields } from './fields';
import { idOf, labelOf } from './records';
import { groupBy } from './resolve';
import { asOutcome, distinctObjects, goneObject, type Salesloft, severalObjects } from './system';

export interface UpsertEntry {
	externalType: TypeChoice;
	externalId: unknown;
	fields: Readonly<Record<string, unknown>>;
	/** The account of a person, by its External ID. */
	account?: { externalType: TypeChoice; externalId: unknown };
}

export interface UpsertChoices {
	/** When the ID is new but the e-mail (people) or domain (accounts) is known. */
	whenKnown: 'link' | 'conflict' | 'create';
	/** When the ID leads to a record that was deleted in Salesloft. */
	whenGone: 'conflict' | 'create';
	emptyValues: 'ignore' | 'clear';
}

interface Row {
	index: number;
	externalType: string;
	externalId: string;
	fields: Fields;
	/** Further items that ask for the same. */
	repeats: number[];
	/** What the ID leads to. */
	mapping?: MappingRow;
	/** What the object holds now. */
	record?: Fields;
	/** The object that has the e-mail or domain of an item whose ID is new. */
	match?: Fields;
}

/**
 * Creates or updates people or accounts by External ID. What an ID leads to is read first, 100 a call, so that the outcome can say
 * whether anything changed; an ID that is new is looked for by e-mail or domain, so that none is made twice and none is refused.
 */
export async function upsertRecords(salesloft: Salesloft, objectType: 'people' | 'accounts', entries: readonly UpsertEntry[], choices: UpsertChoices, work: Work): Promise<void> {
	const run = new Upsert(salesloft, objectType, choices, work, new Settling(work, entries.length));
	await run.run(entries);
}

class Upsert {
	constructor(
		private readonly salesloft: Salesloft,
		private readonly objectType: 'people' | 'accounts',
		private readonly choices: UpsertChoices,
		private readonly work: Work,
		private readonly settling: Settling,
	) {}

	async run(entries: readonly UpsertEntry[]): Promise<void> {
		const { objectType } = this;
		await this.salesloft.learnTypes(entries.map(({ externalType }) => ({ objectType, externalType })), true);
		let rows = this.withoutContradictions(this.check(entries, await this.accountsOf(entries)));
		await this.findMapped(rows);
		rows = this.open(rows);
		await this.readRecords(rows);
		rows = this.open(rows);
		await this.findMatches(rows.filter(({ mapping }) => mapping === undefined));
		rows = this.open(rows);
		if (this.stop?.aborted !== true) await this.settling.each(this.writes(rows), AT_ONCE, async (row) => await this.write(row));
		this.settling.end();
	}

	private get stop(): StopSign | undefined {
		return this.work.signal;
	}

	private open(rows: readonly Row[]): Row[] {
		return rows.filter(({ index }) => !this.settling.isSettled(index));
	}

	/** The Object IDs of accounts that items name by External ID, by place. */
	private async accountsOf(entries: readonly UpsertEntry[]): Promise<Map<number, string>> {
		const found = new Map<number, string>();
		const named = entries.flatMap(({ account }, index) => {
			if (account === undefined) return [];
			const id = this.salesloft.checkId('accounts', account.externalType, account.externalId);
			if (!isTrouble(id)) return [{ index, ...id }];
			this.settling.settle(index, { ...id, reason: `The account of the person cannot be found. ${id.reason}` });
			return [];
		});
		for (const [externalType, group] of groupBy(named, (each) => each.externalType)) {
			await this.salesloft.mappings('accounts', externalType).ofIds(group.map(({ externalId }) => externalId), (at, rows) => {
				const { index, externalId } = group[at] as (typeof group)[number];
				const objects = distinctObjects(rows);
				const [first] = objects;
				if (objects.length === 1 && first?.objectId !== undefined) found.set(index, first.objectId);
				else this.settling.settle(index, trouble('invalid', 'accountNotFound', `No one account in Salesloft has the ${externalType} ID "${shown(externalId)}". Upsert the accounts first.`, [externalType, externalId]));
			}, this.stop);
		}
		return found;
	}

	private check(entries: readonly UpsertEntry[], accounts: ReadonlyMap<number, string>): Row[] {
		return entries.flatMap(({ externalType, externalId, fields }, index) => {
			if (this.settling.isSettled(index)) return [];
			const checked = this.checkOne({ externalType, externalId, fields }, accounts.get(index));
			if (!isTrouble(checked)) return [{ index, repeats: [], ...checked }];
			this.settling.settle(index, checked);
			return [];
		});
	}

	private checkOne({ externalType, externalId, fields }: Pick<UpsertEntry, 'externalType' | 'externalId' | 'fields'>, accountId: string | undefined): Pick<Row, 'externalType' | 'externalId' | 'fields'> | Trouble {
		const id = this.salesloft.checkId(this.objectType, externalType, externalId);
		if (isTrouble(id)) return id;
		if (segmentOf(id.externalId) === undefined) return trouble('invalid', 'externalIdDots', `External ID "${id.externalId}" cannot be used for an upsert: Salesloft takes it in an address, where it means a folder.`, [id.externalId]);
		const read = readFields(this.objectType, accountId === undefined ? fields : { ...fields, account_id: accountId }, this.choices.emptyValues);
		if (isTrouble(read)) return read;
		const { email_address: email, domain } = read;
		if (typeof email === 'string') {
			const parsed = parseEmail(email);
			if (isTrouble(parsed)) return parsed;
		}
		if (typeof domain === 'string') {
			const parsed = parseDomain(domain);
			if (isTrouble(parsed)) return parsed;
			// Salesloft stores what it is given, and holds https://acme.com and acme.com for two domains.
			return { ...id, fields: { ...read, domain: parsed } };
		}
		return { ...id, fields: read };
	}

	/** One ID with the same fields again is done once; with other fields no order of the items could tell which is right. */
	private withoutContradictions(rows: readonly Row[]): Row[] {
		const kept: Row[] = [];
		for (const same of groupBy(rows, ({ externalType, externalId }) => `${externalType}\n${externalId}`).values()) {
			const [first, ...others] = same as [Row, ...Row[]];
			if (others.every(({ fields }) => isEqual(fields, first.fields))) {
				first.repeats = others.map(({ index }) => index);
				kept.push(first);
			} else this.refuseAll(same, 'itemsDisagree', `Several items give the ${first.externalType} ID "${shown(first.externalId)}" different values (items ${placesOf(same)}). None of them was done.`);
		}
		return kept;
	}

	private refuseAll(rows: readonly Row[], code: string, reason: string): void {
		for (const row of rows) this.settle(row, trouble('conflict', code, reason, [row.externalType, ...rows.map(({ externalId }) => externalId).sort()], this.named(row)));
	}

	private async findMapped(rows: readonly Row[]): Promise<void> {
		for (const [externalType, group] of groupBy(rows, (row) => row.externalType)) {
			await this.salesloft.mappings(this.objectType, externalType).ofIds(group.map(({ externalId }) => externalId), (at, mappings) => {
				const row = group[at] as Row;
				const objects = distinctObjects(mappings);
				if (objects.length > 1) this.settle(row, severalObjects({ ...row, objectType: this.objectType }, objects));
				else row.mapping = objects[0];
			}, this.stop);
		}
	}

	/** What the mapped objects hold. An ID that leads to nothing is a conflict, or is freed. */
	private async readRecords(rows: readonly Row[]): Promise<void> {
		const mapped = rows.filter(({ mapping }) => mapping?.objectId !== undefined);
		await this.salesloft.records.byIds(this.objectType, mapped.map(({ mapping }) => mapping?.objectId as string), (at, [record]) => void ((mapped[at] as Row).record = record), this.stop);
		if (this.stop?.aborted) return;
		const gone = rows.filter(({ mapping, record }) => mapping !== undefined && record === undefined);
		if (this.choices.whenGone === 'conflict') {
			for (const row of gone) this.settle(row, goneObject({ ...row, objectType: this.objectType }, row.mapping as MappingRow));
			return;
		}
		for (const row of gone) {
			const { id } = row.mapping as MappingRow;
			if (id !== undefined) await this.salesloft.api.deleteMapping(id, this.stop);
			row.mapping = undefined;
		}
	}

	/** Objects that have the e-mail or domain of items whose ID is new. */
	private async findMatches(rows: readonly Row[]): Promise<void> {
		if (this.choices.whenKnown === 'create') return;
		const keyed = rows.flatMap((row) => {
			const key = this.keyOf(row);
			return key === undefined ? [] : [{ row, key }];
		});
		// Two IDs for one address: whichever came first would get the record.
		const single: typeof keyed = [];
		for (const [key, same] of groupBy(keyed, (each) => each.key)) {
			if (same.length === 1) single.push(...same);
			else this.refuseAll(same.map(({ row }) => row), 'idsShareKey', `Several new IDs have the ${this.keyWord} ${shown(key)} (items ${placesOf(same.map(({ row }) => row))}). None of them was done, for one record cannot have them all; leave one of them in the input.`);
		}
		const take = (at: number, records: readonly Fields[]) => {
			const { row, key } = single[at] as (typeof single)[number];
			if (records.length === 1) row.match = records[0];
			else this.settle(row, trouble('ambiguous', 'severalMatch', `${records.length} ${this.objectType} have the ${this.keyWord} ${shown(key)}; it does not tell which one is meant.`, [this.objectType, key], { ...this.named(row), candidates: records.slice(0, 20).map((record) => ({ objectId: idOf(record), name: labelOf(record) ?? null })) }));
		};
		const keys = single.map(({ key }) => key);
		const spellings = new Map(single.map(({ row, key }) => [key, String(row.fields.email_address)] as const).filter(([key, given]) => given !== key));
		if (this.objectType === 'people') await this.salesloft.records.byEmails(keys, take, this.stop, spellings);
		else await this.salesloft.records.byDomains(keys, (at, exact) => (exact.length > 0 ? take(at, exact) : undefined), this.stop);
		if (this.stop?.aborted) return;
		await this.checkOtherIds(rows.filter(({ match, index }) => match !== undefined && !this.settling.isSettled(index)));
	}

	/** A record that has another ID of the type already is somebody else by that system's own account. */
	private async checkOtherIds(rows: readonly Row[]): Promise<void> {
		for (const [externalType, group] of groupBy(rows, (row) => row.externalType)) {
			await this.salesloft.mappings(this.objectType, externalType).ofObjects(group.map(({ match }) => idOf(match as Fields)), (at, mappings) => {
				const row = group[at] as Row;
				const record = row.match as Fields;
				const has = mappings.length > 0 ? `already has the ${externalType} ID "${shown(mappings[0]?.externalId ?? '')}"` : undefined;
				if (has === undefined && this.choices.whenKnown === 'link') return;
				this.settle(row, trouble('conflict', has === undefined ? 'keyKnown' : 'recordHasOtherId', `The ${OBJECT_WORD[this.objectType]} ${labelOf(record) ?? ''} (${idOf(record)}) has this ${this.keyWord}${has === undefined ? '' : ` and ${has}`}, so "${shown(row.externalId)}" was not given to it.`, [this.objectType, externalType, row.externalId], {
					...this.named(row),
					conflict: { wanted: { externalId: row.externalId }, existing: [{ objectId: idOf(record), name: labelOf(record) ?? null, externalIds: mappings.map(({ externalId }) => externalId) }] },
				}));
			}, this.stop);
		}
	}

	private get keyWord(): string {
		return this.objectType === 'people' ? 'e-mail' : 'domain';
	}

	private keyOf({ fields }: Row): string | undefined {
		const value = this.objectType === 'people' ? fields.email_address : fields.domain;
		if (typeof value !== 'string') return undefined;
		if (this.objectType === 'accounts') return value;
		const email = parseEmail(value);
		return isTrouble(email) ? undefined : email.key;
	}

	/** Settles what needs no call; gives the rest. */
	private writes(rows: readonly Row[]): Row[] {
		return rows.filter((row) => {
			if (row.record === undefined || changesOf(row.record, row.fields).length > 0) return true;
			this.settle(row, { status: 'unchanged', ...this.shownRecord(row, row.record) });
			return false;
		});
	}

	private async write(row: Row): Promise<Outcome> {
		const outcome = row.record ? await this.update(row, row.record, 'updated') : row.match ? await this.link(row, row.match) : await this.create(row);
		for (const index of row.repeats) this.settling.settle(index, outcome.status === 'created' || outcome.status === 'updated' || outcome.status === 'linked' ? { ...outcome, status: 'unchanged' } : { ...outcome });
		return outcome;
	}

	private async update(row: Row, record: Fields, status: 'updated' | 'linked'): Promise<Outcome> {
		const changed = changesOf(record, row.fields);
		if (changed.length === 0) return { status, ...this.shownRecord(row, record) };
		// The reference marks both as required for an update of an account.
		const required = this.objectType === 'accounts' ? { name: record.name, domain: record.domain } : {};
		const updated = await this.upsert(row, { ...required, ...row.fields });
		return asOutcome(updated, [row.externalId], this.named(row)) ?? { status, ...this.shownRecord(row, updated as Fields), changed };
	}

	private async link(row: Row, match: Fields): Promise<Outcome> {
		const mapped = await this.salesloft.api.createMapping({ objectType: this.objectType, externalType: row.externalType, externalId: row.externalId, objectId: idOf(match) }, this.stop);
		return asOutcome(mapped, [row.externalId], this.named(row)) ?? (await this.update(row, match, 'linked'));
	}

	private async create(row: Row): Promise<Outcome> {
		const made = await this.upsert(row, row.fields, async () => await this.madeMeanwhile(row));
		if (!isRefusal(made)) return { status: 'created', ...this.shownRecord(row, made) };
		// Salesloft inserts the mapping first; one that a refused create left behind leads nowhere, and would refuse every later try.
		for (const { id, objectId } of await this.salesloft.api.mappingsOf({ objectType: this.objectType, externalType: row.externalType, externalId: row.externalId }, this.stop)) {
			if (objectId === undefined && id !== undefined) await this.salesloft.api.deleteMapping(id, this.stop);
		}
		return asOutcome(made, [row.externalId], this.named(row)) as Trouble;
	}

	/** After a lost answer: the object that the ID leads to now. */
	private async madeMeanwhile({ externalType, externalId }: Row): Promise<Fields | undefined> {
		const [mapping] = (await this.salesloft.api.mappingsOf({ objectType: this.objectType, externalType, externalId }, this.stop)).filter(({ objectId }) => objectId !== undefined);
		if (mapping?.objectId === undefined) return undefined;
		let made: Fields | undefined;
		await this.salesloft.records.byIds(this.objectType, [mapping.objectId], (_, [record]) => void (made = record), this.stop);
		return made;
	}

	private async upsert({ externalType, externalId }: Row, fields: Fields, readBack?: () => Promise<Fields | undefined>) {
		return await this.salesloft.api.upsertByExternalId(this.objectType, externalType, externalId, fields, readBack, this.stop);
	}

	private settle(row: Row, outcome: Outcome): void {
		this.settling.settle(row.index, outcome);
		for (const index of row.repeats) this.settling.settle(index, { ...outcome });
	}

	private named({ externalType, externalId }: Row): Record<string, unknown> {
		return { objectType: this.objectType, externalType, externalId };
	}

	private shownRecord(row: Row, record: Fields): Record<string, unknown> {
		return { ...this.named(row), objectId: idOf(record), fields: record };
	}
}

/** "0, 4 and 2 more", counted from 0 as n8n does. */
function placesOf(rows: readonly Row[]): string {
	const named = rows.slice(0, 5).map(({ index }) => index);
	const more = rows.length - named.length;
	return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
