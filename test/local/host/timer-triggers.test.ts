import { app, type Timer } from '@azure/functions';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Fixture, START, startFixture } from './support/host-fixture.ts';

let fixture: Fixture;
let runs: Timer[] = [];

afterEach(async () => {
  await fixture.close();
});

const HOUR_MS = 3_600_000;

async function start(options: Partial<Parameters<typeof app.timer>[1]> = {}, settings = {}): Promise<void> {
  runs = [];
  fixture = await startFixture({ settings }, () => {
    app.timer('clockwork', {
      schedule: '0 0 * * * *',
      handler: (timer) => {
        runs.push(timer);
      },
      ...options,
    });
  });
}

describe('timer functions', () => {
  it('run on schedule and see when they run next', async () => {
    await start();

    await fixture.run(START + 3 * HOUR_MS);

    expect(runs).toHaveLength(3);
    expect(runs[0]).toMatchObject({
      isPastDue: false,
      scheduleStatus: { next: new Date(START + 2 * HOUR_MS).toISOString() },
    });
    expect(runs[1]?.scheduleStatus.last).toBe(new Date(START + HOUR_MS).toISOString());
  });

  it('are past due once when they missed runs while nothing ran', async () => {
    await start();
    await fixture.host.settle();

    await fixture.host.stop();
    fixture.clock.moveTo(START + 5 * HOUR_MS + 1000);
    await fixture.restart();
    await fixture.host.settle();
    const late = runs.length;
    await fixture.run(START + 6 * HOUR_MS);

    expect(late).toBe(1);
    expect(runs.map((timer) => timer.isPastDue)).toEqual([true, false]);
  });

  it('are not past due without a monitor', async () => {
    await start({ useMonitor: false });
    await fixture.host.settle();

    await fixture.host.stop();
    fixture.clock.moveTo(START + 5 * HOUR_MS + 1000);
    await fixture.restart();
    await fixture.host.settle();

    expect(runs).toHaveLength(0);
  });

  it('are not past due because their schedule was changed', async () => {
    await start({ schedule: '%WHEN%' }, { WHEN: '0 30 * * * *' });
    await fixture.host.settle();

    fixture.clock.moveTo(START + 31 * 60_000 - 120_000);
    await fixture.restart({ settings: { WHEN: '0 0 12 * * *' } });
    await fixture.host.settle();

    expect(runs).toHaveLength(0);
    expect(fixture.clock.nextDueMs()).toBe(START + 4 * HOUR_MS);
  });

  it('run at the start when told so', async () => {
    await start({ runOnStartup: true });

    await fixture.host.settle();

    expect(runs.map((timer) => timer.isPastDue)).toEqual([false]);
  });

  it('never overlap: what falls due during a run is skipped', async () => {
    let finish: () => void = () => undefined;
    let begun = 0;
    await start({
      handler: () => {
        begun += 1;
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });

    fixture.clock.moveTo(START + HOUR_MS);
    await new Promise((resolve) => setImmediate(resolve));
    fixture.clock.moveTo(START + 3 * HOUR_MS + 1);
    await new Promise((resolve) => setImmediate(resolve));
    const during = begun;
    finish();
    const { nextDueMs } = await fixture.host.settle();

    expect(during).toBe(1);
    expect(nextDueMs).toBe(START + 4 * HOUR_MS);
    finish();
  });

  it('go on after a failed run', async () => {
    await start({
      handler: (timer: Timer) => {
        runs.push(timer);
        throw new Error('no');
      },
    });

    await fixture.run(START + 2 * HOUR_MS);

    expect(runs).toHaveLength(2);
    expect(fixture.logs.filter(({ message }) => message === 'A timer function failed')).toHaveLength(2);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['%MISSING%', {}, /app setting "MISSING" is not set/],
    ['every hour', {}, /must have six fields/],
    ['0 0 25 * * *', {}, /hour; allowed are 0 to 23/],
  ])('with the schedule "%s" are refused', async (schedule, settings, expected) => {
    await start({ schedule }, settings);

    expect(fixture.host.refused).toEqual([{ name: 'clockwork', reason: expect.stringMatching(expected) }]);
  });

  it('can be disabled by an app setting', async () => {
    await start({}, { 'AzureWebJobs.clockwork.Disabled': 'true' });

    await fixture.run(START + 3 * HOUR_MS);

    expect(runs).toHaveLength(0);
  });

  it('run at once when asked by the admin endpoint', async () => {
    await start();

    const { status } = await fetch(`${fixture.host.functionsUrl}/admin/functions/Clockwork`, {
      method: 'POST',
      body: '{"input":""}',
    });
    await fixture.host.settle();

    expect(status).toBe(202);
    expect(runs).toHaveLength(1);
  });
});
