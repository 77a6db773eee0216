/**
 * Salesloft's API on a port of this machine, in memory: what its documents confirm is fixed, what nobody has confirmed is a
 * switch, and trouble comes on demand.
 *
 * ```ts
 * const sandbox = await startSalesloft();              // afterEach: await sandbox.close()
 * sandbox.baseUrl                                      // http://127.0.0.1:<port>/v2, for https://api.salesloft.com/v2
 * sandbox.apiKey                                       // a key with every scope
 *
 * // State, past the API: no calls, no cost.
 * sandbox.seed({ people: 10_000, accounts: 1_000, users: 20 });   // the same each time; see SeedOptions
 * const person = sandbox.addPerson({ email_address: 'ann@acme.com', account_id: sandbox.addAccount({ name: 'Acme', domain: 'acme.com' }) });
 * sandbox.addConfiguration('crm', 'people');
 * sandbox.addMapping('crm', 'people', 'C-1', person);
 * sandbox.mappings('crm', 'people')                    // what is there: [{ externalId: 'C-1', objectId: person, … }]
 * sandbox.team.people.get(person)?.fields.email_address
 *
 * // Calls.
 * sandbox.accounting.to('POST', '/external/mappings').length
 * sandbox.accounting.totals()                          // { calls, cost, refused (429s), statuses }
 * sandbox.accounting.costByMinute()                    // [540, 600, …]: shares of the budget
 * await sandbox.accounting.until((calls) => calls.length >= 500);  // then cancel or kill something
 * sandbox.accounting.reset();
 * ```
 *
 * **Time.** The rate limit, tokens, latency and faults go by `sandbox.clock`. `timeScale: 60` makes a minute pass in a second;
 * `timeScale: 0` lets it stand still until `clock.advance(ms)`. Give `clock.now` and `clock.sleep` to the client under test,
 * so that both live in the same time; the `Date` header is of that time too. All durations here are ms of sandbox time.
 *
 * **Rate limit.** 600 cost a minute for all keys of the team; `costPerMinute`, `limitOff` and `latencyMs` are options.
 * `budget.spend(n)`: another integration spends once. `budget.othersTake(300)`: it takes half of each minute, evenly.
 * `budget.exhaust(300_000)`: nothing goes for five minutes. `budget.remaining()`. Several keys: `addApiKey({ name, scopes })`.
 *
 * **Switches.** `startSalesloft({ switches: { mappingCreateStatus: 200 } })`. To run a suite in every position:
 *
 * ```ts
 * test.each(SWITCHES.filter(({ isDefault }) => !isDefault))('… with $name: $position', async ({ switches }) => {
 *   const sandbox = await startSalesloft({ switches });
 * ```
 *
 * **Faults.** A call meets at most one; `FAULTS` tells of each kind whether the write took effect.
 *
 * ```ts
 * sandbox.fault({ kind: 'timeoutAfter', method: 'POST', path: '/external/mappings' });           // the next one, once
 * sandbox.fault({ kind: 'serverError', path: /people/, after: 3, times: 2 });                    // the 4th and 5th
 * sandbox.fault({ kind: 'tooManyRequests', probability: 0.01 });                                 // the same ones in each run
 * sandbox.fault({ kind: 'slow', ms: 30_000 }).hits                                               // how often it was met
 * sandbox.fault({ kind: 'answer', answer: { status: 503, body: 'down' } });                      // anything else
 * sandbox.clearFaults();
 * ```
 * A time-out keeps the connection open and silent until the caller gives up or the sandbox closes.
 *
 * **Keys and OAuth2.** `addApiKey({ scopes: ['external_id:read'] })`; `integration.clientId`, `.clientSecret`, `.id` (the
 * Integration ID); `authorizeUrl` lets everyone in at once and redirects; `tokenUrl` takes the code, refresh tokens (each good
 * once) and client credentials. `login()` gives tokens without all that, `access.expireTokens()` makes every access token
 * answer 401, `access.revoke(key)` takes one back.
 *
 * **Not here:** webhooks, bulk jobs, writing users, cadences and the other resources that this product leaves alone.
 */
import { Sandbox } from './sandbox';
import type { SalesloftOptions } from './sandbox';

export async function startSalesloft(options: SalesloftOptions = {}): Promise<Sandbox> {
	return await new Sandbox(options).start();
}

export type { Call, Totals } from '../accounting';
export { FAULT_KINDS, FAULTS } from '../faults';
export type { Fault, FaultKind, FaultOrder } from '../faults';
export { ALL_SCOPES } from './access';
export type { Integration, TokenPair } from './access';
export type { Sandbox, SalesloftOptions } from './sandbox';
export type { Seeded, SeedOptions } from './seed';
export { DEFAULT_SWITCHES, POSITIONS, SWITCHES } from './switches';
export type { SwitchName, SwitchPosition, Switches } from './switches';
export type { Configuration, CustomField, Mapping, ObjectType, RecordRow, Team, User } from './team';
