import { ProblemError } from '../problem.ts';

/** One piece of work with its own time. */
export interface Work {
  readonly id: string;
  readonly estimatedMinutes: number;
  /** Ids of other pieces; those that are not there count as done. */
  readonly dependsOn: readonly string[];
  readonly lanes: readonly string[];
}

/** Work by index instead of by id, in a topological order. */
export interface IndexedWork {
  /** Positions of `works` so that each comes after everything it depends on. */
  readonly order: readonly number[];
  readonly dependsOn: readonly (readonly number[])[];
  readonly dependents: readonly (readonly number[])[];
}

/** Resolves ids and sorts topologically; ties keep the given order. Throws a `ProblemError` for a cycle. */
export function indexWork(works: readonly Pick<Work, 'id' | 'dependsOn'>[]): IndexedWork {
  const indexById = new Map(works.map(({ id }, index) => [id.toLowerCase(), index]));
  const dependsOn = works.map(({ dependsOn: ids }, index) => {
    const found = ids.map((id) => indexById.get(id.toLowerCase()));
    return [...new Set(found.filter((other) => other !== undefined && other !== index))] as number[];
  });
  const dependents: number[][] = works.map(() => []);
  const missing = dependsOn.map((ids) => ids.length);
  dependsOn.forEach((ids, index) => {
    for (const id of ids) dependents[id]?.push(index);
  });
  const order: number[] = [];
  missing.forEach((count, index) => {
    if (count === 0) order.push(index);
  });
  for (let at = 0; at < order.length; at++) {
    for (const dependent of dependents[order[at] ?? -1] ?? []) {
      const left = (missing[dependent] ?? 0) - 1;
      missing[dependent] = left;
      if (left === 0) order.push(dependent);
    }
  }
  if (order.length < works.length) {
    const stuck = works.filter((_, index) => (missing[index] ?? 0) > 0).map(({ id }) => id);
    throw new ProblemError({
      code: 'DependencyCycle',
      actor: 'us',
      message: `These depend on each other in a circle: ${stuck.slice(0, 5).join(', ')}.`,
      remedy: 'Report this with the spec that led to it.',
    });
  }
  return { order, dependsOn, dependents };
}

/** Earliest start of each piece if lanes did not matter, and the time from its end to the end of the last that waits for it. */
export function headsAndTails(
  minutes: readonly number[],
  { order, dependsOn, dependents }: IndexedWork,
): { readonly heads: readonly number[]; readonly tails: readonly number[] } {
  const heads = minutes.map(() => 0);
  const tails = minutes.map(() => 0);
  for (const index of order) {
    heads[index] = Math.max(0, ...(dependsOn[index] ?? []).map((id) => (heads[id] ?? 0) + (minutes[id] ?? 0)));
  }
  for (const index of order.toReversed()) {
    tails[index] = Math.max(0, ...(dependents[index] ?? []).map((id) => (tails[id] ?? 0) + (minutes[id] ?? 0)));
  }
  return { heads, tails };
}

/**
 * Minutes below which no schedule can stay: the longest chain, or what has to pass one lane piece by piece, with the
 * shortest way to the lane and from it to the end.
 */
export function leastMinutes(works: readonly Work[]): number {
  const minutes = works.map(({ estimatedMinutes }) => estimatedMinutes);
  const { heads, tails } = headsAndTails(minutes, indexWork(works));
  let least = Math.max(0, ...heads.map((head, index) => head + (minutes[index] ?? 0)));
  const byLane = new Map<string, number[]>();
  works.forEach(({ lanes }, index) => {
    for (const lane of lanes) byLane.set(lane, [...(byLane.get(lane) ?? []), index]);
  });
  for (const members of byLane.values()) {
    // Of those with a long way left, all have to pass before the last of them can go that way.
    const byTail = members.toSorted((a, b) => (tails[b] ?? 0) - (tails[a] ?? 0));
    let load = 0;
    let head = Number.POSITIVE_INFINITY;
    for (const index of byTail) {
      load += minutes[index] ?? 0;
      head = Math.min(head, heads[index] ?? 0);
      least = Math.max(least, head + load + (tails[index] ?? 0));
    }
  }
  return least;
}
