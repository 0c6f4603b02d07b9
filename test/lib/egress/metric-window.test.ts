import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  completeAtMs,
  completenessPercent,
  latestWindow,
  longestGapMinutes,
  type MetricWindow,
  maximumOverDimensions,
  stalenessMinutes,
  utilizationOf,
} from '../../../lib/egress/metric-window.ts';
import { level, MINUTE_MS, metric, NOW_MS } from '../../support/snat.ts';

describe('maximumOverDimensions', () => {
  it('takes the busiest protocol of each minute, never an average of them', () => {
    const window = metric(2, { TCP: (i) => level(i === 0 ? 90 : 10, 95)(), UDP: (i) => level(i === 0 ? 2 : 30, 40)() });

    expect(maximumOverDimensions(window).map(({ average, maximum }) => [average, maximum])).toEqual([
      [90, 95],
      [30, 95],
    ]);
  });

  it('leaves gaps out, and what is no utilisation at all', () => {
    const bad = [Number.NaN, -1, Number.POSITIVE_INFINITY];
    const window = metric(5, { TCP: (i) => (i < 3 ? level(bad[i] ?? 0)() : i === 3 ? null : level(7)()) });

    expect(maximumOverDimensions(window)).toEqual([{ atMs: NOW_MS - MINUTE_MS, average: 7, maximum: 7 }]);
  });

  it('takes repeats and any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), (order) => {
        const window = metric(5, { TCP: (index) => level(10 * index)() });
        const mixed: MetricWindow = {
          ...window,
          series: window.series.map((series) => ({
            ...series,
            samples: [...order, ...order].flatMap((index) => series.samples.slice(index, index + 1)),
          })),
        };

        expect(maximumOverDimensions(mixed)).toEqual(maximumOverDimensions(window));
        expect(completenessPercent(mixed)).toBe(100);
      }),
    );
  });

  it('does not look outside the window', () => {
    const window = metric(10, { TCP: level(50) });
    const later = { ...window, fromMs: NOW_MS - 2 * MINUTE_MS, untilMs: NOW_MS - MINUTE_MS };

    expect(maximumOverDimensions(later)).toHaveLength(1);
    expect(completenessPercent(later)).toBe(100);
  });
});

describe('completeness, staleness and gaps', () => {
  it('counts what has an average, of the least complete series', () => {
    const window = metric(20, { TCP: (i) => (i < 5 ? null : level(1)()), UDP: level(0) });

    expect(completenessPercent(window)).toBe(75);
    expect(longestGapMinutes(window)).toBe(0);
    expect(longestGapMinutes({ ...window, series: window.series.slice(0, 1) })).toBe(5);
  });

  it('is nothing where there is nothing', () => {
    expect(completenessPercent(metric(5, {}))).toBe(0);
    expect(completenessPercent(metric(5, { TCP: () => null, UDP: level(1) }))).toBe(0);
    expect(completenessPercent(metric(0, { TCP: level(1) }))).toBe(0);
    expect(stalenessMinutes(metric(5, { TCP: () => null }), NOW_MS)).toBeNull();
    expect(utilizationOf(metric(5, { TCP: () => null }))).toBeNull();
    expect(longestGapMinutes(metric(5, {}))).toBe(5);
  });

  it('counts age from the end of the newest grain', () => {
    const window = metric(10, { TCP: (i) => (i > 5 ? null : level(1)()) });

    expect(stalenessMinutes(window, NOW_MS)).toBe(4);
    expect(stalenessMinutes(metric(10, { TCP: level(1) }, 5), NOW_MS)).toBe(0);
  });

  it('can be complete when enough gaps have left the window, and no sooner', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 100 }),
        (isThere, needed) => {
          const later = (grains: number) => [...isThere.slice(grains), ...Array.from({ length: grains }, () => true)];
          const windowOf = (there: readonly boolean[]) =>
            metric(there.length, { TCP: (index) => (there[index] ? { average: 1, maximum: 1 } : null) });
          const window = windowOf(isThere);

          const grains = (completeAtMs(window, needed) - window.untilMs) / MINUTE_MS;

          expect(completenessPercent(windowOf(later(grains)))).toBeGreaterThanOrEqual(needed - 1e-6);
          if (grains > 0) expect(completenessPercent(windowOf(later(grains - 1)))).toBeLessThan(needed);
        },
      ),
    );
  });

  it('never calls more than all of it complete', () => {
    const grain = fc.constantFrom(1, 5, 60);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), grain, fc.nat(100), (minutes, grainMinutes, gap) => {
        const share = completenessPercent(
          metric(minutes, { TCP: (i) => (i % 7 < gap % 7 ? null : level(1)()) }, grainMinutes),
        );

        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(100);
        expect(share === 100).toBe(Math.floor(minutes / grainMinutes) > 0 && gap % 7 === 0);
      }),
    );
  });
});

describe('utilizationOf', () => {
  it('averages each protocol over its known minutes and takes the busiest', () => {
    const window = metric(5, {
      TCP: (i) => (i === 2 ? null : level(20 * i, 90)()),
      UDP: level(50, 55),
    });

    expect(utilizationOf(window)).toEqual({
      averagePercent: 50,
      maximumPercent: 90,
      dimension: 'UDP',
      completenessPercent: 100,
    });
  });

  it('shows a peak of a protocol that is not the busiest, and one above its missing maximum', () => {
    expect(utilizationOf(metric(2, { TCP: level(50), UDP: level(1, 99) }))?.maximumPercent).toBe(99);
    expect(utilizationOf(metric(2, { TCP: () => ({ average: 40, maximum: null }) }))?.maximumPercent).toBe(40);
  });
});

describe('latestWindow', () => {
  it('ends where the data ends', () => {
    const window = latestWindow(metric(30, { TCP: (i) => (i >= 27 ? null : level(1)()) }), 5);

    expect(window.untilMs).toBe(NOW_MS - 3 * MINUTE_MS);
    expect(window.untilMs - window.fromMs).toBe(5 * MINUTE_MS);
  });
});
