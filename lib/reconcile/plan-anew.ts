import type { ArmRefusal } from '../azure/arm-answer.ts';
import { ObservationPausedError } from '../azure/observe.ts';
import type { Dependencies } from '../dependencies.ts';
import { refusalKey } from '../drift/drift-record.ts';
import { normaliseId } from '../plan/graph.ts';
import { type Circumstances, guard, type Verdict, type Waiting } from '../plan/guard.ts';
import { hashOf, shortHash } from '../plan/hash.ts';
import { CALLED_OFF_CODE } from '../plan/left-changes.ts';
import type { Change, Plan, Refusal } from '../plan/plan.ts';
import { isAskedFor } from '../plan/reaction-rules.ts';
import type { Problem } from '../problem.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import type { Pause } from '../state/baseline-store.ts';
import type { JournalEntry } from '../state/journal.ts';
import { reactionsOf, reliefOf } from '../state/reactions.ts';
import type { ReadRotation } from '../state/read-rotation-store.ts';
import type { PlanDocument, RunDocument } from '../state/run.ts';
import { askedPlanAfter, withDriftDecided } from './drift-of-run.ts';
import { forget } from './forget.ts';
import { journalOfPlan, journalOfPostponedPlan } from './journal-lines.ts';
import { withRefused } from './late-preflight.ts';
import type { MadePlan } from './make-plan.ts';
import { approvalFor, decidedAside, withAskedEnds } from './plan-approval.ts';
import { judgingOfRun, type PlanOfRun, planOfRun, plansSinceRest } from './plan-of-run.ts';
import type { PlanReader } from './plan-reader.ts';
import { afterPlanFailure, refusalOfPlanning } from './planning-failure.ts';
import { preflighted } from './preflighted.ts';
import { withPlan, withWorlds } from './rows.ts';
import { type SetAside, toldVerdict, withoutWaits, withoutWaitsNotAskedFor } from './set-aside.ts';
import { sharedLanesOf } from './shared-lanes.ts';
import { asksForReaction } from './take-requests.ts';
import { hashesMoved, withUsedUp } from './used-approvals.ts';

/** A run that has to plan so often without coming to rest is being worked against. */
const MAXIMUM_PLANS = 100;
/** ARM's bucket of 250 reads, refilled with 25 a second, is full again after that. */
const PAUSE_OF_OBSERVATION_MS = 10_000;

export interface Planned {
  readonly run: RunDocument;
  readonly journal: readonly JournalEntry[];
  /** Of an adopted plan of a scan: to be noted when the run is written. */
  readonly rotation?: ReadRotation;
}

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
): Promise<Planned> {
  if (plansSinceRest(run) >= MAXIMUM_PLANS) {
    return { run: failed(run, tooManyPlans(run.baseline)), journal: [] };
  }
  try {
    const ofRun = await planOfRun(dependencies, run, head, nowIso);
    const adopted = await adoptPlan(dependencies, run, head, pause, plans, ofRun, nowIso);
    return adopted ?? (await planAnew(dependencies, { ...run, readsEverything: true }, head, pause, plans, nowIso));
  } catch (error) {
    // A large baseline is read in parts: that is no failure.
    if (error instanceof ObservationPausedError)
      return postponed(
        { ...run, planNotBeforeMs: Date.parse(nowIso) + PAUSE_OF_OBSERVATION_MS },
        error.problem,
        nowIso,
      );
    const refusal = refusalOfPlanning(error, run.baseline);
    const after = withPlanFailure(run, refusal, nowIso);
    // A failure that ends the run is told at its end.
    return after.aborted ? { run: after, journal: [] } : postponed(after, refusal.problem, nowIso);
  }
}

function postponed(run: RunDocument, problem: Problem, nowIso: string): Planned {
  return { run, journal: journalOfPostponedPlan(run, problem, nowIso) };
}

