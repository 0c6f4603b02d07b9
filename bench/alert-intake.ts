/**
 * What an alert costs before it is answered: p50 and p99 over HTTP against the running host, with its storage in
 * Azurite, and the calls to storage that the intake itself makes. Alerts come as many at once as in a storm. Run:
 * `node bench/alert-intake.ts`. Writes `bench/results/alert-intake.json`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { FIREWALL_ID, snatAlert } from '../test/support/alert-samples.ts';
import { buildApp, startEnvironment, type TestEnvironment } from '../test/support/environment.ts';

/** Each storm is made this often, in turns with the others, so that whatever else the machine does meets all of them. */
const ROUNDS = 5;
const ALERTS = 300;
const AT_ONCE = 16;
const BASELINES = 100;

/** What an alert of a storm is about. */
interface Told {
  readonly firewall: string;
  readonly alert: string;
  readonly essentials?: Readonly<Record<string, unknown>>;
}

interface Storm {
  readonly name: string;
  readonly atOnce: number;
  /** Baselines that are there before, each with its firewalls. */
  readonly baselines: readonly (readonly string[])[];
  /** Their firewalls have reactions at work that remember all they can. */
  readonly full: boolean;
  readonly alerts: readonly Told[];
  /** How often the first of them was answered before. */
  readonly answeredBefore?: number;
}

interface Measured {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly calls: Readonly<Record<string, number>>;
}

const ends = { monitorCondition: 'Resolved', resolvedDateTime: '2026-05-04T09:30:00.0000000Z' };
const ofOtherType = FIREWALL_ID.replace('azureFirewalls', 'virtualNetworks');

function stormsOf(round: number): readonly Storm[] {
  const firewallsOf = (storm: string, count: number) =>
    Array.from({ length: count }, (_, n) => `${FIREWALL_ID}-${storm}-${round}-${n}`);
  const told = (firewalls: readonly string[], essentials: Told['essentials'] = {}, count = ALERTS): Told[] =>
    Array.from({ length: count }, (_, n) => ({
      firewall: firewalls[n % firewalls.length] ?? '',
      alert: `${firewalls[0]}/alerts/${n}`,
      essentials,
    }));
  const each = (firewalls: readonly string[]) => firewalls.map((firewall) => [firewall]);
  const [fresh, spread, over] = ['fresh', 'spread', 'over'].map((name) => firewallsOf(name, BASELINES)) as [
    string[],
    string[],
    string[],
  ];
  const [stranger, one, copied] = ['stranger', 'one', 'copied'].map((name) => firewallsOf(name, 1)) as [
    string[],
    string[],
    string[],
  ];
  const inOneDocument = (count: number): Storm => {
    const firewalls = firewallsOf(`reactions-${count}`, count);
    return { name: `reactions ${count}`, atOnce: 1, baselines: [firewalls], full: true, alerts: told(firewalls) };
  };
  const storm = (name: string, firewalls: readonly string[], alerts: readonly Told[], full = true): Storm => ({
    name,
    atOnce: AT_ONCE,
    baselines: each(firewalls),
    full,
    alerts,
  });
  return [
    storm('withoutSignal', [], told([ofOtherType])),
    storm('unmanagedFirewall', [], told(stranger)),
    storm('firstOfEachFirewall', fresh, told(fresh, {}, BASELINES), false),
    storm('newOverManyBaselines', spread, told(spread)),
    storm('newOfOneFirewall', one, told(one)),
    storm('resolved', over, told(over, ends)),
    {
      ...storm(
        'copies',
        copied,
        Array.from({ length: ALERTS }, () => told(copied)[0] as Told),
      ),
      answeredBefore: 1,
    },
    ...[1, 10, 100].map(inOneDocument),
  ];
}

async function post(environment: TestEnvironment, { firewall, alert, essentials }: Told): Promise<number> {
  const payload = snatAlert({ alertId: alert, alertTargetIDs: [firewall.toLowerCase()], ...essentials });
  const { status } = await environment.api('POST', '/api/alerts', JSON.stringify(payload), {
    'x-hubkeeper-user': '',
    'content-type': 'application/json',
  });
  return status;
}

/** So many at a time, the next as soon as one is answered. */
async function postAll(
  environment: TestEnvironment,
  alerts: readonly Told[],
  atOnce: number,
): Promise<readonly { readonly status: number; readonly ms: number }[]> {
  const answered: { readonly status: number; readonly ms: number }[] = [];
  const left = [...alerts];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const startMs = performance.now();
      const status = await post(environment, next);
      answered.push({ status, ms: performance.now() - startMs });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answered;
}

async function takeCounts(environment: TestEnvironment): Promise<Readonly<Record<string, number>>> {
  const { body } = await environment.api<Record<string, Record<string, number>>>('POST', '/api/bench/counts');
  return body.receiveAlert ?? {};
}

