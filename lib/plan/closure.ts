import { pairKeyOf } from './change-groups.ts';
import { ancestors } from './deletions.ts';
import { planChanges } from './diff.ts';
import { type DesiredNode, normaliseId } from './graph.ts';
import type { PlanInput } from './plan-input.ts';
import { getAt } from './property-path.ts';
import { isAtOrIn } from './scope.ts';

/**
 * The declared resources that have to be looked at besides those that `input.observed` has, so that the plan for these is
 * the one that a look at everything would give them: what a change builds on, the other side of a pair, whatever copies
 * a changed value, where a copied value comes from, and all that was in a resource which is gone. Empty: the plan is
 * complete. Asked again with what was found it may name more.
 */
export function missingBeside(input: PlanInput): readonly DesiredNode[] {
  const { graph, observed, kinds } = input;
  const nodes = new Map(graph.nodes.map((node) => [normaliseId(node.id), node]));
  const missing = new Map<string, DesiredNode>();
  const need = (id: string | undefined): void => {
    const node = id === undefined ? undefined : nodes.get(normaliseId(id));
    if (node !== undefined && !observed.has(normaliseId(node.id))) missing.set(normaliseId(node.id), node);
  };
  const sourceOf = (node: DesiredNode): string | undefined => {
    const { copy } = kinds(node.kind);
    const source = copy === undefined ? undefined : getAt(node.body, copy.of);
    return typeof source === 'string' ? source : undefined;
  };

  const { changes, refused } = planChanges(input);
  // What is refused for one of its dependencies differs itself: all of them are looked at, to name the right one.
  const baseless = refused.filter(({ code }) => code === 'DependsOnRefused');
  const changed = new Set([...changes, ...baseless].map(({ id }) => normaliseId(id)));
  const pairs = new Set<string>();
  const gone: string[] = [];
  for (const [key, node] of nodes) {
    const actual = observed.get(key);
    if (actual === undefined) continue;
    need(sourceOf(node));
    if (actual === null) gone.push(node.id);
    if (!changed.has(key)) continue;
    for (const { id } of node.dependsOn) need(id);
    // An opt-out of what it is in is one of its own.
    for (const around of ancestors(key)) need(around);
    const pair = pairKeyOf(node);
    if (pair !== undefined) pairs.add(pair);
  }
  for (const node of graph.nodes) {
    const pair = pairKeyOf(node);
    const source = sourceOf(node);
    const isBeside =
      (pair !== undefined && pairs.has(pair)) ||
      (source !== undefined && changed.has(normaliseId(source))) ||
      gone.some((id) => isAtOrIn(node.id, id));
    if (isBeside) need(node.id);
  }
  return [...missing.values()];
}
