import { ArmListError, ArmUnreachableError } from '../azure/arm.ts';
import { type ArmRefusal, ArmRefusalError, readRefusal } from '../azure/arm-answer.ts';
import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import { guard, type Verdict } from '../plan/guard.ts';
import { changeHash, hashOf } from '../plan/hash.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { Change } from '../plan/plan.ts';
import { DEFAULT_LIMITS, nextSteps, type Step } from '../plan/scheduler.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { type Approval, type BaselineHead, type ReconcileRequest, withGeneration } from '../state/baseline-head.ts';
import type { Pause } from '../state/baseline-store.ts';
import type { JournalEntry } from '../state/journal.ts';
import { changesById } from './changes-by-id.ts';
import { circumstancesOf } from './circumstances.ts';
import { journalOfPlan, journalOfRun } from './journal-lines.ts';
import { type Look, lookAtOperation } from './look-at-operation.ts';
import { withLostStarts } from './lost-starts.ts';
import { type MadePlan, makePlan } from './make-plan.ts';
import { preflight } from './preflight.ts';
import { pruneOperations } from './prune-operations.ts';
import { readResolved } from './read-spec.ts';
import { problemOfGivenUp } from './retry-policy.ts';
import { finalStateOf, type Rows, scheduleNodes, withPlan, withStartOutcome, withStep } from './rows.ts';
import { type Decision, isFinalState, isInFlight, type PlanDocument, type RunDocument, type RunRow } from './run.ts';
import { sharedLanesOf } from './shared-lanes.ts';
import type { StartOutcome } from './start-write.ts';
import { isAttended, type TakenRequests, takeRequests } from './take-requests.ts';

/** One turn of a reconciler. */
export interface AdvanceRequest {
  readonly baseline: string;
  readonly instanceId: string;
  /** Counts the turns of this reconciler; a repeated turn answers as it did. */
  readonly turn: number;
  /** Answers of the starts that the turn before handed out. */
  readonly outcomes: readonly StartOutcome[];
  readonly nowIso: string;
}

/** Longest wait of a turn, so that a stop, a hold or a new spec is noticed. */
const LONGEST_WAIT_SECONDS = 60;
/** Looks at operations at the same time. */
const PARALLEL_LOOKS = 8;
/** A run that has to plan so often is being worked against. */
const MAXIMUM_PLANS = 100;
/** Tries to read what there is before the operation fails, and the first and longest pause between them: 15 minutes in all. */
const MAXIMUM_PLAN_FAILURES = 8;
const FIRST_PLAN_PAUSE_SECONDS = 30;
const LONGEST_PLAN_PAUSE_SECONDS = 180;

/**
 * Moves a baseline's run on by one turn: takes in the answers of starts, looks at what is in flight, takes up
 * requests, plans anew where something has moved, and says what to start or how long to wait. Everything it decides
 * is written before it answers; the same turn again gives the same answer.
 */
export async function advance(dependencies: Dependencies, request: AdvanceRequest): Promise<Decision> {
  const stored = await dependencies.baselines.read(request.baseline);
  if (stored === null || stored.head.reconciler?.instanceId !== request.instanceId) return { next: 'end' };
  const stamp = `${request.instanceId}:${request.turn}`;
  const current =
    stored.head.currentOperationId === null ? null : await dependencies.runs.read(stored.head.currentOperationId);
  if (current?.run.stamp === stamp) return conclude(dependencies, request, current.run);
  return takeTurn(dependencies, request, stamp, stored.head, await takenOver(dependencies, current, request));
}

type StoredRun = { readonly run: RunDocument; readonly etag: string };

/** A run that a reconciler before this one has left. */
async function takenOver(
  dependencies: Dependencies,
  stored: StoredRun | null,
  { instanceId, nowIso }: AdvanceRequest,
): Promise<StoredRun | null> {
  return stored === null
    ? null
    : { ...stored, run: await withLostStarts(dependencies, stored.run, instanceId, nowIso) };
}

