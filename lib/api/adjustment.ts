import * as z from 'zod';
import { isoTime, jsonValue, scope, sentence } from './common.ts';
import type { Known } from './known.ts';

/** What is adjusted, such as `firewallPublicIpCount`. */
export const adjustmentKind = z
  .string()
  .regex(/^[a-z][A-Za-z]{0,59}$/, 'must be a word such as firewallPublicIpCount')
  .describe('What is adjusted.');

/** Body of PUT adjustment: a change of the desired state that ends by itself. */
export const adjustmentRequest = z.strictObject({
  kind: adjustmentKind,
  scope: scope.optional(),
  target: z
    .string()
    .max(2000, 'must have at most 2000 characters')
    .regex(/^(?=.*\S)[^\p{Cc}]+$/u, 'must be the ARM id or the name of what is adjusted')
    .describe('ARM id or name of what is adjusted.'),
  value: jsonValue.describe('The value while the adjustment lives; its bounds are those of the spec.'),
  reason: sentence,
  until: isoTime,
});
export type AdjustmentRequest = Known<typeof adjustmentRequest>;

export const adjustment = z.looseObject({
  id: z.string(),
  kind: z.string(),
  scope: z.string(),
  target: z.string(),
  value: jsonValue,
  reason: z.string(),
  since: isoTime,
  until: isoTime.nullable().describe('Null: until the measurement that caused it has gone back.'),
});
export type AdjustmentBody = Known<typeof adjustment>;
