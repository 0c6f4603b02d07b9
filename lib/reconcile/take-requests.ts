import { normaliseId } from '../plan/graph.ts';
import { type BaselineHead, type ReconcileRequest, requestKey, type Trigger } from '../state/baseline-head.ts';
import { isFinalState, type RunDocument } from '../state/run.ts';

/** What becomes of the requests that triggers have recorded. Those in none of the lists stay recorded. */
export interface TakenRequests {
  /** The operation that begins; absent: the current one goes on, or there is nothing to do. */
  readonly primary?: ReconcileRequest;
  /** Whether `primary` is a new operation; else it is the current one. */
  readonly begins: boolean;
  /** The waiting operation that `primary` steps in before; it goes on waiting when that has ended. */
  readonly setAside?: string;
  /** The waiting operation that `primary` goes before, as a request: it is worked off after that. */
  readonly requeued?: ReconcileRequest;
  /** Operations whose work the run does. */
  readonly joined: readonly ReconcileRequest[];
  /** Operations that a newer spec or a teardown has overtaken before or while they ran. */
  readonly superseded: readonly string[];
  /** Everything that was taken up, the primary included. */
  readonly consumed: readonly ReconcileRequest[];
  /** The current operation has to look at the world anew. */
  readonly replan: boolean;
  /** A person asks for it again: what has failed is tried once more. */
  readonly retryFailed: boolean;
}

const NOTHING: TakenRequests = {
  begins: false,
  joined: [],
  superseded: [],
  consumed: [],
  replan: false,
  retryFailed: false,
};

/** Triggers that put another desired state in force: what ran for the one before is over. */
function isNewDesired(trigger: Trigger): boolean {
  return trigger === 'put' || trigger === 'delete';
}

/** Triggers by which a person asks for all that a run does. An adjustment is no word on anything but itself. */
export function isAttended(trigger: Trigger, requestedBy: string): boolean {
  return requestedBy !== 'hubkeeper' && trigger !== 'timer' && trigger !== 'drift' && trigger !== 'adjustment';
}

/** Whether a person asks for what an adjustment brings or, at its end, takes back. */
export function asksForAdjustment({
  trigger,
  requestedBy,
}: Pick<ReconcileRequest, 'trigger' | 'requestedBy'>): boolean {
  return requestedBy !== 'hubkeeper' && (trigger === 'adjustment' || trigger === 'timer');
}

/** Whether a reaction asks for what it has adjusted, or a timer for what has ended of that. */
export function asksForReaction({ trigger, requestedBy }: Pick<ReconcileRequest, 'trigger' | 'requestedBy'>): boolean {
  return requestedBy === 'hubkeeper' && (trigger === 'adjustment' || trigger === 'timer');
}

/** What decides whether another request may be part of a run. */
type Reach = Pick<
  RunDocument,
  'operationId' | 'createdAt' | 'attended' | 'attendedOwner' | 'scope' | 'expectedPlanHash' | 'teardown'
>;

/**
 * Whether a run does all of what a request asks for, under the same rules: it reaches as far, is attended or unattended
 * alike, and the request is not for one certain plan. What an adjustment or its end changes is in every plan, and rules
 * for what a reaction has decided bind attended runs as well; what a person adjusts is no part of a run that binds it as
 * it binds drift, unless it has to wait as well.
 */
function isCoveredBy(request: ReconcileRequest, run: Reach, head: BaselineHead): boolean {
  if (asksAnew(request, run, head)) return false;
  if (run.teardown || request.planHash !== undefined || run.expectedPlanHash !== undefined) return false;
  if (run.scope !== undefined && run.scope !== request.scope) return false;
  const { trigger } = request;
  const isForAdjustment = run.attendedOwner !== undefined;
  if (isAttended(trigger, request.requestedBy)) return run.attended;
  if (asksForAdjustment(request)) return run.attended || isForAdjustment || request.waitsItsTurn === true;
  return trigger === 'timer' || trigger === 'adjustment' || (!run.attended && !isForAdjustment);
}

/**
 * Whether a person asks anew for what somebody has called off since a run was asked for, by a stop of it, by a rejection of
 * its plan, or as the spec in force: that run does not do it any more.
 */
