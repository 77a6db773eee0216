import type {
	IBinaryData,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INodeProperties,
	Logger,
} from 'n8n-workflow';

import type { Outcome } from '../identity/outcome';

/**
 * A parameter of an operation. `displayOptions.show` for resource and operation are added by the assembler; own
 * `displayOptions` of the field are kept and merged. The same object used by several operations of a resource becomes
 * one property, so that its value stays when the builder changes the operation.
 *
 * Two fields of one name in an operation stand for each other by their `displayOptions`; the displayed one is read.
 * A per-item field with `validateType` always goes through n8n's expression engine (0.3 ms an item): leave it out
 * where the operation checks the value anyway.
 */
export interface Field extends INodeProperties {
	/** Read for each input item (default: read once a run, for item 0). */
	perItem?: boolean;
}

/** What a field of type `resourceLocator` gives, at the top as well as inside a collection or fixed collection. */
export interface LocatorValue {
	/** The value alone, after the mode's `extractValue`; usually text. */
	readonly value: unknown;
	/** Whether the builder picked it from the list: mode `list` and no expression. Only then may something new be made of it (design 6.1). */
	readonly picked: boolean;
}

/** How an operation's outcomes are sorted into outputs (design 6.7). */
export type OutputKind =
	/** Found / Not Found */
	| 'reader'
	/** Done / Needs Attention */
	| 'writer'
	/** Done / Not Found / Needs Attention / Summary */
	| 'backfill'
	/** one output: rows of a list, a status, settings */
	| 'lister';

/** One input item with the parameters that are read per item. */
export interface Input {
	/** Place of the item in the node's input, from 0. */
	readonly index: number;
	/**
	 * Values of the operation's `perItem` fields by name, as n8n would give them, except that a resource locator is a
	 * {@link LocatorValue}. Objects and lists may be the input item's own: read them, never change them.
	 */
	readonly values: Readonly<Record<string, unknown>>;
}

/** A file that an input item carries. */
export interface InputFile {
	readonly fileName: string | undefined;
	/** Its content from the beginning, each time anew. */
	open(): Promise<AsyncIterable<Uint8Array | string>>;
}

/** A file to be carried by an output item: a stream is read to its end, a piece at a time. */
export interface NewFile {
	readonly content: Parameters<IExecuteFunctions['helpers']['prepareBinaryData']>[0];
	readonly fileName: string;
	readonly mimeType: string;
}

/** A file that n8n keeps. */
export interface KeptFile {
	readonly data: IBinaryData;
}

/** What an operation works with: all the items of one run. */
export interface Run<System> {
	readonly system: System;
	/**
	 * Items still to be done, in input order: whole, so that items that disagree can be seen before anything is written.
	 * Not among them: items whose expressions failed, and items that an earlier try of *Retry On Fail* has done.
	 */
	readonly inputs: readonly Input[];
	/**
	 * Values of the fields that are read once a run, by name; a missing collection is `{}`, a resource locator a
	 * {@link LocatorValue}.
	 */
	readonly parameters: Readonly<Record<string, unknown>>;
	/** JSON of an input item, for mappers and "all fields of the item". */
	json(input: Input): Readonly<Record<string, unknown>>;
	/**
	 * Says what became of an input, as soon as it is certain (committed). Once an input; several outcomes of one
	 * input (a list, a fan-out) go in one call. An input that is never settled is a defect and fails the run.
	 * Each outcome becomes the JSON of an output item as it stands: a fresh object each, with no key `error`.
	 */
	settle(input: Input, outcome: Outcome | readonly Outcome[]): void;
	/** The file in a binary field of an input item; undefined when there is none. */
	file(input: Input, field: string): InputFile | undefined;
	/** Hands a file to n8n, to be attached to an outcome. */
	keepFile(file: NewFile): Promise<KeptFile>;
	/** Puts a file into a binary field of the item that an outcome becomes; before the outcome is settled. */
	attach(outcome: Outcome, field: string, file: KeptFile): void;
	/** Gives the item of a backfill's Summary output; of other kinds only that may call it. The last call counts. */
	summarize(summary: Readonly<Record<string, unknown>>): void;
	/** Aborted when the execution is cancelled; look at it between batches. What is then left unsettled becomes `notAttempted`. */
	readonly signal: AbortSignal | undefined;
	/** Adds a message to the output pane. */
	hint(message: string, type?: 'info' | 'warning'): void;
	/** Who asks: written beside every change. */
	readonly caller: Caller;
	readonly logger: Logger;
}

/** Who makes a change: stands in the history. */
export interface Caller {
	/** ID of this run of the node, unique: `run_` and a ULID. The tries of *Retry On Fail* are one run. */
	readonly runId: string;
	readonly workflowId: string | undefined;
	readonly nodeId: string;
	readonly executionId: string | undefined;
	/** `manual` for a run from the editor, `import` for what a file brings, `api` otherwise. */
	readonly origin: 'manual' | 'api' | 'import';
}

/** One operation: what the panel shows, and how it runs on all items at once. */
export interface Operation<System> {
	readonly value: string;
	/** Title Case, as the drop-down shows it. */
	readonly name: string;
	/** Sentence case: "Link IDs of one record". */
	readonly action: string;
	readonly description: string;
	readonly outputs: OutputKind;
	/** A collection named `options` gets *Fail the Run When* and *Include Input Fields* added, except for listers. */
	readonly fields: readonly Field[];
	/** Offered to AI agents unless false (backfill, undo, delete, erase are not). */
	readonly asTool?: boolean;
	/** Whether one call does the whole run whatever the number of items (`registry: status`): it runs for item 0 only. */
	readonly once?: boolean;
	/** Whether a run with these parameters only looks: that nothing of what it looked at is in order is its answer, not a failure. */
	readonly onlyLooks?: (parameters: Readonly<Record<string, unknown>>) => boolean;
	run(run: Run<System>): Promise<void>;
}

/** A resource: a heading of the operation list. */
export interface Resource<System> {
	readonly value: string;
	/** Title Case, singular. */
	readonly name: string;
	readonly description: string;
	/** In the order of the drop-down (n8n's lint sorts five and more by name); the first is the default. */
	readonly operations: ReadonlyArray<Operation<System>>;
}

/** What a node is made of. */
export interface NodeDefinition<System> {
	/** The first is the default. */
	readonly resources: ReadonlyArray<Resource<System>>;
	/** Opens the system; throws what concerns the whole run (wrong key, database away) before anything is written. */
	connect(context: IExecuteFunctions | ILoadOptionsFunctions): Promise<System>;
}
