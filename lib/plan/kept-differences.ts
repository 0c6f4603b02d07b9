import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { compare } from './compare.ts';
import { frameOf } from './entries-of-others.ts';
import type { DesiredNode } from './graph.ts';
import type { ComparisonRules } from './kind.ts';
import type { OwnedFields } from './ledger.ts';
import { entriesTakenAway } from './node-changes.ts';
import { ownedTree } from './owned-tree.ts';
import { formatPath, getAt, type KeyOfArray, matchesPattern, parsePath, removeAt, setAt } from './property-path.ts';
import { atEntry, atProperty, rulesAtRoot } from './rule-tree.ts';
import { withoutReadOnly } from './shown-values.ts';
import { isJsonArray, memberKey } from './values.ts';

/** A node that lets some differences stand, and the paths of those. */
export interface KeptNode {
  readonly node: DesiredNode;
  readonly kept: readonly string[];
}

/**
 * A node that declares what is at these paths of differences as it is, so that all the rest of the resource can be
 * written. A path that cannot be kept so is none of `kept`, and differs still.
 */
export function withKeptDifferences(
  node: DesiredNode,
  actual: JsonObject,
  rules: ComparisonRules,
  owned: OwnedFields,
  paths: readonly string[],
): KeptNode {
  if (paths.length === 0) return { node, kept: [] };
  const entriesAt = (path: string) => rules.entries.find((entries) => matchesPattern(path, entries.path));
  const keyOf: KeyOfArray = (path) => entriesAt(path)?.key ?? 'name';
  const there = withoutReadOnly(actual, rulesAtRoot(rules)) ?? {};
  let body: Json = node.body;
  for (const path of paths) {
    body = withEntriesAround(body, there, path, rules, owned, keyOf);
    const value = getAt(there, path, keyOf);
    const declared = getAt(body, path, keyOf);
    if (value === undefined) body = withoutEmpty(removeAt(body, path, keyOf), path, keyOf);
    else if (entriesAt(path) !== undefined && isJsonArray(value) && isJsonArray(declared))
      body = setAt(body, path, inOrderOf(value, declared, keyOf(path)), keyOf);
    else body = setAt(body, path, value, keyOf);
  }
  if (!isJsonObject(body)) return { node, kept: [] };
  const { differences, immutable } = compare(body, actual, rules, owned);
  const left = new Set([...differences, ...immutable].map(({ path }) => path));
  const kept = paths.filter((path) => !left.has(path));
  return kept.length === 0 ? { node, kept } : { node: { ...node, body }, kept };
}

/**
 * A node that takes no entry away: what the spec had declared in the resource, declares no longer, and is still there
 * is declared as it is. So everything else of the resource can be written where deletes are forbidden, and the entry
 * stays ours until they are allowed. `kept` are the paths of those entries.
 */
export function withKeptEntries(
  node: DesiredNode,
  actual: JsonObject | null,
  rules: ComparisonRules,
  owned: OwnedFields,
): KeptNode {
  if (actual === null) return { node, kept: [] };
  const { differences } = compare(node.body, actual, rules, owned);
  return withKeptDifferences(node, actual, rules, owned, entriesTakenAway(differences, owned, node.fieldOwners));
}

/** With the entries of ours around a path, which are not declared and stay for others, as these need them. */
function withEntriesAround(
  body: Json,
  there: Json,
  path: string,
  rules: ComparisonRules,
  owned: OwnedFields,
  keyOf: KeyOfArray,
): Json {
  const segments = parsePath(path);
  let declared = body;
  let place = rulesAtRoot(rules);
  for (const [depth, segment] of segments.slice(0, -1).entries()) {
    if (segment.type === 'property') place = atProperty(place, segment.name);
    if (segment.type !== 'entry') continue;
    place = atEntry(place, segment.key);
    const around = formatPath(segments.slice(0, depth + 1));
    const entry = getAt(there, around, keyOf);
    if (entry === undefined || getAt(declared, around, keyOf) !== undefined) continue;
    if (ownedTree(owned).covers(around)) declared = setAt(declared, around, frameOf(entry, place), keyOf);
  }
  return declared;
}

/** Objects that lost their last member with what was at a path: a reference without its id is no valid value. */
function withoutEmpty(body: Json, path: string, keyOf: KeyOfArray): Json {
  let left = body;
  for (let segments = parsePath(path).slice(0, -1); segments.length > 0; segments = segments.slice(0, -1)) {
    const around = formatPath(segments);
    const value = getAt(left, around, keyOf);
    if (!isJsonObject(value) || Object.keys(value).length > 0) return left;
    left = removeAt(left, around, keyOf);
  }
  return left;
}

/** The declared entries in the order in which they are there; those that are not come last. */
function inOrderOf(actual: readonly Json[], declared: readonly Json[], key: string): readonly Json[] {
  const ranks = new Map(actual.map((member, index) => [memberKey(member, key)?.toLowerCase(), index]));
  const rankOf = (member: Json) => ranks.get(memberKey(member, key)?.toLowerCase()) ?? actual.length;
  return declared.toSorted((a, b) => rankOf(a) - rankOf(b));
}
