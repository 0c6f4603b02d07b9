import type { Dependencies } from '../../dependencies.ts';
import { flushOutbox } from '../../reconcile/conclude.ts';
import { type BaselineHead, withNextOperation, withRequest } from '../../state/baseline-head.ts';
import { type Reaction, reactionOf, reliefOf, withRelief } from '../../state/reactions.ts';
import { type ReliefAction, withOutcomeOfRun } from '../../state/snat-relief.ts';
import { withStepWithdrawn } from './end-relief.ts';
import { RELIEF_KIND } from './relief-names.ts';
import type { ReliefRequest, ReliefStep } from './relief-step.ts';

/** Why a step does not come about. */
export interface TakenBack {
  readonly reason: string;
  /** What it is told under; absent: what the step was decided for. */
  readonly trigger?: ReliefAction['trigger'];
  /** Operation that says so at its end, and under what code; absent: another step follows under the same one. */
  readonly outcome?: { readonly operationId: string; readonly code: string };
}

/** The head without a step that is recorded and not applied yet; the timer looks again at once. Pure. */
export function withTakenBack(
  head: BaselineHead,
  reaction: Reaction,
  request: Pick<ReliefRequest, 'nowIso'>,
  action: ReliefAction,
  { reason, trigger = action.trigger, outcome }: TakenBack,
): BaselineHead {
  const relief = { ...reliefOf(reaction), action: null, lookAgainAt: request.nowIso };
  const told = withStepWithdrawn(head, reaction, action, { trigger, by: 'hubkeeper', reason, nowIso: request.nowIso });
  const remembered =
    outcome === undefined
      ? relief
      : withOutcomeOfRun(relief, { ...outcome, state: 'failed', message: reason, at: request.nowIso });
  return withRelief(told, reaction, remembered);
}

/** Withdraws what is recorded and not applied yet, to decide anew. */
export async function takenBack(
  dependencies: Pick<Dependencies, 'baselines' | 'journal'>,
  request: ReliefRequest,
  action: ReliefAction,
  why: TakenBack,
): Promise<ReliefStep> {
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    if (reliefOf(reaction).action?.decidedAt !== action.decidedAt)
      return { head: null, result: { next: 'decide', seconds: 0 } };
    const numbered = withNextOperation(withTakenBack(head, reaction, request, action, why));
    const requested = withRequest(numbered.head, {
      operationId: numbered.operationId,
      trigger: 'adjustment',
      requestedBy: 'hubkeeper',
      at: request.nowIso,
      scope: 'egress',
    });
    return { head: requested.head, result: { next: 'poke', instanceId: requested.start ?? null } };
  });
  await flushOutbox(dependencies, changed.head);
  return changed.result;
}
