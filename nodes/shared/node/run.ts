/** Between n8n's items and an operation: the only place that knows paired items, error routing and retries. */
import type { IDataObject, IExecuteFunctions, INodeExecutionData, Logger } from 'n8n-workflow';

import { isDone, type Outcome } from '../identity/outcome';
import { Pacer } from '../pace';
import { callerOf } from './caller';
import { attentionText, errorItem, type FailWhen, notReached, runFailed, runStopped } from './failure';
import { Files } from './files';
import { defect, Ledger } from './ledger';
import type { Input, NodeDefinition, Operation } from './operation';
import { layoutOf, outputCount, outputOf, TOOL_LAYOUT } from './outputs';
import { compileFields, Failed, itemReader, looksAtItems, readOnce } from './parameters';
import { findOperation, isTool } from './router';
import { beginTry, endTries, keepSettled, type Tries, willRetry } from './settled';
import { messageOf } from './wording';

/** How often a long run writes its progress to the log, ms. */
const PROGRESS_EVERY_MS = 10_000;

/** Everything that an `execute()` of a node does: `return await execute(definition, this)`. */
export async function execute<System>(
	definition: NodeDefinition<System>,
	context: IExecuteFunctions,
): Promise<INodeExecutionData[][]> {
	return await new Execution(definition, context).outputs();
}

class Execution<System> {
	private readonly items: INodeExecutionData[];
	private readonly tries: Tries;
	private readonly tool: boolean;
	private readonly signal: AbortSignal | undefined;
	private readonly files: Files;
	private ledger: Ledger;
	private layout = TOOL_LAYOUT;
	private name = '';
	private onlyLooks = false;
	private summary: Readonly<Record<string, unknown>> | undefined;
	/** What only our own code can have done wrong; it fails the run even if the operation caught it. */
	private broken: Error | undefined;

	constructor(
		private readonly definition: NodeDefinition<System>,
		private readonly context: IExecuteFunctions,
	) {
		this.items = context.getInputData();
		this.tries = beginTry(context);
		this.tool = isTool(context);
		this.files = new Files(context);
		this.signal = context.getExecutionCancelSignal();
		this.ledger = new Ledger(this.items.length);
	}

	async outputs(): Promise<INodeExecutionData[][]> {
		let stopped: { by: unknown } | undefined;
		try {
			await this.run();
		} catch (error) {
			stopped = { by: error };
		}
		if (this.signal?.aborted) {
			// n8n drops whatever comes back now; the log is all that tells how far it came.
			this.context.logger.info(`${this.name}: cancelled`, this.counts());
			this.settleRest('cancelled', 'The execution was cancelled');
		} else if (stopped !== undefined) {
			return await this.outputsOfStopped(stopped.by);
		}
		const failure = this.signal?.aborted || this.mustGoOn() ? undefined : runFailed(this.context, this.ledger, this.failWhen());
		if (failure !== undefined) this.fail(failure);

		this.context.logger.debug(`${this.name}: finished`, this.counts());
		if (this.ledger.attention > 0) this.hint(`${attentionText(this.ledger)}.`, 'warning');
		endTries(this.context);
		return await this.collect();
	}

	/** Runs the operation on what is still to be done; afterwards every input is settled. */
	private async run(): Promise<void> {
		const { resource, operation } = findOperation(this.definition, this.context);
		this.name = `${resource.name}: ${operation.name}`;
		if (!this.tool) this.layout = layoutOf(operation.outputs);
		if (operation.once) this.ledger = new Ledger(Math.min(1, this.items.length));
		if (this.ledger.size === 0) return;
		for (const [index, outcomes] of this.tries.kept) this.ledger.settle(index, outcomes);

		const system = await this.definition.connect(this.context);
		const parameters = this.readParameters(operation);
		this.onlyLooks = operation.onlyLooks?.(parameters) ?? false;
		const inputs = await this.readInputs(operation);
		if (inputs.length > 0 && !this.signal?.aborted) {
			await operation.run({
				system,
				inputs,
				parameters,
				json: ({ index }) => this.items[index].json,
				settle: this.settler(),
				file: ({ index }, field) => this.files.of(index, field),
				keepFile: async (file) => await this.files.keep(file),
				attach: (outcome, field, file) => this.files.attach(outcome, field, file),
				summarize: (summary) => this.summarize(operation, summary),
				signal: this.signal,
				hint: (message, type = 'info') => this.hint(message, type),
				caller: callerOf(this.context, this.tries.runId),
				logger: this.context.logger,
			});
		}
		if (this.broken !== undefined) throw this.broken;
		if (this.ledger.unsettled > 0 && !this.signal?.aborted) {
			throw defect(`${this.ledger.unsettled} of ${this.ledger.size} items were never settled`);
		}
	}

	private readParameters(operation: Operation<System>): Record<string, unknown> {
		const readers = compileFields(this.context, operation.fields.filter(({ perItem }) => !perItem), this.items);
		if (this.ledger.size > 1) {
			for (const reader of readers.filter((one) => looksAtItems(this.context, one))) {
				this.hint(
					`"${reader.field.displayName}" is the same for all items of a run: its expression was read for the first item only.`,
					'warning',
				);
			}
		}
		return readOnce(readers);
	}

