import { type ArmRefusal, isManagementLock } from '../azure/arm-answer.ts';
import type { OperationOutcome } from '../azure/long-operation.ts';
import { refusalKey } from '../drift/drift-record.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Verdict } from '../plan/guard.ts';
import { changeHash } from '../plan/hash.ts';
import type { Change, Plan, Refusal } from '../plan/plan.ts';
import type { RunNode, Step } from '../plan/scheduler.ts';
import type { Problem } from '../problem.ts';
import {
  changeOfRow,
  isInFlight,
  type PlanDocument,
  type RunDocument,
  type RunRow,
  type RunState,
} from '../state/run.ts';
import { changesById } from './changes-by-id.ts';
import { deadlineMs, pauseAfterRefusal, problemOfGivenUp } from './retry-policy.ts';
import type { StartOutcome } from './start-write.ts';

export type Rows = Readonly<Record<string, RunRow>>;

/** A resource that so many writes for one change have not brought to rest is given up. */
const MAXIMUM_WRITES = 5;
/** A write that has not held so often is given up. */
const MAXIMUM_UNHELD_WRITES = 3;

/**
 * A row after its start has answered. `stale` puts it back: a new plan decides. So does the first refusal for a management
 * lock, which that plan refuses by its name; a second one is of a lock that nobody lists.
 */
export function withStartOutcome(row: RunRow, outcome: StartOutcome, estimatedMinutes: number, nowIso: string): RunRow {
  if (row.state.name !== 'starting' || row.attempt !== outcome.attempt) return row;
  const nowMs = Date.parse(nowIso);
  switch (outcome.outcome) {
    case 'running':
      return {
        ...row,
        state: { name: 'running', startedAtMs: nowMs, nextPollAtMs: nowMs + outcome.retryAfterSeconds * 1_000 },
        handle: outcome.handle,
        writes: row.writes + (outcome.wrote ? 1 : 0),
        deadlineMs: deadlineMs(nowMs, estimatedMinutes),
      };
    case 'settled':
      // Looked at in the same turn: a poll of the resource itself verifies it.
      return {
        ...row,
        state: { name: 'running', startedAtMs: nowMs, nextPollAtMs: nowMs },
        handle: { by: 'resource', expect: 'present' },
        writes: row.writes + (outcome.wrote ? 1 : 0),
        deadlineMs: deadlineMs(nowMs, estimatedMinutes),
      };
    case 'stale':
      return { ...row, state: { name: 'pending' } };
    case 'refused':
      return isManagementLock(outcome.refusal) && row.metLock !== true
        ? { ...row, state: { name: 'pending' }, metLock: true }
        : withRefusal(row, outcome.refusal, nowIso);
  }
}

/** A row whose write Azure refused or whose operation ended badly: tried again later, or failed. */
export function withRefusal(row: RunRow, refusal: ArmRefusal, nowIso: string): RunRow {
  const refusals = (row.refusals ?? 0) + 1;
  const pauseSeconds = pauseAfterRefusal(refusal, refusals);
  const { handle: _handle, overdue: _overdue, ...rest } = row;
  if (pauseSeconds === null)
    return {
      ...rest,
      refusals,
      state: { name: 'failed' },
      problem: problemOfGivenUp(refusal, refusals),
      endedAt: nowIso,
    };
  return {
    ...rest,
    refusals,
    state: { name: 'retrying', notBeforeMs: Date.parse(nowIso) + pauseSeconds * 1_000 },
    problem: refusal.problem,
  };
}

/** How often an overdue operation is looked at. */
const OVERDUE_POLL_SECONDS = 60;

/** A row after a look at its operation that has not ended. Past its deadline it is overdue: failed for whatever needs it. */
export function stillRunning(
  row: RunRow,
  outcome: Extract<OperationOutcome, { state: 'running' }>,
  nowIso: string,
): RunRow {
  const nowMs = Date.parse(nowIso);
  if (row.state.name !== 'running') return row;
  if (row.deadlineMs !== undefined && nowMs >= row.deadlineMs) {
    return {
      ...row,
      handle: outcome.handle,
      state: { ...row.state, nextPollAtMs: nowMs + Math.max(OVERDUE_POLL_SECONDS, outcome.retryAfterSeconds) * 1_000 },
      overdue: true,
      problem: outcome.problem ?? {
        code: 'OperationTimedOut',
        actor: 'operator',
        message: 'The operation has not ended in three times its usual length; it may still be under way in Azure.',
        remedy:
          "Look at the resource's activity log in Azure; Hubkeeper goes on when the operation ends, or stop the run.",
        resource: row.id,
      },
    };
  }
  const { problem: _problem, ...rest } = row;
  return {
    ...rest,
    handle: outcome.handle,
    state: { ...row.state, nextPollAtMs: nowMs + outcome.retryAfterSeconds * 1_000 },
    ...(outcome.problem === undefined ? {} : { problem: outcome.problem }),
  };
}

