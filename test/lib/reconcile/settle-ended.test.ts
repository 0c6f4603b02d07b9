import { describe, expect, it } from '@jest/globals';
import { readOperation } from '../../../functions/operations.ts';
import { settleEnded } from '../../../lib/reconcile/settle-ended.ts';
import { stopOperation } from '../../../lib/reconcile/stop-operation.ts';
import { watchHead } from '../../../lib/reconcile/watch.ts';
import type { BaselineHead } from '../../../lib/state/baseline-head.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'main';

function calledOff(head: BaselineHead, id: string, nowIso: string): BaselineHead {
  const stopped = stopOperation(head, id, 'alice', nowIso);
  if (stopped.outcome === 'notLive') throw new Error('There is nothing to stop.');
  return stopped.head;
}

async function world() {
  const dependencies = memoryDependencies();
  const reconciling = new Reconciling(dependencies, NAME);
  await reconciling.put(smallSpec(NAME, ['a']), 'alice');
  await reconciling.settle();
  const next = await reconciling.put(smallSpec(NAME, ['a'], { tags: { a: '1' } }), 'alice');
  const stateOf = async (id: string) => (await readOperation(dependencies, id, reconciling.nowIso))?.state;
  return { dependencies, reconciling, next, stateOf };
}

/** Reconcilers of the baseline have died so often that the next look gives the work up; nobody writes a document. */
async function giveUp(reconciling: Reconciling): Promise<void> {
  await reconciling.change((head) => {
    const reconciler = { instanceId: 'reconcile.main.9', restarts: 10, startedAt: reconciling.nowIso };
    const given = watchHead({ ...head, reconciler }, reconciler.instanceId, 'dead', false, reconciling.nowIso);
    return given.head ?? head;
  });
}

describe('an operation that was called off before it began', () => {
  it('is told as stopped from that moment on, whatever dies, and has its document after the next look', async () => {
    const { dependencies, reconciling, next, stateOf } = await world();
    await reconciling.change((head) => calledOff(head, next, reconciling.nowIso));

    expect(await stateOf(next)).toBe('stopped');
    await reconciling.settle();
    expect(await stateOf(next)).toBe('stopped');
    await settleEnded(dependencies, await reconciling.head());

    expect(await reconciling.run(next)).toMatchObject({ state: 'stopped', trigger: 'put', requestedBy: 'alice' });
    expect((await reconciling.head()).ended).toEqual([]);
    await settleEnded(dependencies, await reconciling.head());
    expect(await stateOf(next)).toBe('stopped');
  });

  it('and had made way for another one while it waited ends as stopped', async () => {
    const { dependencies, reconciling, next, stateOf } = await world();
    await reconciling.settle();
    const waiting = { ...(await reconciling.run(next)), operationId: 'main-9', planKey: '', state: 'waiting' } as const;
    await dependencies.runs.write(waiting, undefined);
    const request = {
      operationId: 'main-9',
      trigger: 'drift',
      requestedBy: 'hubkeeper',
      at: reconciling.nowIso,
    } as const;
    await reconciling.change((head) => ({ ...head, requests: [request] }));
    await reconciling.change((head) => calledOff(head, 'main-9', reconciling.nowIso));
    await settleEnded(dependencies, await reconciling.head());

    expect(await stateOf('main-9')).toBe('stopped');
    expect(await reconciling.head()).toMatchObject({ ended: [], requests: [] });
  });

  it('keeps its end with the baseline while its document cannot be written', async () => {
    const { dependencies, reconciling, next, stateOf } = await world();
    await reconciling.change((head) => calledOff(head, next, reconciling.nowIso));
    const busy = { ...dependencies, runs: { ...dependencies.runs, write: async () => 'conflict' as const } };

    await settleEnded(busy, await reconciling.head());

    expect((await reconciling.head()).ended).toHaveLength(1);
    expect(await stateOf(next)).toBe('stopped');
  });

  it('is stopped like one that runs when a turn had taken it up meanwhile', async () => {
    const { dependencies, reconciling, next } = await world();
    const before = await reconciling.head();
    await reconciling.turn();
    const { currentOperationId } = await reconciling.head();
    const ended = calledOff(before, next, reconciling.nowIso).ended ?? [];
    await reconciling.change((head) => ({ ...head, ended }));

    await settleEnded(dependencies, await reconciling.head());

    expect(currentOperationId).toBe(next);
    expect(await reconciling.head()).toMatchObject({ ended: [], stops: [next] });
    await reconciling.settle();
    expect(await reconciling.run(next)).toMatchObject({ state: 'stopped' });
  });
});

describe('work at which reconcilers kept dying', () => {
  it('ends as failed also when nobody wrote its documents at once', async () => {
    const { dependencies, reconciling, next, stateOf } = await world();
    await reconciling.turn();
    const recorded = await reconciling.record('reconcile', 'bob');
    await giveUp(reconciling);

    expect(await stateOf(recorded)).toBe('failed');
    for (let times = 0; times < 2; times++) await settleEnded(dependencies, await reconciling.head());

    for (const id of [next, recorded])
      expect(await reconciling.run(id)).toMatchObject({ state: 'failed', problems: [{ code: 'GivenUp' }] });
    expect((await reconciling.head()).ended).toEqual([]);
    expect(await reconciling.run(recorded)).toMatchObject({ trigger: 'reconcile', requestedBy: 'bob' });
  });
});

describe('an operation that nobody has asked for', () => {
  it.each(['garbage', 'main', 'main-3', 'main-0', 'other-1', '..-1', 'A-1', 'a.b-1'])(
    'is not there: %s',
    async (id) => {
      const { stateOf } = await world();

      expect(await stateOf(id)).toBeUndefined();
    },
  );

  it('is not queued because its number was counted last', async () => {
    const { reconciling, stateOf } = await world();
    await reconciling.settle();
    await reconciling.change((head) => ({ ...head, counters: { ...head.counters, operation: 9 } }));

    expect(await stateOf('main-9')).toBeUndefined();
  });
});
