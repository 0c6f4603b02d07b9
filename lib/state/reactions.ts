import type { MonitorCondition, Severity } from '../alerts/alert-payload.ts';
import { actionKey, alertKey, deliveryKey } from '../alerts/delivery-key.ts';
import type { ReactionKind } from '../alerts/route-alert.ts';
import { sameId } from '../plan/graph.ts';
import { type Adjustment, type BaselineHead, withNextOperation } from './baseline-head.ts';
import { NO_RELIEF, type ReliefAction, type ReliefOutcome, type SnatRelief, withOutcome } from './snat-relief.ts';

/** What an alert said about a target, as kept: figures and names, no payload. */
export interface RecordedSignal {
  readonly alertId: string;
  readonly alertRule: string | null;
  readonly condition: MonitorCondition;
  readonly severity: Severity | null;
  /** When it fired or was resolved, as sent. */
  readonly at: string | null;
  readonly thresholdPercent: number | null;
  readonly valuePercent: number | null;
}

/** Fired and resolved times of one alert instance, whatever order they came in. */
interface AlertRecord {
  readonly alert: string;
  readonly firedAt?: string;
  readonly resolvedAt?: string;
  /** Of the latest firing. */
  readonly severity?: Severity | null;
}

/** A named orchestration, and how often it had to be started again for the same signals. */
export interface ReactionInstance {
  readonly id: string;
  readonly startedAt: string;
  readonly restarts: number;
}

/**
 * One reaction to one target: what asked for it and the orchestration that looks into it. `sequence` moves with each
 * new signal, `handled` follows when the orchestration has taken it in.
 */
export interface Reaction {
  readonly kind: ReactionKind;
  /** ARM id as the baseline spells it. */
  readonly target: string;
  readonly sequence: number;
  readonly handled: number;
  /** The newest signal that asked for something; `null` when only ends of alerts came. */
  readonly signal: (RecordedSignal & { readonly receivedAt: string }) | null;
  /** Operation that signals join until the reaction has ended. */
  readonly operationId: string | null;
  /** The one orchestration of this target; `null` when none is at work. */
  readonly instance: ReactionInstance | null;
  /** Orchestrations named so far; part of the next one's id. */
  readonly instances: number;
  /** Keys of the latest deliveries, newest last. */
  readonly deliveries: readonly { readonly key: string; readonly operationId: string | null }[];
  /** The latest alert instances, newest last. */
  readonly alerts: readonly AlertRecord[];
  /** Until when timers leave the target alone, since its orchestration kept dying; absent: they do not. */
  readonly restsUntil?: string;
  /** What the relief of a firewall remembers; absent: nothing yet. */
  readonly relief?: SnatRelief;
}

/** The one kind whose reactions have a relief. */
export const RELIEF_KIND = 'relieveSnatExhaustion' as const;

/** Deliveries that a reaction itself remembers: enough for copies that race; older ones are in the delivery rows. */
const REMEMBERED_DELIVERIES = 32;
const REMEMBERED_ALERTS = 32;

export interface SignalRequest {
  readonly kind: ReactionKind;
  readonly target: string;
  readonly signal: RecordedSignal;
  readonly nowIso: string;
}

export interface RecordedReaction {
  readonly head: BaselineHead;
  /** False: this delivery was there before and changed nothing. */
  readonly isNew: boolean;
  /** Operation that the signal goes on under; `null` for the end of an alert. */
  readonly operationId: string | null;
  /** The caller has to start the reaction's orchestration with this id; absent: one is at work or nothing is to do. */
  readonly start?: string;
}

export function reactionsOf(head: Pick<BaselineHead, 'reactions'>): readonly Reaction[] {
  return head.reactions ?? [];
}

export function reactionOf(head: BaselineHead, kind: ReactionKind, target: string): Reaction | undefined {
  return reactionsOf(head).find((reaction) => reaction.kind === kind && sameId(reaction.target, target));
}

/** What the relief of a firewall remembers. */
export function reliefOf(reaction: Reaction | undefined): SnatRelief {
  return reaction?.relief ?? NO_RELIEF;
}

/**
 * Adjustments that reactions have recorded, whose changes have not come about as far as is known, and which are what is
 * in force for their targets: of two for one thing the newer one holds. `direction`: only those that add, or take away.
 * Pure.
 */
export function adjustmentsUnderWay(
  head: Pick<BaselineHead, 'adjustments' | 'reactions'>,
  direction?: ReliefAction['direction'],
): readonly Adjustment[] {
  return reactionsOf(head).flatMap((reaction) => {
    const { action } = reliefOf(reaction);
    if (action === null || action.appliedAt !== null) return [];
    if (direction !== undefined && action.direction !== direction) return [];
    const own = head.adjustments.filter(({ target }) => sameId(target, reaction.target));
    const newest = own.reduce<Adjustment | undefined>(
      (latest, one) => (latest === undefined || Date.parse(one.since) >= Date.parse(latest.since) ? one : latest),
      undefined,
    );
    return newest?.by === 'hubkeeper' && newest.since === action.decidedAt ? [newest] : [];
  });
}

