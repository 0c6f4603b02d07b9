import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import { DEFAULT_LIMITS, nextSteps, type Step } from '../plan/scheduler.ts';
import { type BaselineHead, type ReconcileRequest, requestKey } from '../state/baseline-head.ts';
import type { Pause } from '../state/baseline-store.ts';
import { joinedHints } from '../state/drift-watch.ts';
import type { JournalEntry } from '../state/journal.ts';
import {
  type Decision,
  hasSteppedBack,
  isFinalState,
  isInFlight,
  type PlanDocument,
  type RunDocument,
  type RunRow,
} from '../state/run.ts';
import { booked, refilled, withPaidDone, withSpent } from './budget.ts';
import { conclude, concludeIdle, flushOutbox, waitsForPause } from './conclude.ts';
import { withDriftSettled } from './drift-of-run.ts';
import {
  journalOfLapsed,
  journalOfRun,
  journalOfStarts,
  journalOfSteppingBack,
  journalOfSteppingIn,
} from './journal-lines.ts';
import { type Look, lookAtOperation } from './look-at-operation.ts';
import { withLostStarts } from './lost-starts.ts';
import { newRun } from './new-run.ts';
import { type Planned, planAnew } from './plan-anew.ts';
import { PlanReader } from './plan-reader.ts';
import { mayWriteIn } from './protection.ts';
import { pruneOperations, pruneQuietOperations } from './prune-operations.ts';
import { prunePlans } from './prune-plans.ts';
import { requeue } from './requeue.ts';
import { finalStateOf, type Rows, scheduleNodes, withStartOutcome, withStep } from './rows.ts';
import { isBrief } from './set-aside.ts';
import { joinedBy, settleOthers } from './settle-others.ts';
import type { StartOutcome } from './start-write.ts';
import { asksForAdjustment, isAttended, isDue, type TakenRequests, takeRequests } from './take-requests.ts';
import { NOTHING_TO_TELL, tellTurn } from './tell-turn.ts';
import { hashesDone, lapsedUnused, withUsedUp } from './used-approvals.ts';

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

/**
 * Moves a baseline's run on by one turn: takes in the answers of starts, looks at what is in flight, takes up
 * requests, plans anew where something has moved, and says what to start or how long to wait. Everything it decides
 * is written before it answers; the same turn again gives the same answer.
 */
export async function advance(dependencies: Dependencies, request: AdvanceRequest): Promise<Decision> {
  const stored = await dependencies.baselines.read(request.baseline);
  if (stored === null || stored.head.reconciler?.instanceId !== request.instanceId) return { next: 'end' };
  const { nowIso } = request;
  const stamp = `${request.instanceId}:${request.turn}`;
  const currentId = stored.head.currentOperationId ?? stored.head.leftInFlightBy;
  const read = currentId === null ? null : await dependencies.runs.read(currentId);
  const current = await takenOver(dependencies, read, request);
  await catchUp(dependencies, request, current?.run);
  if (current !== null) {
    const joined = joinedBy(stored.head, current.run);
    await settleOthers(dependencies, { superseded: [], joined }, current.run, nowIso);
    // Over in a turn that died before it could tell the baseline: what follows it is taken up afterwards.
    const isEnded =
      hasSteppedBack(current.run) || (isFinalState(current.run.state) && current.run.supersededBy === undefined);
    if ((isEnded && isCurrent(stored.head, current.run)) || current.run.stamp === stamp)
      return conclude(dependencies, request, current.run);
  }
  return takeTurn(dependencies, request, stamp, stored.head, current);
}

/**
 * Makes good what a turn that wrote its run and then died could not do any more: what it has decided is told, and what
 * it has made without anybody comes into the budget. A turn that answered has done both. May run twice.
 */
async function catchUp(
  dependencies: Dependencies,
  { instanceId, turn, nowIso }: AdvanceRequest,
  run: RunDocument | undefined,
): Promise<void> {
  if (run === undefined || run.stamp === `${instanceId}:${turn - 1}`) return;
  await tellTurn(dependencies, run);
  await dependencies.baselines.change(run.baseline, (head) => {
    const budget = booked(head.budget, run, nowIso);
    return { head: budget === head.budget ? null : { ...head, budget }, result: undefined };
  });
}

