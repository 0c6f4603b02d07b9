import { describe, expect, it } from '@jest/globals';
import { type Adjustment, type Hold, newHead, withAdjustment, withHold } from '../../../lib/state/baseline-head.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const HOLD: Hold = {
  owner: 'network-duty',
  reason: 'packet loss',
  until: '2026-06-01T14:00:00.000Z',
  since: NOW,
  by: 'ann',
};

function held(hold: Hold) {
  return { ...newHead('base'), hold };
}

describe('a hold', () => {
  it("does not replace somebody else's that is live", () => {
    expect(withHold(held(HOLD), { ...HOLD, owner: 'database-duty' }, NOW)).toEqual({ heldBy: HOLD });
  });

  it('is changed by its owner, and replaces one that has ended', () => {
    const longer = { ...HOLD, owner: 'Network-Duty', until: '2026-06-01T18:00:00.000Z' };
    expect(withHold(held(HOLD), longer, NOW)).toMatchObject({ head: { hold: longer, generation: 1 } });
    const other = { ...HOLD, owner: 'database-duty' };
    expect(withHold(held({ ...HOLD, until: NOW }), other, NOW)).toMatchObject({ head: { hold: other } });
    expect(withHold(newHead('base'), HOLD, NOW)).toMatchObject({ head: { hold: HOLD } });
  });
});

describe('adjustments', () => {
  const adjustment = (id: string, value = 1): Adjustment => ({
    id,
    kind: 'publicIpCount',
    scope: 'egress',
    target: 'firewall',
    value,
    reason: 'more ports',
    since: NOW,
    until: HOLD.until,
    by: 'ann',
  });

  it('are at most fifty, and one of the same id is replaced even then', () => {
    const ids = Array.from({ length: 50 }, (_, at) => `a${at}`);
    const full = { ...newHead('base'), adjustments: ids.map((id) => adjustment(id)) };

    expect(withAdjustment(full, adjustment('one-more'))).toBeNull();
    expect(withAdjustment(full, adjustment('a0', 2))?.adjustments.at(-1)).toEqual(adjustment('a0', 2));
    expect(withAdjustment(newHead('base'), adjustment('a'))?.adjustments).toEqual([adjustment('a')]);
  });
});
