import { z } from 'zod';
import { existingId, resourceName } from './common.ts';

export const observability = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether a Log Analytics workspace is made or used at all.'),
  workspace: z
    .strictObject({
      name: resourceName.optional().describe('Name of the workspace that is made.'),
      id: existingId('Microsoft.OperationalInsights/workspaces')
        .optional()
        .describe('Id of an existing workspace to use instead; it is not changed.'),
      retentionInDays: z
        .int()
        .min(30)
        .max(730)
        .default(30)
        .describe('How long the workspace that is made keeps its data, in days.'),
      dailyQuotaGb: z.number().positive().optional().describe('Most data taken in a day, in GB; without it no limit.'),
    })
    .prefault({})
    .describe('The Log Analytics workspace for logs and metrics of the network.'),
  diagnosticSettings: z
    .boolean()
    .default(true)
    .describe('Whether every resource that has logs or metrics sends them to the workspace.'),
});
