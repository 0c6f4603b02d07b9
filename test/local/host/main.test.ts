import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = resolve(__dirname, '../../..');
const NODE = join(ROOT, 'node_modules/.bin/node');
const START = Date.parse('2026-11-20T08:00:00.000Z');

let folder: string;
let processes: HostProcess[] = [];
let master: Master;

interface HostProcess {
  readonly child: ChildProcess;
  readonly functions: string;
  readonly control: string;
  readonly lines: string[];
  readonly errors: string[];
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

/** The master of a stepped clock, as the simulated Azure has it. */
interface Master {
  readonly server: Server;
  readonly url: string;
  readonly participants: { readonly name: string; readonly url: string }[];
  nowMs: number;
}

async function startMaster(): Promise<Master> {
  const participants: { name: string; url: string }[] = [];
  const made: { nowMs: number } = { nowMs: START };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (request.method === 'PUT') {
        const { url } = JSON.parse(body) as { url: string };
        participants.push({ name: request.url?.split('/').at(-1) ?? '', url });
        response.writeHead(204).end();
        return;
      }
      const now = new Date(made.nowMs).toISOString();
      response.end(JSON.stringify({ now, simulatedMs: made.nowMs, wallMs: Date.now(), speed: 0 }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/_sim/clock`;
  return Object.assign(made, { server, url, participants });
}

async function startHost(options: readonly string[] = [], app = 'app.cjs'): Promise<HostProcess> {
  const child = spawn(
    NODE,
    [
      join(ROOT, 'local/host/main.ts'),
      ...['--app', join(folder, app), '--host-json', join(folder, 'host.json'), '--database', join(folder, 'host.db')],
      ...['--clock', master.url, ...options],
    ],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, TICK_SCHEDULE: '0 0 0 1 1 *', NODE_OPTIONS: '' },
    },
  );
  const lines: string[] = [];
  const errors: string[] = [];
  child.stderr?.on('data', (chunk) => errors.push(String(chunk)));
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) => {
    child.once('close', (code, signal) => done({ code, signal }));
  });
  const ready = await Promise.race([
    new Promise<string>((done) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        lines.push(line);
        done(line);
      });
    }),
    ended.then(() => ''),
  ]);
  const { functions = '', control = '' } = ready === '' ? {} : (JSON.parse(ready) as Record<string, string>);
  const made = { child, functions, control, lines, errors, ended };
  processes.push(made);
  return made;
}

async function step(nowMs: number): Promise<{ nextDueMs: number | null; workDone: number }> {
  master.nowMs = nowMs;
  const { url } = master.participants.at(-1) ?? { url: '' };
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ nowMs }) });
  return (await response.json()) as { nextDueMs: number | null; workDone: number };
}

function startOrchestration(host: HostProcess, path: string, input: unknown): Promise<Response> {
  return fetch(`${host.functions}/api/orchestrators/${path}`, { method: 'POST', body: JSON.stringify(input) });
}

async function historyOf(host: HostProcess, id: string): Promise<{ status: string; output: unknown }> {
  return (await (await fetch(`${host.control}/history/${id}`)).json()) as { status: string; output: unknown };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'embedded-host-process-'));
  execFileSync(join(ROOT, 'node_modules/.bin/esbuild'), [
    join(ROOT, 'test/local/host/support/test-app-main.ts'),
    ...['--bundle', '--platform=node', '--format=cjs', '--external:@azure/functions-core', '--log-level=error'],
    `--outfile=${join(folder, 'app.cjs')}`,
  ]);
  writeFileSync(join(folder, 'host.json'), '{"version":"2.0"}');
  writeFileSync(join(folder, 'empty.cjs'), '');
});

afterEach(async () => {
  for (const { child, ended } of processes) {
    child.kill('SIGKILL');
    await ended;
  }
  processes = [];
  await new Promise((done) => master.server.close(done));
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `host.db${suffix}`), { force: true });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the host as a process', () => {
  it('says once that it is ready, joins a stepped clock, and settles when the master asks', async () => {
    master = await startMaster();
    const host = await startHost();

    const started = await startOrchestration(host, 'fanOut/fan-1', { count: 3 });
    const first = await step(START);
    const again = await step(START);
    const waiting = await historyOf(host, 'fan-1');
    const second = await step(first.nextDueMs ?? 0);
    const done = await historyOf(host, 'fan-1');

    expect(started.status).toBe(202);
    expect(host.lines).toHaveLength(1);
    expect(JSON.parse(host.lines[0] ?? '')).toEqual({ ready: true, functions: host.functions, control: host.control });
    expect(master.participants).toEqual([{ name: 'host', url: `${host.control}/clock` }]);
    expect(first.nextDueMs).toBe(START + 2_700_000);
    expect(again.workDone).toBe(first.workDone);
    expect(waiting.status).toBe('Running');
    expect(second.workDone).toBeGreaterThan(first.workDone);
    expect(done.status).toBe('Completed');
  });

  it.each<[string, (host: HostProcess) => void]>([
    ['on SIGTERM', (host) => host.child.kill('SIGTERM')],
    ['when its stdin closes', (host) => host.child.stdin?.end()],
  ])('ends cleanly %s', async (_, end) => {
    master = await startMaster();
    const host = await startHost();

    end(host);

    expect(await host.ended).toEqual({ code: 0, signal: null });
  });

  it.each(['beforeActivity', 'duringActivity', 'afterActivity', 'afterStore'])(
    'kills itself %s when told so, and the next process finishes the work',
    async (point) => {
      master = await startMaster();
      const host = await startHost(['--faults', JSON.stringify({ kill: { point, count: 2, afterMs: 0 } })]);
      await startOrchestration(host, 'chain/chain-1', { steps: 4 }).catch(() => undefined);
      await host.ended;

      const next = await startHost();
      await step(START);

      expect((await host.ended).signal).toBe('SIGKILL');
      expect(await historyOf(next, 'chain-1')).toMatchObject({
        status: 'Completed',
        output: { done: [{ step: 0 }, { step: 1 }, { step: 2 }, { step: 3 }] },
      });
      expect(master.participants).toHaveLength(2);
    },
  );

  it('takes faults, crashes and statistics over the control endpoint', async () => {
    master = await startMaster();
    const host = await startHost();

    const bad = await fetch(`${host.control}/faults`, { method: 'PUT', body: '{"nonsense":1}' });
    const set = await fetch(`${host.control}/faults`, { method: 'PUT', body: '{"crashAroundEveryActivity":true}' });
    // A crash closes all connections, so the answer may be lost, though not the instance.
    await startOrchestration(host, 'chain/chain-1', { steps: 2 }).catch(() => undefined);
    await step(START);
    const crash = await fetch(`${host.control}/crash`, { method: 'POST' });
    const state = (await (await fetch(host.control)).json()) as { epoch: number; functions: unknown[] };
    const statistics = await (await fetch(`${host.control}/statistics`)).json();

    expect([bad.status, set.status, crash.status]).toEqual([400, 200, 204]);
    expect(state.epoch).toBe(1 + 4 + 1);
    expect(await historyOf(host, 'chain-1')).toMatchObject({ status: 'Completed' });
    expect(statistics).toMatchObject({ chain: { activities: 2, historyEvents: 12 } });
    expect((await fetch(`${host.control}/history/nobody`)).status).toBe(404);
  });

  it('asks for keys from a file when told so, and never prints them', async () => {
    master = await startMaster();
    const host = await startHost(['--require-keys', '--keys-file', join(folder, 'keys.json')]);

    const response = await fetch(`${host.functions}/runtime/webhooks/durabletask/instances/`);

    const keys = JSON.parse(execFileSync('cat', [join(folder, 'keys.json')], { encoding: 'utf8' })) as Record<
      string,
      string
    >;
    expect(response.status).toBe(401);
    expect(Object.values(keys).filter((key) => [...host.lines, ...host.errors].join('').includes(key))).toEqual([]);
    expect(Object.keys(keys)).toHaveLength(4);
  });

  it('does not start with an app that registers nothing', async () => {
    master = await startMaster();
    const host = await startHost([], 'empty.cjs');

    expect((await host.ended).code).toBe(1);
    expect(host.errors.join('')).toContain('The app registered no function.');
  });
});
