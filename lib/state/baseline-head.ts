import type { Json, JsonObject } from '../json.ts';
import { type ChangeHint, type DriftWatch, NO_DRIFT_WATCH } from './drift-watch.ts';
import type { JournalEntry } from './journal.ts';
import type { Reaction } from './reactions.ts';

/** A recorded change that a reaction or an operator made to the desired state. */
export interface Adjustment {
  readonly id: string;
  readonly kind: string;
  readonly scope: string;
  readonly target: string;
  readonly value: Json;
  readonly reason: string;
  readonly since: string;
  readonly until: string;
  readonly by: string;
  /** Of a reaction that may not act by itself here, whatever the mode in the spec: its change waits for an approval. */
  readonly mode?: 'propose';
}

/** `until` of an adjustment that demand ends, not a date. */
export const NEVER_ENDS = '9999-12-31T00:00:00.000Z';

/** Nothing is started in the scope (absent: anywhere) until then. */
export interface Hold {
  readonly owner: string;
  readonly reason: string;
  readonly until: string;
  readonly scope?: string;
  readonly since: string;
  readonly by: string;
}

export type Trigger = 'put' | 'reconcile' | 'delete' | 'plan' | 'adjustment' | 'hold' | 'resume' | 'timer' | 'drift';

/** Something that a trigger recorded and the reconciler has not yet taken up. */
export interface ReconcileRequest {
  readonly operationId: string;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  readonly at: string;
  readonly scope?: string;
  /** Run only if the plan still has this hash. */
  readonly planHash?: string;
  /** Only these resources are read and compared; absent: everything of the scope. */
  readonly hints?: readonly ChangeHint[];
  /** It has stepped in once before an operation that waits, and what is left of it has to wait itself. */
  readonly waitsItsTurn?: boolean;
  /** When it steps in once more, since what it waited for is over then. */
  readonly stepsInAt?: string;
  /**
   * Generation of the baseline at which it has stepped back: its operation has begun, waits beside the one that it had
   * stepped in before, and keeps its request for approval. At another generation it steps in again.
   */
  readonly steppedBackAt?: number;
}

/** Tells requests of one baseline apart. */
export function requestKey(request: ReconcileRequest): string {
  return `${request.operationId} ${request.trigger} ${request.at}`;
}

/** An operation that a change of the baseline has ended, until its own document says so too. */
export interface EndedOperation {
  readonly request: ReconcileRequest;
  /** Before anything began; or since reconcilers kept dying at it. */
  readonly end: 'calledOff' | 'givenUp';
  readonly by: string;
  readonly at: string;
}

/** A plan that is to be made as an operation of its own, until that has a document. */
export interface PlanAsked {
  readonly operationId: string;
  readonly requestedBy: string;
  readonly at: string;
}

/** A plan that waits for, or has, somebody's decision. */
export interface Approval {
  readonly planHash: string;
  readonly operationId: string;
  readonly requestedBy: string;
  /** Everybody whose request the operation does: none of them decides. */
  readonly requesters: readonly string[];
  readonly requestedAt: string;
  readonly expiresAt: string;
  /** `changeHash` of each change that waits: what is left of the plan after a part of it is done stays approved. */
  readonly changeHashes: readonly string[];
  /** Key of the plan document in the operation. */
  readonly planKey: string;
  readonly decision?: 'approve' | 'reject';
  readonly decidedBy?: string;
  readonly decidedAt?: string;
  readonly comment?: string;
}

/** How somebody calls a spec off. */
export type CallOff = 'stopped' | 'rejected';

export interface LastResult {
  readonly state: string;
  readonly operationId: string;
  readonly at: string;
}

/**
 * Everything about one baseline that decisions depend on, in one document that changes by compare-and-swap.
 * `generation` moves with the spec, adjustments, the hold, approvals and stops: what was planned at another
 * generation is planned anew before it is written.
 */
