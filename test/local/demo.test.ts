import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';

/** What the demo takes for the folder of temporary files. */
let temporary: string;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'hubkeeper-interrupted-'));
});

afterEach(() => {
  rmSync(temporary, { recursive: true, force: true });
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'leaves nothing behind when %s ends the demo',
  async (signal, code) => {
    const child = spawn(process.execPath, ['local/demo.ts'], {
      env: { PATH: process.env.PATH, TMPDIR: temporary },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = once(child, 'exit');
    await eventually('the demo has a folder', () => readdirSync(temporary)[0]);
    child.kill(signal);

    expect((await ended)[0]).toBe(code);
    expect(readdirSync(temporary)).toEqual([]);
  },
  60_000,
);
