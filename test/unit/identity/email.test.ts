import fc from 'fast-check';

import { isRoleAddress, parseEmail } from '../../../nodes/shared/identity/email';
import { isTrouble } from '../../../nodes/shared/identity/outcome';
import { anything, expectPresentable, good, refusal } from './values';

describe('an e-mail address', () => {
	test.each([
		[' Ann@Acme.COM ', { address: 'Ann@Acme.COM', key: 'ann@acme.com', local: 'ann', host: 'acme.com' }],
		['ann@acme.com.', { address: 'ann@acme.com.', key: 'ann@acme.com', local: 'ann', host: 'acme.com' }],
		['ann+x@EU.acme.co.uk', { address: 'ann+x@EU.acme.co.uk', key: 'ann+x@eu.acme.co.uk', local: 'ann+x', host: 'eu.acme.co.uk' }],
		['jörg@bücher.de', { address: 'jörg@bücher.de', key: 'jörg@xn--bcher-kva.de', local: 'jörg', host: 'xn--bcher-kva.de' }],
		['ann@xn--bcher-kva.de', { address: 'ann@xn--bcher-kva.de', key: 'ann@xn--bcher-kva.de', local: 'ann', host: 'xn--bcher-kva.de' }],
		['ann@アクメ。jp', { address: 'ann@アクメ。jp', key: 'ann@xn--cck0a4k.jp', local: 'ann', host: 'xn--cck0a4k.jp' }],
		['"a@b c"@acme.com', { address: '"a@b c"@acme.com', key: '"a@b c"@acme.com', local: '"a@b c"', host: 'acme.com' }],
		['constructor@constructor.com', { address: 'constructor@constructor.com', key: 'constructor@constructor.com', local: 'constructor', host: 'constructor.com' }],
		["o'hara@acme.com", { address: "o'hara@acme.com", key: "o'hara@acme.com", local: "o'hara", host: 'acme.com' }],
	])('%p is read', (given, email) => {
		expect(parseEmail(given)).toEqual(email);
	});

	test('belongs to the host after the last @', () => {
		expect(good(parseEmail('ann@acme.com@evil.com')).host).toBe('evil.com');
	});

	test('in its composed and its decomposed form is the same', () => {
		expect(good(parseEmail('zoe\u0308@bu\u0308cher.de')).key).toBe(good(parseEmail('zo\u00eb@b\u00fccher.de')).key);
	});

	test.each([
		[undefined, 'emailMissing'],
		[null, 'emailMissing'],
		['', 'emailMissing'],
		['  ', 'emailMissing'],
		[['ann@acme.com'], 'emailNotText'],
		[5, 'emailNotText'],
		['ann', 'emailMalformed'],
		['@acme.com', 'emailMalformed'],
		['ann@', 'emailMalformed'],
		['Ann <ann@acme.com>', 'emailMalformed'],
		['ann@acme.com, bob@acme.com', 'emailMalformed'],
		['mailto:ann@acme.com', 'emailMalformed'],
		['ann smith@acme.com', 'emailMalformed'],
		['ann@acme', 'emailDomainInvalid'],
		['ann@localhost', 'emailDomainInvalid'],
		['ann@acme..com', 'emailDomainInvalid'],
		['ann@.acme.com', 'emailDomainInvalid'],
		['ann@acme.com..', 'emailDomainInvalid'],
		['ann@[1.2.3.4]', 'emailDomainInvalid'],
		['ann@[IPv6:::1]', 'emailDomainInvalid'],
		['ann@1.2.3.4', 'emailDomainInvalid'],
		['ann@1.2', 'emailDomainInvalid'],
		['ann@acme.0x7f', 'emailDomainInvalid'],
		['ann@１.2.3.4', 'emailDomainInvalid'],
		['ann@acme%2ecom.de', 'emailDomainInvalid'],
		['ann@bü%2ecom.de', 'emailDomainInvalid'],
		['ann@bü.de/x.com', 'emailDomainInvalid'],
		[`ann@${'bücher.'.repeat(30)}de`, 'emailDomainInvalid'],
		['ann@acme.com:25', 'emailDomainInvalid'],
		['ann@acme.com/x', 'emailDomainInvalid'],
		['ann@acme.com>', 'emailDomainInvalid'],
		['ann@ac me.com', 'emailDomainInvalid'],
		['ann@-acme.com', 'emailDomainInvalid'],
		['ann@acme／x.com', 'emailDomainInvalid'],
		[`ann@${'a'.repeat(64)}.com`, 'emailDomainInvalid'],
		['ann\u0000@acme.com', 'emailControlCharacter'],
		['ann\r\nBcc: x@acme.com', 'emailControlCharacter'],
		['ann\uD800@acme.com', 'emailControlCharacter'],
		[`${'a'.repeat(65)}@acme.com`, 'emailTooLong'],
		[`ann@${'a.'.repeat(130)}com`, 'emailTooLong'],
		[`${'a'.repeat(10_000_000)}@acme.com`, 'emailTooLong'],
	])('%p is refused: %s', (given, code) => {
		expect(refusal(parseEmail(given))).toBe(`invalid ${code}`);
	});

	test('says what is wrong after the @', () => {
		expect(parseEmail('ann@acme')).toMatchObject({
			reason: 'E-mail "ann@acme" cannot be used: what follows the @ is not a whole domain name; it needs at least one dot, as in acme.com.',
		});
	});

	test('read again from its key is the same, and nothing makes it throw', () => {
		fc.assert(
			fc.property(fc.oneof(anything(), addressLike()), (value) => {
				const email = parseEmail(value);
				if (isTrouble(email)) return expectPresentable(email);
				expect(email.key).toBe(`${email.local}@${email.host}`);
				expect(email.host).toMatch(/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/);
				expect(good(parseEmail(email.key))).toEqual({ ...email, address: email.key });
			}),
			{ numRuns: 5_000 },
		);
	});

	test('is the same in any case and with spaces around it', () => {
		fc.assert(
			fc.property(fc.emailAddress(), (address) => {
				const email = good(parseEmail(address));
				expect(good(parseEmail(` ${address.toUpperCase()}\n`)).key).toBe(email.key);
			}),
		);
	});
});

describe('addresses of desks and machines', () => {
	test.each([
		'noreply@acme.com', 'No-Reply@acme.com', 'no_reply+12@acme.com', 'noreply-orders@acme.com', 'do-not-reply@acme.com',
		'MAILER-DAEMON@acme.com', 'postmaster@acme.com', 'bounces+123-ann=x.com@acme.com', 'bounce@acme.com', 'support@acme.com',
		'support+de@acme.com', 'info@acme.com', 'customer.service@acme.com', 'vertrieb@acme.de',
	])('%s is one', (address) => {
		expect(isRoleAddress(good(parseEmail(address)))).toBe(true);
	});

	test.each([
		'ann@acme.com', 'ann+support@acme.com', 'bouncer@acme.com', 'norah@acme.com', 'info.ann@acme.com', 'constructor@acme.com',
		'__proto__@acme.com', 'ann.noreply@acme.com', '+info@acme.com',
	])('%s is a person', (address) => {
		expect(isRoleAddress(good(parseEmail(address)))).toBe(false);
	});
});

function addressLike(): fc.Arbitrary<string> {
	const label = fc.string({ unit: fc.constantFrom(...'aZ1-_.üßİ。٫ﬀ\u00ad\u200dé\u0301'), maxLength: 6 });
	return fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), fc.array(label, { minLength: 1, maxLength: 4 })).map(
		([local, labels]) => `${local}@${labels.join('.')}`,
	);
}
