import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { send, type WireAnswer } from './support/https-client.ts';
import { GROUP } from './support/simulation-driver.ts';

interface Ready {
  readonly ready: boolean;
  readonly arm: string;
  readonly caFile: string;
  readonly identityEndpoint: string;
  readonly identityHeader: string;
  readonly storageCertificateFile: string;
  readonly storageKeyFile: string;
}

const VNET = `${GROUP}/providers/Microsoft.Network/virtualNetworks/hub`;

let directory: string;
let running: ChildProcessByStdio<Writable, Readable, null> | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'azure-main-'));
});
afterEach(async () => {
  running?.kill('SIGKILL');
  if (running?.exitCode === null && running.signalCode === null) await once(running, 'exit');
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<Ready> {
  const child = spawn(
    process.execPath,
    [
      resolve('local/azure/main.ts'),
      ...['--database', join(directory, 'azure.sqlite'), '--certificates', join(directory, 'certificates')],
      ...['--speed', '0', '--port', '0'],
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  running = child;
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return JSON.parse(line) as Ready;
}

function call(ready: Ready, method: string, path: string, body?: unknown): Promise<WireAnswer> {
  return send(method, `${ready.arm}${path}`, {
    caFile: ready.caFile,
    headers: { 'x-sim-principal': 'tester' },
    body,
  });
}

describe('the process', () => {
  it('goes on after a kill where it was: same addresses, operations under way, time', async () => {
    const first = await start();
    expect(first).toMatchObject({
      ready: true,
      storageKeyFile: expect.stringContaining(directory) as unknown as string,
    });
    await call(first, 'PUT', `${GROUP}?api-version=2021-04-01`, { location: 'westeurope' });
    const network = { location: 'westeurope', properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } } };
    const put = await call(first, 'PUT', `${VNET}?api-version=2025-09-01`, network);
    expect(put.status).toBe(201);
    const { body: before } = await call(first, 'GET', '/_sim/clock');
    running?.kill('SIGKILL');
    if (running !== undefined) await once(running, 'exit');

    const second = await start();
    expect(second).toEqual(first);
    expect(await call(second, 'GET', `${VNET}?api-version=2025-09-01`)).toMatchObject({
      body: { properties: { provisioningState: 'Updating' } },
    });
    expect((await call(second, 'GET', '/_sim/clock')).body).toMatchObject({
      simulatedMs: (before as { simulatedMs: number }).simulatedMs,
    });
    await call(second, 'POST', '/_sim/clock', { advanceSeconds: 3600 });
    const poll = String(put.headers['azure-asyncoperation']).slice(first.arm.length);
    expect((await call(second, 'GET', poll)).body).toEqual({ status: 'Succeeded' });
  });

  it.each([
    ['SIGTERM', (child: ChildProcessByStdio<Writable, Readable, null>) => child.kill('SIGTERM')],
    ['the end of its input', (child: ChildProcessByStdio<Writable, Readable, null>) => child.stdin.end()],
  ])('ends cleanly on %s', async (_, stop) => {
    await start();
    const child = running;
    if (child === undefined) throw new Error('Not started.');
    const ended = once(child, 'exit');
    stop(child);
    expect(await ended).toEqual([0, null]);
  });
});
