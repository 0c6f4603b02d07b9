import type { Severity } from '../../alerts/alert-payload.ts';
import { writeFirewallPublicIpValue } from '../../baseline/firewall-public-ip-value.ts';
import type { Dependencies } from '../../dependencies.ts';
import { type Attempt, circuitOf } from '../../egress/circuit-breaker.ts';
import { latestWindow, maximumOverDimensions } from '../../egress/metric-window.ts';
import type { SnatChange, SnatDecision, SnatFirewall } from '../../egress/snat-decision.ts';
import { type AwaitedOperation, decideScaleIn, decideScaleOut } from '../../egress/snat-policy.ts';
import type { Json, JsonObject } from '../../json.ts';
import { openIntervals } from '../../plan/change-windows.ts';
import { normaliseId, sameId } from '../../plan/graph.ts';
import { flushOutbox } from '../../reconcile/conclude.ts';
import {
  type Adjustment,
  type BaselineHead,
  NEVER_ENDS,
  withGeneration,
  withNextOperation,
  withRequest,
} from '../../state/baseline-head.ts';
import {
  openAlerts,
  type Reaction,
  reactionOf,
  reactionsOf,
  reliefOf,
  withHandled,
  withRelief,
} from '../../state/reactions.ts';
import type { ReliefAction } from '../../state/snat-relief.ts';
import { modeForSeverities } from '../severity-mode.ts';
import { type ForeseenStep, foreseeStep } from './certain-refusal.ts';
import {
  isChangeUnderWay,
  type LiveRuns,
  progressWith,
  readLiveRuns,
  takesStepIn,
  waitingChange,
} from './change-under-way.ts';
import { egressRequest } from './egress-request.ts';
import { causeOf, type ReliefEnd, withReliefEnd, withReliefLine, withSightBack } from './end-relief.ts';
import {
  type ObservedFirewall,
  observeFirewall,
  problemOfReading,
  readEgressAddresses,
  snatOf,
} from './observe-egress.ts';
import { personsAdjustments } from './persons-adjustment.ts';
import { REJECTED_CODE, rejectionOf, rejectionText } from './rejected-proposal.ts';
import { tellWorld } from './relief-events.ts';
import { ALERT_COUNTS_FOR_HOURS, RELIEF_ADJUSTMENT, RELIEF_KIND } from './relief-names.ts';
import { waitingText } from './relief-operation.ts';
import type { ReliefRequest, ReliefStep } from './relief-step.ts';
import { takenBack } from './take-back.ts';
import { EFFECT_SHOWS_AFTER_MINUTES } from './verify-snat-relief.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Minutes of metrics that a decision to add looks at: a window of five, and three that may not be there yet. */
const RECENT_MINUTES = 15;
/** Longest wait for a busy firewall, late metrics or a rest, before the timer takes over. */
const LONGEST_WAIT_MINUTES = 60;
/** When the timer looks again where nothing says when. */
const NEXT_LOOK_MINUTES = 60;
/** Reasons to leave everything as it is that traffic does not change; a new adjustment or spec is looked at anyway. */
const LASTING_CODES: readonly string[] = [
  'MinimumReached',
  'ScaleInDisabled',
  'NothingRemovable',
  'NotAsDeclared',
  'FirewallFailed',
  'FirewallWithoutSubnet',
  'NatGatewayOnSubnet',
  'DualStackFirewall',
];
/** Metrics that allow no decision either way. */
export const BLIND_CODES: readonly string[] = ['MetricMissing', 'MetricStale', 'MetricIncomplete', 'DataIncomplete'];
const NEXT_LOOK_WHEN_LASTING_MINUTES = 24 * 60;
/** Refusals by the spec or the app's settings, which nothing else lifts. */
const FORBIDDEN_CODES: readonly string[] = [
  'ModeForbidsWrites',
  'ModeForbidsUpdate',
  'ModeForbidsDelete',
  'ReactionModeForbids',
  'DriftIgnored',
  'DriftReported',
  'NotOnAllowList',
];
/** A rest may be longer, such as until a look-back has its data; an alert that was lost must not wait for all of it. */
const LONGEST_REST_MINUTES = 24 * 60;
/** When it looks again at what was no reason to act while its alert is open. */
const NEXT_LOOK_WHILE_OPEN_MINUTES = 15;
/** When it looks again after a stop switch. */
const NEXT_LOOK_WHEN_STOPPED_MINUTES = 15;
/** Grain of the look-back: fine enough for the five-minute rule, and a month has less than 9,000 of it. */
const LOOK_BACK_GRAIN_MINUTES = 5;

