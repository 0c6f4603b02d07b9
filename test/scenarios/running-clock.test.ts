import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { operationOf, put, rejections, sampleSpec, statistics } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ stepped: false, speed: 60 });
});

afterAll(async () => {
  await environment?.stop();
});

describe('a clock that runs', () => {
  it('can be put forward: everything that falls due on the way happens, then it runs on', async () => {
    const before = await environment.sim<{ simulatedMs: number }>('GET', 'clock');
    const id = await put(environment, 'aks-baseline', sampleSpec());

    await environment.advance(2 * 3_600);

    expect(await operationOf(environment, id)).toMatchObject({ state: 'succeeded', errors: [] });
    expect(rejections(await statistics(environment))).toEqual({});
    const after = await environment.sim<{ simulatedMs: number; speed: number }>('GET', 'clock');
    expect(after.body.simulatedMs - before.body.simulatedMs).toBeGreaterThanOrEqual(2 * 3_600_000);
    expect(after.body.speed).toBe(60);
  });
});
