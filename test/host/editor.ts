import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

import type { N8nClient } from './client';

/** Why a check of the editor could not run; test/run.mjs finds it in the name of the skipped test. */
export const NO_CHROMIUM = 'skipped: no Chromium (install one, or set CHROMIUM_PATH)';

const FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

const PANEL_TRIES = 40;
const PANEL_PAUSE_MS = 100;

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of a Chromium on this machine, if there is one. */
export function findChromium(): string | undefined {
	const named = process.env.CHROMIUM_PATH;
	if (named !== undefined && named !== '') return existsSync(named) ? named : undefined;
	if (existsSync('/usr/bin/chromium')) return '/usr/bin/chromium';
	for (const name of NAMES) {
		try {
			const found = execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
			if (found !== '') return found;
		} catch {
			continue;
		}
	}
	return undefined;
}

/** n8n's editor in a browser, logged in. */
export class Editor {
	private constructor(
		private readonly n8n: N8nClient,
		private readonly browser: Browser,
		private readonly context: BrowserContext,
		readonly page: Page,
		/** Errors of the page's own scripts. */
		readonly pageErrors: readonly string[],
	) {}

	/** Opens the browser; `undefined` where there is none. */
	static async open(n8n: N8nClient, size = { width: 1600, height: 1000 }): Promise<Editor | undefined> {
		const executablePath = findChromium();
		if (executablePath === undefined) return undefined;
		const browser = await chromium.launch({ executablePath, args: FLAGS });
		const context = await browser.newContext({ viewport: size, locale: 'en-US' });
		await context.addCookies(n8n.cookies().map((cookie) => ({ ...cookie, url: n8n.baseUrl })));
		// The editor must not depend on anything outside, and a test must not wait for it.
		await context.route(
			(url) => url.protocol.startsWith('http') && url.origin !== n8n.baseUrl,
			async (route) => await route.abort(),
		);
		const page = await context.newPage();
		const pageErrors: string[] = [];
		page.on('pageerror', (error) => pageErrors.push(error.message));
		return new Editor(n8n, browser, context, page, pageErrors);
	}

	/** Shows a workflow and waits until its nodes are drawn. */
	async openWorkflow(id: string): Promise<void> {
		await this.page.goto(this.n8n.editorUrl(id));
		await this.page.locator('[data-test-id="canvas-node"]').first().waitFor({ timeout: 60_000 });
	}

	/**
	 * Opens a node's panel and gives its text: labels, values, hints, as people read them. Fields appear a moment after the
	 * panel: `labels` are waited for, at most some seconds.
	 */
	async openNode(workflowId: string, nodeName: string, labels: readonly string[] = ['Operation']): Promise<string> {
		const { nodes } = await this.n8n.workflow(workflowId);
		const node = nodes.find(({ name }) => name === nodeName);
		if (node?.id === undefined) throw new Error(`The workflow has no node "${nodeName}"`);
		await this.go(this.n8n.editorUrl(workflowId, node.id));
		await this.panel().waitFor({ timeout: 60_000 });
		for (let tries = 0; tries < PANEL_TRIES; tries++) {
			const text = await this.panelText();
			if (labels.every((label) => text.includes(label))) return text;
			await this.page.waitForTimeout(PANEL_PAUSE_MS);
		}
		return await this.panelText();
	}

	/** Goes to an address; within a workflow that is open without loading the editor anew, which takes it seconds. */
	private async go(url: string): Promise<void> {
		const workflow = /^.*\/workflow\/[^/]+/;
		if (this.page.url().match(workflow)?.[0] !== url.match(workflow)?.[0]) {
			await this.page.goto(url);
			return;
		}
		// What the browser's Back button does: the editor's router follows.
		await this.page.evaluate(`history.pushState(null, '', ${JSON.stringify(url)}); dispatchEvent(new PopStateEvent('popstate'))`);
	}

	/** The middle of the panel: the node's parameters. */
	panel() {
		return this.page.locator('[data-test-id="node-parameters"]').first();
	}

	async panelText(): Promise<string> {
		return await this.panel().innerText();
	}

	/** What the canvas or panel says anywhere on the page. */
	async text(): Promise<string> {
		return await this.page.locator('body').innerText();
	}

	async screenshot(file: string): Promise<void> {
		mkdirSync(path.dirname(file), { recursive: true });
		await this.page.screenshot({ path: file });
	}

	async close(): Promise<void> {
		await this.context.close();
		await this.browser.close();
	}
}
