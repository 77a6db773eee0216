import { createHash } from 'node:crypto';

import chunk from 'lodash/chunk';

import { isTrouble, OBJECT_WORD } from '../../shared/identity/outcome';
import type { ObjectType } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import { Pacer } from '../../shared/pace';
import { append } from './known';
import type { Registry } from './registry';
import { aRecord } from './registry';
import type { DomainRow, EmailRow, MappingRow, RecordRow } from './rows';
import type { Page, Store } from './store';
import { shownMapping } from './views';

/** What an audit looks for, with how much it matters and what to do about it. */
export const FINDINGS = {
	recordGone: { severity: 'problem', advice: 'Restore the record (Record → Delete or Restore), or delete the mapping.' },
	accountGone: { severity: 'warning', advice: 'Give the person another account, or restore that one.' },
	sharedEmail: { severity: 'warning', advice: 'If they are one person, merge them. Until then the e-mail finds neither.' },
	sharedDomain: { severity: 'warning', advice: 'Mark one of the accounts as preferred (Related Domain → Add), or take the domain from the others. Until then the domain matches none of them.' },
	similarIds: { severity: 'warning', advice: 'Look which of them the system really has, and delete the other mapping. If case does not count there, choose an ID Format.' },
	withoutId: { severity: 'info', advice: 'Backfill the IDs, or create the mappings.' },
	configurationGone: { severity: 'problem', advice: 'Create the External Type again, or delete the mapping.' },
	unfitId: { severity: 'warning', advice: 'Replace the ID by one that fits, or change the configuration of the External Type.' },
} as const;
export type FindingKind = keyof typeof FINDINGS;

export interface AuditChoices {
	kinds: ReadonlySet<FindingKind>;
	/** Findings of one kind that are told one by one; all are counted. */
	limit: number;
	/** The type that records should have an ID of, for `withoutId`. */
	withoutType?: { objectType: ObjectType; externalType: string };
}

type Finding = Record<string, unknown>;

/** Records, or addresses, that a finding names. */
const MOST_NAMED = 20;
/** Rows whose details are read at a time. */
const STEP = 500;
const SCAN = 2_000;
/** 16 MB of bits: two for each of 64 million places, so that a million IDs seldom share one. */
const PLACES = 2 ** 26;
/** Similar IDs of one type that are compared in full. */
const MOST_SUSPECTS = 200_000;

/**
 * Looks through the whole registry for what will make trouble, and writes nothing. It goes through the tables page by page, so
 * that a large registry takes long but no memory.
 *
 * @returns a summary with the number of findings of each kind first, then the findings, kind by kind
 */
export async function auditRegistry(registry: Registry, choices: AuditChoices, signal?: AbortSignal): Promise<Finding[]> {
	const audit = new Audit(registry, choices, signal);
	await audit.mappings();
	await audit.people();
	await audit.emails();
	await audit.domains();
	await audit.similarIds();
	await audit.withoutId();
	return audit.report();
}

class Audit {
	private readonly counts = new Map<FindingKind, number>();
	private readonly findings = new Map<FindingKind, Finding[]>();
	private readonly looked = { mappings: 0, people: 0, emails: 0, domains: 0 };
	/** Kinds whose number may be higher than counted. */
	private readonly atLeast = new Set<FindingKind>();
	private readonly pacer = new Pacer({ every: 1 });
	private readonly store: Store;
	private readonly workspace: string;

	constructor(
		private readonly registry: Registry,
		private readonly choices: AuditChoices,
		private readonly signal: AbortSignal | undefined,
	) {
		this.store = registry.store;
		this.workspace = registry.workspace;
		for (const kind of choices.kinds) this.counts.set(kind, 0);
	}

	report(): Finding[] {
		const found = Object.fromEntries([...this.counts].filter(([kind]) => kind !== 'withoutId' || this.choices.withoutType));
		const total = Object.values(found).reduce((sum, count) => sum + count, 0);
		const told = [...this.findings.values()].flat();
		return [
			{
				// What findings have too comes first: in a table each column is filled.
				finding: 'summary',
				severity: 'info',
				what: total === 0 ? 'Nothing was found that needs a look.' : `${total.toLocaleString('en')} findings: ${Object.entries(found).filter(([, count]) => count > 0).map(([kind, count]) => `${count.toLocaleString('en')} ${kind}`).join(', ')}.`,
				advice: total === 0 ? null : 'Each finding below says what to do.',
				total,
				told: told.length,
				found,
				...(this.atLeast.size > 0 ? { atLeast: [...this.atLeast] } : {}),
				looked: this.looked,
				complete: this.signal?.aborted !== true,
			},
			...told,
		];
	}

	/** Mappings whose record or configuration is gone, or whose ID does not fit. */
	async mappings(): Promise<void> {
		if (!this.wants('recordGone', 'configurationGone', 'unfitId')) return;
		await this.through<MappingRow>(
			(after) => this.store.scanMappings(this.workspace, { states: ['current', 'former'] }, after, SCAN),
			async (rows) => {
				this.looked.mappings += rows.length;
				const records = await this.records(rows.map(({ objectId }) => objectId));
				for (const row of rows) this.lookAtMapping(row, records.get(row.objectId));
			},
		);
	}

