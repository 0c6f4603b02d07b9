import type { Json, JsonObject } from '../json.ts';
import type { ComparisonRules, PropertyDifference } from './kind.ts';
import type { OwnedFields } from './ledger.ts';
import { ownedTree } from './owned-tree.ts';
import { rulesAtRoot } from './rule-tree.ts';
import { redacted } from './shown-values.ts';
import { type ImmutableDifference, threeWay } from './three-way.ts';

export { REDACTED } from './shown-values.ts';
export type { ImmutableDifference } from './three-way.ts';

export interface Comparison {
  readonly differences: readonly PropertyDifference[];
  readonly immutable: readonly ImmutableDifference[];
  /** Paths of entries that we made, that are no longer declared, and that stay: others have entries in them. */
  readonly staying: readonly string[];
}

/**
 * Compares a body as declared, as it is (`null`: not there) and what we own in it, leaf by leaf over what is declared.
 * Named entries are matched by their key, sets without order; ids, locations and `ignoreCase` strings without case; an
 * absent value equals its default; read-only fields are skipped. What we owned and no longer declare is a difference
 * without `after`. Whatever nobody declared and we never wrote is no difference, `oursUnsaid` apart. An entry that is missing or too
 * many is one difference, with the whole entry; where others have entries in it, only what else of it was ours is. Secret values are compared and shown as `REDACTED`.
 */
export function compare(
  desired: JsonObject,
  actual: JsonObject | null,
  rules: ComparisonRules,
  ownedBefore: OwnedFields,
): Comparison {
  const found = threeWay(desired, actual, rulesAtRoot(rules), ownedTree(ownedBefore));
  if (actual !== null) return { differences: found.differences, immutable: found.immutable, staying: found.staying };
  // Nothing is there that could not be changed.
  const all = [...found.differences, ...found.immutable.map(({ why: _why, ...difference }) => difference)];
  return { differences: all, immutable: [], staying: [] };
}

/** The differences that a write puts right; immutable ones are told by `compare`. */
export function differences(
  desired: JsonObject,
  actual: JsonObject | null,
  rules: ComparisonRules,
  ownedBefore: OwnedFields,
): readonly PropertyDifference[] {
  return compare(desired, actual, rules, ownedBefore).differences;
}

/** A body with every secret value replaced by `REDACTED`: what may be logged, journaled or shown. */
export function redact(body: Json, rules: ComparisonRules): Json {
  return redacted(body, rulesAtRoot(rules));
}
