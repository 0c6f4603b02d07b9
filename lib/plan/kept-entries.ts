import { isJsonObject, type JsonObject } from '../json.ts';
import { compare } from './compare.ts';
import type { DesiredNode } from './graph.ts';
import type { ComparisonRules } from './kind.ts';
import type { OwnedFields } from './ledger.ts';
import { entriesTakenAway } from './node-changes.ts';
import { getAt, matchesPattern, setAt } from './property-path.ts';
import { rulesAtRoot } from './rule-tree.ts';
import { withoutReadOnly } from './three-way.ts';

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
): { readonly node: DesiredNode; readonly kept: readonly string[] } {
  if (actual === null) return { node, kept: [] };
  const keyOf = (path: string) => rules.entries.find((entries) => matchesPattern(path, entries.path))?.key ?? 'name';
  const there = withoutReadOnly(actual, rulesAtRoot(rules)) ?? {};
  const kept: string[] = [];
  let body: JsonObject = node.body;
  for (const path of entriesTakenAway(compare(node.body, actual, rules, owned).differences, owned, node.fieldOwners)) {
    const entry = getAt(there, path, keyOf);
    const next = entry === undefined ? undefined : setAt(body, path, entry, keyOf);
    if (!isJsonObject(next)) continue;
    body = next;
    kept.push(path);
  }
  return kept.length === 0 ? { node, kept } : { node: { ...node, body }, kept };
}
