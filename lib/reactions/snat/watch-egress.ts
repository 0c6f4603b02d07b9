import {
  type FirewallPublicIpValue,
  readFirewallPublicIpValue,
  writeFirewallPublicIpValue,
} from '../../baseline/firewall-public-ip-value.ts';
import { endedReservations, withoutEnded } from '../../egress/public-ip-adjustment.ts';
import { sameId } from '../../plan/graph.ts';
import {
  type BaselineHead,
  withGeneration,
  withJournal,
  withNextOperation,
  withRequest,
} from '../../state/baseline-head.ts';
import { openAlerts, type Reaction, reactionsOf, reliefOf, restEndOf, withEvaluation } from '../../state/reactions.ts';
import { areFiguresOld } from '../../state/snat-relief.ts';
import type { StartedReaction } from '../record-reaction.ts';
import { afterRest } from '../rest.ts';
import { personsAdjustments } from './persons-adjustment.ts';
import { ALERT_COUNTS_FOR_HOURS, RELIEF_ADJUSTMENT, RELIEF_KIND } from './relief-names.ts';

const HOUR_MS = 3_600_000;

/** What the egress timer changes in a baseline. */
export interface WatchedEgress {
  /** `null`: it stays as it is. */
  readonly head: BaselineHead | null;
  /** A reconciler to start. */
  readonly start?: string;
  readonly reactions: readonly StartedReaction[];
}

/** What the timer has found out about the declared number of addresses and about changes that waited. */
export interface EgressFacts {
  /** Number of public addresses that the spec declares, and their names; absent: no firewall. */
  readonly declared?: { readonly count: number; readonly names: readonly string[] };
  /** Operations that still wait for outsiders. */
  readonly waiting: ReadonlySet<string>;
}

/**
 * What is due about the addresses of a baseline's firewall: reservations that have ended are given back, and a look is
 * asked for at firewalls with addresses beyond the spec, with an open alert, or with a change whose operation waited.
 * Nothing is decided about numbers here. Pure.
 */
export function watchEgress(head: BaselineHead, facts: EgressFacts, nowIso: string): WatchedEgress {
  if (head.specVersion === 0 || head.teardown) return { head: null, reactions: [] };
  const returned = withReservationsEnded(head, facts, nowIso);
  let next = returned.head;
  const reactions: StartedReaction[] = [];
  for (const { kind, target } of targetsOf(next)) {
    if (!isDue(next, target, facts, nowIso)) continue;
    const evaluated = withEvaluation(next, kind, target, nowIso);
    next = evaluated.head;
    if (evaluated.start !== undefined)
      reactions.push({ kind, baseline: head.name, target, instanceId: evaluated.start });
  }
  return {
    head: next === head ? null : next,
    reactions,
    ...(returned.start === undefined ? {} : { start: returned.start }),
  };
}

function targetsOf(head: BaselineHead): readonly Pick<Reaction, 'kind' | 'target'>[] {
  const known = reactionsOf(head).filter(({ kind }) => kind === RELIEF_KIND);
  const adjusted = head.adjustments
    .filter(({ id, target }) => id === RELIEF_ADJUSTMENT && !known.some((one) => sameId(one.target, target)))
    .map(({ target }) => ({ kind: RELIEF_KIND, target }));
  return [...known, ...adjusted];
}

function isDue(head: BaselineHead, target: string, { waiting }: EgressFacts, nowIso: string): boolean {
  const reaction = reactionsOf(head).find((one) => one.kind === RELIEF_KIND && sameId(one.target, target));
  if (reaction === undefined) return true;
  if (reaction.instance !== null) return false;
  const { action, lookAgainAt: ownLook } = reliefOf(reaction);
  const restEnd = restEndOf(reaction);
  const lookAgainAt = restEnd !== null && (ownLook === null || ownLook < restEnd) ? restEnd : ownLook;
  if (action === null && isChangedByPeople(head, reaction, nowIso)) return true;
  // What is to rest rests, also with a change that has not come to its end.
  if (lookAgainAt !== null && lookAgainAt > nowIso) return false;
  if (action !== null) return !waiting.has(action.operationId) || areFiguresOld(action, nowIso, 'wait');
  if (lookAgainAt !== null) return true;
  const isUnseen = reaction.handled < reaction.sequence && hasOpenAlert(reaction, nowIso);
  return isUnseen || head.adjustments.some((one) => one.id === RELIEF_ADJUSTMENT && sameId(one.target, target));
}

