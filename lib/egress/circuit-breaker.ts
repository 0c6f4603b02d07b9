const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Two failures of one target, or three targets within a quarter of an hour: the automation itself is suspect. */
export const FAILURES_PER_TARGET = 2;
export const FAILING_TARGETS = 3;
export const FAILING_TARGETS_WINDOW_MINUTES = 15;
/** How long a target is left alone after its last failure; then one attempt is let through. */
export const TARGET_REST_HOURS = 24;
/** How long everything is left alone after the last of several targets failed. */
export const FLEET_REST_MINUTES = 60;

/** One end of an attempt to change a target. A `reset` is a person's word that the cause is gone. */
export interface Attempt {
  /** ARM id; compared without case. */
  readonly target: string;
  readonly atMs: number;
  readonly outcome: 'succeeded' | 'failed' | 'reset';
}

export interface CircuitState {
  readonly state: 'closed' | 'open';
  readonly code: 'CircuitClosed' | 'TargetFailsAgain' | 'SeveralTargetsFail';
  readonly reason: string;
  /** When it lets an attempt through by itself; null while it is closed. */
  readonly untilMs: number | null;
  readonly failures: number;
}

function newestOf(attempts: readonly Attempt[]): readonly Attempt[] {
  return attempts.toSorted((a, b) => a.atMs - b.atMs);
}

/** When several targets failed close to each other for the last time; null when they never did. */
function fleetFailedAtMs(attempts: readonly Attempt[]): { readonly atMs: number; readonly targets: number } | null {
  const lastReset = Math.max(
    -Infinity,
    ...attempts.filter(({ outcome }) => outcome === 'reset').map(({ atMs }) => atMs),
  );
  const failures = attempts.filter(({ outcome, atMs }) => outcome === 'failed' && atMs > lastReset);
  for (const last of newestOf(failures).toReversed()) {
    const fromMs = last.atMs - FAILING_TARGETS_WINDOW_MINUTES * MINUTE_MS;
    const close = failures.filter(({ atMs }) => atMs > fromMs && atMs <= last.atMs);
    const targets = new Set(close.map(({ target }) => target.toLowerCase())).size;
    if (targets >= FAILING_TARGETS) return { atMs: last.atMs, targets };
  }
  return null;
}

/**
 * Whether a target may be changed now, from how earlier attempts ended. Failures of a target count since its last success
 * or reset; any reset clears what several targets did together. Attempts of later than `nowMs` are not looked at. Pure.
 */
export function circuitOf(attempts: readonly Attempt[], target: string, nowMs: number): CircuitState {
  const past = attempts.filter(({ atMs }) => atMs <= nowMs);
  const own = newestOf(past.filter((attempt) => attempt.target.toLowerCase() === target.toLowerCase()));
  const lastGood = own.findLastIndex(({ outcome }) => outcome !== 'failed');
  const failures = own.slice(lastGood + 1);
  const fleet = fleetFailedAtMs(past);
  if (fleet !== null && nowMs < fleet.atMs + FLEET_REST_MINUTES * MINUTE_MS) {
    const untilMs = fleet.atMs + FLEET_REST_MINUTES * MINUTE_MS;
    return {
      state: 'open',
      code: 'SeveralTargetsFail',
      reason: `${fleet.targets} targets failed within ${FAILING_TARGETS_WINDOW_MINUTES} minutes; nothing is tried until ${new Date(untilMs).toISOString()}.`,
      untilMs,
      failures: failures.length,
    };
  }
  const last = failures.at(-1);
  if (last !== undefined && failures.length >= FAILURES_PER_TARGET) {
    const untilMs = last.atMs + TARGET_REST_HOURS * HOUR_MS;
    if (nowMs < untilMs) {
      return {
        state: 'open',
        code: 'TargetFailsAgain',
        reason: `It failed ${failures.length} times in a row; it is left alone until ${new Date(untilMs).toISOString()} or until a person resets it.`,
        untilMs,
        failures: failures.length,
      };
    }
  }
  return {
    state: 'closed',
    code: 'CircuitClosed',
    reason: 'Nothing speaks against a change.',
    untilMs: null,
    failures: failures.length,
  };
}
