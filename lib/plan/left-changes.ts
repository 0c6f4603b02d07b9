import { normaliseId, sameId } from './graph.ts';
import { canonicalJson } from './hash.ts';
import type { PropertyDifference } from './kind.ts';
import { someOf } from './node-changes.ts';
import type { Change, Refusal } from './plan.ts';
import { touches } from './property-path.ts';

/** Changes that another operation has yet to make: whoever steps in before it leaves them to it. */
export interface LeftChanges {
  readonly operationId: string;
  readonly changes: readonly Pick<Change, 'id' | 'action' | 'diff' | 'replaces'>[];
}

/** Whether a difference of what exists is, or is a part of, one that another operation is to settle. */
export function isLeftDifference(left: LeftChanges | undefined, id: string, path: string): boolean {
  return left?.changes.some((one) => sameId(one.id, id) && concerns(one, path)) ?? false;
}

function concerns({ action, diff, replaces }: LeftChanges['changes'][number], path: string): boolean {
  if (action !== 'update') return false;
  return replaces === true || diff.some((one) => touches(one.path, path));
}

function isLeftChange(left: LeftChanges, change: Pick<Change, 'id' | 'action' | 'diff'>): boolean {
  return left.changes.some((one) => {
    if (!sameId(one.id, change.id) || one.action !== change.action) return false;
    return change.action !== 'update' || one.replaces === true || change.diff.some(({ path }) => concerns(one, path));
  });
}

/** Normalised ids of the resources that another operation is to change. */
export function leftIds(left: LeftChanges | undefined): ReadonlySet<string> {
  return new Set((left?.changes ?? []).map(({ id }) => normaliseId(id)));
}

/**
 * Why these differences of a resource are not settled now: another operation has yet to do it. What has changed since that
 * was planned is another matter: nobody has been told of it.
 */
export function refusalsOfLeft(
  left: LeftChanges | undefined,
  id: string,
  differences: readonly PropertyDifference[],
): readonly Refusal[] {
  if (left === undefined) return [];
  const changed = differences.filter((one) => !isAsPlanned(left, id, one)).map(({ path }) => path);
  const planned = differences.map(({ path }) => path).filter((path) => !changed.includes(path));
  const { operationId } = left;
  return [
    ...(planned.length === 0 ? [] : [leftRefusal(left, id, someOf(planned))]),
    ...(changed.length === 0
      ? []
      : [
          {
            id,
            code: BEHIND_CODE,
            why: `Somebody has changed ${someOf(changed)}, which the operation ${operationId} has yet to change and which waits: it is left to that.`,
          },
        ]),
  ];
}

/** Whether a difference is just what the other operation has planned to settle. */
function isAsPlanned(left: LeftChanges, id: string, { path, before }: PropertyDifference): boolean {
  return left.changes
    .filter((one) => sameId(one.id, id))
    .some(({ diff }) => diff.some((one) => one.path === path && canonicalJson(one.before) === canonicalJson(before)));
}

function leftRefusal({ operationId }: LeftChanges, id: string, what: string): Refusal {
  return { id, code: LEFT_CODE, why: `The operation ${operationId}, which waits, has yet to change ${what}.` };
}

/** Whether a refusal of a plan is about a part of a resource that another operation is to settle. */
export function isOfLeft({ code }: Refusal): boolean {
  return code === LEFT_CODE || code === BEHIND_CODE;
}

/**
 * Why a change is not made now; undefined: nothing of it is another operation's. What is written in one piece with
 * something of that waits behind it.
 */
export function refusalOfLeft(
  left: LeftChanges | undefined,
  change: Pick<Change, 'id' | 'action' | 'diff'>,
): Refusal | undefined {
  if (left === undefined || !isLeftChange(left, change)) return undefined;
  const refusal = leftRefusal(left, change.id, 'it');
  const isWhole =
    change.action !== 'update' || change.diff.every(({ path }) => isLeftDifference(left, change.id, path));
  if (isWhole) return refusal;
  return { ...refusal, code: BEHIND_CODE, why: `${refusal.why} The rest cannot be written without that.` };
}

/** By design: another operation does it. */
export const LEFT_CODE = 'LeftToOperation';
/** It would be done if that operation did not wait. */
export const BEHIND_CODE = 'WaitsBehindOperation';
