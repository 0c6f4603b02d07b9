import { ArmListError } from '../azure/arm.ts';
import { readRefusal } from '../azure/arm-answer.ts';
import { ObservationPausedError } from '../azure/observe.ts';
import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import { hashOf } from '../plan/hash.ts';
import type { Plan } from '../plan/plan.ts';
import { ProblemError } from '../problem.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import { guardedPlan } from './guarded-plan.ts';
import { makePlan, takenRefusals } from './make-plan.ts';
import { readResolved } from './read-spec.ts';
import type { RunDocument } from './run.ts';

/** A plan that somebody asked for, as an operation of its own. */
export interface PlanOperationRequest {
  readonly operationId: string;
  readonly baseline: string;
  readonly requestedBy: string;
  readonly nowIso: string;
}

/** The plan of a baseline as it stands, against Azure as it is now; nothing is written. */
export async function planOfHead(
  dependencies: Dependencies,
  head: BaselineHead,
  requestedBy: string,
  nowIso: string,
  scope?: string,
): Promise<Plan> {
  const input = head.teardown ? undefined : await readResolved(dependencies, head, nowIso);
  const made = await makePlan(dependencies, {
    baseline: head.name,
    ...(input === undefined ? {} : { resolved: input.resolved }),
    specVersion: head.specVersion,
    adjustments: head.adjustments,
    nowIso,
    ...(scope === undefined ? {} : { scope }),
  });
  return guardedPlan({
    plan: withTaken(made.plan, made.taken),
    spec: input?.spec,
    head,
    pause: await dependencies.baselines.readPause(),
    stoppedBySetting: dependencies.settings.stopped,
    allowedScopes: dependencies.settings.allowedScopes,
    protectedScopes: made.protectedScopes,
    requestedBy,
    teardown: head.teardown,
    nowIso,
  });
}

/** Shows a resource that is there already and not ours as refused instead of changed. */
export function withTaken(plan: Plan, taken: Parameters<typeof takenRefusals>[0]): Plan {
  const ids = new Set(taken.map((node) => normaliseId(node.id)));
  if (ids.size === 0) return plan;
  return {
    ...plan,
    changes: plan.changes.filter((change) => !ids.has(normaliseId(change.id))),
    refused: [...plan.refused, ...takenRefusals(taken)],
  };
}

/**
 * Makes the plan and stores it with its operation. Run twice it makes it again.
 * @returns seconds after which it is to be called again, since there is more to read than Azure admits at once; `null`: done.
 */
export async function runPlanOperation(
  dependencies: Dependencies,
  request: PlanOperationRequest,
): Promise<number | null> {
  const { operationId, baseline, requestedBy, nowIso } = request;
  const stored = await dependencies.baselines.read(baseline);
  const earlier = await dependencies.runs.read(operationId);
  const base: RunDocument = {
    schemaVersion: 1,
    operationId,
    baseline,
    trigger: 'plan',
    requestedBy,
    requesters: [requestedBy],
    createdAt: nowIso,
    endedAt: nowIso,
    attended: true,
    teardown: false,
    state: 'succeeded',
    stamp: operationId,
    decision: { next: 'end' },
    specVersion: stored?.head.specVersion ?? 0,
    planKey: '',
    planHash: '',
    generation: stored?.head.generation ?? 0,
    pauseGeneration: 0,
    validUntilMs: null,
    preflighted: false,
    wroteSincePlan: false,
    replan: false,
    plansMade: 0,
    planFailures: 0,
    planNotBeforeMs: 0,
    rows: {},
    refused: [],
    buckets: {},
    problems: [],
    stopping: false,
    aborted: false,
    consumed: [],
    wakeAt: null,
  };
  let run: RunDocument;
  try {
    if (stored === null) return null;
    const plan = await planOfHead(dependencies, stored.head, requestedBy, nowIso);
    const key = `1-${hashOf(JSON.parse(JSON.stringify(plan))).slice(0, 12)}`;
    await dependencies.runs.writePlan({ operationId, key, plan, nodes: {}, sharedLanes: [] });
    run = { ...base, planKey: key, planHash: plan.hash, plansMade: 1, refused: plan.refused };
  } catch (error) {
    if (error instanceof ObservationPausedError) return error.refusal.retryAfterSeconds ?? 10;
    if (!(error instanceof ProblemError || error instanceof ArmListError)) throw error;
    const problem = error instanceof ProblemError ? error.problem : readRefusal(error.response, error.target).problem;
    run = { ...base, state: 'failed', problems: [problem] };
  }
  await dependencies.runs.write(run, earlier?.etag);
  return null;
}
