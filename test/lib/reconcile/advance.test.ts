import { describe, expect, it } from '@jest/globals';
import type { Dependencies } from '../../../lib/dependencies.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import { type AdvanceRequest, advance } from '../../../lib/reconcile/advance.ts';
import { newRun } from '../../../lib/reconcile/new-run.ts';
import type { StartOutcome } from '../../../lib/reconcile/start-write.ts';
import { type BaselineHead, withReconciler } from '../../../lib/state/baseline-head.ts';
import type { RunDocument, RunRow } from '../../../lib/state/run.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const GROUP = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones';
const A = `${GROUP}/a`;
const B = `${GROUP}/b`;
const FIRST = 'reconcile.north.1';

function change(id: string, action: Change['action']): Change {
  return {
    id,
    action,
    kind: 'privateDnsZone',
    risk: 'safe',
    owner: 'spec',
    reason: 'It differs.',
    diff: [],
    estimatedMinutes: 1,
    lanes: [`zone:${id}`],
    dependsOn: [],
    scope: 'hub',
  };
}

function row(id: string, state: RunRow['state'], more: Partial<RunRow> = {}): RunRow {
  return {
    id,
    state,
    attempt: 1,
    writes: 0,
    changeHash: `hash of ${id}`,
    plan: { operationId: 'north-1', key: 'p' },
    ...more,
  };
}

const STARTING = { name: 'starting', startedAtMs: Date.parse(NOW) } as const;

/** A scheduled run of the baseline `north` in its second turn, with a plan that creates `a` and updates `b`. */
async function world(
  rows: readonly RunRow[],
  { run = {}, head = (now) => now }: { run?: Partial<RunDocument>; head?: (now: BaselineHead) => BaselineHead } = {},
): Promise<Dependencies> {
  const dependencies = memoryDependencies();
  const changes = [change(A, 'create'), change(B, 'update')];
  await dependencies.runs.writePlan({
    operationId: 'north-1',
    key: 'p',
    plan: { hash: 'h', changes, criticalPathMinutes: 1, refused: [] },
    nodes: {},
    sharedLanes: [],
  });
  const stored = await dependencies.baselines.change(
    'north',
    (empty) => {
      const counters = { ...empty.counters, operation: 1 };
      return { head: head(withReconciler({ ...empty, counters, currentOperationId: 'north-1' }, NOW).head), result: 0 };
    },
    { create: true },
  );
  const request = { operationId: 'north-1', trigger: 'timer', requestedBy: 'hubkeeper', at: NOW } as const;
  await dependencies.runs.write(
    {
      ...newRun(stored.head, request, rows, {}, NOW),
      stamp: `${FIRST}:1`,
      planKey: 'p',
      planHash: 'h',
      generation: 0,
      pauseGeneration: 0,
      replan: false,
      plansMade: 1,
      ...run,
    },
    undefined,
  );
  return dependencies;
}

function turn(dependencies: Dependencies, over: Partial<AdvanceRequest> = {}) {
  return advance(dependencies, { baseline: 'north', instanceId: FIRST, turn: 2, outcomes: [], nowIso: NOW, ...over });
}

async function journalOf({ journal }: Dependencies): Promise<readonly string[]> {
  const { entries } = await journal.read({ baseline: 'north' });
  return entries.map(({ operationId, resource, decision, reason }) =>
    [operationId, resource.split('/').at(-1), decision, reason].join(' | '),
  );
}

async function headOf({ baselines }: Dependencies): Promise<BaselineHead> {
  const stored = await baselines.read('north');
  if (stored === null) throw new Error('There is no baseline.');
  return stored.head;
}

const sent = (id: string): StartOutcome => ({
  id,
  attempt: 1,
  outcome: 'running',
  wrote: true,
  handle: { by: 'resource', expect: 'present' },
  retryAfterSeconds: 30,
});

