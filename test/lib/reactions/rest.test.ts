import { describe, expect, it } from '@jest/globals';
import { afterRefusals, afterRest } from '../../../lib/reactions/rest.ts';

const NOW = '2026-11-20T00:00:00.000Z';

function hoursUntil(iso: string): number {
  return (Date.parse(iso) - Date.parse(NOW)) / 3_600_000;
}

describe('the rest of a reaction', () => {
  it('is a day after a failure', () => {
    expect(hoursUntil(afterRest(NOW))).toBe(24);
  });

  it('grows with every refusal in a row, up to a day', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((refusals) => hoursUntil(afterRefusals(NOW, refusals)))).toEqual([
      1, 2, 4, 8, 16, 24, 24,
    ]);
  });
});