type StoredRun = { readonly run: RunDocument; readonly etag: string };

/** A run that a reconciler before this one has left. */
async function takenOver(
  dependencies: Dependencies,
  stored: StoredRun | null,
  { instanceId, nowIso }: AdvanceRequest,
): Promise<StoredRun | null> {
  if (stored === null) return null;
  const plans = new PlanReader(dependencies, stored.run.operationId);
  return { ...stored, run: await withLostStarts(dependencies, stored.run, plans, instanceId, nowIso) };
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
  await pruneQuietOperations(dependencies.runs, head);
  const taken = takeRequests(head, current?.run, nowIso);
  if (taken.requeued !== undefined && taken.primary !== undefined)
    await requeue(dependencies, request.baseline, taken.requeued, taken.primary);
  // What a large observation has read so far is from before the changes that these name.
  if (taken.joined.some(({ hints }) => hints !== undefined)) await dependencies.keptReads.remove(request.baseline);
  const begun =
    taken.primary === undefined
      ? current
      : await takenOver(dependencies, await dependencies.runs.read(taken.primary.operationId), request);
  if (begun !== current) await catchUp(dependencies, request, begun?.run);
  if (begun?.run.stamp === stamp) {
    await settleOthers(dependencies, taken, begun.run, nowIso);
    return conclude(dependencies, request, begun.run);
  }
  // Begun by a reconciler that died before it could say so: what it took over from the run before is in it.
  const isBegun = taken.primary !== undefined && begun !== null && !isFinalState(begun.run.state);
  const leftInFlight = await leftBehind(dependencies, request, head, current?.run);
  let run =
    taken.primary === undefined || isBegun
      ? begun?.run
      : newRun(
          head,
          taken.primary,
          [...(await inFlightOf(dependencies, current?.run)), ...leftInFlight],
          current?.run.buckets ?? {},
          nowIso,
        );
  if (run === undefined || (isFinalState(run.state) && !taken.begins)) {
    // Nothing to do: the work was done by an earlier turn whose answer got lost, perhaps before it could tell the baseline.
    if (run !== undefined && isCurrent(head, run)) return conclude(dependencies, request, run);
    return concludeIdle(dependencies, request, head);
  }
  const pause = await dependencies.baselines.readPause();
  const isAwake = isDue(run, nowIso) || (waitsForPause(run) && !pause.paused && !dependencies.settings.stopped);
  run = {
    ...withHintsOf(taken.primary === undefined ? run : withSetAside(run, taken.setAside), taken.joined),
    // What a person asks for anew is all that differs now.
    ...(taken.retryFailed ? { askedPlan: undefined } : {}),
    ...NOTHING_TO_TELL,
    approval: null,
    stamp,
    wakeAt: null,
    stopping: head.stops.includes(run.operationId),
    replan: run.replan || taken.replan || leftInFlight.length > 0 || isAwake,
    rows: withInFlight(taken.retryFailed ? withoutFailed(run.rows) : run.rows, leftInFlight),
    ...(taken.joined.some(asksForAdjustment) && !run.attended ? { attendedOwner: 'adjustment' } : {}),
    requesters: [...new Set([...run.requesters, ...taken.joined.map((request) => request.requestedBy)])],
    consumed: taken.consumed.map(requestKey),
  };
  // A reconciler that dies at what comes now has not died at what is set aside.
  if (taken.setAside !== undefined)
    return begin(dependencies, request, taken, { ...run, decision: { next: 'again' } }, begun?.etag);
  // A scheduled run that comes while this one waits brings a budget of its own; whoever causes events must not.
  const isRefilled =
    run.state === 'waiting' &&
    taken.joined.some(
      (one) => one.hints === undefined && !isAttended(one.trigger, one.requestedBy) && !asksForAdjustment(one),
    );
  if (isRefilled) run = refilled(run);
  if (run.state === 'waiting' && (taken.consumed.length > 0 || isAwake)) run = { ...run, plansBefore: run.plansMade };

  const before = run;
  const journal: JournalEntry[] = [];
  const plans = new PlanReader(dependencies, run.operationId);

  journal.push(...journalOfStarts(run, request.outcomes, nowIso));
  run = await takeInOutcomes(run, request.outcomes, plans, nowIso);
  run = await lookAtDue(dependencies, run, plans, nowIso);
  const done = hashesDone(before.rows, run.rows);
  run = withUsedUp(withPaidDone(run, done), done, head.approvals, nowIso);
  journal.push(...journalOfLapsed(run, lapsedUnused(run, head.approvals, nowIso), nowIso));
  // Told now: a new plan of this turn may go on with the same rows.
  const settled = await withDriftSettled(dependencies, before, run, await documentOf(run, plans), nowIso);
  run = settled.run;
  const looked = run;
  journal.push(
    ...journalOfRun(before, looked, await documentOf(looked, plans), nowIso, settled.causes),
    ...settled.journal,
  );
  run = noticeMoves(run, head, pause, nowIso);

  let planned: Planned | undefined;
  if (!run.stopping && !run.aborted && run.replan && Date.parse(nowIso) >= run.planNotBeforeMs) {
    planned = await planAnew(dependencies, run, head, pause, plans, nowIso);
    run = planned.run;
    journal.push(...planned.journal);
  }

  let document = await documentOf(run, plans);
  const startsPerTurn = dependencies.settings.maximumStartsPerTurn;
  let scheduled = schedule(run, document, startsPerTurn, nowIso);
  // Locks are Azure's to enforce; a tag of a group is seen by nobody but whoever looks.
  if (run.plansMade === before.plansMade && !(await mayStart(dependencies, scheduled, document))) {
    planned = await planAnew(dependencies, run, head, pause, plans, nowIso);
    journal.push(...planned.journal);
    document = await documentOf(planned.run, plans);
    scheduled = schedule(planned.run, document, startsPerTurn, nowIso);
  }
  run = scheduled;
  const settledLast = await withDriftSettled(dependencies, looked, run, document, nowIso);
  run = settledLast.run;
  journal.push(...journalOfRun(looked, run, document, nowIso), ...settledLast.journal, ...journalOfSteppingBack(run));

  run = { ...run, outbox: journal };
  const written = await dependencies.runs.write(run, begun?.etag);
  if (written === 'conflict') {
    // Another copy of this very turn was faster: its answer holds.
    const other = await dependencies.runs.read(run.operationId);
    if (other?.run.stamp !== stamp) return { next: 'again' };
    run = other.run;
  }
  // Only now: what the loser of a race would have decided is not told.
  await tellTurn(dependencies, run);
  // A turn that dies before has the next scan read the same again.
  if (planned?.rotation !== undefined) await dependencies.rotation.write(run.baseline, planned.rotation);
  await settleOthers(dependencies, taken, run, nowIso);
  if (run.plansMade > Math.max(1, before.plansMade)) await prunePlans(dependencies.runs, run, head.approvals);
  if (isFinalState(run.state)) {
    const live = [run.setAside, ...head.requests.map(({ operationId }) => operationId)].filter(
      (id) => id !== undefined,
    );
    await pruneOperations(dependencies.runs, run.baseline, live, head.quietOperations ?? [], nowIso);
    await dependencies.baselines.pruneSpecs(run.baseline, nowIso);
  }
  return conclude(dependencies, request, run);
}

