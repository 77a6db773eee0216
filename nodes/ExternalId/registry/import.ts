import isEqual from 'lodash/isEqual';
import omit from 'lodash/omit';

import { isTrouble, OBJECT_WORD, trouble } from '../../shared/identity/outcome';
import type { Outcome, Trouble } from '../../shared/identity/outcome';
import { shown } from '../../shared/identity/wording';
import { Pacer } from '../../shared/pace';
import type { Work } from '../../shared/ports';
import { cancelled } from './batches';
import { rowsOf, verifyFile } from './exchangeFile';
import type { FileLine, FileRows, RowType, Verified } from './exchangeFile';
import { configurationKey } from './known';
import { erasedInFile } from './erased';
import { erasedKey } from './erasedKeys';
import type { Registry } from './registry';
import type { ConfigurationRow, MappingRow } from './rows';
import { DEFAULT_SETTINGS } from './settings';
import type { Settings } from './settings';
import type { Reads } from './store';
import { Unit } from './unit';
import { shownMapping } from './views';
import { tryWaitingAgain } from './waiting';

/** A file of an item: opened anew each time it is read. */
export interface ImportFile {
	open(): Promise<AsyncIterable<Uint8Array | string>>;
}

/** Rows that could not be taken, which an item tells of one by one at most; the summary counts all. */
export const MOST_TROUBLES = 1_000;
/** Rows, and characters of them, that one transaction takes. */
const BATCH = 500;
const BATCH_CHARACTERS = 400_000;

type Taken = 'created' | 'unchanged' | Trouble;

/**
 * Takes exported files into this registry. Object IDs and Mapping IDs stay the same. What is here already is left as it is:
 * the same is `unchanged`, what differs is a conflict. Each file is checked whole before anything of it is written.
 */
export async function importFiles(registry: Registry, files: ReadonlyArray<ImportFile | undefined>, { dryRun }: { dryRun: boolean }, work: Work): Promise<void> {
	const sound: Array<{ index: number; file: ImportFile; verified: Verified }> = [];
	for (const [index, file] of files.entries()) {
		if (work.signal?.aborted) {
			work.settle(index, cancelled([index]));
			continue;
		}
		const verified = file ? await verifyFile(await file.open(), work.signal) : trouble('invalid', 'noFile', 'The item has no file in that binary field. Read the file first (Read/Write Files from Disk), and check the name of the field.', [index]);
		if (isTrouble(verified)) work.settle(index, verified);
		else if (file) sound.push({ index, file, verified });
	}
	// Where two files disagree the older one counts, whatever their order in the input.
	sound.sort((a, b) => compare(a.verified.header.exportedAt, b.verified.header.exportedAt) || compare(a.verified.sha256, b.verified.sha256));
	for (const { index, file, verified } of sound) {
		work.settle(index, work.signal?.aborted ? cancelled([verified.sha256]) : await new Import(registry, verified, dryRun, work).take(file));
		await registry.refresh();
	}
}

class Import {
	private readonly counts: Partial<Record<RowType, { created: number; unchanged: number; conflicts: number }>> = {};
	private readonly told: Trouble[] = [];
	private readonly fileTypes = new Map<string, ConfigurationRow>();
	/** Runs of the file, how much of each is here already, and how much of it has gone by. */
	private readonly runs = new Map<string, { row: FileRows['run']; here: number; seen: number }>();
	/** Related Domains that came in: addresses that wait here may belong to them. */
	private readonly newDomains = new Set<string>();
	private stopped = false;

	constructor(
		private readonly registry: Registry,
		private readonly verified: Verified,
		private readonly dryRun: boolean,
		private readonly work: Work,
	) {}

	async take(file: ImportFile): Promise<Outcome[]> {
		const pacer = new Pacer({ every: 1 });
		let batch: FileLine[] = [];
		let characters = 0;
		for await (const line of rowsOf(await file.open())) {
			if (batch.length > 0 && (batch[0]?.type !== line.type || batch.length >= BATCH || characters > BATCH_CHARACTERS)) {
				await this.takeBatch(batch);
				batch = [];
				characters = 0;
				if (pacer.due()) await pacer.rest();
				if (this.work.signal?.aborted) {
					this.stopped = true;
					break;
				}
			}
			batch.push(line);
			if (line.type === 'record') characters += JSON.stringify(line.row.fields).length;
			if (line.type === 'change') characters += JSON.stringify([line.row.before, line.row.after]).length;
		}
		if (!this.stopped && batch.length > 0) await this.takeBatch(batch);
		if (!this.dryRun && this.newDomains.size > 0) await tryWaitingAgain(this.registry, [...this.newDomains], this.work);
		return [this.summary(), ...this.told];
	}

