import type { Json, JsonObject } from '../json.ts';
import type { ComparisonRules, PropertyDifference } from './kind.ts';
import type { OwnedFields } from './ledger.ts';

/** What a secret value is replaced with wherever a person or a store could see it. */
export const REDACTED = '(secret)';

/** A difference that cannot be put right in place. */
export interface ImmutableDifference extends PropertyDifference {
  readonly why: string;
}

export interface Comparison {
  readonly differences: readonly PropertyDifference[];
  readonly immutable: readonly ImmutableDifference[];
}

/** Three-way comparison of a body as declared, as it is (`null`: not there) and what we own in it. */
export function compare(
  desired: JsonObject,
  actual: JsonObject | null,
  rules: ComparisonRules,
  ownedBefore: OwnedFields,
): Comparison {
  throw new Error(`not there yet ${desired} ${actual} ${rules} ${ownedBefore}`);
}

/** The differences that a write puts right; immutable ones are left to `compare`. */
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
  throw new Error(`not there yet ${body} ${rules}`);
}
