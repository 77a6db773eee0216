import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { domainLadder, parseDomain } from '../../../nodes/shared/identity/domain';
import { FREE_MAIL_DATE, isFreeMail } from '../../../nodes/shared/identity/freeMail';
import list from '../../../nodes/shared/identity/freeMailDomains.json';
import { writeFreeMailList } from '../../../gulp/freeMail';

const domains = list.domains.split(' ');

describe('free mail is known', () => {
	test.each([
		'gmail.com', 'googlemail.com', 'hotmail.com', 'outlook.com', 'live.com', 'yahoo.com', 'yahoo.co.uk', 'aol.com', 'icloud.com', 'me.com',
		'mac.com', 'gmx.de', 'gmx.net', 'web.de', 't-online.de', 'freenet.de', 'mail.ru', 'yandex.ru', 'qq.com', '163.com', '126.com',
		'naver.com', 'orange.fr', 'wanadoo.fr', 'laposte.net', 'free.fr', 'libero.it', 'btinternet.com', 'comcast.net', 'proton.me',
		'protonmail.com', 'tutanota.com', 'tuta.com', 'hey.com', 'fastmail.com', 'zoho.com', 'duck.com', 'mozmail.com',
		'privaterelay.appleid.com', 'mailinator.com', 'guerrillamail.com',
	])('%s', (host) => {
		expect(isFreeMail(host)).toBe(true);
	});

	test('with its sub-domains', () => {
		expect(isFreeMail('de.mail.yahoo.com')).toBe(true);
		expect(isFreeMail('x.privaterelay.appleid.com')).toBe(true);
	});

	test('and not what only looks like it', () => {
		for (const host of ['notgmail.com', 'gmail.com.acme.com', 'appleid.com', 'com', '', 'constructor', '__proto__', 'toString.com']) {
			expect(isFreeMail(host)).toBe(false);
		}
	});
});

describe('companies, schools and offices are never taken for free mail', () => {
	test.each([
		'acme.com', 'apple.com', 'microsoft.com', 'google.com', 'amazon.com', 'ibm.com', 'siemens.com', 'sap.com', 'salesforce.com',
		'planhat.com', 'salesloft.com', 'connectif.com', 'segment.com', 'toyota.co.jp', 'bbc.co.uk', 'discovery.com', 'bolt.com', 'harvard.edu',
		'mit.edu', 'nus.edu.sg', 'unican.es', 'ox.ac.uk', 'nasa.gov', 'irs.gov', 'cabinetoffice.gov.uk', 'europa.eu', 'redcross.org',
	])('%s', (host) => {
		expect(isFreeMail(host)).toBe(false);
	});

	test('no office has got onto the list', () => {
		expect(domains.filter((domain) => /\.(?:gov|mil)(?:\.|$)/.test(domain))).toEqual([]);
	});
});

describe('the list', () => {
	test('is younger than 18 months; otherwise update its sources and run gulp freemail', () => {
		const youngest = new Date();
		youngest.setMonth(youngest.getMonth() - 18);
		expect(Date.parse(FREE_MAIL_DATE)).toBeGreaterThan(youngest.getTime());
		expect(Date.parse(FREE_MAIL_DATE)).toBeLessThanOrEqual(Date.now());
	});

	test('names its sources with their versions', () => {
		expect(list.sources).toEqual([
			expect.stringMatching(/^free-email-domains@\d/),
			expect.stringMatching(/^email-providers@\d/),
			expect.stringMatching(/^freemail@\d/),
			'supplement',
		]);
	});

	test('holds only domains as they are compared, each once, and none that another covers', () => {
		expect(domains.length).toBeGreaterThan(6_000);
		expect(domains).toEqual([...new Set(domains)].sort());
		const all = new Set(domains);
		for (const domain of domains) {
			if (!domain.startsWith('www.')) expect(parseDomain(domain)).toBe(domain);
			expect(domainLadder(domain).slice(1).some((parent) => all.has(parent))).toBe(false);
		}
	});

	test('is what its generator writes, which leaves an unchanged list and its date alone', async () => {
		const folder = await mkdtemp(join(tmpdir(), 'free-mail-'));
		try {
			const file = join(folder, 'list.json');
			expect(await writeFreeMailList(file, { today: '2020-01-02' })).toEqual({ changed: true, count: domains.length });
			expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ ...list, date: '2020-01-02' });
			expect(await writeFreeMailList(file)).toEqual({ changed: false, count: domains.length });
			expect(JSON.parse(await readFile(file, 'utf8')).date).toBe('2020-01-02');
		} finally {
			await rm(folder, { recursive: true });
		}
	});
});