/** @returns nothing where the plan is of a part of what there is, and would delete something. */
async function adoptPlan(
  dependencies: Dependencies,
  planned: RunDocument,
  head: BaselineHead,
  pause: Pause,
  plans: PlanReader,
  ofRun: PlanOfRun,
  nowIso: string,
): Promise<Planned | undefined> {
  const { made, setAside } = ofRun;
  const { plan } = made;
  const before = await plans.changes(planned.planKey);
  const run = withUsedUp(planned, hashesMoved(planned, before.values(), plan), head.approvals, nowIso);
  if (run.expectedPlanHash !== undefined && run.plansMade === 0 && run.expectedPlanHash !== plan.hash) {
    return { run: failed(run, stalePlan(run.expectedPlanHash, plan.hash)), journal: [] };
  }
  const { drift, circumstances } = await judgingOfRun(dependencies, run, head, pause, ofRun, nowIso);
  const askedFor = plan.changes.filter((change) => isAskedFor(change, circumstances));
  const others = idsBeside(plan, askedFor);
  const notAskedFor = run.attended ? others : [];
  const guarded = withAskedEnds(
    withoutRecord(guard(plan, circumstances), notAskedFor, drift.problem),
    plan,
    run.operationId,
    head.approvals,
  );
  const judged = decidedAside(guarded, plan, run, head.approvals, nowIso);
  const stepped =
    setAside === undefined
      ? withoutWaitsNotAskedFor(judged, notAskedFor)
      : withoutWaits(judged, setAside, stepsBackWith(run, plan));
  if (made.rotation !== undefined && mayDeleteNow(plan, stepped.verdict)) return undefined;
  const { verdict, problems, looked } = await preflighted(dependencies, run, made, stepped.verdict);
  if (problems.length > 0) {
    const over = failed({ ...run, planHash: plan.hash, refused: plan.refused }, ...problems);
    return withDriftDecided(run, over, drift, made, toldVerdict(verdict, stepped.behind), nowIso);
  }
  await forget(dependencies, run, made, nowIso);
  const content = {
    operationId: run.operationId,
    plan,
    nodes: desiredNodes(made),
    declared: declaredBodies(made),
    ...(askedFor.length === 0 ? { unattended: true } : others.length === 0 ? {} : { notAskedFor: others }),
    sharedLanes: sharedLanesOf(plan.changes, made.nodes.values(), made.ledger.values()),
  };
  const key = `${run.plansMade + 1}-${hashOf(JSON.parse(JSON.stringify(content))).slice(0, 12)}`;
  const document: PlanDocument = { ...content, key };
  await dependencies.runs.writePlan(document);
  const next: RunDocument = {
    ...run,
    specVersion: head.specVersion,
    planKey: key,
    planHash: plan.hash,
    generation: head.generation,
    pauseGeneration: pause.generation,
    validUntilMs: validUntilMsOf(circumstances),
    preflighted: run.preflighted || looked,
    wroteSincePlan: false,
    replan: false,
    readsEverything: false,
    plansMade: run.plansMade + 1,
    planFailures: 0,
    problems: [],
    rows: withWorlds(withPlan(run, before, plan, verdict), run.attended ? new Map() : made.worlds),
    refused: [...plan.refused, ...verdict.refused, ...stepsTakenBack(head, run.operationId)],
    postponed: [...new Set(made.postponed.map(({ id }) => id))],
    ...askedPlanAfter(run, plan, nowIso),
    // What stays of others' changes, and of a spec called off since, is no shortfall of what a person has asked for.
    ...(run.attended ? { knownRefusals: notAskedRefusals(plan, verdict, notAskedFor) } : {}),
    ...asksAgain(run, setAside, askedFor, stepped.behind, judged.waiting),
  };
  const approval = approvalFor(next, plan, verdict, circumstances.approvals.untilIso ?? nowIso, nowIso);
  const decided = withDriftDecided(
    run,
    { ...next, approval },
    drift,
    made,
    toldVerdict(verdict, stepped.behind),
    nowIso,
  );
  return {
    run: decided.run,
    journal: [...journalOfPlan(run, next, plan, nowIso), ...decided.journal],
    ...(made.rotation === undefined ? {} : { rotation: made.rotation }),
  };
}

/** What is refused, or waits, is not deleted by this plan: it needs no look at everything. */
function mayDeleteNow({ changes }: Plan, { allowed }: Verdict): boolean {
  const ids = new Set(allowed.map(normaliseId));
  return changes.some(({ id, action }) => action === 'delete' && ids.has(normaliseId(id)));
}

/** Normalised ids of the other changes of a plan. */
function idsBeside({ changes }: Plan, some: readonly Change[]): readonly string[] {
  return changes.filter((change) => !some.includes(change)).map(({ id }) => normaliseId(id));
}

/** What nobody asked for is left as it is where what binds it cannot be read. */
function withoutRecord(verdict: Verdict, notAskedFor: readonly string[], problem: Problem | undefined): Verdict {
  if (problem === undefined) return verdict;
  const { code, message, remedy } = problem;
  return withRefused(
    verdict,
    notAskedFor.map((id) => ({ id, code, why: `${message} ${remedy}` })),
  );
}

