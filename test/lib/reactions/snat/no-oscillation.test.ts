import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { snatPorts } from '../../../../lib/egress/snat-capacity.ts';
import { ClosedLoop, type Demand } from '../../../support/closed-loop.ts';

const FEWEST_INSTANCES = 2;
/** Of the small baseline. */
const DECLARED_ADDRESSES = 3;
const MOST_ADDRESSES = 20;
/** As short as a spec may have them. */
const EGRESS = { scaleIn: { lookBackHours: 24, cooldownHours: 24 } };
/** Longer than the look-back and the rest after a change: what has not moved by then has come to rest. */
const QUIET_DAYS = 3;
/** One address goes each day, after a look-back. */
const MOST_DAYS = MOST_ADDRESSES + QUIET_DAYS + 2;
/** Wall time on a machine that others use as well. */
const WITHIN_MS = 300_000;

/**
 * Ports of so many addresses in full use, and the busiest moment of a minute. Integers: generated floating-point numbers
 * are nearly all close to zero.
 */
const demands = fc
  .record({
    addressHundredths: fc.integer({ min: 0, max: MOST_ADDRESSES * 100 }),
    peakPercent: fc.integer({ min: 100, max: 160 }),
  })
  .map(({ addressHundredths, peakPercent }): Demand => {
    const ports = snatPorts(addressHundredths / 100, FEWEST_INSTANCES);
    return { ports, peakPorts: (ports * peakPercent) / 100 };
  });

/** Plays until the number of addresses has not changed for days. @returns whether it came to that. */
async function comesToRest(loop: ClosedLoop): Promise<boolean> {
  let quietDays = 0;
  for (let day = 0; day < MOST_DAYS && quietDays < QUIET_DAYS; day++) {
    const { length } = loop.counts;
    await loop.play(24);
    quietDays = loop.counts.length === length ? quietDays + 1 : 0;
  }
  return quietDays === QUIET_DAYS;
}

/** Whether one address less would be too few by the defaults of the spec, on the fewest instances. */
function isNeeded({ ports, peakPorts }: Demand, addresses: number): boolean {
  const left = snatPorts(addresses - 1, FEWEST_INSTANCES);
  return ports > 0.45 * left || peakPorts > 0.8 * left;
}

describe('a firewall under a demand that stays the same', () => {
  it(
    'comes to rest at a number of addresses: what was taken away never comes back',
    async () => {
      await fc.assert(
        fc.asyncProperty(demands, demands, fc.integer({ min: 2, max: 4 }), async (earlier, demand, instances) => {
          const loop = await ClosedLoop.provisioned(instances, EGRESS);
          loop.demand(earlier);
          await loop.play(3);
          loop.demand(demand);

          expect(await comesToRest(loop)).toBe(true);

          const { counts, relieving } = loop;
          const most = counts.indexOf(Math.max(...counts));
          expect(counts.slice(0, most + 1)).toEqual(counts.slice(0, most + 1).toSorted((a, b) => a - b));
          expect(counts.slice(most)).toEqual(counts.slice(most).toSorted((a, b) => b - a));
          const atRest = relieving.addresses();
          expect(atRest).toBeGreaterThanOrEqual(DECLARED_ADDRESSES);
          expect(atRest).toBeLessThanOrEqual(MOST_ADDRESSES);
          expect(atRest === DECLARED_ADDRESSES || isNeeded(demand, atRest)).toBe(true);
          // Either there are enough, or people know that there are not.
          const decisions = (await relieving.journal()).map(({ decision }) => decision);
          expect(!loop.isAlerting || decisions.includes('help needed')).toBe(true);
        }),
        // Each run takes seconds: a counterexample as it was found tells more than none in time.
        { numRuns: 15, endOnFailure: true },
      );
    },
    WITHIN_MS,
  );
});
