import type { Dependencies } from '../../dependencies.ts';
import { normaliseId, sameId } from '../../plan/graph.ts';
import type { Change } from '../../plan/plan.ts';
import { changesById } from '../../reconcile/changes-by-id.ts';
import { problemsOf } from '../../reconcile/operation-body.ts';
import type { RunDocument } from '../../state/run.ts';
import { reasonsText } from './relief-operation.ts';
import type { ReliefRequest } from './relief-step.ts';

/** Of a change that a person said no to. */
const REJECTED_CHANGE = 'ApprovalRejected';

/** Why a run has not given a firewall its addresses. */
export interface Missed {
  readonly why: string;
  /** A person or a rule said no; only what Azure or we ourselves failed at is a failure. */
  readonly isRefused: boolean;
  /** It was a person, and about this very change. */
  readonly isRejected: boolean;
}

/** What a run says of a firewall that has not its addresses. `more`: what else is known. */
export async function whyMissed(
  { runs }: Pick<Dependencies, 'runs'>,
  run: RunDocument,
  { target }: Pick<ReliefRequest, 'target'>,
  more = '',
): Promise<Missed> {
  const document = run.planKey === '' ? null : await runs.findPlan(run.operationId, run.planKey);
  const changes = document === null ? new Map<string, Change>() : changesById(document.plan);
  const refusals = run.refused.filter(({ id, code }) => {
    if (sameId(id, target)) return true;
    // Who rejects what becomes of an address of something else, such as a bastion, has said nothing of the firewall.
    const isRejectedElsewhere = code === REJECTED_CHANGE && !isAdjusted(changes.get(normaliseId(id)));
    return normaliseId(id).includes('/publicipaddresses/') && !isRejectedElsewhere;
  });
  const why = reasonsText([
    ...refusals.map((refusal) => refusal.why),
    ...problemsOf(run).map(({ message, remedy }) => `${message} ${remedy}`),
    more,
  ]);
  return {
    why,
    isRefused: run.state === 'stopped' || refusals.length > 0,
    // Who rejects a teardown keeps the firewall as it is declared, with what was decided for it.
    isRejected: !run.teardown && refusals.some(({ code }) => code === REJECTED_CHANGE),
  };
}

/** Whether an adjustment is behind a change, or may be: the plan is not known. */
function isAdjusted(change: Change | undefined): boolean {
  return change === undefined || (change.owners ?? [change.owner]).includes('adjustment');
}
