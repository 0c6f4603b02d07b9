import type { Json } from '../../json.ts';
import { type BaselineHead, withGeneration, withJournal } from '../../state/baseline-head.ts';
import {
  type Reaction,
  reactionOf,
  reliefOf,
  withHandled,
  withReactionEnded,
  withRelief,
} from '../../state/reactions.ts';
import { type ReliefAction, type ReliefCause, type SnatRelief, withOutcome } from '../../state/snat-relief.ts';
import { RELIEF_ADJUSTMENT } from './relief-names.ts';
import type { ReliefRequest, ReliefStep } from './relief-step.ts';

/** A decision as the journal tells it. */
export interface ReliefLine {
  readonly decision: string;
  readonly reason: string;
  readonly before?: Json;
  readonly after?: Json;
  readonly discriminator?: string;
}

/** What a look is told under that has recorded no change. Pure. */
export function causeOf({ handled, sequence, operationId }: Reaction): ReliefCause {
  return { operationId, trigger: handled < sequence || operationId !== null ? 'alert' : 'timer' };
}

/** The head with a line about the firewall. Pure. */
export function withReliefLine(
  head: BaselineHead,
  reaction: Reaction,
  { nowIso }: Pick<ReliefRequest, 'nowIso'>,
  { operationId, trigger }: ReliefCause,
  line: ReliefLine,
): BaselineHead {
  return withJournal(head, {
    at: nowIso,
    baseline: head.name,
    operationId: operationId ?? '',
    trigger,
    resource: reaction.target,
    by: 'hubkeeper',
    ...line,
  });
}

export interface ReliefEnd {
  readonly relief: SnatRelief;
  /** The signals that have been looked at. */
  readonly sequence: number;
  readonly line: ReliefLine;
  /** How it ended, for whoever asks for the alert's operation. */
  readonly state: 'succeeded' | 'failed';
  readonly code: string;
  /** When the timer looks again by itself. */
  readonly lookAgainAt: string | null;
  /** The line is in the journal already: looks that find the same again say nothing new. */
  readonly isTold?: boolean;
  /** Whether the metrics allowed no decision; absent: they were not looked at. */
  readonly lacksMetrics?: boolean;
  /** Generation of the baseline that was looked at; absent: the one that this end leaves. */
  readonly generation?: number;
  /** Whether more addresses are wanted than came of it; absent: as before. */
  readonly isUnmet?: boolean;
}

/**
 * Ends a look at a firewall: what came of it is told and remembered, and when signals came meanwhile the same
 * orchestration looks again. Pure.
 */
export function withReliefEnd(
  head: BaselineHead,
  reaction: Reaction,
  request: ReliefRequest,
  end: ReliefEnd,
): { readonly head: BaselineHead; readonly result: ReliefStep } {
  const { operationId } = reaction;
  const { lacksMetrics, relief: before } = end;
  const { blindSince = null } = before;
  const remembered = {
    ...before,
    lookAgainAt: end.lookAgainAt,
    waitingSince: null,
    blindSince: lacksMetrics === true ? (blindSince ?? request.nowIso) : blindSince,
    lookedAtGeneration: end.generation ?? head.generation,
    ...(end.isUnmet === undefined ? {} : { isUnmet: end.isUnmet }),
  };
  const relief = withOutcome(remembered, {
    operationId,
    state: end.state,
    code: end.code,
    message: end.line.reason,
    at: request.nowIso,
  });
  // An alert always gets its answer; the timer's own looks would say the same for as long as it lasts.
  const isTold = end.isTold === true || (lacksMetrics === true && blindSince !== null && operationId === null);
  const noted = withRelief(head, reaction, relief);
  const seen = lacksMetrics === false ? withSightBack(noted, reaction, request) : noted;
  const told = isTold ? seen : withReliefLine(seen, reaction, request, causeOfEnd(reaction, end), end.line);
  const handled = withHandled(told, reaction.kind, reaction.target, end.sequence);
  const ended = withReactionEnded(handled, reaction.kind, reaction.target, request.instanceId);
  return { head: ended.head, result: ended.again ? { next: 'decide', seconds: 0 } : { next: 'end' } };
}

/** The end of a change is told under the change, unless it is the answer to alerts that came since. */
function causeOfEnd(reaction: Reaction, { sequence }: ReliefEnd): ReliefCause {
  const { action } = reliefOf(reaction);
  return action === null || sequence > reaction.handled ? causeOf(reaction) : action;
}

/** Tells that metrics allow a decision again, once, if they did not before. Pure. */
export function withSightBack(head: BaselineHead, { kind, target }: Reaction, request: ReliefRequest): BaselineHead {
  const reaction = reactionOf(head, kind, target);
  const relief = reliefOf(reaction);
  if (reaction === undefined || !relief.blindSince) return head;
  const told = withReliefLine(
    head,
    reaction,
    request,
    { ...causeOf(reaction), operationId: null },
    {
      decision: 'metrics back',
      reason: `The metrics have allowed no decision since ${relief.blindSince}; now they do.`,
    },
  );
  return withRelief(told, reaction, { ...relief, blindSince: null });
}

/** The head with what was adjusted before a change that does not come about. Pure. */
export function withdrawn(head: BaselineHead, { decidedAt, previous }: ReliefAction): BaselineHead {
  const ours = head.adjustments.find(({ id, since }) => id === RELIEF_ADJUSTMENT && since === decidedAt);
  if (ours === undefined) return head;
  const others = head.adjustments.filter((one) => one !== ours);
  return withGeneration({ ...head, adjustments: previous === null ? others : [...others, previous] });
}
