import { afterEach, describe, expect, it } from '@jest/globals';
import { type Fixture, START, startFixture } from './support/host-fixture.ts';
import { behaviour, journal } from './support/test-app.ts';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

/** The test app has a timer that is due once a year; runs end before that. */
const LATER = START + 30 * 86_400_000;

describe('orchestrations', () => {
  it('fan out, wait for a timer on the simulated clock, and complete', async () => {
    fixture = await startFixture();

    const id = await fixture.start('fanOut', { count: 5 }, 'fan-1');
    const { nextDueMs } = await fixture.host.settle();
    const waiting = await fixture.status(id);
    await fixture.run(LATER);

    expect(nextDueMs).toBe(START + 2_700_000);
    expect(waiting.runtimeStatus).toBe('Running');
    const done = await fixture.status(id);
    expect(done.runtimeStatus).toBe('Completed');
    expect(done.output).toEqual({
      results: [{ index: 0 }, { index: 1 }, { index: 2 }, { index: 3 }, { index: 4 }],
      last: { last: true },
    });
    expect(journal).toHaveLength(6);
  });

  it('retry with growing delays, and wait one interval more after the last failure', async () => {
    fixture = await startFixture();
    behaviour.work = () => {
      throw new Error('no luck');
    };

    const id = await fixture.start('withRetry', {});
    await fixture.run(LATER);

    const { output } = await fixture.status(id);
    expect(journal).toHaveLength(3);
    expect(output).toEqual({
      failed: "Activity function 'work' failed: no luck \n no luck",
      at: new Date(START + 10_000 + 20_000 + 40_000).toISOString(),
    });
  });
});
