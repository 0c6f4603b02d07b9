import * as z from 'zod';
import { isoTime, sentence } from './common.ts';

/** Body of PUT pause: no baseline starts another write. */
export const pauseRequest = z.strictObject({ reason: sentence });
export type PauseRequest = z.infer<typeof pauseRequest>;

export const pause = z.looseObject({
  paused: z.boolean(),
  reason: z.string().nullish(),
  by: z.string().nullish().describe('Who paused; absent when an app setting did.'),
  since: isoTime.nullish(),
});
export type PauseBody = z.infer<typeof pause>;
