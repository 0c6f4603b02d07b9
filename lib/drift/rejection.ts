import { normaliseId } from '../plan/graph.ts';
import type { RejectedChange } from '../plan/guard.ts';
import { changeHash } from '../plan/hash.ts';
import type { Change, Plan } from '../plan/plan.ts';
import type { Approval } from '../state/baseline-head.ts';
import { MOST_REJECTIONS, type Rejection } from './drift-record.ts';

/** What tells whether a rejection is still about something. */
export interface RejectionSight {
  readonly plan: Pick<Plan, 'changes'>;
  readonly standing: (id: string) => 'asDeclared' | 'notDeclared' | 'unknown';
  /** A person takes the resource over: whoever reconciles by hand wants it as declared. */
  readonly isTakenOver: (rejection: Rejection) => boolean;
  readonly specVersion: number;
  /** What a person has said no to in the run that looks. */
  readonly rejected: readonly Rejection[];
}

/**
 * The changes of a plan that a person has rejected in an operation. What a reaction has adjusted is none of them: the
 * reaction itself answers a rejection. Pure.
 */
export function rejectionsOf(
  { changes }: Pick<Plan, 'changes'>,
  approvals: readonly Approval[],
  operationId: string,
  specVersion: number,
): readonly Rejection[] {
  const over = approvals.filter((one) => one.operationId === operationId && one.decision === 'reject');
  if (over.length === 0) return [];
  return changes.filter(isOfSpec).flatMap((change): readonly Rejection[] => {
    const hash = changeHash(change);
    const approval = over.findLast(({ changeHashes }) => changeHashes.includes(hash));
    if (approval === undefined) return [];
    const { decidedBy, decidedAt, requestedAt, comment } = approval;
    return [
      {
        id: change.id,
        changeHash: hash,
        specVersion,
        by: decidedBy ?? 'Somebody',
        at: decidedAt ?? requestedAt,
        ...(comment === undefined ? {} : { comment }),
      },
    ];
  });
}

/** Whether a change is of the spec alone: what a reaction has adjusted is that reaction's to repeat or to give up. */
export function isOfSpec({ owner, owners = [owner] }: Change): boolean {
  return !owners.includes('adjustment');
}

/**
 * The rejections after a comparison: what differs still exactly as it did under the same spec stays rejected, and what
 * was not looked at, until somebody reconciles by hand. Pure.
 */
export function withRejections(
  rejections: readonly Rejection[],
  { plan, standing, isTakenOver, specVersion, rejected }: RejectionSight,
): readonly Rejection[] {
  if (rejections.length + rejected.length === 0) return rejections;
  const planned = new Set(plan.changes.map(changeHash));
  const standingStill = rejections.filter(
    (one) =>
      one.specVersion === specVersion &&
      !isTakenOver(one) &&
      (planned.has(one.changeHash) || standing(normaliseId(one.id)) === 'unknown'),
  );
  const byHash = new Map([...standingStill, ...rejected].map((one) => [one.changeHash, one]));
  return [...byHash.values()]
    .toSorted((one, other) =>
      one.at === other.at ? (one.changeHash < other.changeHash ? -1 : 1) : one.at < other.at ? 1 : -1,
    )
    .slice(0, MOST_REJECTIONS);
}

/** Who said no to a change, and when. Pure. */
export function rejectionText({ by, at, comment }: Pick<Rejection, 'by' | 'at' | 'comment'>): string {
  return `${by} rejected it at ${at}${comment === undefined ? '' : `: ${comment}`}`;
}

/** What the guard has to know of rejections. Pure. */
export function rejectedChanges(rejections: readonly Rejection[]): readonly RejectedChange[] {
  return rejections.map((one) => ({
    changeHash: one.changeHash,
    why: `Nobody is asked about this change again until somebody reconciles: ${rejectionText(one)}`,
  }));
}
