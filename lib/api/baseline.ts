import * as z from 'zod';
import { adjustment } from './adjustment.ts';
import { baselineName, isoTime, mode, operationId, planHash, scope } from './common.ts';
import { baselineDrift, driftCounts } from './drift.ts';
import { hold } from './hold.ts';
import type { Known } from './known.ts';
import { accepted, operationState, problem, waitingFor } from './operation.ts';
import { plan } from './plan.ts';
import { openReaction } from './reaction.ts';

/** An operation that has begun and not ended. */
export const liveOperation = z.looseObject({
  id: operationId,
  trigger: z.string(),
  state: operationState,
  waitingFor: z.array(waitingFor).readonly().describe('What it, or a part of it, waits for; empty: for nothing.'),
});
export type LiveOperationBody = Known<typeof liveOperation>;

/** A baseline as the list shows it. */
export const baselineSummary = z.looseObject({
  name: baselineName,
  version: z.number().int().describe('0: no spec is in force, since the baseline was torn down.'),
  mode,
  lastResult: z
    .looseObject({ state: operationState, operationId: z.string(), at: isoTime })
    .nullish()
    .describe('Null until the first run.'),
  adjustments: z.array(adjustment).readonly(),
  hold: hold.nullish().describe('Null when nothing is held.'),
  currentOperationId: z.string().nullish().describe('The operation that runs or waits; null when none does.'),
  setAsideOperationId: z
    .string()
    .nullish()
    .describe('The operation that waits while the current one has stepped in before it; null when none does.'),
  besideOperationIds: z
    .array(z.string())
    .readonly()
    .optional()
    .describe(
      'Operations that have stepped in, have to wait for somebody themselves, and do so beside the current one.',
    ),
  liveOperations: z
    .array(liveOperation)
    .readonly()
    .optional()
    .describe('The current operation, the one that is set aside for it and those beside it, with what they wait for.'),
  teardown: z.boolean().optional().describe('True while the baseline is to be torn down.'),
  reactions: z
    .array(openReaction)
    .readonly()
    .optional()
    .describe('What alerts and events have asked for and is not over, acted on or not.'),
  driftCounts: driftCounts.optional().describe('What is known of drift, in figures.'),
  driftProblem: problem.optional().describe('Why what is known of drift cannot be read, and what to do about it.'),
});
export type BaselineSummary = Known<typeof baselineSummary>;

export const baselineList = z.looseObject({
  baselines: z.array(baselineSummary).readonly(),
  at: isoTime.optional().describe("Time of this answer by the app's own clock."),
});

/** One baseline alone adds its spec and its drift. */
export const baseline = z.looseObject({
  ...baselineSummary.shape,
  spec: z.record(z.string(), z.unknown()),
  drift: baselineDrift.optional().describe('What is known of changes made behind the back of the spec.'),
});
export type BaselineBody = Known<typeof baseline>;

/** Body of POST reconcile. With `planHash` exactly that plan is run, or nothing. */
export const reconcileRequest = z.strictObject({
  scope: scope.optional(),
  planHash: planHash.optional(),
});
export type ReconcileRequest = Known<typeof reconcileRequest>;

/** Answer to DELETE: the teardown waits for the approval of this plan. */
export const teardownAccepted = z.looseObject({
  ...accepted.shape,
  planHash,
  plan,
  expiresAt: isoTime.optional(),
});
