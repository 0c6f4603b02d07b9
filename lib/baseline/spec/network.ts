import { z } from 'zod';
import { addressPrefix, existingId, ipAddress, resourceName, zones } from './common.ts';

/** What a subnet is for. It decides delegation, network policies, route to the firewall and security rules. */
export const SUBNET_PURPOSES = [
  'nodes',
  'pods',
  'internalLoadBalancer',
  'apiServer',
  'applicationGateway',
  'applicationGatewayForContainers',
  'apiManagement',
  'privateEndpoints',
  'privateLinkService',
  'management',
  'virtualNodes',
  'dnsResolverInbound',
  'dnsResolverOutbound',
  'general',
] as const;

export const subnetPurpose = z.enum(SUBNET_PURPOSES);

export const network = z.strictObject({
  name: resourceName.optional().describe('Name of the virtual network; without it one is made up by convention.'),
  id: existingId('Microsoft.Network/virtualNetworks')
    .optional()
    .describe(
      'Id of an existing virtual network to adopt: our subnets are added to it, everything else in it stays as it is.',
    ),
  addressPrefixes: z.array(addressPrefix).min(1).describe('Address space, such as 10.200.0.0/24; IPv6 prefixes too.'),
  dnsServers: z
    .array(ipAddress)
    .optional()
    .describe(
      'DNS servers of the network. By default a spoke asks the firewall when its DNS proxy is on, and Azure otherwise; an empty list always means Azure.',
    ),
  flowTimeoutInMinutes: z.int().min(4).max(30).optional().describe('Idle timeout of flows, in minutes.'),
});

export const securityRule = z.strictObject({
  name: resourceName.describe('Name of the rule.'),
  description: z.string().max(140).optional().describe('Why the rule is there.'),
  priority: z.int().min(100).max(4096).describe('Smaller numbers are looked at first; unique for each direction.'),
  direction: z.enum(['Inbound', 'Outbound']).describe('Direction of the traffic.'),
  access: z.enum(['Allow', 'Deny']).describe('What happens to the traffic.'),
  protocol: z.enum(['Tcp', 'Udp', 'Icmp', 'Esp', 'Ah', '*']).describe('Protocol.'),
  sourceAddressPrefixes: z
    .array(z.string().min(1))
    .min(1)
    .default(['*'])
    .describe('Prefixes, or one service tag, or *.'),
  sourcePortRanges: z.array(z.string().min(1)).min(1).default(['*']).describe('Source ports, ranges, or *.'),
  destinationAddressPrefixes: z
    .array(z.string().min(1))
    .min(1)
    .default(['*'])
    .describe('Prefixes, or one service tag, or *.'),
  destinationPortRanges: z.array(z.string().min(1)).min(1).default(['*']).describe('Destination ports, ranges, or *.'),
});

export const route = z.strictObject({
  name: resourceName.describe('Name of the route.'),
  addressPrefix: z.string().min(1).describe('Destination prefix or service tag.'),
  nextHopType: z
    .enum(['VirtualNetworkGateway', 'VnetLocal', 'Internet', 'VirtualAppliance', 'None'])
    .describe('Where the traffic goes.'),
  nextHopIpAddress: ipAddress
    .optional()
    .describe('Address of the appliance; only with VirtualAppliance, where it defaults to the firewall.'),
});

const subnetFields = {
  addressPrefix: addressPrefix.optional().describe('Prefix inside the network. Without it one is planned.'),
  prefixLength: z
    .int()
    .min(1)
    .max(30)
    .optional()
    .describe('Size of a planned prefix, such as 26. Without it the size follows from the purpose.'),
  ipv6AddressPrefix: addressPrefix.optional().describe('IPv6 prefix of the subnet; Azure takes /64 only.'),
};

const customSubnetFields = {
  networkSecurityGroup: z
    .strictObject({
      id: existingId('Microsoft.Network/networkSecurityGroups')
        .optional()
        .describe('Id of an existing security group to attach; it is not changed.'),
      rules: z.array(securityRule).default([]).describe('Rules besides those that the purpose brings.'),
    })
    .optional()
    .describe('Security group of the subnet; one is made wherever the purpose takes one.'),
  routeToFirewall: z
    .boolean()
    .optional()
    .describe('Whether 0.0.0.0/0 goes to the firewall. By default as the purpose needs it.'),
  routeTableId: existingId('Microsoft.Network/routeTables')
    .optional()
    .describe('Id of an existing route table to attach instead; it is not changed.'),
  routes: z.array(route).default([]).describe('Routes of this subnet alone, which then has a route table of its own.'),
  natGateway: z
    .boolean()
    .optional()
    .describe(
      'Whether the NAT gateway of this network is attached. By default where the cluster’s outbound type needs it.',
    ),
  serviceEndpoints: z.array(z.string().min(1)).default([]).describe('Service endpoints, such as Microsoft.Storage.'),
  delegation: z
    .string()
    .min(1)
    .optional()
    .describe('Service the subnet is delegated to. By default as the purpose needs it.'),
  privateEndpointNetworkPolicies: z
    .enum(['Disabled', 'Enabled', 'NetworkSecurityGroupEnabled', 'RouteTableEnabled'])
    .optional()
    .describe('Whether security rules and routes apply to private endpoints.'),
  privateLinkServiceNetworkPolicies: z
    .enum(['Disabled', 'Enabled'])
    .optional()
    .describe('Must be Disabled where Private Link services take their addresses.'),
};

/** A subnet whose name and rules Azure fixes: firewall, Bastion, gateway. */
export const reservedSubnet = z.strictObject(subnetFields);

export const subnet = z.strictObject({
  name: resourceName.describe('Name of the subnet.'),
  purpose: subnetPurpose.describe('What the subnet is for.'),
  ...subnetFields,
  ...customSubnetFields,
});

export const natGateway = z.strictObject({
  name: resourceName.optional().describe('Name of the NAT gateway.'),
  sku: z
    .enum(['Standard', 'StandardV2'])
    .default('StandardV2')
    .describe('Standard lives in one zone; StandardV2 in all of them.'),
  publicIpCount: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe('How many public IP addresses of its own it has. One, when there is no prefix either.'),
  publicIpPrefixLength: z
    .int()
    .min(28)
    .max(31)
    .optional()
    .describe('Gives it a public IP prefix of this size instead of single addresses.'),
  publicIpPrefixIds: z
    .array(existingId('Microsoft.Network/publicIPPrefixes'))
    .default([])
    .describe('Existing public IP prefixes that it uses.'),
  zones: zones.optional().describe('One zone with Standard; StandardV2 spans all zones by itself.'),
  idleTimeoutInMinutes: z.int().min(4).max(120).default(4).describe('Idle timeout of TCP flows, in minutes.'),
});
