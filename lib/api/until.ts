import { type ApiError, errorOf } from './errors.ts';

/** Longest life of a hold or of an adjustment by hand, in days: what is meant to stay belongs in the spec. */
export const MAX_UNTIL_DAYS = 90;

const DAY_MS = 24 * 60 * 60 * 1000;

/** What is wrong with an end time, seen from `nowMs` (milliseconds since 1970); `null` when nothing is. */
export function errorOfUntil(until: string, nowMs: number): ApiError | null {
  const untilMs = Date.parse(until);
  if (untilMs <= nowMs) {
    return errorOf('InvalidRequest', `until is not in the future: ${until}.`, {
      path: 'until',
      remedy: 'Give a time that is still to come, with its zone.',
    });
  }
  if (untilMs > nowMs + MAX_UNTIL_DAYS * DAY_MS) {
    return errorOf('InvalidRequest', `until is more than ${MAX_UNTIL_DAYS} days away: ${until}.`, {
      path: 'until',
      remedy: `Give a time within ${MAX_UNTIL_DAYS} days, or put what is meant to stay into the spec.`,
    });
  }
  return null;
}
