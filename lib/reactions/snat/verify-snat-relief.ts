import type { Dependencies } from '../../dependencies.ts';
import { latestWindow, maximumOverDimensions, stalenessMinutes, utilizationOf } from '../../egress/metric-window.ts';
import { demandPorts, MINIMUM_INSTANCES } from '../../egress/snat-capacity.ts';
import { EVALUATION_WINDOW_MINUTES, MAXIMUM_METRIC_AGE_MINUTES } from '../../egress/snat-policy.ts';
import { flushOutbox } from '../../reconcile/conclude.ts';
import { reactionOf, reliefOf, withRelief } from '../../state/reactions.ts';
import { type ReliefAction, withAttempt } from '../../state/snat-relief.ts';
import { afterRest } from '../rest.ts';
import { type ReliefEnd, withReliefEnd, withReliefLine } from './end-relief.ts';
import { attachedNames, type ObservedFirewall, observeFirewall, problemOfReading } from './observe-egress.ts';
import { tellWorld } from './relief-events.ts';
import { RELIEF_KIND } from './relief-names.ts';
import type { ReliefRequest, ReliefStep } from './relief-step.ts';

const MINUTE_MS = 60_000;
/** A window of five minutes after the change, up to three minutes until Azure Monitor has it, and some in reserve. */
export const EFFECT_SHOWS_AFTER_MINUTES = 12;
/** A gauge that fell by less has not moved: traffic alone moves it as much. */
export const LEAST_FALL_PERCENT = 5;
/** Where the gauge has not fallen, demand that is served now and was not before. */
export const LEAST_RISE_OF_SERVED_PORTS = 1.05;
const LOOK_AGAIN_SECONDS = 300;
const MOST_BLIND_LOOKS = 3;

/** What the metric says now, next to what it said when the change was decided. */
export interface Effect {
  readonly before: { readonly utilizationPercent: number; readonly demandPorts: number };
  readonly now: { readonly utilizationPercent: number; readonly demandPorts: number };
  /** From which utilisation on addresses are added. */
  readonly thresholdPercent: number;
}

/**
 * Whether more addresses have helped: utilisation is below the threshold, or fell, or more ports are served than
 * before, as when traffic grows while addresses are added. Pure.
 */
export function hasMoved({ before, now, thresholdPercent }: Effect): boolean {
  if (now.utilizationPercent < thresholdPercent) return true;
  if (now.utilizationPercent <= before.utilizationPercent - LEAST_FALL_PERCENT) return true;
  return now.demandPorts >= before.demandPorts * LEAST_RISE_OF_SERVED_PORTS;
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
    const effect = seen === null ? null : await effectOf(dependencies, seen, action, request);
    if (effect === null) return await blind(dependencies, request, action, 'SNATPortUtilization has no recent value.');
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
    before: { utilizationPercent: action.utilizationPercent ?? 100, demandPorts: action.demandPorts ?? 0 },
    now: {
      utilizationPercent: now.averagePercent,
      demandPorts: demandPorts(now.averagePercent, attachedNames(seen.body).length, instances),
    },
    thresholdPercent: seen.spec.egress.scaleOut.utilizationPercent,
  };
}

async function judged(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  effect: Effect,
): Promise<ReliefStep> {
  const helped = hasMoved(effect);
  const isEnough = effect.now.utilizationPercent < effect.thresholdPercent;
  const percent = (value: number) => `${Math.round(value * 10) / 10} %`;
  const figures = `Utilisation was ${percent(effect.before.utilizationPercent)} with ${action.fromAddresses} addresses and is ${percent(effect.now.utilizationPercent)} with ${action.toAddresses}.`;
  const line = {
    decision: helped ? 'action done' : 'help needed',
    reason: helped
      ? `${figures}${isEnough ? '' : ' That is still too much: it is looked at again.'}`
      : `${figures} More addresses have not helped, so no more are added: look for one destination that takes nearly all connections, or for another way out of the subnet.`,
    before: effect.before,
    after: effect.now,
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
    if (helped && !isEnough) {
      const told = withReliefLine(head, reaction, request, action.operationId, line);
      return { head: withRelief(told, reaction, tried), result: { next: 'decide', seconds: 0 } };
    }
    const end: ReliefEnd = {
      relief: tried,
      sequence: helped ? reaction.handled : reaction.sequence,
      line,
      state: helped ? 'succeeded' : 'failed',
      code: helped ? 'Relieved' : 'NoEffect',
      lookAgainAt: helped ? null : afterRest(request.nowIso),
    };
    return withReliefEnd(head, reaction, request, end);
  });
  await flushOutbox(dependencies, changed.head);
  await tellWorld(dependencies, request, helped ? 'actionDone' : 'helpNeeded', action.operationId, {
    reason: line.reason,
    before: effect.before,
    now: effect.now,
    addresses: action.toAddresses,
  });
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
      code: 'EffectUnknown',
      lookAgainAt: afterRest(request.nowIso),
    });
  });
  await flushOutbox(dependencies, changed.head);
  if (isLast) await tellWorld(dependencies, request, 'helpNeeded', action.operationId, { reason });
  return changed.result;
}
