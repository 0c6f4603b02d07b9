import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { send } from './supervisor/http-client.ts';

// Plays the reactions in an environment of its own whose clock is stepped, prints a timeline, and ends with 0 only if
// each ended as it should.

const root = resolve(import.meta.dirname, '..');
const NAME = 'aks-baseline';
const START_WITHIN_MS = 120_000;
const STEP_SECONDS = 60;
const COLLEAGUE = 'netadmin';
const SECURITY_GROUPS_API_VERSION = '2025-05-01';
/** Within so long a change is found, by its event: the event's own way, and the wait for more of a burst. */
const FOUND_WITHIN_SECONDS = 60;
/** SNAT ports of an address on the two instances that a firewall has at least. */
const PORTS_PER_ADDRESS = 2 * 2_496;

/** Longest line of a reason, beside when and what. */
const REASON_WIDTH = 100;
/** A process that a signal ends is told to the shell as this and the signal's number. */
const SHELL_SIGNAL_BASE = 128;
const REASON_INDENT = ' '.repeat(34);

new Command('npm run demo --')
  .summary('play a night at the firewall and at a port')
  .description(
    'Plays a night at the firewall in an environment of its own, whose clock is stepped: an AKS baseline is provisioned, ' +
      'traffic takes 88 % of the SNAT ports, Azure Monitor alerts, addresses are added, and after a day of low demand one ' +
      'goes again; then a colleague opens a port, which is found within a minute and put back. Prints what the journal says of it; takes about a minute, needs no Azure subscription, and leaves ' +
      'nothing behind. Ends with 0 only if everything ended as it should.',
  )
  .allowExcessArguments(false)
  .parse();

interface Ready {
  readonly functions: string;
  readonly arm: string;
  readonly caFile: string;
}
interface Line {
  readonly at: string;
  readonly decision: string;
  readonly reason: string;
  readonly resource: string;
}

async function call(
  ready: Ready,
  method: string,
  url: string,
  body?: string,
  type = 'application/json',
  more: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const headers = { 'content-type': type, 'x-hubkeeper-user': 'demo', ...more };
  const answer = await send({ method, url, headers, caFile: ready.caFile, ...(body === undefined ? {} : { body }) });
  if (answer.status >= 400) throw new Error(`${method} ${url} answered ${answer.status}: ${answer.body.slice(0, 500)}`);
  return answer.body === '' ? undefined : JSON.parse(answer.body);
}