/** A row whose resource is as it should be. */
export function settled(row: RunRow, nowIso: string): RunRow {
  const {
    handle: _handle,
    problem: _problem,
    refusals: _refusals,
    metLock: _metLock,
    overdue: _overdue,
    ...rest
  } = row;
  return { ...rest, state: { name: 'done' }, endedAt: nowIso };
}

/** A row of which a part is done and whose rest the next plan says. */
export function startedAnew(row: RunRow): RunRow {
  const {
    handle: _handle,
    problem: _problem,
    refusals: _refusals,
    metLock: _metLock,
    overdue: _overdue,
    ...rest
  } = row;
  return { ...rest, state: { name: 'pending' } };
}

/** A row whose write ended well although the resource is not as written: once more, or given up. */
export function notHeld(row: RunRow, what: string, nowIso: string): RunRow {
  if (row.writes < MAXIMUM_UNHELD_WRITES) {
    return withRefusal(row, { disposition: 'reread', problem: notHeldProblem(row.id, what) }, nowIso);
  }
  return failedRow(row, notHeldProblem(row.id, what), nowIso);
}

/** A row that is not tried again. */
export function failedRow({ overdue: _overdue, ...row }: RunRow, problem: Problem, nowIso: string): RunRow {
  return { ...row, state: { name: 'failed' }, problem, endedAt: nowIso };
}

function notHeldProblem(resource: string, what: string) {
  return {
    code: 'WriteDidNotHold',
    actor: 'operator',
    message: `Azure accepted the write, yet the resource is not as written: ${what}.`,
    remedy: 'Find out who or what changes it back (a policy, another tool, another run), then reconcile.',
    resource,
  } as const;
}

/**
 * Rows for a new plan: what is in flight stays in flight, what failed with the same change stays failed, what is over
 * and no longer in the plan stays for the record.
 */
export function withPlan(run: RunDocument, before: ReadonlyMap<string, Change>, plan: Plan, verdict: Verdict): Rows {
  const rows: Record<string, RunRow> = {};
  for (const row of Object.values(run.rows)) {
    const former = changeOfRow(row, before);
    const isOver = row.state.name === 'done' || row.state.name === 'failed';
    if (former === undefined || !(isInFlight(row) || isOver)) continue;
    // A row that is over has been told in the journal; its plan has the differences.
    rows[row.id] = isInFlight(row) ? { ...row, former, carried: true } : { ...row, former: { ...former, diff: [] } };
  }
  const allowed = new Set(verdict.allowed.map(normaliseId));
  const budgeted = new Set(verdict.budgeted.map(normaliseId));
  const waiting = new Map(verdict.waiting.map((one) => [normaliseId(one.id), one]));
  const keyOf = new Map(Object.keys(rows).map((id) => [normaliseId(id), id]));
  const metLock = new Set(
    Object.values(run.rows)
      .filter((row) => row.metLock === true)
      .map(({ id }) => normaliseId(id)),
  );
  for (const change of plan.changes) {
    const key = normaliseId(change.id);
    const old = rows[keyOf.get(key) ?? change.id];
    if (old !== undefined && isInFlight(old)) continue;
    const hash = changeHash(change);
    if (old?.state.name === 'failed' && old.changeHash === hash) continue;
    const waits = waiting.get(key);
    if (waits === undefined && !allowed.has(key)) continue;
    const writes = writesBefore(run, old, hash);
    const fresh: RunRow = {
      id: old?.id ?? change.id,
      attempt: old?.attempt ?? 0,
      writes,
      changeHash: hash,
      state:
        waits === undefined
          ? { name: 'pending' }
          : { name: 'waiting', ...(waits.untilIso === null ? {} : { untilMs: Date.parse(waits.untilIso) }) },
      ...(waits === undefined ? {} : { waiting: waits }),
      ...(budgeted.has(key) ? { budgeted: true } : {}),
      ...(old?.refusals === undefined ? {} : { refusals: old.refusals }),
      ...(metLock.has(key) ? { metLock: true } : {}),
    };
    rows[fresh.id] =
      writes >= MAXIMUM_WRITES
        ? {
            ...fresh,
            state: { name: 'failed' },
            problem: {
              code: 'KeepsChanging',
              actor: 'operator',
              message: `The resource was written ${writes} times in a row and still is not as it should be.`,
              remedy: 'Find out who or what changes it back, then reconcile.',
              resource: change.id,
            },
          }
        : fresh;
  }
  return rows;
}

/** The rows that wait for their start with a digest of what the plan would send, by normalised id. */
export function withWorlds(rows: Rows, worlds: ReadonlyMap<string, string>): Rows {
  if (worlds.size === 0) return rows;
  return Object.fromEntries(
    Object.entries(rows).map(([key, row]) => {
      const worldHash = worlds.get(normaliseId(row.id));
      const isDue = row.state.name === 'pending' || row.state.name === 'waiting';
      return [key, worldHash === undefined || !isDue ? row : { ...row, worldHash }];
    }),
  );
}

