import * as z from 'zod';
import { BASELINE_NAME } from '../baseline/baseline-name.ts';
import type { Json } from '../json.ts';

/** Any JSON value. Bodies come out of a JSON parser, so all that can be wrong is that it is missing. */
export const jsonValue = z.custom<Json>((value) => value !== undefined, 'must be there');

/** Name of a baseline: 1 to 40 lower-case letters, digits and hyphens, no hyphen at either end. */
export const baselineName = z
  .string()
  .regex(BASELINE_NAME, 'must be 1 to 40 lower-case letters, digits or hyphens')
  .describe('Name of a baseline: 1 to 40 lower-case letters, digits and hyphens, no hyphen at either end.');

/** Id of an adjustment, chosen by whoever records it. */
export const adjustmentId = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9])?$/,
    'must be 1 to 80 letters, digits, dots, underscores or hyphens',
  )
  .describe('Id of an adjustment: 1 to 80 letters, digits, dots, underscores and hyphens.');

/** Id of an operation; also usable as the instance id of an orchestration. */
export const operationId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,90}$/, 'must be 1 to 90 letters, digits, dots, underscores or hyphens')
  .describe('Id of an operation.');

/** Hash of a plan, as the plan itself says it. */
export const planHash = z
  .string()
  .regex(/^[A-Za-z0-9_-]{8,128}$/, 'must be the hash of a plan, 8 to 128 letters, digits, underscores or hyphens')
  .describe('Hash of a plan.');

/** ISO 8601 time with a zone: `2026-03-01T09:30:00Z` or `2026-03-01T10:30:00+01:00`. */
export const isoTime = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time with a zone, such as 2026-03-01T09:30:00Z' })
  .describe('ISO 8601 time with a zone.');

/** One line of text from a person, kept in the journal. */
export const sentence = z
  .string()
  .max(500, 'must have at most 500 characters')
  .regex(/^(?=.*\S)[^\p{Cc}]+$/u, 'must be one line of text, not blank')
  .describe('One line of text.');

/** Who someone is: what `x-hubkeeper-user` carries. Printable ASCII, as HTTP headers must be. */
export const userName = z
  .string()
  .regex(/^[!-~](?:[ -~]{0,98}[!-~])?$/, 'must be 1 to 100 printable ASCII characters, no blank at either end')
  .describe('Name of a person or a system, as in x-hubkeeper-user.');

/** ARM id of one resource. */
export const armId = z
  .string()
  .max(2000, 'must have at most 2000 characters')
  .regex(
    /^\/[Ss]ubscriptions\/[^/\s\p{Cc}]+(?:\/[^/\s\p{Cc}]+)*$/u,
    'must be an ARM id that starts with /subscriptions/',
  )
  .describe('ARM id of a resource.');

/**
 * A part of a baseline: a word such as `egress`, `gateway` or `hub`, a named part such as `spoke:web`, or the ARM id
 * of one resource.
 */
export const scope = z
  .union([
    z
      .string()
      .regex(
        /^[a-z][A-Za-z]{0,39}(?::[A-Za-z0-9](?:[A-Za-z0-9._-]{0,79}))?$/,
        'must be a scope such as egress or spoke:web',
      ),
    armId,
  ])
  .describe(
    'Part of a baseline: everything, hub, spoke:NAME, egress, protection, gateway, or the ARM id of one resource.',
  );

/** Strictness of what Hubkeeper may do by itself, from the strictest to the least strict. */
export const mode = z.enum(['observe', 'create-only', 'no-delete', 'full']);
