import * as z from 'zod';
import { isoTime, sentence } from './common.ts';
import type { Known } from './known.ts';

/** Body of PUT pause: no baseline starts another write. */
export const pauseRequest = z.strictObject({ reason: sentence });
export type PauseRequest = Known<typeof pauseRequest>;

export const pause = z.looseObject({
  paused: z.boolean(),
  reason: z.string().nullish(),
  by: z.string().nullish().describe('Who paused; absent when an app setting did.'),
  since: z.string().nullish().describe('ISO 8601 time with a zone; absent or empty while nothing is paused.'),
  at: isoTime.optional().describe("Time of this answer by the app's own clock."),
});
export type PauseBody = Known<typeof pause>;
