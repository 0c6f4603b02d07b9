import { readFileSync } from 'node:fs';
import { functionKeysFile } from './state-files.ts';

/** `functionKey`: what callers of the functions send; `eventGridKey`: what Event Grid sends to the webhook. */
export type HostKeyName = 'functionKey' | 'eventGridKey';

/**
 * A key from the file in which the host keeps its keys.
 * @throws when the host has written none.
 */
export function readHostKey(stateDirectory: string, name: HostKeyName): string {
  const file = functionKeysFile(stateDirectory);
  const keys: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const key = typeof keys === 'object' && keys !== null ? (keys as Record<string, unknown>)[name] : undefined;
  if (typeof key === 'string') return key;
  throw new TypeError(`The Functions host left no ${name} in ${file}.`);
}
