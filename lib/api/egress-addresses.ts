import * as z from 'zod';
import { baselineName, isoTime } from './common.ts';
import type { Known } from './known.ts';

/** One public address from which egress leaves, or may leave. */
export const egressAddress = z.looseObject({
  id: z.string().describe('ARM id of the public IP address.'),
  name: z.string(),
  address: z.string().nullable().describe('Null: Azure has not given one yet.'),
  state: z
    .enum(['inUse', 'aboutToBeUsed', 'reserved'])
    .describe(
      'inUse: egress leaves from it now. aboutToBeUsed: it will as soon as it is attached. reserved: attached to nothing, kept for those who allow it.',
    ),
  origin: z
    .enum(['made', 'existing', 'foreign'])
    .describe('made by Hubkeeper, existing: named in the spec by its id, or foreign: attached by somebody else.'),
  through: z.string().describe('ARM id of the firewall or NAT gateway that it belongs to.'),
  prefixId: z.string().optional().describe('ARM id of the public IP prefix that it comes from.'),
  reservedUntil: isoTime
    .optional()
    .describe('Of a reserved one that an adjustment keeps: until when. Absent: nothing says until when.'),
});

/** A public IP prefix: what partners allow as a whole, ahead of time. */
export const egressPrefix = z.looseObject({
  id: z.string(),
  name: z.string(),
  prefix: z.string().nullable().describe('Such as 203.0.113.0/28. Null: Azure has not given one yet.'),
  addresses: z.number().int().describe('How many it has.'),
  taken: z.number().int().nullable().describe('Addresses of it that exist, others’ included. Null: not known yet.'),
  origin: z.enum(['made', 'existing']),
  through: z.string(),
});

/** What partners have to allow. */
export const egressAddressList = z.looseObject({
  baseline: baselineName,
  at: isoTime,
  addresses: z.array(egressAddress).readonly(),
  prefixes: z.array(egressPrefix).readonly(),
});
export type EgressAddressList = Known<typeof egressAddressList>;
