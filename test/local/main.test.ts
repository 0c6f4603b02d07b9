import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';

const root = process.cwd();
const stubs = join(root, 'test/local/supervisor/stubs');

/** A checkout in which everything that `start` runs is a stub. */
let checkout: string;
let running: Run[];

interface Run {
  readonly child: ChildProcess;
  output(): string;
}

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'hubkeeper-main-'));
  running = [];
  for (const folder of ['local/azure', 'local/host', 'dist']) mkdirSync(join(checkout, folder), { recursive: true });
  cpSync(join(root, 'local/main.ts'), join(checkout, 'local/main.ts'));
  cpSync(join(root, 'local/supervisor'), join(checkout, 'local/supervisor'), { recursive: true });
  cpSync(join(root, 'package.json'), join(checkout, 'package.json'));
  cpSync(join(stubs, 'azure.ts'), join(checkout, 'local/azure/main.ts'));
  cpSync(join(stubs, 'host.ts'), join(checkout, 'local/host/main.ts'));
  cpSync(join(stubs, 'storage.ts'), join(checkout, 'local/supervisor/azurite.ts'));
  cpSync(join(stubs, 'cli.cjs'), join(checkout, 'dist/hubkeeper.cjs'));
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
});

afterEach(async () => {
  for (const { child } of running) await stopped(child);
  rmSync(checkout, { recursive: true, force: true });
});

async function stopped(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }
  return child.exitCode;
}

function run(options: readonly string[], environment: Readonly<Record<string, string>> = {}): Run {
  const child = spawn(process.execPath, ['local/main.ts', 'start', ...options], {
    cwd: checkout,
    env: {
      ...process.env,
      HUBKEEPER_FUNCTIONS_PORT: '0',
      HUBKEEPER_ARM_PORT: '0',
      STUB_CLI_CALLS: callsFile(),
      ...environment,
    },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
  }
  const started = { child, output: () => text };
  running.push(started);
  return started;
}

function until(text: string, { child, output }: Run): Promise<true> {
  return eventually(`it says '${text}'`, () => {
    if (output().includes(text)) return true;
    if (child.exitCode !== null) throw new Error(`It ended without saying '${text}':\n${output()}`);
    return undefined;
  });
}

function callsFile(): string {
  return join(checkout, 'calls.jsonl');
}

function calls(): { arguments: string[]; url: string }[] {
  if (!existsSync(callsFile())) return [];
  const lines = readFileSync(callsFile(), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

function readyFile(): string {
  return join(checkout, '.hubkeeper/ready.json');
}

describe('start', () => {
  it('provisions the sample once, stays up, and ends in order', async () => {
    const first = run([]);
    await until('Ctrl-C stops it.', first);
    const { functions } = JSON.parse(readFileSync(readyFile(), 'utf8'));

    expect(first.output()).toContain(`${functions}/api`);
    expect(calls()).toEqual([{ arguments: ['apply', 'samples/aks-baseline.yaml'], url: functions }]);
    expect(await stopped(first.child)).toBe(0);
    expect(existsSync(readyFile())).toBe(false);

    const second = run([]);
    await until('Ctrl-C stops it.', second);

    expect(second.output()).toContain('was provisioned by an earlier start');
    expect(calls()).toHaveLength(1);
  });

  it('provisions again after --fresh', async () => {
    const first = run([]);
    await until('Ctrl-C stops it.', first);
    await stopped(first.child);

    await until('Ctrl-C stops it.', run(['--fresh']));

    expect(calls()).toHaveLength(2);
  });

  it('stays up when the provisioning fails, and tries again at the next start', async () => {
    const first = run([], { STUB_CLI_EXIT_CODE: '1' });
    await until('could not be provisioned', first);
    expect((await fetch(JSON.parse(readFileSync(readyFile(), 'utf8')).functions)).status).toBe(200);
    await stopped(first.child);

    await until('is provisioned', run([]));

    expect(calls()).toHaveLength(2);
  });

  it('says so when the provisioning waits for an approval', async () => {
    await until('waits for an approval', run([], { STUB_CLI_EXIT_CODE: '3' }));

    expect(existsSync(join(checkout, '.hubkeeper/provisioned.json'))).toBe(false);
  });

  it('can be stopped while it provisions', async () => {
    const hanging = run([], { STUB_CLI_HANGS: '1' });
    await eventually('the provisioning has begun', () => (calls().length > 0 ? true : undefined));

    expect(await stopped(hanging.child)).toBe(0);
    expect(hanging.output()).toContain('Stopped. npm start continues it.');
  });

  it('says with keys how to ask', async () => {
    mkdirSync(join(checkout, '.hubkeeper'));
    writeFileSync(
      join(checkout, '.hubkeeper/function-keys.json'),
      JSON.stringify({ functionKey: 'k', eventGridKey: 'e' }),
    );
    const started = run(['--require-keys']);
    await until('Ctrl-C stops it.', started);

    expect(started.output()).toContain('curl -H "x-functions-key: KEY"');
    expect(started.output()).toContain('functionKey in .hubkeeper/ready.json');
  });

  it('provisions nothing with --empty', async () => {
    await until('Ctrl-C stops it.', run(['--empty']));

    expect(calls()).toEqual([]);
  });

  it('ends with its standard input where it was told to, and says why', async () => {
    const { child, output } = run(['--empty', '--end-with-input']);
    await until('Ctrl-C stops it.', { child, output });

    const closed = once(child, 'close');
    child.stdin?.end();

    expect(await closed).toEqual([0, null]);
    expect(output()).toContain('Stopping (standard input ended).');
  });

  it.each([
    [['--kubeconfig', 'config'], {}, 'not in this version', 2],
    [['--state', 'package.json/folder'], {}, 'Give another one with --state DIR', 1],
    [['--speed', '0'], {}, 'above 0', 1],
    [['--speed', 'fast'], {}, 'above 0', 1],
    [['--stepped', '--speed', '5'], {}, 'cannot be used with', 1],
    [['--seed', '-1'], {}, 'whole number', 1],
    [[], { HUBKEEPER_ARM_PORT: 'high' }, 'HUBKEEPER_ARM_PORT', 2],
    [['--host', 'core-tools'], { PATH: '/nowhere' }, 'npm install --global azure-functions-core-tools', 1],
  ])('refuses %j with %j in one sentence', async (options, environment, sentence, exitCode) => {
    const { child, output } = run(options, environment);
    await once(child, 'close');

    expect(output()).toContain(sentence);
    expect(output()).not.toContain('    at ');
    expect(child.exitCode).toBe(exitCode);
  });
});
