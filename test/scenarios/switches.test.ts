import { afterEach, describe, expect, it } from '@jest/globals';
import { operationOf, put, resources, sampleSpec, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

let environment: TestEnvironment | undefined;

afterEach(async () => {
  await environment?.stop();
  environment = undefined;
});

describe('what the operator of the app sets', () => {
  it('HUBKEEPER_STOPPED: nothing is written, whatever is asked for over HTTP', async () => {
    environment = await startEnvironment({ settings: { HUBKEEPER_STOPPED: 'true' } });
    const id = await put(environment, 'aks-baseline', sampleSpec());
    const operation = await untilSettled(environment, id);
    await environment.api('DELETE', '/api/pause');
    await environment.advance(3_600);

    expect(operation).toMatchObject({ state: 'waiting', waitingFor: [{ kind: 'pause' }] });
    expect(await operationOf(environment, id)).toMatchObject({ state: 'waiting' });
    expect((await resources(environment)).size).toBe(0);
    expect((await statistics(environment)).principals).toEqual({});
    expect((await environment.api('GET', '/api/pause')).body).toMatchObject({ paused: true });
  });

  it('HUBKEEPER_ALLOWED_SCOPES: a spec that reaches outside them is refused before its first write', async () => {
    environment = await startEnvironment({
      settings: {
        HUBKEEPER_ALLOWED_SCOPES:
          '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-enterprise-networking-hubs',
      },
    });
    const operation = await untilSettled(environment, await put(environment, 'aks-baseline', sampleSpec()));

    expect(operation.state).toBe('failed');
    expect(new Set(operation.errors.map((problem) => problem.code))).toEqual(new Set(['OutsideAllowedScopes']));
    expect((await resources(environment)).size).toBe(0);
  });
});
