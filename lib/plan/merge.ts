import type { JsonObject } from '../json.ts';
import type { DesiredNode } from './graph.ts';
import type { ComparisonRules } from './kind.ts';
import type { LedgerEntry, OwnedFields } from './ledger.ts';

/** The body to PUT: what is there without read-only fields, plus ours, minus what we owned and no longer declare. */
export function mergeForWrite(
  desired: JsonObject,
  actual: JsonObject | null,
  rules: ComparisonRules,
  ownedBefore: OwnedFields,
): JsonObject {
  throw new Error(`not there yet ${desired} ${actual} ${rules} ${ownedBefore}`);
}

/** Everything that counts as ours in a resource: confirmed fields and those of a write that may be under way. */
export function ownedBeforeOf(entry: LedgerEntry | null | undefined): OwnedFields {
  return entry ? { ...entry.confirmed, ...entry.intended } : {};
}

/**
 * What the ledger records for a write of this node. With `before` (the fresh GET and what was ours until now), only
 * what the write really adds or changes becomes ours: a foreign entry or value that was there already stays foreign.
 */
export function ownedFieldsOf(
  node: Pick<DesiredNode, 'body' | 'owner' | 'fieldOwners'>,
  rules: ComparisonRules,
  before?: { readonly actual: JsonObject | null; readonly owned: OwnedFields },
): OwnedFields {
  throw new Error(`not there yet ${node} ${rules} ${before}`);
}
