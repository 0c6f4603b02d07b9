import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { FIXED_LOCATION } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

const FIREWALLS = 'Microsoft.Network/azureFirewalls';
const CRITERIA = 'properties.criteria.allOf';
const ACTIONS = 'properties.actions';

/** Alert rules for the SNAT ports of the firewall. */
export const metricAlert: ResourceKind = {
  name: 'metricAlert',
  type: 'Microsoft.Insights/metricAlerts',
  apiVersion: '2026-01-01',
  observe: { by: 'subscription' },
  etag: 'ignored',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: [
      'etag',
      'systemData',
      'properties.lastUpdatedTime',
      'properties.isMigrated',
      'properties.provisioningState',
    ],
    entries: [
      { path: CRITERIA, key: 'name', foreign: 'replace' },
      { path: `${CRITERIA}[].dimensions`, key: 'name', foreign: 'replace' },
      // Others may let the rule call their own action groups too.
      { path: ACTIONS, key: 'actionGroupId', foreign: 'keep' },
    ],
    sets: ['properties.scopes', `${CRITERIA}[].dimensions[].values`],
    ignoreCase: [
      `${CRITERIA}[].criterionType`,
      `${CRITERIA}[].metricName`,
      `${CRITERIA}[].metricNamespace`,
      `${CRITERIA}[].operator`,
      `${CRITERIA}[].timeAggregation`,
      `${CRITERIA}[].dimensions[].name`,
      `${CRITERIA}[].dimensions[].operator`,
      'properties.targetResourceType',
      'properties.targetResourceRegion',
    ],
    defaults: {
      'properties.enabled': true,
      'properties.autoMitigate': true,
      'properties.windowSize': 'PT5M',
      [ACTIONS]: [],
      [`${CRITERIA}[].dimensions`]: [],
      [`${CRITERIA}[].skipMetricValidation`]: false,
    },
    immutable: { location: FIXED_LOCATION },
    secret: [],
  },
  riskOf: riskFrom('disruptive', [], 'safe'),
  referencesOf: (body) => referencesAt(body, ['properties.scopes[]', `${ACTIONS}[].actionGroupId`]),
  foreignContentOf: () => [],
  compile: (baseline) =>
    baseline.metricAlerts.map((alert) =>
      nodeOf('metricAlert', alert, {
        body: {
          ...envelope(alert, baseline),
          properties: {
            description: alert.description,
            severity: alert.severity,
            enabled: true,
            scopes: [alert.targetId],
            evaluationFrequency: 'PT1M',
            windowSize: 'PT5M',
            criteria: {
              'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
              allOf: [
                {
                  criterionType: 'StaticThresholdCriterion',
                  name: 'SNATPortUtilization',
                  metricNamespace: FIREWALLS,
                  metricName: 'SNATPortUtilization',
                  operator: 'GreaterThanOrEqual',
                  threshold: alert.thresholdPercent,
                  timeAggregation: alert.aggregation,
                  // Without the split Azure averages TCP with idle UDP, and the rule never fires.
                  dimensions: [{ name: 'Protocol', operator: 'Include', values: ['*'] }],
                },
              ],
            },
            autoMitigate: true,
            targetResourceType: FIREWALLS,
            actions: alert.actionGroupId === undefined ? undefined : [{ actionGroupId: alert.actionGroupId }],
          },
        },
        dependsOn: dependencies([groupOf(alert), alert.targetId, alert.actionGroupId]),
      }),
    ),
};