/** The reaction with what its relief remembers from now on. Pure. */
export function withRelief(head: BaselineHead, reaction: Reaction, relief: SnatRelief): BaselineHead {
  const current = reactionOf(head, reaction.kind, reaction.target);
  return current === undefined ? head : withReaction(head, { ...current, relief });
}

/**
 * Takes a signal in. A firing asks the target's orchestration to look and names one when none is at work; the end of
 * an alert is only noted. The same delivery changes nothing a second time. Pure.
 */
export function withSignal(head: BaselineHead, { kind, target, signal, nowIso }: SignalRequest): RecordedReaction {
  const reaction = reactionOf(head, kind, target) ?? newReaction(kind, target);
  const key = deliveryKey(signal);
  const earlier = reaction.deliveries.find((delivery) => delivery.key === key);
  if (earlier !== undefined) return { head, isNew: false, operationId: earlier.operationId };
  const alerts = withAlertSeen(reaction.alerts, signal, nowIso);
  if (signal.condition === 'Resolved') {
    const noted = { ...reaction, alerts, deliveries: withDelivery(reaction.deliveries, key, null) };
    return { head: withReaction(head, noted), isNew: true, operationId: null };
  }
  const numbered =
    reaction.operationId === null ? withNextOperation(head) : { head, operationId: reaction.operationId };
  const named = withInstance(
    {
      ...reaction,
      alerts,
      sequence: reaction.sequence + 1,
      signal: { ...signal, receivedAt: nowIso },
      operationId: numbered.operationId,
      deliveries: withDelivery(reaction.deliveries, key, numbered.operationId),
    },
    nowIso,
  );
  return {
    head: withReaction(numbered.head, named.reaction),
    isNew: true,
    operationId: numbered.operationId,
    ...(named.start === undefined ? {} : { start: named.start }),
  };
}

/**
 * Asks for a look at a target without an alert, as a timer does. Nothing changes while an orchestration is at work.
 * Pure.
 */
export function withEvaluation(
  head: BaselineHead,
  kind: ReactionKind,
  target: string,
  nowIso: string,
): { readonly head: BaselineHead; readonly start?: string } {
  const reaction = reactionOf(head, kind, target) ?? newReaction(kind, target);
  if (reaction.instance !== null) return { head };
  const named = withInstance(reaction, nowIso);
  return { head: withReaction(head, named.reaction), ...(named.start === undefined ? {} : { start: named.start }) };
}

/** The orchestration has taken in every signal up to `sequence`. Pure. */
export function withHandled(head: BaselineHead, kind: ReactionKind, target: string, sequence: number): BaselineHead {
  const reaction = reactionOf(head, kind, target);
  if (reaction === undefined || reaction.handled >= sequence) return head;
  return withReaction(head, { ...reaction, handled: Math.min(sequence, reaction.sequence) });
}

/**
 * The orchestration ends. When signals came that it has not taken in, it stays named and has to look again.
 * Another orchestration than the named one changes nothing. Pure.
 */
export function withReactionEnded(
  head: BaselineHead,
  kind: ReactionKind,
  target: string,
  instanceId: string,
): { readonly head: BaselineHead; readonly again: boolean } {
  const reaction = reactionOf(head, kind, target);
  if (reaction === undefined || reaction.instance?.id !== instanceId) return { head, again: false };
  if (reaction.handled < reaction.sequence) return { head, again: true };
  return { head: withReaction(head, { ...reaction, instance: null, operationId: null }), again: false };
}

/** A new orchestration takes the place of one that has died; absent when the named one is another by now. Pure. */
export function withReactionRestarted(
  head: BaselineHead,
  kind: ReactionKind,
  target: string,
  deadInstanceId: string,
  nowIso: string,
): { readonly head: BaselineHead; readonly start?: string } {
  const reaction = reactionOf(head, kind, target);
  if (reaction === undefined || reaction.instance?.id !== deadInstanceId) return { head };
  const named = withInstance({ ...reaction, instance: null }, nowIso, reaction.instance.restarts + 1);
  return { head: withReaction(head, named.reaction), ...(named.start === undefined ? {} : { start: named.start }) };
}

/**
 * The orchestration keeps dying: what it was asked for is dropped, and the timer leaves the target alone until
 * `restsUntil`, a change that has been recorded included. The next signal names a new one at once. Pure.
 */
