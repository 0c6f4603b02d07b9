import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../../lib/json.ts';
import { reactionOperation } from '../../../../lib/reactions/reaction-operation.ts';
import { RELIEF_ADJUSTMENT, RELIEF_KIND } from '../../../../lib/reactions/snat/relief-names.ts';
import { watchEgress } from '../../../../lib/reactions/snat/watch-egress.ts';
import { type BaselineHead, newHead } from '../../../../lib/state/baseline-head.ts';
import {
  reactionOf,
  reactionsOf,
  reliefOf,
  withReactionGivenUp,
  withRelief,
  withSignal,
} from '../../../../lib/state/reactions.ts';
import { type SnatRelief, withOutcome } from '../../../../lib/state/snat-relief.ts';
import { FIREWALL_ID } from '../../../support/snat.ts';

const NOW = '2026-11-20T12:00:00.000Z';
const FACTS = { declared: { count: 3, names: ['pip-00', 'pip-01', 'pip-02'] }, waiting: new Set<string>() };

function adjusted(value: Json, head: BaselineHead = newHead('prod')): BaselineHead {
  const adjustment = {
    id: RELIEF_ADJUSTMENT,
    kind: 'firewallPublicIpCount',
    scope: 'egress',
    target: FIREWALL_ID,
    value,
    reason: 'r',
    since: '2026-11-19T12:00:00.000Z',
    until: '9999-12-31T00:00:00.000Z',
    by: 'hubkeeper',
  };
  return { ...head, specVersion: 1, adjustments: [adjustment] };
}

/** With a reaction that has ended, and remembers this. */
function remembering(head: BaselineHead, change: Partial<SnatRelief>): BaselineHead {
  const signal = {
    alertId: '/a/1',
    alertRule: 'snat',
    condition: 'Resolved' as const,
    severity: null,
    at: NOW,
    thresholdPercent: null,
    valuePercent: null,
  };
  const noted = withSignal(head, { kind: RELIEF_KIND, target: FIREWALL_ID, signal, nowIso: NOW }).head;
  const reaction = reactionOf(noted, RELIEF_KIND, FIREWALL_ID);
  if (reaction === undefined) throw new Error('Nothing was noted.');
  return withRelief(noted, reaction, { ...reliefOf(reaction), ...change });
}

