import type { ResourceType } from '../resource-type.ts';
import { networkSecurityGroups, securityRules } from './network-security-groups.ts';
import { routes, routeTables } from './route-tables.ts';
import { virtualNetworkPeerings } from './virtual-network-peerings.ts';
import { virtualNetworkSubnets } from './virtual-network-subnets.ts';
import { virtualNetworks } from './virtual-networks.ts';

/** Rules of every resource type in this folder. */
export const resourceTypes: readonly ResourceType[] = [
  virtualNetworks,
  virtualNetworkSubnets,
  virtualNetworkPeerings,
  networkSecurityGroups,
  securityRules,
  routeTables,
  routes,
];
