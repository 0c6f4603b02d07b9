import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createClient } from '../../../lib/cli/client.ts';
import { durationMs, readTime, timeByApp } from '../../../lib/cli/time-input.ts';
import { createFakeWorld } from './fake-world.ts';

function inputOf(text: string, option: 'until' | 'since', at?: string) {
  const world = createFakeWorld({
    routes: { 'GET /api/pause': { status: 200, body: { paused: false, at } } },
  });
  return { time: timeByApp(world, createClient(world, {}), option, readTime(option, text)), world };
}

describe('durationMs', () => {
  it('reads a count and a unit', () => {
    const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), fc.constantFrom('m', 'h', 'd', 'w'), (count, unit) => {
        expect(durationMs(`${count}${unit}`)).toBe(count * units[unit]);
      }),
    );
  });

  it.each(['', '4', 'h', '0h', '-1h', '1.5h', '4 h', '12345m', '4hours'])('%j is none', (text) => {
    expect(durationMs(text)).toBeNull();
  });
});

describe('timeByApp', () => {
  it('leaves a time as it is and asks nobody', async () => {
    const { time, world } = inputOf('2026-03-01T10:30:00+01:00', 'until');

    expect(await time).toBe('2026-03-01T10:30:00+01:00');
    expect(world.received).toEqual([]);
  });

  it("counts a duration from the app's clock, forward and back", async () => {
    expect(await inputOf('4h', 'until', '2030-01-01T00:00:00Z').time).toBe('2030-01-01T04:00:00.000Z');
    expect(await inputOf('90m', 'since', '2030-01-01T00:00:00Z').time).toBe('2029-12-31T22:30:00.000Z');
  });

  it('takes its own clock when the app does not say what time it is', async () => {
    expect(await inputOf('1d', 'until').time).toBe('2026-03-02T09:00:00.000Z');
  });

  it.each(['tomorrow', '2026-03-01', '2026-03-01T10:30:00'])('refuses %s', (text) => {
    expect(() => readTime('until', text)).toThrow(
      expect.objectContaining({ exitCode: 2, errors: [expect.objectContaining({ path: '--until' })] }),
    );
  });
});
