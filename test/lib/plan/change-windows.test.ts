import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openIntervals, type WeeklyWindow } from '../../../lib/plan/change-windows.ts';

const NIGHT: WeeklyWindow = {
  days: ['Saturday'],
  start: '22:00',
  durationMinutes: 240,
  timeZone: 'UTC',
  appliesTo: 'disruptive',
};

function openingsOf(window: WeeklyWindow, now: string): readonly string[] {
  return openIntervals([window], Date.parse(now)).flatMap(({ open }) => open.map(({ fromIso }) => fromIso));
}

describe('openIntervals', () => {
  it('gives the openings around now, with their end and risk', () => {
    expect(openIntervals([NIGHT, { ...NIGHT, appliesTo: 'all' }], Date.parse('2026-06-10T12:00:00Z'))).toEqual([
      {
        from: 'disruptive',
        open: [
          { fromIso: '2026-06-06T22:00:00.000Z', untilIso: '2026-06-07T02:00:00.000Z' },
          { fromIso: '2026-06-13T22:00:00.000Z', untilIso: '2026-06-14T02:00:00.000Z' },
        ],
      },
      expect.objectContaining({ from: 'safe' }),
    ]);
  });

  it.each([
    ['winter', '2026-01-10T12:00:00Z', '2026-01-10T21:00:00.000Z'],
    ['summer', '2026-07-11T12:00:00Z', '2026-07-11T20:00:00.000Z'],
  ])('opens at local time in %s', (_, now, from) => {
    expect(openingsOf({ ...NIGHT, timeZone: 'Europe/Berlin' }, now)).toContain(from);
  });

  it('opens an hour later when the hour is skipped, and once when it comes twice', () => {
    const early: WeeklyWindow = { ...NIGHT, days: ['Sunday'], start: '02:30', timeZone: 'Europe/Berlin' };

    expect(openingsOf(early, '2026-03-29T00:00:00Z')).toContain('2026-03-29T01:30:00.000Z');
    expect(openingsOf(early, '2026-10-25T00:00:00Z')).toContain('2026-10-25T00:30:00.000Z');
  });

  it('takes the day of the zone, not of UTC', () => {
    const auckland: WeeklyWindow = { ...NIGHT, start: '08:00', timeZone: 'Pacific/Auckland' };

    expect(openingsOf(auckland, '2026-06-12T12:00:00Z')).toContain('2026-06-12T20:00:00.000Z');
  });

  it('opens at that local time on that day, whenever one asks and wherever', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe');
    const now = fc.integer({ min: Date.parse('2025-01-01T00:00:00Z'), max: Date.parse('2027-12-31T00:00:00Z') });
    fc.assert(
      fc.property(zones, now, fc.constantFrom('00:00', '12:15', '23:59'), (timeZone, nowMs, start) => {
        const local = new Intl.DateTimeFormat('en-GB', {
          timeZone,
          weekday: 'long',
          hour: '2-digit',
          minute: '2-digit',
          hourCycle: 'h23',
        });

        const [window] = openIntervals([{ ...NIGHT, start, timeZone }], nowMs);

        expect(window?.open.length).toBeGreaterThanOrEqual(2);
        for (const { fromIso } of window?.open ?? []) {
          expect(local.format(Date.parse(fromIso)).replace(/[^A-Za-z0-9:]+/g, ' ')).toMatch(
            new RegExp(`^Saturday (at )?${start}$`),
          );
        }
      }),
    );
  });

  it('refuses a zone that does not exist', () => {
    expect(() => openIntervals([{ ...NIGHT, timeZone: 'Europe/Nowhere' }], 0)).toThrow(RangeError);
  });
});
