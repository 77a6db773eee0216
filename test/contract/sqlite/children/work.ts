/**
 * A process of its own that works on a registry file: `node test/ts.js test/contract/sqlite/children/work.ts <what> <file> …`.
 * It tells what became of it as lines of JSON.
 */
import { createMappings } from '../../../../nodes/ExternalId/registry/mappings';
import { Follower } from '../../../../nodes/ExternalId/registry/follower';
import { RegistryError } from '../../../../nodes/ExternalId/registry/errors';
import { linkIds } from '../../../../nodes/ExternalId/registry/link';
import { closeRegistries, openRegistry } from '../../../../nodes/ExternalId/registry/registry';
import type { Registry } from '../../../../nodes/ExternalId/registry/registry';
import { resolveNames } from '../../../../nodes/ExternalId/registry/resolve';
import { upsertRecords } from '../../../../nodes/ExternalId/registry/upsert';
import type { Outcome } from '../../../../nodes/shared/identity/outcome';
import type { Work } from '../../../../nodes/shared/ports';

const [what = '', file = '', ...more] = process.argv.slice(2);
const CRM = { name: 'crm', picked: true };
const CONFLICT = { whenRecordHasOther: 'conflict', whenIdBelongsToOther: 'conflict' } as const;

const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** A line from the parent; what was not waited for is not read. */
const nextLine = () => new Promise<string>((resolve) => process.stdin.once('data', (chunk) => resolve(String(chunk).trim())));

function work(settle: Work['settle'] = () => undefined): Work {
	return { caller: { runId: `run_${process.pid}_${Date.now()}`, workflowId: 'w', nodeId: 'n', executionId: 'e', origin: 'api' }, operation: 'test', settle };
}

async function collect(act: (toWork: Work) => Promise<void>): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	await act(work((index, outcome) => (outcomes[index] = outcome as Outcome)));
	return outcomes;
}

const people = (count: number) => Array.from({ length: count }, (_, n) => n);

const KINDS: Record<string, (registry: Registry) => Promise<void>> = {
	/** Maps c0 … c<count> to objects of its own, and tells which of them it won. */
	async compete(registry) {
		const [owner = '', count = '0'] = more;
		const own = { name: `of-${owner}`, picked: true };
		const made = await collect((w) => linkIds(registry, people(Number(count)).map((n) => ({ objectType: 'people', ids: [{ externalType: own, externalId: `o${n}` }] })), CONFLICT, w));
		tell({ ready: true });
		await nextLine();
		const outcomes = await collect((w) => createMappings(registry, made.map((each, n) => ({ objectType: 'people', externalType: CRM, externalId: `c${n}`, objectId: Object(each).objectId as string })), CONFLICT, w));
		tell({ won: people(outcomes.length).filter((n) => outcomes[n]?.status === 'created'), lost: people(outcomes.length).filter((n) => outcomes[n]?.status === 'conflict').length });
	},

	/** Links without end, and tells each ID that was told as done. */
	async forever(registry) {
		const [start = '0'] = more;
		for (let round = 0; ; round++) {
			const done: string[] = [];
			await linkIds(
				registry,
				people(700).map((n) => ({ objectType: 'people', ids: [{ externalType: CRM, externalId: `k${start}-${round}-${n}` }, { externalType: { name: 'erp', picked: true }, externalId: `k${start}-${round}-${n}` }], email: `p${start}-${round}-${n}@acme.com` })),
				CONFLICT,
				work((_, outcome) => {
					done.push(String(Object((outcome as unknown as { externalIds: object }).externalIds).crm));
					if (done.length % 50 === 0) tell({ done: done.splice(0) });
				}),
			);
		}
	},

	/** Upserts one record with fields of its own again and again: nobody else's are lost. */
	async together(registry) {
		const [owner = '', count = '0'] = more;
		for (const n of people(Number(count))) {
			await upsertRecords(
				registry,
				[{ objectType: 'people', ids: [{ externalType: CRM, externalId: 'shared' }], fields: { [`${owner}${n}`]: n } }],
				{ whenEmailKnown: 'link', whenDomainKnown: 'conflict', emptyValues: 'ignore', whenItemsDisagree: 'conflict', restoreDeleted: false },
				work(),
			);
		}
		tell({ ok: true });
	},

	/** Reads and writes once each time it is told to, and tells what came of it. */
	async onDemand(registry) {
		for (let n = 0; ; n++) {
			tell({ ready: n });
			if ((await nextLine()) === 'end') return;
			try {
				const again = await openRegistry(registry.location);
				const [found] = await collect((w) => resolveNames(again, [{ by: 'externalId', objectType: 'people', externalType: CRM, externalId: 'c1' }], w));
				const [linked] = await collect((w) => linkIds(again, [{ objectType: 'people', ids: [{ externalType: CRM, externalId: `n${n}` }] }], CONFLICT, w));
				tell({ found: found?.status, linked: linked?.status });
			} catch (error) {
				tell(problem(error));
			}
		}
	},

	/** Follows the history; tells of each batch when its run begins and when it has ended. */
	async follow(registry) {
		const [batchSize = '500'] = more;
		const choice = { events: new Set(['contactCreatedByDomain'] as const), exceptWorkflowId: 'w', exceptOrigins: new Set<string>(), alsoFrom: new Set<string>(), withLinked: false, objectTypes: new Set<never>(), externalTypes: new Set<string>() };
		const follower = new Follower(
			{ location: registry.location, workflowId: 'w', nodeId: 'follower', choice, batchSize: Number(batchSize), startFrom: 'now', runsOutliveUs: false, open: async () => await openRegistry(registry.location), pauses: { look: 10, quiet: 5 } },
			{
				async deliver(items, key) {
					tell({ began: key });
					await new Promise((resolve) => setTimeout(resolve, 5));
					tell({ ended: items.map(({ email, seq }) => ({ email, seq })), key });
					return 'ended';
				},
				outage: (error) => tell(problem(error)),
				log: () => undefined,
			},
		);
		await follower.begin();
		tell({ ready: true });
		await follower.follow();
	},

	async once(registry) {
		const [externalId = 'c1'] = more;
		const [linked] = await collect((w) => linkIds(registry, [{ objectType: 'people', ids: [{ externalType: CRM, externalId }] }], CONFLICT, w));
		tell({ linked: linked?.status });
	},
};

function problem(error: unknown): object {
	if (error instanceof RegistryError) return { problem: error.problem, text: `${error.message} ${error.description}` };
	return { crash: String(error), stack: error instanceof Error ? error.stack : undefined };
}

async function main(): Promise<void> {
	try {
		// root writes through any rights, so it steps down where a test is about rights.
		if (process.env.CHILD_UID) process.setuid?.(Number(process.env.CHILD_UID));
		await KINDS[what]?.(await openRegistry({ file, registry: 'default', workspace: 'default' }));
		await closeRegistries();
	} catch (error) {
		tell(problem(error));
	}
	process.exit(0);
}

void main();
