import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCode } from './error-code.ts';

/** The lock on a state folder. */
export interface StateLock {
  release(): void;
}

/** Another environment runs on the state folder. */
export class StateLocked extends Error {
  override readonly name = 'StateLocked';
}

/**
 * Makes this process the only one that runs an environment on a state folder. The operating system drops the lock with
 * the process, however it ends, so there is never a stale one; the process id in the file is for the message alone.
 * @throws StateLocked
 */
export function lockState(stateDirectory: string): StateLock {
  const holderFile = join(stateDirectory, 'supervisor.pid');
  const database = new DatabaseSync(join(stateDirectory, 'lock.db'), { timeout: 0 });
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    const holder = readHolder(holderFile);
    throw new StateLocked(
      `Another local environment${holder === undefined ? '' : ` (process ${holder})`} runs on ${stateDirectory}. ` +
        'Stop it first, or give this one a folder of its own with --state DIR and free ports ' +
        '(HUBKEEPER_FUNCTIONS_PORT=0 HUBKEEPER_ARM_PORT=0).',
    );
  }
  writeFileSync(holderFile, `${process.pid}\n`);
  return { release: () => database.close() };
}

/** SQLITE_BUSY: somebody else holds the lock. */
function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === 5;
}

function readHolder(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
