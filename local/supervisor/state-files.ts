import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Names of what lies in a state folder. */
export type Database = 'azure' | 'functions';
export type Log = 'azure' | 'storage' | 'functions';

const LOGS: readonly Log[] = ['azure', 'storage', 'functions'];

export function databaseOf(stateDirectory: string, database: Database): string {
  return join(stateDirectory, `${database}.db`);
}

export function logOf(stateDirectory: string, log: Log): string {
  return join(logsDirectory(stateDirectory), `${log}.log`);
}

export function logsDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'logs');
}

export function certificatesDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'certificates');
}

export function storageDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'storage');
}

export function functionKeysFile(stateDirectory: string): string {
  return join(stateDirectory, 'function-keys.json');
}

/** Written once the first provisioning has succeeded. */
export function provisionedFile(stateDirectory: string): string {
  return join(stateDirectory, 'provisioned.json');
}

/** The folders, and each log of the run before under another name. */
export async function prepareState(stateDirectory: string): Promise<void> {
  for (const directory of [logsDirectory, certificatesDirectory, storageDirectory]) {
    await mkdir(directory(stateDirectory), { recursive: true });
  }
  for (const log of LOGS) {
    const file = logOf(stateDirectory, log);
    await rename(file, file.replace(/\.log$/, '.previous.log')).catch(ignoreAbsent);
  }
}

/** Removes what earlier runs left: exactly what is ours by name, whatever else lies in the folder. */
export async function forgetState(stateDirectory: string): Promise<void> {
  const databases = (['azure', 'functions'] as const).flatMap((database) => {
    const file = databaseOf(stateDirectory, database);
    return [file, `${file}-wal`, `${file}-shm`, `${file}-journal`];
  });
  const others = [storageDirectory, certificatesDirectory, logsDirectory, functionKeysFile, provisionedFile];
  for (const path of [...databases, ...others.map((pathOf) => pathOf(stateDirectory))]) {
    await rm(path, { recursive: true, force: true });
  }
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
