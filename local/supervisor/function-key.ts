import { readFileSync } from 'node:fs';
import { functionKeysFile } from './state-files.ts';

/**
 * The key that callers of the functions send, from the file in which the host keeps its keys.
 * @throws when the host has written none.
 */
export function readFunctionKey(stateDirectory: string): string {
  const file = functionKeysFile(stateDirectory);
  const keys: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof keys === 'object' && keys !== null && 'functionKey' in keys && typeof keys.functionKey === 'string') {
    return keys.functionKey;
  }
  throw new TypeError(`The Functions host left no function key in ${file}.`);
}
