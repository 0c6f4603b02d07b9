import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verbs } from '../../../lib/cli/verbs.ts';
import { type Ended, type RunOptions, runNode } from '../../support/run-node.ts';
import { type FakeApi, type FakeRoutes, startFakeApi } from './fake-api.ts';
import { HASH, nodeOf, operationOf, planOf, VNET } from './samples.ts';

const MAIN = resolve('lib/cli/main.ts');

let folder = '';
let api: FakeApi;

const waiting = operationOf('waiting', {
  id: 'wait-1',
  nodes: [
    nodeOf(VNET, 'waiting', { waitingFor: { kind: 'approval', reason: 'A delete needs approval.', planHash: HASH } }),
  ],
});
const routes: FakeRoutes = {
  'PUT /api/baselines/good': { status: 202, body: { operationId: 'good-1' } },
  'PUT /api/baselines/bad': { status: 202, body: { operationId: 'bad-1' } },
  'PUT /api/baselines/wait': { status: 202, body: { operationId: 'wait-1' } },
  'PUT /api/baselines/long': { status: 202, body: { operationId: 'long-1' } },
  'PUT /api/baselines/invalid': {
    status: 400,
    body: { errors: [{ code: 'X', path: 'name', message: 'No.', remedy: 'Do.' }] },
  },
  'GET /api/operations/good-1': { status: 200, body: operationOf('succeeded', { id: 'good-1' }) },
  'GET /api/operations/bad-1': { status: 200, body: operationOf('failed', { id: 'bad-1' }) },
  'GET /api/operations/wait-1': { status: 200, body: waiting },
  'GET /api/operations/long-1': { status: 200, body: operationOf('running', { id: 'long-1' }) },
  'GET /api/baselines': { status: 200, body: { baselines: [] } },
  'GET /api/pause': { status: 200, body: { paused: false } },
  'POST /api/baselines/good/plan': { status: 200, body: planOf([]) },
};

function hubkeeper(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runNode([MAIN, ...args], { cwd: folder, ...options, env: { HUBKEEPER_URL: api.url, ...options.env } });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubkeeper-cli-'));
  api = await startFakeApi(routes);
  for (const name of ['good', 'bad', 'wait', 'long', 'invalid'])
    await writeFile(join(folder, `${name}.yaml`), `name: ${name}\n`);
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

describe('exit codes', () => {
  it.each([
    ['done', ['apply', 'good.yaml'], 0],
    ['failed', ['apply', 'bad.yaml'], 1],
    ['refused by the app', ['apply', 'invalid.yaml'], 2],
    ['waits for approval', ['apply', 'wait.yaml'], 3],
    ['invalid spec', ['validate', 'good.yaml'], 2],
    ['unknown command', ['aply', 'good.yaml'], 2],
    ['missing argument', ['apply'], 2],
    ['surplus argument', ['health', 'now'], 2],
    ['unknown option', ['status', '--jsn'], 2],
    ['missing option', ['pause'], 2],
    ['no command', [], 2],
    ['help', ['--help'], 0],
    ['version', ['--version'], 0],
  ])('%s: %j ends with %d', async (_what, args, code) => {
    expect(await hubkeeper(args)).toMatchObject({ code });
  });

  it('Ctrl-C leaves the operation alone and says how to follow it', async () => {
    const { code, out } = await hubkeeper(['apply', 'long.yaml'], { interruptAfter: '1 of 3 done' });

    expect(code).toBe(130);
    expect(out).toContain('hubkeeper follow long-1');
    expect(api.received.filter((call) => call.path.endsWith('/stop'))).toEqual([]);
  });
});

describe('--json', () => {
  it.each([
    [['apply', 'good.yaml', '--json'], { id: 'good-1', state: 'succeeded' }],
    [['--json', 'apply', 'wait.yaml'], { state: 'waiting' }],
    [['status', '--json'], { baselines: [] }],
    [['plan', 'good', '--json'], { hash: HASH }],
    [['apply', 'invalid.yaml', '--json'], { errors: [{ code: 'X', line: 1 }] }],
    [['validate', 'good.yaml', '--json'], { valid: false }],
    [['aply', '--json'], { errors: [{ code: 'Usage' }] }],
    [['hold', 'good', '--json'], { errors: [{ code: 'Usage', message: expect.stringContaining('--reason') }] }],
  ])('%j writes one JSON value to stdout and nothing else', async (args, body) => {
    expect(JSON.parse((await hubkeeper(args)).out)).toMatchObject(body);
  });
});

describe('help', () => {
  it.each(verbs.map((verb) => verb.name))(
    '%s explains its arguments, options and exit codes, with examples',
    async (name) => {
      const verb = verbs.find((candidate) => candidate.name === name);
      const { code, out, err } = await hubkeeper([name, '--help']);

      expect({ code, err }).toEqual({ code: 0, err: '' });
      for (const part of ['Usage: hubkeeper', '--json', '--yes', '--user', 'Exit codes:']) expect(out).toContain(part);
      for (const example of verb?.examples ?? []) expect(out).toContain(`$ ${example}`);
      for (const option of verb?.options ?? []) expect(out).toContain(option.flags);
      for (const argument of verb?.args ?? []) expect(out).toContain(argument.name.slice(1, -1));
    },
  );

  it('lists every command', async () => {
    const { out } = await hubkeeper(['--help']);

    for (const verb of verbs) expect(out).toContain(verb.summary);
  });
});

describe('where the app is', () => {
  it('is read from the local state folder, key and all', async () => {
    await mkdir(join(folder, 'state'), { recursive: true });
    await writeFile(
      join(folder, 'state', 'ready.json'),
      JSON.stringify({ functions: api.url, functionKey: 'local-key' }),
    );
    const before = api.received.length;

    const { code, out, err } = await hubkeeper(['plan', 'good', '--state', 'state', '--user', 'duty']);

    expect(code).toBe(0);
    expect(api.received[before]?.headers).toMatchObject({ 'x-functions-key': 'local-key', 'x-hubkeeper-user': 'duty' });
    expect(out + err).not.toContain('local-key');
  });

  it('not knowing it is one plain sentence with a remedy', async () => {
    const { code, err } = await hubkeeper(['status'], { env: { HUBKEEPER_URL: '' } });

    expect(code).toBe(2);
    expect(err).toContain('npm start');
  });

  it('npm runs it in another folder: paths mean the folder of the person', async () => {
    const { code } = await hubkeeper(['apply', 'good.yaml'], {
      env: { npm_lifecycle_event: 'hubkeeper', INIT_CWD: folder },
    });

    expect(code).toBe(0);
  });

  it('takes a spec from standard input', async () => {
    expect(await hubkeeper(['apply', '-'], { input: 'name: good\n' })).toMatchObject({ code: 0 });
  });
});
