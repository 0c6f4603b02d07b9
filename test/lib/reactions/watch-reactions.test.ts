import { describe, expect, it } from '@jest/globals';
import { watchEgress } from '../../../lib/reactions/snat/watch-egress.ts';
import { type GivenUpReaction, watchReaction } from '../../../lib/reactions/watch-reactions.ts';
import { type BaselineHead, newHead } from '../../../lib/state/baseline-head.ts';
import { type Reaction, reactionOf, reliefOf, withRelief, withSignal } from '../../../lib/state/reactions.ts';
import { FIREWALL_ID } from '../../support/alert-samples.ts';

const KIND = 'relieveSnatExhaustion';
const NOW = '2026-05-04T09:13:00.000Z';

function alerted(head = newHead('prod'), alertId = '/alerts/1'): BaselineHead {
  const signal = {
    alertId,
    alertRule: null,
    condition: 'Fired',
    severity: null,
    at: NOW,
    thresholdPercent: 80,
    valuePercent: 90,
  } as const;
  return withSignal(head, { kind: KIND, target: FIREWALL_ID, signal, nowIso: NOW }).head;
}

function current(head: BaselineHead): Reaction {
  const reaction = reactionOf(head, KIND, FIREWALL_ID);
  if (reaction === undefined) throw new Error('There is no reaction.');
  return reaction;
}

describe('watchReaction', () => {
  it.each(['alive', 'none'] as const)('leaves one alone that is %s', (health) => {
    expect(watchReaction(alerted(), current(alerted()), health, NOW)).toEqual({ head: null });
  });

  it('starts the same one that was named and never ran', () => {
    const head = alerted();

    expect(watchReaction(head, current(head), 'unknown', NOW)).toEqual({
      head: null,
      start: { kind: KIND, baseline: 'prod', target: FIREWALL_ID, instanceId: current(head).instance?.id },
    });
  });

  it('names another one for one that died, under the same operation', () => {
    const head = alerted();
    const watched = watchReaction(head, current(head), 'dead', NOW);

    expect(watched.start?.instanceId).toMatch(/\.2$/);
    expect(watched.head === null ? undefined : current(watched.head)).toMatchObject({
      operationId: 'prod-1',
      sequence: 1,
      handled: 0,
      instance: { id: watched.start?.instanceId, restarts: 1 },
    });
  });

  /** The head after an orchestration that died whenever it was started. */
  function givenUp(from: BaselineHead) {
    let head = from;
    const told: GivenUpReaction[] = [];
    for (let starts = 0; ; starts++) {
      const watched = watchReaction(head, current(head), 'dead', NOW);
      head = watched.head ?? head;
      if (watched.givenUp !== undefined) told.push(watched.givenUp);
      if (watched.start === undefined) return { head, starts, told };
    }
  }

  it('gives up on one that keeps dying, says so once, and starts anew with the next alert', () => {
    const { head, starts, told } = givenUp(alerted());

    expect(starts).toBe(5);
    expect(current(head)).toMatchObject({ instance: null, operationId: null, handled: 1 });
    expect(head.outbox).toEqual([
      expect.objectContaining({ decision: 'given up', resource: FIREWALL_ID, operationId: 'prod-1' }),
    ]);
    expect(told).toEqual([expect.objectContaining({ target: FIREWALL_ID, operationId: 'prod-1' })]);
    expect(watchReaction(head, current(head), 'dead', NOW)).toEqual({ head: null });
    expect(alerted(head, '/alerts/2').reactions).toMatchObject([{ instance: { restarts: 0 } }]);
  });

  it('lets the timer rest for a day then, although a change was recorded', () => {
    const action = {
      direction: 'out',
      operationId: 'prod-1',
      trigger: 'alert',
      decidedAt: NOW,
      reason: 'r',
      fromAddresses: 3,
      toAddresses: 5,
      previous: null,
      appliedAt: null,
      blindLooks: 0,
    } as const;
    const before = { ...alerted(), specVersion: 1 };
    const acting = withRelief(before, current(before), { ...reliefOf(current(before)), action });

    const { head } = givenUp(acting);

    const dueAt = (at: string) => watchEgress(head, { waiting: new Set() }, at).reactions.length;
    expect(dueAt('2026-05-05T09:12:59.999Z')).toBe(0);
    expect(dueAt('2026-05-05T09:13:00.000Z')).toBe(1);
    expect(reliefOf(current(head)).action).toEqual(action);
  });

  it('rests then also where something had been changed since the last look', () => {
    const before = { ...alerted(), specVersion: 1, generation: 8 };
    const looked = withRelief(before, current(before), {
      ...reliefOf(current(before)),
      lookedAtGeneration: 7,
      isUnmet: true,
    });

    const { head } = givenUp(looked);

    const later = '2026-05-04T10:00:00.000Z';
    expect(watchEgress(head, { waiting: new Set() }, later).reactions).toEqual([]);
    expect(watchEgress({ ...head, generation: 9 }, { waiting: new Set() }, later).reactions).toHaveLength(1);
  });

  it('does nothing to one that is not named any more', () => {
    const head = alerted();
    const seen = { ...current(head), instance: { id: 'other.1', startedAt: NOW, restarts: 9 } };

    expect(watchReaction(head, seen, 'dead', NOW)).toEqual({ head: null });
  });
});
