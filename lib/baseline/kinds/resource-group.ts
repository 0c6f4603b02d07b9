import type { ResourceKind } from '../kind.ts';
import { FIXED_LOCATION, PLAIN_RULES } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { riskFrom } from '../kind-support/risk.ts';

export const resourceGroup: ResourceKind = {
  name: 'resourceGroup',
  type: 'Microsoft.Resources/resourceGroups',
  apiVersion: '2025-04-01',
  observe: { by: 'subscription' },
  etag: 'ignored',
  // Less than a minute; an empty one is gone as fast.
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    ...PLAIN_RULES,
    readOnly: ['properties'],
    immutable: { location: FIXED_LOCATION },
  },
  riskOf: riskFrom('destructive', [], 'safe'),
  referencesOf: () => [],
  holdsResources: true,
  // A plan deletes what is ours in it first: what is there at its own turn came later, or was not to go.
  foreignContentOf: (_actual, _isOurs, members = []) => members,
  compile: (baseline) =>
    baseline.resourceGroups.map((group) => nodeOf('resourceGroup', group, { body: envelope(group, baseline) })),
};
