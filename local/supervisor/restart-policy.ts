/** The unexpected end of a process. */
export interface UnexpectedEnd {
  readonly atMs: number;
  /** It failed by itself: an exit, or a start that never became ready. False when a signal from outside ended it. */
  readonly byItself: boolean;
}

/** A process that fails by itself this often within the window is broken and would go on failing. */
export const MAXIMUM_OWN_FAILURES = 5;
export const WINDOW_SECONDS = 60;

/**
 * Whether a process is started again after its last unexpected end. Whoever kills it from outside gets it back however
 * often; one that keeps failing by itself is given up.
 */
export function mayRestart(ends: readonly UnexpectedEnd[], nowMs: number): boolean {
  const recentMs = nowMs - WINDOW_SECONDS * 1000;
  return ends.filter((end) => end.byItself && end.atMs > recentMs).length < MAXIMUM_OWN_FAILURES;
}
