import { readFirewallPublicIpValue } from '../../baseline/firewall-public-ip-value.ts';
import { addressesText } from '../../count-text.ts';
import type { Dependencies } from '../../dependencies.ts';
import { latestWindow, maximumOverDimensions, stalenessMinutes, utilizationOf } from '../../egress/metric-window.ts';
import { demandPorts, MINIMUM_INSTANCES } from '../../egress/snat-capacity.ts';
import { EVALUATION_WINDOW_MINUTES, MAXIMUM_METRIC_AGE_MINUTES, pressureOf } from '../../egress/snat-policy.ts';
import { flushOutbox } from '../../reconcile/conclude.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import { reactionOf, reliefOf, withRelief } from '../../state/reactions.ts';
import { type ReliefAction, withAttempt } from '../../state/snat-relief.ts';
import { afterRest } from '../rest.ts';
import { type ReliefEnd, withReliefEnd, withReliefLine } from './end-relief.ts';
import { attachedNames, type ObservedFirewall, observeFirewall, problemOfReading } from './observe-egress.ts';
import { egressNow, tellWorld } from './relief-events.ts';
import { RELIEF_ADJUSTMENT, RELIEF_KIND } from './relief-names.ts';
import type { ReliefRequest, ReliefStep } from './relief-step.ts';

const MINUTE_MS = 60_000;
/** A window of five minutes after the change, up to three minutes until Azure Monitor has it, and some in reserve. */
export const EFFECT_SHOWS_AFTER_MINUTES = 12;
/** A gauge that fell by less has not moved: traffic alone moves it as much. */
const LEAST_FALL_PERCENT = 5;
/** Where the gauge has not fallen, demand that is served now and was not before, as a share of that. */
const LEAST_RISE_SHARE = 0.05;
/** A small step moves the gauge by less than that: half of what the same traffic would move it is enough. */
const LEAST_SHARE_OF_EXPECTED = 0.5;
const LOOK_AGAIN_SECONDS = 300;
const MOST_BLIND_LOOKS = 3;
const UNKNOWN_CODE = 'EffectUnknown';
/** A gap in the metric is no failure of what was done: the firewall is looked at anew soon. */
const NEXT_LOOK_WHEN_UNKNOWN_MINUTES = 15;
const TAKEN_BACK_CODE = 'TakenBack';

/** What the metric says now, next to what it said when the change was decided. */
export interface Effect {
  readonly before: Reading;
  readonly now: Reading;
  readonly fromAddresses: number;
  readonly toAddresses: number;
  /** On the firewall now: somebody else may have changed the number since. */
  readonly presentAddresses: number;
  /** From which readings on addresses are added. */
  readonly limits: { readonly utilizationPercent: number; readonly maximumPercent: number };
}

interface Reading {
  /** Average over the window. */
  readonly utilizationPercent: number;
  /** Highest minute of the window. */
  readonly maximumPercent: number;
  readonly demandPorts: number;
}

function pressure({ utilizationPercent, maximumPercent }: Reading, limits: Effect['limits']) {
  return pressureOf({ averagePercent: utilizationPercent, maximumPercent }, limits);
}

/** Whether nothing asks for addresses any more, by the test that asks for them. Pure. */
export function isEnough({ now, limits }: Effect): boolean {
  const { isHigh, panics } = pressure(now, limits);
  return !isHigh && !panics;
}

/**
 * Whether more addresses have helped: nothing asks for more, or the reading that asked for them fell, or more ports are
 * served than before, as when traffic grows while addresses are added.
 *
 * More ports alone make the average fall, so that it says nothing of single minutes at the maximum: where those asked,
 * and the same traffic still fills them, the pool was not what was short, as when one destination takes the connections.
 * FirewallHealth is no second witness to that: Azure documents it as Degraded for SNAT ports above 95 % of this same
 * gauge, which is what its maximum says already, and as 0 also where no SNAT usage is reported. Pure.
 */
export function hasMoved(effect: Effect): boolean {
  if (isEnough(effect)) return true;
  const { before, now, fromAddresses, toAddresses, limits } = effect;
  const asked = pressure(before, limits).isHigh ? 'utilizationPercent' : 'maximumPercent';
  const expectedFall = before[asked] * (1 - fromAddresses / toAddresses);
  if (now[asked] <= before[asked] - Math.min(LEAST_FALL_PERCENT, expectedFall * LEAST_SHARE_OF_EXPECTED)) return true;
  const expectedRise = toAddresses / fromAddresses - 1;
  const leastRise = Math.min(LEAST_RISE_SHARE, expectedRise * LEAST_SHARE_OF_EXPECTED);
  return now.demandPorts >= before.demandPorts * (1 + leastRise);
}

/** Whether the change cannot be judged since somebody has taken addresses off again, and they are needed. Pure. */
export function isUndone(effect: Effect): boolean {
  return effect.presentAddresses < effect.toAddresses && !hasMoved(effect);
}

