import type { Owner } from './graph.ts';
import type { Action } from './kind.ts';
import type { Change } from './plan.ts';
import { isAtOrBelow } from './property-path.ts';

/** What waits for no window and takes from no budget: a change that only adds, on behalf of certain owners. */
export interface FreeAddition {
  readonly owners: readonly Owner[];
  readonly scope: string;
  readonly kind: string;
  readonly action: Exclude<Action, 'delete'>;
  /** Every property that the change adds is at or below this path. Absent: anywhere. */
  readonly path?: string;
}

/**
 * Whether a change is a free addition. One line of another owner, or one that replaces or removes anything, and the whole
 * change is bound as any other: a resource is written in one piece. Pure.
 */
export function isFreeAddition(change: Change, additions: readonly FreeAddition[]): boolean {
  if (change.recreates === true) return false;
  const changeOwners = change.owners ?? [change.owner];
  return additions.some(
    ({ owners, scope, kind, action, path }) =>
      changeOwners.every((owner) => owners.includes(owner)) &&
      change.scope === scope &&
      change.kind === kind &&
      change.action === action &&
      change.diff.every((one) => one.before === undefined && (path === undefined || isAtOrBelow(one.path, path))),
  );
}
