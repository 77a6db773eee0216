/** What concerns the whole run: a wrong key, a missing scope, the database away, *Fail the Run When*. */
import { type IExecuteFunctions, type INodeExecutionData, NodeApiError, NodeOperationError } from 'n8n-workflow';

import { trouble, type Trouble } from '../identity/outcome';
import type { Ledger } from './ledger';
import { clean, items, messageOf, sentence, words } from './wording';

const SHOWN_TROUBLES = 10;

/** Values of *Fail the Run When*. */
export type FailWhen = 'nothingSucceeded' | 'anythingFailed' | 'never';

/** The error of a run that stopped before its end, with how far it came. */
export function runStopped(context: IExecuteFunctions, thrown: unknown, ledger: Ledger): NodeOperationError | NodeApiError {
	const description = [ownDescription(thrown), account(ledger)].filter((text) => text !== '').join('\n');
	if (isNodeError(thrown)) {
		// The very error: it carries the HTTP code and what kind of failure it is, for n8n's back-off.
		thrown.message = messageOf(thrown);
		thrown.description = description;
		return thrown;
	}
	return new NodeOperationError(context.getNode(), thrown instanceof Error ? thrown : messageOf(thrown), {
		message: messageOf(thrown),
		description,
	});
}

/** The error of a run whose items came to too little for its *Fail the Run When*, or nothing. */
export function runFailed(context: IExecuteFunctions, ledger: Ledger, failWhen: FailWhen): NodeOperationError | undefined {
	const failed =
		(failWhen === 'nothingSucceeded' && ledger.nothingSucceeded) || (failWhen === 'anythingFailed' && ledger.attention > 0);
	if (!failed) return undefined;
	const [first] = ledger.troubles(1);
	const message =
		ledger.total === 1
			? clean(first.trouble.reason)
			: ledger.nothingSucceeded
				? `None of the ${items(ledger.total)} was done`
				: attentionText(ledger);
	return new NodeOperationError(context.getNode(), message, {
		// One item's trouble is the message already.
		...(ledger.total === 1 ? {} : { description: account(ledger) }),
		...(ledger.total === 1 ? { itemIndex: first.index } : {}),
	});
}

/** "12 of 500 items need attention: 10 conflict, 2 invalid" */
export function attentionText(ledger: Ledger): string {
	const counts = ledger.attentionByStatus().map(([status, count]) => `${count.toLocaleString('en-US')} ${words(status)}`);
	const verb = ledger.attention === 1 ? 'needs' : 'need';
	return `${ledger.attention.toLocaleString('en-US')} of ${items(ledger.total)} ${verb} attention: ${counts.join(', ')}`;
}

/** The outcome of an input that the run did not come to. */
export function notReached(code: 'runStopped' | 'cancelled', why: string, input: unknown): Trouble {
	return trouble('notAttempted', code, `This item was not attempted. ${sentence(why)}`, [why], { input });
}

/** The one shape of an error item that n8n keeps whole (seen in n8n 2.41): only `error` and `details`, and linked. */
export function errorItem(message: string, outcome: Trouble, index: number): INodeExecutionData {
	return {
		json: { error: message, details: outcome as unknown as INodeExecutionData['json'] },
		pairedItem: { item: index },
	};
}

/** Counts and the first troubles, a line each; items are numbered from 0, as n8n does. */
function account(ledger: Ledger): string {
	if (ledger.size === 0) return '';
	const counts = [...ledger.byStatus].map(([status, count]) => `${count.toLocaleString('en-US')} ${words(status)}`);
	if (ledger.unsettled > 0) counts.push(`${ledger.unsettled.toLocaleString('en-US')} not attempted`);
	const troubles = ledger.troubles(SHOWN_TROUBLES);
	const lines = troubles.map(({ index, trouble: { status, reason } }) => `[Item ${index}] ${words(status)}: ${clean(reason)}`);
	const more = ledger.attention - troubles.length;
	return [
		`Of ${items(ledger.size)}: ${counts.join(', ')}.`,
		...lines,
		...(more > 0 ? [`… and ${more.toLocaleString('en-US')} more.`] : []),
	].join('\n');
}

/** By name: another copy of n8n-workflow may have made it. */
function isNodeError(thrown: unknown): thrown is NodeOperationError | NodeApiError {
	return thrown instanceof Error && ['NodeOperationError', 'NodeApiError'].includes(thrown.name);
}

function ownDescription(thrown: unknown): string {
	const description =
		typeof thrown === 'object' && thrown !== null && 'description' in thrown ? thrown.description : undefined;
	return typeof description === 'string' ? clean(description) : '';
}
