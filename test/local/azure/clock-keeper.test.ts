import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ClockKeeper } from '../../../local/azure/clock-keeper.ts';
import { Documents } from '../../../local/azure/documents.ts';

describe('ClockKeeper', () => {
  it('never lets time go back, however often its process is killed, whatever the speed', () => {
    const life = fc.record({
      speed: fc.constantFrom(0, 1, 60, 3600),
      wallMs: fc.nat({ max: 10_000 }),
      downMs: fc.nat({ max: 100_000 }),
      advanceMs: fc.nat({ max: 1_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(life, { minLength: 1, maxLength: 6 }), (lives) => {
        // The documents outlive the clock, as a file outlives a killed process.
        const documents = new Documents(':memory:');
        let wallMs = 1_000_000;
        let toldMs = 0;
        for (const { speed, wallMs: runsMs, downMs, advanceMs } of lives) {
          const keeper = new ClockKeeper(documents, speed, 5_000_000, () => wallMs);
          expect(keeper.clock.nowMs()).toBeGreaterThanOrEqual(toldMs);
          for (let step = 0; step < 3; step++) {
            wallMs += runsMs;
            keeper.keep();
            if (speed === 0) {
              keeper.clock.moveTo(keeper.clock.nowMs() + advanceMs);
              keeper.save();
            }
            toldMs = keeper.clock.nowMs();
          }
          keeper.stop();
          wallMs += downMs;
        }
        documents.close();
      }),
    );
  });

  it('goes on in step with the clocks that were made from it, when it was away for a moment only', () => {
    const documents = new Documents(':memory:');
    let wallMs = 0;
    const before = new ClockKeeper(documents, 60, 0, () => wallMs);
    wallMs = 500;
    const after = new ClockKeeper(documents, 60, 0, () => wallMs);
    expect(after.clock.nowMs()).toBe(before.clock.nowMs());
    before.close();
    after.close();
  });

  it('does not run on over a night in which nothing ran', () => {
    const documents = new Documents(':memory:');
    let wallMs = 0;
    new ClockKeeper(documents, 60, 0, () => wallMs).close();
    wallMs = 8 * 3_600_000;
    const after = new ClockKeeper(documents, 60, 0, () => wallMs);
    expect(after.clock.nowMs()).toBeLessThanOrEqual(2000 * 60);
    after.close();
  });

  it('stops and goes on at a speed without a jump', () => {
    let wallMs = 0;
    const keeper = new ClockKeeper(new Documents(':memory:'), 10, 0, () => wallMs);
    wallMs = 100;
    keeper.setSpeed(0);
    wallMs = 900;
    expect(keeper.clock.nowMs()).toBe(1000);
    keeper.setSpeed(10);
    wallMs = 1000;
    expect(keeper.clock.nowMs()).toBe(2000);
    keeper.close();
  });
});