/** Whether nothing around what a run starts from an earlier plan has been opted out meanwhile. */
async function mayStart(
  { arm }: Dependencies,
  { decision }: RunDocument,
  document: PlanDocument | undefined,
): Promise<boolean> {
  if (decision.next !== 'start') return true;
  const notAskedFor = new Set(document?.notAskedFor);
  const isUnattended = (id: string) => document?.unattended === true || notAskedFor.has(normaliseId(id));
  const ids = decision.nodes.map(({ id }) => id);
  const unattended = ids.filter(isUnattended);
  const others = ids.filter((id) => !isUnattended(id));
  return (
    (others.length === 0 || (await mayWriteIn(arm, others, false))) &&
    (unattended.length === 0 || (await mayWriteIn(arm, unattended, true)))
  );
}

/** Writes a run that has begun and decided nothing yet. */
async function begin(
  dependencies: Dependencies,
  request: AdvanceRequest,
  taken: TakenRequests,
  run: RunDocument,
  etag: string | undefined,
): Promise<Decision> {
  const outbox = journalOfSteppingIn(run);
  const told: RunDocument = { ...run, state: 'running', plansBefore: run.plansMade, outbox };
  if ((await dependencies.runs.write(told, etag)) === 'conflict') return { next: 'again' };
  await tellTurn(dependencies, told);
  await settleOthers(dependencies, taken, told, request.nowIso);
  return conclude(dependencies, request, told);
}

