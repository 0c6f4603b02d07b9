const HOUR_MS = 3_600_000;
/** What has not helped, or keeps dying, is not repeated by the timer before people had time to look. */
const REST_AFTER_FAILURE_HOURS = 24;

/** ISO time until which a reaction rests that has failed now. */
export function afterRest(nowIso: string): string {
  return new Date(Date.parse(nowIso) + REST_AFTER_FAILURE_HOURS * HOUR_MS).toISOString();
}

/** What was refused once may be allowed an hour later; what is refused again and again is tried once a day. */
const REST_AFTER_FIRST_REFUSAL_HOURS = 1;

/** ISO time until which a reaction rests after so many refusals in a row, the one of now included. */
export function afterRefusals(nowIso: string, refusals: number): string {
  const hours = REST_AFTER_FIRST_REFUSAL_HOURS * 2 ** Math.max(0, refusals - 1);
  return new Date(Date.parse(nowIso) + Math.min(hours, REST_AFTER_FAILURE_HOURS) * HOUR_MS).toISOString();
}
