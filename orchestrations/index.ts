import * as df from 'durable-functions';
import type { Dependencies } from '../lib/dependencies.ts';
import type { DriftRequest } from '../lib/reactions/drift/drift-step.ts';
import { lookAtDrift } from '../lib/reactions/drift/look-at-drift.ts';
import { decideSnatRelief } from '../lib/reactions/snat/decide-snat-relief.ts';
import { followSnatRelief } from '../lib/reactions/snat/follow-snat-relief.ts';
import { advanceAfresh, startAfresh } from '../lib/reactions/snat/reconcile-afresh.ts';
import type { ReliefRequest } from '../lib/reactions/snat/relief-step.ts';
import { verifySnatRelief } from '../lib/reactions/snat/verify-snat-relief.ts';
import type { AdvanceRequest } from '../lib/reconcile/advance.ts';
import { type PlanOperationRequest, runPlanOperation } from '../lib/reconcile/plan-operation.ts';
import type { StartRequest } from '../lib/reconcile/start-write.ts';
import { ACTIVITY, ORCHESTRATION } from './names.ts';
import { createPlanBaseline } from './plan-baseline.ts';
import { type PokeRequest, pokeReconciler } from './poke-reconciler.ts';
import { createReconcileBaseline } from './reconcile-baseline.ts';
import { createRelieveSnatExhaustion } from './relieve-snat-exhaustion.ts';
import { createRemediateDrift } from './remediate-drift.ts';

/** An activity that failed on storage or on a fault of ours is tried again by the host; Azure's refusals are results. */
const FIRST_RETRY_MS = 5_000;
const ATTEMPTS = 6;

/** Registers every orchestration and activity. `dependencies` are made at first use, not at start-up. */
export function registerOrchestrations(dependencies: () => Dependencies): void {
  const retry = new df.RetryOptions(FIRST_RETRY_MS, ATTEMPTS);
  retry.backoffCoefficient = 2;
  df.app.orchestration(ORCHESTRATION.reconcile, createReconcileBaseline(retry));
  df.app.orchestration(ORCHESTRATION.plan, createPlanBaseline(retry));
  df.app.orchestration(ORCHESTRATION.relieveSnatExhaustion, createRelieveSnatExhaustion(retry));
  df.app.orchestration(ORCHESTRATION.remediateDrift, createRemediateDrift(retry));
  df.app.activity(ACTIVITY.decide, { handler: (request: ReliefRequest) => decideSnatRelief(dependencies(), request) });
  df.app.activity(ACTIVITY.follow, { handler: (request: ReliefRequest) => followSnatRelief(dependencies(), request) });
  df.app.activity(ACTIVITY.verify, { handler: (request: ReliefRequest) => verifySnatRelief(dependencies(), request) });
  df.app.activity(ACTIVITY.lookAtDrift, { handler: (request: DriftRequest) => lookAtDrift(dependencies(), request) });
  df.app.activity(ACTIVITY.pokeReconciler, {
    extraInputs: [df.input.durableClient()],
    handler: (request: PokeRequest, context) => pokeReconciler(df.getClient(context), request),
  });
  df.app.activity(ACTIVITY.advance, { handler: (request: AdvanceRequest) => advanceAfresh(dependencies(), request) });
  df.app.activity(ACTIVITY.start, { handler: (request: StartRequest) => startAfresh(dependencies(), request) });
  df.app.activity(ACTIVITY.plan, {
    handler: (request: PlanOperationRequest) => runPlanOperation(dependencies(), request),
  });
}