/**
 * Whether a person has decided meanwhile that it shall be fewer: they ended the adjustment of this change, made another
 * one, or put a spec with a lower maximum. `declaredAddresses` are in force now. Pure.
 */
export function isTakenBack(
  { adjustments }: Pick<BaselineHead, 'adjustments'>,
  { decidedAt }: Pick<ReliefAction, 'decidedAt'>,
  declaredAddresses: number,
): boolean {
  const ours = adjustments.find(({ id, since }) => id === RELIEF_ADJUSTMENT && since === decidedAt);
  const value = ours === undefined ? undefined : readFirewallPublicIpValue(ours.value);
  return value === undefined || declaredAddresses < value.count;
}

/** Judges a change by its effect. What did not help is counted, told, and not tried again by itself. */
export async function verifySnatRelief(dependencies: Dependencies, request: ReliefRequest): Promise<ReliefStep> {
  const stored = await dependencies.baselines.read(request.baseline);
  const reaction = stored === null ? undefined : reactionOf(stored.head, RELIEF_KIND, request.target);
  if (stored === null || reaction?.instance?.id !== request.instanceId) return { next: 'end' };
  const { action } = reliefOf(reaction);
  if (action === null || action.appliedAt === null) return { next: 'decide', seconds: 0 };
  try {
    const seen = await observeFirewall(dependencies, stored.head, request.target, request.nowIso);
    if (seen !== null && isTakenBack(stored.head, action, seen.resolved.publicIps.length))
      return await endedByPerson(dependencies, request, action, seen);
    const effect = seen === null ? null : await effectOf(dependencies, seen, action, request);
    if (effect === null) return await blind(dependencies, request, action, 'SNATPortUtilization has no recent value.');
    if (isUndone(effect)) return await undone(dependencies, request, action, effect);
    return await judged(dependencies, request, action, effect);
  } catch (error) {
    return blind(dependencies, request, action, problemOfReading(error, request.target).message);
  }
}

async function effectOf(
  { metrics }: Pick<Dependencies, 'metrics'>,
  seen: ObservedFirewall,
  action: ReliefAction,
  { target, nowIso }: ReliefRequest,
): Promise<Effect | null> {
  const nowMs = Date.parse(nowIso);
  const presentAddresses = attachedNames(seen.body).length;
  const appliedMs = Date.parse(action.appliedAt ?? nowIso);
  const fromMs = Math.max(appliedMs + MINUTE_MS, nowMs - 3 * EVALUATION_WINDOW_MINUTES * MINUTE_MS);
  const query = { resourceId: target, location: seen.location, fromMs, untilMs: nowMs };
  const utilization = await metrics.snatPortUtilization(query);
  const capacity = maximumOverDimensions(await metrics.observedCapacity(query)).at(-1);
  const ageMinutes = stalenessMinutes(utilization, nowMs);
  const now = utilizationOf(latestWindow(utilization, EVALUATION_WINDOW_MINUTES));
  if (now === null || ageMinutes === null || ageMinutes > MAXIMUM_METRIC_AGE_MINUTES) return null;
  const instances = capacity?.average ?? capacity?.maximum ?? MINIMUM_INSTANCES;
  return {
    before: {
      utilizationPercent: action.utilizationPercent ?? 100,
      maximumPercent: action.maximumPercent ?? 100,
      demandPorts: action.demandPorts ?? 0,
    },
    now: {
      utilizationPercent: now.averagePercent,
      maximumPercent: now.maximumPercent,
      demandPorts: demandPorts(now.averagePercent, presentAddresses, instances),
    },
    fromAddresses: action.fromAddresses,
    toAddresses: action.toAddresses,
    presentAddresses,
    limits: seen.spec.egress.scaleOut,
  };
}

