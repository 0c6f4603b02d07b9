const HOUR_MS = 3_600_000;
/** What has not helped, or keeps dying, is not repeated by the timer before people had time to look. */
const REST_AFTER_FAILURE_HOURS = 24;

/** ISO time until which a reaction rests that has failed now. */
export function afterRest(nowIso: string): string {
  return new Date(Date.parse(nowIso) + REST_AFTER_FAILURE_HOURS * HOUR_MS).toISOString();
}
