import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideScaleIn, decideScaleOut } from '../../../lib/egress/snat-policy.ts';
import { stepStillHolds } from '../../../lib/egress/step-still-holds.ts';
import { address, addresses, firewall, scaleInInput, scaleOutInput } from '../../support/snat.ts';

const addressCount = fc.integer({ min: 2, max: 100 });
const percent = fc.double({ min: 0, max: 100, noNaN: true });

describe('a step that is asked about once more', () => {
  it('out holds exactly while as many addresses are wanted, or more', () => {
    fc.assert(
      fc.property(addressCount, percent, percent, (count, then, now) => {
        const { change } = decideScaleOut(scaleOutInput(count, then));
        if (change === null) return;
        const again = decideScaleOut(scaleOutInput(count, now));

        const holds = stepStillHolds(again, { direction: 'out', count: change.value.count });

        expect(holds).toBe((again.change?.toAddresses ?? count) >= change.toAddresses);
        if (now >= then) expect(holds).toBe(true);
        if (now < 80) expect(holds).toBe(false);
      }),
    );
  });

  it('back holds on the figures it was decided on, and with no other address, number or direction', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 40 }), fc.double({ min: 0, max: 20, noNaN: true }), (count, average) => {
        const decided = decideScaleIn(scaleInInput(count, average));
        const { change } = decided;
        if (change?.removedName === undefined) return;
        const step = { direction: 'in', count: change.value.count, removedName: change.removedName } as const;
        const named = addresses(count).map((one, index) =>
          one.name === change.removedName ? address(index, { dnatReferenced: true }) : one,
        );

        expect(stepStillHolds(decided, step)).toBe(true);
        expect(stepStillHolds(decided, { ...step, direction: 'out' })).toBe(false);
        expect(stepStillHolds(decided, { ...step, count: step.count - 1 })).toBe(false);
        const published = scaleInInput(count, average, average, { firewall: firewall(count, { addresses: named }) });
        expect(stepStillHolds(decideScaleIn(published), step)).toBe(false);
        expect(stepStillHolds(decideScaleIn(scaleInInput(count, 79)), step)).toBe(false);
        expect(stepStillHolds(decideScaleOut(scaleOutInput(count, 90)), step)).toBe(false);
      }),
    );
  });
});
