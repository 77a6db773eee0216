/** Times of one side over the rounds, ms. */
export interface Times {
	median: number;
	least: number;
	most: number;
}

/**
 * Lets several sides take turns, each round in another order, so that what else happens on the machine hits all alike.
 * A first round warms up and does not count.
 *
 * @param sides each does its work once and gives its figures
 */
export async function takeTurns<Side extends string, Figure extends string>(
	rounds: number,
	sides: Readonly<Record<Side, (round: number) => Promise<Record<Figure, number>>>>,
): Promise<Record<Side, Record<Figure, Times>>> {
	const names = Object.keys(sides) as Side[];
	const seen = new Map<Side, Array<Record<Figure, number>>>(names.map((name) => [name, []]));
	for (let round = 0; round <= rounds; round++) {
		for (let turn = 0; turn < names.length; turn++) {
			const name = names[(turn + round) % names.length] as Side;
			globalThis.gc?.();
			const figures = await sides[name](round);
			if (round > 0) seen.get(name)?.push(figures);
		}
	}
	const entries = names.map((name) => [name, summaries(seen.get(name) ?? [])] as const);
	return Object.fromEntries(entries) as Record<Side, Record<Figure, Times>>;
}

function summaries<Figure extends string>(rounds: ReadonlyArray<Record<Figure, number>>): Record<Figure, Times> {
	const figures = Object.keys(rounds[0] ?? {}) as Figure[];
	return Object.fromEntries(figures.map((figure) => [figure, timesOf(rounds.map((round) => round[figure]))])) as Record<Figure, Times>;
}

export function timesOf(values: readonly number[]): Times {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length / 2;
	const median = sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
	return { median: median ?? 0, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}

/** "412 ms (398 to 440)" */
export function shownTimes({ median, least, most }: Times): string {
	return `${whole(median)} ms (${whole(least)} to ${whole(most)})`;
}

function whole(value: number): string {
	return Math.round(value).toLocaleString('en');
}
