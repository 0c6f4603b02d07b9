import type { Problem } from '../problem.ts';
import type { BaselineHead, ReconcileRequest } from '../state/baseline-head.ts';
import type { RunDocument, RunRow } from '../state/run.ts';
import { isAttended } from './take-requests.ts';

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
    requesters: [primary.requestedBy],
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
