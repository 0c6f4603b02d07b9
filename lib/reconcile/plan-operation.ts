import { type ArmRefusal, shortened } from '../azure/arm-answer.ts';
import { ObservationPausedError } from '../azure/observe.ts';
import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import { hashOf } from '../plan/hash.ts';
import type { Plan } from '../plan/plan.ts';
import type { Problem } from '../problem.ts';
import { type BaselineHead, newHead } from '../state/baseline-head.ts';
import { baselineNotFound } from '../state/baseline-store.ts';
import { isFinalState, type RunDocument } from '../state/run.ts';
import { StorageError } from '../state/storage.ts';
import { differenceRulesOf } from './circumstances.ts';
import { guardedPlan } from './guarded-plan.ts';
import { journalOfPlanOperation } from './journal-lines.ts';
import { makePlan, putAtOf, takenRefusals } from './make-plan.ts';
import { newRun } from './new-run.ts';
import { afterPlanFailure, refusalOfPlanning } from './planning-failure.ts';
import { readResolved } from './read-spec.ts';

/** A plan that somebody asked for, as an operation of its own. */
export interface PlanOperationRequest {
  readonly operationId: string;
  readonly baseline: string;
  readonly requestedBy: string;
  readonly nowIso: string;
  /** Why making it has failed for good inside Hubkeeper: only its end is to be stored. */
  readonly failure?: string;
}

/** Id of the orchestration that makes the plan of an operation. */
export function plannerInstanceId(operationId: string): string {
  return `plan.${operationId}`;
}

/** The plan of a baseline as it stands, against Azure as it is now; nothing is written. */
export async function planOfHead(
  dependencies: Dependencies,
  head: BaselineHead,
  requestedBy: string,
  nowIso: string,
  scope?: string,
): Promise<Plan> {
  const input = head.teardown ? undefined : await readResolved(dependencies, head);
  const made = await makePlan(dependencies, {
    baseline: head.name,
    ...(input === undefined ? {} : { resolved: input.resolved }),
    specVersion: head.specVersion,
    ...putAtOf(head),
    adjustments: head.adjustments,
    nowIso,
    rules: differenceRulesOf(input?.spec, head, { attended: true, requestedBy, teardown: head.teardown }),
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
    wasAsDeclared: made.wasAsDeclared,
    requestedBy,
    teardown: head.teardown,
    nowIso,
  });
}

/** Shows a resource that is there already and not ours as refused instead of changed. */
export function withTaken(plan: Plan, taken: Parameters<typeof takenRefusals>[0]): Plan {
  const ids = new Set(taken.map((node) => normaliseId(node.id)));
  if (ids.size === 0) return plan;
  const others = plan.changes.filter((change) => !ids.has(normaliseId(change.id)));
  return {
    ...plan,
    changes: [],
    refused: [
      ...plan.refused,
      ...takenRefusals(taken),
      ...others.map((change) => ({
        id: change.id,
        code: 'NothingBeforeNamesAreFree',
        why: 'A run writes nothing at all as long as a name that it wants is taken.',
      })),
    ],
  };
}

/** ARM's read bucket is full again after that, when Azure does not say otherwise. */
const PAUSE_OF_OBSERVATION_SECONDS = 10;

/**
 * Makes the plan and stores it with its operation, of which there is a document from the first try on. Run again after
 * its end it changes nothing.
 * @returns seconds after which it is to be called again, since there is more to read than Azure admits at once, or
 * Azure is not well; `null`: the operation is over.
 */
export async function runPlanOperation(
  dependencies: Dependencies,
  request: PlanOperationRequest,
): Promise<number | null> {
  const earlier = await dependencies.runs.read(request.operationId);
  if (earlier !== null && isFinalState(earlier.run.state)) return null;
  const stored = await dependencies.baselines.read(request.baseline);
  const head = stored?.head ?? newHead(request.baseline);
  const before = earlier?.run ?? newPlanRun(head, request);
  // Written before the work: from then on it is told as running, and nobody starts another planner for it.
  const begun = earlier ?? (await dependencies.runs.write(before, undefined));
  if (begun === 'conflict') return runPlanOperation(dependencies, request);
  const { run, pauseSeconds } = await tryPlan(dependencies, stored === null ? null : head, before, request);
  const lines = journalOfPlanOperation(run, request.nowIso);
  // The line comes first: a document that is final is not looked at again.
  await dependencies.journal.append(lines);
  await dependencies.runs.write(run, begun.etag);
  return pauseSeconds;
}

/** A plan operation before its first try. */
function newPlanRun(head: BaselineHead, { operationId, requestedBy, nowIso }: PlanOperationRequest): RunDocument {
  const request = { operationId, trigger: 'plan', requestedBy, at: nowIso } as const;
  return { ...newRun(head, request, [], {}, nowIso), stamp: operationId };
}

interface Tried {
  readonly run: RunDocument;
  readonly pauseSeconds: number | null;
}

async function tryPlan(
  dependencies: Dependencies,
  head: BaselineHead | null,
  before: RunDocument,
  { operationId, requestedBy, baseline, nowIso, failure }: PlanOperationRequest,
): Promise<Tried> {
  if (failure !== undefined) return ended(before, internalFault(failure), nowIso);
  try {
    if (head === null) throw baselineNotFound(baseline);
    const plan = await planOfHead(dependencies, head, requestedBy, nowIso);
    const key = `1-${hashOf(JSON.parse(JSON.stringify(plan))).slice(0, 12)}`;
    await dependencies.runs.writePlan({ operationId, key, plan, nodes: {}, sharedLanes: [] });
    const made = { planKey: key, planHash: plan.hash, plansMade: 1, refused: plan.refused, problems: [] };
    const over = { state: 'succeeded', decision: { next: 'end' }, replan: false, endedAt: nowIso } as const;
    return { run: { ...before, ...made, ...over, specVersion: head.specVersion }, pauseSeconds: null };
  } catch (error) {
    if (error instanceof StorageError) throw error;
    // A large baseline is read in parts: that is no failure.
    if (error instanceof ObservationPausedError)
      return {
        run: { ...before, problems: [] },
        pauseSeconds: error.refusal.retryAfterSeconds ?? PAUSE_OF_OBSERVATION_SECONDS,
      };
    return afterFailure(before, error, nowIso);
  }
}

function afterFailure(before: RunDocument, error: unknown, nowIso: string): Tried {
  let refusal: ArmRefusal;
  try {
    refusal = refusalOfPlanning(error, before.baseline);
  } catch (fault) {
    return ended(before, internalFault(fault instanceof Error ? fault.message : String(fault)), nowIso);
  }
  const planFailures = before.planFailures + 1;
  const { problem, pauseSeconds } = afterPlanFailure(refusal, planFailures);
  const run = { ...before, planFailures, problems: [problem] };
  return pauseSeconds === null ? ended(run, problem, nowIso) : { run, pauseSeconds };
}

function ended(run: RunDocument, problem: Problem, nowIso: string): Tried {
  const over = { state: 'failed', decision: { next: 'end' }, replan: false, endedAt: nowIso } as const;
  return { run: { ...run, ...over, problems: [problem] }, pauseSeconds: null };
}

function internalFault(message: string): Problem {
  return {
    code: 'InternalFault',
    actor: 'us',
    message: `The plan could not be made: ${shortened(message)}`,
    remedy: 'Report this with the operation id; nothing was written.',
  };
}
