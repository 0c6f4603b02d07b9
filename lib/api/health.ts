import * as z from 'zod';
import { isoTime } from './common.ts';
import type { Known } from './known.ts';

/** One thing that the app checked about itself. */
export const healthCheck = z.looseObject({
  name: z.string().describe('Such as identity, storage, queueAge, reconcilerTimer, egressTimer, driftTimer.'),
  state: z.enum(['ok', 'failed', 'unknown']),
  message: z.string().describe('One plain sentence, with the figure.'),
  remedy: z.string().optional(),
  at: isoTime.nullish().describe('For timers: the last run.'),
});

/** `ok`: everything works. `degraded`: some function does not. `failed`: nothing can be reconciled. */
export const health = z.looseObject({
  status: z.enum(['ok', 'degraded', 'failed']),
  checks: z.array(healthCheck).readonly(),
  version: z.string().optional(),
  at: isoTime.optional().describe("Time of this answer by the app's own clock."),
});
export type HealthBody = Known<typeof health>;
