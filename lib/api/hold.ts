import * as z from 'zod';
import { isoTime, scope, sentence, userName } from './common.ts';
import type { Known } from './known.ts';

/** Body of PUT hold: nothing in its scope is written until it ends. */
export const holdRequest = z.strictObject({
  owner: userName.describe('Who answers for the incident.'),
  reason: sentence,
  until: isoTime,
  scope: scope.optional(),
});
export type HoldRequest = Known<typeof holdRequest>;

export const hold = z.looseObject({
  owner: z.string(),
  reason: z.string(),
  until: isoTime,
  scope: z.string().optional().describe('Absent: the entire baseline.'),
  since: isoTime.optional(),
});
export type HoldBody = Known<typeof hold>;
