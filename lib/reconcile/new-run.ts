import type { Problem } from '../problem.ts';
import type { BaselineHead, ReconcileRequest } from '../state/baseline-head.ts';
import type { RunDocument, RunRow } from '../state/run.ts';
import { asksForAdjustment, isAttended } from './take-requests.ts';

/** Who asked for what a run will do: for the run itself, and for each version of the spec that none has brought about yet. */
function requestersOf(head: BaselineHead, primary: ReconcileRequest): readonly string[] {
  const authors = head.history.filter(({ version }) => version > head.appliedSpecVersion).map(({ by }) => by);
  return [...new Set([primary.requestedBy, ...authors])];
}

/** The run that begins for a request; `inFlight` is what an overtaken one has in Azure. */
export function newRun(
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
    requesters: requestersOf(head, primary),
    createdAt: primary.at,
    attended: isAttended(primary.trigger, primary.requestedBy),
    ...(asksForAdjustment(primary) ? { attendedOwner: 'adjustment' } : {}),
    teardown: primary.trigger === 'delete',
    ...(primary.scope === undefined ? {} : { scope: primary.scope }),
    ...(primary.hints === undefined ? {} : { hints: primary.hints }),
    ...(primary.planHash === undefined ? {} : { expectedPlanHash: primary.planHash }),
    state: 'running',
    stamp: '',
    decision: { next: 'again' },
    specVersion: head.specVersion,
    planKey: '',
    planHash: '',
    generation: -1,
    pauseGeneration: -1,
    validUntilMs: null,
    preflighted: false,
    wroteSincePlan: false,
    replan: true,
    plansMade: 0,
    planFailures: 0,
    planNotBeforeMs: Date.parse(nowIso),
    rows: Object.fromEntries(inFlight.map((row) => [row.id, row])),
    refused: [],
    spent: [],
    spentBefore: 0,
    buckets,
    problems: [],
    stopping: false,
    aborted: false,
    outbox: [],
    consumed: [],
    wakeAt: null,
  };
}

/** A request that was called off before anything began. */
export function runNeverBegun(head: BaselineHead, request: ReconcileRequest, nowIso: string): RunDocument {
  return {
    ...newRun(head, request, [], {}, nowIso),
    state: 'stopped',
    decision: { next: 'end' },
    replan: false,
    endedAt: nowIso,
  };
}

/** A request that ended in a problem before anything began. */
export function runFailedAtOnce(
  head: BaselineHead,
  request: ReconcileRequest,
  problem: Problem,
  nowIso: string,
): RunDocument {
  return { ...runNeverBegun(head, request, nowIso), state: 'failed', problems: [problem] };
}