async function judged(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  effect: Effect,
): Promise<ReliefStep> {
  const helped = hasMoved(effect);
  const enough = isEnough(effect);
  const code = helped ? 'Relieved' : 'NoEffect';
  const percent = (value: number) => `${Math.round(value * 10) / 10} %`;
  const told = ({ utilizationPercent, maximumPercent }: Reading) =>
    `${percent(utilizationPercent)} (${percent(maximumPercent)} at most)`;
  const figures = `Utilisation was ${told(effect.before)} with ${addressesText(action.fromAddresses)} and is ${told(effect.now)} with ${effect.presentAddresses}.`;
  const line = {
    decision: helped ? 'action done' : 'help needed',
    reason: helped
      ? `${figures}${enough ? '' : ' That is still too much: it is looked at again.'}`
      : `${figures} More addresses have not helped, so no more are added: look for one destination that takes nearly all connections, or for another way out of the subnet.`,
    before: { ...effect.before },
    after: { ...effect.now },
  };
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    if (relief.action?.decidedAt !== action.decidedAt) return { head: null, result: { next: 'decide', seconds: 0 } };
    const tried = withAttempt(
      { ...relief, action: null },
      { at: request.nowIso, outcome: helped ? 'succeeded' : 'failed' },
    );
    if (helped && !enough) {
      const told = withReliefLine(head, reaction, request, action, line);
      return { head: withRelief(told, reaction, tried), result: { next: 'decide', seconds: 0 } };
    }
    const end: ReliefEnd = {
      relief: tried,
      sequence: helped ? reaction.handled : reaction.sequence,
      line,
      state: helped ? 'succeeded' : 'failed',
      code,
      lookAgainAt: helped ? null : afterRest(request.nowIso),
      isUnmet: !helped,
    };
    return withReliefEnd(head, reaction, request, end);
  });
  await flushOutbox(dependencies, changed.head);
  const kind = helped ? 'actionDone' : 'helpNeeded';
  const data = {
    code,
    reason: line.reason,
    before: line.before,
    now: line.after,
    addressesBefore: action.fromAddresses,
    addressesNow: effect.presentAddresses,
    ...(await egressNow(dependencies, changed.head, request)),
  };
  await tellWorld(dependencies, request, kind, action, data, code);
  return changed.result;
}

/** What a person has decided is no failure, and it is not decided anew before the next alert or a day's rest. */
export async function endedByPerson(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  seen: ObservedFirewall,
): Promise<ReliefStep> {
  const present = attachedNames(seen.body).length;
  const reason =
    `A person has taken the step from ${action.fromAddresses} to ${addressesText(action.toAddresses)} back before its effect could be judged: ` +
    `${seen.resolved.publicIps.length} are declared and ${present} are attached. It is left so until the next alert, or for a day.`;
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    if (relief.action?.decidedAt !== action.decidedAt) return { head: null, result: { next: 'decide', seconds: 0 } };
    return withReliefEnd(head, reaction, request, {
      relief: { ...relief, action: null },
      // Alerts that came meanwhile were about what the person saw too.
      sequence: reaction.sequence,
      line: { decision: 'action taken back', reason, before: action.toAddresses, after: present },
      state: 'succeeded',
      code: TAKEN_BACK_CODE,
      lookAgainAt: afterRest(request.nowIso),
    });
  });
  await flushOutbox(dependencies, changed.head);
  const data = { code: TAKEN_BACK_CODE, reason, ...(await egressNow(dependencies, changed.head, request)) };
  await tellWorld(dependencies, request, 'actionRefused', action, data, TAKEN_BACK_CODE);
  return changed.result;
}

/** It is looked at anew, and counted: where somebody takes them off each time, the circuit breaker ends the dispute. */
async function undone(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  { now, presentAddresses }: Effect,
): Promise<ReliefStep> {
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    if (relief.action?.decidedAt !== action.decidedAt) return { head: null, result: { next: 'decide', seconds: 0 } };
    const told = withReliefLine(head, reaction, request, action, {
      decision: 'action undone',
      reason: `The firewall had ${addressesText(action.toAddresses)} and has ${presentAddresses}: somebody has taken some off again. It is looked at anew.`,
      before: action.toAddresses,
      after: { ...now, addresses: presentAddresses },
    });
    const tried = withAttempt({ ...relief, action: null }, { at: request.nowIso, outcome: 'failed' });
    return { head: withRelief(told, reaction, tried), result: { next: 'decide', seconds: 0 } };
  });
  await flushOutbox(dependencies, changed.head);
  return changed.result;
}

/** Without data nothing is known of the effect, which is neither success nor failure. */
async function blind(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  why: string,
): Promise<ReliefStep> {
  const isLast = action.blindLooks + 1 >= MOST_BLIND_LOOKS;
  const reason = `Whether ${action.toAddresses} addresses are enough is not known: ${why}`;
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    const current = relief.action;
    if (current?.decidedAt !== action.decidedAt) return { head: null, result: { next: 'decide', seconds: 0 } };
    if (!isLast) {
      const looked = { ...relief, action: { ...current, blindLooks: action.blindLooks + 1 } };
      return { head: withRelief(head, reaction, looked), result: { next: 'verify', seconds: LOOK_AGAIN_SECONDS } };
    }
    return withReliefEnd(head, reaction, request, {
      relief: { ...relief, action: null },
      sequence: reaction.handled,
      line: { decision: 'help needed', reason },
      state: 'failed',
      code: UNKNOWN_CODE,
      lookAgainAt: new Date(Date.parse(request.nowIso) + NEXT_LOOK_WHEN_UNKNOWN_MINUTES * MINUTE_MS).toISOString(),
    });
  });
  await flushOutbox(dependencies, changed.head);
  if (isLast) await tellWorld(dependencies, request, 'helpNeeded', action, { reason }, UNKNOWN_CODE);
  return changed.result;
}
