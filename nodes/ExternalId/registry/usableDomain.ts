import { parseDomain } from '../../shared/identity/domain';
import { classifyDomain } from '../../shared/identity/match';
import { trouble } from '../../shared/identity/outcome';
import type { Trouble } from '../../shared/identity/outcome';
import type { Registry } from './registry';

const UNUSABLE = {
	freeMail: 'a free mail provider. If it belongs to one company, add it to the allowed domains in the settings',
	own: 'one of your own domains',
	blocked: 'on the list of blocked domains',
	publicSuffix: 'a public suffix, which many owners share',
} as const;

/** A domain that can be a Related Domain: neither free mail, nor one's own, nor blocked, nor a public suffix. */
export function usableDomain(registry: Registry, value: unknown): string | Trouble {
	const domain = parseDomain(value);
	if (typeof domain !== 'string') return domain;
	const kind = classifyDomain(domain, registry.lists);
	if (kind === 'business') return domain;
	return trouble('invalid', 'unusableDomain', `${domain} cannot be a Related Domain: it is ${UNUSABLE[kind]}.`, [domain]);
}
