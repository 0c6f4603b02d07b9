import type { InvocationContext } from '@azure/functions';
import { afterEach, describe, expect, it } from '@jest/globals';
import * as df from 'durable-functions';
import type { App } from '../../functions/composition.ts';
import { registerDriftTimer } from '../../functions/drift-timer.ts';
import { purgeInstances } from '../../functions/purge-instances.ts';
import { registerReconcilerTimer } from '../../functions/reconciler-timer.ts';
import { createDriftIsOff } from '../../lib/reactions/drift/drift-mode.ts';
import type { BaselineHead } from '../../lib/state/baseline-head.ts';
import type { BaselineStore } from '../../lib/state/baseline-store.ts';
import { StorageError } from '../../lib/state/storage.ts';
import { registerOrchestrations } from '../../orchestrations/index.ts';
import { ORCHESTRATION } from '../../orchestrations/names.ts';
import { type Fixture, START, startFixture } from '../local/host/support/host-fixture.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';
import { createMemoryStorage } from '../support/memory-storage.ts';
import { Reconciling, smallSpec } from '../support/reconciling.ts';

const NAME = 'small';
const DAY_MS = 86_400_000;
const KEPT_DAYS = 7;
/** In the history of a scan that finds nothing: the README has the figure. */
const EVENTS_OF_A_SCAN = 8;
const HOURLY = '0 0 * * * *';
const DAILY = '0 0 0 * * *';
/** The watch is asked for by hand: between two scans nothing else is due. */
const YEARLY = '0 0 0 1 1 *';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

interface Listed {
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly lastUpdatedTime: string;
}

/** A store that cannot give the documents of these baselines. */
function unreadable(baselines: BaselineStore, names: readonly string[]): BaselineStore {
  return {
    ...baselines,
    read: async (name) => {
      if (names.includes(name)) throw new StorageError(`read ${name}`, 'no answer');
      return baselines.read(name);
    },
  };
}

/** The app's timers on the embedded host, with a provisioned baseline at rest in a fake of Azure. */
async function world({
  unreadBaselines = [],
  scans = DAILY,
}: {
  unreadBaselines?: readonly string[];
  scans?: string;
} = {}) {
  const dependencies = memoryDependencies();
  const reconciling = new Reconciling(dependencies, NAME);
  await reconciling.put(smallSpec(NAME, ['a'], { drift: { mode: 'act' } }), 'author');
  await reconciling.settle();
  const app = {
    ...dependencies,
    baselines: unreadable(dependencies.baselines, unreadBaselines),
    documents: createMemoryStorage().documents,
    alerts: { sweep: async () => 0 },
    time: async () => new Date(fixture.clock.nowMs()),
    driftIsOff: createDriftIsOff(dependencies),
  } as unknown as App;
  const settings = { HUBKEEPER_DRIFT_SCHEDULE: scans, HUBKEEPER_RECONCILER_SCHEDULE: YEARLY };
  fixture = await startFixture({ settings }, () => {
    registerDriftTimer(() => app);
    registerReconcilerTimer(() => app);
    registerOrchestrations(() => dependencies);
    df.app.orchestration('sleeper', function* sleeper(context) {
      yield context.df.createTimer(new Date(START + 30 * DAY_MS));
    });
  });
  const change = async (alter: (head: BaselineHead) => BaselineHead): Promise<void> => {
    await dependencies.baselines.change(NAME, (head) => ({ head: alter(head), result: undefined }));
  };
  return { dependencies, reconciling, change };
}

async function days(count: number): Promise<void> {
  await fixture.run(fixture.clock.nowMs() + count * DAY_MS);
}

async function instances(): Promise<readonly Listed[]> {
  return (await (await fixture.management('GET', 'instances/')).json()) as readonly Listed[];
}

async function ids(): Promise<readonly string[]> {
  return (await instances()).map(({ instanceId }) => instanceId);
}

/** Starts a reconciler of which the baseline knows nothing: it ends at once. */
async function startEnded(instanceId: string, baseline = NAME): Promise<void> {
  await fixture.start(ORCHESTRATION.reconcile, { version: 1, baseline, turn: 1, outcomes: [] }, instanceId);
  await fixture.host.settle();
  expect((await fixture.status(instanceId)).runtimeStatus).toBe('Completed');
}

