'use strict';

const { readFile, writeFile } = require('node:fs/promises');
const { join, dirname } = require('node:path');
const { getDomain } = require('tldts');

/**
 * Where the list comes from. Each package alone misses providers and holds a few domains of companies, so a domain counts
 * when two of them have it.
 */
const SOURCES = [
	{ package: 'free-email-domains', file: 'domains.json', read: JSON.parse },
	{ package: 'email-providers', file: 'all.json', read: JSON.parse },
	{ package: 'freemail', file: 'data/free.txt', read: (text) => text.split(/\s+/) },
];

/** Providers and relays that at most one of the packages has; each checked by hand. */
const SUPPLEMENT = [
	'aol.com', 'btinternet.com', 'cock.li', 'comcast.net', 'ctemplar.com', 'disroot.org', 'duck.com', 'email.com', 'fastmail.com',
	'fastmail.fm', 'free.fr', 'freenet.de', 'gmail.com', 'gmx.at', 'gmx.ch', 'gmx.com', 'gmx.de', 'gmx.net', 'googlemail.com',
	'hey.com', 'hotmail.com', 'hushmail.com', 'icloud.com', 'inbox.lv', 'keemail.me', 'laposte.net', 'libero.it', 'live.com',
	'mail.com', 'mail.ru', 'mailbox.org', 'mailfence.com', 'me.com', 'mozmail.com', 'msn.com', 'naver.com', 'orange.fr',
	'outlook.com', 'pm.me', 'posteo.de', 'posteo.net', 'privaterelay.appleid.com', 'proton.me', 'protonmail.ch', 'protonmail.com',
	'qq.com', 'rambler.ru', 'riseup.net', 'seznam.cz', 'skiff.com', 'startmail.com', 't-online.de', 'tuta.com', 'tuta.io',
	'tutamail.com', 'tutanota.com', 'tutanota.de', 'wanadoo.fr', 'web.de', 'wp.pl', 'yahoo.com', 'yandex.com', 'yandex.ru',
	'ymail.com', 'zoho.com', 'zohomail.com',
];

/** Domains that two packages have although they are companies', schools' or offices' own. */
const NOT_FREE = new Set([
	'alibaba.com', 'ancestry.com', 'bolt.com', 'cox.com', 'discovery.com', 'dnsmadeeasy.com', 'eurosport.com', 'medscape.com',
	'nus.edu.sg', 'parrot.com', 'saudia.com', 'techspot.com', 'test.de', 'unican.es', 'wralawfirm.com',
]);

/**
 * Writes the list of free-mail domains that the package carries: `{ date, sources, domains }`, the domains as A-labels in one
 * string, sorted. Where neither the domains nor their sources have changed the file and its date stay as they are.
 *
 * @param {string} outFile
 * @param {{ today?: string }} [options] the date to give a changed list (ISO 8601), by default today
 * @returns {Promise<{ changed: boolean, count: number }>}
 */
async function writeFreeMailList(outFile, options = {}) {
	const votes = new Map();
	const sources = [];
	for (const source of SOURCES) {
		const folder = dirname(require.resolve(`${source.package}/package.json`));
		const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
		sources.push(`${source.package}@${version}`);
		const entries = source.read(await readFile(join(folder, source.file), 'utf8'));
		for (const domain of new Set(entries.map(toHost))) votes.set(domain, (votes.get(domain) ?? 0) + 1);
	}
	sources.push('supplement');

	const chosen = new Set([...votes].filter(([, count]) => count >= 2).map(([domain]) => domain));
	for (const domain of SUPPLEMENT) chosen.add(domain);
	const domains = [...chosen]
		// A public suffix never matches anyway.
		.filter((domain) => domain !== undefined && !NOT_FREE.has(domain) && registrableDomain(domain) !== null)
		.filter((domain) => !hasParentIn(chosen, domain))
		.sort();

	const old = await readFile(outFile, 'utf8').then(JSON.parse, () => undefined);
	const list = { date: options.today ?? new Date().toISOString().slice(0, 10), sources, domains: domains.join(' ') };
	const changed = old?.domains !== list.domains || JSON.stringify(old.sources) !== JSON.stringify(sources);
	if (changed) await writeFile(outFile, `${JSON.stringify(list, null, '\t')}\n`);
	return { changed, count: domains.length };
}

/** Lower case, A-labels; nothing for what is no host name. */
function toHost(entry) {
	const text = String(entry).trim();
	if (!/^[^\s@:/?#%\\[\]]+\.[^\s@:/?#%\\[\]]+$/u.test(text) || text.startsWith('.')) return undefined;
	try {
		return new URL(`http://${text}`).hostname.replace(/\.$/, '');
	} catch {
		return undefined;
	}
}

/** The part of a domain that somebody registered; nothing for a public suffix. */
function registrableDomain(domain) {
	return getDomain(domain, { allowPrivateDomains: true, extractHostname: false, validateHostname: false });
}

/** A domain covers its sub-domains, as far as its registrable part. */
function hasParentIn(domains, domain) {
	const top = registrableDomain(domain).length;
	let parent = domain;
	while (parent.length > top) {
		parent = parent.slice(parent.indexOf('.') + 1);
		if (domains.has(parent) && !NOT_FREE.has(parent)) return true;
	}
	return false;
}

module.exports = { writeFreeMailList };
