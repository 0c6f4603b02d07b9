import * as z from 'zod';
import { adjustment, adjustmentEffect } from './adjustment.ts';
import { isoTime, operationId } from './common.ts';
import type { Known } from './known.ts';
import { plan } from './plan.ts';

/** `queued`, `running` and `waiting` go on; the others are final. */
export const operationState = z.enum(['queued', 'running', 'waiting', 'succeeded', 'partial', 'failed', 'stopped']);
export type OperationState = Known<typeof operationState>;

/**
 * `pending`: its dependencies are not done or its lanes are taken. `waiting`: for somebody outside. `skipped`: a
 * dependency failed or the operation was stopped, so it was never started.
 */
export const nodeState = z.enum(['pending', 'waiting', 'running', 'succeeded', 'failed', 'skipped']);

/** For whom or what something waits, and until when. */
export const waitingFor = z.looseObject({
  kind: z.enum(['approval', 'hold', 'pause', 'changeWindow', 'carrier', 'budget', 'backOff', 'other']),
  reason: z.string().describe('One plain sentence.'),
  who: z.string().optional(),
  until: isoTime.optional(),
  planHash: z.string().optional().describe('For an approval: the hash to approve.'),
  cause: z.string().optional().describe('ARM id of the resource whose wait it shares.'),
});
export type WaitingFor = Known<typeof waitingFor>;

/** Something that went wrong, with who must act. */
export const problem = z.looseObject({
  code: z.string(),
  actor: z.enum(['caller', 'operator', 'azure-temporary', 'azure-permanent', 'us']),
  message: z.string(),
  remedy: z.string(),
  resource: z.string().optional(),
});

/** One resource of an operation. */
export const operationNode = z.looseObject({
  id: z.string(),
  state: nodeState,
  kind: z.string().optional(),
  action: z.enum(['create', 'update', 'delete']).optional(),
  startedAt: isoTime.optional(),
  endedAt: isoTime.optional(),
  estimatedMinutes: z.number().optional(),
  waitingFor: waitingFor.optional(),
  attempts: z.number().int().optional().describe('Starts so far.'),
  problem: problem.optional(),
  blockedBy: z.string().optional().describe('The node that failed and that this one needs.'),
});
export type OperationNode = Known<typeof operationNode>;

/** One run of the loop. */
export const operation = z.looseObject({
  id: operationId,
  baseline: z.string(),
  trigger: z.string(),
  state: operationState,
  progress: z.looseObject({
    done: z.number().int(),
    total: z.number().int(),
    criticalPathMinutesLeft: z.number(),
  }),
  nodes: z.array(operationNode).readonly(),
  errors: z.array(problem).readonly(),
  at: isoTime.optional().describe("Time of this answer by the app's own clock; elapsed times are counted to here."),
  requestedBy: z.string().optional(),
  createdAt: isoTime.optional(),
  endedAt: isoTime.optional(),
  scope: z.string().optional(),
  version: z.number().int().optional().describe('Version of the spec.'),
  planHash: z.string().optional(),
  waitingFor: z.array(waitingFor).readonly().optional().describe('What the whole operation waits for.'),
  refused: plan.shape.refused.optional(),
  supersededBy: operationId.optional().describe('The operation with a newer desired state that took over.'),
  setAside: operationId
    .optional()
    .describe('The waiting operation that this one stepped in before: it goes on waiting when this one has ended.'),
  joinedTo: operationId.optional().describe("The operation that does this one's work."),
  plan: plan.optional().describe('The plan that a call for a plan asked for, once it is made.'),
});
export type OperationBody = Known<typeof operation>;

export const operationList = z.looseObject({
  operations: z.array(operation).readonly(),
  next: z.string().nullish().describe('Pass as continuation to read on.'),
});

/** Answer to a call that starts an operation; `Location` carries the operation's address. */
export const accepted = z.looseObject({
  operationId,
  baseline: z.string().optional(),
  version: z.number().int().optional(),
  warnings: plan.shape.warnings,
  adjustment: adjustment.optional().describe('For an adjustment: as it is recorded.'),
  effect: adjustmentEffect.optional().describe('For an adjustment, or its end: what comes of it.'),
});
export type AcceptedBody = Known<typeof accepted>;

/** True when nothing more happens to the operation. */
export function isFinal(state: OperationState): boolean {
  switch (state) {
    case 'queued':
    case 'running':
    case 'waiting':
      return false;
    case 'succeeded':
    case 'partial':
    case 'failed':
    case 'stopped':
      return true;
  }
}
