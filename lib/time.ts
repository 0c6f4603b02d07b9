/** Tells the time. Decisions get their time as a parameter; only edges call this. */
export type TimeSource = () => Promise<Date>;

/** Longest wait for a time server's answer. */
const TIME_TIMEOUT_MS = 5_000;

/**
 * The machine's clock, or the clock behind `timeUrl` where one is set.
 * @throws Error when the time server does not answer with an ISO time in `now`.
 */
export function createTimeSource(timeUrl: string | undefined): TimeSource {
  if (timeUrl === undefined) return async () => new Date();
  return async () => {
    const response = await fetch(timeUrl, { signal: AbortSignal.timeout(TIME_TIMEOUT_MS) });
    const body: unknown = await response.json();
    const text = typeof body === 'object' && body !== null && 'now' in body ? String(body.now) : '';
    const now = new Date(text);
    if (!response.ok || Number.isNaN(now.getTime()))
      throw new Error(`No time from ${timeUrl} (HTTP ${response.status}).`);
    return now;
  };
}
