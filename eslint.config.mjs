import { config } from '@n8n/node-cli/eslint';

const CLOUD_RULES_OFF = {
	'@n8n/community-nodes/no-restricted-globals': 'off',
	'@n8n/community-nodes/no-restricted-imports': 'off',
};

/**
 * n8n's own lint for community nodes, cloud rules included. The embedded registry needs a disk, a database driver and
 * timers: only there the two cloud rules drop, which is what n8n's `configWithoutCloudSupport` amounts to. Tests and tools
 * do not run inside n8n, so they may also start processes, print, and throw plain errors.
 */
export default [
	{ ignores: ['node_modules/', 'dist/', 'coverage/', 'test/host/n8n/'] },
	...config,
	{ files: ['nodes/ExternalId/registry/**/*.ts'], rules: CLOUD_RULES_OFF },
	{
		files: ['test/**/*.ts'],
		rules: {
			...CLOUD_RULES_OFF,
			'@n8n/community-nodes/no-dangerous-functions': 'off',
			'@n8n/community-nodes/require-node-api-error': 'off',
			'no-console': 'off',
		},
	},
];
