import * as z from 'zod';
import { isoTime, jsonValue, operationId, planHash } from './common.ts';
import type { Known } from './known.ts';

/** One comparison of a baseline with Azure. */
export const driftScan = z.looseObject({
  operationId,
  at: isoTime,
  comparedCount: z.number().int().describe('Resources that were compared.'),
  notComparedCount: z.number().int().describe('Resources that were not looked at this time.'),
  foundCount: z.number().int().describe('Properties that were not as declared.'),
});
export type DriftScanBody = Known<typeof driftScan>;

/** Who made a change, as its event says. */
export const changeAuthor = z.looseObject({
  name: z.string().nullable(),
  objectId: z.string().nullable(),
  appId: z.string().nullable(),
});

/** The latest change of the resource, as far as an event told of it. */
export const changeOrigin = z.looseObject({
  at: isoTime,
  author: changeAuthor.nullish().describe('Null when the event names nobody.'),
  correlationId: z.string().nullish().describe("Finds the change in Azure's activity log."),
  deleted: z
    .string()
    .optional()
    .describe('ARM id of what it deleted: the resource, or the other side of its peering; absent: it deleted nothing.'),
});
export type ChangeOriginBody = Known<typeof changeOrigin>;

/** One property that is not as declared although it was. */
export const drift = z.looseObject({
  id: z.string().describe('ARM id of the resource.'),
  kind: z.string(),
  path: z.string().describe('Property path; empty: the resource itself is gone.'),
  before: jsonValue
    .optional()
    .describe('As found; absent: not there. Secrets are redacted; of long values, what only this side has, as text.'),
  after: jsonValue.optional().describe('As declared; absent: not declared.'),
  policy: z.enum(['enforce', 'approve', 'report', 'ignore']).describe('What may be done about it without a person.'),
  state: z
    .enum(['puttingRight', 'waiting', 'refused', 'reported', 'ignored', 'failed'])
    .describe('What is being done about it.'),
  code: z.string().describe('What it waits for, or why nothing is done; empty while it is put right.'),
  why: z.string().describe('One plain sentence; empty while it is put right.'),
  until: isoTime.nullish().describe('When a wait ends; null when that is not known.'),
  origin: changeOrigin.nullish().describe('Null while no event has told who it was.'),
  firstSeenAt: isoTime,
  lastSeenAt: isoTime,
  operationId,
  approvePlanHash: planHash.optional().describe('Approving the plan with this hash lets it go on.'),
});
export type DriftBody = Known<typeof drift>;

/** A property that another writer changed back so often that Hubkeeper leaves it. */
export const driftConflict = z.looseObject({
  id: z.string(),
  kind: z.string(),
  path: z.string(),
  putRight: z
    .array(z.looseObject({ at: isoTime, operationId }))
    .readonly()
    .describe('What Hubkeeper did.'),
  changedBack: z
    .array(z.looseObject({ at: isoTime.describe('When it was seen.'), origin: changeOrigin.nullish() }))
    .readonly()
    .describe('What the other writer did.'),
  stopped: z.boolean().describe('False: Hubkeeper only pauses before it puts it right again.'),
  until: isoTime.describe(
    'Until when it is left alone, unless somebody reconciles by hand or changes the spec before.',
  ),
});
export type DriftConflictBody = Known<typeof driftConflict>;

/** An entry that others put into a resource of the baseline. */
export const foreignEntry = z.looseObject({
  id: z.string().describe('ARM id of the resource that has it.'),
  kind: z.string(),
  path: z.string().describe('Path of the entry, such as `properties.securityRules[theirs]`.'),
  description: z.string().describe('What it is in a few words, without secrets; empty where the path says all.'),
  origin: changeOrigin.nullish().describe('Null while no event has told who it was.'),
  firstSeenAt: isoTime.describe('When it was seen first, or first as it is now.'),
  lastSeenAt: isoTime,
  operationId,
});
export type ForeignEntryBody = Known<typeof foreignEntry>;

/** What is known of the drift of one baseline. */
export const baselineDrift = z.looseObject({
  lastScan: driftScan.nullish().describe('The last comparison of everything on a schedule; null: none yet.'),
  lastLook: driftScan.nullish().describe('The last comparison of resources that events named; null: none yet.'),
  drifts: z.array(drift).readonly(),
  moreDriftsCount: z.number().int().describe('Drifts beyond those listed.'),
  conflicts: z.array(driftConflict).readonly(),
  unmanaged: z
    .array(z.looseObject({ id: z.string(), type: z.string() }))
    .readonly()
    .describe('In managed resource groups and not ours; never touched.'),
  unmanagedCount: z.number().int().describe('All of them, those beyond the list too.'),
  unmanagedAt: isoTime.nullish().describe('When a scan looked for them last; null: none has yet.'),
  foreignEntries: z
    .array(foreignEntry)
    .readonly()
    .describe('In resources of the baseline, and neither declared nor written by Hubkeeper; never touched.'),
  foreignEntryCount: z.number().int().describe('All of them, those beyond the list too.'),
});
export type BaselineDriftBody = Known<typeof baselineDrift>;

/** The same in figures, for the list of baselines. */
export const driftCounts = z.looseObject({
  openCount: z.number().int().describe('Properties that are not as declared and not ignored.'),
  openResourceCount: z.number().int().describe('Resources that they are in, as far as drifts are listed.'),
  waitingCount: z.number().int().describe('Of these, what waits for somebody or something.'),
  conflictCount: z.number().int().describe('Properties left to another writer.'),
  unmanagedCount: z.number().int(),
  foreignEntryCount: z.number().int().describe('Entries of others in resources of the baseline.'),
  lastScanAt: isoTime.nullish(),
});
export type DriftCountsBody = Known<typeof driftCounts>;
