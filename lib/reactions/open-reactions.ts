import type { OpenReactionBody } from '../api/reaction.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import { openAlerts, type Reaction, reactionsOf, reliefOf, restEndOf } from '../state/reactions.ts';
import type { ReliefOutcome, SnatRelief } from '../state/snat-relief.ts';
import { ALERT_COUNTS_FOR_HOURS } from './snat/relief-names.ts';
import { GIVEN_UP_CODE } from './watch-reactions.ts';

const HOUR_MS = 3_600_000;

type Standing = Pick<OpenReactionBody, 'state' | 'code' | 'why' | 'at' | 'until' | 'operationId'>;

/**
 * What the reactions of a baseline have not come to the end of: an alert that is open, ports that are short, a change
 * under way, or what was given up. Nothing that is over is among them. Pure.
 */
export function openReactions(head: BaselineHead, nowIso: string): readonly OpenReactionBody[] {
  if (head.specVersion === 0) return [];
  const since = new Date(Date.parse(nowIso) - ALERT_COUNTS_FOR_HOURS * HOUR_MS).toISOString();
  return reactionsOf(head).flatMap((reaction) => {
    const { kind, target, signal } = reaction;
    const alerts = openAlerts(reaction, since);
    const standing = standingOf(reaction, nowIso);
    const isOpen = alerts.length > 0 || reliefOf(reaction).isUnmet === true;
    if (!isOpen && standing.state === 'nothingUnderWay') return [];
    const [openSince = null] = alerts.map(({ firedAt }) => firedAt).sort();
    const valuePercent = signal?.valuePercent ?? null;
    return [{ kind, target, openAlertCount: alerts.length, openSince, valuePercent, ...standing }];
  });
}

function standingOf(reaction: Reaction, nowIso: string): Standing {
  const relief = reliefOf(reaction);
  const { action, waitingSince, lookAgainAt } = relief;
  const restEnd = restEndOf(reaction);
  const last = lastLookOf(relief);
  const untold = { code: '', why: '', at: null, until: null, operationId: reaction.operationId };
  if (restEnd !== null && restEnd > nowIso) return { ...untold, ...givenUp(last), state: 'givenUp', until: restEnd };
  if (action !== null) {
    const { reason, decidedAt, operationId } = action;
    return { ...untold, state: 'acting', why: reason, at: decidedAt, operationId };
  }
  if (waitingSince !== null) return { ...untold, state: 'waiting', at: waitingSince };
  if (reaction.handled < reaction.sequence) return { ...untold, state: 'looking' };
  const { code, message, at, operationId } = last;
  return { state: 'nothingUnderWay', code, why: message, at, until: lookAgainAt, operationId };
}

type LastLook = Pick<ReliefOutcome, 'code' | 'message'> & {
  readonly at: string | null;
  readonly operationId: string | null;
};

/** What the last look came to. Of one that no alert had asked for only the code is kept, unless an alert was told the same. */
function lastLookOf({ lastTold, outcomes }: SnatRelief): LastLook {
  const answered = outcomes.at(-1);
  if (!lastTold || answered?.code === lastTold.code)
    return answered ?? { code: '', message: '', at: null, operationId: null };
  return { code: lastTold.code, message: '', at: lastTold.at, operationId: null };
}

function givenUp({ code, message, at }: LastLook): Pick<Standing, 'code' | 'why' | 'at'> {
  if (code === GIVEN_UP_CODE) return { code, why: message, at };
  const why = 'It kept dying over the same signals: the next alert or event starts it again at once.';
  return { code: GIVEN_UP_CODE, why, at: null };
}
