import type { OperationBody, OperationNode, WaitingFor } from '../api/operation.ts';
import type { Change } from '../plan/plan.ts';
import { progressOf } from '../plan/progress.ts';
import type { Problem } from '../problem.ts';
import { changeOfRow, hasSteppedBack, type PlanDocument, type RunDocument, type RunRow } from '../state/run.ts';
import { changesById } from './changes-by-id.ts';
import { openRefusals, scheduleNodes, shortfallsOf } from './rows.ts';

/** An operation as the API shows it. `document`: the plan in force, when there is one. */
export function operationBody(run: RunDocument, document: PlanDocument | undefined, nowIso: string): OperationBody {
  const changes: ReadonlyMap<string, Change> = document === undefined ? new Map() : changesById(document.plan);
  const rows = Object.values(run.rows);
  const waiting = waitsOf(run);
  return {
    id: run.operationId,
    baseline: run.baseline,
    trigger: run.trigger,
    state: run.state,
    progress: progressOf(scheduleNodes(run.rows, document), Date.parse(nowIso)),
    nodes: rows.map((row) => nodeBody(row, changeOfRow(row, changes), run.planHash)),
    errors: problemsOf(run, shortfallsOf(run)),
    refused: run.refused,
    at: nowIso,
    requestedBy: run.requestedBy,
    createdAt: run.createdAt,
    ...(run.endedAt === undefined ? {} : { endedAt: run.endedAt }),
    ...(run.scope === undefined ? {} : { scope: run.scope }),
    version: run.specVersion,
    ...(run.planHash === '' ? {} : { planHash: run.planHash }),
    ...(waiting.length === 0 ? {} : { waitingFor: waiting }),
    ...(run.supersededBy === undefined ? {} : { supersededBy: run.supersededBy }),
    ...(run.setAside === undefined || hasSteppedBack(run) ? {} : { setAside: run.setAside }),
    ...(run.joinedTo === undefined ? {} : { joinedTo: run.joinedTo }),
    ...(run.trigger === 'plan' && document !== undefined
      ? { plan: { ...document.plan, baseline: run.baseline, version: run.specVersion } }
      : {}),
  };
}

/** What a run waits for, each once. Pure. */
export function waitsOf({ rows, planHash }: Pick<RunDocument, 'rows' | 'planHash'>): readonly WaitingFor[] {
  return distinct(
    Object.values(rows).flatMap((row) =>
      row.waiting !== undefined && row.state.name === 'waiting' ? [waitingBody(row, planHash)] : [],
    ),
  );
}

/** An operation that is recorded and not yet taken up. */
export function queuedBody(
  id: string,
  baseline: string,
  trigger: string,
  requestedBy: string,
  createdAt: string,
  nowIso: string,
): OperationBody {
  return {
    id,
    baseline,
    trigger,
    state: 'queued',
    progress: { done: 0, total: 0, criticalPathMinutesLeft: 0 },
    nodes: [],
    errors: [],
    requestedBy,
    createdAt,
    at: nowIso,
  };
}

function nodeBody(row: RunRow, change: Change | undefined, planHash: string): OperationNode {
  return {
    id: row.id,
    state: nodeState(row),
    ...(change === undefined
      ? {}
      : { kind: change.kind, action: change.action, estimatedMinutes: change.estimatedMinutes }),
    ...(row.startedAt === undefined ? {} : { startedAt: row.startedAt }),
    ...(row.endedAt === undefined ? {} : { endedAt: row.endedAt }),
    ...(row.state.name === 'waiting' && row.waiting !== undefined ? { waitingFor: waitingBody(row, planHash) } : {}),
    ...(row.problem === undefined ? {} : { problem: row.problem }),
    ...(row.blockedBy === undefined ? {} : { blockedBy: row.blockedBy }),
    attempts: row.attempt,
  };
}

function nodeState({ state }: RunRow): OperationNode['state'] {
  switch (state.name) {
    case 'pending':
    case 'retrying':
      return 'pending';
    case 'waiting':
      return 'waiting';
    case 'starting':
    case 'running':
      return 'running';
    case 'done':
      return 'succeeded';
    case 'failed':
      return 'failed';
    case 'blocked':
    case 'refused':
      return 'skipped';
  }
}

function waitingBody(row: RunRow, planHash: string): WaitingFor {
  const waiting = row.waiting;
  if (waiting === undefined) return { kind: 'other', reason: '' };
  return {
    kind: waiting.for,
    reason: waiting.why,
    who: waiting.who,
    ...(waiting.untilIso === null ? {} : { until: waiting.untilIso }),
    ...(waiting.for === 'approval' || waiting.for === 'budget' ? { planHash } : {}),
    ...(waiting.cause === undefined ? {} : { cause: waiting.cause }),
  };
}

function distinct(waiting: readonly WaitingFor[]): readonly WaitingFor[] {
  return [...new Map(waiting.map((one) => [`${one.kind} ${one.reason} ${one.until ?? ''}`, one])).values()];
}

/** What is wrong, with who must act: of the operation, of its nodes, and what was refused. */
export function problemsOf(run: RunDocument, refused = openRefusals(run)): readonly Problem[] {
  const ofRows = Object.values(run.rows).flatMap((row) =>
    row.problem !== undefined && (row.state.name === 'failed' || row.state.name === 'running')
      ? [{ resource: row.id, ...row.problem }]
      : [],
  );
  const ofRefusals = refused.map(
    (refusal): Problem => ({
      code: refusal.code,
      actor: 'operator',
      message: refusal.why,
      remedy: 'Read the reason; change the spec, the mode or what stands in the way, then reconcile.',
      resource: refusal.id,
    }),
  );
  return [...run.problems, ...ofRows, ...ofRefusals];
}
