import type { JsonObject } from '../json.ts';
import { type Edge, withoutCircles } from './acyclic.ts';
import { pairKeyOf } from './change-groups.ts';
import { indexWork } from './critical-path.ts';
import { ancestors, type Leaving } from './deletions.ts';
import { type DesiredNode, normaliseId } from './graph.ts';
import type { LedgerEntry } from './ledger.ts';
import type { NodeOutcome } from './node-changes.ts';
import type { Change } from './plan.ts';
import type { DraftChange, PlanInput } from './plan-input.ts';

/** How strong a reason for an order is; only declared dependencies and containment never give way. */
const REFERENCE = 0;
const RECORDED = 1;
const FIRM = 2;

/**
 * Gives each change its dependencies among the other changes and puts all in a topological order: creates and updates in
 * the order of the graph, deletes after what took their place, resource groups at the end.
 */
export function ordered(
  outcomes: readonly NodeOutcome[],
  leaving: readonly Leaving[],
  input: PlanInput,
  ledger: ReadonlyMap<string, LedgerEntry>,
): readonly Change[] {
  const drafts: DraftChange[] = [
    ...outcomes.flatMap(({ change }) => change ?? []),
    ...leaving.flatMap(({ change }) => change ?? []),
  ];
  const indexOf = new Map(drafts.map(({ id }, index) => [normaliseId(id), index]));
  const edges = [
    ...declaredEdges(outcomes, indexOf),
    ...replacementEdges(drafts),
    ...deleteEdges(drafts, outcomes, leaving, indexOf, input, ledger),
  ];
  const kept = withoutCircles(drafts.length, edges, FIRM);
  const after: Set<number>[] = drafts.map(() => new Set());
  for (const { from, to } of kept) after[from]?.add(to);
  const changes = drafts.map((change, index): Change => {
    const dependsOn = [...(after[index] ?? [])].sort((a, b) => a - b).flatMap((other) => drafts[other]?.id ?? []);
    return { ...change, dependsOn };
  });
  return topological(changes);
}

/** Always the first in the given order of all whose dependencies have come. */
function topological(changes: readonly Change[]): readonly Change[] {
  const { dependsOn, dependents } = indexWork(changes);
  const missing = dependsOn.map((ids) => ids.length);
  const placed: Change[] = [];
  const ready: number[] = [];
  missing.forEach((count, index) => {
    if (count === 0) ready.push(index);
  });
  for (let index = ready.shift(); index !== undefined; index = ready.shift()) {
    const change = changes[index];
    if (change !== undefined) placed.push(change);
    for (const dependent of dependents[index] ?? []) {
      const left = (missing[dependent] ?? 0) - 1;
      missing[dependent] = left;
      if (left > 0) continue;
      const at = ready.findIndex((other) => other > dependent);
      if (at < 0) ready.push(dependent);
      else ready.splice(at, 0, dependent);
    }
  }
  return placed;
}

/** The changes nearest to each node along its dependencies: what lies between is as it should be already. */
class Nearest {
  readonly #found = new Map<string, ReadonlySet<number>>();
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #next: (key: string) => readonly string[];

  constructor(indexOf: ReadonlyMap<string, number>, next: (key: string) => readonly string[]) {
    this.#indexOf = indexOf;
    this.#next = next;
  }

  /** The change at that id itself, else the nearest ones behind it. */
  from(start: string): ReadonlySet<number> {
    const walk = [{ key: start, at: 0, found: new Set<number>() }];
    const onWay = new Set([start]);
    let last: ReadonlySet<number> = new Set();
    for (let frame = walk.at(-1); frame !== undefined; frame = walk.at(-1)) {
      const own = this.#indexOf.get(frame.key);
      const known = own === undefined ? this.#found.get(frame.key) : new Set([own]);
      const next = known === undefined ? this.#next(frame.key)[frame.at++] : undefined;
      if (next !== undefined) {
        if (onWay.has(next)) continue;
        onWay.add(next);
        walk.push({ key: next, at: 0, found: new Set() });
        continue;
      }
      last = known ?? frame.found;
      this.#found.set(frame.key, last);
      onWay.delete(frame.key);
      walk.pop();
      const parent = walk.at(-1);
      if (parent !== undefined) for (const index of last) parent.found.add(index);
    }
    return last;
  }
}

