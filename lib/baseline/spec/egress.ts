import { z } from 'zod';
import { existingId, resourceName } from './common.ts';
import { driftMode } from './governance.ts';

export const secureWebhook = z.strictObject({
  objectId: z.guid().describe('Object id of the app registration, in its enterprise application.'),
  identifierUri: z.string().min(1).max(1024).describe('Identifier URI of the app registration, such as api://GUID.'),
  tenantId: z.guid().describe('Tenant of the app registration.'),
});

export const alertReceiver = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2000)
    .describe(
      'Address of this app’s alert intake, without a key: https://APP.azurewebsites.net/api/alerts/secure for a secure webhook, which needs none.',
    ),
  secureWebhook: secureWebhook
    .optional()
    .describe('Microsoft Entra ID signs each call. Without it the intake has to take calls without a key.'),
});

export const actionGroup = z
  .strictObject({
    name: resourceName.optional().describe('Name of the action group that is made.'),
    shortName: z
      .string()
      .regex(/^[A-Za-z0-9 _-]{1,12}$/)
      .default('hubkeeper')
      .describe('Its short name, up to 12 characters.'),
    receiver: alertReceiver.optional().describe('Whom the action group that is made calls. Give this or id.'),
    id: existingId('Microsoft.Insights/actionGroups')
      .optional()
      .describe('Id of an existing action group to use instead; it is not changed.'),
  })
  .refine((group) => (group.receiver === undefined) !== (group.id === undefined), {
    error: 'give either receiver or id',
  });

export const scaleOut = z.strictObject({
  utilizationPercent: z
    .int()
    .min(50)
    .max(94)
    .default(80)
    .describe('SNAT port utilisation, averaged over 5 minutes, from which on addresses are added.'),
  maximumPercent: z
    .int()
    .min(80)
    .max(100)
    .default(95)
    .describe('Highest utilisation of any minute from which on addresses are added whatever the average says.'),
  targetPercent: z
    .int()
    .min(30)
    .max(80)
    .default(60)
    .describe('Utilisation that the new number of addresses is computed for.'),
  mostAddressesPerStep: z.int().min(1).max(100).default(10).describe('Most addresses that one step adds.'),
  cooldownMinutes: z
    .int()
    .min(15)
    .max(1440)
    .default(15)
    .describe('Rest after any change of the addresses, in minutes: the metric needs 10 to 12 to show its effect.'),
});

export const scaleIn = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether addresses that are no longer needed are taken away again.'),
  utilizationPercent: z
    .int()
    .min(10)
    .max(60)
    .default(45)
    .describe('Utilisation that one address less may reach at the fewest instances, during the whole look-back.'),
  lookBackHours: z
    .int()
    .min(24)
    .max(720)
    .default(168)
    .describe('How long demand must have been low, in hours; a week sees every day of the week.'),
  completenessPercent: z.int().min(95).max(100).default(95).describe('Share of the look-back that must have data.'),
  cooldownHours: z.int().min(24).max(720).default(24).describe('Rest after any change of the addresses, in hours.'),
  reservedHours: z
    .int()
    .min(0)
    .max(8760)
    .default(168)
    .describe('How long an address that left the firewall is kept before it is deleted, in hours.'),
});

export const egress = z.strictObject({
  mode: driftMode
    .default('observe')
    .describe(
      'What happens when SNAT ports run out, and when they are plenty again: nothing, reported, proposed for approval, or acted upon. Bounds and pinned addresses are under hub.firewall.publicIps.',
    ),
  scaleOut: scaleOut.prefault({}).describe('When and how addresses are added.'),
  scaleIn: scaleIn.prefault({}).describe('When addresses are taken away again, one at a time.'),
  alertRules: z
    .boolean()
    .optional()
    .describe('Whether alert rules for SNAT port utilisation are made. By default when an action group is given.'),
  alertSeverity: z.int().min(0).max(4).default(1).describe('Severity of the alerts, 0 being the gravest.'),
  actionGroup: actionGroup.optional().describe('Whom the alert rules tell.'),
});