async function measure(environment: TestEnvironment, storm: Storm): Promise<Measured> {
  const { alerts, atOnce, baselines, full, answeredBefore = 0 } = storm;
  const seeds = baselines.map((firewalls) => ({
    baseline: `b-${firewalls[0]?.split('/').at(-1)}`.toLowerCase(),
    firewalls,
    full,
  }));
  const seeded = await environment.api('POST', '/api/bench/baselines', JSON.stringify(seeds), {
    'content-type': 'application/json',
  });
  if (seeded.status !== 204) throw new Error(`The baselines were not made: ${JSON.stringify(seeded.body)}`);
  for (const alert of alerts.slice(0, answeredBefore)) await post(environment, alert);
  // Orchestrations that were started before must not be at work now.
  await environment.advance(0);
  await takeCounts(environment);
  const answered = await postAll(environment, alerts, atOnce);
  const counted = await takeCounts(environment);
  const times = answered.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  const statuses: Record<string, number> = {};
  for (const { status } of answered) statuses[status] = (statuses[status] ?? 0) + 1;
  const calls = Object.fromEntries(Object.entries(counted).map(([name, count]) => [name, count / alerts.length]));
  return { p50Ms: at(0.5), p99Ms: at(0.99), statuses, calls };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const rounded = (value: number) => Math.round(value * 100) / 100;

/** Of all rounds the median of each figure. Ratios compare between machines, milliseconds do not. */
function summaryOf(rounds: readonly Measured[]) {
  const names = [...new Set(rounds.flatMap(({ calls }) => Object.keys(calls)))].sort();
  const perAlert = names.map((name) => [name, rounded(median(rounds.map(({ calls }) => calls[name] ?? 0)))] as const);
  const inStorage = perAlert
    .filter(([name]) => name !== 'orchestrationStarts')
    .reduce((sum, [, count]) => sum + count, 0);
  const statuses: Record<string, number> = {};
  for (const round of rounds)
    for (const [status, count] of Object.entries(round.statuses)) statuses[status] = (statuses[status] ?? 0) + count;
  return {
    p50Ms: rounded(median(rounds.map(({ p50Ms }) => p50Ms))),
    p99Ms: rounded(median(rounds.map(({ p99Ms }) => p99Ms))),
    storageCallsPerAlert: rounded(inStorage),
    perAlert: Object.fromEntries(perAlert),
    statuses,
  };
}

async function run(environment: TestEnvironment) {
  // Clients are made, tables and tokens fetched, code compiled.
  for (const storm of stormsOf(-1).slice(0, 4)) await measure(environment, storm);
  const rounds = new Map<string, Measured[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const storm of stormsOf(round)) {
      rounds.set(storm.name, [...(rounds.get(storm.name) ?? []), await measure(environment, storm)]);
    }
  }
  return new Map([...rounds].map(([name, measured]) => [name, summaryOf(measured)]));
}

const folder = mkdtempSync(join(tmpdir(), 'hubkeeper-bench-'));
buildApp({ entryFile: join(import.meta.dirname, 'support/measured-app.ts'), outputDirectory: folder });
const environment = await startEnvironment({ record: null, appFile: join(folder, 'main.cjs') });
try {
  const summaries = await run(environment);
  const isGrowth = (name: string) => name.startsWith('reactions ');
  const figure = (name: string, of: 'p50Ms' | 'p99Ms') => summaries.get(name)?.[of] ?? 0;
  const over = (name: string, base: string) => ({
    p50: rounded(figure(name, 'p50Ms') / figure(base, 'p50Ms')),
    p99: rounded(figure(name, 'p99Ms') / figure(base, 'p99Ms')),
  });
  const storms = [...summaries].filter(([name]) => !isGrowth(name));
  const results = {
    meaning: {
      storms: `${ALERTS} alerts (one for each of ${BASELINES} firewalls in firstOfEachFirewall), ${AT_ONCE} at once; medians of ${ROUNDS} rounds; milliseconds are of one machine`,
      perAlert: 'calls that the intake itself makes before it answers',
      overWithoutSignal: 'p50 and p99 over those of alerts that need no storage',
      reactions:
        'p50 and p99 with so many full reactions in the document of the baseline, one alert at a time, over those with 1',
      baselines: `p50 and p99 of new alerts over ${BASELINES} baselines, over those of new alerts that all change one`,
    },
    storms: Object.fromEntries(
      storms.map(([name, summary]) => [name, { ...summary, overWithoutSignal: over(name, 'withoutSignal') }]),
    ),
    growth: {
      reactions: Object.fromEntries([1, 10, 100].map((count) => [count, over(`reactions ${count}`, 'reactions 1')])),
      baselines: over('newOverManyBaselines', 'newOfOneFirewall'),
    },
  };
  const resultFolder = join(import.meta.dirname, 'results');
  mkdirSync(resultFolder, { recursive: true });
  const text = `${JSON.stringify(results, null, 2)}\n`;
  writeFileSync(join(resultFolder, 'alert-intake.json'), text);
  process.stdout.write(text);
} finally {
  await environment.stop();
  rmSync(folder, { recursive: true, force: true });
}