describe('what the egress timer finds', () => {
  it('is nothing where a firewall has what its spec says', () => {
    expect(watchEgress({ ...newHead('prod'), specVersion: 1 }, FACTS, NOW)).toEqual({ head: null, reactions: [] });
    expect(watchEgress(remembering({ ...newHead('prod'), specVersion: 1 }, {}), FACTS, NOW).reactions).toEqual([]);
  });

  it('is a look at a firewall with more, when that is due, and only once', () => {
    const first = watchEgress(adjusted(5), FACTS, NOW);
    expect(first.reactions).toMatchObject([{ kind: RELIEF_KIND, target: FIREWALL_ID }]);
    expect(first.head && watchEgress(first.head, FACTS, NOW).reactions).toEqual([]);

    const later = remembering(adjusted(5), { lookAgainAt: '2026-11-20T12:00:01.000Z' });
    expect(watchEgress(later, FACTS, NOW).reactions).toEqual([]);
    expect(watchEgress(later, FACTS, '2026-11-20T12:00:01.000Z').reactions).toHaveLength(1);
  });

  it('is no look at a firewall whose orchestration kept dying, until it has rested; then there is one', () => {
    const end = '2026-11-20T12:00:01.000Z';
    const [evaluated] = watchEgress(adjusted(5), FACTS, NOW).reactions;
    const why = { code: 'ReactionGivenUp', message: 'It died.', at: NOW, restsUntil: end };
    for (const change of [{}, { lookAgainAt: NOW }]) {
      const { head } = watchEgress(remembering(adjusted(5), change), FACTS, NOW);
      const [named] = reactionsOf(head ?? adjusted(5));
      const over = withReactionGivenUp(head ?? adjusted(5), RELIEF_KIND, FIREWALL_ID, named?.instance?.id ?? '', why);

      expect(watchEgress(over, FACTS, NOW).reactions).toEqual([]);
      expect(watchEgress(over, FACTS, end).reactions).toMatchObject([{ target: evaluated?.target }]);
    }
  });

  it('is no look at a change that still waits for outsiders', () => {
    const action = {
      direction: 'out',
      operationId: 'prod-7',
      trigger: 'alert',
      decidedAt: NOW,
      reason: 'r',
      fromAddresses: 3,
      toAddresses: 5,
      previous: null,
      appliedAt: null,
      blindLooks: 0,
    } as const;
    const head = remembering(adjusted(5), { action });

    expect(watchEgress(head, { ...FACTS, waiting: new Set(['prod-7']) }, NOW).reactions).toEqual([]);
    expect(watchEgress(head, FACTS, NOW).reactions).toHaveLength(1);

    // One that has not come to its end rests as told, and then is looked at.
    const resting = remembering(adjusted(5), { action, lookAgainAt: '2026-11-20T12:00:01.000Z' });
    expect(watchEgress(resting, FACTS, NOW).reactions).toEqual([]);
    expect(watchEgress(resting, FACTS, '2026-11-20T12:00:01.000Z').reactions).toHaveLength(1);
  });

  describe('after people have changed something since the last look', () => {
    const HOUR_LATER = '2026-11-20T13:00:00.000Z';
    const short = { isUnmet: true, lookedAtGeneration: 7, lookAgainAt: '2026-11-24T12:00:00.000Z' };
    const looks = (change: Partial<SnatRelief>, head: Partial<BaselineHead> = {}) =>
      watchEgress(
        { ...remembering({ ...newHead('prod'), specVersion: 1 }, { ...short, ...change }), generation: 8, ...head },
        FACTS,
        HOUR_LATER,
      ).reactions.length;

    it('is a look at a firewall whose ports were short, whatever rest there was', () => {
      expect(looks({})).toBe(1);
      expect(looks({ lookAgainAt: null })).toBe(1);
      expect(looks({}, { generation: 7 })).toBe(0);
      expect(looks({ isUnmet: false })).toBe(0);
    });

    it('is a look while an alert is open', () => {
      const head = { ...remembering({ ...newHead('prod'), specVersion: 1 }, { ...short, isUnmet: false }) };
      const [reaction] = head.reactions ?? [];
      if (reaction === undefined) throw new Error('Nothing was noted.');
      const open = { ...head, generation: 8, reactions: [{ ...reaction, alerts: [{ alert: 'a', firedAt: NOW }] }] };

      expect(watchEgress(open, FACTS, HOUR_LATER).reactions).toHaveLength(1);
      expect(watchEgress({ ...open, generation: 7 }, FACTS, HOUR_LATER).reactions).toEqual([]);
    });

    it('lets rest what has failed lately, until there is a new spec', () => {
      const attempts = [{ at: NOW, outcome: 'failed' as const }];
      const history = (at: string) => ({ history: [{ version: 1, hash: 'h', by: 'author', at }] });

      expect(looks({ attempts }, history('2026-11-20T11:00:00.000Z'))).toBe(0);
      expect(looks({ attempts }, history('2026-11-20T12:30:00.000Z'))).toBe(1);
      expect(looks({ attempts: [{ at: '2026-11-19T12:00:00.000Z', outcome: 'failed' }] })).toBe(1);
    });
  });

  it('gives back what was kept long enough, and ends an adjustment that says no more than the spec', () => {
    const reserved = (until: string) => ({
      count: 3,
      detached: ['pip-04', 'pip-03'],
      reserved: [{ name: 'pip-03', until }],
    });

    const kept = watchEgress(adjusted(reserved('2026-11-20T12:00:01.000Z')), FACTS, NOW);
    expect(kept.head?.adjustments).toHaveLength(1);
    expect(kept.head?.requests).toEqual([]);

    const over = watchEgress(adjusted(reserved(NOW)), FACTS, NOW);
    expect(over.head?.adjustments).toEqual([]);
    expect(over.head?.generation).toBe(1);
    expect(over.head?.requests).toMatchObject([{ trigger: 'timer', requestedBy: 'hubkeeper', scope: 'egress' }]);
    expect(over.start).toBeDefined();
  });

  it('keeps an adjustment that leaves out an address of the spec', () => {
    const value = { count: 3, detached: ['PIP-02'], reserved: [] };

    expect(watchEgress(adjusted(value), FACTS, NOW).head?.adjustments).toHaveLength(1);
  });

  it('ends an adjustment that a larger spec has made needless, but not where a person has one too', () => {
    const head = adjusted(3);
    const [relief] = head.adjustments;
    if (relief === undefined) throw new Error('There is no adjustment.');
    const theirs = { ...relief, id: 'theirs', value: 3, by: 'alice', since: '2026-11-18T12:00:00.000Z' };
    const larger = { ...FACTS, declared: { count: 12, names: ['pip-00', 'pip-01', 'pip-02'] } };

    expect(watchEgress(head, larger, NOW).head?.adjustments).toEqual([]);
    const both = { ...head, adjustments: [theirs, relief] };
    expect(watchEgress(both, larger, NOW).head?.adjustments).toEqual([theirs, relief]);
    expect(watchEgress(both, larger, '9999-12-31T00:00:00.000Z').head?.adjustments).toEqual([theirs]);
  });

  it('is nothing in a baseline that is torn down', () => {
    expect(watchEgress({ ...adjusted(5), teardown: true }, FACTS, NOW).head).toBeNull();
  });
});

describe('the operation of an alert', () => {
  it('is unknown, then running, then as it ended', () => {
    const signal = {
      alertId: '/a/1',
      alertRule: 'snat',
      condition: 'Fired' as const,
      severity: null,
      at: NOW,
      thresholdPercent: 80,
      valuePercent: 90,
    };
    const head = withSignal(newHead('prod'), { kind: RELIEF_KIND, target: FIREWALL_ID, signal, nowIso: NOW }).head;
    expect(reactionOperation(newHead('prod'), 'prod-1', NOW)).toBeUndefined();
    expect(reactionOperation(head, 'prod-1', NOW)).toMatchObject({ state: 'running', trigger: 'alert' });

    const reaction = reactionOf(head, RELIEF_KIND, FIREWALL_ID);
    if (reaction === undefined) throw new Error('The signal was not recorded.');
    const outcome = { operationId: 'prod-1', state: 'failed', code: 'ModeObserve', message: 'm', at: NOW } as const;
    const ended = withRelief(head, reaction, withOutcome(reliefOf(reaction), outcome));
    expect(reactionOperation(ended, 'prod-1', NOW)).toMatchObject({
      state: 'failed',
      errors: [{ code: 'ModeObserve' }],
    });
  });
});
