import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { FIXED_LOCATION } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { foreignUsers } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

export const logAnalyticsWorkspace: ResourceKind = {
  name: 'logAnalyticsWorkspace',
  type: 'Microsoft.OperationalInsights/workspaces',
  apiVersion: '2025-07-01',
  observe: { by: 'subscription' },
  etag: 'ignored',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    readOnly: [
      'etag',
      'systemData',
      'identity.principalId',
      'identity.tenantId',
      'identity.userAssignedIdentities.*.principalId',
      'identity.userAssignedIdentities.*.clientId',
      'properties.provisioningState',
      'properties.customerId',
      'properties.createdDate',
      'properties.modifiedDate',
      'properties.privateLinkScopedResources',
      'properties.sku.lastSkuUpdate',
      'properties.workspaceCapping.quotaNextResetTime',
      'properties.workspaceCapping.dataIngestionStatus',
      'properties.features.unifiedSentinelBillingOnly',
      'properties.features.associations',
      'properties.replication.provisioningState',
      'properties.replication.createdDate',
      'properties.replication.lastModifiedDate',
      'properties.failover',
    ],
    entries: [],
    sets: [],
    ignoreCase: [
      'properties.sku.name',
      'properties.publicNetworkAccessForIngestion',
      'properties.publicNetworkAccessForQuery',
    ],
    defaults: {
      // Azure writes -1 for "no limit".
      'properties.workspaceCapping.dailyQuotaGb': -1,
      'properties.publicNetworkAccessForIngestion': 'Enabled',
      'properties.publicNetworkAccessForQuery': 'Enabled',
    },
    immutable: { location: FIXED_LOCATION },
    secret: [],
  },
  // Logs older than the new retention are gone for good.
  riskOf: riskFrom(
    'destructive',
    [{ path: 'properties.retentionInDays', risk: 'destructive', when: 'lowered' }],
    'safe',
  ),
  referencesOf: () => [],
  foreignContentOf: (actual, isOurs) =>
    foreignUsers(actual, ['properties.privateLinkScopedResources[].resourceId'], isOurs),
  compile: (baseline) => {
    const { workspace } = baseline;
    if (workspace === undefined) return [];
    const { retentionInDays, dailyQuotaGb } = workspace;
    return [
      nodeOf('logAnalyticsWorkspace', workspace, {
        body: {
          ...envelope(workspace, baseline),
          properties: {
            sku: { name: 'PerGB2018' },
            retentionInDays,
            workspaceCapping: dailyQuotaGb === undefined ? undefined : { dailyQuotaGb },
          },
        },
        dependsOn: dependencies([groupOf(workspace)]),
      }),
    ];
  },
};
