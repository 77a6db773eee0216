import { countCharacters, gist, quoted, SHOWN_CHARACTERS } from '../../../nodes/shared/identity/wording';

describe('a value in a reason', () => {
	test('is shown whole up to 60 characters, and cut beyond', () => {
		expect(quoted('🙂'.repeat(60))).toBe(`"${'🙂'.repeat(60)}"`);
		expect(quoted('🙂'.repeat(61))).toBe(`"${'🙂'.repeat(60)}…"`);
		expect(quoted('x'.repeat(10_000_000))).toBe(`"${'x'.repeat(SHOWN_CHARACTERS)}…"`);
	});

	test('has no invisible or broken characters and no word that looks like a defect', () => {
		expect(quoted('a\u0000b\uD800c Undefined')).toBe('"a b\uFFFDc …"');
	});

	test('stands for itself in a problemKey without being hashed whole', () => {
		expect(gist('x'.repeat(10_000_000)).length).toBeLessThan(1_000);
		expect(gist('x'.repeat(1_000))).not.toBe(gist('x'.repeat(1_001)));
	});

	test('is counted in characters, not in the halves of an emoji', () => {
		expect(countCharacters('a🙂é')).toBe(3);
	});
});
