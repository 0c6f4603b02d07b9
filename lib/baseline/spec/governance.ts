import { z } from 'zod';

export const mode = z.enum(['observe', 'create-only', 'no-delete', 'full']);

export const approvals = z.strictObject({
  requiredFor: z
    .enum(['none', 'destructive', 'disruptive', 'all'])
    .default('destructive')
    .describe('From which risk on a plan needs the approval of a person.'),
  selfApproval: z.boolean().default(false).describe('Whether the person who asked for a change may also approve it.'),
  expiresAfterHours: z
    .int()
    .min(1)
    .max(720)
    .default(24)
    .describe('How long a plan waits for approval, in hours, before it expires.'),
});

export const driftMode = z.enum(['off', 'observe', 'propose', 'act']);

export const drift = z.strictObject({
  mode: driftMode
    .default('observe')
    .describe(
      'What happens to changes made behind the back of this spec: nothing, reported, proposed for approval, or put right.',
    ),
  policies: z
    .array(
      z
        .strictObject({
          scope: z
            .string()
            .min(1)
            .optional()
            .describe('Part of the baseline, such as hub, egress, spoke:NAME, or the id of a resource.'),
          kind: z.string().min(1).optional().describe('Kind of resource, such as routeTable.'),
          path: z
            .string()
            .min(1)
            .max(200)
            .optional()
            .describe('Property path or its beginning, such as properties.routes[].properties; [] is every entry.'),
          policy: z
            .enum(['enforce', 'approve', 'report', 'ignore'])
            .describe('Put right, put right once somebody approves, left and told, or left.'),
        })
        .refine(
          ({ scope, kind, path }) => scope !== undefined || kind !== undefined || path !== undefined,
          'needs a scope, a kind or a path; for everything there is drift.mode',
        ),
    )
    .max(100)
    .default([])
    .describe('What happens to drift of single parts; the strictest of all that match and drift.mode holds.'),
});

export const budgets = z.strictObject({
  perRun: z.int().min(0).default(20).describe('How many unattended updates and deletes one run may make.'),
  perDay: z.int().min(0).default(60).describe('How many unattended updates and deletes one day may bring.'),
  percentPerRun: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('The same in percent of the resources that Hubkeeper made or manages; the stricter of both holds.'),
  percentPerDay: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('The same for a day, in percent of these resources; the stricter of both holds.'),
});

export const changeWindow = z.strictObject({
  days: z
    .array(z.enum(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']))
    .min(1)
    .describe('Days on which the window opens.'),
  start: z
    .string()
    .regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time of day as HH:MM, such as "21:00"')
    .describe('When it opens, as HH:MM in the window’s time zone.'),
  durationMinutes: z
    .int()
    .min(15)
    .max(7 * 24 * 60)
    .describe('How long it stays open, in minutes.'),
  timeZone: z.string().min(1).default('UTC').describe('IANA time zone, such as Europe/Berlin.'),
  appliesTo: z
    .enum(['destructive', 'disruptive', 'all'])
    .default('disruptive')
    .describe('From which risk on a change waits for a window.'),
});
