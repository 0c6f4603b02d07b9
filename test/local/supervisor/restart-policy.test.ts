import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  MAXIMUM_OWN_FAILURES,
  mayRestart,
  type UnexpectedEnd,
  WINDOW_SECONDS,
} from '../../../local/supervisor/restart-policy.ts';

const NOW_MS = 1_000_000_000;
const ends = fc.array(fc.record({ atMs: fc.integer({ min: NOW_MS - 300_000, max: NOW_MS }), byItself: fc.boolean() }), {
  maxLength: 20,
});

describe('mayRestart', () => {
  it('restarts whatever was killed from outside, however often', () => {
    fc.assert(
      fc.property(ends, (some) => {
        const killed: UnexpectedEnd[] = some.map((end) => ({ ...end, byItself: false }));
        expect(mayRestart(killed, NOW_MS)).toBe(true);
      }),
    );
  });

  it('gives up exactly at the bound of own failures within the window', () => {
    const failures = (count: number, atMs: number): UnexpectedEnd[] => Array(count).fill({ atMs, byItself: true });

    expect(mayRestart(failures(MAXIMUM_OWN_FAILURES - 1, NOW_MS), NOW_MS)).toBe(true);
    expect(mayRestart(failures(MAXIMUM_OWN_FAILURES, NOW_MS), NOW_MS)).toBe(false);
    expect(mayRestart(failures(MAXIMUM_OWN_FAILURES, NOW_MS - WINDOW_SECONDS * 1000), NOW_MS)).toBe(true);
  });

  it('never becomes possible by one more end', () => {
    fc.assert(
      fc.property(ends, fc.boolean(), (some, byItself) => {
        const before = mayRestart(some, NOW_MS);
        const after = mayRestart([...some, { atMs: NOW_MS, byItself }], NOW_MS);
        expect(after && !before).toBe(false);
      }),
    );
  });
});
