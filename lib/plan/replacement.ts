import type { JsonObject } from '../json.ts';
import type { KindRules, PropertyDifference } from './kind.ts';
import type { LedgerEntry } from './ledger.ts';
import { getAt } from './property-path.ts';

/**
 * The state from which only deleting a resource and making it anew leads, as a difference that a plan shows. Undefined
 * when it is in no such state.
 */
export function brokenState({ broken }: KindRules, actual: JsonObject): PropertyDifference | undefined {
  if (broken === undefined) return undefined;
  const state = getAt(actual, broken.path);
  const isBroken = typeof state === 'string' && state.toLowerCase() === broken.state.toLowerCase();
  return isBroken ? replacedState({ broken }) : undefined;
}

/** The same difference, of a resource that has been deleted for that reason and is not there to be asked. */
export function replacedState({ broken }: Pick<KindRules, 'broken'>): PropertyDifference | undefined {
  return broken === undefined ? undefined : { path: broken.path, before: broken.state, after: broken.sound };
}

/** Hubkeeper has begun to delete the resource so as to make it anew, and has not made it yet. */
export function isBeingReplaced(entry: LedgerEntry | null | undefined): boolean {
  return entry?.replacing === true;
}