	private lookAtMapping(row: MappingRow, record: RecordRow | undefined): void {
		const { objectType, externalType, externalId, objectId } = row;
		const id = `The ${externalType} ID "${shown(externalId)}"`;
		if (record?.state !== 'active') {
			const how = record === undefined ? 'not there' : record.state;
			this.find('recordGone', `${id} belongs to ${objectId}, which is ${how}.`, { ...shownMapping(row), recordState: record?.state ?? 'gone' });
		}
		if (!this.registry.configuration(objectType, externalType)) {
			this.find('configurationGone', `${id} is of an External Type that does not exist for ${objectType} any more.`, shownMapping(row));
			return;
		}
		if (!this.wants('unfitId')) return;
		const parsed = this.registry.parseId(objectType, externalType, externalId);
		if (isTrouble(parsed)) this.find('unfitId', `${id} does not fit the rules of its External Type. ${parsed.reason}`, shownMapping(row));
		else if (!('status' in parsed) && parsed.key !== row.idKey) this.find('unfitId', `${id} was stored under another ID Format than the External Type has now, so it is not found.`, shownMapping(row));
	}

	/** People whose account is deleted. */
	async people(): Promise<void> {
		if (!this.wants('accountGone')) return;
		await this.through<RecordRow>(
			(after) => this.store.scanRecords(this.workspace, { objectType: 'people', states: ['active'] }, after, SCAN),
			async (rows) => {
				this.looked.people += rows.length;
				const accounts = await this.records(rows.flatMap(({ accountId }) => accountId ?? []));
				for (const { id, accountId, fields } of rows) {
					if (accountId === null || accounts.get(accountId)?.state === 'active') continue;
					this.find('accountGone', `The person ${id} is on the account ${accountId}, which is ${accounts.get(accountId)?.state ?? 'not there'}.`, { objectType: 'people', objectId: id, accountId, fields });
				}
			},
		);
	}

	/** People, and users, who share an address. */
	async emails(): Promise<void> {
		if (!this.wants('sharedEmail')) return;
		await this.throughGroups<EmailRow>(
			(after) => this.store.scanEmails(this.workspace, after, SCAN),
			({ objectType, key }) => `${objectType}\n${key}`,
			async (groups, rows) => {
				this.looked.emails += rows;
				const records = await this.records(groups.flat().map(({ recordId }) => recordId));
				for (const group of groups) {
					const live = group.filter(({ recordId }) => records.get(recordId)?.state === 'active');
					const [first] = live;
					if (!first || live.length < 2) continue;
					const objectIds = live.map(({ recordId }) => recordId);
					this.find('sharedEmail', `${live.length} ${first.objectType} have the e-mail ${shown(first.address)}.`, { objectType: first.objectType, objectId: objectIds[0], email: first.address, objectIds: objectIds.slice(0, MOST_NAMED) });
				}
			},
		);
	}

	/** Related Domains of several accounts none of which is preferred. */
	async domains(): Promise<void> {
		if (!this.wants('sharedDomain')) return;
		await this.throughGroups<DomainRow>(
			(after) => this.store.scanDomains(this.workspace, {}, after, SCAN),
			({ domain }) => domain,
			async (groups, rows) => {
				this.looked.domains += rows;
				const records = await this.records(groups.flat().map(({ accountId }) => accountId));
				for (const group of groups) {
					const live = group.filter(({ accountId }) => records.get(accountId)?.state === 'active');
					const [first] = live;
					if (!first || live.length < 2 || live.some(({ preferred }) => preferred)) continue;
					const objectIds = live.map(({ accountId }) => accountId);
					this.find('sharedDomain', `${live.length} accounts have the Related Domain ${first.domain}, and none is preferred.`, { objectType: 'accounts', objectId: objectIds[0], domain: first.domain, objectIds: objectIds.slice(0, MOST_NAMED) });
				}
			},
		);
	}

	/**
	 * IDs of one type that differ only in case or in leading zeros. Which ones do is first guessed from bits, two passes through
	 * the type, so that a million IDs need no list.
	 */
	async similarIds(): Promise<void> {
		if (!this.wants('similarIds')) return;
		let bits: Uint8Array | undefined;
		for (const { objectType, externalType } of this.registry.configurations()) {
			bits ??= new Uint8Array(PLACES / 4);
			bits.fill(0);
			await this.similarOfType(objectType, externalType, bits);
		}
	}

