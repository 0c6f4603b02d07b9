import { isJsonObject, type Json } from '../json.ts';
import { atEntry, atProperty, isReadOnly, isSecret, namedEntries, type RulePlace } from './rule-tree.ts';
import { isJsonArray, memberKey, objectOf } from './values.ts';

/** What a secret value is replaced with wherever a person or a store could see it. */
export const REDACTED = '(secret)';

/** A value without what the service sets, and on demand without nulls. */
export function withoutReadOnly(value: Json | undefined, rules: RulePlace, nulls?: 'dropNull'): Json | undefined {
  if (value === undefined || isReadOnly(rules)) return undefined;
  if (value === null) return nulls === 'dropNull' ? undefined : null;
  if (isJsonObject(value)) {
    return objectOf(
      Object.entries(value).map(([name, member]) => [name, withoutReadOnly(member, atProperty(rules, name), nulls)]),
    );
  }
  if (!isJsonArray(value)) return value;
  const named = namedEntries(rules);
  return value.flatMap((member, index) => {
    const key = (named && memberKey(member, named.key)) ?? String(index);
    const kept = withoutReadOnly(member, atEntry(rules, key), nulls);
    return kept === undefined ? [] : [kept];
  });
}

/** A value with every secret in it replaced. */
export function redacted(value: Json, rules: RulePlace, secret = isSecret(rules)): Json {
  if (secret) return REDACTED;
  if (rules.length === 0) return value;
  if (isJsonObject(value)) {
    return objectOf(
      Object.entries(value).map(([name, member]) => [
        name,
        member === undefined ? undefined : redacted(member, atProperty(rules, name)),
      ]),
    );
  }
  if (!isJsonArray(value)) return value;
  const named = namedEntries(rules);
  return value.map((member, index) =>
    redacted(member, atEntry(rules, (named && memberKey(member, named.key)) ?? String(index))),
  );
}
