import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { DesiredNode, Owner } from './graph.ts';
import type { ComparisonRules } from './kind.ts';
import type { LedgerEntry, OwnedFields } from './ledger.ts';
import { memberText } from './member-keys.ts';
import { ownedTree } from './owned-tree.ts';
import { PathTree } from './path-tree.ts';
import { entryPath, propertyPath, removeAt } from './property-path.ts';
import {
  atEntry,
  atProperty,
  isReadOnly,
  isSet,
  keepsForeignMembers,
  namedEntries,
  type RulePlace,
  rulesAtRoot,
} from './rule-tree.ts';
import { withoutReadOnly } from './shown-values.ts';
import { sameValue, threeWay } from './three-way.ts';
import { isJsonArray, mapKey, memberKey } from './values.ts';

/**
 * The body to PUT: what is there without read-only fields, plus ours, minus what we owned and no longer declare. Foreign
 * fields, entries and set members come out as they went in, in their order; our new entries are appended. With
 * `actual` null it is the declared body itself.
 */
export function mergeForWrite(
  desired: JsonObject,
  actual: JsonObject | null,
  rules: ComparisonRules,
  ownedBefore: OwnedFields,
): JsonObject {
  if (actual !== null) return threeWay(desired, actual, rulesAtRoot(rules), ownedTree(ownedBefore)).merged;
  const body = withoutReadOnly(desired, rulesAtRoot(rules), 'dropNull');
  return isJsonObject(body) ? body : {};
}

/** Everything that counts as ours in a resource: confirmed fields and those of a write that may be under way. */
export function ownedBeforeOf(entry: LedgerEntry | null | undefined): OwnedFields {
  return entry ? { ...entry.confirmed, ...entry.intended } : {};
}

interface Recording {
  readonly owners: PathTree<Owner>;
  readonly fields: Map<string, Owner>;
}

interface Before {
  readonly actual: Json | undefined;
  readonly owned: PathTree<Owner> | undefined;
}

/**
 * What the ledger records for a write of this node: one path for each leaf or whole set, one for each member of a set to
 * which others may add, and one for each named entry that we made.
 *
 * `before` is the fresh GET and what was ours until now: only what the write really adds or changes becomes ours, so that
 * a value or an entry that somebody else had made already is never taken away. Without it everything declared is ours.
 */
export function ownedFieldsOf(
  node: Pick<DesiredNode, 'body' | 'owner' | 'fieldOwners'>,
  rules: ComparisonRules,
  before?: { readonly actual: JsonObject | null; readonly owned: OwnedFields },
): OwnedFields {
  const recording: Recording = {
    owners: PathTree.of({ '': node.owner, ...node.fieldOwners }),
    fields: new Map(),
  };
  record(node.body, rulesAtRoot(rules), '', '', recording, {
    actual: before?.actual ?? undefined,
    owned: before && ownedTree(before.owned),
  });
  return Object.fromEntries(recording.fields);
}

function record(
  desired: Json | undefined,
  rules: RulePlace,
  path: string,
  name: string,
  recording: Recording,
  before: Before,
): void {
  if (desired === undefined || desired === null || isReadOnly(rules)) return;
  if (isJsonObject(desired) && Object.keys(desired).length > 0) {
    recordObject(desired, rules, path, recording, before);
    return;
  }
  if (isJsonArray(desired) && namedEntries(rules) !== undefined) {
    recordEntries(desired, rules, path, recording, before);
    return;
  }
  if (isJsonArray(desired) && isSet(rules) && keepsForeignMembers(rules)) {
    recordMembers(desired, rules, path, recording, before);
    return;
  }
  const wasThere = before.actual !== undefined && before.actual !== null;
  if (before.owned?.value === undefined && wasThere && sameValue(desired, before.actual, { rules, name })) return;
  own(recording, path);
}

function own(recording: Recording, path: string): void {
  const owner = recording.owners.nearest(path);
  if (owner !== undefined) recording.fields.set(path, owner);
}

function recordObject(desired: JsonObject, rules: RulePlace, path: string, recording: Recording, before: Before): void {
  const actual = new Map<string, Json | undefined>();
  if (isJsonObject(before.actual)) {
    for (const [name, value] of Object.entries(before.actual)) actual.set(mapKey(path, name), value);
  }
  for (const [name, value] of Object.entries(desired)) {
    const key = mapKey(path, name);
    record(value, atProperty(rules, name), propertyPath(path, name), name, recording, {
      actual: actual.get(key),
      owned: before.owned?.property(key),
    });
  }
}

function recordEntries(
  desired: readonly Json[],
  rules: RulePlace,
  path: string,
  recording: Recording,
  before: Before,
): void {
  const keyProperty = namedEntries(rules)?.key ?? 'name';
  const keyOf = (member: Json) => memberKey(member, keyProperty) ?? JSON.stringify(member);
  const present = new Map<string, Json>();
  if (isJsonArray(before.actual)) {
    for (const member of before.actual) present.set(keyOf(member).toLowerCase(), member);
  }
  for (const member of desired) {
    const key = keyOf(member);
    const actual = present.get(key.toLowerCase());
    const owned = before.owned?.entry(key);
    if (actual === undefined || owned?.value !== undefined) own(recording, entryPath(path, key));
    // The key itself is no field of ours: an entry without its key would be none.
    record(removeAt(member, keyProperty), atEntry(rules, key), entryPath(path, key), '', recording, { actual, owned });
  }
}

function recordMembers(
  desired: readonly Json[],
  rules: RulePlace,
  path: string,
  recording: Recording,
  before: Before,
): void {
  const present = isJsonArray(before.actual) ? before.actual : [];
  for (const member of desired) {
    const text = memberText(member);
    const place = { rules: atEntry(rules, text), name: '' };
    const isForeign =
      before.owned?.entry(text)?.value === undefined && present.some((other) => sameValue(member, other, place));
    if (!isForeign) own(recording, entryPath(path, text));
  }
}
