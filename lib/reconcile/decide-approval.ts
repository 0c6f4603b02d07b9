import type { ApiErrorCode } from '../api/errors.ts';
import {
  type Approval,
  type BaselineHead,
  liveOperationIds,
  steppedBackIds,
  withGeneration,
  withJournal,
  withReconciler,
  withResumed,
} from '../state/baseline-head.ts';

/** What a person says of a plan. */
export interface ApprovalDecision {
  readonly planHash: string;
  readonly decision: 'approve' | 'reject';
  readonly comment?: string;
  readonly user: string;
  /** The spec lets those who asked decide themselves. */
  readonly selfApproval: boolean;
  readonly nowIso: string;
}

export type DecidedApproval =
  | { readonly head: BaselineHead; readonly operationId: string; readonly start?: string }
  | { readonly code: ApiErrorCode; readonly message: string };

/** Whether a baseline knows, or has known, a request for approval of that plan. */
export function knowsApproval(head: BaselineHead, planHash: string): boolean {
  return (
    head.approvals.some((one) => one.planHash === planHash) ||
    head.pastApprovals.some((one) => one.planHash === planHash)
  );
}

/** Decides on a plan that waits for approval: the operation that asked goes on with it. Pure. */
export function decideApproval(head: BaselineHead, wanted: ApprovalDecision): DecidedApproval {
  const { planHash, decision, comment, user, selfApproval, nowIso } = wanted;
  const live = liveOperationIds(head);
  const asking = [...live, ...steppedBackIds(head)];
  const approval = head.approvals.find((one) => one.planHash === planHash && asking.includes(one.operationId));
  if (approval === undefined) return overAlready(head, planHash);
  if (approval.decision !== undefined)
    return {
      code: 'Conflict',
      message: `${approval.decidedBy ?? 'Somebody'} has decided already: ${approval.decision}.`,
    };
  if (approval.expiresAt <= nowIso)
    return { code: 'ApprovalExpired', message: `The request for approval ended at ${approval.expiresAt}.` };
  const asked = [approval.requestedBy, ...approval.requesters].some((one) => one.toLowerCase() === user.toLowerCase());
  if (asked && !selfApproval)
    return { code: 'SelfApproval', message: `'${user}' asked for this change and cannot decide on it.` };
  const decided: Approval = {
    ...approval,
    decision,
    decidedBy: user,
    decidedAt: nowIso,
    ...(comment === undefined ? {} : { comment }),
  };
  const journaled = withJournal(
    withGeneration({ ...head, approvals: head.approvals.map((one) => (one === approval ? decided : one)) }),
    {
      at: nowIso,
      baseline: head.name,
      operationId: approval.operationId,
      trigger: 'approval',
      resource: '',
      decision: decision === 'approve' ? 'approved' : 'rejected',
      reason: comment ?? `The plan ${planHash.slice(0, 12)}… was decided.`,
      by: user,
      discriminator: planHash,
    },
  );
  const { operationId } = approval;
  // One that has stepped back steps in again at the new generation.
  if (!live.includes(operationId)) return { ...withReconciler(journaled, nowIso), operationId };
  return { ...withResumed(journaled, operationId, user, nowIso), operationId };
}

function overAlready(head: BaselineHead, planHash: string): DecidedApproval {
  const past = head.pastApprovals.find((one) => one.planHash === planHash);
  switch (past?.end) {
    case 'expired':
      return { code: 'ApprovalExpired', message: 'The request for approval has ended.' };
    case 'decided':
      return { code: 'Conflict', message: 'The plan was decided on, and its operation is over.' };
    case 'stale':
      return { code: 'StalePlan', message: 'The plan has been replaced by another one since.' };
    case undefined:
      return { code: 'PlanNotFound', message: 'No plan with this hash waits for approval.' };
  }
}
