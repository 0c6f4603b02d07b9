import { rejectionText } from '../drift/rejection.ts';
import { normaliseId, sameId } from '../plan/graph.ts';
import type { Verdict, Waiting } from '../plan/guard.ts';
import { changeHash } from '../plan/hash.ts';
import type { Plan, Refusal } from '../plan/plan.ts';
import type { Adjustment, Approval } from '../state/baseline-head.ts';
import type { RunDocument } from '../state/run.ts';

/** What a person has rejected, or left undecided until it expired, does not wait any more. */
export function decidedAside(
  verdict: Verdict,
  plan: Plan,
  { operationId, trigger }: Pick<RunDocument, 'operationId' | 'trigger'>,
  approvals: readonly Approval[],
  nowIso: string,
): Verdict {
  const over = approvals.filter(
    (approval) =>
      approval.operationId === operationId &&
      (approval.decision === 'reject' ||
        (approval.decision === undefined && Date.parse(approval.expiresAt) <= Date.parse(nowIso))),
  );
  if (over.length === 0) return verdict;
  const hashes = new Map(plan.changes.map((change) => [normaliseId(change.id), changeHash(change)]));
  const waiting: Waiting[] = [];
  const refused: Refusal[] = [];
  for (const one of verdict.waiting) {
    // What is left of a plan after a part of it was done has another hash; its changes were asked about all the same.
    const hash = hashes.get(normaliseId(one.id)) ?? '';
    const end = over.find((approval) => approval.planHash === plan.hash || approval.changeHashes?.includes(hash));
    if (end === undefined || !isDecidedBy(end, one)) waiting.push(one);
    else refused.push({ id: one.id, ...reasonOfEnd(end, one, trigger) });
  }
  return { ...verdict, waiting, refused: [...verdict.refused, ...refused] };
}

/** What waits for an approval that was asked for before waits until that ends: a new look at the same plan is no new request. */
export function withAskedEnds(
  verdict: Verdict,
  plan: Plan,
  operationId: string,
  approvals: readonly Approval[],
): Verdict {
  const asked = approvals.find(
    (one) => one.operationId === operationId && one.planHash === plan.hash && one.decision === undefined,
  );
  if (asked === undefined) return verdict;
  const waiting = verdict.waiting.map((one) => {
    if (one.for === 'approval') return { ...one, untilIso: asked.expiresAt };
    return one.askedUntilIso === undefined ? one : { ...one, askedUntilIso: asked.expiresAt };
  });
  return { ...verdict, waiting };
}

/** Whether an approval's end settles it for what waits: the day's budget comes back without anybody. */
function isDecidedBy({ decision }: Approval, { for: what, budget }: Waiting): boolean {
  return what === 'approval' || (what === 'budget' && (decision === 'reject' || budget === 'run'));
}

function reasonOfEnd(
  { decision, decidedBy, decidedAt, requestedAt, comment, expiresAt }: Approval,
  waits: Waiting,
  trigger: RunDocument['trigger'],
): Pick<Refusal, 'code' | 'why'> {
  if (decision !== 'reject' && waits.for === 'budget')
    return {
      code: 'RunBudgetUsed',
      why: `The budget of the run was used up and nobody approved the rest before ${expiresAt}; the next run takes it up.`,
    };
  if (decision !== 'reject')
    return {
      code: 'ApprovalExpired',
      why: `Nobody approved this plan before ${expiresAt}; ${trigger === 'drift' ? 'the next scan asks again' : 'reconcile to ask again'}.`,
    };
  const rejection = {
    by: decidedBy ?? 'Somebody',
    at: decidedAt ?? requestedAt,
    ...(comment === undefined ? {} : { comment }),
  };
  return { code: 'ApprovalRejected', why: rejectionText(rejection) };
}

/** The adjustments in force that a plan carries out: what they are for is what an approver has to judge. Pure. */
export function adjustmentsBehind(
  plan: Plan,
  adjustments: readonly Adjustment[],
  nowIso: string,
): readonly Pick<Adjustment, 'id' | 'by' | 'reason'>[] {
  const isBehind = ({ target, scope }: Adjustment) =>
    plan.changes.some(
      (change) => sameId(change.id, target) || (change.owner === 'adjustment' && change.scope === scope),
    );
  return adjustments
    .filter((one) => one.until > nowIso && isBehind(one))
    .map(({ id, by, reason }) => ({ id, by, reason }));
}

/** What a plan asks to be approved; `null`: nothing. What waits for a budget goes on at once when somebody approves it. */
export function approvalFor(
  run: Pick<RunDocument, 'operationId' | 'requestedBy' | 'requesters' | 'planKey'>,
  plan: Plan,
  verdict: Verdict,
  expiresAt: string,
  nowIso: string,
): Approval | null {
  const asked = verdict.waiting.filter((one) => one.for === 'approval' || one.for === 'budget');
  if (asked.length === 0) return null;
  const waiting = new Set(asked.map(({ id }) => normaliseId(id)));
  return {
    planHash: plan.hash,
    operationId: run.operationId,
    requestedBy: run.requestedBy,
    requesters: run.requesters,
    requestedAt: nowIso,
    expiresAt,
    planKey: run.planKey,
    changeHashes: plan.changes.filter((change) => waiting.has(normaliseId(change.id))).map(changeHash),
  };
}
