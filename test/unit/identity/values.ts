import fc from 'fast-check';

import { isTrouble, type Trouble } from '../../../nodes/shared/identity/outcome';

/** Anything that an expression, a CRM or an attacker may hand to a rule. */
export const anything = (): fc.Arbitrary<unknown> =>
	fc.oneof(
		fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true, withObjectString: true }),
		fc.string({ unit: 'binary' }),
		fc.string({ unit: 'grapheme' }),
		fc.constantFrom<unknown>(
			undefined, null, '', ' ', '\uD800', '\u0000', '__proto__', 'constructor', Symbol('s'), () => 1, NaN, -0, Infinity, 1e21, 1e-7,
			'@', '@@', 'a@', 'a@b', 'a@[::1]', 'http://', '%', '%2e.com', '::', '[', 'a@b..c', '\u202Ea@b.c', '.', '..', 'xn--', 'xn--.com',
		),
	);

/** Unwraps what a rule gave; fails with its reason. */
export function good<T>(result: T | Trouble): T {
	if (isTrouble(result)) throw new Error(`refused: ${result.reason}`);
	return result;
}

/** Unwraps a refusal as `status code`, having checked that it can be shown to people. */
export function refusal(result: unknown): string {
	if (!isTrouble(result)) throw new Error(`not refused: ${JSON.stringify(result)}`);
	expectPresentable(result);
	return `${result.status} ${result.problemKey.split(':')[0]}`;
}

/** What every text for a builder keeps to: short, whole, plain, and without a word that looks like a defect. */
export function expectPresentable(result: Trouble): void {
	expect(result.reason).toMatch(/^[^ ].*\.$/su);
	expect(result.reason).not.toMatch(/undefined|\p{Cc}|\p{Surrogate}/iu);
	expect(result.reason.length).toBeLessThan(420);
	expect(result.problemKey).toMatch(/^[a-zA-Z]+:[0-9a-f]{12}$/);
	expect(JSON.stringify(result).length).toBeLessThan(2_000);
}
