/** Prints what the parts of the benchmark report (report.ts) as one table. */
import { availableParallelism, cpus } from 'node:os';

const SLICE_AIM_MS = 50;
const MEMORY_AIM_KB = 1;

export function printReports(reports, { loadBefore, loadAfter }) {
	const inside = Object.assign({}, ...reports.map((report) => report.inside));
	const figures = [...reports.flatMap((report) => report.figures ?? []), ...figuresOfInside(inside)];
	const out = [''];
	for (const { what, value, unit, aim, how, detail } of figures) {
		const holds = unit === '× faster' ? value >= aim : value <= aim;
		const bound = unit === '× faster' ? 'at least' : 'at most';
		out.push(`${holds ? 'holds ' : 'MISSED'}  ${shown(value, unit).padStart(14)}  (aim: ${bound} ${aim} ${unit})  ${what}`);
		out.push(`${' '.repeat(24)}${how}`, `${' '.repeat(24)}${detail}`);
	}
	for (const { skipped, failed } of reports) if (skipped ?? failed) out.push(`${skipped ? 'skipped' : 'FAILED '}  ${skipped ?? failed}`);
	const load = (values) => values.map((value) => value.toFixed(1)).join(' ');
	out.push('', `Node ${process.versions.node}, ${availableParallelism()} × ${cpus()[0]?.model.trim() || process.arch}; load of the machine before ${load(loadBefore)}, after ${load(loadAfter)} (1, 5, 15 minutes).`);
	out.push('Times are medians of the rounds, with the least and the most. Sides take turns within one process.');
	if (process.env.BENCH_SCALE && process.env.BENCH_SCALE !== '1') out.push(`A TRIAL at ${process.env.BENCH_SCALE} of the sizes: these figures do not count.`);
	console.log(out.join('\n'));
}

function shown(value, unit) {
	const digits = unit === '×' || unit === 'KB' ? 2 : 0;
	return `${value.toFixed(digits)} ${unit}`;
}

const ms = (value) => `${value.toFixed(0)} ms`;

function sliceDetail({ longest, longestWithoutGc, onProcessor, busiest, longestGc, above50, above50WithoutGc }) {
	return [
		`${ms(longestWithoutGc)}, of it ${ms(onProcessor)} on a processor and the rest waiting (${above50WithoutGc} above ${SLICE_AIM_MS})`,
		`with garbage collections ${ms(longest)} (${above50}), the longest of these ${ms(longestGc)}`,
		`most on a processor ${ms(busiest)}`,
	].join(', ');
}

function figuresOfInside(inside) {
	const runs = Object.entries(inside);
	if (runs.length === 0) return [];
	const each = (tell) => runs.map(([name, { slices, memory }]) => `${name} ${tell(slices, memory)}`).join('; ');
	const kb = (value) => (value / 1000).toFixed(2);
	const perItem = (bytes, { items }) => bytes / items;
	return [
		{
			what: 'Longest slice of our own code, garbage collections not counted',
			value: Math.max(...runs.map(([, { slices }]) => slices.longestWithoutGc)),
			unit: 'ms',
			aim: SLICE_AIM_MS,
			how: 'inside execute(), the worst of 3 runs each',
			detail: each(sliceDetail),
		},
		{
			what: 'Memory per item above what n8n holds anyway, at the worst moment',
			value: Math.max(...runs.map(([, { memory }]) => perItem(memory.peak, memory))) / 1000,
			unit: 'KB',
			aim: MEMORY_AIM_KB,
			how: 'live heap inside execute(), less the items that came in and plain copies of those that go out',
			detail: each((_, memory) => `${kb(perItem(memory.peak, memory))} KB at the worst moment, ${kb(perItem(memory.after, memory))} at the end`),
		},
	];
}
