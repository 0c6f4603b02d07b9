import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { NETWORK_API_VERSION, PLAIN_RULES } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { foreignUsers } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

export const ddosProtectionPlan: ResourceKind = {
  name: 'ddosProtectionPlan',
  type: 'Microsoft.Network/ddosProtectionPlans',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    ...PLAIN_RULES,
    readOnly: [...PLAIN_RULES.readOnly, 'properties.publicIPAddresses', 'properties.virtualNetworks'],
  },
  riskOf: riskFrom('destructive', [], 'safe'),
  referencesOf: () => [],
  foreignContentOf: (actual, isOurs) =>
    foreignUsers(actual, ['properties.virtualNetworks[].id', 'properties.publicIPAddresses[].id'], isOurs),
  compile: (baseline) => {
    const plan = baseline.ddosProtectionPlan;
    if (plan === undefined) return [];
    return [
      nodeOf('ddosProtectionPlan', plan, {
        body: { ...envelope(plan, baseline), properties: {} },
        dependsOn: dependencies([groupOf(plan)]),
        lanes: [laneOf.ddosProtectionPlan(plan.id)],
      }),
    ];
  },
};
