import { kinds } from '../baseline/kinds/index.ts';
import type { JsonObject } from '../json.ts';

/** Rights to attach one resource to another; Azure asks for them on the resource that is referred to. */
const JOINS = [
  'Microsoft.Network/virtualNetworks/join/action',
  'Microsoft.Network/virtualNetworks/peer/action',
  'Microsoft.Network/virtualNetworks/subnets/join/action',
  'Microsoft.Network/virtualNetworks/subnets/read',
  'Microsoft.Network/networkSecurityGroups/join/action',
  'Microsoft.Network/routeTables/join/action',
  'Microsoft.Network/natGateways/join/action',
  'Microsoft.Network/publicIPAddresses/join/action',
  'Microsoft.Network/publicIPPrefixes/join/action',
  'Microsoft.Network/ddosProtectionPlans/join/action',
  'Microsoft.Network/firewallPolicies/join/action',
  'Microsoft.Network/ipGroups/join/action',
  'Microsoft.OperationalInsights/workspaces/sharedKeys/action',
];

/** What preflight, plans and polls read. */
const READS = [
  'Microsoft.Authorization/locks/read',
  'Microsoft.Authorization/permissions/read',
  'Microsoft.Authorization/policyAssignments/read',
  'Microsoft.Insights/metrics/read',
  'Microsoft.Network/locations/operations/read',
  'Microsoft.Network/locations/operationResults/read',
  'Microsoft.Network/locations/usages/read',
  'Microsoft.Network/privateDnsOperationStatuses/read',
  'Microsoft.Network/privateDnsOperationResults/read',
  'Microsoft.Resources/subscriptions/read',
  'Microsoft.Resources/subscriptions/resources/read',
  'Microsoft.Resources/subscriptions/resourceGroups/resources/read',
  'Microsoft.Resources/subscriptions/providers/read',
];

/** How Azure spells the type of a resource group in actions. */
function actionType(type: string): string {
  return type === 'Microsoft.Resources/resourceGroups' ? 'Microsoft.Resources/subscriptions/resourceGroups' : type;
}

/**
 * The custom role that the app's identity needs in each subscription of its baselines: reading, writing and deleting
 * the kinds of resources it knows, joining them to one another, and what it reads beforehand. No role assignments, no
 * locks, no policies. `assignableScopes` is the operator's to fill in.
 */
export function roleDefinition(): JsonObject {
  const ofKinds = kinds.flatMap(({ type }) => ['read', 'write', 'delete'].map((verb) => `${actionType(type)}/${verb}`));
  return {
    Name: 'Hubkeeper',
    IsCustom: true,
    Description:
      'Keeps hub-and-spoke networks: may read, write and delete the kinds of resources that a baseline is made of.',
    Actions: [...new Set([...ofKinds, ...JOINS, ...READS])].sort(),
    NotActions: [],
    DataActions: [],
    NotDataActions: [],
    AssignableScopes: ['/subscriptions/00000000-0000-0000-0000-000000000000'],
  };
}
