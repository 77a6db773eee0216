/** How much work is measured: the sizes of issue 2. `BENCH_SCALE=0.1` makes a quick trial whose figures do not count. */
const scale = Number(process.env.BENCH_SCALE ?? 1);

export const ITEMS = Math.round(100_000 * scale);
export const MAPPINGS = Math.round(1_000_000 * scale);
export const MANY_DOMAINS = Math.round(1_000_000 * scale);
export const FEW_DOMAINS = Math.round(1_000 * scale);
export const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
export const isTrial = scale !== 1;
