import { HOST_FAULT_WORDS, parseHost } from './host';
import { trouble, type Trouble } from './outcome';
import { countCharacters, gist, kindOf, quoted, shown } from './wording';

export interface Email {
	/** Trimmed, otherwise as given. */
	address: string;
	/** What is compared: the whole address in lower case and NFC, its host as A-labels. */
	key: string;
	/** What stands before the last `@`, lower case and NFC. */
	local: string;
	/** A-labels, lower case, without a dot at its end. */
	host: string;
}

/** RFC 5321, 4.5.3.1, and its erratum 1690. */
const MAX_ADDRESS_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;

const CONTROL_OR_BROKEN = /\p{Cc}|\p{Surrogate}/u;
const QUOTED_LOCAL = /^".*"$/su;
/** Outside quotes these are a list's or a header's, or a slip of the keyboard (RFC 5322, 3.2.3). An extra `@` is let through. */
const NOT_IN_LOCAL = /[\s"(),:;<>[\\\]]/u;

/**
 * Reads one e-mail address, without a name around it (`readAddressees` takes those apart).
 *
 * @returns the address, or an outcome `invalid`; never throws. That an address is well formed does not say that it exists, or
 * that whoever gave it owns it.
 */
export function parseEmail(value: unknown): Email | Trouble {
	if (typeof value !== 'string') {
		const kind = kindOf(value);
		if (kind === 'missing') return missing(value);
		return refuse('emailNotText', `E-mail is ${kind}; it must be one address, such as ann@acme.com.`, value);
	}
	const address = value.trim();
	if (address === '') return missing(value);
	// An address of twice as many UTF-16 units is too long even if it is all emoji.
	if (address.length > MAX_ADDRESS_LENGTH && countCharacters(address) > MAX_ADDRESS_LENGTH) {
		return refuse('emailTooLong', `E-mail is ${countCharacters(address)} characters long; an address has at most ${MAX_ADDRESS_LENGTH}.`, value);
	}
	if (CONTROL_OR_BROKEN.test(address)) {
		return refuse('emailControlCharacter', `E-mail ${quoted(address)} holds an invisible or broken character. Remove it.`, value);
	}
	const at = address.lastIndexOf('@');
	if (at < 0) return refuse('emailMalformed', `E-mail ${quoted(address)} has no @, so it is not an address. Check which field it comes from.`, value);
	if (at === 0) return refuse('emailMalformed', `E-mail ${quoted(address)} has nothing before the @.`, value);

	const local = address.slice(0, at).toLowerCase().normalize('NFC');
	if (countCharacters(local) > MAX_LOCAL_LENGTH) {
		return refuse('emailTooLong', `E-mail ${quoted(address)} has more than ${MAX_LOCAL_LENGTH} characters before the @.`, value);
	}
	if (!QUOTED_LOCAL.test(local) && NOT_IN_LOCAL.test(local)) {
		return refuse('emailMalformed', `E-mail ${quoted(address)} is not one plain address: it holds a space, comma, bracket or the like before the @.`, value);
	}
	const domain = address.slice(at + 1);
	if (domain === '') return refuse('emailMalformed', `E-mail ${quoted(address)} has nothing after the @.`, value);
	const parsed = parseHost(domain);
	if ('fault' in parsed) {
		return refuse('emailDomainInvalid', `E-mail ${quoted(address)} cannot be used: what follows the @ ${HOST_FAULT_WORDS[parsed.fault]}.`, value);
	}
	return { address, key: `${local}@${parsed.host}`, local, host: parsed.host };
}

/**
 * Names before the `@` that stand for a desk or a machine, not for a person: a short table of our own, from RFC 2142 and the
 * prefixes that Gong leaves out by itself. Compared without dots, dashes, underscores and what follows a `+`.
 */
const ROLES: ReadonlySet<string> = new Set([
	// machines
	'noreply', 'noreplies', 'donotreply', 'dontreply', 'nepasrepondre', 'noresponder', 'mailerdaemon', 'postmaster', 'hostmaster',
	'webmaster', 'root', 'daemon', 'nobody', 'bounce', 'bounces', 'mailer', 'notification', 'notifications', 'notify', 'alert',
	'alerts', 'automated', 'system', 'robot', 'unsubscribe', 'newsletter', 'newsletters',
	// desks
	'abuse', 'noc', 'security', 'privacy', 'legal', 'gdpr', 'dpo', 'compliance', 'support', 'help', 'helpdesk', 'servicedesk',
	'service', 'customerservice', 'customersupport', 'info', 'information', 'contact', 'contactus', 'hello', 'office', 'reception',
	'mail', 'email', 'admin', 'administrator', 'administration', 'sysadmin', 'sales', 'marketing', 'press', 'media', 'pr', 'hr',
	'jobs', 'job', 'careers', 'recruiting', 'recruitment', 'team', 'all', 'everyone', 'staff', 'billing', 'accounting', 'accounts',
	'accountspayable', 'accountsreceivable', 'finance', 'invoice', 'invoices', 'invoicing', 'payments', 'payroll', 'orders', 'order',
	'purchasing', 'procurement', 'returns', 'shop', 'store', 'enquiries', 'inquiries', 'feedback', 'events',
	// the same in German, French, Spanish and Italian
	'kontakt', 'buchhaltung', 'rechnung', 'rechnungen', 'vertrieb', 'verkauf', 'bewerbung', 'einkauf', 'datenschutz', 'facturation',
	'comptabilite', 'contacto', 'ventas', 'soporte', 'facturacion', 'compras', 'contatti', 'vendite', 'amministrazione',
]);

/** Machines put the recipient or a campaign behind these: `bounces-123@`, `noreply-ann@`. */
const MACHINE = /^(?:no[._-]?repl(?:y|ies)|do[._-]?not[._-]?reply|mailer[._-]?daemon)|^bounces?[._=+-]/;

/** Whether an address belongs to a desk or a machine (`support@`, `noreply@`), so that it makes no person. */
export function isRoleAddress(email: Email): boolean {
	if (MACHINE.test(email.local)) return true;
	const tag = email.local.indexOf('+');
	const name = (tag > 0 ? email.local.slice(0, tag) : email.local).replace(/[._-]/g, '');
	return ROLES.has(name);
}

function missing(value: unknown): Trouble {
	return refuse('emailMissing', 'E-mail is missing. Check the field that it comes from, or leave the item out.', value);
}

function refuse(code: string, reason: string, value: unknown): Trouble {
	return trouble('invalid', code, reason, [gist(value)], typeof value === 'string' ? { given: shown(value) } : {});
}