async function takeTurn(
  dependencies: Dependencies,
  request: AdvanceRequest,
  stamp: string,
  head: BaselineHead,
  current: StoredRun | null,
): Promise<Decision> {
  const { nowIso } = request;
  await flushOutbox(dependencies, head);
  const taken = takeRequests(head, current?.run);
  const begun =
    taken.primary === undefined
      ? current
      : await takenOver(dependencies, await dependencies.runs.read(taken.primary.operationId), request);
  if (begun?.run.stamp === stamp) {
    await settleOthers(dependencies, taken, begun.run, nowIso);
    return conclude(dependencies, request, begun.run);
  }
  // Begun by a reconciler that died before it could say so: what it took over from the run before is in it.
  const isBegun = taken.primary !== undefined && begun !== null && !isFinalState(begun.run.state);
  let run =
    taken.primary === undefined || isBegun
      ? begun?.run
      : newRun(head, taken.primary, await inFlightOf(dependencies, current?.run), current?.run.buckets ?? {}, nowIso);
  if (run === undefined || (isFinalState(run.state) && !taken.begins)) {
    // Nothing to do: the work was done by an earlier turn whose answer got lost.
    return concludeIdle(dependencies, request, head);
  }
  run = {
    ...run,
    approval: null,
    stamp,
    stopping: head.stops.includes(run.operationId),
    replan: run.replan || taken.replan,
    consumed: head.requests.map(requestKey),
  };

  const before = run;
  const journal: JournalEntry[] = [];
  const plans = new PlanReader(dependencies, run.operationId);

  run = await takeInOutcomes(run, request.outcomes, plans, nowIso);
  run = await lookAtDue(dependencies, run, plans, nowIso);
  const pause = await dependencies.baselines.readPause();
  run = noticeMoves(run, head, pause);

  if (!run.stopping && !run.aborted && run.replan && Date.parse(nowIso) >= run.planNotBeforeMs) {
    const planned = await planAnew(dependencies, run, head, pause, plans, nowIso);
    run = planned.run;
    journal.push(...planned.journal);
  }

  const document = run.planKey === '' ? undefined : await plans.of({ operationId: run.operationId, key: run.planKey });
  run = schedule(run, document, dependencies.settings.maximumStartsPerTurn, nowIso);
  journal.push(...journalOfRun(before, run, document, nowIso));

  await dependencies.journal.append(journal);
  const written = await dependencies.runs.write(run, begun?.etag);
  if (written === 'conflict') {
    // Another copy of this very turn was faster: its answer holds.
    const other = await dependencies.runs.read(run.operationId);
    if (other?.run.stamp !== stamp) return { next: 'again' };
    run = other.run;
  }
  await settleOthers(dependencies, taken, run, nowIso);
  if (isFinalState(run.state)) await pruneOperations(dependencies.runs, run.baseline);
  return conclude(dependencies, request, run);
}

/**
 * Ends or joins the operations whose work this run does from now on. Only once the run itself is written: it carries
 * what they have in flight. May run twice.
 */
async function settleOthers(
  dependencies: Dependencies,
  taken: TakenRequests,
  run: RunDocument,
  nowIso: string,
): Promise<void> {
  await supersede(dependencies, taken.superseded, run, nowIso);
  for (const joined of taken.joined)
    await join(dependencies, joined.operationId, run, joined.requestedBy, joined.trigger, nowIso, run.stamp);
}

function requestKey(request: ReconcileRequest): string {
  return `${request.operationId} ${request.trigger} ${request.at}`;
}

/** Reads plan documents once per turn. */
class PlanReader {
  readonly #dependencies: Dependencies;
  readonly #operationId: string;

  constructor(dependencies: Dependencies, operationId: string) {
    this.#dependencies = dependencies;
    this.#operationId = operationId;
  }

  async of(plan: { readonly operationId: string; readonly key: string }): Promise<PlanDocument> {
    return this.#dependencies.runs.readPlan(plan.operationId, plan.key);
  }

