import type { Json } from '../../json.ts';
import { type BaselineHead, type Trigger, withGeneration, withJournal } from '../../state/baseline-head.ts';
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

/** How often looks of the timer that come to the same say so. */
const TELL_AGAIN_AFTER_HOURS = 24;
const HOUR_MS = 3_600_000;

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
 * Ends a look at a firewall: what came of it is remembered, told unless looks of the timer have come to the same during
 * the last day (`isNews`), and when signals came meanwhile the same orchestration looks again. Pure.
 */
export function withReliefEnd(
  head: BaselineHead,
  reaction: Reaction,
  request: ReliefRequest,
  end: ReliefEnd,
): { readonly head: BaselineHead; readonly result: ReliefStep; readonly isNews: boolean } {
  const { operationId } = reaction;
  const { lacksMetrics, relief: before } = end;
  const { blindSince = null } = before;
  // An alert always gets its answer; the timer's own looks would say the same for as long as it lasts.
  const isKnown = (lacksMetrics === true && blindSince !== null) || isToldOf(before, end.code, request.nowIso);
  const isNews = end.isTold !== true && (operationId !== null || !isKnown);
  const remembered = {
    ...before,
    ...(isNews ? { lastTold: { code: end.code, at: request.nowIso } } : {}),
    lookAgainAt: end.lookAgainAt,
    waitingSince: null,
    blindSince: lacksMetrics === true ? (blindSince ?? request.nowIso) : blindSince,
    lookedAtGeneration: end.generation ?? head.generation,
    ...(end.isUnmet === undefined ? {} : { isUnmet: end.isUnmet }),
  };
  const isAgain = Math.max(end.sequence, reaction.handled) < reaction.sequence;
  const line =
    end.lookAgainAt === null || isAgain
      ? end.line
      : { ...end.line, reason: `${end.line.reason} Looks again at ${end.lookAgainAt}.` };
  const relief = withOutcome(remembered, {
    operationId,
    state: end.state,
    code: end.code,
    message: line.reason,
    at: request.nowIso,
  });
  const noted = withRelief(head, reaction, relief);
  const seen = lacksMetrics === false ? withSightBack(noted, reaction, request) : noted;
  const told = isNews ? withReliefLine(seen, reaction, request, causeOfEnd(reaction, end), line) : seen;
  const handled = withHandled(told, reaction.kind, reaction.target, end.sequence);
  const ended = withReactionEnded(handled, reaction.kind, reaction.target, request.instanceId);
  return { head: ended.head, result: ended.again ? { next: 'decide', seconds: 0 } : { next: 'end' }, isNews };
}

function isToldOf({ lastTold }: SnatRelief, code: string, nowIso: string): boolean {
  return lastTold?.code === code && Date.parse(nowIso) - Date.parse(lastTold.at) < TELL_AGAIN_AFTER_HOURS * HOUR_MS;
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

/** Why a step that is recorded and not applied does not come about, and who decided so. */
export interface StepEnd {
  readonly trigger: Trigger | ReliefCause['trigger'];
  readonly by: string;
  readonly reason: string;
  readonly nowIso: string;
}

/** The head without such a step, of which the journal tells. What the relief remembers of it is the caller's. Pure. */
export function withStepWithdrawn(
  head: BaselineHead,
  { target }: Pick<Reaction, 'target'>,
  action: ReliefAction,
  { nowIso, ...end }: StepEnd,
): BaselineHead {
  return withJournal(withdrawn(head, action), {
    at: nowIso,
    baseline: head.name,
    operationId: action.operationId,
    resource: target,
    decision: `scale ${action.direction} taken back`,
    before: action.toAddresses,
    after: action.fromAddresses,
    ...end,
  });
}

/** The head with what was adjusted before a change that does not come about. Pure. */
export function withdrawn(head: BaselineHead, { decidedAt, previous }: ReliefAction): BaselineHead {
  const ours = head.adjustments.find(({ id, since }) => id === RELIEF_ADJUSTMENT && since === decidedAt);
  if (ours === undefined) return head;
  const others = head.adjustments.filter((one) => one !== ours);
  return withGeneration({ ...head, adjustments: previous === null ? others : [...others, previous] });
}
