import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { npmCommand, run } from '../process.js';

export const root = path.join(__dirname, '..', '..');

/** A packed package: what `npm publish` would upload. */
export interface Tarball {
	/** Path of the .tgz. */
	readonly file: string;
	readonly name: string;
	readonly version: string;
	/** Paths inside, and their sizes in bytes. */
	readonly files: ReadonlyArray<{ path: string; size: number }>;
}

/** Builds dist/ without the type check. */
export async function build(): Promise<void> {
	const gulp = path.join(root, 'node_modules', 'gulp', 'bin', 'gulp.js');
	await run(process.execPath, [gulp, '--cwd', root, 'product'], { cwd: root, quiet: true });
}

/** Packs what is built into a folder. */
export async function pack(folder: string): Promise<Tarball> {
	mkdirSync(folder, { recursive: true });
	const said = await run(
		npmCommand,
		['pack', '--json', '--ignore-scripts', '--pack-destination', folder, '--loglevel=error'],
		{ cwd: root, quiet: true },
	);
	// npm 12 gives an object by package name, earlier ones a list.
	const answer = JSON.parse(said) as PackAnswer[] | Record<string, PackAnswer>;
	const packed = Object.values(answer)[0];
	if (packed === undefined) throw new Error(`npm pack said nothing usable: ${said}`);
	return { file: path.join(folder, packed.filename), name: packed.name, version: packed.version, files: packed.files };
}

interface PackAnswer {
	filename: string;
	name: string;
	version: string;
	files: Array<{ path: string; size: number }>;
}