  /** The change that a row was started for. */
  async changeOf(row: RunRow): Promise<Change | undefined> {
    return row.plan === undefined ? undefined : changesById((await this.of(row.plan)).plan).get(normaliseId(row.id));
  }

  async changes(key: string): Promise<ReadonlyMap<string, Change>> {
    return key === '' ? new Map() : changesById((await this.of({ operationId: this.#operationId, key })).plan);
  }
}

/** What an overtaken run has in flight: the new one takes its lanes into account and follows it to its end. */
async function inFlightOf(dependencies: Dependencies, overtaken: RunDocument | undefined): Promise<readonly RunRow[]> {
  if (overtaken === undefined || isFinalState(overtaken.state)) return [];
  const plans = new PlanReader(dependencies, overtaken.operationId);
  const rows: RunRow[] = [];
  for (const row of Object.values(overtaken.rows).filter(isInFlight)) {
    const former = row.former ?? (await plans.changeOf(row));
    rows.push({ ...row, carried: true, ...(former === undefined ? {} : { former }) });
  }
  return rows;
}

function newRun(
  head: BaselineHead,
  primary: ReconcileRequest,
  inFlight: readonly RunRow[],
  buckets: RunDocument['buckets'],
  nowIso: string,
): RunDocument {
  return {
    schemaVersion: 1,
    operationId: primary.operationId,
    baseline: head.name,
    trigger: primary.trigger,
    requestedBy: primary.requestedBy,
    createdAt: primary.at,
    attended: isAttended(primary.trigger, primary.requestedBy),
    teardown: head.teardown,
    ...(primary.scope === undefined ? {} : { scope: primary.scope }),
    ...(primary.planHash === undefined ? {} : { expectedPlanHash: primary.planHash }),
    state: 'running',
    stamp: '',
    decision: { next: 'again' },
    specVersion: head.specVersion,
    planKey: '',
    planHash: '',
    generation: -1,
    pauseGeneration: -1,
    preflighted: false,
    wroteSincePlan: false,
    replan: true,
    plansMade: 0,
    planFailures: 0,
    planNotBeforeMs: Date.parse(nowIso),
    rows: Object.fromEntries(inFlight.map((row) => [row.id, row])),
    refused: [],
    buckets,
    problems: [],
    stopping: false,
    aborted: false,
    consumed: [],
    wakeAt: null,
  };
}

async function takeInOutcomes(
  run: RunDocument,
  outcomes: readonly StartOutcome[],
  plans: PlanReader,
  nowIso: string,
): Promise<RunDocument> {
  if (outcomes.length === 0) return run;
  const rows: Record<string, RunRow> = { ...run.rows };
  let { replan, wroteSincePlan } = run;
  for (const outcome of outcomes) {
    const row = rows[outcome.id];
    if (row === undefined) continue;
    const change = row.former ?? (await plans.changeOf(row));
    rows[outcome.id] = withStartOutcome(row, outcome, change?.estimatedMinutes ?? 1, nowIso);
    if (outcome.outcome === 'stale') replan = true;
    if (outcome.outcome !== 'stale' && outcome.outcome !== 'refused' && outcome.wrote) wroteSincePlan = true;
  }
  return { ...run, rows, replan, wroteSincePlan };
}

async function lookAtDue(
  dependencies: Dependencies,
  run: RunDocument,
  plans: PlanReader,
  nowIso: string,
): Promise<RunDocument> {
  const nowMs = Date.parse(nowIso);
  const due = Object.values(run.rows).filter((row) => row.state.name === 'running' && row.state.nextPollAtMs <= nowMs);
  if (due.length === 0) return run;
  const looks: Look[] = [];
  const queue = [...due];
  await Promise.all(
    Array.from({ length: Math.min(PARALLEL_LOOKS, queue.length) }, async () => {
      for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
        const document = row.plan === undefined ? undefined : await plans.of(row.plan);
        const change =
          row.former ??
          document?.plan.changes.find((candidate) => normaliseId(candidate.id) === normaliseId(row?.id ?? ''));
        if (change === undefined) throw new Error(`No plan says what ${row.id} is being written for.`);
        const node = document?.nodes[normaliseId(row.id)];
        looks.push(
          await lookAtOperation(dependencies, {
            baseline: run.baseline,
            operationId: run.operationId,
            row,
            change,
            node,
            nowIso,
          }),
        );
      }
    }),
  );
  const entries: LedgerEntry[] = [];
  for (const { row, ledger } of looks) {
    if (ledger === undefined) continue;
    if (ledger !== 'gone') {
      entries.push(ledger);
      continue;
    }
    await dependencies.ledger.remove(run.baseline, row.id);
    await dependencies.ledger.release(row.id);
  }
  await dependencies.ledger.write(run.baseline, entries);
  await freeSharedLanes(
    dependencies,
    run.baseline,
    looks.map(({ row }) => row),
    plans,
  );
  const endedCarried = looks.some(({ row }) => row.carried === true && !isInFlight(row));
  return {
    ...run,
    rows: { ...run.rows, ...Object.fromEntries(looks.map(({ row }) => [row.id, row])) },
    replan: run.replan || endedCarried,
  };
}

/** Lanes that other baselines use are freed as soon as the write in them has ended. */
async function freeSharedLanes(
  dependencies: Dependencies,
  baseline: string,
  rows: readonly RunRow[],
  plans: PlanReader,
): Promise<void> {
  for (const row of rows) {
    if (isInFlight(row) || row.plan === undefined) continue;
    const { sharedLanes } = await plans.of(row.plan);
    if (sharedLanes.length === 0) continue;
    const change = row.former ?? (await plans.changeOf(row));
    for (const lane of change?.lanes ?? []) {
      if (sharedLanes.includes(lane)) await dependencies.lanes.release(lane, baseline, row.id);
    }
  }
}

/** A plan made at another generation is over; so is one that waits for something that may have happened. */
function noticeMoves(run: RunDocument, head: BaselineHead, pause: Pause): RunDocument {
  const moved = run.planKey !== '' && (run.generation !== head.generation || run.pauseGeneration !== pause.generation);
  return moved ? { ...run, replan: true } : run;
}

async function planAnew(
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
    const input = head.teardown ? undefined : await readResolved(dependencies, head, nowIso);
    const made = await makePlan(dependencies, {
      baseline: run.baseline,
      ...(input === undefined ? {} : { resolved: input.resolved }),
      specVersion: head.specVersion,
      adjustments: head.adjustments,
      nowIso,
      ...(run.scope === undefined ? {} : { scope: run.scope }),
    });
    return await adoptPlan(dependencies, run, head, pause, plans, made, input?.spec, nowIso);
  } catch (error) {
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
    { attended: run.attended, teardown: run.teardown, requestedBy: run.requestedBy, usedInRun },
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
    sharedLanes: sharedLanesOf(made.nodes.values()),
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
      (approval.decision === 'reject' ||
        (approval.decision === undefined &&
          approval.operationId === operationId &&
          Date.parse(approval.expiresAt) <= Date.parse(nowIso))),
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

/** What the run does next, and the state it is in. */
function schedule(
  run: RunDocument,
  document: PlanDocument | undefined,
  startsPerTurn: number,
  nowIso: string,
): RunDocument {
  const nowMs = Date.parse(nowIso);
  if (run.replan && !run.stopping && !run.aborted && nowMs < run.planNotBeforeMs) {
    return { ...run, state: 'running', decision: waitFor((run.planNotBeforeMs - nowMs) / 1_000) };
  }
  const stopping = run.stopping || run.aborted;
  const step = nextSteps({ nodes: scheduleNodes(run.rows, document), buckets: run.buckets, stopping }, nowMs, {
    ...DEFAULT_LIMITS,
    startsPerTurn,
  });
  const rows = withStep(run.rows, step, { operationId: run.operationId, key: run.planKey }, nowIso);
  return decide({ ...run, rows, buckets: step.buckets }, step, nowIso);
}

function decide(run: RunDocument, step: Step, nowIso: string): RunDocument {
  if (step.start.length > 0) {
    const nodes = step.start.flatMap((id) => {
      const row = run.rows[id];
      return row === undefined ? [] : [{ id, attempt: row.attempt }];
    });
    return {
      ...run,
      state: 'running',
      decision: {
        next: 'start',
        operationId: run.operationId,
        planKey: run.planKey,
        generation: run.generation,
        pauseGeneration: run.pauseGeneration,
        nodes,
      },
    };
  }
  if (step.poll.length > 0) return { ...run, state: 'running', decision: { next: 'again' } };
  const inFlight = Object.values(run.rows).some(isInFlight);
  if (step.waitSeconds !== null && (inFlight || !onlyWaits(run.rows)))
    return { ...run, state: 'running', decision: waitFor(step.waitSeconds) };
  if (inFlight) return { ...run, state: 'running', decision: waitFor(LONGEST_WAIT_SECONDS) };
  const waiting = Object.values(run.rows).filter((row) => row.state.name === 'waiting');
  if (waiting.length > 0 && !run.stopping && !run.aborted) {
    return { ...run, state: 'waiting', decision: { next: 'end' }, wakeAt: wakeAtOf(waiting) };
  }
  return { ...run, state: finalStateOf(run), endedAt: nowIso, decision: { next: 'end' }, wakeAt: null };
}

function onlyWaits(rows: Rows): boolean {
  return Object.values(rows).every((row) => row.state.name !== 'retrying');
}

function wakeAtOf(waiting: readonly RunRow[]): string | null {
  const times = waiting.flatMap((row) => (row.waiting?.untilIso ? [row.waiting.untilIso] : [])).sort();
  return times[0] ?? null;
}

function waitFor(seconds: number): Decision {
  return { next: 'wait', seconds: Math.max(1, Math.min(LONGEST_WAIT_SECONDS, Math.ceil(seconds))) };
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

/** Ends operations that a newer one has overtaken. Told in the journal first: an end without a line would stay so. */
async function supersede(
  dependencies: Dependencies,
  ids: readonly string[],
  by: RunDocument,
  nowIso: string,
): Promise<void> {
  for (const id of ids) {
    const stored = await dependencies.runs.read(id);
    if (stored !== null && isFinalState(stored.run.state)) continue;
    const before: RunDocument = stored?.run ?? {
      ...by,
      operationId: id,
      rows: {},
      planKey: '',
      planHash: '',
      refused: [],
      problems: [],
      stamp: '',
    };
    await dependencies.journal.append([
      {
        at: nowIso,
        baseline: by.baseline,
        operationId: id,
        trigger: before.trigger,
        resource: '',
        decision: 'superseded',
        reason: `The operation ${by.operationId} with a newer desired state took over.`,
      },
    ]);
    const over: RunDocument = { ...before, state: 'stopped', supersededBy: by.operationId, endedAt: nowIso };
    await dependencies.runs.write(over, stored?.etag);
  }
}

/** Records that an operation's work is done by another one. */
async function join(
  dependencies: Dependencies,
  id: string,
  by: RunDocument,
  requestedBy: string,
  trigger: RunDocument['trigger'],
  nowIso: string,
  stamp: string,
): Promise<void> {
  if (id === by.operationId) return;
  const stored = await dependencies.runs.read(id);
  if (stored !== null) return;
  await dependencies.runs.write(
    { ...by, operationId: id, trigger, requestedBy, rows: {}, joinedTo: by.operationId, createdAt: nowIso, stamp },
    undefined,
  );
}

/** Brings the baseline in line with the run as written, and answers. May run twice. */
async function conclude(dependencies: Dependencies, request: AdvanceRequest, run: RunDocument): Promise<Decision> {
  const consumed = new Set(run.consumed);
  const { result } = await dependencies.baselines.change<Decision>(run.baseline, (head) => {
    if (head.reconciler?.instanceId !== request.instanceId) return { head: null, result: { next: 'end' } };
    const requests = head.requests.filter((one) => !consumed.has(requestKey(one)));
    const next = headAfter(head, run, requests, request.nowIso);
    const isUnchanged = JSON.stringify(next.head) === JSON.stringify(head);
    return { head: isUnchanged ? null : next.head, result: next.decision };
  });
  return result;
}

function headAfter(
  head: BaselineHead,
  run: RunDocument,
  requests: BaselineHead['requests'],
  nowIso: string,
): { readonly head: BaselineHead; readonly decision: Decision } {
  const { approval } = run;
  const isOver = run.decision.next === 'end';
  const goesOn = isOver && requests.length > 0;
  let next: BaselineHead = { ...head, requests, currentOperationId: run.operationId };
  if (
    approval &&
    !next.approvals.some((one) => one.planHash === approval.planHash && one.operationId === approval.operationId)
  ) {
    // A request of this operation for another plan is void: the world has moved.
    const others = next.approvals.filter(
      (one) => !(one.operationId === approval.operationId && one.decision === undefined),
    );
    next = { ...next, approvals: [...others, approval] };
  }
  if (isOver) {
    next = {
      ...next,
      wakeAt: run.wakeAt,
      reconciler: goesOn ? next.reconciler : null,
      ...(isFinalState(run.state)
        ? {
            currentOperationId: null,
            stops: next.stops.filter((id) => id !== run.operationId),
            lastResult: { state: run.state, operationId: run.operationId, at: run.endedAt ?? nowIso },
            approvals: next.approvals.filter((one) => one.operationId !== run.operationId),
            budget: withBudget(next.budget, run, nowIso),
          }
        : {}),
    };
    if (isFinalState(run.state) && run.teardown && (run.state === 'succeeded' || run.state === 'partial')) {
      next = withGeneration({ ...next, teardown: false, specVersion: 0, specHash: '', adjustments: [], hold: null });
    }
  }
  return { head: next, decision: goesOn ? { next: 'again' } : run.decision };
}

function withBudget(budget: BaselineHead['budget'], run: RunDocument, nowIso: string): BaselineHead['budget'] {
  if (run.attended) return budget;
  const day = nowIso.slice(0, 10);
  const used = Object.values(run.rows).filter((row) => row.writes > 0).length;
  return { day, used: (budget.day === day ? budget.used : 0) + used };
}

/** Brings the journal lines of changes of the baseline into the journal, then takes them off it. */
export async function flushOutbox(
  dependencies: Pick<Dependencies, 'journal' | 'baselines'>,
  seen: BaselineHead,
): Promise<void> {
  if (seen.outbox.length === 0) return;
  await dependencies.journal.append(seen.outbox);
  const flushed = new Set(seen.outbox.map((entry) => JSON.stringify(entry)));
  await dependencies.baselines.change(seen.name, (head) => {
    const outbox = head.outbox.filter((entry) => !flushed.has(JSON.stringify(entry)));
    return { head: outbox.length === head.outbox.length ? null : { ...head, outbox }, result: undefined };
  });
}

/** No operation and no request: the reconciler ends. */
async function concludeIdle(
  dependencies: Dependencies,
  request: AdvanceRequest,
  seen: BaselineHead,
): Promise<Decision> {
  const { result } = await dependencies.baselines.change<Decision>(request.baseline, (head) => {
    if (head.reconciler?.instanceId !== request.instanceId) return { head: null, result: { next: 'end' } };
    if (head.requests.length > seen.requests.length) return { head: null, result: { next: 'again' } };
    return { head: { ...head, reconciler: null, requests: [] }, result: { next: 'end' } };
  });
  return result;
}
