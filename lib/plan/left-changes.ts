import { normaliseId, sameId } from './graph.ts';
import { canonicalJson } from './hash.ts';
import type { PropertyDifference } from './kind.ts';
import { someOf } from './node-changes.ts';
import type { Change, Refusal } from './plan.ts';
import { isAtOrBelow, touches } from './property-path.ts';

/**
 * Changes that another operation has yet to make, or was called off before it did: what nobody asks for leaves them alone.
 */
export interface LeftChanges {
  readonly operationId: string;
  /** The version of the spec that it was to bring about, if it was called off. */
  readonly calledOff?: { readonly specVersion: number; readonly end: 'stopped' | 'rejected' };
  readonly changes: readonly LeftChange[];
}

interface LeftChange extends Pick<Change, 'id' | 'action' | 'diff' | 'replaces'> {
  /** Paths of entries that are no part of it, where it is about a resource as a whole. */
  readonly besides?: readonly string[];
}

/** Whether a difference of what exists is, or is a part of, one that another operation is to settle. */
export function isLeftDifference(left: readonly LeftChanges[] | undefined, id: string, path: string): boolean {
  return left?.some((one) => isLeftTo(one, id, path)) ?? false;
}

function isLeftTo({ changes }: LeftChanges, id: string, path: string): boolean {
  return changes.some((one) => sameId(one.id, id) && concerns(one, path));
}

function concerns({ action, diff, replaces, besides = [] }: LeftChange, path: string): boolean {
  if (action !== 'update') return false;
  if (replaces === true) return !besides.some((entry) => isAtOrBelow(path, entry));
  return diff.some((one) => touches(one.path, path));
}

function isLeftChange(left: LeftChanges, change: Pick<Change, 'id' | 'action' | 'diff'>): boolean {
  return left.changes.some((one) => {
    if (!sameId(one.id, change.id) || one.action !== change.action) return false;
    return change.action !== 'update' || change.diff.some(({ path }) => concerns(one, path));
  });
}

/** Normalised ids of the resources that other operations are to change. */
export function leftIds(left: readonly LeftChanges[]): ReadonlySet<string> {
  return new Set(left.flatMap(({ changes }) => changes.map(({ id }) => normaliseId(id))));
}

/**
 * Why these differences of a resource are not settled now: another operation has yet to do it. What has changed since that
 * was planned is another matter: nobody has been told of it.
 */
export function refusalsOfLeft(
  left: readonly LeftChanges[] | undefined,
  id: string,
  differences: readonly PropertyDifference[],
): readonly Refusal[] {
  let rest = differences;
  return (left ?? []).flatMap((one) => {
    const own = rest.filter(({ path }) => isLeftTo(one, id, path));
    rest = rest.filter((difference) => !own.includes(difference));
    return own.length === 0 ? [] : refusalsTo(one, id, own);
  });
}

function refusalsTo(left: LeftChanges, id: string, differences: readonly PropertyDifference[]): readonly Refusal[] {
  if (left.calledOff !== undefined) return [leftRefusal(left, id, someOf(differences.map(({ path }) => path)))];
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

function leftRefusal({ operationId, calledOff }: LeftChanges, id: string, what: string): Refusal {
  if (calledOff !== undefined) {
    const { specVersion, end } = calledOff;
    const how =
      end === 'stopped' ? `The operation ${operationId} was stopped` : `Somebody rejected a plan of ${operationId}`;
    const why = `${how} before version ${specVersion} of the spec was brought about: ${what} is left until somebody reconciles or puts a spec.`;
    return { id, code: CALLED_OFF_CODE, why };
  }
  return { id, code: LEFT_CODE, why: `The operation ${operationId}, which waits, has yet to change ${what}.` };
}

/** Whether a refusal of a plan is about a part of a resource that another operation is, or was, to settle. */
export function isOfLeft({ code }: Refusal): boolean {
  return code === LEFT_CODE || code === BEHIND_CODE || code === CALLED_OFF_CODE;
}

/**
 * Why a change is not made now; undefined: nothing of it is another operation's. What is written in one piece with
 * something of that waits behind it.
 */
export function refusalOfLeft(
  left: readonly LeftChanges[] | undefined,
  change: Pick<Change, 'id' | 'action' | 'diff'>,
): Refusal | undefined {
  const other = left?.find((one) => isLeftChange(one, change));
  if (other === undefined) return undefined;
  const refusal = leftRefusal(other, change.id, 'it');
  const isWhole =
    change.action !== 'update' || change.diff.every(({ path }) => isLeftDifference(left, change.id, path));
  if (isWhole) return refusal;
  const code = other.calledOff === undefined ? BEHIND_CODE : refusal.code;
  return { ...refusal, code, why: `${refusal.why} The rest cannot be written without that.` };
}

/** By design: another operation does it. */
export const LEFT_CODE = 'LeftToOperation';
/** Somebody has called off what was to make it. */
export const CALLED_OFF_CODE = 'SpecCalledOff';
/** It would be done if that operation did not wait. */
export const BEHIND_CODE = 'WaitsBehindOperation';
