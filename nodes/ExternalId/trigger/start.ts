import type { IDataObject, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { registryPlace } from '../connect';
import { newestEntry, shownEntries } from '../registry/feed';
import { Follower } from '../registry/follower';
import { isQueueMode } from '../registry/location';
import type { RegistryLocation } from '../registry/location';
import { openRegistry } from '../registry/registry';
import type { Registry } from '../registry/registry';
import { readChoice } from './choice';
import { registryFailure } from './failure';
import { recipientOf } from './recipient';
import { sampleOf } from './sample';

/** Modes in which n8n itself takes the trigger up again, where nobody looks: what cannot be reached is tried again in the background. */
const UNATTENDED = new Set(['init', 'leadershipChange']);

/** Follows the registry while the workflow is published; in the editor it shows one change and moves nothing. */
export async function startTrigger(trigger: ITriggerFunctions): Promise<ITriggerResponse> {
	const node = trigger.getNode();
	const panel = readChoice(trigger);
	const place = await placeOf(trigger);
	const open = async () => await openRegistry(place.location, place.accessKey);
	if (trigger.getMode() === 'manual') return { manualTriggerFunction: async () => await showOne(trigger, open, panel.choice) };

	const follower = new Follower(
		{ ...panel, location: place.location, workflowId: trigger.getWorkflow().id ?? '', nodeId: node.id, runsOutliveUs: isQueueMode(), open },
		recipientOf(trigger),
	);
	try {
		await follower.begin();
	} catch (error) {
		if (!UNATTENDED.has(trigger.getActivationMode())) throw registryFailure(node, error);
	}
	void follower.follow();
	return { closeFunction: async () => await follower.stop() };
}

async function placeOf(trigger: ITriggerFunctions): Promise<{ location: RegistryLocation; accessKey: string | undefined }> {
	const choice = trigger.getNodeParameter('registryFrom', 'default');
	try {
		return await registryPlace(trigger, choice);
	} catch (error) {
		throw registryFailure(trigger.getNode(), error);
	}
}

/** The newest change that the panel's choice takes, or a sample where there is none yet. */
async function showOne(trigger: ITriggerFunctions, open: () => Promise<Registry>, choice: Parameters<typeof newestEntry>[1]): Promise<void> {
	const shown = await newestItem(open, choice).catch((error: unknown) => {
		throw registryFailure(trigger.getNode(), error);
	});
	trigger.emit([[{ json: (shown ?? sampleOf(choice.events)) as IDataObject }]]);
}

async function newestItem(open: () => Promise<Registry>, choice: Parameters<typeof newestEntry>[1]): Promise<Record<string, unknown> | undefined> {
	const registry = await open();
	const newest = await newestEntry(registry, choice);
	if (!newest) return undefined;
	const [item] = await shownEntries(registry, [newest]);
	return item;
}
