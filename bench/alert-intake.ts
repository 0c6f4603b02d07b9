/**
 * How long the intake takes for an alert, and how many storage calls each kind of alert costs. Run:
 * `node bench/alert-intake.ts`. Storage is in memory, so that the time is our own: in Azure each call adds a round trip
 * of some milliseconds. Writes `bench/results/alert-intake.json`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Json } from '../lib/json.ts';
import { receiveAlert } from '../lib/reactions/receive-alert.ts';
import { createIntake, type Intake, NOW } from '../test/support/alert-intake.ts';
import { ALERT_SAMPLES, FIREWALL_ID, snatAlert } from '../test/support/alert-samples.ts';

const ALERTS = 5_000;
/** Firewalls, each in a baseline of its own, that the alerts are spread over. */
const FIREWALLS = 200;
/** Round trips that a storage account takes, for what the calls come to in Azure. */
const ROUND_TRIP_MS = 10;

interface Figures {
  readonly alerts: number;
  readonly storageCallsPerAlert: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** p99 with each storage call at ten milliseconds. */
  readonly p99InAzureMs: number;
}

async function measure(intake: Intake, payloads: readonly Json[]): Promise<Figures> {
  // As they come over the wire: reading the text is part of the work.
  const texts = payloads.map((payload) => JSON.stringify(payload));
  intake.calls();
  const times: number[] = [];
  for (const text of texts) {
    const before = performance.now();
    await receiveAlert(intake.dependencies, JSON.parse(text), NOW);
    times.push(performance.now() - before);
  }
  const storageCallsPerAlert = intake.calls().length / texts.length;
  times.sort((a, b) => a - b);
  const at = (share: number) => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(3));
  const p99Ms = at(0.99);
  return {
    alerts: texts.length,
    storageCallsPerAlert,
    p50Ms: at(0.5),
    p99Ms,
    p99InAzureMs: Number((p99Ms + storageCallsPerAlert * ROUND_TRIP_MS).toFixed(1)),
  };
}

function firewallId(n: number): string {
  return `${FIREWALL_ID}-${n}`;
}

async function managed(): Promise<Intake> {
  const intake = createIntake();
  for (let n = 0; n < FIREWALLS; n++) await intake.manage(`base-${n}`, [firewallId(n)]);
  return intake;
}

const different = Array.from({ length: ALERTS }, (_, n) =>
  snatAlert({ alertId: `/subscriptions/s/alerts/${n}`, alertTargetIDs: [firewallId(n % FIREWALLS)] }),
);
const foreign = ALERT_SAMPLES.filter(({ expected }) => expected.status === 200).map(
  ({ payload }) => JSON.parse(JSON.stringify(payload)) as Json,
);

const results = {
  newAlerts: await measure(await managed(), different),
  copies: await measure(
    await managed(),
    Array.from({ length: ALERTS }, () => snatAlert({ alertTargetIDs: [firewallId(0)] })),
  ),
  unmanagedFirewall: await measure(createIntake(), different),
  otherAlerts: await measure(
    await managed(),
    Array.from({ length: ALERTS }, (_, n) => foreign[n % (foreign.length - 2)] ?? null),
  ),
};

const folder = join(import.meta.dirname, 'results');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'alert-intake.json'), `${JSON.stringify(results, null, 2)}\n`);
console.table(results);
