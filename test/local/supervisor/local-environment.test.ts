import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalEnvironment, type Ready } from '../../../local/supervisor/local-environment.ts';
import type { StartOptions } from '../../../local/supervisor/options.ts';
import { eventually } from '../../support/eventually.ts';
import { stubOptions } from './stubs/options.ts';

const root = process.cwd();
/** It takes `start --port N` as well. */
const FAKE_FUNC = 'test/local/supervisor/stubs/host.ts';
let stateDirectory: string;
let environments: LocalEnvironment[];
let lost: Error[];

beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'hubkeeper-supervisor-'));
  environments = [];
  lost = [];
});

afterEach(async () => {
  for (const environment of environments) await environment.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
  delete process.env.STUB_NEW_IDENTITY;
  delete process.env.STUB_HOST_FAILS;
});

function environmentWith(changes: Partial<StartOptions> = {}): LocalEnvironment {
  const options = { ...stubOptions(root, stateDirectory), ...changes };
  const environment = new LocalEnvironment(options, { note: () => {}, lost: (reason) => lost.push(reason) });
  environments.push(environment);
  return environment;
}

function readReady(): Ready {
  return JSON.parse(readFileSync(join(stateDirectory, 'ready.json'), 'utf8'));
}

function notedPids(): number[] {
  return JSON.parse(readFileSync(join(stateDirectory, 'processes.json'), 'utf8')).pids;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // An orphan that has ended stays in the table until somebody collects it; its command line is empty.
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

function onceGone(pids: readonly number[]): Promise<true> {
  return eventually(`processes ${pids} are gone`, () => (pids.some(isAlive) ? undefined : true));
}

/** The stub of the host answers with its environment. */
async function environmentSeenBy(functions: string): Promise<Record<string, string>> {
  return JSON.parse(await (await fetch(functions)).text());
}

/** The ready file, once it names another host. */
function readyAfter(pid: number): Promise<Ready> {
  return eventually('the ready file names a new host', () => (readReady().pid === pid ? undefined : readReady()));
}

describe('starting and stopping', () => {
  it('writes where everything is and answers there', async () => {
    const ready = await environmentWith().start();

    expect(readReady()).toEqual(ready);
    expect(ready).toMatchObject({ cluster: null, control: `${ready.functions}/_host` });
    expect(await (await fetch(ready.arm)).text()).toBe('azure');
    expect(isAlive(ready.pid)).toBe(true);
  });

  it('ends every process and takes the ready file away', async () => {
    const environment = environmentWith();
    await environment.start();
    const pids = notedPids();

    await environment.stop();

    expect(pids).toHaveLength(3);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(join(stateDirectory, 'ready.json'))).toBe(false);
  });

  it('can be stopped while it starts', async () => {
    const environment = environmentWith();
    const started = environment.start();
    await environment.stop();

    await expect(started).rejects.toThrow();
    expect(notedPids()).toEqual([]);
  });

  it('tells the host where the others are and whom to trust', async () => {
    const { functions, arm } = await environmentWith().start();

    const environment = await environmentSeenBy(functions);

    expect(environment).toMatchObject({
      HUBKEEPER_ARM_ENDPOINT: arm,
      IDENTITY_ENDPOINT: `${arm}/token`,
      IDENTITY_HEADER: 'header',
      AzureWebJobsStorage__blobServiceUri: 'http://127.0.0.1:1/account',
    });
    expect(readFileSync(environment.NODE_EXTRA_CA_CERTS ?? '', 'utf8')).toContain('CERTIFICATE OF THE STUB');
  });
});