	private async takeBatch(batch: readonly FileLine[]): Promise<void> {
		const { registry } = this;
		for (const line of batch) if (line.type === 'configuration') this.fileTypes.set(configurationKey(line.row), line.row);
		await this.knowRuns(batch);
		const keys = batch.map((line) => (line.type === 'mapping' ? this.keyHere(line.row) : undefined));
		const erasedKeys = batch.map((line, at) => erasedKeysOf(line, keys[at]));
		const reads = { ...readsOf(batch, keys, batch.flatMap((line) => (line.type === 'run' ? [line.row.id] : []))), erasedKeys: erasedKeys.flat() };
		const decide = (unit: Unit) => {
			const passed = new Map<string, number>();
			const taken = batch.map((line, at) => erasedInFile(unit, erasedKeys[at] ?? []) ?? this.takeLine(unit, line, keys[at], passed));
			this.takeHistory(unit, batch.flatMap((line, at) => (line.type === 'change' && taken[at] === 'created' ? [line.row] : [])));
			return taken;
		};
		const taken = this.dryRun ? decide(new Unit(await registry.store.read(registry.workspace, reads), Date.now())) : await registry.transact(reads, this.work, decide);
		this.note(batch, taken);
		if (batch[0]?.type === 'configuration' && !this.dryRun) await registry.refresh();
	}

	private takeLine(unit: Unit, line: FileLine, key: string | Trouble | undefined, passed: Map<string, number>): Taken {
		switch (line.type) {
			case 'configuration':
				return takeConfiguration(unit, line.row);
			case 'setting':
				return takeSetting(unit, line.row);
			case 'checkpoint':
				return takeCheckpoint(unit, line.row);
			case 'record':
				return takeRecord(unit, line.row, this.dryRun);
			case 'mapping':
				return isTrouble(key) ? key : this.takeMapping(unit, { ...line.row, idKey: key ?? line.row.idKey });
			case 'email':
				return takeEmail(unit, line.row, this.dryRun);
			case 'domain':
				return takeDomain(unit, line.row, this.dryRun);
			case 'inbox':
				return takeInbox(unit, line.row);
			case 'run':
				return unit.run(line.row.id) ? 'unchanged' : 'created';
			case 'change':
				return this.isHere(line.row, passed) ? 'unchanged' : 'created';
		}
	}

	/** Whether a change is here already: the first so many of its run are. `passed` counts those of the batch. */
	private isHere({ runId }: FileRows['change'], passed: Map<string, number>): boolean {
		const run = this.runs.get(runId);
		const nth = (run?.seen ?? 0) + (passed.get(runId) ?? 0);
		passed.set(runId, (passed.get(runId) ?? 0) + 1);
		return run === undefined || nth < run.here;
	}

	/** Writes changes that are not here yet, and their runs with as many changes as come with them. */
	private takeHistory(unit: Unit, fresh: readonly FileRows['change'][]): void {
		const numbers = new Map<string, number>();
		for (const { runId } of fresh) numbers.set(runId, (numbers.get(runId) ?? 0) + 1);
		const runs = [...numbers].flatMap(([id, changes]) => {
			const row = this.runs.get(id)?.row;
			// Triggers leave out what an import brings; that holds for what happened elsewhere long ago too.
			return row ? [{ ...row, origin: 'import', changes }] : [];
		});
		unit.takeHistory(runs, fresh.map((row) => ({ ...row, undoes: null })));
	}

	/** After a batch is written. */
	private note(batch: readonly FileLine[], taken: readonly Taken[]): void {
		batch.forEach((line, at) => {
			const each = taken[at] as Taken;
			const counts = (this.counts[line.type] ??= { created: 0, unchanged: 0, conflicts: 0 });
			if (each === 'created' && line.type === 'domain') this.newDomains.add(line.row.domain);
			if (each === 'created' || each === 'unchanged') counts[each]++;
			else {
				counts.conflicts++;
				if (this.told.length < MOST_TROUBLES) this.told.push({ ...each, row: line.type });
			}
			if (line.type === 'change') {
				const run = this.runs.get(line.row.runId);
				if (run) run.seen++;
			}
		});
	}

