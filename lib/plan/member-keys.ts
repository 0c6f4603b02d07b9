import { isJsonObject, type Json } from '../json.ts';
import type { NamedEntries } from './kind.ts';
import { atEntry, atProperty, ignoresCase, isReadOnly, type RulePlace } from './rule-tree.ts';
import { isAbsent, isIdLike, isJsonArray, memberKey, objectOf } from './values.ts';

/** What tells a member of named entries from the others. */
export function keyOf(member: Json, named: Pick<NamedEntries, 'key'>): string {
  // Members without a key can only be told apart by all they hold.
  return memberKey(member, named.key) ?? JSON.stringify(member);
}

/** Text of a set's member, as it stands in the brackets of its path. */
export function memberText(member: Json): string {
  return typeof member === 'string' ? member : JSON.stringify(member);
}

/** What tells a member of a set from the others: all that it says. */
export function setKey(member: Json, { rules }: { readonly rules: RulePlace }): string {
  if (typeof member === 'string') {
    const caseless = ignoresCase(rules) || ignoresCase(atEntry(rules, member)) || isIdLike(member);
    return JSON.stringify(caseless ? member.toLowerCase() : member);
  }
  return JSON.stringify(sayingOf(member, atEntry(rules, '')));
}

/** A value with its properties in one order, without what says nothing, and in one spelling where case means nothing. */
function sayingOf(value: Json, rules: RulePlace): Json {
  if (typeof value === 'string') return ignoresCase(rules) || isIdLike(value) ? value.toLowerCase() : value;
  if (isJsonArray(value)) return value.map((member) => sayingOf(member, atEntry(rules, '')));
  if (!isJsonObject(value)) return value;
  return objectOf(
    Object.entries(value)
      .filter(([name, member]) => !isAbsent(member) && !isReadOnly(atProperty(rules, name)))
      .map(([name, member]) => [name, sayingOf(member ?? null, atProperty(rules, name))] as const)
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}
