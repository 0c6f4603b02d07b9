import * as z from 'zod';
import { armId, baselineName, isoTime, jsonValue, operationId } from './common.ts';
import type { Known } from './known.ts';

/** One decision: what was done, or not, and why. */
export const journalEntry = z.looseObject({
  at: isoTime,
  baseline: z.string().nullish(),
  operationId: z.string().nullish(),
  trigger: z.string(),
  resource: z.string().nullish(),
  decision: z.string(),
  reason: z.string(),
  by: z.string().nullish().describe('Who asked for it.'),
  before: jsonValue
    .optional()
    .describe(
      'What was there before the decision was carried out. Of a decision about drift (`drift found`, `drift changed`, `drift explained`, `drift reported`, `drift ignored`, `drift gone`, or `waiting` and `refused` with both sides): as found in Azure, by property path; a path that is missing here was not there.',
    ),
  after: jsonValue
    .optional()
    .describe(
      'What is there after it, or what the decision rests on, such as its figures. Of a decision about drift: as declared, by property path, which is what putting it right would make of it. Nothing has been changed to that; a path that is missing here is not declared.',
    ),
});
export type JournalEntry = Known<typeof journalEntry>;

export const journal = z.looseObject({
  entries: z.array(journalEntry).readonly().describe('Oldest first, in every order.'),
  next: z.string().nullish().describe('Pass as continuation to read on, or back with `order=newest`; null at the end.'),
});
export type JournalBody = Known<typeof journal>;

/** Query of GET journal. Other parameters are ignored. */
export const journalQuery = z.object({
  baseline: baselineName.optional(),
  since: isoTime.optional(),
  resource: armId.optional(),
  operation: operationId.optional(),
  order: z
    .enum(['oldest', 'newest'])
    .optional()
    .describe('Which entries come first: the oldest (default), or the newest, from which `next` leads back.'),
  limit: z.coerce.number().int().min(1).max(1000).optional().describe('Most entries in one answer.'),
  continuation: z.string().max(2000).optional().describe('`next` of the answer before.'),
});
export type JournalQuery = Known<typeof journalQuery>;

/** Query of GET operations. */
export const operationsQuery = z.object({
  baseline: baselineName.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional().describe('Most operations in one answer.'),
  continuation: z.string().max(2000).optional().describe('`next` of the answer before.'),
});
export type OperationsQuery = Known<typeof operationsQuery>;