/** The text in lines that end between words; a longer word has a line of its own. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

class Stage {
  readonly #ready: Ready;
  readonly #told = new Set<string>();

  constructor(ready: Ready) {
    this.#ready = ready;
  }

  say(title: string): void {
    process.stdout.write(`\n${title}\n`);
  }

  async api<Body>(method: string, path: string, body?: string, type?: string): Promise<Body> {
    return (await call(this.#ready, method, `${this.#ready.functions}${path}`, body, type)) as Body;
  }

  async sim<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return (await call(this.#ready, method, `${this.#ready.arm}/_sim/${path}`, payload)) as Body;
  }

  /** A call to the simulated Azure Resource Manager by somebody else than the app. */
  async colleague<Body>(method: string, id: string, apiVersion: string, body?: unknown): Promise<Body> {
    const url = `${this.#ready.arm}${id}?api-version=${apiVersion}`;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return (await call(this.#ready, method, url, payload, undefined, { 'x-sim-principal': COLLEAGUE })) as Body;
  }

  async firewall(): Promise<{ readonly id: string; readonly addresses: number }> {
    const { addresses } = await this.api<{ addresses: readonly { state: string; through: string }[] }>(
      'GET',
      `/api/baselines/${NAME}/egress-addresses`,
    );
    const own = addresses.filter(({ through, state }) => /\/azureFirewalls\//i.test(through) && state === 'inUse');
    return { id: own[0]?.through ?? '', addresses: own.length };
  }

  /** Lines of the journal of a resource that have not been printed yet, from a time on. */
  async tell(resource: string, sinceMs = 0): Promise<readonly Line[]> {
    const since = new Date(sinceMs).toISOString();
    const { entries } = await this.api<{ entries: readonly Line[] }>(
      'GET',
      `/api/journal?baseline=${NAME}&since=${since}&resource=${encodeURIComponent(resource)}`,
    );
    const fresh = entries.filter((line) => !this.#told.has(`${line.at} ${line.decision} ${line.reason}`));
    for (const line of fresh) {
      this.#told.add(`${line.at} ${line.decision} ${line.reason}`);
      const reason = wrapped(line.reason, REASON_WIDTH).join(`\n${REASON_INDENT}`);
      process.stdout.write(`  ${line.at.slice(5, 16).replace('T', ' ')}  ${line.decision.padEnd(18)} ${reason}\n`);
    }
    return fresh;
  }

  /** Moves time on until it is so. @throws when it is not so in time. */
  async until(
    what: string,
    isSo: () => Promise<boolean>,
    withinSeconds: number,
    stepSeconds = STEP_SECONDS,
  ): Promise<void> {
    for (let seconds = 0; seconds <= withinSeconds; seconds += stepSeconds) {
      if (await isSo()) return;
      await this.sim('POST', 'clock', { advanceSeconds: stepSeconds });
    }
    throw new Error(`${what} did not come about within ${Math.round(withinSeconds / 60)} simulated minutes.`);
  }
}

async function provision(stage: Stage): Promise<void> {
  stage.say('1. The AKS baseline is provisioned.');
  const spec = readFileSync(join(root, 'samples/aks-baseline.yaml'), 'utf8')
    .replace('lookBackHours: 168, reservedHours: 168', 'lookBackHours: 24, reservedHours: 24')
    .replace('drift:\n  mode: observe', 'drift:\n  mode: act');
  const { operationId } = await stage.api<{ operationId: string }>(
    'PUT',
    `/api/baselines/${NAME}`,
    spec,
    'application/yaml',
  );
  let state = '';
  await stage.until(
    'The provisioning',
    async () => {
      ({ state } = await stage.api<{ state: string }>('GET', `/api/operations/${operationId}`));
      return ['succeeded', 'partial', 'failed', 'stopped'].includes(state);
    },
    4 * 3_600,
  );
  if (state !== 'succeeded') throw new Error(`The provisioning ended ${state}.`);
  process.stdout.write(`  The firewall has ${(await stage.firewall()).addresses} public addresses.\n`);
}

async function relieve(stage: Stage): Promise<void> {
  const before = await stage.firewall();
  stage.say('2. Outbound connections take 88 % of the SNAT ports. Azure Monitor alerts by itself.');
  const ports = Math.round(0.88 * before.addresses * PORTS_PER_ADDRESS);
  await stage.sim('PUT', 'traffic', { firewalls: { [before.id]: { snatPortsInUse: { TCP: ports, UDP: 40 } } } });
  const { resources } = await stage.sim<{ resources: Readonly<Record<string, { writes: number }>> }>('GET', 'stats');
  const writesOf = (all: typeof resources) =>
    Object.entries(all).find(([id]) => id.toLowerCase() === before.id.toLowerCase())?.[1].writes ?? 0;
  await stage.until(
    'The relief',
    async () => (await stage.tell(before.id)).some(({ decision }) => decision === 'action done'),
    7_200,
  );
  const after = await stage.firewall();
  const { resources: now } = await stage.sim<{ resources: typeof resources }>('GET', 'stats');
  process.stdout.write(
    `  ${before.addresses} addresses became ${after.addresses} in ${writesOf(now) - writesOf(resources)} write.\n`,
  );
  if (after.addresses !== 5 || writesOf(now) - writesOf(resources) !== 1)
    throw new Error('Five addresses in one write were expected.');
}

async function giveBack(stage: Stage): Promise<void> {
  const before = await stage.firewall();
  stage.say('3. The night is over: 10 % are in use. After a day of low demand one address goes.');
  const ports = Math.round(0.1 * 3 * PORTS_PER_ADDRESS);
  await stage.sim('PUT', 'traffic', { firewalls: { [before.id]: { snatPortsInUse: { TCP: ports, UDP: 40 } } } });
  await stage.until(
    'The first step back',
    async () => {
      await stage.tell(before.id);
      return (await stage.firewall()).addresses < before.addresses;
    },
    40 * 3_600,
    3_600,
  );
  await stage.sim('POST', 'clock', { advanceSeconds: 600 });
  await stage.tell(before.id);
  const after = await stage.firewall();
  process.stdout.write(`  ${before.addresses} addresses became ${after.addresses}.\n`);
  if (after.addresses !== before.addresses - 1) throw new Error('One address less was expected.');
}

interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly properties: {
    readonly securityRules: readonly {
      readonly name: string;
      readonly properties: Readonly<Record<string, unknown>>;
    }[];
  };
}

async function putBack(stage: Stage): Promise<void> {
  stage.say(
    `4. While nobody looks, ${COLLEAGUE} opens a port of the cluster's nodes to the Internet. drift.mode is act.`,
  );
  const { resources } = await stage.sim<{ resources: readonly SecurityGroup[] }>('GET', 'state');
  const group = resources.find(({ id }) => /\/networkSecurityGroups\/[^/]*-snet-clusternodes$/i.test(id));
  if (group === undefined) throw new Error('The nodes have no security group.');
  const before = group.properties.securityRules;
  const securityRules = before.map((rule) => ({
    ...rule,
    properties: rule === before[0] ? openToInternet(rule.properties) : rule.properties,
  }));
  const { simulatedMs } = await stage.sim<{ simulatedMs: number }>('GET', 'clock');
  const opened = { ...group, properties: { ...group.properties, securityRules } };
  await stage.colleague('PUT', group.id, SECURITY_GROUPS_API_VERSION, opened);
  const lines: Line[] = [];
  await stage.until(
    'The closed port',
    async () => {
      lines.push(...(await stage.tell(group.id, simulatedMs)));
      return lines.some(({ decision }) => decision === 'updated');
    },
    600,
    5,
  );
  const found = lines.find(({ decision }) => decision === 'drift found');
  const seconds = (Date.parse(found?.at ?? '') - simulatedMs) / 1_000;
  const now = await stage.colleague<SecurityGroup>('GET', group.id, SECURITY_GROUPS_API_VERSION);
  const isBack = JSON.stringify(sourcesOf(now)) === JSON.stringify(sourcesOf(group));
  process.stdout.write(`  It was found after ${Math.round(seconds)} s and is ${isBack ? 'put back' : 'open still'}.\n`);
  if (!(seconds <= FOUND_WITHIN_SECONDS)) throw new Error('It was to be found within a minute.');
  if (!isBack) throw new Error('The rule was to be as it is declared.');
  if (!lines.every(({ reason }) => reason.includes(COLLEAGUE))) throw new Error('Each line was to name who it was.');
}

function openToInternet(rule: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { sourceAddressPrefixes: _, ...properties } = rule;
  return { ...properties, access: 'Allow', direction: 'Inbound', sourceAddressPrefix: 'Internet' };
}

/** Whom each rule lets in. */
function sourcesOf({ properties }: SecurityGroup): readonly unknown[] {
  return properties.securityRules
    .map(({ name, properties: { access, direction, sourceAddressPrefix, sourceAddressPrefixes } }) => ({
      ...{ name, access, direction, sourceAddressPrefix, sourceAddressPrefixes },
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function untilReady(child: ChildProcess, readyFile: string): Promise<Ready> {
  const deadlineMs = Date.now() + START_WITHIN_MS;
  while (!existsSync(readyFile)) {
    if (hasEnded(child)) throw new Error('The environment ended instead of coming up.');
    if (Date.now() > deadlineMs) throw new Error('The environment did not come up.');
    await wait(100);
  }
  return JSON.parse(readFileSync(readyFile, 'utf8')) as Ready;
}

async function play(child: ChildProcess, readyFile: string): Promise<number> {
  const stage = new Stage(await untilReady(child, readyFile));
  await provision(stage);
  await relieve(stage);
  await giveBack(stage);
  await putBack(stage);
  stage.say('Everything ended as it should.');
  return 0;
}

/** Somebody ends the demo. Listened to until the end: npm may pass on what the terminal has sent already. */
const interrupted = new Promise<number>((end) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => end(SHELL_SIGNAL_BASE + constants.signals[signal]));
});
const stateDirectory = mkdtempSync(join(tmpdir(), 'hubkeeper-demo-'));
const readyFile = join(stateDirectory, 'ready.json');
const child = spawn(
  process.execPath,
  [
    join(root, 'local/main.ts'),
    ...['start', '--empty', '--stepped', '--storage-in-memory', '--end-with-input'],
    ...['--state', stateDirectory, '--ready-file', readyFile],
  ],
  {
    cwd: root,
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...process.env, HUBKEEPER_FUNCTIONS_PORT: '0', HUBKEEPER_ARM_PORT: '0', HUBKEEPER_CLUSTER_PORT: '0' },
  },
);
try {
  process.exitCode = await Promise.race([play(child, readyFile), interrupted]);
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  child.stdin?.end();
  if (!hasEnded(child)) await once(child, 'exit');
  rmSync(stateDirectory, { recursive: true, force: true });
}
// What was being played when somebody ended it has nobody to play with any more.
process.exit();
