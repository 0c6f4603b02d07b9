import type { BaselineSpec } from '../baseline/spec.ts';
import { normaliseId } from '../plan/graph.ts';
import { guard } from '../plan/guard.ts';
import type { Plan } from '../plan/plan.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import type { Pause } from '../state/baseline-store.ts';
import { circumstancesOf } from './circumstances.ts';
import type { MadePlan } from './make-plan.ts';
import type { ProtectedScope } from './protection.ts';

export interface GuardedPlanInput {
  readonly plan: Plan;
  readonly spec: BaselineSpec | undefined;
  readonly head: BaselineHead;
  readonly pause: Pause;
  readonly stoppedBySetting: boolean;
  readonly allowedScopes: readonly string[];
  readonly protectedScopes: readonly ProtectedScope[];
  readonly wasAsDeclared: MadePlan['wasAsDeclared'];
  readonly requestedBy: string;
  readonly teardown: boolean;
  readonly nowIso: string;
}

/**
 * A plan as an operator may expect it to run: what the guard refuses moves from the changes to the refusals. The hash
 * stays that of the plan, which is what approvals and runs refer to.
 */
export function guardedPlan({
  plan,
  spec,
  head,
  pause,
  stoppedBySetting,
  allowedScopes,
  protectedScopes,
  wasAsDeclared,
  requestedBy,
  teardown,
  nowIso,
}: GuardedPlanInput): Plan {
  const run = { operationId: '', attended: true, teardown, requestedBy, requesters: [requestedBy], wasAsDeclared };
  const { refused } = guard(
    plan,
    circumstancesOf(spec, head, pause, stoppedBySetting, run, protectedScopes, allowedScopes, nowIso),
  );
  const ids = new Set(refused.map((refusal) => normaliseId(refusal.id)));
  return {
    ...plan,
    changes: plan.changes.filter((change) => !ids.has(normaliseId(change.id))),
    refused: [...plan.refused, ...refused],
  };
}
