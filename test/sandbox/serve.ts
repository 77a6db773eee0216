import { POSITIONS, startSalesloft } from './salesloft';
import type { Sandbox, Switches } from './salesloft';
import { seedExamples } from './salesloft/examples';

/** The usual port; keys are the same each time too, so that a credential in n8n stays good. */
export const SANDBOX_PORT = 8377;
const API_KEY = `ak_${'5a'.repeat(32)}`;
const CLIENT_ID = 'sandbox-client-id';
const CLIENT_SECRET = 'sandbox-client-secret';

export interface SandboxStart {
	port?: number;
	/** How many times faster than real time its minutes pass. */
	speed?: number;
	limitOff?: boolean;
	latencyMs?: number;
	switches?: Partial<Switches>;
}

/** The sandbox on its usual port and with its usual keys, filled with the example data. */
export async function serveSalesloft({ port = SANDBOX_PORT, speed = 1, limitOff = false, latencyMs = 0, switches = {} }: SandboxStart = {}): Promise<Sandbox> {
	const sandbox = await startSalesloft({ port, timeScale: speed, limitOff, latencyMs, switches, apiKey: API_KEY, integration: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, name: 'Sandbox Integration' } });
	seedExamples(sandbox);
	return sandbox;
}

/** What goes into n8n's credentials. */
export function described(sandbox: Sandbox): string {
	const { team, integration } = sandbox;
	return [
		`Salesloft sandbox: ${team.people.size.toLocaleString('en')} people, ${team.accounts.size.toLocaleString('en')} accounts, ${team.users.size} users`,
		`  Base URL           ${sandbox.baseUrl}`,
		`  API key            ${sandbox.apiKey}`,
		`  Authorization URL  ${sandbox.authorizeUrl}`,
		`  Access Token URL   ${sandbox.tokenUrl}`,
		`  Client ID          ${integration.clientId}`,
		`  Client Secret      ${integration.clientSecret}`,
		`  Integration ID     ${integration.id}`,
	].join('\n');
}

/** Reads `name=position`; positions may be numbers. */
export function readSwitches(texts: readonly string[]): Partial<Switches> {
	return Object.fromEntries(
		texts.map((text) => {
			const [name, wanted] = text.split('=');
			const positions: readonly unknown[] | undefined = Object.entries(POSITIONS).find(([each]) => each === name)?.[1];
			if (!positions) throw new Error(`There is no switch "${name}". There are: ${Object.keys(POSITIONS).join(', ')}.`);
			const position = positions.find((each) => String(each) === wanted);
			if (position === undefined) throw new Error(`The switch "${name}" can be ${positions.join(' or ')}, not "${wanted ?? ''}".`);
			return [name, position];
		}),
	);
}