/** `refusalKey` of what the person of a run has not asked for. `ids`: the changes of a plan that are none of it. */
function notAskedRefusals(plan: Plan, { refused }: Verdict, ids: readonly string[]): readonly string[] {
  const calledOff = [...plan.refused, ...refused].filter(({ code }) => code === CALLED_OFF_CODE);
  return [...refused.filter(({ id }) => ids.includes(normaliseId(id))), ...calledOff].map(refusalKey);
}

/** Normalised ids of the changes with which a run that has stepped in steps back if they have to wait: a reaction's own. */
function stepsBackWith(run: RunDocument, { changes }: Plan): ReadonlySet<string> {
  if (!asksForReaction(run) || run.attendedOwner !== undefined) return new Set();
  const own = changes.filter(({ owner, owners = [owner] }) => owners.includes('adjustment'));
  return new Set(own.map(({ id }) => normaliseId(id)));
}

/** A run that has stepped in asks for itself again: for what a person asked for, or where somebody can be asked at once. */
function asksAgain(
  { attendedOwner, trigger }: RunDocument,
  setAside: SetAside | undefined,
  askedFor: readonly Change[],
  behind: readonly Waiting[],
  waiting: readonly Waiting[],
): Pick<RunDocument, 'asksAgain' | 'asksAgainAt'> {
  if (attendedOwner !== undefined)
    return waitsForItself(askedFor, behind) ? { asksAgain: true, ...stepsInAgainAt(askedFor, waiting) } : {};
  if (trigger !== 'drift' || setAside?.asksForDrift !== true) return {};
  return { asksAgain: behind.some((one) => one.for === 'approval') };
}

/** When the first of what a person asked for has waited long enough to be tried before the other operation once more. */
function stepsInAgainAt(askedFor: readonly Change[], waiting: readonly Waiting[]): Pick<RunDocument, 'asksAgainAt'> {
  const ids = new Set(askedFor.map(({ id }) => normaliseId(id)));
  const [first] = waiting
    .filter((one) => one.for !== 'approval' && ids.has(normaliseId(one.id)))
    .flatMap(({ untilIso }) => untilIso ?? [])
    .sort();
  return first === undefined ? {} : { asksAgainAt: first };
}

/** Whether anything that a person asked for is among what waits. */
function waitsForItself(askedFor: readonly Change[], behind: readonly Waiting[]): boolean {
  const ids = new Set(behind.map(({ id }) => normaliseId(id)));
  return askedFor.some(({ id }) => ids.has(normaliseId(id)));
}

/** What a reaction had this operation for and has taken back since. */
function stepsTakenBack(head: BaselineHead, operationId: string): readonly Refusal[] {
  return reactionsOf(head).flatMap((reaction) =>
    reliefOf(reaction)
      .outcomes.filter((outcome) => outcome.operationId === operationId)
      .map(({ code, message }) => ({ id: reaction.target, code, why: message })),
  );
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

function desiredNodes(made: MadePlan): PlanDocument['nodes'] {
  return Object.fromEntries(
    made.plan.changes.flatMap((change) => {
      const node = change.action === 'delete' ? undefined : made.nodes.get(normaliseId(change.id));
      return node === undefined ? [] : [[normaliseId(change.id), node]];
    }),
  );
}

function declaredBodies({ plan, declared }: MadePlan): NonNullable<PlanDocument['declared']> {
  return Object.fromEntries(
    plan.changes.flatMap(({ id, action }) => {
      const known = declared.get(normaliseId(id));
      if (action === 'delete' || known === undefined) return [];
      return [[normaliseId(id), { hash: shortHash(known.body), isWhole: known.isWhole }]];
    }),
  );
}

/** Ends a run for these problems: nothing more is started. */
function failed(run: RunDocument, ...problems: readonly Problem[]): RunDocument {
  return { ...run, problems, replan: false, aborted: true };
}

function withPlanFailure(run: RunDocument, refusal: ArmRefusal, nowIso: string): RunDocument {
  const planFailures = run.planFailures + 1;
  const { problem, pauseSeconds } = afterPlanFailure(refusal, planFailures);
  if (pauseSeconds === null) return failed({ ...run, planFailures }, problem);
  return { ...run, planFailures, problems: [problem], planNotBeforeMs: Date.parse(nowIso) + pauseSeconds * 1_000 };
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
