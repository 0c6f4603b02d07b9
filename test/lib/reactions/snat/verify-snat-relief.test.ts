import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Effect, hasMoved, isEnough, isUndone } from '../../../../lib/reactions/snat/verify-snat-relief.ts';

const LIMITS = { utilizationPercent: 80, maximumPercent: 95 };

/** Three addresses became five; the readings are the average and the highest minute. */
function effect(before: readonly [number, number], now: readonly [number, number], served = 100): Effect {
  const reading = ([utilizationPercent, maximumPercent]: readonly [number, number], demandPorts: number) => ({
    utilizationPercent,
    maximumPercent,
    demandPorts,
  });
  return {
    before: reading(before, 100),
    now: reading(now, served),
    fromAddresses: 3,
    toAddresses: 5,
    presentAddresses: 5,
    limits: LIMITS,
  };
}

describe('an effect', () => {
  it('is utilisation below the limits, a fall, or more ports served', () => {
    expect(hasMoved(effect([88, 88], [52, 52]))).toBe(true);
    expect(hasMoved(effect([100, 100], [90, 90]))).toBe(true);
    expect(hasMoved(effect([100, 100], [100, 100], 160))).toBe(true);
    expect(hasMoved(effect([88, 88], [86, 86], 200))).toBe(true);
  });

  it('is none where the gauge stays where it was', () => {
    expect(hasMoved(effect([88, 88], [86, 86]))).toBe(false);
    expect(hasMoved(effect([100, 100], [100, 100]))).toBe(false);
  });

  it('is none where the same traffic still fills single minutes that asked for addresses', () => {
    expect(hasMoved(effect([60, 99], [36, 99]))).toBe(false);
    expect(hasMoved(effect([60, 99], [36, 96.5]))).toBe(false);
    // The peaks fell, or more was served in them.
    expect(hasMoved(effect([60, 99], [36, 70]))).toBe(true);
    expect(hasMoved(effect([60, 99], [50, 99], 139))).toBe(true);
  });

  it('is not enough while single minutes are at the maximum', () => {
    expect(isEnough(effect([88, 88], [52, 94.9]))).toBe(true);
    expect(isEnough(effect([88, 88], [52, 95]))).toBe(false);
    expect(isEnough(effect([88, 88], [80, 80]))).toBe(false);
    expect(hasMoved(effect([88, 99], [52, 95]))).toBe(true);
  });

  it('is undone where somebody has taken addresses off that are needed', () => {
    const left = (presentAddresses: number, now: number) => ({ ...effect([88, 88], [now, now]), presentAddresses });

    expect(isUndone(left(3, 88))).toBe(true);
    expect(isUndone(left(4, 86))).toBe(true);
    // Traffic has fallen as well, or nobody took any.
    expect(isUndone(left(3, 60))).toBe(false);
    expect(isUndone(left(5, 88))).toBe(false);
    expect(isUndone(left(6, 88))).toBe(false);
  });

  it('is there for any traffic that fills a pool, however small the step', () => {
    const count = fc.integer({ min: 1, max: 240 });
    fc.assert(
      fc.property(
        count,
        fc.integer({ min: 1, max: 10 }),
        fc.double({ min: 0.8, max: 5, noNaN: true }),
        (from, step, load) => {
          // `load`: ports wanted, as a share of those that there were.
          const gauge = (addresses: number) => Math.min(100, (100 * load * from) / addresses);
          const reading = (addresses: number) => ({
            utilizationPercent: gauge(addresses),
            maximumPercent: gauge(addresses),
            demandPorts: (gauge(addresses) / 100) * addresses * 4_992,
          });
          const to = from + step;

          const readings = { before: reading(from), now: reading(to), limits: LIMITS };
          expect(hasMoved({ ...readings, fromAddresses: from, toAddresses: to, presentAddresses: to })).toBe(true);
        },
      ),
    );
  });

  it('is none for any pool that serves no more than before', () => {
    const readings = fc.double({ min: 80, max: 100, noNaN: true });
    fc.assert(
      fc.property(readings, fc.integer({ min: 1, max: 240 }), fc.integer({ min: 1, max: 10 }), (level, from, step) => {
        const reading = { utilizationPercent: level, maximumPercent: level, demandPorts: 1_000 };
        const readings = { before: reading, now: reading, limits: LIMITS };
        const to = from + step;

        expect(hasMoved({ ...readings, fromAddresses: from, toAddresses: to, presentAddresses: to })).toBe(false);
      }),
    );
  });
});