export interface BaselineHead {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly generation: number;
  /** 0: no spec in force (never put, or torn down). */
  readonly specVersion: number;
  readonly specHash: string;
  readonly mode: string;
  /** Set while the baseline is to be torn down. */
  readonly teardown: boolean;
  readonly adjustments: readonly Adjustment[];
  readonly hold: Hold | null;
  readonly approvals: readonly Approval[];
  /** The latest requests for approval that are over, so that a late decision learns why it comes to nothing. */
  readonly pastApprovals: readonly { readonly planHash: string; readonly end: 'decided' | 'expired' | 'stale' }[];
  /** Operations that only compared and whose documents are kept still, newest first: they push no others out. */
  readonly quietOperations?: readonly string[];
  /** Operations that were asked to stop and have not ended. */
  readonly stops: readonly string[];
  readonly requests: readonly ReconcileRequest[];
  readonly ended?: readonly EndedOperation[];
  readonly plansAsked?: readonly PlanAsked[];
  /** The one orchestration that may start writes, and how often it had to be started again for the same work. */
  readonly reconciler: { readonly instanceId: string; readonly restarts: number; readonly startedAt: string } | null;
  readonly counters: { readonly operation: number; readonly reconciler: number; readonly spec: number };
  /** The latest specs, newest first. */
  readonly history: readonly {
    readonly version: number;
    readonly hash: string;
    readonly by: string;
    readonly at: string;
  }[];
  readonly currentOperationId: string | null;
  /** The waiting operation that an unattended one steps in before; it is the current one again when that has ended. */
  readonly setAside?: string;
  /** An operation that was given up with writes in flight: the next one that begins follows them to their end. */
  readonly leftInFlightBy: string | null;
  /** The live operation behind which requests are queued that it does not cover: nothing is to be started for them. */
  readonly queuedBehind: string | null;
  /** Version of the spec that a run has brought about whole: who put a later one has changes of his own under way. */
  readonly appliedSpecVersion: number;
  /**
   * The version of the spec of which nothing new is made without a person, since the operation that was to bring it about was
   * stopped or its plan rejected at this time. Absent: none, or somebody has asked for it again since.
   */
  readonly calledOff?: {
    readonly specVersion: number;
    readonly operationId: string;
    readonly end: CallOff;
    readonly at: string;
  };
  /** When something that waits may go on: a hold that ends, an approval that expires, an adjustment's end. */
  readonly wakeAt: string | null;
  /** The current operation waits for the stop switches to be off. */
  readonly waitsForPause: boolean;
  readonly lastResult: LastResult | null;
  /** Unattended updates and deletes of a day (UTC) by operation, for the budget. */
  readonly budget: { readonly day: string; readonly runs: Readonly<Record<string, number>> };
  /** When the next scan of everything is due, as the timer that asks for them said last; absent: it has not said. */
  readonly nextScanAt?: string;
  /** What alerts asked for, by reaction and target. Absent in baselines that no alert has named yet. */
  readonly reactions?: readonly Reaction[];
  /** What resource events said. Absent in baselines of which no event has told yet. */
  readonly driftWatch?: DriftWatch;
  /** Journal lines of changes of this document, until they are in the journal. */
  readonly outbox: readonly JournalEntry[];
}

export function newHead(name: string): BaselineHead {
  return {
    schemaVersion: 1,
    name,
    generation: 0,
    specVersion: 0,
    specHash: '',
    mode: 'observe',
    teardown: false,
    adjustments: [],
    hold: null,
    approvals: [],
    pastApprovals: [],
    stops: [],
    requests: [],
    reconciler: null,
    counters: { operation: 0, reconciler: 0, spec: 0 },
    history: [],
    currentOperationId: null,
    leftInFlightBy: null,
    queuedBehind: null,
    appliedSpecVersion: 0,
    wakeAt: null,
    waitsForPause: false,
    lastResult: null,
    budget: { day: '', runs: {} },
    outbox: [],
  };
}

/** What a baseline remembers of resource events. */
export function driftWatchOf(head: BaselineHead): DriftWatch {
  return head.driftWatch ?? NO_DRIFT_WATCH;
}

/** Takes the next operation id of a baseline: `NAME-COUNTER`. */
export function withNextOperation(head: BaselineHead): { readonly head: BaselineHead; readonly operationId: string } {
  const operation = head.counters.operation + 1;
  return { head: { ...head, counters: { ...head.counters, operation } }, operationId: `${head.name}-${operation}` };
}

/** Takes an operation id for a plan that is made as an operation of its own, and remembers that it is to be made. */
export function withPlanAsked(
  head: BaselineHead,
  requestedBy: string,
  nowIso: string,
): { readonly head: BaselineHead; readonly operationId: string } {
  const { head: numbered, operationId } = withNextOperation(head);
  const asked: PlanAsked = { operationId, requestedBy, at: nowIso };
  return { head: { ...numbered, plansAsked: [...(head.plansAsked ?? []), asked] }, operationId };
}

/**
 * Makes sure that a reconciler is named. `start`: the caller has to start an orchestration with that id;
 * absent: one is at work already and will see what was recorded.
 */
export function withReconciler(
  head: BaselineHead,
  nowIso: string,
): { readonly head: BaselineHead; readonly start?: string } {
  if (head.reconciler !== null) return { head };
  const reconciler = head.counters.reconciler + 1;
  const instanceId = `reconcile.${head.name}.${reconciler}`;
  return {
    head: {
      ...head,
      counters: { ...head.counters, reconciler },
      reconciler: { instanceId, restarts: 0, startedAt: nowIso },
    },
    start: instanceId,
  };
}

/** Records a request and names a reconciler for it. */
export function withRequest(
  head: BaselineHead,
  request: ReconcileRequest,
): { readonly head: BaselineHead; readonly start?: string } {
  return withReconciler({ ...head, requests: [...head.requests, request] }, request.at);
}

/** Versions of the spec that a baseline remembers. */
const REMEMBERED_VERSIONS = 50;

