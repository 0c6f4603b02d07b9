import { createHash } from 'node:crypto';
import type { Json } from '../json.ts';
import type { Change } from './plan.ts';

/** JSON text in which keys are sorted and undefined is left out: equal values give equal text. */
export function canonicalJson(value: Json | undefined): string {
  if (value === undefined) return 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((member) => canonicalJson(member)).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

/** SHA-256 of a JSON value, as 64 hexadecimal digits. */
export function hashOf(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** The first half of that: enough to tell a value from another one of the same place. */
export function shortHash(value: Json): string {
  return hashOf(value).slice(0, 32);
}

type Hashed = Pick<Change, 'id' | 'action' | 'diff'>;

/** Hash of one change: id, action and its differences, in any order. */
export function changeHash(change: Hashed): string {
  const diff = change.diff.map(({ path, before, after }) => canonicalJson({ path, before, after })).sort();
  return hashOf({ id: change.id.toLowerCase(), action: change.action, diff });
}

/**
 * Hash of a plan: spec version and changes, independent of their order and of the order of keys. ETags are no part of
 * a change, since they move with every write of a child.
 */
export function planHash(specVersion: string, changes: readonly Hashed[]): string {
  return hashOf({ specVersion, changes: changes.map(changeHash).sort() });
}
