import { afterEach, describe, expect, it } from '@jest/globals';
import * as df from 'durable-functions';
import { ACTIVITY, ORCHESTRATION } from '../../orchestrations/names.ts';
import { createPlanBaseline } from '../../orchestrations/plan-baseline.ts';
import { type Fixture, LATER, START, startFixture } from '../local/host/support/host-fixture.ts';

const INPUT = { operationId: 'north-1', baseline: 'north', requestedBy: 'alice' };

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

interface Asked {
  readonly nowIso: string;
  readonly failure?: string;
}

/** Plays the orchestration to its end with an activity that answers so. */
async function play(activity: (asked: Asked, call: number) => number | null) {
  const asked: Asked[] = [];
  fixture = await startFixture({}, () => {
    df.app.orchestration(ORCHESTRATION.plan, createPlanBaseline(new df.RetryOptions(5_000, 3)));
    df.app.activity(ACTIVITY.plan, { handler: (request: Asked) => activity(request, asked.push(request)) });
  });
  await fixture.start(ORCHESTRATION.plan, INPUT, 'plan.north-1');
  await fixture.run(LATER);
  return { asked, status: await fixture.status('plan.north-1') };
}

describe('the planner', () => {
  it('asks until the operation is over, after the pauses that it is told', async () => {
    const { asked, status } = await play((_, call) => (call < 3 ? 10 * call : null));

    expect(asked.map(({ nowIso }) => (Date.parse(nowIso) - START) / 1_000)).toEqual([0, 10, 30]);
    expect(asked[0]).toMatchObject(INPUT);
    expect(status.runtimeStatus).toBe('Completed');
  });

  it('tries again what fails, and goes on', async () => {
    const { asked, status } = await play((_, call) => {
      if (call < 3) throw new Error('storage is away');
      return null;
    });

    expect(asked.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined]);
    expect(status.runtimeStatus).toBe('Completed');
  });

  it('has the end of the operation stored when it fails for good', async () => {
    const { asked, status } = await play(({ failure }) => {
      if (failure === undefined) throw new Error('the function timed out');
      return null;
    });

    expect(asked.map(({ failure }) => failure !== undefined)).toEqual([false, false, false, true]);
    expect(asked.at(-1)?.failure).toContain('the function timed out');
    expect(status.runtimeStatus).toBe('Completed');
  });
});