describe('the journal of a turn', () => {
  it('tells why a start wrote nothing', async () => {
    const dependencies = await world([row(A, STARTING)]);
    const moved: StartOutcome = { id: A, attempt: 1, outcome: 'stale', why: 'The resource has changed.' };

    await turn(dependencies, { outcomes: [moved, { ...moved, attempt: 7, why: 'of another attempt' }] });

    const lines = await journalOf(dependencies);
    expect(lines).toContain('north-1 | a | not written | The resource has changed.');
    expect(lines.join()).not.toContain('another attempt');
  });

  it('tells what a stop has left undone', async () => {
    const dependencies = await world([row(A, { name: 'pending' }), row(B, { name: 'done' })], {
      head: (head) => ({ ...head, stops: ['north-1'] }),
    });

    expect(await turn(dependencies)).toEqual({ next: 'end' });

    expect(await journalOf(dependencies)).toEqual(
      expect.arrayContaining([
        'north-1 | a | not written | The operation was stopped before this was done.',
        'north-1 |  | stopped | 1 done.',
      ]),
    );
  });

  it('tells whose work is done by another operation', async () => {
    const request = { operationId: 'north-2', trigger: 'timer', requestedBy: 'hubkeeper', at: NOW } as const;
    const dependencies = await world([row(A, STARTING)], { head: (head) => ({ ...head, requests: [request] }) });

    await turn(dependencies);

    expect(await journalOf(dependencies)).toContain('north-2 |  | joined | Its work is done by the operation north-1.');
  });

  it('has nothing of what the loser of a race would have decided', async () => {
    const dependencies = await world([row(A, { name: 'done' })]);
    const { runs } = dependencies;
    let races = 1;
    const racing: Dependencies = {
      ...dependencies,
      runs: {
        ...runs,
        write: async (run, etag) => {
          if (races-- <= 0) return runs.write(run, etag);
          const line = { at: NOW, baseline: 'north', operationId: 'north-1', trigger: 'timer', resource: '' };
          const outbox = [{ ...line, decision: 'waits', reason: 'The other copy of the turn was faster.' }];
          const state = 'running' as const;
          await runs.write({ ...run, state, outbox, decision: { next: 'wait', seconds: 7 } }, etag);
          return runs.write(run, etag);
        },
      },
    };

    expect(await turn(racing)).toEqual({ next: 'wait', seconds: 7 });
    expect(await journalOf(dependencies)).toEqual(['north-1 |  | waits | The other copy of the turn was faster.']);
  });

  it.each([
    ['the same turn again', { turn: 2 }],
    ['another reconciler', { turn: 1, instanceId: 'reconcile.north.2' }],
  ])('loses no line when a turn dies before it could write them: %s brings them', async (_, next) => {
    const dependencies = await world([row(A, { name: 'pending' })], {
      head: (head) => ({ ...head, stops: ['north-1'] }),
    });
    const away = async () => Promise.reject(new Error('The journal is away.'));
    const broken: Dependencies = { ...dependencies, journal: { ...dependencies.journal, append: away } };
    await expect(turn(broken)).rejects.toThrow('away');
    expect(await journalOf(dependencies)).toEqual([]);
    if ('instanceId' in next)
      await dependencies.baselines.change('north', (head) => ({
        head: { ...head, reconciler: { instanceId: next.instanceId, restarts: 1, startedAt: NOW } },
        result: 0,
      }));

    expect(await turn(dependencies, next)).toEqual({ next: 'end' });

    expect(await journalOf(dependencies)).toHaveLength(2);
    expect(await headOf(dependencies)).toMatchObject({
      currentOperationId: null,
      reconciler: null,
      lastResult: { operationId: 'north-1', state: 'stopped' },
    });
  });
});

describe('the budget of unattended changes', () => {
  const starting = [row(A, STARTING), row(B, STARTING, { budgeted: true })];

  it('counts what takes from it as soon as it is written, once, whoever asks again', async () => {
    const dependencies = await world(starting);

    await turn(dependencies, { outcomes: [sent(A), sent(B)] });
    await turn(dependencies, { outcomes: [sent(A), sent(B)] });

    expect((await headOf(dependencies)).budget).toEqual({ day: '2026-06-01', runs: { 'north-1': 1 } });
    expect((await dependencies.runs.read('north-1'))?.run.spent).toHaveLength(1);
  });

  it('keeps what a run has made that a new spec overtakes, also what was under way to Azure then', async () => {
    const dependencies = await world(starting, { run: { spent: [{ changeHash: 'x', day: '2026-06-01' }] } });
    await dependencies.baselines.change('north', (head) => {
      const put = { operationId: 'north-2', trigger: 'put', requestedBy: 'alice', at: NOW } as const;
      return { head: { ...head, requests: [put], counters: { ...head.counters, operation: 2 } }, result: 0 };
    });

    // The turn that made it died right after it had stored its run: another reconciler has to book it.
    await dependencies.baselines.change('north', (head) => ({
      head: { ...head, reconciler: { instanceId: 'reconcile.north.2', restarts: 1, startedAt: NOW } },
      result: 0,
    }));
    await dependencies.ledger.write('north', [
      {
        id: B,
        kind: 'privateDnsZone',
        state: 'intended',
        created: true,
        confirmed: { a: 'spec' },
        intended: {},
        lanes: [],
        dependsOn: [],
        scope: 'hub',
        operationId: 'north-1',
        at: NOW,
      },
    ]);
    await turn(dependencies, { instanceId: 'reconcile.north.2', turn: 1 });

    const { runs } = (await headOf(dependencies)).budget;
    expect(Object.values(runs).reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it('is full again for the run that waits when a scheduled one joins, and not whenever an event comes', async () => {
    const spent = [{ changeHash: 'x', day: '2026-06-01' }];
    const request = (requestedBy: string, trigger: 'timer' | 'resume' | 'drift', operationId: string) =>
      ({ operationId, trigger, requestedBy, at: NOW }) as const;
    // Of what the run waits for: anything else steps in and joins nothing.
    const hint = { resource: B, action: 'write', at: NOW, author: null, correlationId: null } as const;
    const waiting = row(B, { name: 'waiting' });
    for (const [asked, expected] of [
      [request('hubkeeper', 'timer', 'north-2'), 1],
      [request('hubkeeper', 'drift', 'north-2'), 1],
      [{ ...request('hubkeeper', 'drift', 'north-2'), hints: [hint] }, 0],
      [request('alice', 'resume', 'north-1'), 0],
    ] as const) {
      const dependencies = await world([waiting], {
        run: { state: 'waiting', spent },
        head: (head) => ({ ...head, requests: [asked] }),
      });

      await turn(dependencies, { turn: 3 });

      expect((await dependencies.runs.read('north-1'))?.run.spentBefore).toBe(expected);
    }
  });
});