/** `changeHash` of what a run has failed at. */
export function hashesFailed(rows: Rows): ReadonlySet<string> {
  return new Set(Object.values(rows).flatMap((row) => (row.state.name === 'failed' ? [row.changeHash] : [])));
}

/**
 * Writes of a row that count against a new change of its resource: all while it was never as it should be. What was done
 * and is changed again is work of its own, which a run that waits for days may have often: only the very same change,
 * back before the run has come to rest, goes on with the count.
 */
function writesBefore({ plansMade, plansBefore }: RunDocument, row: RunRow | undefined, hash: string): number {
  if (row === undefined) return 0;
  const isAnother = row.state.name === 'done' && (row.changeHash !== hash || plansMade === plansBefore);
  return isAnother ? 0 : row.writes;
}

/**
 * The run as the scheduler sees it. A node also waits for everything that its desired node depends on and that an
 * earlier plan has in flight: the plan in force sees that as there already.
 */
export function scheduleNodes(rows: Rows, document: PlanDocument | undefined): readonly RunNode[] {
  const changes = document === undefined ? new Map<string, Change>() : changesById(document.plan);
  const known = new Map(Object.values(rows).map((row) => [normaliseId(row.id), row]));
  return Object.values(rows).flatMap((row): RunNode[] => {
    const change = changeOfRow(row, changes);
    if (change === undefined) return [];
    const wanted = row.former === undefined ? (document?.nodes[normaliseId(row.id)]?.dependsOn ?? []) : [];
    const inFlight = wanted.flatMap(({ id }) => {
      const other = known.get(normaliseId(id));
      return other !== undefined && isInFlight(other) ? [other.id] : [];
    });
    // What has to wait with another one waits itself, by the guard: a row that does not goes on without it.
    const planned = change.dependsOn.flatMap((id) => {
      const other = known.get(normaliseId(id));
      return other === undefined || (other.state.name === 'waiting' && row.state.name !== 'waiting') ? [] : [other.id];
    });
    return [
      {
        id: row.id,
        state: row.state,
        ...(row.overdue === true ? { overdue: true } : {}),
        dependsOn: [...new Set([...planned, ...inFlight])],
        lanes: [...new Set([...change.lanes, ...(change.carriedLanes ?? [])])].sort(),
        estimatedMinutes: change.estimatedMinutes,
      },
    ];
  });
}

/** Marks what the scheduler hands out to be started, and what failed nodes block. */
export function withStep(
  rows: Rows,
  step: Pick<Step, 'start' | 'blocked'>,
  plan: { readonly operationId: string; readonly key: string },
  nowIso: string,
): Rows {
  const next: Record<string, RunRow> = { ...rows };
  for (const id of step.start) {
    const row = next[id];
    if (row === undefined) continue;
    next[id] = {
      ...row,
      attempt: row.attempt + 1,
      state: { name: 'starting', startedAtMs: Date.parse(nowIso) },
      startedAt: row.startedAt ?? nowIso,
      plan,
    };
  }
  for (const { id, by } of step.blocked) {
    const row = next[id];
    if (row !== undefined) next[id] = { ...row, state: { name: 'blocked' }, blockedBy: by, endedAt: nowIso };
  }
  return next;
}

/** Refusals that mean "by design nothing is to be done here", so that the run has not fallen short. */
const QUIET_REFUSALS = /^(Mode|Reaction|Drift|LeftTo)/;

/** Refusals that leave the baseline short of what its spec or its teardown asked for. */
export function openRefusals({ refused, teardown }: Pick<RunDocument, 'refused' | 'teardown'>): readonly Refusal[] {
  return teardown ? refused : refused.filter((refusal) => !QUIET_REFUSALS.test(refusal.code));
}

/** Those of them that the run itself fell short of: a look for drift has done its work where it finds what was told before. */
export function shortfallsOf(run: Pick<RunDocument, 'refused' | 'teardown' | 'knownRefusals'>): readonly Refusal[] {
  const known = new Set(run.knownRefusals);
  return openRefusals(run).filter((refusal) => !known.has(refusalKey(refusal)));
}

/** How a run ends that has nothing in flight, nothing to start and nothing that waits. */
export function finalStateOf(
  run: Pick<RunDocument, 'rows' | 'refused' | 'knownRefusals' | 'problems' | 'stopping' | 'planKey' | 'teardown'>,
): RunState {
  const rows = Object.values(run.rows);
  const isShort =
    rows.some((row) => row.state.name !== 'done') || shortfallsOf(run).length > 0 || run.problems.length > 0;
  if (run.stopping && (run.planKey === '' || rows.some((row) => row.state.name !== 'done'))) return 'stopped';
  if (!isShort) return 'succeeded';
  const isBroken = run.problems.length > 0 || rows.some((row) => row.state.name === 'failed');
  return isBroken && !rows.some((row) => row.state.name === 'done') ? 'failed' : 'partial';
}
