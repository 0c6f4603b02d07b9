import { z } from 'zod';
import { existingId, ipAddress, location, resourceGroup, resourceName, subscriptionId, zones } from './common.ts';
import { firewall } from './firewall.ts';
import { network, reservedSubnet, securityRule, subnet } from './network.ts';

export const bastion = z.strictObject({
  name: resourceName.optional().describe('Name of the Bastion host.'),
  sku: z
    .enum(['Basic', 'Standard', 'Premium'])
    .default('Standard')
    .describe('Basic has two fixed scale units and no tunnels.'),
  enableTunneling: z.boolean().optional().describe('Tunnels for native clients; on by default, except with Basic.'),
  scaleUnits: z.int().min(2).max(50).default(2).describe('Scale units; each carries 10 to 12 sessions.'),
  zones: zones.optional().describe('Zones of host and public IP address; none by default.'),
  allowedSourcePrefixes: z
    .array(z.string().min(1))
    .min(1)
    .default(['Internet'])
    .describe('Who may reach port 443 of the host: prefixes or the tag Internet.'),
  rules: z.array(securityRule).default([]).describe('Security rules besides those that Bastion needs.'),
});

export const ddosProtectionPlan = z
  .strictObject({
    create: z
      .boolean()
      .default(false)
      .describe('Whether a plan is made. One plan serves a whole tenant and is expensive.'),
    name: resourceName.optional().describe('Name of the plan that is made.'),
    id: existingId('Microsoft.Network/ddosProtectionPlans')
      .optional()
      .describe('Id of an existing plan to join; it is not changed.'),
  })
  .refine((plan) => plan.create !== (plan.id !== undefined), { error: 'give either create: true or id' });

export const privateDnsZone = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/,
      )
      .max(253)
      .optional()
      .describe('Name of a zone that is made, such as privatelink.vaultcore.azure.net.'),
    id: existingId('Microsoft.Network/privateDnsZones')
      .optional()
      .describe('Id of an existing zone; only links are added to it.'),
    linkHub: z
      .boolean()
      .optional()
      .describe('Whether the hub resolves the zone; by default when the firewall answers DNS for the spokes.'),
    linkSpokes: z
      .union([z.literal('all'), z.literal('none'), z.array(z.string().min(1))])
      .optional()
      .describe('Spokes that resolve the zone by themselves; all by default.'),
  })
  .refine((zone) => (zone.name === undefined) !== (zone.id === undefined), { error: 'give either name or id' });

export const hub = z.strictObject({
  subscriptionId: subscriptionId.describe('Subscription of the hub.'),
  location: location.describe('Azure region of the hub.'),
  resourceGroup: resourceGroup.describe('Resource group of the hub.'),
  network: network.describe('Virtual network of the hub.'),
  subnets: z
    .strictObject({
      firewall: reservedSubnet.optional().describe('AzureFirewallSubnet: /26.'),
      firewallManagement: reservedSubnet.optional().describe('AzureFirewallManagementSubnet: /26.'),
      gateway: reservedSubnet.optional().describe('GatewaySubnet: /27, or /26 for 16 ExpressRoute circuits.'),
      bastion: reservedSubnet.optional().describe('AzureBastionSubnet: /26.'),
      additional: z.array(subnet).default([]).describe('More subnets of the hub.'),
    })
    .prefault({})
    .describe('Subnets of the hub. Those that firewall and Bastion need are planned when they are not given.'),
  firewall: firewall.optional().describe('Azure Firewall of the hub.'),
  virtualAppliance: z
    .strictObject({
      privateIpAddress: ipAddress.describe('Address that 0.0.0.0/0 goes to.'),
    })
    .optional()
    .describe('Another appliance that egress goes through instead of Azure Firewall.'),
  bastion: bastion.optional().describe('Bastion host of the hub.'),
  ddosProtectionPlan: ddosProtectionPlan.optional().describe('DDoS protection plan that every network joins.'),
  privateDnsZones: z.array(privateDnsZone).default([]).describe('Private DNS zones of the baseline.'),
});
