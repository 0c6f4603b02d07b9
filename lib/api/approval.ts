import * as z from 'zod';
import { isoTime, planHash, sentence } from './common.ts';
import type { Known } from './known.ts';
import { plan } from './plan.ts';

export const decision = z.enum(['approve', 'reject']);

/** Body of POST approval. */
export const approvalRequest = z.strictObject({
  decision,
  comment: sentence.optional(),
});
export type ApprovalRequest = Known<typeof approvalRequest>;

/** A plan that waits for somebody's decision. */
export const approval = z.looseObject({
  planHash,
  baseline: z.string(),
  requestedBy: z.string(),
  expiresAt: isoTime,
  adjustments: z
    .array(z.looseObject({ id: z.string(), by: z.string(), reason: z.string() }))
    .readonly()
    .optional()
    .describe('The adjustments that it carries out, and why each was made.'),
  plan,
  operationId: z.string().optional(),
});
export type ApprovalBody = Known<typeof approval>;

export const approvalList = z.looseObject({ approvals: z.array(approval).readonly() });

/** Answer to POST approval. */
export const approvalResult = z.looseObject({
  planHash,
  decision,
  baseline: z.string(),
  operationId: z.string().optional().describe('The operation that goes on with it.'),
});
