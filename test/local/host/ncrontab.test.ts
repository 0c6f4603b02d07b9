import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Ncrontab } from '../../../local/host/ncrontab.ts';

function next(expression: string, after: string): string | null {
  const ms = new Ncrontab(expression).nextMs(Date.parse(after));
  return ms === null ? null : new Date(ms).toISOString().slice(0, 19);
}

describe('Ncrontab', () => {
  it.each([
    ['0 */5 * * * *', '2026-11-20T08:00:00Z', '2026-11-20T08:05:00'],
    ['*/15 * * * * *', '2026-11-20T08:00:01Z', '2026-11-20T08:00:15'],
    ['30 9 * * *', '2026-11-20T08:00:00Z', '2026-11-20T09:30:00'],
    ['0 0 9-17 * * 1-5', '2026-11-20T17:30:00Z', '2026-11-23T09:00:00'],
    ['0 0 0 13 * 5', '2026-11-20T00:00:00Z', '2027-08-13T00:00:00'],
    ['0 0 0 1 Jan *', '2026-11-20T00:00:00Z', '2027-01-01T00:00:00'],
    ['0 0 0 * * Sunday', '2026-11-20T00:00:00Z', '2026-11-22T00:00:00'],
    ['0 0 0 * * sat', '2026-11-20T00:00:00Z', '2026-11-21T00:00:00'],
    ['0 5/20 * * * *', '2026-11-20T08:05:00Z', '2026-11-20T08:25:00'],
    ['0 0,30 8-9/1 * * *', '2026-11-20T08:29:59.999Z', '2026-11-20T08:30:00'],
    ['0 0 0 29 2 *', '2026-11-20T00:00:00Z', '2028-02-29T00:00:00'],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  it.each([
    '',
    '* * * *',
    '* * * * * * *',
    '60 * * * * *',
    '* * * * * 7',
    '* * * 0 * *',
    '*/0 * * * * *',
    'L * * * * *',
    '0 0 0 1-2-3 * *',
  ])('refuses "%s"', (expression) => {
    expect(() => new Ncrontab(expression)).toThrow(/schedule/);
  });

  it('gives the first later time at which every field matches', () => {
    const values = (least: number, most: number) =>
      fc.oneof(
        fc.constant(undefined),
        fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 4 }),
      );
    const field = (of: number[] | undefined) => (of === undefined ? '*' : of.join(','));
    fc.assert(
      fc.property(
        values(0, 59),
        values(0, 23),
        values(1, 28),
        values(0, 6),
        fc.integer({ min: 0, max: 400 * 86_400 }),
        (minutes, hours, days, weekdays, offsetSeconds) => {
          const expression = `0 ${field(minutes)} ${field(hours)} ${field(days)} * ${field(weekdays)}`;
          const afterMs = Date.parse('2026-01-01T00:00:00Z') + offsetSeconds * 1000;
          const foundMs = new Ncrontab(expression).nextMs(afterMs) ?? Number.NaN;
          const matches = (ms: number): boolean => {
            const at = new Date(ms);
            return (
              (minutes?.includes(at.getUTCMinutes()) ?? true) &&
              (hours?.includes(at.getUTCHours()) ?? true) &&
              (days?.includes(at.getUTCDate()) ?? true) &&
              (weekdays?.includes(at.getUTCDay()) ?? true)
            );
          };
          let firstMs = Math.floor(afterMs / 60_000) * 60_000 + 60_000;
          while (!matches(firstMs)) firstMs += 60_000;
          expect(foundMs).toBe(firstMs);
        },
      ),
      { numRuns: 60 },
    );
  });
});
