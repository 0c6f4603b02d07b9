import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isFinal } from '../lib/api/operation.ts';
import type { HistoryEvent } from '../local/host/history-event.ts';
import { operationOf, put, sampleSpec } from '../test/support/baseline-scenario.ts';
import { BASELINE, buildCrashApp, startCrashEnvironment } from '../test/support/crash-run.ts';
import type { TestEnvironment } from '../test/support/environment.ts';
import { type GoldenHistory, pack, scrub } from '../test/support/golden-history.ts';

// Records the histories of the reconciler while it provisions the sample, for tests that replay them against later
// versions of the orchestrator. Record anew with each release, under the release's name, and keep the older files for as
// long as instances of those versions may be running.
//
// Run: npm run record-history -- --name NAME

const INSTANCE = `reconcile.${BASELINE}.1`;
/** Shorter than any wait of the reconciler, so that no turn is passed over. */
const STEP_SECONDS = 1;
const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

interface Recorded {
  readonly executionId: string;
  readonly name: string;
  readonly history: readonly HistoryEvent[];
}

/** Plays the story and collects the longest history of each generation. */
async function record(environment: TestEnvironment): Promise<GoldenHistory> {
  const generations = new Map<string, Recorded>();
  const look = async () => {
    const { status, body } = await environment.hostControl<Recorded>('GET', `history/${INSTANCE}`);
    if (status === 200 && body.history.length > 0) generations.set(body.executionId, body);
  };
  const operationId = await put(environment, BASELINE, sampleSpec());
  for (;;) {
    await look();
    const { state, errors } = await operationOf(environment, operationId);
    if (state === 'succeeded') break;
    if (isFinal(state)) throw new Error(`The operation ended as ${state}: ${JSON.stringify(errors)}`);
    await environment.advance(STEP_SECONDS);
  }
  await look();
  const recorded = [...generations.values()];
  const orchestrator = recorded[0]?.name;
  const beganAt = recorded[0]?.history[0]?.Timestamp;
  if (orchestrator === undefined || beganAt === undefined) throw new Error(`The host has no history of ${INSTANCE}.`);
  const golden = {
    orchestrator,
    story: 'The published sample is provisioned.',
    generations: recorded.map(({ history }) => pack(history)),
  };
  return scrub(golden, beganAt, sampleSpec().toLowerCase().match(GUID) ?? []);
}

const { values } = parseArgs({ options: { name: { type: 'string', default: 'provision-sample' } } });
const folder = mkdtempSync(join(tmpdir(), 'hubkeeper-record-history-'));
try {
  const environment = await startCrashEnvironment(buildCrashApp(folder));
  try {
    const golden = await record(environment);
    const file = join('test/golden', `${values.name}.json`);
    mkdirSync('test/golden', { recursive: true });
    writeFileSync(file, JSON.stringify(golden));
    spawnSync('biome', ['format', '--write', file], { stdio: 'inherit' });
    const events = golden.generations.reduce((sum, generation) => sum + generation.length, 0);
    process.stdout.write(`${file}: ${golden.generations.length} generations, ${events} events\n`);
  } finally {
    await environment.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
