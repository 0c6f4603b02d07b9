import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-scenario';

let stateDirectory: string;
let environment: TestEnvironment | undefined;

beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'hubkeeper-scenario-'));
});

afterEach(async () => {
  await environment?.stop();
  environment = undefined;
  rmSync(stateDirectory, { recursive: true, force: true });
});

async function start(): Promise<TestEnvironment> {
  environment = await startEnvironment({ stateDirectory, record: 'environment' });
  return environment;
}

function putGroup(to: TestEnvironment) {
  return to.armAs('colleague', 'PUT', `${GROUP}?api-version=2025-04-01`, { location: 'westeurope' });
}

describe('the local environment', () => {
  it('answers, stops, and starts again with what it knew', async () => {
    const first = await start();
    expect((await first.api('GET', '/api/health')).status).toBe(200);
    expect((await putGroup(first)).status).toBe(201);
    await first.stop({ keepState: true });

    const second = await start();

    expect((await second.api('GET', '/api/health')).status).toBe(200);
    expect((await putGroup(second)).status).toBe(200);
  });

  it('has a killed host back in a moment', async () => {
    const running = await start();

    await running.killHost();

    expect((await running.api('GET', '/api/health')).status).toBe(200);
  });

  it('moves time only when told', async () => {
    const running = await start();
    const before = await running.sim<{ now: string }>('GET', 'clock');

    await running.advance(3_600);

    const after = await running.sim<{ now: string }>('GET', 'clock');
    expect(Date.parse(after.body.now) - Date.parse(before.body.now)).toBe(3_600_000);
  });
});
