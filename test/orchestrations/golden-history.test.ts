import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OrchestrationContext, Task } from 'durable-functions';
import * as df from 'durable-functions';
import { functionsCore } from '../../local/host/core.ts';
import { type ReplayReport, replayHistory } from '../../local/host/replay-history.ts';
import { ACTIVITY, ORCHESTRATION } from '../../orchestrations/names.ts';
import { createPlanBaseline } from '../../orchestrations/plan-baseline.ts';
import { createReconcileBaseline } from '../../orchestrations/reconcile-baseline.ts';
import { createRemediateDrift } from '../../orchestrations/remediate-drift.ts';
import { type GoldenHistory, scrub, unpack } from '../support/golden-history.ts';

const FOLDER = 'test/golden';
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

function read(file: string): GoldenHistory {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as GoldenHistory;
}

/** Replays every generation against what is registered. */
async function replay({ orchestrator, generations }: GoldenHistory): Promise<readonly ReplayReport[]> {
  const reports: ReplayReport[] = [];
  for (const generation of generations) {
    reports.push(await replayHistory({ core: functionsCore, name: orchestrator, history: unpack(generation) }));
  }
  return reports;
}

/** How many generations a recorded story has at least, and the activity by which it sets something off. */
const WHOLE: Readonly<Record<string, { readonly least: number; readonly starts: string }>> = {
  [ORCHESTRATION.reconcile]: { least: 2, starts: ACTIVITY.start },
  [ORCHESTRATION.remediateDrift]: { least: 1, starts: ACTIVITY.pokeReconciler },
};

type Orchestrator = (context: OrchestrationContext) => Generator<Task, unknown, unknown>;

/** Registers an orchestrator in place of today's. Activities are not called in a replay. */
function register(change: (today: Orchestrator) => Orchestrator): void {
  const orchestrators: Readonly<Record<string, Orchestrator>> = {
    [ORCHESTRATION.reconcile]: createReconcileBaseline(new df.RetryOptions(5_000, 6)),
    [ORCHESTRATION.plan]: createPlanBaseline(new df.RetryOptions(5_000, 6)),
    [ORCHESTRATION.remediateDrift]: createRemediateDrift(new df.RetryOptions(5_000, 6)),
  };
  for (const [name, today] of Object.entries(orchestrators)) {
    const changed = change(today);
    df.app.orchestration(name, function* (context) {
      return yield* changed(context);
    });
  }
  for (const name of Object.values(ACTIVITY)) df.app.activity(name, { handler: () => ({}) });
}

beforeEach(() => functionsCore.reset());

describe.each(files)('the recorded history %s', (file) => {
  it('fits the orchestrator of today: instances that are running now could go on', async () => {
    register((today) => today);

    const reports = await replay(read(file));

    expect(reports.filter((report) => !report.matches)).toEqual([]);
    expect(reports.every((report) => report.matches && report.episodes > 0)).toBe(true);
  });

  it('holds whole stories: it ends, in as many generations as it takes, and something was started and waited for', () => {
    const { orchestrator, generations } = read(file);

    const types = generations.flat().map((event) => event.EventType);
    const { least, starts } = WHOLE[orchestrator] ?? { least: 1, starts: '' };
    expect(generations.length).toBeGreaterThanOrEqual(least);
    expect(generations.at(-1)?.some((event) => event.EventType === 1)).toBe(true);
    expect(types).toEqual(expect.arrayContaining([0, 4, 5, 10, 11]));
    expect(generations.flat().some((event) => event.Name === starts)).toBe(true);
  });

  it('tells nothing of the machine it was recorded on', () => {
    const text = readFileSync(join(FOLDER, file), 'utf8');

    expect(text).not.toMatch(/127\.0\.0\.1|localhost|\/tmp\/|\/home\/|AccountKey|Bearer/i);
  });
});

/** Changes that nobody may make to a released orchestrator, and what they would do to instances that are running. */
const CHANGES: readonly [string, (today: Orchestrator) => Orchestrator, RegExp][] = [
  [
    'an activity more at the beginning',
    (today) =>
      function* (context) {
        yield context.df.callActivity(ACTIVITY.plan, {});
        return yield* today(context);
      },
    /For task 0 activity advanceReconciliation is recorded, now it asks for activity makePlanOperation/,
  ],
  [
    'a pause before the first decision',
    (today) =>
      function* (context) {
        yield context.df.createTimer(context.df.currentUtcDateTime);
        return yield* today(context);
      },
    /For task 0 activity advanceReconciliation is recorded, now it asks for timer/,
  ],
  [
    'a wait that is left out',
    (today) =>
      function* (context) {
        const story = today(context);
        let next = story.next();
        while (next.done !== true) {
          const isTimer = 'cancel' in next.value;
          next = story.next(isTimer ? undefined : yield next.value);
        }
        return next.value;
      },
    /is recorded/,
  ],
  [
    'generations that end earlier',
    (today) =>
      function* (context) {
        const story = today(context);
        let next = story.next();
        for (let steps = 0; next.done !== true; steps++) {
          if (steps === 5) {
            context.df.continueAsNew({ version: 1, baseline: 'aks-baseline', turn: 6, outcomes: [] });
            return undefined;
          }
          next = story.next(yield next.value);
        }
        return next.value;
      },
    /is recorded, now it is not scheduled/,
  ],
];

describe('a change that would break running instances', () => {
  it('is found in a recorded remediation of drift', async () => {
    for (const [name, change] of CHANGES.slice(0, 3)) {
      register(change);

      const reports = await replay(read('remediate-drift.json'));

      expect({ name, isFound: reports.some((report) => !report.matches) }).toEqual({ name, isFound: true });
      functionsCore.reset();
    }
  });

  it.each(CHANGES)('is found: %s', async (_, change, expected) => {
    register(change);

    const reports = await replay(read('provision-sample.json'));

    const found = reports.find((report) => !report.matches);
    expect(found).toEqual({ matches: false, episode: expect.any(Number), reason: expect.stringMatching(expected) });
  });
});

describe('scrub', () => {
  it('moves times without changing their distances, and gives ids that are drawn a fixed order', () => {
    const kept = 'aaaaaaaa-0000-4000-8000-000000000001';
    const event = (Timestamp: string, Result: string) => ({ EventType: 12, Timestamp, Result });
    const golden: GoldenHistory = {
      orchestrator: 'o',
      story: 's',
      generations: [
        [
          event('2030-05-01T10:00:00.000Z', `https://127.0.0.1:4567/x/${kept}?api-version=1&t=a-b_c`),
          event('2030-05-01T10:01:30.000Z', 'bbbbbbbb-1111-4111-8111-111111111111'),
        ],
      ],
    };

    const [events = []] = scrub(golden, '2030-05-01T10:00:00.000Z', [kept]).generations;

    expect(events).toEqual([
      event('2026-01-05T08:00:00.000Z', `https://management.azure.com/x/${kept}?api-version=1&t=drawn`),
      event('2026-01-05T08:01:30.000Z', '00000000-0000-4000-9000-000000000001'),
    ]);
  });
});