function hasOpenAlert(reaction: Reaction, nowIso: string): boolean {
  const since = new Date(Date.parse(nowIso) - ALERT_COUNTS_FOR_HOURS * HOUR_MS).toISOString();
  return openAlerts(reaction, since).length > 0;
}

/**
 * Whether the spec, a hold or an adjustment has changed since the last look, while ports are short as far as is known:
 * Azure does not repeat its alert for that. What has failed lately rests until there is a new spec, which is a person's
 * word that its cause is gone.
 */
function isChangedByPeople(head: BaselineHead, reaction: Reaction, nowIso: string): boolean {
  const { lookedAtGeneration, isUnmet = false, attempts } = reliefOf(reaction);
  if (lookedAtGeneration === undefined || lookedAtGeneration === head.generation) return false;
  if (!isUnmet && !hasOpenAlert(reaction, nowIso)) return false;
  const last = attempts.at(-1);
  const [spec] = head.history;
  const rests = last?.outcome === 'failed' && afterRest(last.at) > nowIso;
  return !rests || (spec !== undefined && spec.at >= last.at);
}

/** Gives back what was only kept for a while; an adjustment that says no more than the spec goes. */
function withReservationsEnded(
  head: BaselineHead,
  { declared }: EgressFacts,
  nowIso: string,
): { readonly head: BaselineHead; readonly start?: string } {
  const adjustment = head.adjustments.find(({ id }) => id === RELIEF_ADJUSTMENT);
  const value = adjustment === undefined ? undefined : readFirewallPublicIpValue(adjustment.value);
  if (adjustment === undefined || value === undefined) return { head };
  const nowMs = Date.parse(nowIso);
  const ended = endedReservations(value, nowMs);
  const kept = withoutEnded(value, nowMs);
  // Without the relief's, a person's older adjustment would hold alone, with fewer addresses perhaps.
  const isPersons = personsAdjustments(head, adjustment.target, nowIso).length > 0;
  const isOver = declared !== undefined && !isPersons && saysNothing(kept, declared);
  if (ended.length === 0 && !isOver) return { head };
  const others = head.adjustments.filter((one) => one !== adjustment);
  const next = { ...adjustment, value: writeFirewallPublicIpValue(kept) };
  const numbered = withNextOperation(withGeneration({ ...head, adjustments: isOver ? others : [...others, next] }));
  const told = withJournal(numbered.head, {
    at: nowIso,
    baseline: head.name,
    operationId: numbered.operationId,
    trigger: 'timer',
    resource: adjustment.target,
    by: 'hubkeeper',
    decision: isOver ? 'adjustment ended' : 'reservation ended',
    reason: [
      ended.length === 0 ? '' : `Kept for partners until now, and given back: ${ended.join(', ')}.`,
      isOver ? 'The firewall has the addresses that the spec declares.' : '',
    ]
      .join(' ')
      .trim(),
    before: adjustment.value,
    after: isOver ? null : next.value,
  });
  return withRequest(told, {
    operationId: numbered.operationId,
    trigger: 'timer',
    requestedBy: 'hubkeeper',
    at: nowIso,
    scope: 'egress',
  });
}

/** Whether the baseline is the same without the value: a reaction's never asks for less than the spec. */
function saysNothing(
  { count, detached, reserved }: FirewallPublicIpValue,
  declared: NonNullable<EgressFacts['declared']>,
): boolean {
  const own = new Set(declared.names.map((name) => name.toLowerCase()));
  return count <= declared.count && reserved.length === 0 && !detached.some((name) => own.has(name.toLowerCase()));
}
