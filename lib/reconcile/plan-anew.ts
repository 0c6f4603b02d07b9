import { ArmListError, ArmUnreachableError } from '../azure/arm.ts';
import { type ArmRefusal, ArmRefusalError, readRefusal } from '../azure/arm-answer.ts';
import { ObservationPausedError } from '../azure/observe.ts';
import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import { type Circumstances, guard, type Verdict } from '../plan/guard.ts';
import { changeHash, hashOf } from '../plan/hash.ts';
import { type Problem, ProblemError } from '../problem.ts';
import type { Approval, BaselineHead } from '../state/baseline-head.ts';
import type { Pause } from '../state/baseline-store.ts';
import type { JournalEntry } from '../state/journal.ts';
import { circumstancesOf } from './circumstances.ts';
import { journalOfPlan } from './journal-lines.ts';
import { type MadePlan, makePlan } from './make-plan.ts';
import type { PlanReader } from './plan-reader.ts';
import { preflight } from './preflight.ts';
import { readResolved } from './read-spec.ts';
import { problemOfGivenUp } from './retry-policy.ts';
import { withPlan } from './rows.ts';
import type { PlanDocument, RunDocument } from './run.ts';
import { sharedLanesOf } from './shared-lanes.ts';

/** A run that has to plan so often is being worked against. */
const MAXIMUM_PLANS = 100;
/** Tries to read what there is before the operation fails, and the first and longest pause between them: 15 minutes in all. */
const MAXIMUM_PLAN_FAILURES = 8;
const FIRST_PLAN_PAUSE_SECONDS = 30;
const LONGEST_PLAN_PAUSE_SECONDS = 180;
/** ARM's bucket of 250 reads, refilled with 25 a second, is full again after that. */
const PAUSE_OF_OBSERVATION_MS = 10_000;

/**
 * Plans anew against the world as it is, guards the plan, and takes it over into the run. Problems of Azure, the
 * operator or the caller end the run or make it wait; they are never thrown.
 */
export async function planAnew(
  dependencies: Dependencies,
  run: RunDocument,
  head: BaselineHead,
  pause: Pause,
  plans: PlanReader,
  nowIso: string,
): Promise<{ readonly run: RunDocument; readonly journal: readonly JournalEntry[] }> {
  if (run.plansMade >= MAXIMUM_PLANS) {
    return { run: failed(run, tooManyPlans(run.baseline)), journal: [] };
  }
  try {
    // Without a spec there is nothing to plan, except to take away what an earlier teardown had to leave.
    const input = head.specVersion === 0 && head.teardown ? undefined : await readResolved(dependencies, head, nowIso);
    const made = await makePlan(dependencies, {
      baseline: run.baseline,
      ...(input === undefined || head.teardown ? {} : { resolved: input.resolved }),
      specVersion: head.specVersion,
      adjustments: head.adjustments,
      nowIso,
      ...(run.scope === undefined ? {} : { scope: run.scope }),
    });
    return await adoptPlan(dependencies, run, head, pause, plans, made, input?.spec, nowIso);
  } catch (error) {
    // A large baseline is read in parts: that is no failure.
    if (error instanceof ObservationPausedError)
      return { run: { ...run, planNotBeforeMs: Date.parse(nowIso) + PAUSE_OF_OBSERVATION_MS }, journal: [] };
    return { run: withPlanFailure(run, refusalOfPlanning(error, run.baseline), nowIso), journal: [] };
  }
}

async function adoptPlan(
  dependencies: Dependencies,
  run: RunDocument,
  head: BaselineHead,
  pause: Pause,
  plans: PlanReader,
  made: MadePlan,
  spec: Parameters<typeof circumstancesOf>[0],
  nowIso: string,
): Promise<{ readonly run: RunDocument; readonly journal: readonly JournalEntry[] }> {
  const { plan } = made;
  if (run.expectedPlanHash !== undefined && run.plansMade === 0 && run.expectedPlanHash !== plan.hash) {
    return { run: failed(run, stalePlan(run.expectedPlanHash, plan.hash)), journal: [] };
  }
  const usedInRun = run.attended ? 0 : Object.values(run.rows).filter((row) => row.writes > 0).length;
  const circumstances = circumstancesOf(
    spec,
    head,
    pause,
    dependencies.settings.stopped,
    {
      operationId: run.operationId,
      attended: run.attended,
      teardown: run.teardown,
      requestedBy: run.requestedBy,
      requesters: run.requesters,
      usedInRun,
    },
    made.protectedScopes,
    dependencies.settings.allowedScopes,
    nowIso,
  );
  const verdict = decidedAside(guard(plan, circumstances), plan.hash, run.operationId, head.approvals, nowIso);
  const allowedChanges = plan.changes.filter((change) =>
    verdict.allowed.some((id) => normaliseId(id) === normaliseId(change.id)),
  );
  let preflighted = run.preflighted;
  if (!preflighted && allowedChanges.length > 0) {
    const problems = await preflight(dependencies, made, allowedChanges);
    if (problems.length > 0)
      return { run: failed({ ...run, planHash: plan.hash, refused: plan.refused }, ...problems), journal: [] };
    preflighted = true;
  }
  const content = {
    operationId: run.operationId,
    plan,
    nodes: desiredNodes(made),
    sharedLanes: sharedLanesOf(plan.changes, made.nodes.values(), made.ledger.values()),
  };
  const key = `${run.plansMade + 1}-${hashOf(JSON.parse(JSON.stringify(content))).slice(0, 12)}`;
  const document: PlanDocument = { ...content, key };
  await dependencies.runs.writePlan(document);
  const before = await plans.changes(run.planKey);
  const next: RunDocument = {
    ...run,
    specVersion: head.specVersion,
    planKey: key,
    planHash: plan.hash,
    generation: head.generation,
    pauseGeneration: pause.generation,
    validUntilMs: validUntilMsOf(circumstances),
    preflighted,
    wroteSincePlan: false,
    replan: false,
    plansMade: run.plansMade + 1,
    planFailures: 0,
    problems: [],
    rows: withPlan(run, before, plan, verdict),
    refused: [...plan.refused, ...verdict.refused],
  };
  const waitsForApproval = verdict.waiting.filter((one) => one.for === 'approval');
  const approval =
    waitsForApproval.length === 0
      ? null
      : approvalOf(
          next,
          plan,
          waitsForApproval.map((one) => one.id),
          circumstances.approvals.untilIso ?? nowIso,
          nowIso,
        );
  return { run: { ...next, approval }, journal: journalOfPlan(run, next, plan, nowIso) };
}

