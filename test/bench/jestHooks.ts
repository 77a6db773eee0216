/** Stands in for jest where the harness of the engine tests is loaded without it; so it is imported before the harness. */
type Hook = () => Promise<void>;

const hooks: Hook[] = [];
Object.assign(globalThis, { beforeAll: (hook: Hook) => hooks.push(hook), afterAll: () => {} });

/** Does what the harness asked jest to do before all tests. */
export async function runBeforeAll(): Promise<void> {
	for (const hook of hooks) await hook();
}
