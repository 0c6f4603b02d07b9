import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  contestedAt,
  leftToOthers,
  MOST_REVERSALS,
  pauseSeconds,
  withoutEnded,
  withPutRights,
  withReversals,
} from '../../../lib/drift/contest.ts';
import { type Contest, MOST_CONTESTS } from '../../../lib/drift/drift-record.ts';

const X = { id: '/a', kind: 'thing', path: 'properties.x' };
const START_MS = Date.parse('2026-06-01T12:00:00.000Z');
const HOUR_MS = 3_600_000;
const iso = (ms: number) => new Date(START_MS + ms).toISOString();
const going = { isTakenOver: () => false, specVersion: 1 };

type Step = { readonly step: 'putRight' | 'drifted'; readonly afterMs: number };

/** Plays put-rights and drifts of one property, as scans see them. */
function play(steps: readonly Step[]): { readonly contests: readonly Contest[]; readonly atMs: number } {
  let contests: readonly Contest[] = [];
  let atMs = 0;
  for (const { step, afterMs } of steps) {
    atMs += afterMs;
    contests = withoutEnded(contests, { ...going, nowMs: START_MS + atMs }).contests;
    contests =
      step === 'putRight'
        ? withPutRights(contests, [X], { at: iso(atMs), operationId: `north-${atMs}` }, 1)
        : withReversals(contests, [{ ...X, origin: null }], 'north-9', iso(atMs)).contests;
  }
  return { contests, atMs };
}

/** A property that is put right and changed back so often. */
function fought(reversals: number): ReturnType<typeof play> {
  const round: readonly Step[] = [
    { step: 'putRight', afterMs: 60_000 },
    { step: 'drifted', afterMs: 60_000 },
  ];
  return play(Array.from({ length: reversals }, () => round).flat());
}

describe('the pause between reversals', () => {
  it('is 2 s, three times as long each time, at most 300 s', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map(pauseSeconds)).toEqual([0, 2, 6, 18, 54, 162, 300]);
  });

  it('never shrinks', () => {
    fc.assert(fc.property(fc.nat(1_000), (n) => expect(pauseSeconds(n + 1)).toBeGreaterThanOrEqual(pauseSeconds(n))));
  });
});

const someSteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    step: fc.constantFrom<Step['step']>('putRight', 'drifted'),
    afterMs: fc.integer({ min: 1, max: 2 * HOUR_MS }),
  }),
  { maxLength: 30 },
);

describe('a contest', () => {
  it('counts at most one reversal for each time that the property was put right, in any order of scans', () => {
    fc.assert(
      fc.property(someSteps, (drawn) => {
        for (const { ours, theirs, stoppedAt } of play(drawn).contests) {
          const putRights = drawn.filter(({ step }) => step === 'putRight').length;
          expect(theirs.length).toBeLessThanOrEqual(Math.min(putRights, MOST_REVERSALS));
          expect(ours.length).toBeLessThanOrEqual(MOST_REVERSALS + 1);
          expect(stoppedAt !== null).toBe(theirs.length === MOST_REVERSALS);
        }
      }),
    );
  });

  it('is known to stop before the look that sees its last reversal', () => {
    fc.assert(
      fc.property(someSteps, fc.integer({ min: 1, max: 30 * HOUR_MS }), (drawn, afterMs) => {
        const { contests, atMs } = play(drawn);
        const endings = { ...going, nowMs: START_MS + atMs + afterMs };
        const then = play([...drawn, { step: 'drifted', afterMs }]).contests;

        expect(leftToOthers(contests, endings, true)).toEqual(
          contestedAt(then, endings.nowMs).filter(({ stopped }) => stopped),
        );
        expect(leftToOthers(contests, endings, false)).toEqual(
          contestedAt(withoutEnded(contests, endings).contests, endings.nowMs).filter(({ stopped }) => stopped),
        );
      }),
    );
  });

  it('is stopped by the third reversal and not before', () => {
    expect(fought(2).contests).toMatchObject([{ stoppedAt: null }]);
    expect(fought(3).contests).toMatchObject([{ stoppedAt: iso(fought(3).atMs) }]);
  });

  it('does not begin with what drifts a day after it was put right', () => {
    const late = play([
      { step: 'putRight', afterMs: 0 },
      { step: 'drifted', afterMs: 24 * HOUR_MS },
    ]);

    expect(late.contests).toEqual([]);
  });

  it('is not moved by the same drift seen again, nor by the same put-right told again', () => {
    const { contests, atMs } = fought(1);
    const [contest] = contests;
    const seen = withReversals(contests, [{ ...X, origin: null }], 'north-9', iso(atMs + 1_000));
    const told = withPutRights(contests, [X], { at: contest?.ours[0]?.at ?? '', operationId: 'north-60000' }, 1);

    expect(seen).toEqual({ contests, stopped: [] });
    expect(told).toEqual(contests);
  });

  it('binds the guard: a pause after a reversal, then nothing, then a stop for a day', () => {
    const one = fought(1);
    const three = fought(3);
    const reversedMs = START_MS + one.atMs;

    expect(contestedAt(one.contests, reversedMs + 1_999)).toMatchObject([{ stopped: false, path: X.path }]);
    expect(contestedAt(one.contests, reversedMs + 2_000)).toEqual([]);
    expect(contestedAt(three.contests, START_MS + three.atMs + HOUR_MS)).toMatchObject([
      { stopped: true, untilIso: iso(three.atMs + 24 * HOUR_MS) },
    ]);
  });

  it.each([
    ['reconciledByHand', { ...going, isTakenOver: () => true }, HOUR_MS],
    ['specChanged', { ...going, specVersion: 2 }, HOUR_MS],
    ['rested', going, 24 * HOUR_MS],
  ])('is over: %s', (because, endings, afterMs) => {
    const { contests, atMs } = fought(3);

    expect(withoutEnded(contests, { ...endings, nowMs: START_MS + atMs + afterMs })).toMatchObject({
      contests: [],
      ended: [{ because }],
    });
    expect(withoutEnded(contests, { ...going, nowMs: START_MS + atMs + HOUR_MS })).toEqual({ contests, ended: [] });
  });

  it('is one of a bounded number, of which those with two writers stay', () => {
    const many = Array.from({ length: MOST_CONTESTS + 10 }, (_, at) => ({ ...X, id: `/r${at}` }));
    const all = withPutRights(fought(1).contests, many, { at: iso(HOUR_MS), operationId: 'north-3' }, 1);

    expect(all).toHaveLength(MOST_CONTESTS);
    expect(all).toContainEqual(fought(1).contests[0]);
  });
});
