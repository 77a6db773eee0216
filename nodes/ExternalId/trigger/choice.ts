import { NodeOperationError } from 'n8n-workflow';
import type { ITriggerFunctions } from 'n8n-workflow';

import { OBJECT_TYPES } from '../../shared/identity/outcome';
import { parseExternalType } from '../../shared/identity/externalId';
import { FEED_EVENTS } from '../registry/feed';
import type { FeedChoice } from '../registry/feed';
import type { FollowSettings } from '../registry/follower';
import { listOf } from '../registry/settings';
import { DEFAULT_ITEMS, MOST_ITEMS } from './fields';

/** What the panel says. It is read before the trigger runs: n8n works out no expression later. */
export function readChoice(trigger: ITriggerFunctions): Pick<FollowSettings, 'choice' | 'batchSize' | 'startFrom'> {
	const options = trigger.getNodeParameter('options', {}) as Readonly<Record<string, unknown>>;
	const chosen = textsOf(trigger.getNodeParameter('events', []));
	const events = FEED_EVENTS.filter((event) => chosen.includes(event));
	if (events.length === 0) throw new NodeOperationError(trigger.getNode(), 'No event is chosen', { description: 'Choose under Events what starts the workflow.' });
	const objectTypes = textsOf(options.objectTypes);
	const choice: FeedChoice = {
		events: new Set(events),
		exceptWorkflowId: options.includeOwn === true ? undefined : trigger.getWorkflow().id,
		exceptOrigins: new Set(textsOf(options.leaveOut)),
		alsoFrom: new Set(textsOf(options.alsoFireFor)),
		withLinked: options.includeLinked === true,
		objectTypes: new Set(OBJECT_TYPES.filter((type) => objectTypes.includes(type))),
		externalTypes: new Set(textsOf(options.externalTypes).map((name) => checkedType(trigger, name))),
	};
	const batchSize = Math.min(MOST_ITEMS, Math.max(1, Math.floor(Number(options.batchSize ?? DEFAULT_ITEMS)) || DEFAULT_ITEMS));
	return { choice, batchSize, startFrom: trigger.getNodeParameter('startFrom', 'now') === 'beginning' ? 'beginning' : 'now' };
}

function textsOf(value: unknown): string[] {
	return listOf(value).map(String);
}

function checkedType(trigger: ITriggerFunctions, name: string): string {
	const type = parseExternalType(name);
	if (typeof type === 'string') return type;
	throw new NodeOperationError(trigger.getNode(), type.reason, { description: 'Check External Types under Options.' });
}
