/**
 * Checks that the workflows of examples/ can be imported by anyone: right node types and versions, no credential of
 * ours, nothing pinned that should not be public.
 */
const fs = require('node:fs');
const path = require('node:path');

/** Node types and type versions that the built package holds: `{ 'n8n-nodes-external-id.externalId': [1] }`. */
function builtNodeVersions({ root, pkg }) {
	const versions = new Map();
	for (const built of pkg.n8n.nodes) {
		const className = path.basename(built).split('.')[0];
		const node = new (require(path.join(root, built))[className])();
		const known = node.nodeVersions ? Object.keys(node.nodeVersions).map(Number) : [node.description.version].flat();
		versions.set(`${pkg.name}.${node.description.name}`, known);
	}
	return versions;
}

/** What looks like a secret, wherever it stands in a workflow. */
const SECRETS = [
	[/\bBearer\s+[\w.~+/-]{16,}/, 'a bearer token'],
	[/\beyJ[\w-]{10,}\.[\w-]{10,}\./, 'a JSON web token'],
	[/"(?:password|apiKey|accessToken|clientSecret|secret|authorization)"\s*:\s*"(?!=|")[^"]+"/i, 'a secret'],
];

/** Everything wrong with one workflow, as sentences; none when it is fit to publish. */
function workflowTroubles(text, versionsOf, packageName) {
	let workflow;
	try {
		workflow = JSON.parse(text);
	} catch (error) {
		return [`is not JSON: ${error.message}`];
	}
	const troubles = [];
	if (typeof workflow.name !== 'string' || workflow.name === '') troubles.push('has no name');
	if (!Array.isArray(workflow.nodes) || workflow.nodes.length === 0) return [...troubles, 'has no nodes'];
	if (workflow.connections === null || typeof workflow.connections !== 'object') {
		return [...troubles, 'has no connections'];
	}
	if (workflow.active === true) troubles.push('is active: importing must not start anything');

	const names = new Set();
	for (const node of workflow.nodes) {
		const of = `node "${node.name}"`;
		if (names.has(node.name)) troubles.push(`has two nodes named "${node.name}"`);
		names.add(node.name);
		if (!Array.isArray(node.position) || node.position.length !== 2) troubles.push(`${of} has no position`);
		if (node.credentials !== undefined) troubles.push(`${of} names a credential`);
		if (typeof node.type !== 'string') troubles.push(`${of} has no type`);
		else if (node.type.startsWith(`${packageName}.`)) {
			const versions = versionsOf.get(node.type);
			if (versions === undefined) troubles.push(`${of}: this package has no ${node.type}`);
			else if (!versions.includes(node.typeVersion)) {
				troubles.push(`${of}: ${node.type} has no version ${node.typeVersion}, only ${versions.join(', ')}`);
			}
		} else if (!node.type.startsWith('n8n-nodes-base.')) troubles.push(`${of}: ${node.type} is not in every n8n`);
		else if (typeof node.typeVersion !== 'number') troubles.push(`${of} has no type version`);
	}
	for (const [from, outputs] of Object.entries(workflow.connections)) {
		if (!names.has(from)) troubles.push(`connects from "${from}", which it does not have`);
		for (const target of Object.values(outputs).flat(2)) {
			if (target && !names.has(target.node)) troubles.push(`connects to "${target.node}", which it does not have`);
		}
	}
	for (const [pattern, what] of SECRETS) if (pattern.test(text)) troubles.push(`seems to hold ${what}`);
	return troubles;
}

async function checkExamples({ root, pkg }) {
	const folder = path.join(root, 'examples');
	const files = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
	const versionsOf = builtNodeVersions({ root, pkg });
	const lines = files.flatMap((file) =>
		workflowTroubles(fs.readFileSync(path.join(folder, file), 'utf8'), versionsOf, pkg.name).map(
			(trouble) => `examples/${file} ${trouble}`,
		),
	);
	if (lines.length > 0) throw new Error(`Examples that cannot be published:\n${lines.join('\n')}`);
}

module.exports = { checkExamples, workflowTroubles };