/** Puts a spec in force: a new version unless it is the same document. */
export function withSpec(
  head: BaselineHead,
  spec: { readonly hash: string; readonly mode: string; readonly by: string; readonly at: string },
): BaselineHead {
  if (head.specVersion > 0 && head.specHash === spec.hash && !head.teardown) return head;
  const version = head.counters.spec + 1;
  return withGeneration({
    ...head,
    counters: { ...head.counters, spec: version },
    specVersion: version,
    specHash: spec.hash,
    mode: spec.mode,
    teardown: false,
    history: [{ version, hash: spec.hash, by: spec.by, at: spec.at }, ...head.history].slice(0, REMEMBERED_VERSIONS),
  });
}

/** The operations that have begun and not ended: the current one, and the one that is set aside for it. */
export function liveOperationIds({
  currentOperationId,
  setAside,
}: Pick<BaselineHead, 'currentOperationId' | 'setAside'>): readonly string[] {
  return [currentOperationId, setAside].filter((id) => typeof id === 'string');
}

/** The operations that have begun and stepped back: they wait beside the live ones. */
export function steppedBackIds({ requests }: Pick<BaselineHead, 'requests'>): readonly string[] {
  return requests.flatMap(({ operationId, steppedBackAt }) => (steppedBackAt === undefined ? [] : [operationId]));
}

/** A live operation looks at the world anew. */
export function withResumed(
  head: BaselineHead,
  operationId: string,
  user: string,
  nowIso: string,
): { readonly head: BaselineHead; readonly start?: string } {
  return withRequest(head, { operationId, trigger: 'resume', requestedBy: user, at: nowIso });
}

/** Every operation that is under way or waits looks at the world anew; without one there is nothing to resume. */
export function withWaitingResumed(
  head: BaselineHead,
  user: string,
  nowIso: string,
): { readonly head: BaselineHead; readonly result: { readonly start?: string } } {
  let next = withTurnsFree(head, () => true);
  let start: string | undefined;
  for (const operationId of liveOperationIds(head)) {
    const resumed = withResumed(next, operationId, user, nowIso);
    next = resumed.head;
    start = start ?? resumed.start;
  }
  return { head: next, result: start === undefined ? {} : { start } };
}

/**
 * Lets requests that had stepped in, and had to wait, step in once more: what they waited for may be over. `isFree`: which
 * of them.
 */
export function withTurnsFree(head: BaselineHead, isFree: (request: ReconcileRequest) => boolean): BaselineHead {
  if (!head.requests.some((request) => request.waitsItsTurn === true && isFree(request))) return head;
  const requests = head.requests.map((request) => {
    if (request.waitsItsTurn !== true || !isFree(request)) return request;
    const { waitsItsTurn: _, stepsInAt: __, ...free } = request;
    return free;
  });
  return { ...head, requests };
}

/**
 * Holds the baseline, or changes the hold of the same owner. `heldBy`: somebody else's live hold, which nobody replaces
 * without releasing it: their incident goes on.
 */
export function withHold(
  head: BaselineHead,
  hold: Hold,
  nowIso: string,
): { readonly head: BaselineHead } | { readonly heldBy: Hold } {
  const { hold: before } = head;
  const isLive = before !== null && before.until > nowIso;
  if (isLive && before.owner.toLowerCase() !== hold.owner.toLowerCase()) return { heldBy: before };
  return { head: withGeneration({ ...head, hold }) };
}

/** Live adjustments of one baseline at most. */
const MAXIMUM_ADJUSTMENTS = 50;

/** Records an adjustment, or replaces the one of the same id; null: there are too many. */
export function withAdjustment(head: BaselineHead, adjustment: Adjustment): BaselineHead | null {
  const others = head.adjustments.filter(({ id }) => id !== adjustment.id);
  return others.length >= MAXIMUM_ADJUSTMENTS ? null : { ...head, adjustments: [...others, adjustment] };
}

export function withGeneration(head: BaselineHead): BaselineHead {
  return { ...head, generation: head.generation + 1 };
}

export function withJournal(head: BaselineHead, ...entries: readonly JournalEntry[]): BaselineHead {
  return { ...head, outbox: [...head.outbox, ...entries] };
}

/** Nothing of it is left but its history: it was torn down to the end, and nobody has put it again. */
export function isTornDown({ specVersion, teardown, currentOperationId, requests, lastResult }: BaselineHead): boolean {
  const isIdle = currentOperationId === null && requests.length === 0;
  return specVersion === 0 && !teardown && isIdle && lastResult?.state === 'succeeded';
}

export function headToJson(head: BaselineHead): JsonObject {
  return JSON.parse(JSON.stringify(head)) as JsonObject;
}

export function headFromJson(value: JsonObject): BaselineHead {
  if (value.schemaVersion !== 1 || typeof value.name !== 'string')
    throw new Error('The stored baseline has a form that this version does not know.');
  return value as unknown as BaselineHead;
}
