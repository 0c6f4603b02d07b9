import { idKey, isBelow } from './arm-path.ts';
import type { ResourceLock } from './resource-type.ts';

/** Two locks collide if one's id is the other's or lies below it (extension resources aside) and not both are shared. */
export function collide(one: ResourceLock, other: ResourceLock): boolean {
  if (one.mode === 'shared' && other.mode === 'shared') return false;
  const oneKey = idKey(one.id);
  const otherKey = idKey(other.id);
  return oneKey === otherKey || isPartOf(oneKey, otherKey) || isPartOf(otherKey, oneKey);
}

function isPartOf(key: string, wholeKey: string): boolean {
  return isBelow(key, wholeKey) && !key.slice(wholeKey.length).includes('/providers/');
}
