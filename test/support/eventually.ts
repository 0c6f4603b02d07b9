import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 25;
/** Generous: it bounds a broken test, it is not what a test measures. */
const PATIENCE_SECONDS = 30;

/**
 * Looks again and again until there is something to see. For what other processes do, which nobody can await.
 * @throws with `what` when it never comes.
 */
export async function eventually<Value>(
  what: string,
  look: () => Promise<Value | undefined> | Value | undefined,
  patienceSeconds = PATIENCE_SECONDS,
): Promise<Value> {
  const deadlineMs = performance.now() + patienceSeconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadlineMs) throw new Error(`It never came to this: ${what}.`);
    await sleep(LOOK_EVERY_MS);
  }
}
