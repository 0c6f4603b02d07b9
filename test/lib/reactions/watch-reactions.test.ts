import { describe, expect, it } from '@jest/globals';
import { watchReaction } from '../../../lib/reactions/watch-reactions.ts';
import { type BaselineHead, newHead } from '../../../lib/state/baseline-head.ts';
import { type Reaction, reactionOf, withSignal } from '../../../lib/state/reactions.ts';
import { FIREWALL_ID } from '../../support/alert-samples.ts';

const KIND = 'relieveSnatExhaustion';
const NOW = '2026-05-04T09:13:00.000Z';

function alerted(): BaselineHead {
  const signal = {
    alertId: '/alerts/1',
    alertRule: null,
    condition: 'Fired',
    severity: null,
    at: NOW,
    thresholdPercent: 80,
    valuePercent: 90,
  } as const;
  return withSignal(newHead('prod'), { kind: KIND, target: FIREWALL_ID, signal, nowIso: NOW }).head;
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

  it('gives up on one that keeps dying, says so, and starts anew with the next alert', () => {
    let head = alerted();
    let starts = 0;
    for (;;) {
      const watched = watchReaction(head, current(head), 'dead', NOW);
      head = watched.head ?? head;
      if (watched.start === undefined) break;
      starts += 1;
    }

    expect(starts).toBe(5);
    expect(current(head)).toMatchObject({ instance: null, operationId: null, handled: 1 });
    expect(head.outbox.at(-1)).toMatchObject({ decision: 'given up', resource: FIREWALL_ID, operationId: 'prod-1' });
    expect(watchReaction(head, current(head), 'dead', NOW)).toEqual({ head: null });
  });

  it('does nothing to one that is not named any more', () => {
    const head = alerted();
    const seen = { ...current(head), instance: { id: 'other.1', startedAt: NOW, restarts: 9 } };

    expect(watchReaction(head, seen, 'dead', NOW)).toEqual({ head: null });
  });
});