	private async similarOfType(objectType: ObjectType, externalType: string, bits: Uint8Array): Promise<void> {
		const scan = (after: string | undefined) => this.store.scanMappings(this.workspace, { objectType, externalType, states: ['current', 'former'] }, after, SCAN);
		const inner = new Pacer();
		await this.through<MappingRow>(scan, async (rows) => {
			for (const { externalId } of rows) {
				mark(bits, placeOf(folded(externalId)));
				if (inner.due()) await inner.rest();
			}
		});
		const suspects = new Map<string, MappingRow[]>();
		let kept = 0;
		await this.through<MappingRow>(scan, async (rows) => {
			for (const row of rows) {
				const same = folded(row.externalId);
				if (isTwice(bits, placeOf(same))) {
					if (kept < MOST_SUSPECTS) append(suspects, same, row);
					else this.atLeast.add('similarIds');
					kept++;
				}
				if (inner.due()) await inner.rest();
			}
		});
		for (const rows of suspects.values()) {
			const [first] = rows;
			if (!first || rows.length < 2) continue;
			const records = new Set(rows.map(({ objectId }) => objectId));
			const where = records.size > 1 ? `${records.size} different ${objectType}` : `one ${OBJECT_WORD[objectType]}`;
			this.find('similarIds', `${rows.slice(0, 5).map(({ externalId }) => `"${shown(externalId)}"`).join(' and ')} are nearly the same ${externalType} ID, and belong to ${where}.`, { objectType, objectId: first.objectId, externalType, externalId: first.externalId, mappings: rows.slice(0, MOST_NAMED).map(shownMapping) });
		}
	}

	/** Records that have no ID of the type that was asked for. */
	async withoutId(): Promise<void> {
		const { withoutType } = this.choices;
		if (!withoutType || !this.wants('withoutId')) return;
		const { objectType, externalType } = withoutType;
		await this.through<RecordRow>(
			(after) => this.store.scanRecords(this.workspace, { objectType, states: ['active'], withoutType: externalType }, after, SCAN),
			async (rows) => {
				for (const { id, fields } of rows) this.find('withoutId', `${id} is ${aRecord(objectType)} without a ${externalType} ID.`, { objectType, objectId: id, externalType, fields });
			},
		);
	}

	private wants(...kinds: FindingKind[]): boolean {
		return kinds.some((kind) => this.choices.kinds.has(kind)) && this.signal?.aborted !== true;
	}

	private find(kind: FindingKind, what: string, details: Finding): void {
		if (!this.choices.kinds.has(kind)) return;
		this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
		const told = this.findings.get(kind) ?? [];
		if (told.length < this.choices.limit) told.push({ finding: kind, severity: FINDINGS[kind].severity, what, advice: FINDINGS[kind].advice, ...details });
		this.findings.set(kind, told);
	}

	private async records(ids: readonly string[]): Promise<Map<string, RecordRow>> {
		const found = new Map<string, RecordRow>();
		for (const part of chunk(ids, STEP)) {
			const { records } = await this.store.read(this.workspace, { objectIds: part });
			for (const row of records) found.set(row.id, row);
			if (this.pacer.due()) await this.pacer.rest();
		}
		return found;
	}

	/** Goes through a scan in steps. */
	private async through<Row>(scan: (after: string | undefined) => Promise<Page<Row>>, look: (rows: readonly Row[]) => Promise<void>): Promise<void> {
		let after: string | undefined;
		do {
			const page = await scan(after);
			for (let from = 0; from < page.rows.length; from += STEP) {
				await look(page.rows.slice(from, from + STEP));
				if (this.pacer.due()) await this.pacer.rest();
			}
			after = page.next;
			if (this.pacer.due()) await this.pacer.rest();
		} while (after !== undefined && !this.signal?.aborted);
	}

	/** Goes through a scan whose rows with one key come one after the other, and gives the groups of several. */
	private async throughGroups<Row>(scan: (after: string | undefined) => Promise<Page<Row>>, keyOf: (row: Row) => string, look: (groups: readonly Row[][], rows: number) => Promise<void>): Promise<void> {
		let group: Row[] = [];
		await this.through(scan, async (rows) => {
			const groups: Row[][] = [];
			for (const row of rows) {
				if (group[0] !== undefined && keyOf(group[0]) !== keyOf(row)) {
					if (group.length > 1) groups.push(group);
					group = [];
				}
				group.push(row);
			}
			await look(groups, rows.length);
		});
		await look(group.length > 1 ? [group] : [], 0);
	}
}

export const ALL_FINDINGS = Object.keys(FINDINGS) as FindingKind[];

/** An ID as it looks to those who mistake one for the other. */
function folded(externalId: string): string {
	return externalId.toLowerCase().replace(/^0+(?=.)/, '');
}

function placeOf(text: string): number {
	return createHash('md5').update(text).digest().readUInt32LE(0) % PLACES;
}

/** Two bits a place: seen, seen again. */
function mark(bits: Uint8Array, place: number): void {
	const [at, shift] = [place >> 2, (place & 3) * 2];
	const seen = ((bits[at] ?? 0) >> shift) & 1;
	bits[at] = (bits[at] ?? 0) | ((seen ? 3 : 1) << shift);
}

function isTwice(bits: Uint8Array, place: number): boolean {
	return (((bits[place >> 2] ?? 0) >> ((place & 3) * 2)) & 2) !== 0;
}