/**
 * Looks at the firewall as it is now, whatever the alert said, and decides. What is to change is recorded as an
 * adjustment; the reconciler writes it. The same step again finds its own record and goes on from there.
 */
export async function decideSnatRelief(dependencies: Dependencies, request: ReliefRequest): Promise<ReliefStep> {
  const stored = await dependencies.baselines.read(request.baseline);
  const reaction = stored === null ? undefined : reactionOf(stored.head, RELIEF_KIND, request.target);
  if (stored === null || reaction?.instance?.id !== request.instanceId) return { next: 'end' };
  const { action } = reliefOf(reaction);
  if (action !== null) {
    return isOvertaken(stored.head, reaction, action, request)
      ? takeBack(dependencies, request, action)
      : resumed(action, request);
  }
  const { head } = stored;
  const stopped = await whyStopped(dependencies, head, request.nowIso);
  if (stopped !== undefined) return end(dependencies, request, head, reaction, stopped);
  let seen: ObservedFirewall | null;
  let decision: SnatDecision;
  try {
    seen = await observeFirewall(dependencies, head, request.target, request.nowIso);
    if (seen === null) {
      return end(dependencies, request, head, reaction, {
        code: 'FirewallGone',
        reason: 'The baseline declares no such firewall any more, or Azure has none.',
        lookAgainAt: whileOpen(reaction, request.nowIso, NEXT_LOOK_MINUTES),
      });
    }
    decision = await decide(dependencies, head, reaction, seen, request);
  } catch (error) {
    return unread(dependencies, request, head, reaction, error);
  }
  return act(dependencies, request, head, reaction, seen, decision);
}

/** What becomes of a look for which something could not be read. @throws as `problemOfReading`. */
function unread(
  dependencies: Dependencies,
  request: ReliefRequest,
  head: BaselineHead,
  reaction: Reaction,
  error: unknown,
): Promise<ReliefStep> {
  const problem = problemOfReading(error, request.target);
  if (problem.actor === 'azure-temporary') {
    const retryAtMs = Date.parse(request.nowIso) + MINUTE_MS;
    return waits(dependencies, request, head, reaction, problem.code, problem.message, retryAtMs);
  }
  return end(dependencies, request, head, reaction, {
    code: problem.code,
    reason: `${problem.message} ${problem.remedy}`,
    lookAgainAt: whileOpen(reaction, request.nowIso, NEXT_LOOK_MINUTES),
    helpNeeded: true,
  });
}

/**
 * Whether an alert that came meanwhile asks for something else than what is recorded and not applied yet: more instead of
 * a step back, whose figures are those of quieter days; or at once, what a lesser alert had only proposed.
 */
function isOvertaken(head: BaselineHead, reaction: Reaction, action: ReliefAction, { nowIso }: ReliefRequest): boolean {
  if (action.appliedAt !== null || reaction.handled >= reaction.sequence) return false;
  if (action.direction === 'in') return true;
  const adjustment = head.adjustments.find(({ id, since }) => id === RELIEF_ADJUSTMENT && since === action.decidedAt);
  return adjustment?.mode !== undefined && modeForSeverities('act', severitiesOf(reaction, nowIso)) === 'act';
}

function takeBack(dependencies: Dependencies, request: ReliefRequest, action: ReliefAction): Promise<ReliefStep> {
  return takenBack(dependencies, request, action, {
    trigger: 'alert',
    reason:
      action.direction === 'in'
        ? `An alert came before ${action.removedName ?? 'an address'} had left the firewall.`
        : 'A graver alert came, which need not wait for the approval.',
  });
}

/** Of every alert that is open, and of one that asks for a look though it is over by now. */
function severitiesOf(reaction: Reaction, nowIso: string): readonly (Severity | null)[] {
  const since = new Date(Date.parse(nowIso) - ALERT_COUNTS_FOR_HOURS * HOUR_MS).toISOString();
  const { signal } = reaction;
  const asks = signal !== null && reaction.handled < reaction.sequence ? [signal.severity] : [];
  return [...openAlerts(reaction, since).map(({ severity }) => severity), ...asks];
}