/** Whether a run is the one that its baseline is at. */
function isCurrent(head: BaselineHead, { operationId }: RunDocument): boolean {
  return head.currentOperationId === operationId;
}

function withSetAside({ setAside: _, ...run }: RunDocument, setAside: string | undefined): RunDocument {
  return setAside === undefined ? run : { ...run, setAside };
}

/** What an operation before this one was given up with, or stopped with, and nobody follows yet. */
async function leftBehind(
  dependencies: Dependencies,
  request: AdvanceRequest,
  { leftInFlightBy }: BaselineHead,
  current: RunDocument | undefined,
): Promise<readonly RunRow[]> {
  if (leftInFlightBy === null || leftInFlightBy === current?.operationId) return [];
  const left = await takenOver(dependencies, await dependencies.runs.read(leftInFlightBy), request);
  return inFlightOf(dependencies, left?.run);
}

/** The rows with what an operation before has in flight: that is followed to its end before anything else is done there. */
function withInFlight(rows: Rows, inFlight: readonly RunRow[]): Rows {
  if (inFlight.length === 0) return rows;
  const taken = new Set(inFlight.map(({ id }) => normaliseId(id)));
  const others = Object.values(rows).filter(({ id }) => !taken.has(normaliseId(id)));
  return Object.fromEntries([...others, ...inFlight].map((row) => [row.id, row]));
}

/** What joins a run that compares certain resources adds its own; what names none has everything compared. */
function withHintsOf(run: RunDocument, joined: readonly ReconcileRequest[]): RunDocument {
  if (joined.length === 0 || run.hints === undefined) return run;
  const { hints: own, ...everything } = run;
  const hints = joinedHints([own, ...joined.map((request) => request.hints ?? null)]);
  return hints === null ? everything : { ...everything, hints };
}

/** What an overtaken run has in flight: the new one takes its lanes into account and follows it to its end. */
async function inFlightOf(dependencies: Dependencies, overtaken: RunDocument | undefined): Promise<readonly RunRow[]> {
  // A run that was given up is over and yet has writes in flight; any other that is over has none.
  if (overtaken === undefined) return [];
  const plans = new PlanReader(dependencies, overtaken.operationId);
  const rows: RunRow[] = [];
  for (const row of Object.values(overtaken.rows).filter(isInFlight)) {
    const former = row.former ?? (await plans.changeOf(row));
    // What it took the run before is not held against this one: only that something was written.
    const { refusals: _, ...kept } = row;
    rows.push({ ...kept, writes: Math.min(row.writes, 1), carried: true, ...(former === undefined ? {} : { former }) });
  }
  return rows;
}

/** The plan in force. */
async function documentOf(run: RunDocument, plans: PlanReader): Promise<PlanDocument | undefined> {
  return run.planKey === '' ? undefined : plans.of({ operationId: run.operationId, key: run.planKey });
}

