import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { kill } from '../support/crash-run.ts';
import { buildApp, type EnvironmentOptions, startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { eventually } from '../support/eventually.ts';

const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-scenario';
const APP = 'test-output/tiny-app';

let stateDirectory: string;
let environment: TestEnvironment | undefined;

beforeAll(() => buildApp({ entryFile: 'test/support/tiny-app/index.ts', outputDirectory: APP }));

beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'hubkeeper-scenario-'));
});

afterEach(async () => {
  await environment?.stop();
  environment = undefined;
  rmSync(stateDirectory, { recursive: true, force: true });
});

async function start(options: EnvironmentOptions = {}): Promise<TestEnvironment> {
  environment = await startEnvironment({ stateDirectory, appFile: join(APP, 'main.cjs'), ...options });
  return environment;
}

function putGroup(to: TestEnvironment) {
  return to.armAs('colleague', 'PUT', `${GROUP}?api-version=2025-04-01`, { location: 'westeurope' });
}

describe('the local environment', () => {
  it('gives the app an identity, storage and Azure, and keeps all of it over a stop', async () => {
    const first = await start();
    expect((await first.api('GET', '/api/arm')).body).toEqual({ status: 200 });
    expect((await first.api('PUT', '/api/notes/one', 'a note')).status).toBe(204);
    expect((await putGroup(first)).status).toBe(201);
    await first.stop({ keepState: true });
    expect(() => first.ready).toThrow('has ended (exit code 0)');

    const second = await start();

    expect((await second.api('GET', '/api/notes/one')).body).toEqual({ inBlob: 'a note', inTable: 'a note' });
    expect((await putGroup(second)).status).toBe(200);
  });

  it('goes on from what it knew after its supervisor was killed', async () => {
    const first = await start();
    await first.api('PUT', '/api/notes/one', 'a note');
    await putGroup(first);
    await first.crash();

    const second = await start();

    expect((await second.api('GET', '/api/notes/one')).body).toEqual({ inBlob: 'a note', inTable: 'a note' });
    expect((await putGroup(second)).status).toBe(200);
  });

  it('has a killed host back, in another process at the same address', async () => {
    const running = await start();
    const before = running.ready;

    await running.killHost();

    const { pid, functions } = running.ready;
    expect(functions).toBe(before.functions);
    expect((await running.api('GET', '/api/health')).body).toEqual({ pid });
    expect(pid).not.toBe(before.pid);
  });

  it('tells the app of every change in its subscriptions, over a kill of the host and of Azure', async () => {
    const running = await start({ requireKeys: true });
    const seen = async () => new Set((await running.api<readonly string[]>('GET', '/api/events')).body);
    const told = `Microsoft.Resources.ResourceWriteSuccess ${GROUP.toLowerCase()}`;

    await putGroup(running);
    await running.advance(60);
    expect([...(await seen())]).toEqual([told]);

    await running.killHost();
    await putGroup(running);
    kill(running, 'azure');
    await eventually(
      'Azure answers again',
      async () => (await running.sim('GET', 'clock').catch(() => undefined)) && true,
    );
    await running.advance(600);
    expect([...(await seen())]).toEqual([told]);
  });

  it('moves time only when told, also after the host was killed', async () => {
    const running = await start();
    const now = async () => Date.parse((await running.sim<{ now: string }>('GET', 'clock')).body.now);
    const before = await now();

    await running.advance(3_600);
    await running.killHost();
    await running.advance(60);

    expect((await now()) - before).toBe(3_660_000);
  });

  it('asks for keys where it was told to, and tells the key', async () => {
    const running = await start({ requireKeys: true });

    expect((await running.api('GET', '/api/health')).status).toBe(200);
    expect((await running.api('GET', '/api/health', undefined, { 'x-functions-key': 'wrong' })).status).toBe(401);
  });

  it('records what passes through Azure', async () => {
    const running = await start({ record: 'environment' });

    await putGroup(running);

    expect(statSync(String(running.recordFile)).size).toBeGreaterThan(0);
  });
});
