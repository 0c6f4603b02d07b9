import type { Json } from '../../json.ts';
import { type BaselineHead, withGeneration, withJournal } from '../../state/baseline-head.ts';
import { type Reaction, withHandled, withReactionEnded, withRelief } from '../../state/reactions.ts';
import { type ReliefAction, type SnatRelief, withOutcome } from '../../state/snat-relief.ts';
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

/** The head with a line about the firewall. Pure. */
export function withReliefLine(
  head: BaselineHead,
  reaction: Reaction,
  { nowIso }: ReliefRequest,
  operationId: string | null,
  line: ReliefLine,
): BaselineHead {
  return withJournal(head, {
    at: nowIso,
    baseline: head.name,
    operationId: operationId ?? '',
    trigger: reaction.handled < reaction.sequence || operationId !== null ? 'alert' : 'timer',
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
  const remembered = { ...end.relief, lookAgainAt: end.lookAgainAt, waitingSince: null };
  const relief = withOutcome(remembered, {
    operationId,
    state: end.state,
    code: end.code,
    message: end.line.reason,
    at: request.nowIso,
  });
  const told = end.isTold === true ? head : withReliefLine(head, reaction, request, operationId, end.line);
  const handled = withHandled(withRelief(told, reaction, relief), reaction.kind, reaction.target, end.sequence);
  const ended = withReactionEnded(handled, reaction.kind, reaction.target, request.instanceId);
  return { head: ended.head, result: ended.again ? { next: 'decide', seconds: 0 } : { next: 'end' } };
}

/** The head with what was adjusted before a change that does not come about. Pure. */
export function withdrawn(head: BaselineHead, { decidedAt, previous }: ReliefAction): BaselineHead {
  const ours = head.adjustments.find(({ id, since }) => id === RELIEF_ADJUSTMENT && since === decidedAt);
  if (ours === undefined) return head;
  const others = head.adjustments.filter((one) => one !== ours);
  return withGeneration({ ...head, adjustments: previous === null ? others : [...others, previous] });
}
