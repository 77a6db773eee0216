/**
 * What a call needs, and the names of the scope: in the current scheme and, where it differs, in the older one that
 * Salesloft's guide to external identifiers still uses.
 */
const SCOPES = {
	readConfigurations: ['external_id_configuration:read'],
	writeConfigurations: ['external_id_configuration:write', 'external_id_configuration:manage'],
	deleteConfigurations: ['external_id_configuration:delete', 'external_id_configuration:manage'],
	readMappings: ['external_id:read'],
	writeMappings: ['external_id:write', 'external_id:manage'],
	deleteMappings: ['external_id:delete', 'external_id:manage'],
	readPeople: ['people:read', 'person:view'],
	writePeople: ['people:write', 'person:manage'],
	readAccounts: ['accounts:read', 'account:view'],
	writeAccounts: ['accounts:write', 'account:manage'],
	readUsers: ['team:read'],
} as const;

export type Need = keyof typeof SCOPES;

/** "people:read (older name: person:view)" */
export function scopeWords(need: Need): string {
	const [current, older] = SCOPES[need] as readonly string[];
	return older === undefined ? String(current) : `${String(current)} (older name: ${older})`;
}
