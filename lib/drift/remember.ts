import { propertyKey } from './drift-record.ts';

type Property = { readonly id: string; readonly path: string };

/** What of one list a record keeps after a comparison. */
export interface Remembered<Found, Known> {
  readonly seen: readonly Found[];
  /** Known before, and not looked at this time. */
  readonly unseen: readonly Known[];
  /** What there was no room for. */
  readonly beyondCount: number;
}

/**
 * As many as there is room for: what is known stays, seen or not; of the rest the first in order, so that the same
 * comparison remembers the same ones. Pure.
 */
export function remember<Found extends Property, Known extends Property>(
  found: readonly Found[],
  unseen: readonly Known[],
  before: ReadonlyMap<string, Known>,
  most: number,
): Remembered<Found, Known> {
  const isKnown = (one: Found) => before.has(propertyKey(one));
  const known = found.filter(isKnown).slice(0, most);
  const kept = unseen.slice(0, most - known.length);
  const fresh = found.filter((one) => !isKnown(one)).slice(0, most - known.length - kept.length);
  const seen = [...known, ...fresh];
  return { seen, unseen: kept, beyondCount: found.length + unseen.length - seen.length - kept.length };
}

/** How many are not remembered: a look at everything counts them anew, any other can only find more. Pure. */
export function moreCount(countBefore: number, beyondCount: number, countsAll: boolean): number {
  return countsAll ? beyondCount : Math.max(countBefore, beyondCount);
}
