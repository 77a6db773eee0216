import { NodeConnectionTypes } from 'n8n-workflow';

import { isDone, type Outcome } from '../identity/outcome';
import type { NodeDefinition, OutputKind } from './operation';

/** Where what goes: output indexes, the same in every mode (design 6.7). Done is always 0. */
interface Layout {
	/** Labels of the outputs, in order; none means n8n's one plain output. */
	readonly labels: readonly string[];
	readonly notFound: number;
	readonly attention: number;
	readonly summary: number;
}

const LAYOUTS: Readonly<Record<OutputKind, Layout>> = {
	reader: { labels: ['Found', 'Not Found'], notFound: 1, attention: 1, summary: 0 },
	writer: { labels: ['Done', 'Needs Attention'], notFound: 1, attention: 1, summary: 0 },
	backfill: { labels: ['Done', 'Not Found', 'Needs Attention', 'Summary'], notFound: 1, attention: 2, summary: 3 },
	lister: { labels: [], notFound: 0, attention: 0, summary: 0 },
};

/** As a tool everything goes to the agent, which reads output 0 only. */
export const TOOL_LAYOUT: Layout = LAYOUTS.lister;

export function layoutOf(kind: OutputKind): Layout {
	return LAYOUTS[kind];
}

export function outputCount({ labels }: Layout): number {
	return Math.max(1, labels.length);
}

/** Index of the output that an outcome goes to. */
export function outputOf(layout: Layout, outcome: Outcome): number {
	if (isDone(outcome)) return 0;
	return outcome.status === 'notFound' ? layout.notFound : layout.attention;
}

/**
 * The inside of the `outputs` expression of a node description: `outputs: \`={{${outputsOf(definition)}}}\``.
 *
 * n8n evaluates it in the editor and in the engine, and if it fails under *Continue (using error output)* all items are
 * lost (seen in n8n 2.41). So it is comparisons of texts and nothing else: no function whose source a bundler
 * could change, no `}}`, nothing that can throw; what it does not know has one output.
 */
export function outputsOf<System>({ resources }: NodeDefinition<System>): string {
	const chosen = '$parameter["resource"]+"/"+$parameter["operation"]';
	const cases = (Object.keys(LAYOUTS) as OutputKind[]).flatMap((kind) => {
		const { labels } = LAYOUTS[kind];
		const members = resources.flatMap(({ value, operations }) =>
			operations.filter(({ outputs }) => outputs === kind).map((operation) => `${value}/${operation.value}`),
		);
		if (labels.length === 0 || members.length === 0) return [];
		const outputs = labels.map((displayName) => JSON.stringify({ type: NodeConnectionTypes.Main, displayName }));
		return [`${JSON.stringify(members)}.includes(${chosen})?[${outputs.join(',')}]:`];
	});
	return `${cases.join('')}${JSON.stringify([NodeConnectionTypes.Main])}`;
}