/** When to look again by ourselves at what an alert that is still open is about; Azure does not repeat it. */
function whileOpen(reaction: Reaction, nowIso: string, minutes: number): string | null {
  const nowMs = Date.parse(nowIso);
  const since = new Date(nowMs - ALERT_COUNTS_FOR_HOURS * HOUR_MS).toISOString();
  return openAlerts(reaction, since).length === 0 ? null : new Date(nowMs + minutes * MINUTE_MS).toISOString();
}

/** When to look again at what cannot be seen: as long as there is anything to do about it, and seldom enough. */
function nextLookWhileBlind({ adjustments }: BaselineHead, reaction: Reaction, nowIso: string): string | null {
  const open = whileOpen(reaction, nowIso, NEXT_LOOK_WHILE_OPEN_MINUTES);
  if (open !== null || !adjustments.some(({ id }) => id === RELIEF_ADJUSTMENT)) return open;
  return new Date(Date.parse(nowIso) + NEXT_LOOK_MINUTES * MINUTE_MS).toISOString();
}

/** The first of two times; null counts as never. */
function sooner(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

/** Where a change that has been recorded goes on. */
function resumed(action: ReliefAction, { nowIso }: ReliefRequest): ReliefStep {
  if (action.appliedAt === null) return { next: 'poke', instanceId: null };
  const dueMs = Date.parse(action.appliedAt) + EFFECT_SHOWS_AFTER_MINUTES * MINUTE_MS;
  return { next: 'verify', seconds: Math.max(0, Math.ceil((dueMs - Date.parse(nowIso)) / 1_000)) };
}

interface LookEnd {
  readonly code: string;
  readonly reason: string;
  readonly lookAgainAt: string | null;
  readonly helpNeeded?: boolean;
  readonly refused?: boolean;
  readonly after?: Json;
  /** Absent: the metrics were not looked at. */
  readonly lacksMetrics?: boolean;
  /** Whether ports are short; absent: that is not known. */
  readonly isUnmet?: boolean;
}

/** What forbids any look at the firewall; each is looked at again when it may be over. */
async function whyStopped(
  { settings, baselines }: Pick<Dependencies, 'settings' | 'baselines'>,
  head: BaselineHead,
  nowIso: string,
): Promise<LookEnd | undefined> {
  const later = new Date(Date.parse(nowIso) + NEXT_LOOK_WHEN_STOPPED_MINUTES * MINUTE_MS).toISOString();
  if (head.specVersion === 0 || head.teardown)
    return { code: 'NotManaged', reason: 'The baseline is torn down or has no spec.', lookAgainAt: null };
  if (settings.stopped)
    return { code: 'Stopped', reason: 'The app setting HUBKEEPER_STOPPED is on.', lookAgainAt: later };
  const pause = await baselines.readPause();
  if (pause.paused)
    return { code: 'Paused', reason: `Everything is paused by ${pause.by}: ${pause.reason}`, lookAgainAt: later };
  const { hold } = head;
  const isHeld =
    hold !== null && hold.until > nowIso && (hold.scope === undefined || /^(egress|everything)$/i.test(hold.scope));
  return isHeld
    ? {
        code: 'Held',
        reason: `It is held by ${hold.owner} until ${hold.until}: ${hold.reason}`,
        lookAgainAt: hold.until,
      }
    : undefined;
}

/**
 * What the metrics of now say. An alert asks for more addresses; only the timer asks whether there are too many.
 * `again`: the direction of a step that has been decided on a head without it and is asked about once more. Its own run
 * is then no reason to wait, and change windows are for whoever writes. @throws as `observeFirewall`.
 */
export async function decide(
  dependencies: Dependencies,
  head: BaselineHead,
  reaction: Reaction,
  seen: ObservedFirewall,
  { nowIso, target }: Pick<ReliefRequest, 'nowIso' | 'target'>,
  again?: ReliefAction['direction'],
): Promise<SnatDecision> {
  const nowMs = Date.parse(nowIso);
  const relief = reliefOf(reaction);
  const { egress } = seen.spec;
  const settings = { scaleOut: egress.scaleOut, scaleIn: egress.scaleIn };
  const query = { resourceId: target, location: seen.location, untilMs: nowMs };
  const recent = { ...query, fromMs: nowMs - RECENT_MINUTES * MINUTE_MS };
  const utilization = await dependencies.metrics.snatPortUtilization(recent);
  const capacity = await dependencies.metrics.observedCapacity(recent);
  const newest = maximumOverDimensions(latestWindow(capacity, RECENT_MINUTES)).at(-1);
  const attachedAtMs = new Map(
    relief.changes.flatMap(({ at, added }) => added.map((name) => [name.toLowerCase(), Date.parse(at)] as const)),
  );
  const firewall: SnatFirewall = snatOf(seen, newest?.average ?? newest?.maximum ?? null, attachedAtMs);
  const written = seen.ledger.find((entry) => sameId(entry.id, target));
  const live = await readLiveRuns(dependencies, head);
  const changeUnderWay = again === undefined && isChangeUnderWay(head, live, target);
  const awaited = again === undefined ? awaitedOperation(head, live, target, nowIso) : awaitedWith(live, target);
  // A spec, a person or drift may have changed the addresses as well: then the ledger knows of it.
  const changedAt = [...relief.changes.map(({ at }) => at), ...(written === undefined ? [] : [written.at])];
  const lastChangeAtMs = lastMs(changedAt);
  const common = { nowMs, settings, firewall, value: seen.publicIps.value, changeUnderWay, lastChangeAtMs };
  const out = decideScaleOut({
    ...common,
    bounds: seen.resolved.publicIpBounds,
    utilization,
    prefixRoom: seen.prefixRoom,
    mayRestoreSpec: seen.spec.drift.mode === 'act' || seen.spec.drift.mode === 'propose',
    ...(awaited === undefined ? {} : { awaited }),
    leftOff: seen.publicIps.leftOff,
  });
  const asksForMore = again === undefined ? reaction.handled < reaction.sequence : again === 'out';
  if (out.decision !== 'keep' || asksForMore) return out;
  const lookBack = {
    ...query,
    fromMs: nowMs - egress.scaleIn.lookBackHours * HOUR_MS,
    grainMinutes: LOOK_BACK_GRAIN_MINUTES,
  } as const;
  const windows = openIntervals(seen.spec.changeWindows, nowMs)
    .filter(({ from }) => from !== 'destructive')
    .flatMap(({ open }) => open);
  const count = seen.declared.firewall?.publicIps.length ?? 1;
  return decideScaleIn({
    ...common,
    // What the spec declares is never taken away by a reaction.
    bounds: { ...seen.resolved.publicIpBounds, minimum: Math.max(count, seen.resolved.publicIpBounds.minimum) },
    utilization: await dependencies.metrics.snatPortUtilization(lookBack),
    capacity: await dependencies.metrics.observedCapacity(lookBack),
    addressHistory: relief.changes.map(({ at, addresses }) => ({ fromMs: Date.parse(at), addresses })),
    openAlertsFiredAtMs: openAlerts(reaction, new Date(lookBack.fromMs).toISOString()).map(({ firedAt }) =>
      Date.parse(firedAt),
    ),
    inChangeWindow:
      again !== undefined ||
      windows.length === 0 ||
      windows.some(({ fromIso, untilIso }) => fromIso <= nowIso && nowIso < untilIso),
    nextChangeWindowMs: lastMs(
      windows
        .map(({ fromIso }) => fromIso)
        .filter((from) => from > nowIso)
        .sort()
        .slice(0, 1),
    ),
  });
}

/** The operation that is to change the firewall and waits. */
function awaitedOperation(
  head: BaselineHead,
  live: LiveRuns,
  target: string,
  nowIso: string,
): AwaitedOperation | undefined {
  const waiting = waitingChange(live, target);
  if (waiting === null) return undefined;
  // One that has stepped back keeps to itself what it waits for.
  const isPart = waiting === live.current && takesStepIn(head, waiting, nowIso);
  return { text: waitingText(waiting, target), isAttended: waiting.attended, takesStepIn: isPart };
}

/** The operation that a recorded step has become a part of, which may be at work on the firewall by now. */
function awaitedWith({ current }: LiveRuns, target: string): AwaitedOperation | undefined {
  if (current === null || progressWith(current, target) === 'over') return undefined;
  return { text: waitingText(current, target), isAttended: current.attended, takesStepIn: true };
}

function lastMs(times: readonly string[]): number | null {
  return times.length === 0 ? null : Math.max(...times.map((time) => Date.parse(time)));
}

/** What a decision would do about ports that are short, whether or not it may. */
function wantsMore({ decision }: SnatDecision): boolean {
  return decision === 'scaleOut' || decision === 'refuse';
}

async function act(
  dependencies: Dependencies,
  request: ReliefRequest,
  head: BaselineHead,
  reaction: Reaction,
  seen: ObservedFirewall,
  decision: SnatDecision,
): Promise<ReliefStep> {
  const nowMs = Date.parse(request.nowIso);
  const ends = (found: LookEnd) =>
    end(dependencies, request, head, reaction, {
      ...found,
      lacksMetrics: BLIND_CODES.includes(decision.code),
      ...(decision.decision === 'wait' ? {} : { isUnmet: wantsMore(decision) }),
    });
  const reason = decision.reasons.join(' ');
  const unmade = (decision.unmadeReasons ?? decision.reasons).join(' ');
  const after = toJson({ code: decision.code, figures: decision.figures, recommendations: decision.recommendations });
  const adjustedByUs = head.adjustments.some(({ id }) => id === RELIEF_ADJUSTMENT);
  const restMinutes = LASTING_CODES.includes(decision.code) ? NEXT_LOOK_WHEN_LASTING_MINUTES : NEXT_LOOK_MINUTES;
  const nextLook = adjustedByUs
    ? new Date(Math.max(nowMs + MINUTE_MS, decision.retryAtMs ?? nowMs + restMinutes * MINUTE_MS)).toISOString()
    : null;
  if (decision.decision === 'keep')
    return ends({
      code: decision.code,
      reason,
      after,
      lookAgainAt: sooner(nextLook, whileOpen(reaction, request.nowIso, NEXT_LOOK_WHILE_OPEN_MINUTES)),
    });
  if (decision.decision === 'refuse') {
    const recommended = decision.recommendations.map(({ message }) => message).join(' ');
    return ends({
      code: decision.code,
      reason: [reason, recommended].join(' ').trim(),
      after,
      lookAgainAt: sooner(nextLook, whileOpen(reaction, request.nowIso, NEXT_LOOK_MINUTES)),
      refused: true,
      helpNeeded: true,
    });
  }
  if (decision.decision === 'wait') {
    const retryAtMs = decision.retryAtMs ?? nowMs + NEXT_LOOK_MINUTES * MINUTE_MS;
    // From when on a look-back can have its data is known; when metrics come again is not.
    const isBlind =
      BLIND_CODES.includes(decision.code) && (decision.code !== 'DataIncomplete' || decision.retryAtMs === null);
    // The rest before a step back is long: the timer comes back for it.
    const isShort = retryAtMs - nowMs <= LONGEST_WAIT_MINUTES * MINUTE_MS;
    if (isShort && reaction.handled < reaction.sequence)
      return waits(dependencies, request, head, reaction, decision.code, reason, retryAtMs, after);
    return ends({
      code: decision.code,
      reason,
      after,
      lookAgainAt: isBlind
        ? nextLookWhileBlind(head, reaction, request.nowIso)
        : sooner(
            new Date(
              Math.min(Math.max(retryAtMs, nowMs + MINUTE_MS), nowMs + LONGEST_REST_MINUTES * MINUTE_MS),
            ).toISOString(),
            whileOpen(reaction, request.nowIso, NEXT_LOOK_WHILE_OPEN_MINUTES),
          ),
    });
  }
  const { mode } = seen.spec.egress;
  // Taking an address away is no answer to an alert.
  const allowed =
    decision.decision === 'scaleOut' ? modeForSeverities(mode, severitiesOf(reaction, request.nowIso)) : mode;
  if (seen.leftAlone !== null)
    return ends({
      code: 'LeftAlone',
      reason: `The firewall is left alone: ${seen.leftAlone}. ${unmade}`,
      after,
      lookAgainAt: whileOpen(reaction, request.nowIso, NEXT_LOOK_MINUTES),
      refused: true,
    });
  if (mode === 'off' || mode === 'observe')
    return ends({
      code: mode === 'off' ? 'ModeOff' : 'ModeObserve',
      reason: `egress.mode is '${mode}': nothing is changed. ${unmade}`,
      after,
      lookAgainAt: nextLook ?? whileOpen(reaction, request.nowIso, NEXT_LOOK_MINUTES),
      refused: mode === 'observe',
    });
  if (decision.decision === 'scaleIn' && personsAdjustments(head, request.target, request.nowIso).length > 0)
    return ends({
      code: 'AdjustedByPerson',
      reason: 'A person has adjusted the addresses of this firewall: they stay until that ends.',
      after,
      lookAgainAt: nextLook,
    });
  const rejected = rejectionOf(head, reaction, decision, request.nowIso);
  if (rejected !== undefined)
    return ends({
      code: REJECTED_CODE,
      reason: `A person has rejected this. ${rejectionText(rejected)} ${unmade}`,
      after,
      // Demand that has grown beyond what was rejected is no new alert.
      lookAgainAt: sooner(rejected.until, new Date(nowMs + NEXT_LOOK_MINUTES * MINUTE_MS).toISOString()),
    });
  const circuit = circuitOf(await attemptsOf(dependencies, head, request.target), request.target, nowMs);
  if (circuit.state === 'open')
    return ends({
      code: circuit.code,
      reason: `${circuit.reason} ${unmade}`,
      after,
      lookAgainAt: circuit.untilMs === null ? null : new Date(circuit.untilMs).toISOString(),
      refused: true,
      helpNeeded: true,
    });
  const isLowered = allowed !== mode;
  const { change } = decision;
  if (change === null) return { next: 'end' };
  const told = isLowered ? `${reason} The alert is of a severity that only proposes.` : reason;
  const limit = { proposes: allowed === 'propose', ...(isLowered ? { mode: 'propose' as const } : {}) };
  const step = { ...decision, change, told, limit };
  let foreseen: ForeseenStep;
  try {
    foreseen = await foreseeStep(dependencies, seen, withStep(head, reaction, request, step), change, request);
  } catch (error) {
    return unread(dependencies, request, head, reaction, error);
  }
  const { refusal, refusedIds } = foreseen;
  if (refusal !== undefined) {
    const minutes = FORBIDDEN_CODES.includes(refusal.code) ? NEXT_LOOK_WHEN_LASTING_MINUTES : NEXT_LOOK_MINUTES;
    return ends({
      code: refusal.code,
      reason: `${refusal.why} ${unmade}`,
      after,
      lookAgainAt: adjustedByUs
        ? new Date(nowMs + minutes * MINUTE_MS).toISOString()
        : whileOpen(reaction, request.nowIso, minutes),
      refused: true,
    });
  }
  return record(dependencies, request, head, reaction, step, refusedIds, after);
}

/** How changes of all firewalls ended. A new spec is a person's word that the cause of earlier failures is gone. */
async function attemptsOf(
  { baselines }: Pick<Dependencies, 'baselines'>,
  head: BaselineHead,
  target: string,
): Promise<readonly Attempt[]> {
  const names = (await baselines.names()).filter((name) => name !== head.name);
  const others = await Promise.all(names.map((name) => baselines.read(name)));
  const heads = [head, ...others.flatMap((stored) => (stored === null ? [] : [stored.head]))];
  const attempts = heads
    .flatMap((one) => reactionsOf(one))
    .flatMap((one) =>
      reliefOf(one).attempts.map(({ at, outcome }) => ({ target: one.target, atMs: Date.parse(at), outcome })),
    );
  const [latest] = head.history;
  const own = (attempt: Attempt) => normaliseId(attempt.target) === normaliseId(target);
  const sinceMs = latest === undefined ? 0 : Date.parse(latest.at);
  return attempts.filter((attempt) => !own(attempt) || attempt.atMs >= sinceMs);
}

/** A decision that is to be carried out. */
interface Step extends SnatDecision {
  readonly change: SnatChange;
  /** Why, as people are told it. */
  readonly told: string;
  readonly limit: Pick<Adjustment, 'mode'> & { readonly proposes: boolean };
}

/** What the reconciler is to make true. */
function adjustmentOf({ change, told, limit }: Step, { target, nowIso }: ReliefRequest): Adjustment {
  return {
    id: RELIEF_ADJUSTMENT,
    kind: 'firewallPublicIpCount',
    scope: 'egress',
    target,
    value: writeFirewallPublicIpValue(change.value),
    reason: told.slice(0, 1_000),
    since: nowIso,
    until: NEVER_ENDS,
    by: 'hubkeeper',
    ...(limit.mode === undefined ? {} : { mode: limit.mode }),
  };
}

function actionOf(
  { decision, change, figures, told, limit: { proposes } }: Step,
  operationId: string,
  { trigger }: Pick<ReliefAction, 'trigger'>,
  previous: Adjustment | null,
  nowIso: string,
): ReliefAction {
  return {
    direction: decision === 'scaleIn' ? 'in' : 'out',
    operationId,
    trigger,
    decidedAt: nowIso,
    reason: told,
    fromAddresses: change.fromAddresses,
    toAddresses: change.toAddresses,
    ...(figures.wantedAddresses === undefined ? {} : { wantedAddresses: figures.wantedAddresses }),
    ...(proposes ? { proposes } : {}),
    ...(change.removedName === undefined ? {} : { removedName: change.removedName }),
    ...(figures.utilizationPercent === undefined ? {} : { utilizationPercent: figures.utilizationPercent }),
    ...(figures.maximumPercent === undefined ? {} : { maximumPercent: figures.maximumPercent }),
    ...(figures.demandPorts === undefined ? {} : { demandPorts: figures.demandPorts }),
    previous,
    appliedAt: null,
    blindLooks: 0,
  };
}

function isOurs({ id }: Adjustment): boolean {
  return id === RELIEF_ADJUSTMENT;
}

/** The adjustments with a step's own in place of the one before it. */
function withAdjustment(head: BaselineHead, adjustment: Adjustment): BaselineHead {
  return { ...head, adjustments: [...head.adjustments.filter((one) => !isOurs(one)), adjustment] };
}

/** A baseline as it would be with a step recorded, as far as runs look at that. */
function withStep(head: BaselineHead, reaction: Reaction, request: ReliefRequest, step: Step): BaselineHead {
  const action = actionOf(step, '', causeOf(reaction), null, request.nowIso);
  const acted = withRelief(head, reaction, { ...reliefOf(reaction), action });
  return withAdjustment(acted, adjustmentOf(step, request));
}

/**
 * Tells partners, records the adjustment with its reason, and asks the reconciler to make it true. `refusedIds`: addresses
 * that partners are told nothing of.
 */
async function record(
  dependencies: Dependencies,
  request: ReliefRequest,
  seenHead: BaselineHead,
  seenReaction: Reaction,
  step: Step,
  refusedIds: ForeseenStep['refusedIds'],
  after: Json,
): Promise<ReliefStep> {
  const { decision, change, told: reason } = step;
  const { nowIso, target } = request;
  const adjustment = adjustmentOf(step, request);
  const previous = seenHead.adjustments.find(isOurs) ?? null;
  if (decision === 'scaleOut') {
    const { adjustments } = withAdjustment(seenHead, adjustment);
    const { addresses, prefixes } = await readEgressAddresses(dependencies, seenHead, adjustments, nowIso);
    const coming = addresses.filter(({ id, state }) => state === 'aboutToBeUsed' && !refusedIds.has(normaliseId(id)));
    await tellWorld(
      dependencies,
      request,
      'addressesAboutToBeUsed',
      causeOf(seenReaction),
      { addresses: toJson(coming), prefixes: toJson(prefixes), reason },
      // A decision that had to be made anew, or a further step, may be about other addresses.
      `${change.fromAddresses}-${change.toAddresses}`,
    );
  }
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    if (relief.action !== null) return { head: null, result: resumed(relief.action, request) };
    // The spec, an adjustment or a hold has moved meanwhile: the figures may be others.
    if (head.generation !== seenHead.generation) return { head: null, result: { next: 'decide', seconds: 1 } };
    const isFree = reaction.operationId !== null && reaction.operationId !== relief.usedOperationId;
    const numbered = isFree ? { head, operationId: reaction.operationId } : withNextOperation(head);
    const { operationId } = numbered;
    if (operationId === null) return { head: null, result: { next: 'end' } };
    const action = actionOf(step, operationId, causeOf(reaction), previous, nowIso);
    const told = withReliefLine(withSightBack(numbered.head, reaction, request), reaction, request, action, {
      decision: decision === 'scaleIn' ? 'scale in' : 'scale out',
      reason,
      before: change.fromAddresses,
      after,
    });
    const named = { ...reaction, operationId: reaction.operationId };
    const acted = withRelief(withHandled(told, RELIEF_KIND, target, seenReaction.sequence), named, {
      ...relief,
      action,
      usedOperationId: isFree ? operationId : relief.usedOperationId,
      waitingSince: null,
      blindSince: null,
      lastTold: null,
      rejected: null,
      lookAgainAt: null,
      lookedAtGeneration: seenHead.generation,
      isUnmet: wantsMore(step),
    });
    const requested = withRequest(
      withGeneration(withAdjustment(acted, adjustment)),
      egressRequest(operationId, request),
    );
    return { head: requested.head, result: { next: 'poke', instanceId: requested.start ?? null } };
  });
  await flushOutbox(dependencies, changed.head);
  return changed.result;
}