async function takeInOutcomes(
  run: RunDocument,
  outcomes: readonly StartOutcome[],
  plans: PlanReader,
  nowIso: string,
): Promise<RunDocument> {
  if (outcomes.length === 0) return run;
  const rows: Record<string, RunRow> = { ...run.rows };
  const written: RunRow[] = [];
  let { replan, wroteSincePlan } = run;
  for (const outcome of outcomes) {
    const row = rows[outcome.id];
    if (row === undefined) continue;
    const change = row.former ?? (await plans.changeOf(row));
    const next = withStartOutcome(row, outcome, change?.estimatedMinutes ?? 1, nowIso);
    rows[outcome.id] = next;
    if (outcome.outcome === 'stale' || (row.state.name === 'starting' && next.state.name === 'pending')) replan = true;
    const isCurrent = row.state.name === 'starting' && row.attempt === outcome.attempt;
    if (isCurrent && (outcome.outcome === 'running' || outcome.outcome === 'settled') && outcome.wrote) {
      wroteSincePlan = true;
      written.push(row);
    }
  }
  return withSpent({ ...run, rows, replan, wroteSincePlan }, written, nowIso);
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
            // The one that wrote it: whoever takes over looks for what that one has sent.
            operationId: row.plan?.operationId ?? run.operationId,
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
    // The claim goes first: a row that is left over is forgotten by the next plan, a claim would stay for ever.
    await dependencies.ledger.release(run.baseline, row.id);
    await dependencies.ledger.remove(run.baseline, row.id);
  }
  await dependencies.ledger.write(run.baseline, entries);
  await freeSharedLanes(
    dependencies,
    run.baseline,
    looks.map(({ row }) => row),
    plans,
  );
  // What builds on a write of another plan, or on one that was overdue, is planned anew when that has ended; so is the
  // rest of a resource of which only a part was to be written.
  const endedCarried = looks.some(
    ({ row }) =>
      !isInFlight(row) &&
      (row.carried === true || run.rows[row.id]?.overdue === true || run.postponed?.includes(row.id) === true),
  );
  return {
    ...run,
    rows: { ...run.rows, ...Object.fromEntries(looks.map(({ row }) => [row.id, row])) },
    replan: run.replan || endedCarried || looks.some(({ replan }) => replan === true),
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

/** What failed, and what it blocked, is planned as if it had not been tried. */
function withoutFailed(rows: Rows): Rows {
  return Object.fromEntries(
    Object.entries(rows).filter(([, row]) => row.state.name !== 'failed' && row.state.name !== 'blocked'),
  );
}

/** A plan made at another generation is over; so is one whose change window or approval has ended. */
function noticeMoves(run: RunDocument, head: BaselineHead, pause: Pause, nowIso: string): RunDocument {
  if (run.planKey === '') return run;
  const isMoved = run.generation !== head.generation || run.pauseGeneration !== pause.generation;
  const isOver = run.validUntilMs !== null && Date.parse(nowIso) >= run.validUntilMs;
  return isMoved || isOver ? { ...run, replan: true } : run;
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
  // Whoever stops a run does not wait for what may never end; the next operation follows it.
  const inFlight = Object.values(run.rows).some((row) => isInFlight(row) && !(run.stopping && row.overdue === true));
  if (step.waitSeconds !== null && (inFlight || !onlyWaits(run.rows)))
    return { ...run, state: 'running', decision: waitFor(step.waitSeconds) };
  if (inFlight) return { ...run, state: 'running', decision: waitFor(LONGEST_WAIT_SECONDS) };
  const waiting = Object.values(run.rows).filter((row) => row.state.name === 'waiting');
  if (waiting.length > 0 && !run.stopping && !run.aborted) {
    const { askedPlan } = run;
    const waited = askedPlan === undefined ? {} : { askedPlan: { ...askedPlan, hasWaited: true } };
    const brief = waiting.filter((row) => row.waiting !== undefined && isBrief(row.waiting));
    if (run.setAside === undefined || brief.length === 0)
      return { ...run, ...waited, state: 'waiting', decision: { next: 'end' }, wakeAt: wakeAtOf(waiting) };
    // Nobody but the time is waited for before another operation, and that for seconds.
    const wakeAt = wakeAtOf(brief);
    const seconds = wakeAt === null ? 0 : (Date.parse(wakeAt) - Date.parse(nowIso)) / 1_000;
    return { ...run, state: 'running', decision: waitFor(seconds), wakeAt };
  }
  return { ...run, state: finalStateOf(run), endedAt: nowIso, decision: { next: 'end' }, wakeAt: null };
}

function onlyWaits(rows: Rows): boolean {
  return Object.values(rows).every((row) => row.state.name !== 'retrying');
}

function wakeAtOf(waiting: readonly RunRow[]): string | null {
  // The next scheduled run comes by itself; only the end of the request for an approval is to be looked at.
  const times = waiting.flatMap((row) => row.waiting?.askedUntilIso ?? row.waiting?.untilIso ?? []).sort();
  return times[0] ?? null;
}

function waitFor(seconds: number): Decision {
  return { next: 'wait', seconds: Math.max(1, Math.min(LONGEST_WAIT_SECONDS, Math.ceil(seconds))) };
}
