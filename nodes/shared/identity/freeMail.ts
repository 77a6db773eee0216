import { domainLadder } from './domain';
import list from './freeMailDomains.json';

/** The day on which the list last changed (ISO 8601). `gulp freemail` makes it anew from its sources. */
export const FREE_MAIL_DATE: string = list.date;

/** Domains of mail providers, lower case, A-labels; each covers its sub-domains. */
export const FREE_MAIL_DOMAINS: ReadonlySet<string> = new Set(list.domains.split(' '));

/**
 * Whether a host belongs to a mail provider that anybody can have an address at, so that it says nothing about an account.
 *
 * @param host lower case, A-labels; its parents count too, down to its registrable domain
 */
export function isFreeMail(host: string): boolean {
	return domainLadder(host).some((rung) => FREE_MAIL_DOMAINS.has(rung));
}