describe('keeping the processes alive', () => {
  it('starts a killed host again on the same port and rewrites the ready file', async () => {
    const before = await environmentWith().start();

    process.kill(before.pid, 'SIGKILL');

    const after = await readyAfter(before.pid);
    expect(after).toEqual({ ...before, pid: after.pid });
    expect((await fetch(after.functions)).status).toBe(200);
  });

  it('starts a killed host again however often it is killed', async () => {
    let ready = await environmentWith().start();

    for (let round = 0; round < 8; round++) {
      process.kill(ready.pid, 'SIGKILL');
      ready = await readyAfter(ready.pid);
    }

    expect(isAlive(ready.pid)).toBe(true);
    expect(lost).toEqual([]);
  });

  it('starts a killed simulation again on the same port and leaves the host alone', async () => {
    const ready = await environmentWith().start();
    const azure = Number(notedPids()[0]);

    process.kill(azure, 'SIGKILL');
    await onceGone([azure]);

    await eventually('it answers again', async () => (await fetch(ready.arm).catch(() => undefined)) && true);
    expect(readReady()).toEqual(ready);
    expect(isAlive(ready.pid)).toBe(true);
  });

  it('starts the host anew when the simulation came back with another identity', async () => {
    process.env.STUB_NEW_IDENTITY = '1';
    const before = await environmentWith().start();
    const azure = Number(notedPids()[0]);

    process.kill(azure, 'SIGKILL');

    const after = await readyAfter(before.pid);
    const environment = await environmentSeenBy(after.functions);
    expect(environment.IDENTITY_HEADER).not.toBe(String(azure));
  });

  it('gives up a host that keeps ending by itself', async () => {
    const ready = await environmentWith().start();

    await eventually('it is given up', async () => {
      await fetch(`${ready.functions}/exit`).catch(() => {});
      return lost[0];
    });

    expect(lost[0]?.message).toContain('Functions host keeps ending');
  });
});

describe('under Core Tools', () => {
  it('runs func in the folder that would be deployed and waits until it answers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hubkeeper-func-'));
    writeFileSync(join(folder, 'func'), `#!/bin/sh\nexec '${process.execPath}' '${join(root, FAKE_FUNC)}' "$@"\n`, {
      mode: 0o755,
    });
    const path = process.env.PATH;
    process.env.PATH = `${folder}:${path}`;

    try {
      const appFile = join(stateDirectory, 'main.cjs');
      const ready = await environmentWith({ host: 'coreTools', appFile }).start();

      const environment = await environmentSeenBy(ready.functions);
      expect(environment).toMatchObject({ PWD: stateDirectory, HUBKEEPER_ARM_ENDPOINT: ready.arm });
      expect(ready.control).toBeNull();
    } finally {
      process.env.PATH = path;
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('when it cannot start', () => {
  it('says what the host printed and leaves nothing behind', async () => {
    process.env.STUB_HOST_FAILS = '1';
    const environment = environmentWith();

    await expect(environment.start()).rejects.toThrow('the stub was told to fail');
    await environment.stop();

    expect(notedPids()).toEqual([]);
  });

  it('names the holder of a state folder in use', async () => {
    await environmentWith().start();

    await expect(environmentWith().start()).rejects.toThrow(`process ${process.pid}`);
  });

  it('names the setting of a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    try {
      const armPort = { port, setting: 'HUBKEEPER_ARM_PORT' };
      await expect(environmentWith({ armPort }).start()).rejects.toThrow(/Port \d+ is taken.+HUBKEEPER_ARM_PORT/);
    } finally {
      server.close();
    }
  });
});

describe('when the supervisor is killed', () => {
  it('the others end, and the next start takes over', async () => {
    const runner = spawn(process.execPath, [join(root, 'test/local/supervisor/stubs/run.ts'), root, stateDirectory]);
    const ready = await eventually('the ready file is there', () =>
      existsSync(join(stateDirectory, 'ready.json')) ? readReady() : undefined,
    );
    const pids = notedPids();

    runner.kill('SIGKILL');
    await once(runner, 'exit');
    const next = await environmentWith().start();

    expect(pids.filter(isAlive)).toEqual([]);
    expect(next.pid).not.toBe(ready.pid);
  });
});
