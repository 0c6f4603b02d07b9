import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  type EndedInstance,
  INSTANCE_KEPT_DAYS,
  INSTANCES_PURGED_AT_ONCE,
  instancesToPurge,
  namedInstances,
} from '../../../lib/reconcile/prune-instances.ts';
import { newHead, withPlanAsked, withReconciler } from '../../../lib/state/baseline-head.ts';
import { withSignal } from '../../../lib/state/reactions.ts';

const NOW = '2026-06-08T12:00:00.000Z';
const DAY_MS = 86_400_000;
const KEPT_MS = INSTANCE_KEPT_DAYS * DAY_MS;

const nobody = { named: new Set<string>(), unreadBaselines: new Set<string>() };

const ended = (instanceId: string, days: number, baseline?: string): EndedInstance => ({
  instanceId,
  endedAtMs: Date.parse(NOW) - days * DAY_MS,
  ...(baseline === undefined ? {} : { baseline }),
});

describe('orchestrations that are over', () => {
  it('go when they ended long enough ago, the oldest first', () => {
    const all = [ended('week', 7), ended('younger', 6.99), ended('month', 30), ended('today', 0)];

    expect(instancesToPurge(all, nobody, NOW)).toEqual(['month', 'week']);
  });

  it('stay while a baseline names them, or while the baseline that may name them cannot be read', () => {
    const all = [ended('a', 8, 'north'), ended('b', 8, 'south'), ended('c', 8), ended('d', 8, 'north')];

    expect(instancesToPurge(all, { ...nobody, named: new Set(['a']) }, NOW)).toEqual(['b', 'c', 'd']);
    expect(instancesToPurge(all, { ...nobody, unreadBaselines: new Set(['north']) }, NOW)).toEqual(['b']);
  });

  it('go a bounded number at a time, until none is left that has to go', () => {
    const some = fc.integer({ min: 0, max: 40 });
    const instance = fc.record({ days: fc.double({ min: 0, max: 60, noNaN: true }), named: fc.boolean() });
    fc.assert(
      fc.property(fc.array(instance, { maxLength: 60 }), some, (drawn, more) => {
        const crowd = Array.from({ length: more * 100 }, (_, at) => ended(`crowd-${at}`, 20));
        const all = [...drawn.map(({ days }, at) => ended(`drawn-${at}`, days)), ...crowd];
        const named = new Set(drawn.flatMap((one, at) => (one.named ? [`drawn-${at}`] : [])));
        const due = all.filter(
          ({ instanceId, endedAtMs }) => !named.has(instanceId) && Date.parse(NOW) - endedAtMs >= KEPT_MS,
        );
        let left = all;
        const gone: string[] = [];
        for (let calls = 0; calls <= due.length / INSTANCES_PURGED_AT_ONCE; calls++) {
          const now = instancesToPurge(left, { ...nobody, named }, NOW);
          expect(now.length).toBeLessThanOrEqual(INSTANCES_PURGED_AT_ONCE);
          gone.push(...now);
          left = left.filter(({ instanceId }) => !now.includes(instanceId));
        }
        expect(new Set(gone)).toEqual(new Set(due.map(({ instanceId }) => instanceId)));
        expect(gone).toHaveLength(due.length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the orchestrations that a baseline names', () => {
  it('are its reconciler, those of its reactions that are at work, and the planners it has asked for', () => {
    const target = '/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/azureFirewalls/fw';
    const signal = {
      alertId: 'a',
      alertRule: null,
      condition: 'Fired',
      severity: 'Sev1',
      at: NOW,
      thresholdPercent: null,
      valuePercent: null,
    } as const;
    const reconciling = withReconciler(newHead('north'), NOW);
    const planning = withPlanAsked(reconciling.head, 'alice', NOW);
    const relieving = withSignal(planning.head, { kind: 'relieveSnatExhaustion', target, signal, nowIso: NOW });

    expect(namedInstances(newHead('north'))).toEqual([]);
    expect(relieving.start).toBeDefined();
    expect(namedInstances(relieving.head)).toEqual([reconciling.start, relieving.start, 'plan.north-1']);
  });
});
