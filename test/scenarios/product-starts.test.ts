import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

interface HostState {
  readonly functions: readonly unknown[];
  readonly refused: readonly unknown[];
}

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
});

afterAll(() => environment?.stop());

describe('the built product', () => {
  // An entry file that throws leaves an app without functions, and no error anywhere.
  it('registers functions, all of which the host takes', async () => {
    const { body } = await environment.hostControl<HostState>('GET', '');

    expect(body.functions.length).toBeGreaterThan(0);
    expect(body.refused).toEqual([]);
  });

  it('finds itself healthy', async () => {
    expect((await environment.api('GET', '/api/health')).status).toBe(200);
  });
});
