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

/** What lies over the canvas. */
const OVER_CANVAS = 'button:not(.vue-flow__nodes *), .vue-flow__panel, [class*="toast"], .el-notification';
const PICTURE_MARGIN = 24;

/** Where the parts of a canvas lie, in the page. */
interface Box {
	name: string;
	x: number;
	y: number;
	width: number;
	height: number;
}

/** A box for each node (its frame and its name), and for each sticky note; a note also has the place of its text. */
const CANVAS_BOXES = `(() => {
	const box = (element, name) => { const { x, y, width, height } = element.getBoundingClientRect(); return { name, x, y, width, height }; };
	const union = (boxes) => { const x = Math.min(...boxes.map((b) => b.x)), y = Math.min(...boxes.map((b) => b.y)); return { name: boxes[0].name, x, y, width: Math.max(...boxes.map((b) => b.x + b.width)) - x, height: Math.max(...boxes.map((b) => b.y + b.height)) - y }; };
	const nodes = [], notes = [], texts = [];
	for (const node of document.querySelectorAll('[data-test-id="canvas-node"]:not(:has([data-test-id="sticky"]))')) {
		if (node.getAttribute('data-node-type')?.endsWith('.stickyNote')) continue;
		nodes.push(union([...node.querySelectorAll('[data-canvas-node-render-type], [data-canvas-node-render-type] > div')].map((part) => box(part, node.getAttribute('data-node-name')))));
	}
	for (const note of document.querySelectorAll('[data-test-id="sticky"]')) {
		const parts = [...note.querySelectorAll('h2, h3, p, li')].filter((part) => part.getClientRects().length > 0);
		const name = parts[0]?.textContent ?? 'a note without text';
		notes.push(box(note, name));
		texts.push(parts.length > 0 ? union(parts.map((part) => box(part, name))) : box(note, name));
	}
	return { nodes, notes, texts };
})()`;

const overlap = (a: Box, b: Box) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const isInside = (a: Box, b: Box) => a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height;

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

	/**
	 * Clicks *Execute workflow* and waits for the end. Where a form opens that asks for a decision, `decision` is chosen in it, as
	 * the person would who has to approve.
	 */
	async execute(decision?: string): Promise<void> {
		const { page, context } = this;
		const asked = decision === undefined ? undefined : context.waitForEvent('page', { timeout: 60_000 });
		await page.locator('[data-test-id="execute-workflow-button"]').first().click();
		if (asked !== undefined && decision !== undefined) {
			const form = await asked;
			await form.locator('select').first().selectOption(decision);
			await form.locator('#submit-btn').click();
			await form.getByText('Form Submitted').first().waitFor();
			await form.close();
		}
		await page.getByText('Workflow executed successfully').first().waitFor({ timeout: 60_000 });
	}

	/** What on the canvas cannot be read: nodes or notes over each other, text that does not fit into its note. */
	async crampedOnCanvas(): Promise<string[]> {
		await this.fitCanvas();
		const { nodes, notes, texts } = await this.boxes();
		if (nodes.length === 0 || notes.length === 0) return ['There is no node or no note'];
		const cramped: string[] = [];
		const pairs = (all: readonly Box[]) => all.flatMap((a, at) => all.slice(at + 1).map((b) => [a, b] as const));
		for (const [a, b] of [...pairs(nodes), ...pairs(notes)]) if (overlap(a, b)) cramped.push(`"${a.name}" lies over "${b.name}"`);
		for (const note of notes) {
			for (const node of nodes) if (overlap(node, note) && !isInside(node, note)) cramped.push(`"${node.name}" lies across the edge of "${note.name}"`);
			const text = texts.find(({ name }) => name === note.name);
			if (!text || !isInside(text, note)) cramped.push(`the text of "${note.name}" is cut`);
			for (const node of nodes) if (text && overlap(node, text)) cramped.push(`"${node.name}" lies over the text of "${note.name}"`);
		}
		return cramped;
	}

	/** A picture of what is on the canvas, and of nothing around it. */
	async pictureCanvas(file: string): Promise<void> {
		await this.fitCanvas();
		await this.page.addStyleTag({ content: `${OVER_CANVAS} { visibility: hidden !important }` });
		const { nodes, notes } = await this.boxes();
		const all = [...nodes, ...notes];
		const x = Math.min(...all.map((box) => box.x)) - PICTURE_MARGIN;
		const y = Math.min(...all.map((box) => box.y)) - PICTURE_MARGIN;
		// Room at the right for the outputs of the last node.
		const right = Math.max(...nodes.map((box) => box.x + box.width * 2), ...notes.map((box) => box.x + box.width)) + PICTURE_MARGIN;
		const bottom = Math.max(...all.map((box) => box.y + box.height)) + PICTURE_MARGIN;
		mkdirSync(path.dirname(file), { recursive: true });
		await this.page.screenshot({ path: file, clip: { x, y, width: right - x, height: bottom - y } });
	}

	private async fitCanvas(): Promise<void> {
		await this.page.keyboard.press('1');
		await this.page.waitForTimeout(600);
	}

	private async boxes(): Promise<{ nodes: Box[]; notes: Box[]; texts: Box[] }> {
		return await this.page.evaluate(CANVAS_BOXES);
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
