import * as z from 'zod';
import { jsonValue, planHash } from './common.ts';
import type { Known } from './known.ts';

export const action = z.enum(['create', 'update', 'delete']);
export const risk = z.enum(['safe', 'disruptive', 'destructive']);

/** One property that a change touches. `before` is absent when it is new, `after` when it goes. */
export const propertyDifference = z.looseObject({
  path: z.string(),
  before: jsonValue.optional(),
  after: jsonValue.optional(),
});

/** One line of a plan. */
export const change = z.looseObject({
  id: z.string().describe('ARM id of the resource.'),
  kind: z.string(),
  action,
  risk,
  owner: z.string().describe('Who declared it: spec, adjustment or ingress.'),
  reason: z.string(),
  diff: z.array(propertyDifference).readonly(),
  estimatedMinutes: z.number(),
  scope: z.string().optional(),
  dependsOn: z.array(z.string()).readonly().optional(),
  lanes: z.array(z.string()).readonly().optional(),
});

/** A change that is not made, and why. */
export const refusal = z.looseObject({
  id: z.string(),
  why: z.string(),
  code: z.string().optional(),
  cause: z.string().optional().describe('ARM id of the resource whose refusal it shares.'),
  diff: z.array(propertyDifference).readonly().optional().describe('What differs and cannot be changed in place.'),
});

/** An ordered change set. Approval is of its hash. */
export const plan = z.looseObject({
  hash: planHash,
  changes: z.array(change).readonly(),
  criticalPathMinutes: z.number(),
  refused: z.array(refusal).readonly(),
  baseline: z.string().optional(),
  version: z.number().int().optional().describe('Version of the spec that the plan was made of.'),
  warnings: z
    .array(z.looseObject({ code: z.string(), path: z.string(), message: z.string(), remedy: z.string() }))
    .readonly()
    .optional()
    .describe('What the spec allows but its author should know.'),
});

export type PlanBody = Known<typeof plan>;
export type ChangeBody = Known<typeof change>;
export type RefusalBody = Known<typeof refusal>;
export type DifferenceBody = Known<typeof propertyDifference>;
