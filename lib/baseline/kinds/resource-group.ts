import type { ResourceKind } from '../kind.ts';
import { FIXED_LOCATION, PLAIN_RULES } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { riskFrom } from '../kind-support/risk.ts';

/** What it holds is not in its own body: whoever deletes one looks at its members first. */
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
  foreignContentOf: () => [],
  compile: (baseline) =>
    baseline.resourceGroups.map((group) => nodeOf('resourceGroup', group, { body: envelope(group, baseline) })),
};
