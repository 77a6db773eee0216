/**
 * One jest project a folder of design section 8. Types are checked once, by `gulp compile`: here TypeScript is only
 * stripped, so that a test file starts at once.
 */
const { compilerOptions } = require('./tsconfig.json');

const minutes = (n) => n * 60_000;

function project(displayName, timeoutMs, more = {}) {
	return {
		displayName,
		rootDir: __dirname,
		testEnvironment: 'node',
		testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
		transform: {
			'^.+\\.ts$': [
				'ts-jest',
				{ tsconfig: { ...compilerOptions, isolatedModules: true, inlineSources: true }, diagnostics: false },
			],
		},
		modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/test/host/n8n/'],
		// A project has no time limit of its own in jest: this file sets it.
		globals: { EXTERNAL_ID_TEST_TIMEOUT_MS: timeoutMs },
		setupFilesAfterEnv: ['<rootDir>/test/timeout.js'],
		...more,
	};
}

module.exports = {
	projects: [
		project('unit', minutes(0.5)),
		project('contract', minutes(1)),
		project('engine', minutes(2)),
		project('host', minutes(5), {
			globalSetup: '<rootDir>/test/host/setup.ts',
			globalTeardown: '<rootDir>/test/host/teardown.ts',
		}),
	],
};
