import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  booked,
  paidChanges,
  refilled,
  usedInRun,
  usedToday,
  withPaidDone,
  withSpent,
} from '../../../lib/reconcile/budget.ts';
import type { RunRow } from '../../../lib/state/run.ts';

const NOON = '2026-03-01T12:00:00.000Z';
const NEXT_DAY = '2026-03-02T00:00:01.000Z';
const NOTHING = { operationId: 'north-1', spent: [], spentBefore: 0 } as const;

function row(changeHash: string, budgeted: boolean): RunRow {
  return {
    id: `/${changeHash}`,
    state: { name: 'starting', startedAtMs: 0 },
    attempt: 1,
    writes: 0,
    changeHash,
    budgeted,
  };
}

describe('the budget of a run', () => {
  it('counts every write but another try of what has not come to its end', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ hash: fc.constantFrom('a', 'b'), isDone: fc.boolean() })), (writes) => {
        let run: Parameters<typeof withPaidDone>[0] & typeof NOTHING = NOTHING;
        for (const { hash, isDone } of writes)
          run = withPaidDone(withSpent(run, [row(hash, true)], NOON), isDone ? [hash] : []);

        const lastOf = (hash: string) => writes.findLast((one) => one.hash === hash);
        const open = ['a', 'b'].filter((hash) => lastOf(hash)?.isDone === false);
        expect(run.spent).toHaveLength(writes.filter(({ isDone }) => isDone).length + open.length);
        expect(paidChanges(run).toSorted()).toEqual(open);
      }),
    );
  });

  it('counts what takes from it, once for each change', () => {
    const once = withSpent(NOTHING, [row('a', true), row('create', false), row('b', true)], NOON);
    const again = withSpent(once, [row('a', true)], NOON);

    expect(usedInRun(once)).toBe(2);
    expect(again).toBe(once);
  });

  it('is full again after a refill, and what was made is still known', () => {
    const used = refilled(withSpent(NOTHING, [row('a', true)], NOON));
    const more = withSpent(used, [row('b', true)], NOON);

    expect([usedInRun(used), usedInRun(more)]).toEqual([0, 1]);
    expect(more.spent.map(({ changeHash }) => changeHash)).toEqual(['a', 'b']);
  });
});

describe('the budget of a day', () => {
  it('counts what other runs have booked and what this one has made so far', () => {
    const budget = { day: '2026-03-01', runs: { 'north-0': 3, 'north-1': 1 } };
    const run = withSpent(NOTHING, [row('a', true), row('b', true)], NOON);

    expect(usedToday(budget, run, NOON)).toBe(5);
  });

  it('begins anew with the day, for a run that goes on over midnight too', () => {
    const evening = withSpent(NOTHING, [row('a', true), row('b', true)], NOON);
    const morning = withSpent(evening, [row('c', true)], NEXT_DAY);
    const budget = booked({ day: '2026-03-01', runs: { 'north-0': 7 } }, evening, NOON);

    expect(budget).toEqual({ day: '2026-03-01', runs: { 'north-0': 7, 'north-1': 2 } });
    expect(usedToday(budget, morning, NEXT_DAY)).toBe(1);
    expect(booked(budget, morning, NEXT_DAY)).toEqual({ day: '2026-03-02', runs: { 'north-1': 1 } });
  });

  it('is the same however often a run is booked, and holds nothing of runs that made nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 8 }), fc.integer({ min: 1, max: 4 }), (hashes, times) => {
        const run = withSpent(
          NOTHING,
          hashes.map((hash) => row(hash, true)),
          NOON,
        );
        const empty = { day: '', runs: {} };
        let budget = booked(empty, run, NOON);
        for (let n = 1; n < times; n++) budget = booked(budget, run, NOON);

        expect(usedToday(budget, run, NOON)).toBe(new Set(hashes).size);
        if (hashes.length === 0) expect(budget).toBe(empty);
        else expect(budget.runs).toEqual({ 'north-1': new Set(hashes).size });
      }),
    );
  });
});