	/** The inputs that are still to be done. Items whose expressions fail are settled here and are not among them. */
	private async readInputs(operation: Operation<System>): Promise<Input[]> {
		const readers = compileFields(this.context, operation.fields.filter(({ perItem }) => perItem), this.items);
		const valuesOf = itemReader(readers);
		const engine = readers.some(({ source }) => source === 'engine');
		const pace = new Pacer({ signal: this.signal, every: engine ? 1 : 16 });
		const inputs: Input[] = [];
		for (let index = 0; index < this.ledger.size; index++) {
			if (pace.due()) await pace.rest();
			if (pace.cancelled) break;
			if (this.ledger.isSettled(index)) continue;
			const values = valuesOf(index);
			if (values instanceof Failed) this.ledger.settle(index, values.trouble);
			else inputs.push({ index, values });
		}
		return inputs;
	}

	private settler(): (input: Input, outcome: Outcome | readonly Outcome[]) => void {
		const { ledger } = this;
		const progress = new Progress(this.context.logger, () => [this.name, this.counts()]);
		return ({ index }, outcome) => {
			try {
				ledger.settle(index, outcome);
			} catch (error) {
				this.broken ??= error as Error;
				throw this.broken;
			}
			progress.step();
		};
	}

	private summarize({ outputs, name }: Operation<System>, summary: Readonly<Record<string, unknown>>): void {
		if (outputs !== 'backfill') throw defect(`"${name}" has no Summary output`);
		this.summary = summary;
	}

	/** Under *On Error: Continue* every input comes out, the rest as error items; otherwise it throws. */
	private async outputsOfStopped(by: unknown): Promise<INodeExecutionData[][]> {
		// While n8n has tries left it may as well use them: an error item on a later output would not make it.
		if (!this.context.continueOnFail() || willRetry(this.context, this.tries)) {
			this.fail(runStopped(this.context, by, this.ledger));
		}
		const message = messageOf(by);
		const unreached: number[] = [];
		for (let index = 0; index < this.ledger.size; index++) {
			if (!this.ledger.isSettled(index)) unreached.push(index);
		}
		this.context.logger.warn(`${this.name}: stopped: ${message}`, this.counts());
		this.settleRest('runStopped', message);
		this.hint(`${attentionText(this.ledger)}.`, 'warning');
		endTries(this.context);
		return await this.collect(message, new Set(unreached));
	}

	private settleRest(code: 'runStopped' | 'cancelled', why: string): void {
		for (let index = 0; index < this.ledger.size; index++) {
			if (!this.ledger.isSettled(index)) this.ledger.settle(index, notReached(code, why, this.items[index].json));
		}
	}

	/** Throws, keeping for a next try what needs none. */
	private fail(error: Error): never {
		if (willRetry(this.context, this.tries)) keepSettled(this.tries, this.ledger);
		else endTries(this.context);
		throw error;
	}

	/** The output items, linked to their inputs. The outcomes go over to them: the ledger lets go of each. */
	private async collect(message = '', unreached: ReadonlySet<number> = new Set()): Promise<INodeExecutionData[][]> {
		const outputs = Array.from({ length: outputCount(this.layout) }, (): INodeExecutionData[] => []);
		const includeInput = this.option('includeInput', false) === true;
		const pace = new Pacer();
		for (let index = 0; index < this.ledger.size; index++) {
			for (const outcome of this.ledger.outcomesOf(index)) {
				const item = unreached.has(index)
					? errorItem(message, outcome as ReturnType<typeof notReached>, index)
					: { json: this.jsonOf(outcome, index, includeInput), ...this.files.ofOutcome(outcome), pairedItem: { item: index } };
				outputs[outputOf(this.layout, outcome)].push(item);
			}
			this.ledger.release(index);
			if (pace.due()) await pace.rest();
		}
		if (this.summary !== undefined) outputs[this.layout.summary].push({ json: this.summary as IDataObject });
		return outputs;
	}

	private jsonOf(outcome: Outcome, index: number, includeInput: boolean): IDataObject {
		let json: Record<string, unknown> = outcome;
		if (includeInput || !isDone(outcome)) json = { ...json, input: this.items[index].json };
		// On a success item n8n takes a key of this name for a failure and runs the node again (seen in n8n 2.41).
		if (Object.hasOwn(json, 'error')) {
			const { error, ...rest } = json;
			json = { ...rest, errorMessage: error };
		}
		return json as IDataObject;
	}

	/** Whether what went wrong is told by items only. */
	private mustGoOn(): boolean {
		return this.tool || this.context.continueOnFail();
	}

	private failWhen(): FailWhen {
		const chosen = this.option('failWhen', 'nothingSucceeded') as FailWhen;
		return this.onlyLooks && chosen === 'nothingSucceeded' ? 'never' : chosen;
	}

	/** One of the options that the assembler adds to every operation with item troubles (properties.ts). */
	private option(name: 'failWhen' | 'includeInput', fallback: string | boolean): unknown {
		return this.context.getNodeParameter(`options.${name}`, 0, fallback);
	}

	private hint(message: string, type: 'info' | 'warning'): void {
		this.context.addExecutionHints({ message, type, location: 'outputPane' });
	}

	private counts(): Record<string, unknown> {
		return { ...Object.fromEntries(this.ledger.byStatus), unsettled: this.ledger.unsettled, runId: this.tries.runId };
	}
}

/** Writes to the log how far a long run is. */
class Progress {
	private steps = 0;
	private last = performance.now();

	constructor(
		private readonly logger: Logger,
		private readonly state: () => [name: string, counts: Record<string, unknown>],
	) {}

	step(): void {
		if (++this.steps % 256 !== 0 || performance.now() - this.last < PROGRESS_EVERY_MS) return;
		this.last = performance.now();
		const [name, counts] = this.state();
		this.logger.info(`${name}: going on`, counts);
	}
}
