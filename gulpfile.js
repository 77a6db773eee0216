/**
 * The build. One bundle holds all of our code and the libraries it uses, so that the package needs no `dependencies`
 * and its nodes share one instance of each module; n8n finds each node and credential through a stub beside its icon,
 * codex file and output schemas. What is built is what package.json's `n8n` lists name: a new node is one line there.
 */
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const { mkdir, readFile, rm, writeFile } = require('node:fs/promises');
const path = require('node:path');

const { dest, parallel, series, src } = require('gulp');

const root = __dirname;
const dist = path.join(root, 'dist');
const pkg = require('./package.json');

/** What n8n's own installation provides; everything else is bundled. */
const PROVIDED_BY_N8N = ['n8n-workflow', 'lodash', 'lodash/*', 'node:*'];
const BUNDLE = path.join(dist, 'bundle.js');
const METAFILE = path.join(dist, 'bundle.meta.json');

/** The classes to ship: `{ source: 'nodes/X/X.node.ts', built: 'dist/nodes/X/X.node.js', className: 'X' }`. */
function shipped() {
	return [...(pkg.n8n.nodes ?? []), ...(pkg.n8n.credentials ?? [])].map((built) => {
		const source = built.replace(/^dist\//, '').replace(/\.js$/, '.ts');
		return { built, source, className: path.basename(built).split('.')[0] };
	});
}

const clean = () => rm(dist, { recursive: true, force: true });

function compile() {
	const tsc = require.resolve('typescript/bin/tsc');
	return spawn(process.execPath, [tsc, '--noEmit', '--pretty', 'false'], { cwd: root, stdio: 'inherit' });
}

async function bundle() {
	const missing = shipped().filter(({ source }) => !fs.existsSync(path.join(root, source)));
	if (missing.length > 0) {
		throw new Error(`package.json lists what is not there: ${missing.map(({ source }) => source).join(', ')}`);
	}
	const { metafile } = await require('esbuild').build({
		stdin: {
			contents: shipped()
				.map(({ source, className }) => `export { ${className} } from './${source.replace(/\.ts$/, '')}';`)
				.join('\n'),
			resolveDir: root,
			sourcefile: 'bundle-entry.ts',
			loader: 'ts',
		},
		outfile: BUNDLE,
		bundle: true,
		platform: 'node',
		format: 'cjs',
		// The oldest Node that `engines` allows.
		target: 'node20',
		// Names and lines stay readable: whoever installs a node may want to read what runs in their n8n.
		minify: false,
		charset: 'utf8',
		external: PROVIDED_BY_N8N,
		// re2js asks globalThis for these, which n8n's scan of a package reports.
		define: { 'globalThis.TextEncoder': 'TextEncoder', 'globalThis.TextDecoder': 'TextDecoder' },
		metafile: true,
		logLevel: 'warning',
	});
	const foreign = Object.keys(metafile.inputs).filter((file) => /^(test|gulp)\//.test(file));
	if (foreign.length > 0) throw new Error(`The bundle would ship development files: ${foreign.join(', ')}`);
	await writeFile(METAFILE, JSON.stringify(metafile));
}

async function stubs() {
	for (const { built, className } of shipped()) {
		const file = path.join(root, built);
		const toBundle = path.relative(path.dirname(file), BUNDLE).split(path.sep).join('/');
		await mkdir(path.dirname(file), { recursive: true });
		await writeFile(file, `'use strict';\nexports.${className} = require('${toBundle}').${className};\n`);
	}
}

const icons = () =>
	src(['nodes/**/*.svg', 'credentials/**/*.svg', 'icons/**/*.svg'], { base: '.', allowEmpty: true }).pipe(dest('dist'));
const codex = () => src('nodes/**/*.node.json', { base: '.', allowEmpty: true }).pipe(dest('dist'));
const schemas = () => src('nodes/**/__schema__/**/*.json', { base: '.', allowEmpty: true }).pipe(dest('dist'));

/** The texts that the licences of bundled libraries ask to be passed on. */
async function licenses() {
	const metafile = JSON.parse(await readFile(METAFILE, 'utf8'));
	const folders = new Set();
	for (const file of Object.keys(metafile.inputs)) {
		const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
		if (folder !== undefined) folders.add(folder);
	}
	const chapters = [...folders].sort().map((folder) => {
		const library = JSON.parse(fs.readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
		const texts = fs
			.readdirSync(path.join(root, folder))
			.filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
			.map((name) => fs.readFileSync(path.join(root, folder, name), 'utf8').trim());
		if (library.license === undefined && texts.length === 0) throw new Error(`${folder} names no licence`);
		return [`${library.name} ${library.version} (${library.license ?? 'see below'})`, ...texts].join('\n\n');
	});
	const line = `\n\n${'-'.repeat(80)}\n\n`;
	const head = 'dist/bundle.js contains the following libraries, each under its own licence.';
	await writeFile(path.join(dist, 'THIRD-PARTY-LICENSES.txt'), [head, ...chapters].join(line) + '\n');
	await rm(METAFILE);
}

const examples = () => require('./gulp/examples.js').checkExamples({ root, pkg });
const freemail = () =>
	require('./gulp/freeMail.js').writeFreeMailList(path.join(root, 'nodes/shared/identity/freeMailDomains.json'));

const product = series(bundle, parallel(stubs, icons, codex, schemas, licenses), examples);

exports.clean = clean;
exports.compile = compile;
exports.bundle = series(bundle, stubs, licenses);
exports.icons = icons;
exports.codex = codex;
exports.schemas = schemas;
exports.examples = examples;
exports.licenses = series(bundle, licenses);
exports.freemail = freemail;
/** What ends up in the tarball, without the type check. */
exports.product = series(clean, product);
exports.build = series(clean, compile, product);
exports.default = exports.build;
