import { normaliseId } from './graph.ts';
import { RISKS } from './node-changes.ts';
import type { Change } from './plan.ts';
import { isAtOrBelow } from './property-path.ts';
import { isAtOrIn } from './scope.ts';

/**
 * The changes that a budget holds: each together with all that it depends on, with the other side of a pair and with what
 * replaces it, or not at all. The gravest go first, equal ones in their order; a group that is too large leaves room for
 * the next. `needsOf`: ids of what a change cannot be made without.
 */
export function withinBudget(
  changes: readonly Change[],
  counts: (change: Change) => boolean,
  most: number,
  needsOf: (change: Change) => readonly string[] = ({ dependsOn }) => dependsOn,
): ReadonlySet<Change> {
  const admitted = new Set<Change>();
  let left = most;
  for (const { group } of groupsOf(changes, needsOf).toSorted((one, other) => other.gravity - one.gravity)) {
    const additional = group.filter((change) => !admitted.has(change));
    const cost = additional.filter(counts).length;
    if (cost > left) continue;
    left -= cost;
    for (const change of additional) admitted.add(change);
  }
  return admitted;
}

/**
 * How much it matters that a change is made soon: by its risk, and among equal ones what steers traffic first and tags
 * last.
 */
export function gravityOf({ risk, steersTraffic, diff }: Pick<Change, 'risk' | 'steersTraffic' | 'diff'>): number {
  const isOfTags = diff.length > 0 && diff.every(({ path }) => isAtOrBelow(path, 'tags'));
  return RISKS.indexOf(risk) * 3 + (steersTraffic === true ? 2 : isOfTags ? 0 : 1);
}

/** For each change the smallest group that holds it, all that its members need, and their partners. */
function groupsOf(
  changes: readonly Change[],
  needsOf: (change: Change) => readonly string[],
): readonly { readonly group: readonly Change[]; readonly gravity: number }[] {
  const byKey = new Map(changes.map((change) => [normaliseId(change.id), change]));
  const partners = partnersOf(changes);
  return changes.map((first) => {
    const group = new Set([first]);
    for (const member of group) {
      const others = [...needsOf(member).map(normaliseId), ...(partners.get(normaliseId(member.id)) ?? [])];
      for (const key of others) {
        const other = byKey.get(key);
        if (other !== undefined) group.add(other);
      }
    }
    return { group: [...group], gravity: gravityOf(first) };
  });
}

/** Equal for both sides of a pair: resources of one kind in the same two or more lanes. Undefined: it has no other side. */
export function pairKeyOf({ kind, lanes }: Pick<Change, 'kind' | 'lanes'>): string | undefined {
  return lanes.length > 1 ? JSON.stringify([kind, lanes]) : undefined;
}

/**
 * What is made of each connection of which a plan makes both sides, by normalised id: its other side. One without the
 * other carries nothing. A side that exists and is replaced is made too.
 */
export function otherSides(changes: readonly Change[]): ReadonlyMap<string, Change> {
  const sides = new Map<string, Change>();
  const made = changes.filter((change) => isMade(change) && homeOf(change) !== undefined);
  for (const members of grouped(made, (change) => pairKeyOf(change) ?? '')) {
    const [one, other, ...more] = members;
    if (one === undefined || other === undefined || more.length > 0 || homeOf(one) === homeOf(other)) continue;
    sides.set(normaliseId(one.id), other);
    sides.set(normaliseId(other.id), one);
  }
  return sides;
}

function isMade({ action, replaces }: Change): boolean {
  return action === 'create' || replaces === true;
}

/** Of the two lanes of a connection that of the thing which this side lies in; undefined: it is no side of one. */
function homeOf({ id, lanes }: Change): string | undefined {
  return lanes.length === 2 ? lanes.find((lane) => isAtOrIn(id, lane.slice(lane.indexOf(':') + 1))) : undefined;
}

/** Both sides of a pair: changes of one kind in the same two or more lanes; and a delete with the create in its stead, of the same owner. */
function partnersOf(changes: readonly Change[]): ReadonlyMap<string, readonly string[]> {
  const partners = new Map<string, string[]>();
  const join = (members: readonly Change[]): void => {
    const keys = members.map(({ id }) => normaliseId(id));
    for (const key of keys) partners.set(key, [...(partners.get(key) ?? []), ...keys.filter((other) => other !== key)]);
  };
  const paired = changes.filter((change) => pairKeyOf(change) !== undefined);
  for (const members of grouped(paired, (change) => pairKeyOf(change) ?? '')) join(members);
  const replaced = changes.filter(({ action }) => action !== 'update');
  for (const members of grouped(replaced, ({ kind, scope, owner }) => JSON.stringify([kind, scope, owner]))) {
    const deletes = members.filter(({ action }) => action === 'delete');
    const creates = members.filter(({ action }) => action === 'create');
    deletes.forEach((gone, index) => {
      const instead = creates[index];
      if (instead !== undefined) join([gone, instead]);
    });
  }
  return partners;
}

function grouped(changes: readonly Change[], keyOf: (change: Change) => string): Iterable<readonly Change[]> {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const key = keyOf(change);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [change]);
    else members.push(change);
  }
  return groups.values();
}
