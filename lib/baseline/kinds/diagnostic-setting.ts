import type { Json } from '../../json.ts';
import type { ResourceKind } from '../kind.ts';
import { dependencies } from '../kind-support/dependencies.ts';
import { nodeOf } from '../kind-support/node.ts';
import { referencesAt, valuesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

const LOGS = 'properties.logs';
const METRICS = 'properties.metrics';
const NO_RETENTION = { enabled: false, days: 0 };

/** Azure lists categories that nobody has switched on. */
function isOff(category: Json): boolean {
  return valuesAt(category, 'enabled').every((enabled) => enabled !== true);
}

export const diagnosticSetting: ResourceKind = {
  name: 'diagnosticSetting',
  type: 'Microsoft.Insights/diagnosticSettings',
  apiVersion: '2021-05-01-preview',
  observe: { by: 'get' },
  etag: 'ignored',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: ['systemData', 'location', 'kind', 'tags', 'identity'],
    entries: [
      { path: LOGS, key: 'categoryGroup', foreign: 'keep', isOfService: isOff },
      { path: METRICS, key: 'category', foreign: 'keep', isOfService: isOff },
    ],
    sets: [],
    ignoreCase: ['properties.logAnalyticsDestinationType'],
    defaults: {
      [LOGS]: [],
      [METRICS]: [],
      [`${LOGS}[].retentionPolicy`]: NO_RETENTION,
      [`${METRICS}[].retentionPolicy`]: NO_RETENTION,
    },
    immutable: {},
    secret: [],
  },
  riskOf: riskFrom('disruptive', [], 'safe'),
  referencesOf: (body) =>
    referencesAt(body, [
      'properties.workspaceId',
      'properties.storageAccountId',
      'properties.eventHubAuthorizationRuleId',
      'properties.serviceBusRuleId',
      'properties.marketplacePartnerId',
    ]),
  foreignContentOf: () => [],
  compile: (baseline) =>
    baseline.diagnosticSettings.map((setting) =>
      nodeOf(
        'diagnosticSetting',
        { ...setting, presence: 'create', subscriptionId: '', resourceGroup: '', location: '', path: '' },
        {
          owner: setting.owner,
          body: {
            properties: {
              workspaceId: setting.workspaceId,
              ...(setting.dedicatedTables ? { logAnalyticsDestinationType: 'Dedicated' } : {}),
              ...(setting.logs ? { logs: [{ categoryGroup: 'allLogs', enabled: true }] } : {}),
              ...(setting.metrics ? { metrics: [{ category: 'AllMetrics', enabled: true }] } : {}),
            },
          },
          dependsOn: dependencies([setting.targetId, setting.workspaceId]),
        },
      ),
    ),
};