function declaredEdges(outcomes: readonly NodeOutcome[], indexOf: ReadonlyMap<string, number>): readonly Edge[] {
  const nodes = new Map(outcomes.map(({ node }) => [normaliseId(node.id), node]));
  const always = (node: DesiredNode | undefined) =>
    (node?.dependsOn ?? []).filter(({ when }) => when === 'always').map(({ id }) => normaliseId(id));
  const nearest = new Nearest(indexOf, (key) => always(nodes.get(key)));
  const edges: Edge[] = [];
  for (const { node, change, actual } of outcomes) {
    const from = indexOf.get(normaliseId(node.id));
    // What it depends on is needed when it is made anew, which the plan after the delete puts in order.
    if (change === undefined || from === undefined || change.replaces === true) continue;
    for (const { id, when } of node.dependsOn) {
      if (when === 'existing' && actual === null) continue;
      for (const to of nearest.from(normaliseId(id))) {
        if (to !== from) edges.push({ from, to, strength: when === 'always' ? FIRM : RECORDED });
      }
    }
  }
  return edges;
}

/** The other side of a pair can be made only when the broken one has gone. */
function replacementEdges(drafts: readonly DraftChange[]): readonly Edge[] {
  return drafts.flatMap((broken, to) => {
    const pair = broken.replaces === true ? pairKeyOf(broken) : undefined;
    if (pair === undefined) return [];
    return drafts.flatMap((other, from) =>
      other.action === 'create' && pairKeyOf(other) === pair ? [{ from, to, strength: FIRM }] : [],
    );
  });
}

function deleteEdges(
  drafts: readonly DraftChange[],
  outcomes: readonly NodeOutcome[],
  leaving: readonly Leaving[],
  indexOf: ReadonlyMap<string, number>,
  input: PlanInput,
  ledger: ReadonlyMap<string, LedgerEntry>,
): readonly Edge[] {
  const isDelete = (index: number) => drafts[index]?.action === 'delete';
  if (!drafts.some(({ action }) => action === 'delete')) return [];
  const recorded = (key: string) => (ledger.get(key)?.dependsOn ?? []).map(normaliseId);
  const nearest = new Nearest(indexOf, recorded);
  const edges: Edge[] = [];
  /** An update that takes entries away, such as subnets, is the delete of these. */
  const takesAway = (index: number) => (drafts[index]?.takesAway ?? []).length > 0;
  /** What `user` used can go only after the change of `user`; a part of it, only after `user` itself has gone. */
  const goesAfter = (user: number, used: number | undefined, strength: number): void => {
    if (used === undefined || used === user) return;
    if (isDelete(used) || (takesAway(used) && isDelete(user))) edges.push({ from: used, to: user, strength });
  };
  const users: { readonly id: string; readonly actual: JsonObject | null | undefined; readonly kind: string }[] = [
    ...outcomes
      .filter(({ change }) => change !== undefined)
      .map(({ node, actual }) => ({ id: node.id, kind: node.kind, actual })),
    ...leaving
      .filter(({ change }) => change !== undefined)
      .map(({ entry, actual }) => ({ id: entry.id, kind: entry.kind, actual })),
  ];
  for (const { id, actual, kind } of users) {
    const key = normaliseId(id);
    const user = indexOf.get(key);
    if (user === undefined) continue;
    for (const around of ancestors(key)) goesAfter(user, indexOf.get(around), FIRM);
    for (const dependency of recorded(key)) {
      for (const used of nearest.from(dependency)) goesAfter(user, used, RECORDED);
    }
    if (actual === null || actual === undefined) continue;
    for (const reference of input.kinds(kind).referencesOf(actual)) {
      const around = [normaliseId(reference), ...ancestors(reference)];
      // A reference to a child, such as a subnet, is one to the resource that holds it.
      for (const candidate of around) goesAfter(user, indexOf.get(candidate), REFERENCE);
    }
  }
  return edges;
}