	/** A run counts as here with the changes of it that are here, so that an import that was stopped goes on in its middle. */
	private async knowRuns(batch: readonly FileLine[]): Promise<void> {
		const rows = batch.flatMap((line) => (line.type === 'run' ? [line.row] : []));
		if (rows.length === 0) return;
		const { runs } = await this.registry.store.read(this.registry.workspace, { runs: rows.map(({ id }) => id) });
		const here = new Map(runs.map(({ id, changes }) => [id, changes]));
		for (const row of rows) this.runs.set(row.id, { row, here: here.get(row.id) ?? 0, seen: 0 });
	}

	/** The key under which an ID is found here; the file's own where both registries compare IDs alike. */
	private keyHere({ objectType, externalType, externalId, idKey }: MappingRow): string | Trouble {
		const there = this.fileTypes.get(configurationKey({ objectType, externalType }));
		const here = this.registry.configuration(objectType, externalType);
		if (!here || !there || here.idFormat === there.idFormat) return idKey;
		const parsed = this.registry.parseId(objectType, externalType, externalId);
		return 'status' in parsed ? parsed : parsed.key;
	}

	private takeMapping(unit: Unit, row: MappingRow): Taken {
		const { objectType, externalType, externalId, objectId } = row;
		const here = unit.mappingById(row.id);
		const id = `The ${externalType} ID "${shown(externalId)}"`;
		if (here) {
			const isSame = here.objectId === objectId && here.externalType === externalType && here.idKey === row.idKey && here.state === row.state;
			return isSame ? 'unchanged' : conflict('mappingDiffers', `${id} of ${objectId} is ${here.state} here and ${row.state} in the file. It stays as it is here.`, [row.id], { wanted: { ...shownMapping(row), mappingState: row.state }, existing: { ...shownMapping(here), mappingState: here.state } });
		}
		const type = unit.configuration(objectType, externalType) ?? (this.dryRun ? this.fileTypes.get(configurationKey(row)) : undefined);
		if (!type) return conflict('noConfiguration', `${id} is of an External Type that does not exist for ${objectType} here.`, [row.id], { wanted: shownMapping(row) });
		if (!this.dryRun && !unit.record(objectId)) return conflict('recordMissing', `${id} belongs to ${objectId}, which is not here.`, [row.id], { wanted: shownMapping(row) });
		const survivor = survivorHere(unit, objectId);
		if (survivor !== undefined && row.state !== 'deleted') {
			return unit.mapping({ ...row, key: row.idKey })?.objectId === survivor ? 'unchanged' : mergedHere(id, objectId, survivor, [row.id]);
		}
		if (row.state !== 'deleted') {
			const holder = unit.mapping({ ...row, key: row.idKey });
			if (holder?.objectId === objectId && holder.state === row.state) return 'unchanged';
			if (holder) return conflict('idBelongsToOther', `${id} belongs to ${holder.objectId} here and to ${objectId} in the file. It stays as it is here.`, [row.id], { wanted: shownMapping(row), existing: shownMapping(holder) });
			const current = unit.currentOf(objectId, externalType);
			if (row.state === 'current' && type.idsPerObject > 0 && current.length >= type.idsPerObject) {
				return conflict('recordHasOtherId', `${objectId} has another ${externalType} ID here, so it did not get "${shown(externalId)}".`, [row.id], { wanted: shownMapping(row), existing: current.map(shownMapping) });
			}
		}
		unit.takeMapping(row);
		return 'created';
	}

	private summary(): Outcome {
		const sum = (what: 'created' | 'unchanged' | 'conflicts') => Object.values(this.counts).reduce((total, counts) => total + counts[what], 0);
		const [created, unchanged, conflicts] = [sum('created'), sum('unchanged'), sum('conflicts')];
		const { header, rows, sha256 } = this.verified;
		const told = {
			fromRegistry: header.registry,
			fromWorkspace: header.workspace,
			exportedAt: header.exportedAt,
			history: header.history,
			sha256,
			rows: Object.values(rows).reduce((total, count) => total + count, 0),
			created,
			unchanged,
			conflicts,
			byKind: this.counts,
			...(this.dryRun ? {} : { runId: this.work.caller.runId }),
		};
		if (this.stopped) return { ...cancelled([sha256]), ...told };
		if (this.dryRun) return { status: 'planned', plan: 'create', ...told };
		if (created > 0) return { status: 'created', ...told };
		if (unchanged > 0 || conflicts === 0) return { status: 'unchanged', ...told };
		return { ...trouble('conflict', 'nothingTaken', 'Nothing of the file could be taken: all of it differs from what is here. Import it into another workspace, or look at the conflicts.', [sha256]), ...told };
	}
}

