/** Runs a TypeScript file of ours as it is: `node test/ts.js <file.ts> [arguments]`. Types are checked by `gulp compile`. */
const { readFileSync } = require('node:fs');
const path = require('node:path');

const { transformSync } = require('esbuild');

process.setSourceMapsEnabled(true);
require.extensions['.ts'] = (module, file) => {
	const { code } = transformSync(readFileSync(file, 'utf8'), {
		loader: 'ts',
		format: 'cjs',
		target: 'node20',
		sourcefile: file,
		sourcemap: 'inline',
	});
	module._compile(code, file);
};

process.argv.splice(1, 1);
require(path.resolve(process.argv[1]));
