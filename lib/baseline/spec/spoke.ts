import { z } from 'zod';
import { cluster } from './cluster.ts';
import { location, partName, resourceGroup, subscriptionId } from './common.ts';
import { natGateway, network, route, subnet } from './network.ts';

export const peering = z.strictObject({
  allowForwardedTraffic: z
    .boolean()
    .optional()
    .describe(
      'Whether the spoke takes traffic that the firewall forwards from elsewhere. On by default with several spokes or a gateway subnet.',
    ),
  hubAllowForwardedTraffic: z
    .boolean()
    .default(false)
    .describe('Whether the hub takes traffic that the spoke forwards from elsewhere.'),
  useHubGateway: z
    .boolean()
    .default(false)
    .describe('Whether the spoke uses the hub’s gateway, which must exist already.'),
});

export const spoke = z.strictObject({
  name: partName.describe('Short name of the spoke, unique in the baseline.'),
  subscriptionId: subscriptionId.optional().describe('Subscription of the spoke; the hub’s by default.'),
  location: location.optional().describe('Azure region of the spoke; the hub’s by default.'),
  resourceGroup: resourceGroup.optional().describe('Resource group of the spoke; the hub’s by default.'),
  network: network.describe('Virtual network of the spoke.'),
  subnets: z.array(subnet).min(1).describe('Subnets of the spoke.'),
  routes: z
    .array(route)
    .default([])
    .describe('Routes besides the one to the firewall, for all subnets that have that one.'),
  natGateway: natGateway.optional().describe('NAT gateway of the spoke.'),
  peering: peering.prefault({}).describe('Peering with the hub.'),
  cluster: cluster.optional().describe('AKS cluster that the spoke is for.'),
});