function asksAnew({ trigger, requestedBy, at }: ReconcileRequest, run: Reach, head: BaselineHead): boolean {
  if (trigger !== 'reconcile' || !isAttended(trigger, requestedBy)) return false;
  const { operationId, createdAt } = run;
  if (head.stops.includes(operationId)) return true;
  const rejections = head.approvals.filter((one) => one.operationId === operationId && one.decision === 'reject');
  const ends = [head.calledOff?.at, ...rejections.map(({ decidedAt }) => decidedAt)];
  return ends.some((end) => end !== undefined && createdAt <= end && end < at);
}

/** Whether nobody asked for it but a reaction, a timer or an event. */
function isUnattended({ trigger, requestedBy }: ReconcileRequest): boolean {
  return !isNewDesired(trigger) && !isAttended(trigger, requestedBy);
}

/** Whether something that a run waits for may have happened. `wakeAt` is as its baseline has it. */
export function isDue({ wakeAt }: Pick<BaselineHead, 'wakeAt'>, nowIso: string): boolean {
  return wakeAt !== null && wakeAt <= nowIso;
}

/**
 * Whether a request that the run does not cover steps in before it rather than queue up behind it for days: any that
 * nobody asked for, and what a person adjusts, before any run that only waits. One is set aside at a time: what has
 * stepped in does not wait there, so that no two can set each other aside.
 */
function stepsIn(request: ReconcileRequest, live: RunDocument, { stops, generation }: BaselineHead): boolean {
  if (!isUnattended(request) || waitsItsTurn(request, generation)) return false;
  if (live.state !== 'waiting' || live.teardown || stops.includes(live.operationId)) return false;
  return live.setAside === undefined;
}

/** Whether a request has stepped in before and has to wait now; one that has stepped back does so until something moves. */
function waitsItsTurn(request: ReconcileRequest, generation: number): boolean {
  return request.waitsItsTurn === true && (request.steppedBackAt ?? generation) === generation;
}

/**
 * Whether a reaction asks for it, and a run has stepped in for something else: that run could not step back with it, should
 * it have to wait for somebody.
 */
function couldNotStepBack(request: ReconcileRequest, live: RunDocument): boolean {
  if (live.setAside === undefined || !asksForReaction(request)) return false;
  return !asksForReaction(live) || live.attendedOwner !== undefined || live.scope !== request.scope;
}

/**
 * Whether a request names what it is about, and none of that is of the plan of a run: as a part of that run it would have
 * everything read again. What it says of a resource that the run is to write voids what somebody is asked to approve.
 */
function isBeside({ hints }: Pick<ReconcileRequest, 'hints'>, { rows }: Pick<RunDocument, 'rows'>): boolean {
  if (hints === undefined) return false;
  const planned = new Set(Object.keys(rows).map(normaliseId));
  return !hints.some(({ resource }) => planned.has(normaliseId(resource)));
}

/**
 * A person's request does not queue up behind a run that only waits for somebody: one for all of it takes over, one for a
 * part goes before what nobody asked for.
 */
function mayOvertake(request: ReconcileRequest, waiting: RunDocument, head: BaselineHead): boolean {
  // It ends now, and says how.
  if (head.stops.includes(waiting.operationId)) return false;
  if (!isAttended(request.trigger, request.requestedBy) || isCoveredBy(request, waiting, head)) return false;
  return request.scope === undefined || mayMakeWay(waiting);
}

/** What is set aside for a run is a person's as well: that run has no time to lose. */
function mayMakeWay({ attended, setAside }: RunDocument): boolean {
  return !attended && setAside === undefined;
}

/** A run that has begun as a request, so that it is taken up again. */
export function requestOf(run: RunDocument, nowIso: string): ReconcileRequest {
  return {
    operationId: run.operationId,
    trigger: run.trigger,
    requestedBy: run.requestedBy,
    at: nowIso,
    ...(run.scope === undefined ? {} : { scope: run.scope }),
    ...(run.hints === undefined ? {} : { hints: run.hints }),
  };
}

function reachOf(request: ReconcileRequest): Reach {
  return {
    operationId: request.operationId,
    createdAt: request.at,
    attended: isAttended(request.trigger, request.requestedBy),
    ...(asksForAdjustment(request) ? { attendedOwner: 'adjustment' } : {}),
    teardown: request.trigger === 'delete',
    ...(request.scope === undefined ? {} : { scope: request.scope }),
    ...(request.planHash === undefined ? {} : { expectedPlanHash: request.planHash }),
  };
}