/** When what let changes through ends next: a change window that is open now, or an approval. */
function validUntilMsOf({ nowMs, changeWindows, approvals }: Circumstances): number | null {
  const ends = [
    ...(changeWindows ?? [])
      .flatMap(({ open }) => open)
      .filter(({ fromIso }) => Date.parse(fromIso) <= nowMs)
      .map(({ untilIso }) => Date.parse(untilIso)),
    ...approvals.granted.map(({ expiresIso }) => Date.parse(expiresIso)),
  ].filter((endMs) => endMs > nowMs);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** What a person has rejected, or left undecided until it expired, does not wait any more. */
function decidedAside(
  verdict: Verdict,
  planHash: string,
  operationId: string,
  approvals: readonly Approval[],
  nowIso: string,
): Verdict {
  const over = approvals.find(
    (approval) =>
      approval.planHash === planHash &&
      approval.operationId === operationId &&
      (approval.decision === 'reject' ||
        (approval.decision === undefined && Date.parse(approval.expiresAt) <= Date.parse(nowIso))),
  );
  if (over === undefined) return verdict;
  const [code, why] =
    over.decision === 'reject'
      ? [
          'ApprovalRejected',
          `${over.decidedBy ?? 'Somebody'} rejected this plan${over.comment === undefined ? '' : `: ${over.comment}`}`,
        ]
      : ['ApprovalExpired', `Nobody approved this plan before ${over.expiresAt}; reconcile to ask again.`];
  const undecided = verdict.waiting.filter((one) => one.for === 'approval');
  return {
    ...verdict,
    waiting: verdict.waiting.filter((one) => one.for !== 'approval'),
    refused: [...verdict.refused, ...undecided.map((one) => ({ id: one.id, code, why }))],
  };
}

function approvalOf(
  run: RunDocument,
  plan: MadePlan['plan'],
  ids: readonly string[],
  expiresAt: string,
  nowIso: string,
): Approval {
  const waiting = new Set(ids.map(normaliseId));
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

function desiredNodes(made: MadePlan): PlanDocument['nodes'] {
  return Object.fromEntries(
    made.plan.changes.flatMap((change) => {
      const node = change.action === 'delete' ? undefined : made.nodes.get(normaliseId(change.id));
      return node === undefined ? [] : [[normaliseId(change.id), node]];
    }),
  );
}

/** Ends a run for these problems: nothing more is started. */
function failed(run: RunDocument, ...problems: readonly Problem[]): RunDocument {
  return { ...run, problems, replan: false, aborted: true };
}

function withPlanFailure(run: RunDocument, refusal: ArmRefusal, nowIso: string): RunDocument {
  const planFailures = run.planFailures + 1;
  const { problem } = refusal;
  if (problem.actor !== 'azure-temporary') return failed({ ...run, planFailures }, problem);
  if (planFailures >= MAXIMUM_PLAN_FAILURES)
    return failed({ ...run, planFailures }, problemOfGivenUp(refusal, planFailures));
  const backoffSeconds = Math.min(LONGEST_PLAN_PAUSE_SECONDS, FIRST_PLAN_PAUSE_SECONDS * 2 ** run.planFailures);
  const pauseSeconds = Math.max(backoffSeconds, refusal.retryAfterSeconds ?? 0);
  return { ...run, planFailures, problems: [problem], planNotBeforeMs: Date.parse(nowIso) + pauseSeconds * 1_000 };
}

/** @throws what is no problem of Azure's, the operator's or the caller's: that is a fault of ours. */
function refusalOfPlanning(error: unknown, baseline: string): ArmRefusal {
  if (error instanceof ArmRefusalError) return error.refusal;
  if (error instanceof ProblemError) return { disposition: 'stop', problem: error.problem };
  if (error instanceof ArmListError) return readRefusal(error.response, error.target);
  if (error instanceof ArmUnreachableError) {
    return {
      disposition: 'wait',
      problem: {
        code: 'AzureUnreachable',
        actor: 'azure-temporary',
        message: `Azure Resource Manager gave no answer while '${baseline}' was being planned.`,
        remedy: 'Hubkeeper tries again by itself; check the network of the app if it lasts.',
      },
      givenUp: { actor: 'operator', remedy: 'Check the network of the app, then reconcile the baseline.' },
    };
  }
  throw error;
}

function tooManyPlans(baseline: string): Problem {
  return {
    code: 'TooManyPlans',
    actor: 'operator',
    message: `The world of '${baseline}' kept changing while the run went on: ${MAXIMUM_PLANS} plans were made.`,
    remedy: 'Find out what else writes to these resources, then reconcile.',
  };
}

function stalePlan(expected: string, actual: string): Problem {
  return {
    code: 'StalePlan',
    actor: 'caller',
    message: `The plan asked for (${expected.slice(0, 12)}…) is not the plan of now (${actual.slice(0, 12)}…); nothing was written.`,
    remedy: 'Read the new plan, then reconcile with its hash.',
  };
}