/** Keys by which a row would bring back somebody who was erased. */
function erasedKeysOf(line: FileLine, key: string | Trouble | undefined): string[] {
	switch (line.type) {
		case 'record':
			return [erasedKey.objectId(line.row.objectType, line.row.id)];
		case 'mapping':
			return [erasedKey.objectId(line.row.objectType, line.row.objectId), ...(typeof key === 'string' ? [erasedKey.id({ ...line.row, key })] : [])];
		case 'email':
			return [erasedKey.objectId(line.row.objectType, line.row.recordId), erasedKey.email(line.row.objectType, line.row.key)];
		case 'inbox':
			return [erasedKey.email('people', line.row.key)];
		case 'change': {
			const { objectType, objectId, subject } = line.row;
			if (objectType === null) return [];
			return [...(objectId === null ? [] : [erasedKey.objectId(objectType, objectId)]), ...(subject === null ? [] : [erasedKey.email(objectType, subject.toLowerCase())])];
		}
		default:
			return [];
	}
}

function readsOf(batch: readonly FileLine[], keys: ReadonlyArray<string | Trouble | undefined>, runs: string[]): Reads {
	const reads = { ids: [] as NonNullable<Reads['ids']>[number][], mappingIds: [] as string[], objectIds: [] as string[], inbox: [] as string[], domains: [] as string[], checkpoints: [] as string[] };
	batch.forEach((line, at) => {
		if (line.type === 'record') reads.objectIds.push(line.row.id, ...(line.row.accountId === null ? [] : [line.row.accountId]));
		if (line.type === 'mapping') {
			const key = keys[at];
			reads.mappingIds.push(line.row.id);
			reads.objectIds.push(line.row.objectId);
			if (typeof key === 'string') reads.ids.push({ objectType: line.row.objectType, externalType: line.row.externalType, key });
		}
		if (line.type === 'email') reads.objectIds.push(line.row.recordId);
		if (line.type === 'domain') {
			reads.objectIds.push(line.row.accountId);
			reads.domains.push(line.row.domain);
		}
		if (line.type === 'inbox') reads.inbox.push(line.row.key);
		if (line.type === 'checkpoint') reads.checkpoints.push(line.row.name);
	});
	const type = batch[0]?.type;
	return { ...reads, runs, settings: type === 'setting', with: { mappings: type === 'mapping', emails: type === 'email', domains: type === 'domain' } };
}

const CONFIGURATION_FIELDS = ['maxLength', 'idsPerObject', 'idFormat', 'pattern', 'example'] as const;

function takeConfiguration(unit: Unit, row: ConfigurationRow): Taken {
	const { objectType, externalType } = row;
	const here = unit.configuration(objectType, externalType);
	if (!here) {
		unit.putConfiguration(omit(row, 'createdAt', 'updatedAt'));
		return 'created';
	}
	const differs = CONFIGURATION_FIELDS.filter((name) => here[name] !== row[name]);
	return differs.length === 0 ? 'unchanged' : conflict('configurationDiffers', `The External Type ${externalType} for ${objectType} has other settings here (${differs.join(', ')}). They stay.`, [objectType, externalType], { wanted: row, existing: here });
}

function takeSetting(unit: Unit, { key, value }: FileRows['setting']): Taken {
	if (!Object.hasOwn(DEFAULT_SETTINGS, key)) return conflict('unknownSetting', `The setting ${shown(key)} is not known here.`, [key], { wanted: value });
	const stored = unit.setting(key);
	const usual = DEFAULT_SETTINGS[key as keyof Settings];
	const here: unknown = stored === undefined ? usual : JSON.parse(stored);
	if (isEqual(here, value)) return 'unchanged';
	if (stored !== undefined) return conflict('settingDiffers', `The setting ${shown(key)} is another one here. It stays.`, [key], { wanted: value, existing: here });
	if (typeof value !== typeof usual || Array.isArray(value) !== Array.isArray(usual)) return conflict('unknownSetting', `The setting ${shown(key)} has a value that cannot be used here.`, [key], { wanted: value });
	unit.putSetting(key, value, usual);
	return 'created';
}

function takeCheckpoint(unit: Unit, row: FileRows['checkpoint']): Taken {
	const here = unit.checkpoint(row.name);
	if (here) return here.value === row.value ? 'unchanged' : conflict('checkpointDiffers', `The checkpoint "${shown(row.name)}" is another one here. It stays.`, [row.name], { wanted: row.value, existing: here.value });
	unit.putCheckpoint(row);
	return 'created';
}

