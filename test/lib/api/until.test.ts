import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { errorOfUntil, MAX_UNTIL_DAYS } from '../../../lib/api/until.ts';

const NOW_MS = Date.parse('2026-03-01T09:00:00Z');
const LONGEST_MS = MAX_UNTIL_DAYS * 86_400_000;

describe('errorOfUntil', () => {
  it('takes exactly the times that are to come, and not too far away', () => {
    fc.assert(
      fc.property(fc.integer({ min: -LONGEST_MS, max: 2 * LONGEST_MS }), (distanceMs) => {
        const error = errorOfUntil(new Date(NOW_MS + distanceMs).toISOString(), NOW_MS);

        expect(error === null).toBe(distanceMs > 0 && distanceMs <= LONGEST_MS);
      }),
    );
  });

  it.each([0, LONGEST_MS + 1])('refuses the edge %d', (distanceMs) => {
    expect(errorOfUntil(new Date(NOW_MS + distanceMs).toISOString(), NOW_MS)).toMatchObject({ path: 'until' });
  });

  it('compares times, not text', () => {
    expect(errorOfUntil('2026-03-01T09:30:00+01:00', NOW_MS)).not.toBeNull();
    expect(errorOfUntil('2026-03-01T08:30:00-01:00', NOW_MS)).toBeNull();
  });
});
