import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dueReads, rotated, type SingleRead } from '../../../lib/reconcile/read-rotation.ts';
import type { ReadRotation } from '../../../lib/state/read-rotation-store.ts';

const START_MS = Date.parse('2026-11-20T00:00:00.000Z');
const HOUR_MS = 3_600_000;
const NOTHING: ReadRotation = { scansIso: [], readAtIso: {} };

const iso = (ms: number) => new Date(ms).toISOString();

function settings(count: number, knownAtMs?: number): readonly SingleRead[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `/settings/${index}`,
    ...(knownAtMs === undefined ? {} : { knownAtIso: iso(knownAtMs) }),
  }));
}

/** Scans at these times. @returns what each read. */
function scans(singles: readonly SingleRead[], timesMs: readonly number[]): readonly (readonly string[])[] {
  let rotation = NOTHING;
  return timesMs.map((atMs) => {
    const read = dueReads(singles, rotation, iso(atMs));
    rotation = rotated(rotation, singles, read, iso(atMs));
    return read;
  });
}

describe('reading in rotation', () => {
  it('reads at once what nothing is known of', () => {
    expect(dueReads(settings(50), NOTHING, iso(START_MS))).toHaveLength(50);
  });

  it('spreads what was written together over the scans of a day', () => {
    const hours = Array.from({ length: 72 }, (_, hour) => START_MS + (hour + 1) * HOUR_MS);

    const counts = scans(settings(1_000, START_MS), hours).map((read) => read.length);

    expect(Math.max(...counts)).toBeLessThanOrEqual(84);
    // A round of 23 scans: none may be older than a day before the next one.
    expect(counts.slice(-23).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1_050);
  });

  it('reads nothing more when a plan is made again in the same scan', () => {
    const [, again] = scans(settings(24, START_MS), [START_MS + HOUR_MS, START_MS + HOUR_MS + 1_000]);

    expect(again?.length).toBeLessThanOrEqual(1);
  });

  it('reads each at least daily, whatever the interval of a regular schedule', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 20, max: 30 * 60 }), (count, intervalMinutes) => {
        const singles = settings(count);
        const intervalMs = intervalMinutes * 60_000;
        const times = Array.from(
          { length: Math.ceil((72 * HOUR_MS) / intervalMs) },
          (_, at) => START_MS + at * intervalMs,
        );
        const lastMs = new Map<string, number>();

        scans(singles, times).forEach((read, index) => {
          const nowMs = times[index] ?? 0;
          for (const id of read) lastMs.set(id, nowMs);
          // Until the next scan nothing gets older than a day, or than the schedule itself lets it.
          for (const { id } of singles) {
            const age = nowMs + intervalMs - (lastMs.get(id) ?? Number.NEGATIVE_INFINITY);
            expect(age).toBeLessThanOrEqual(Math.max(24 * HOUR_MS + intervalMs, intervalMs));
          }
        });
      }),
      { numRuns: 30 },
    );
  });

  it('knows after a day that a schedule rests at night', () => {
    const days = [0, 1, 2, 3].flatMap((day) =>
      Array.from({ length: 11 }, (_, hour) => START_MS + (day * 24 + 8 + hour) * HOUR_MS),
    );
    const lastMs = new Map<string, number>();
    const singles = settings(100);

    scans(singles, days).forEach((read, index) => {
      const nowMs = days[index] ?? 0;
      for (const { id } of singles) {
        if (index >= 22) expect(nowMs - (lastMs.get(id) ?? 0)).toBeLessThanOrEqual(24 * HOUR_MS);
      }
      for (const id of read) lastMs.set(id, nowMs);
    });
  });

  it('keeps nothing of what is not there any more', () => {
    const rotation = rotated(NOTHING, settings(3), ['/settings/0', '/settings/1'], iso(START_MS));

    expect(Object.keys(rotated(rotation, settings(1), [], iso(START_MS + HOUR_MS)).readAtIso)).toHaveLength(1);
  });
});