function takeRecord(unit: Unit, row: FileRows['record'], dryRun: boolean): Taken {
	const here = unit.record(row.id);
	if (here) {
		const isSame = here.objectType === row.objectType && here.state === row.state && here.accountId === row.accountId && here.mergedInto === row.mergedInto && isEqual(here.fields, row.fields);
		return isSame ? 'unchanged' : conflict('recordDiffers', `The ${OBJECT_WORD[row.objectType]} ${row.id} is another one here than in the file. It stays as it is here.`, [row.id], { wanted: told(row), existing: told(here) });
	}
	if (!dryRun && row.accountId !== null && !unit.record(row.accountId)) return conflict('accountMissing', `The person ${row.id} is on the account ${row.accountId}, which is not here.`, [row.id], { wanted: told(row) });
	unit.takeRecord(row);
	return 'created';
}

function told({ id, objectType, state, accountId, fields }: FileRows['record']): Record<string, unknown> {
	return { objectType, objectId: id, recordState: state, accountId, fields };
}

function takeEmail(unit: Unit, row: FileRows['email'], dryRun: boolean): Taken {
	const here = unit.emailsOf(row.recordId);
	if (here.some(({ key }) => key === row.key)) return 'unchanged';
	const survivor = survivorHere(unit, row.recordId);
	if (survivor !== undefined) return unit.emailsOf(survivor).some(({ key }) => key === row.key) ? 'unchanged' : mergedHere(`The e-mail ${shown(row.address)}`, row.recordId, survivor, [row.recordId, row.key]);
	const record = unit.record(row.recordId);
	if (!record) return dryRun ? 'created' : conflict('recordMissing', `The e-mail ${shown(row.address)} belongs to ${row.recordId}, which is not here.`, [row.recordId, row.key]);
	unit.addEmail(record, row, row.isPrimary && !here.some(({ isPrimary }) => isPrimary));
	return 'created';
}

function takeDomain(unit: Unit, row: FileRows['domain'], dryRun: boolean): Taken {
	const { accountId, domain, preferred } = row;
	const here = unit.domainsOf(accountId).find((each) => each.domain === domain);
	if (here) return here.preferred === preferred ? 'unchanged' : conflict('domainDiffers', `${domain} is ${here.preferred ? '' : 'not '}the preferred domain of ${accountId} here, and ${preferred ? '' : 'not '}in the file. It stays as it is here.`, [accountId, domain], { wanted: row, existing: here });
	const survivor = survivorHere(unit, accountId);
	if (survivor !== undefined) return unit.domainsOf(survivor).some((each) => each.domain === domain) ? 'unchanged' : mergedHere(`The Related Domain ${domain}`, accountId, survivor, [accountId, domain]);
	if (!unit.record(accountId)) return dryRun ? 'created' : conflict('recordMissing', `The Related Domain ${domain} belongs to ${accountId}, which is not here.`, [accountId, domain]);
	const rival = preferred ? unit.ownersOf(domain).find((owner) => owner.preferred && owner.accountId !== accountId) : undefined;
	if (rival) return conflict('twoPreferred', `${domain} is the preferred domain of ${rival.accountId} here and of ${accountId} in the file. It stays as it is here.`, [accountId, domain], { wanted: row, existing: rival });
	unit.putDomain(accountId, domain, preferred);
	return 'created';
}

function takeInbox(unit: Unit, row: FileRows['inbox']): Taken {
	const here = unit.inbox(row.key);
	if (!here) {
		unit.putInbox(row, row.state);
		return 'created';
	}
	const isSame = here.state === row.state && here.reason === row.reason && here.recordId === row.recordId && here.name === row.name;
	return isSame ? 'unchanged' : conflict('inboxDiffers', `${shown(row.address || row.key)} is ${here.state} in the inbox here and ${row.state} in the file. It stays as it is here.`, [row.key], { wanted: row, existing: here });
}

/** The record that one of the file was merged into here: a pointer gets nothing, for nobody would find it there. */
function survivorHere(unit: Unit, objectId: string): string | undefined {
	return unit.record(objectId)?.state === 'merged' ? unit.survivorOf(objectId)?.id : undefined;
}

function mergedHere(what: string, objectId: string, survivor: string, about: readonly unknown[]): Trouble {
	return conflict('mergedHere', `${what} belongs to ${objectId} in the file, and that was merged into ${survivor} here. It was not taken; if it is right, give it to ${survivor}.`, about, { wanted: { objectId }, existing: { objectId: survivor } });
}

function conflict(code: string, reason: string, about: readonly unknown[], sides?: { wanted?: unknown; existing?: unknown }): Trouble {
	return trouble('conflict', code, reason, about, sides ? { conflict: sides } : {});
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
