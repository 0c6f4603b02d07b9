import * as z from 'zod';
import { baselineName, isoTime, jsonValue, scope, sentence } from './common.ts';
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

/** A public address that is on nothing and is kept for those who allow it. */
export const keptAddress = z.looseObject({ name: z.string(), until: isoTime });

export const adjustment = z.looseObject({
  id: z.string(),
  kind: z.string(),
  scope: z.string(),
  target: z.string(),
  value: jsonValue,
  reason: z.string(),
  since: isoTime,
  until: isoTime.nullable().describe('Null: until the measurement that caused it has gone back.'),
  overriddenBy: z
    .string()
    .optional()
    .describe('Id of the newer adjustment of the same thing that counts in its place; absent: it counts itself.'),
  keeps: z
    .array(keptAddress)
    .readonly()
    .optional()
    .describe('Of one baseline: the addresses that it keeps and that are on nothing.'),
});
export type AdjustmentBody = Known<typeof adjustment>;

/** What comes of recording an adjustment, or of ending one. */
export const adjustmentEffect = z.looseObject({
  overrides: z
    .array(adjustment)
    .readonly()
    .describe('Adjustments of the same thing that do not count while this one lives.'),
  countAgain: z.array(adjustment).readonly().describe('Those that this one had overridden and that count again.'),
  takesOff: z.array(z.string()).readonly().describe('Names of public addresses that leave the firewall.'),
  deletes: z.array(z.string()).readonly().describe('Names of public addresses that are deleted.'),
  keeps: z.array(keptAddress).readonly().describe('Public addresses that are on nothing and are kept.'),
});
export type AdjustmentEffectBody = Known<typeof adjustmentEffect>;

/** Answer to a dry run of PUT or DELETE adjustment. */
export const adjustmentPreview = z.looseObject({
  baseline: baselineName,
  adjustment: adjustment.optional().describe('As it would be recorded; absent where one would be ended.'),
  effect: adjustmentEffect.optional().describe('Absent when the spec in force cannot be read.'),
});
