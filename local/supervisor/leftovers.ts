import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errorCode } from './error-code.ts';
import { killGroup } from './managed-process.ts';
import { writeJsonAtomically } from './write-atomically.ts';

/** They end within a second or two of their supervisor; after this they hang. */
const PATIENCE_SECONDS = 10;
const LOOK_EVERY_MS = 50;

function fileOf(stateDirectory: string): string {
  return join(stateDirectory, 'processes.json');
}

/** Notes which processes work on the state folder, for the start after a crash. */
export function noteProcesses(stateDirectory: string, pids: readonly number[]): void {
  writeJsonAtomically(fileOf(stateDirectory), { pids });
}

/**
 * Waits until the processes of an earlier run have let go of the state folder, and ends those that do not. A number is
 * taken for one of ours only if its command line names the folder: process ids are used again, in containers soon.
 */
export async function awaitLeftovers(stateDirectory: string): Promise<void> {
  let left = await notedPids(stateDirectory);
  const deadlineMs = performance.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const checked = await Promise.all(left.map(async (pid) => ((await isOurs(pid, stateDirectory)) ? [pid] : [])));
    left = checked.flat();
    if (left.length === 0) return;
    if (performance.now() > deadlineMs) for (const pid of left) killGroup(pid);
    await sleep(LOOK_EVERY_MS);
  }
}

async function notedPids(stateDirectory: string): Promise<readonly number[]> {
  let text: string;
  try {
    text = await readFile(fileOf(stateDirectory), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('pids' in value) || !Array.isArray(value.pids)) return [];
  return value.pids.filter((pid: unknown): pid is number => Number.isInteger(pid));
}

async function isOurs(pid: number, stateDirectory: string): Promise<boolean> {
  return (await commandLineOf(pid)).includes(stateDirectory);
}

async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    // Empty for a process that has ended and is not yet collected.
    return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  }
  // It fails for a process that is gone.
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout;
}