/** Looks again soon; told once for each reason. What lasts too long is told to people, and the timer looks again. */
async function waits(
  dependencies: Dependencies,
  request: ReliefRequest,
  seenHead: BaselineHead,
  seen: Reaction,
  code: string,
  reason: string,
  retryAtMs: number,
  after?: Json,
): Promise<ReliefStep> {
  const nowMs = Date.parse(request.nowIso);
  const since = reliefOf(seen).waitingSince ?? request.nowIso;
  if (nowMs - Date.parse(since) > LONGEST_WAIT_MINUTES * MINUTE_MS) {
    const lookAgainAt = nextLookWhileBlind(seenHead, seen, request.nowIso);
    const lasting = `It has waited since ${since}. ${reason}`;
    return end(dependencies, request, seenHead, seen, {
      code,
      reason: lasting,
      lookAgainAt,
      helpNeeded: true,
      lacksMetrics: BLIND_CODES.includes(code),
      ...(after === undefined ? {} : { after }),
    });
  }
  const seconds = Math.max(15, Math.ceil((retryAtMs - nowMs) / 1_000));
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    if (relief.waitingSince !== null) return { head: null, result: { next: 'decide', seconds } };
    const told = withReliefLine(head, reaction, request, causeOf(reaction), {
      decision: 'waits',
      reason,
      ...(after === undefined ? {} : { after }),
      discriminator: code,
    });
    return {
      head: withRelief(told, reaction, { ...relief, waitingSince: request.nowIso }),
      result: { next: 'decide', seconds },
    };
  });
  await flushOutbox(dependencies, changed.head);
  return changed.result;
}