export function withReactionGivenUp(
  head: BaselineHead,
  kind: ReactionKind,
  target: string,
  deadInstanceId: string,
  { restsUntil, ...why }: Pick<ReliefOutcome, 'code' | 'message' | 'at'> & { readonly restsUntil: string },
): BaselineHead {
  const reaction = reactionOf(head, kind, target);
  if (reaction === undefined || reaction.instance?.id !== deadInstanceId) return head;
  const { operationId, sequence } = reaction;
  const over = { ...reaction, restsUntil, instance: null, operationId: null, handled: sequence };
  if (kind !== RELIEF_KIND) return withReaction(head, over);
  const looked = { ...reliefOf(reaction), waitingSince: null, lookedAtGeneration: head.generation };
  return withReaction(head, { ...over, relief: withOutcome(looked, { operationId, state: 'failed', ...why }) });
}

/** Until when timers leave the target of a reaction alone; null: they do not. Pure. */
export function restEndOf(reaction: Reaction | undefined): string | null {
  // An older document has the rest of any kind in its relief.
  return reaction?.restsUntil ?? (reaction?.kind === RELIEF_KIND ? null : (reaction?.relief?.lookAgainAt ?? null));
}

/** An alert that has fired and is not over. */
export interface OpenAlert {
  /** Key of the alert instance. */
  readonly alert: string;
  readonly firedAt: string;
  readonly severity: Severity | null;
}

/**
 * Every alert that fired after `sinceIso` and is not over. A "resolved" may never come, so that an old firing must not
 * count for ever: the caller says how far back it looks.
 */
export function openAlerts(reaction: Reaction, sinceIso: string): readonly OpenAlert[] {
  const since = Date.parse(sinceIso);
  return reaction.alerts.flatMap(({ alert, firedAt, resolvedAt, severity = null }) => {
    if (firedAt === undefined || Date.parse(firedAt) < since || isOver({ firedAt, resolvedAt })) return [];
    return [{ alert, firedAt, severity }];
  });
}

/** What has not fired as far as is known is over too: its end came first. */
function isOver({
  firedAt,
  resolvedAt,
}: {
  readonly firedAt?: string | undefined;
  readonly resolvedAt?: string | undefined;
}): boolean {
  if (firedAt === undefined) return true;
  return resolvedAt !== undefined && Date.parse(resolvedAt) >= Date.parse(firedAt);
}

function newReaction(kind: ReactionKind, target: string): Reaction {
  return {
    kind,
    target,
    sequence: 0,
    handled: 0,
    signal: null,
    operationId: null,
    instance: null,
    instances: 0,
    deliveries: [],
    alerts: [],
  };
}

function withReaction(head: BaselineHead, reaction: Reaction): BaselineHead {
  const others = reactionsOf(head).filter(
    (one) => !(one.kind === reaction.kind && sameId(one.target, reaction.target)),
  );
  return { ...head, reactions: [...others, reaction] };
}

function withInstance(
  reaction: Reaction,
  nowIso: string,
  restarts = 0,
): { readonly reaction: Reaction; readonly start?: string } {
  if (reaction.instance !== null) return { reaction };
  const { restsUntil: _over, ...rested } = reaction;
  const instances = reaction.instances + 1;
  const id = `${actionKey(reaction.kind, reaction.target)}.${instances}`;
  return { reaction: { ...rested, instances, instance: { id, startedAt: nowIso, restarts } }, start: id };
}

function withDelivery(
  deliveries: Reaction['deliveries'],
  key: string,
  operationId: string | null,
): Reaction['deliveries'] {
  return [...deliveries, { key, operationId }].slice(-REMEMBERED_DELIVERIES);
}

/**
 * Merges so that the order of arrival does not matter: the latest firing and the latest end of each alert. A time that is
 * still to come counts as now: it would outlast whatever comes before it.
 */
function withAlertSeen(alerts: readonly AlertRecord[], signal: RecordedSignal, nowIso: string): readonly AlertRecord[] {
  const alert = alertKey(signal.alertId);
  const at = earlier(timeOf(signal.at) ?? nowIso, nowIso);
  const known = alerts.find((one) => one.alert === alert) ?? { alert };
  const merged =
    signal.condition === 'Fired'
      ? {
          ...known,
          firedAt: later(known.firedAt, at),
          severity: later(known.firedAt, at) === at ? signal.severity : (known.severity ?? null),
        }
      : { ...known, resolvedAt: later(known.resolvedAt, at) };
  return remembered([...alerts.filter((one) => one.alert !== alert), merged]);
}

/** Alerts that are over are forgotten first: an open one counts however many have come and gone since. */
function remembered(alerts: readonly AlertRecord[]): readonly AlertRecord[] {
  if (alerts.length <= REMEMBERED_ALERTS) return alerts;
  const over = alerts.findIndex(isOver);
  return alerts.toSpliced(Math.max(0, over), 1);
}

/** ISO text of a time as sent; undefined when it is none. */
function timeOf(text: string | null): string | undefined {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

function earlier(a: string, b: string): string {
  return Date.parse(a) < Date.parse(b) ? a : b;
}

function later(a: string | undefined, b: string): string {
  return a === undefined || Date.parse(a) < Date.parse(b) ? b : a;
}
