import { randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isJsonObject } from './json-value.ts';

/** The keys that callers may show, when the host asks for any. */
export interface HostKeys {
  readonly masterKey: string;
  /** Opens every function of level `function`. */
  readonly functionKey: string;
  /** Guards the Durable HTTP API below /runtime/webhooks/durabletask. */
  readonly durableTaskKey: string;
  /** Guards the Event Grid webhook. */
  readonly eventGridKey: string;
}

/** Fresh random keys. */
export function makeHostKeys(): HostKeys {
  return { masterKey: makeKey(), functionKey: makeKey(), durableTaskKey: makeKey(), eventGridKey: makeKey() };
}

/** The keys in a file, which only its owner can read; it is made with fresh keys when there is none. */
export function hostKeysFromFile(file: string): HostKeys {
  if (!existsSync(file)) {
    const keys = makeHostKeys();
    writeFileSync(file, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
    return keys;
  }
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const names = ['masterKey', 'functionKey', 'durableTaskKey', 'eventGridKey'] as const;
  for (const name of names) {
    if (!isJsonObject(value) || typeof value[name] !== 'string' || value[name] === '') {
      throw new Error(`The keys file has no "${name}"; delete the file to have new keys made.`);
    }
  }
  return value as unknown as HostKeys;
}

/** Whether a shown key is one of those that open the door; takes the same time for every wrong key. */
export function isOneOf(shown: string | undefined, keys: readonly string[]): boolean {
  if (shown === undefined) return false;
  return keys.filter((key) => isSame(shown, key)).length > 0;
}

function isSame(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

function makeKey(): string {
  return randomBytes(32).toString('base64url');
}
