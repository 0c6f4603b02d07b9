import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { firewallFamilyLanes } from '../kind-support/lanes.ts';
import { NETWORK_API_VERSION, PLAIN_RULES } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { foreignUsers } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

const ADDRESSES = 'properties.ipAddresses';

export const ipGroup: ResourceKind = {
  name: 'ipGroup',
  type: 'Microsoft.Network/ipGroups',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  // Microsoft's definitions know the header for IP groups as for the rest of the provider.
  etag: 'honoured',
  // A change runs through every firewall that uses the group.
  durationMinutes: { create: 1, update: 3, delete: 1 },
  comparison: {
    ...PLAIN_RULES,
    readOnly: [...PLAIN_RULES.readOnly, 'properties.firewalls', 'properties.firewallPolicies'],
    sets: [ADDRESSES],
    keepForeignMembers: [ADDRESSES],
    defaults: { [ADDRESSES]: [] },
  },
  steersTraffic: [ADDRESSES],
  riskOf: riskFrom('destructive', [{ path: ADDRESSES, risk: 'safe', when: 'added' }], 'disruptive'),
  referencesOf: () => [],
  foreignContentOf: (actual, isOurs) =>
    foreignUsers(actual, ['properties.firewalls[].id', 'properties.firewallPolicies[].id'], isOurs),
  compile: (baseline) =>
    baseline.ipGroups.map((group) =>
      nodeOf('ipGroup', group, {
        body: { ...envelope(group, baseline), properties: { ipAddresses: group.ipAddresses } },
        dependsOn: dependencies([groupOf(group)]),
        lanes: firewallFamilyLanes(baseline),
      }),
    ),
};