/**
 * Decides which operation the recorded requests are worked off under. A newer spec overtakes; what the run covers joins
 * it; what nobody asked for steps in before a run that only waits, and makes way for a person's request while it waits
 * itself; everything else waits its turn, so that no request is answered by less than it asked for. Pure.
 */
export function takeRequests(head: BaselineHead, current: RunDocument | undefined, nowIso: string): TakenRequests {
  const live = current !== undefined && !isFinalState(current.state) ? current : undefined;
  const { requests } = head;
  const own = requests.filter((request) => request.operationId === live?.operationId);
  const ofSetAside = requests.filter((request) => request.operationId === live?.setAside);
  const others = requests.filter((request) => !own.includes(request) && !ofSetAside.includes(request));
  const newest = others.findLast((request) => isNewDesired(request.trigger));
  if (newest !== undefined) {
    const joined = others.filter(
      (request) => !isNewDesired(request.trigger) && isCoveredBy(request, reachOf(newest), head),
    );
    // What has begun and waits beside the live one is overtaken as that is.
    const overtaken = others.filter(
      (request) =>
        request !== newest &&
        !joined.includes(request) &&
        (isNewDesired(request.trigger) || request.steppedBackAt !== undefined),
    );
    const superseded = new Set(overtaken.map((request) => request.operationId));
    if (live !== undefined) superseded.add(live.operationId);
    if (live?.setAside !== undefined) superseded.add(live.setAside);
    return {
      ...NOTHING,
      primary: newest,
      begins: true,
      joined,
      superseded: [...superseded],
      consumed: [newest, ...overtaken, ...joined, ...own, ...ofSetAside],
      replan: true,
    };
  }
  if (live === undefined) {
    const [primary] = others;
    return primary === undefined ? NOTHING : begun(primary, others, head);
  }
  const overtaking =
    live.state === 'waiting' && !live.teardown ? others.find((request) => mayOvertake(request, live, head)) : undefined;
  if (overtaking !== undefined) {
    const { joined, consumed, ...rest } = begun(overtaking, others, head);
    if (overtaking.scope === undefined)
      return { ...rest, joined, superseded: [live.operationId], consumed: [...consumed, ...own] };
    const requeued = own.find(({ trigger }) => trigger === live.trigger) ?? requestOf(live, nowIso);
    const before = own.filter((request) => requestKey(request) !== requestKey(requeued));
    return { ...rest, joined, requeued, consumed: [...consumed, ...before] };
  }
  // What the operation that is set aside is called for goes first: whoever causes events must not keep it from going on.
  const isCalledFor =
    live.setAside !== undefined && (ofSetAside.length > 0 || isDue(head, nowIso) || !others.every(isUnattended));
  const steppingIn = others.filter((request) => stepsIn(request, live, head));
  const mayJoin = (request: ReconcileRequest) =>
    isCoveredBy(request, live, head) &&
    !couldNotStepBack(request, live) &&
    !(isBeside(request, live) && steppingIn.includes(request));
  const joined = isCalledFor ? [] : others.filter(mayJoin);
  const consumed = [...own, ...joined];
  const [first] = steppingIn;
  if (consumed.length === 0 && first !== undefined && !isDue(head, nowIso)) {
    const begunAlready = others.find(
      (one) => one.steppedBackAt !== undefined && isCoveredBy(first, reachOf(one), head),
    );
    return { ...begun(begunAlready ?? first, steppingIn, head), setAside: live.operationId };
  }
  const retryFailed = joined.some((request) => isAttended(request.trigger, request.requestedBy));
  return { ...NOTHING, joined, consumed, replan: consumed.length > 0, retryFailed };
}

/** A request that begins with what of the others it covers. */
function begun(primary: ReconcileRequest, others: readonly ReconcileRequest[], head: BaselineHead): TakenRequests {
  const joined = others.filter((request) => request !== primary && isCoveredBy(request, reachOf(primary), head));
  return { ...NOTHING, primary, begins: true, joined, consumed: [primary, ...joined], replan: true };
}
