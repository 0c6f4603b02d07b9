import type { ArmRefusal } from '../azure/arm-answer.ts';
import type { Problem } from '../problem.ts';

/** First pause after a refusal, and the longest: operators of hub-and-spoke networks back off from 10 to 180 seconds. */
const FIRST_PAUSE_SECONDS = 10;
const LONGEST_PAUSE_SECONDS = 180;
/** Somebody else's operation may be a gateway (45 minutes): 20 tries wait 53 minutes in all. */
const TRIES_WHILE_LOCKED = 20;
/** A fresh grant takes up to 10 minutes to be seen; 8 tries wait 13 minutes. */
const TRIES_WHILE_REFUSED = 8;
/** A failed operation may have taken 45 minutes: what has failed so often fails again. */
const TRIES_OF_FAILING_OPERATIONS = 3;
/** Reading again after somebody was faster. */
const TRIES_AFTER_CONFLICT = 8;
const CONFLICT_PAUSE_SECONDS = 5;
/** A token that has expired is renewed at once. */
const EXPIRED_TOKEN_CODE = 'ExpiredAuthenticationToken';

const LOCK_CODES = new Set([
  'AnotherOperationInProgress',
  'RetryableErrorDueToAnotherOperation',
  'ReferencedResourceNotProvisioned',
  'RetryableError',
  'ResourceGroupBeingDeleted',
  'LaneHeldByAnotherBaseline',
]);

/**
 * Seconds to wait before a refused write is tried again; `null`: do not try again.
 * `refusals` counts this one and those right before it, so it is 1 the first time.
 */
export function pauseAfterRefusal(refusal: ArmRefusal, refusals: number): number | null {
  const { disposition, problem, retryAfterSeconds } = refusal;
  if (disposition === 'stop') return null;
  if (problem.code === EXPIRED_TOKEN_CODE) return refusals < TRIES_WHILE_REFUSED ? 1 : null;
  if (disposition === 'reread') return refusals < TRIES_AFTER_CONFLICT ? CONFLICT_PAUSE_SECONDS : null;
  const tries = LOCK_CODES.has(problem.code)
    ? TRIES_WHILE_LOCKED
    : refusal.failedOperation
      ? TRIES_OF_FAILING_OPERATIONS
      : TRIES_WHILE_REFUSED;
  if (refusals >= tries) return null;
  const backoffSeconds = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (refusals - 1));
  return Math.max(backoffSeconds, retryAfterSeconds ?? 0);
}

/** The problem of a write that is not tried again: what was said to pass by itself has not, so somebody must act. */
export function problemOfGivenUp({ disposition, problem, givenUp }: ArmRefusal, refusals: number): Problem {
  if (disposition === 'stop') return problem;
  return { ...problem, ...givenUp, message: `${problem.message} It was tried ${refusals} times.` };
}

/** An operation that has not ended after three times its usual length, at least half an hour, is given up. */
export function deadlineMs(startedAtMs: number, estimatedMinutes: number): number {
  return startedAtMs + Math.max(30, 3 * estimatedMinutes) * 60_000;
}
