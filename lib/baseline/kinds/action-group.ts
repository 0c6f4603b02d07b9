import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { FIXED_LOCATION } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { foreignEntries } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

const WEBHOOKS = 'properties.webhookReceivers';

/** Lists of receivers that an action group has; Azure answers each of them, empty where there is none. */
const RECEIVERS = [
  'emailReceivers',
  'smsReceivers',
  'webhookReceivers',
  'itsmReceivers',
  'azureAppPushReceivers',
  'automationRunbookReceivers',
  'voiceReceivers',
  'logicAppReceivers',
  'azureFunctionReceivers',
  'armRoleReceivers',
  'eventHubReceivers',
  'incidentReceivers',
] as const;

/** An action group with one webhook, signed by Microsoft Entra ID wherever the spec names the app registration. */
export const actionGroup: ResourceKind = {
  name: 'actionGroup',
  type: 'Microsoft.Insights/actionGroups',
  apiVersion: '2024-10-01-preview',
  observe: { by: 'subscription' },
  etag: 'ignored',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: [
      'etag',
      'kind',
      'systemData',
      'identity.principalId',
      'identity.tenantId',
      'properties.provisioningState',
      'properties.emailReceivers[].status',
      'properties.smsReceivers[].status',
    ],
    // Receivers that others added to the group stay: they are paged too.
    entries: RECEIVERS.map((name) => ({ path: `properties.${name}`, key: 'name', foreign: 'keep' as const })),
    sets: [],
    ignoreCase: [`${WEBHOOKS}[].objectId`, `${WEBHOOKS}[].tenantId`],
    defaults: {
      'properties.enabled': true,
      [`${WEBHOOKS}[].useCommonAlertSchema`]: false,
      [`${WEBHOOKS}[].useAadAuth`]: false,
      ...Object.fromEntries(RECEIVERS.map((name) => [`properties.${name}`, []])),
    },
    immutable: { location: FIXED_LOCATION },
    // Others put keys into these addresses.
    secret: [
      `${WEBHOOKS}[].serviceUri`,
      'properties.automationRunbookReceivers[].serviceUri',
      'properties.logicAppReceivers[].callbackUrl',
      'properties.azureFunctionReceivers[].httpTriggerUrl',
    ],
  },
  // While it is gone nobody is told of anything.
  riskOf: riskFrom('disruptive', [{ path: WEBHOOKS, risk: 'safe', when: 'added' }], 'disruptive'),
  referencesOf: () => [],
  foreignContentOf: (actual, isOurs) =>
    RECEIVERS.flatMap((name) => foreignEntries(actual, `properties.${name}`, 'receiver', isOurs)),
  compile: (baseline) =>
    baseline.actionGroups.map((group) => {
      const { receiver, shortName } = group;
      return nodeOf('actionGroup', group, {
        body: {
          ...envelope(group, baseline),
          properties: {
            groupShortName: shortName,
            enabled: true,
            webhookReceivers:
              receiver === undefined
                ? undefined
                : [
                    {
                      name: 'hubkeeper',
                      serviceUri: receiver.url,
                      useCommonAlertSchema: true,
                      useAadAuth: receiver.secureWebhook !== undefined,
                      ...receiver.secureWebhook,
                    },
                  ],
          },
        },
        dependsOn: dependencies([groupOf(group)]),
      });
    }),
};
