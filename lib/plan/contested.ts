import { someOf } from './node-changes.ts';

/** A property of a resource over which another writer and Hubkeeper are at odds. */
export interface Contested {
  readonly id: string;
  /** As in the difference; empty: the resource itself. */
  readonly path: string;
  /** True: Hubkeeper leaves it to the other writer. False: it only waits a while. */
  readonly stopped: boolean;
  /** Since when, of one that was stopped: an approval that is not newer says nothing about it. */
  readonly sinceIso?: string;
  /** Until when, unless a person does something about it before. */
  readonly untilIso: string;
}

/** Names the properties of contests. */
export function contestedPaths(contested: readonly Contested[]): string {
  return someOf(contested.map(({ path }) => (path === '' ? 'the resource itself' : path)));
}

/** Why properties of one resource are left to another writer; undefined: none of these is. */
export function refusalByConflict(
  contested: readonly Contested[],
): { readonly code: 'WriterConflict'; readonly why: string } | undefined {
  const stopped = contested
    .filter((one) => one.stopped)
    .toSorted((one, other) => Date.parse(other.untilIso) - Date.parse(one.untilIso));
  const [last] = stopped;
  if (last === undefined) return undefined;
  const why = `Another writer keeps changing ${contestedPaths(stopped)} back: Hubkeeper leaves it until ${last.untilIso}, until somebody reconciles by hand, or until the spec changes.`;
  return { code: 'WriterConflict', why };
}
