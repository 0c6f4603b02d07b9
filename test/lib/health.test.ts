import { describe, expect, it } from '@jest/globals';
import { checkHealth, timerPath } from '../../lib/health.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';
import { createMemoryStorage } from '../support/memory-storage.ts';

const NOW = '2026-11-20T12:00:00.000Z';

/** The app's look at itself, when its timers last ran at these times; absent: never. */
async function healthWith(lastRuns: Readonly<Record<string, string>>) {
  const { documents } = createMemoryStorage();
  for (const [name, at] of Object.entries(lastRuns)) {
    await documents.write(timerPath(name), { at }, { if: 'any' });
  }
  const { status, checks } = await checkHealth({ ...memoryDependencies(), documents }, NOW);
  return { status, checks: new Map(checks.map((check) => [check.name, check])) };
}

describe('the timers in the health of the app', () => {
  it.each(['reconcilerTimer', 'egressTimer', 'driftTimer'])(
    '%s is not known before its first run, which is no failure',
    async (name) => {
      const { status, checks } = await healthWith({});

      expect(status).toBe('ok');
      expect(checks.get(name)).toMatchObject({ state: 'unknown', at: null });
    },
  );

  it.each(['reconcilerTimer', 'egressTimer', 'driftTimer'])(
    '%s runs, or degrades the app when it has been silent',
    async (name) => {
      const runs = {
        reconcilerTimer: '2026-11-20T11:59:00.000Z',
        egressTimer: '2026-11-20T11:55:00.000Z',
        driftTimer: '2026-11-20T11:00:00.000Z',
      };
      const well = await healthWith(runs);
      expect(well.status).toBe('ok');
      expect(well.checks.get(name)).toMatchObject({ state: 'ok', at: runs[name as keyof typeof runs] });

      const silent = await healthWith({ ...runs, [name]: '2026-11-20T09:59:59.000Z' });
      expect(silent.status).toBe('degraded');
      expect(silent.checks.get(name)).toMatchObject({
        state: 'failed',
        remedy: expect.stringContaining('timer function'),
      });
    },
  );
});