async function end(
  dependencies: Dependencies,
  request: ReliefRequest,
  { generation }: BaselineHead,
  seen: Reaction,
  { code, reason, lookAgainAt, helpNeeded = false, refused = false, after, lacksMetrics, ...found }: LookEnd,
): Promise<ReliefStep> {
  // What an alert asks for and nobody could look into stays to be done.
  const { isUnmet = seen.handled < seen.sequence ? true : undefined } = found;
  const changed = await dependencies.baselines.change<{ readonly step: ReliefStep; readonly isNews: boolean }>(
    request.baseline,
    (head) => {
      const reaction = reactionOf(head, RELIEF_KIND, request.target);
      if (reaction?.instance?.id !== request.instanceId)
        return { head: null, result: { step: { next: 'end' }, isNews: false } };
      const ending: ReliefEnd = {
        relief: reliefOf(reaction),
        sequence: seen.sequence,
        line: {
          decision: helpNeeded ? 'help needed' : refused ? 'refused' : 'nothing to do',
          reason,
          ...(after === undefined ? {} : { after }),
          discriminator: code,
        },
        state: helpNeeded || refused ? 'failed' : 'succeeded',
        code,
        lookAgainAt,
        ...(lacksMetrics === undefined ? {} : { lacksMetrics }),
        generation,
        ...(isUnmet === undefined ? {} : { isUnmet }),
      };
      const ended = withReliefEnd(head, reaction, request, ending);
      return { head: ended.head, result: { step: ended.result, isNews: ended.isNews } };
    },
  );
  await flushOutbox(dependencies, changed.head);
  const { step, isNews } = changed.result;
  if (!isNews) return step;
  const data: JsonObject = { code, reason, ...(after === undefined ? {} : { decision: after }) };
  if (refused) await tellWorld(dependencies, request, 'actionRefused', causeOf(seen), data, code);
  if (helpNeeded) await tellWorld(dependencies, request, 'helpNeeded', causeOf(seen), data, code);
  return step;
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
