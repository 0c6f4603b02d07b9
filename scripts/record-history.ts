import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { actionKey } from '../lib/alerts/delivery-key.ts';
import { isFinal } from '../lib/api/operation.ts';
import { DRIFT_KIND } from '../lib/reactions/drift/drift-names.ts';
import type { HistoryEvent } from '../local/host/history-event.ts';
import { operationOf, put, sampleSpec, untilSettled } from '../test/support/baseline-scenario.ts';
import { COLLEAGUES_CHANGES, driftingSpec, makeChange } from '../test/support/crash-drift.ts';
import { BASELINE, buildCrashApp, startCrashEnvironment } from '../test/support/crash-run.ts';
import type { TestEnvironment } from '../test/support/environment.ts';
import { type GoldenHistory, pack, scrub } from '../test/support/golden-history.ts';

// Records the histories of an orchestration while it plays a story, for tests that replay them against later versions of
// the orchestrator. Record anew with each release, under the release's name, and keep the older files for as long as
// instances of those versions may be running.
//
// Run: npm run record-history -- --story STORY --name NAME

/** Shorter than any wait of an orchestration, so that no step is passed over. */
const STEP_SECONDS = 1;
const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

interface Recorded {
  readonly executionId: string;
  readonly name: string;
  readonly history: readonly HistoryEvent[];
}

interface Story {
  readonly text: string;
  /** The orchestration whose histories are kept. */
  readonly instanceId: string;
  /** `step`: time moves on, and the history is looked at. It tells what there is of each generation. */
  readonly play: (environment: TestEnvironment, step: () => Promise<readonly Recorded[]>) => Promise<void>;
}

const STORIES: Readonly<Record<string, Story>> = {
  'provision-sample': {
    text: 'The published sample is provisioned.',
    instanceId: `reconcile.${BASELINE}.1`,
    async play(environment, step) {
      const operationId = await put(environment, BASELINE, sampleSpec());
      for (;;) {
        await step();
        const { state, errors } = await operationOf(environment, operationId);
        if (state === 'succeeded') break;
        if (isFinal(state)) throw new Error(`The operation ended as ${state}: ${JSON.stringify(errors)}`);
      }
      await step();
    },
  },
  'remediate-drift': {
    text: 'Colleagues change the sample, and more of it while that is put right.',
    instanceId: `${actionKey(DRIFT_KIND, BASELINE)}.1`,
    async play(environment, step) {
      const { state } = await untilSettled(environment, await put(environment, BASELINE, driftingSpec()));
      if (state !== 'succeeded') throw new Error(`The sample was not provisioned: ${state}`);
      for (const change of COLLEAGUES_CHANGES.flat()) while (!(await makeChange(environment, change))) await step();
      for (;;) {
        const generations = await step();
        if (generations.at(-1)?.history.some(({ EventType }) => EventType === EXECUTION_COMPLETED)) break;
      }
    },
  },
};

const EXECUTION_COMPLETED = 1;

/** Plays the story and collects the longest history of each generation. */
async function record(environment: TestEnvironment, { text, instanceId, play }: Story): Promise<GoldenHistory> {
  const generations = new Map<string, Recorded>();
  const look = async () => {
    const { status, body } = await environment.hostControl<Recorded>('GET', `history/${instanceId}`);
    if (status === 200 && body.history.length > 0) generations.set(body.executionId, body);
  };
  await play(environment, async () => {
    await look();
    await environment.advance(STEP_SECONDS);
    await look();
    return [...generations.values()];
  });
  const recorded = [...generations.values()];
  const orchestrator = recorded[0]?.name;
  const beganAt = recorded[0]?.history[0]?.Timestamp;
  if (orchestrator === undefined || beganAt === undefined) throw new Error(`The host has no history of ${instanceId}.`);
  const golden = { orchestrator, story: text, generations: recorded.map(({ history }) => pack(history)) };
  return scrub(golden, beganAt, sampleSpec().toLowerCase().match(GUID) ?? []);
}

const { values } = parseArgs({
  options: { story: { type: 'string', default: 'provision-sample' }, name: { type: 'string' } },
});
const story = STORIES[values.story];
if (story === undefined)
  throw new Error(`There is no story '${values.story}'; there are ${Object.keys(STORIES).join(', ')}.`);
const folder = mkdtempSync(join(tmpdir(), 'hubkeeper-record-history-'));
try {
  const environment = await startCrashEnvironment(buildCrashApp(folder));
  try {
    const golden = await record(environment, story);
    const file = join('test/golden', `${values.name ?? values.story}.json`);
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
