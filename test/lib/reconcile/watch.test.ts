import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ReconcilerHealth, watchHead } from '../../../lib/reconcile/watch.ts';
import { type Adjustment, type BaselineHead, newHead } from '../../../lib/state/baseline-head.ts';

const NOW = '2026-03-01T12:00:00.000Z';
const EARLIER = '2026-03-01T11:00:00.000Z';
const LATER = '2026-03-01T13:00:00.000Z';

const reconciler = { instanceId: 'reconcile.base.1', restarts: 0, startedAt: EARLIER };
const counters = { operation: 3, reconciler: 1, spec: 1 };
const base: BaselineHead = { ...newHead('base'), specVersion: 1, counters };
const request = { operationId: 'base-3', trigger: 'put', requestedBy: 'somebody', at: EARLIER } as const;
const adjustment = (until: string): Adjustment => ({
  id: `a-${until}`,
  kind: 'firewallPublicIpCount',
  scope: 'egress',
  target: 't',
  value: 5,
  reason: 'r',
  since: EARLIER,
  until,
  by: 'somebody',
});

describe('watching a baseline', () => {
  it('leaves alone what is alive or at rest', () => {
    expect(watchHead(base, undefined, 'none', false, NOW)).toEqual({ head: null, result: {} });
    expect(watchHead({ ...base, reconciler }, reconciler.instanceId, 'alive', false, NOW)).toEqual({
      head: null,
      result: {},
    });
  });

  it('replaces a dead reconciler under a new id, and counts it', () => {
    const { head, result } = watchHead({ ...base, reconciler }, reconciler.instanceId, 'dead', false, NOW);

    expect(result).toEqual({ start: 'reconcile.base.2' });
    expect(head?.reconciler).toEqual({ instanceId: 'reconcile.base.2', restarts: 1, startedAt: NOW });
  });

  it('starts one that was named and never started under its own id', () => {
    expect(watchHead({ ...base, reconciler }, reconciler.instanceId, 'unknown', false, NOW)).toEqual({
      head: null,
      result: { start: reconciler.instanceId },
    });
  });

  it('gives up work at which reconcilers die again and again, and says so', () => {
    const dying = {
      ...base,
      reconciler: { ...reconciler, restarts: 10 },
      currentOperationId: 'base-3',
      requests: [request],
    };
    const { head, result } = watchHead(dying, reconciler.instanceId, 'dead', false, NOW);

    expect(result).toEqual({ givenUp: { operationId: 'base-3', requests: [request] } });
    expect(head).toMatchObject({
      reconciler: null,
      requests: [],
      leftInFlightBy: 'base-3',
      lastResult: { state: 'failed', operationId: 'base-3' },
      outbox: [{ decision: 'given up' }],
    });
  });

  it('starts a reconciler for requests that nobody has taken up', () => {
    expect(watchHead({ ...base, requests: [request] }, undefined, 'none', false, NOW).result).toEqual({
      start: 'reconcile.base.2',
    });
  });

  it('wakes what has waited long enough, under the same operation', () => {
    const waiting = { ...base, currentOperationId: 'base-3', wakeAt: EARLIER };
    const { head, result } = watchHead(waiting, undefined, 'none', false, NOW);

    expect(result).toEqual({ start: 'reconcile.base.2' });
    expect(head?.requests).toMatchObject([{ operationId: 'base-3', trigger: 'resume' }]);
    expect(watchHead({ ...waiting, wakeAt: LATER }, undefined, 'none', false, NOW)).toEqual({ head: null, result: {} });
  });

  it('wakes what waits for the stop switches as soon as they are off', () => {
    const waiting = { ...base, currentOperationId: 'base-3', waitsForPause: true };

    expect(watchHead(waiting, undefined, 'none', true, NOW)).toEqual({ head: null, result: {} });
    expect(watchHead(waiting, undefined, 'none', false, NOW).head?.requests).toMatchObject([{ trigger: 'resume' }]);
  });

  it('takes off a hold at its end and lets its operation go on', () => {
    const hold = { owner: 'incident', reason: 'r', until: EARLIER, since: EARLIER, by: 'somebody' };
    const { head, result } = watchHead({ ...base, hold, currentOperationId: 'base-3' }, undefined, 'none', false, NOW);

    expect(head).toMatchObject({ hold: null, generation: 1, requests: [{ operationId: 'base-3', trigger: 'resume' }] });
    expect(result.start).toBeDefined();
    expect(watchHead({ ...base, hold: { ...hold, until: LATER } }, undefined, 'none', false, NOW).head).toBeNull();
  });

  it('lets both go on at the end of a hold where one has stepped in before the other', () => {
    const hold = { owner: 'incident', reason: 'r', until: EARLIER, since: EARLIER, by: 'somebody' };
    const both = { ...base, hold, reconciler, currentOperationId: 'base-4', setAside: 'base-3', wakeAt: EARLIER };
    const { head, result } = watchHead(both, reconciler.instanceId, 'alive', false, NOW);

    expect(head?.requests).toMatchObject([
      { operationId: 'base-4', trigger: 'resume' },
      { operationId: 'base-3', trigger: 'resume' },
    ]);
    expect(head).toMatchObject({ currentOperationId: 'base-4', setAside: 'base-3', wakeAt: EARLIER });
    expect(result).toEqual({});
  });

  it('ends adjustments in time and runs the loop for it, also beside a live reconciler', () => {
    const adjusted = { ...base, adjustments: [adjustment(EARLIER), adjustment(LATER)] };
    const alone = watchHead(adjusted, undefined, 'none', false, NOW);
    const beside = watchHead({ ...adjusted, reconciler }, reconciler.instanceId, 'alive', false, NOW);

    expect(alone.head).toMatchObject({
      adjustments: [adjustment(LATER)],
      requests: [{ operationId: 'base-4', trigger: 'timer', requestedBy: 'somebody' }],
    });
    expect(alone.result.start).toBe('reconcile.base.2');
    expect(beside.head?.requests).toHaveLength(1);
    expect(beside.result).toEqual({});
  });

  it('asks for each part of the baseline by itself when adjustments of several end', () => {
    const of = (id: string, scope: string, by: string) => ({ ...adjustment(EARLIER), id, scope, by });
    const adjustments = [of('1', 'egress', 'ann'), of('2', 'spoke:a', 'bob'), of('3', 'egress', 'hubkeeper')];
    const { head } = watchHead({ ...base, adjustments }, undefined, 'none', false, NOW);

    expect(head?.requests).toMatchObject([
      { operationId: 'base-4', scope: 'egress', requestedBy: 'hubkeeper' },
      { operationId: 'base-5', scope: 'spoke:a', requestedBy: 'bob' },
    ]);
    expect(head).toMatchObject({ adjustments: [], generation: base.generation + 1 });
    expect(head?.outbox.map(({ operationId, discriminator }) => [operationId, discriminator])).toEqual([
      ['base-4', '1'],
      ['base-4', '3'],
      ['base-5', '2'],
    ]);
  });

  it('never acts on a reconciler that was replaced while it looked', () => {
    fc.assert(
      fc.property(fc.constantFrom<ReconcilerHealth>('none', 'alive', 'dead', 'unknown'), (health) => {
        expect(watchHead({ ...base, reconciler }, 'reconcile.base.0', health, false, NOW)).toEqual({
          head: null,
          result: {},
        });
      }),
    );
  });

  it('has nothing more to do right after it has acted', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.boolean(), (held, adjusted, requested) => {
        const hold = { owner: 'o', reason: 'r', until: EARLIER, since: EARLIER, by: 'b' };
        const head: BaselineHead = {
          ...base,
          currentOperationId: 'base-3',
          hold: held ? hold : null,
          adjustments: adjusted ? [adjustment(EARLIER)] : [],
          requests: requested ? [request] : [],
        };
        const first = watchHead(head, undefined, 'none', false, NOW).head ?? head;
        expect(
          watchHead(first, first.reconciler?.instanceId, first.reconciler === null ? 'none' : 'alive', false, NOW),
        ).toEqual({ head: null, result: {} });
      }),
    );
  });
});
