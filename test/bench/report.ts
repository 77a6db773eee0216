import { inspect } from 'node:util';

import type { Inside } from './inside';

/** One line of the table. */
export interface Figure {
	what: string;
	/** The measured value, in the unit of the aim. */
	value: number;
	unit: '×' | '× faster' | 'ms' | 'KB';
	aim: number;
	/** How values were supplied, and what was on the other side. */
	how: string;
	/** What the value is made of. */
	detail: string;
}

/** What a part of the benchmark hands to the command. */
export interface Report {
	figures?: Figure[];
	/** What was seen from inside, by kind of run. */
	inside?: Record<string, Inside>;
	/** Why figures are missing. */
	skipped?: string;
}

/** Runs a part and hands its report to the command that started it; run by itself a part prints it. */
export function part(main: () => Promise<Report>): void {
	main().then(
		(report) => {
			if (process.send) process.send(report, undefined, undefined, () => process.exit(0));
			else process.stdout.write(`${inspect(report, { depth: 6 })}\n`, () => process.exit(0));
		},
		(error: unknown) => {
			process.stderr.write(`${inspect(error)}\n`, () => process.exit(1));
		},
	);
}