/** The timer that watches reconcilers runs. */
async function watch(): Promise<void> {
  const { status } = await fetch(`${fixture.host.functionsUrl}/admin/functions/reconcilerTimer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(status).toBe(202);
  await fixture.host.settle();
}

/** What the app has logged with this text. */
const logged = (text: string) => fixture.logs.filter(({ fields }) => String(fields.text ?? '').includes(text));

describe('the history of orchestrations', () => {
  it('is kept for a week of scans at rest, and grows no further', async () => {
    await world({ scans: HOURLY });

    await days(KEPT_DAYS);
    const afterOneWeek = await ids();
    await days(2);

    const kept = await instances();
    expect(afterOneWeek).toHaveLength(24 * KEPT_DAYS);
    expect(kept).toHaveLength(24 * KEPT_DAYS);
    expect(afterOneWeek.filter((id) => kept.some(({ instanceId }) => instanceId === id))).toHaveLength(
      24 * (KEPT_DAYS - 2),
    );
    const oldestMs = Math.min(...kept.map(({ lastUpdatedTime }) => Date.parse(lastUpdatedTime)));
    expect(fixture.clock.nowMs() - oldestMs).toBeLessThanOrEqual(KEPT_DAYS * DAY_MS);
    for (const id of afterOneWeek) {
      const isKept = kept.some(({ instanceId }) => instanceId === id);
      expect(fixture.host.history(id)?.history.length).toBe(isKept ? EVENTS_OF_A_SCAN : undefined);
    }
    expect(logged('ended orchestrations purged').length).toBeGreaterThan(0);
    expect(logged('not purged')).toEqual([]);
    // Some hundred scans: seconds, and more of them on a busy machine.
  }, 120_000);

  it('stays of what has not ended, however old it is', async () => {
    await world();
    await fixture.start('sleeper', {}, 'asleep');
    await startEnded('old');

    await days(KEPT_DAYS + 1);

    expect((await fixture.status('asleep')).runtimeStatus).toBe('Running');
    expect(await ids()).not.toContain('old');
  });

  it('stays of one that a baseline names: it is dead then, and not one that was never started', async () => {
    const { change, reconciling } = await world();
    const instanceId = `reconcile.${NAME}.900`;
    await startEnded(instanceId);
    await startEnded('forgotten');
    const startedAt = new Date(START).toISOString();
    await change((head) => ({
      ...head,
      counters: { ...head.counters, reconciler: 900 },
      reconciler: { instanceId, restarts: 3, startedAt },
    }));

    await days(KEPT_DAYS + 1);

    expect(await ids()).toContain(instanceId);
    expect(await ids()).not.toContain('forgotten');
    await watch();
    expect((await reconciling.head()).counters.reconciler).toBe(901);
    expect(await ids()).toContain(`reconcile.${NAME}.901`);
    expect((await fixture.status(instanceId)).lastUpdatedTime).toBe('2026-11-20T08:00:00Z');
  });

  it('stays of a baseline that cannot be read, and of that alone', async () => {
    await world({ unreadBaselines: [NAME] });
    await startEnded('theirs', 'other');
    await startEnded('ours');

    await days(KEPT_DAYS + 1);

    expect(await ids()).toEqual(['ours']);
  });
});

/** Purges with a client that knows two orchestrations which ended in May. @returns what it warned of. */
async function purgeWith(client: Partial<df.DurableClient>): Promise<readonly unknown[]> {
  const warnings: unknown[] = [];
  const context = {
    info: () => undefined,
    warn: (...line: readonly unknown[]) => warnings.push(line),
  } as unknown as InvocationContext;
  const listed = ['stuck', 'other'].map((instanceId) => ({
    instanceId,
    runtimeStatus: 'Completed',
    createdTime: '2026-05-01T00:00:00Z',
    lastUpdatedTime: '2026-05-01T00:00:00Z',
    input: '',
  }));
  await purgeInstances({
    application: memoryDependencies(),
    client: { getStatusBy: async () => listed, ...client } as unknown as df.DurableClient,
    context,
    nowIso: '2026-06-01T12:00:00.000Z',
  });
  return warnings;
}

describe('a purge that fails', () => {
  it('is told in the log, and keeps no other from going', async () => {
    const purged: string[] = [];
    const warnings = await purgeWith({
      purgeInstanceHistory: async (instanceId) => {
        if (instanceId === 'stuck') throw new Error('412');
        purged.push(instanceId);
        return { instancesDeleted: 1 };
      },
    });

    expect(purged).toEqual(['other']);
    expect(warnings).toEqual([['ended orchestrations not purged', { count: 1, reason: '412' }]]);
  });

  it('stops no timer when the host does not answer', async () => {
    const warnings = await purgeWith({ getStatusBy: () => Promise.reject(new Error('no answer')) });

    expect(warnings).toEqual([['ended orchestrations not looked for', { reason: 'no answer' }]]);
  });
});
