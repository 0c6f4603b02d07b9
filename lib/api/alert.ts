import * as z from 'zod';

/** What an alert must have at least; Microsoft documents the rest, and none of it is relied on. */
export const alertBody = z
  .looseObject({
    schemaId: z.string().describe('azureMonitorCommonAlertSchema.'),
    data: z
      .looseObject({
        essentials: z
          .looseObject({
            alertId: z.string().describe('Id of the alert instance.'),
            monitorCondition: z.string().describe('Fired or Resolved.'),
          })
          .describe('The part that all alerts have.'),
        alertContext: z.looseObject({}).describe('The part that depends on the kind of alert.'),
      })
      .describe('The alert.'),
  })
  .describe('An alert of Azure Monitor in the common alert schema, at most 256 KB.');

/** What became of an alert. */
export const alertAnswer = z
  .looseObject({
    recognised: z
      .array(
        z.looseObject({
          target: z.string().describe('ARM id of the resource.'),
          reaction: z.string().describe('Reaction that looks into it, such as relieveSnatExhaustion.'),
          operationId: z.string().describe('Operation under which it goes on.'),
        }),
      )
      .readonly(),
    ignored: z
      .array(
        z.looseObject({
          target: z.string().describe('ARM id as the alert spells it; empty when it names no resource.'),
          why: z.string().describe('Why nothing is done.'),
        }),
      )
      .readonly(),
  })
  .describe('What was recognised and recorded, and what was not and why.');
