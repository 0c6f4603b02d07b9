import { z } from 'zod';
import { existingId, ipAddress, resourceName, zones } from './common.ts';
import { natGateway } from './network.ts';

const text = z.array(z.string().min(1));

const ruleSource = {
  name: z.string().min(1).describe('Name of the rule.'),
  description: z.string().optional().describe('Why the rule is there.'),
  sourceAddresses: text.optional().describe('Source prefixes or *.'),
  sourceIpGroups: text.optional().describe('Names of IP groups of this spec, or ids.'),
};

export const applicationRule = z.strictObject({
  ruleType: z.literal('ApplicationRule').describe('By name of the host.'),
  ...ruleSource,
  destinationAddresses: text.optional().describe('Destination prefixes.'),
  protocols: z
    .array(
      z.strictObject({
        protocolType: z.enum(['Http', 'Https', 'Mssql']).describe('Protocol.'),
        port: z.int().min(1).max(64_000).describe('Port.'),
      }),
    )
    .min(1)
    .describe('Protocols and ports.'),
  targetFqdns: text.optional().describe('Host names; *.example.com for all below it.'),
  targetUrls: text.optional().describe('URLs; Premium only.'),
  fqdnTags: text.optional().describe('Names of FQDN tags, such as AzureKubernetesService.'),
  webCategories: text.optional().describe('Web categories.'),
  terminateTLS: z.boolean().optional().describe('Whether TLS is opened for inspection; Premium only.'),
});

export const networkRule = z.strictObject({
  ruleType: z.literal('NetworkRule').describe('By address and port.'),
  ...ruleSource,
  ipProtocols: z
    .array(z.enum(['TCP', 'UDP', 'ICMP', 'Any']))
    .min(1)
    .describe('Protocols.'),
  destinationAddresses: text.optional().describe('Destination prefixes or service tags.'),
  destinationIpGroups: text.optional().describe('Names of IP groups of this spec, or ids.'),
  destinationFqdns: text.optional().describe('Host names; needs the DNS proxy.'),
  destinationPorts: text.min(1).describe('Ports, ranges, or *.'),
});

export const natRule = z.strictObject({
  ruleType: z.literal('NatRule').describe('Inbound translation.'),
  ...ruleSource,
  ipProtocols: z
    .array(z.enum(['TCP', 'UDP', 'Any']))
    .min(1)
    .describe('Protocols.'),
  destinationAddresses: text.min(1).describe('Public addresses of the firewall.'),
  destinationPorts: text.min(1).describe('Ports.'),
  translatedAddress: ipAddress.optional().describe('Address that the traffic goes to.'),
  translatedFqdn: z.string().min(1).optional().describe('Name that the traffic goes to.'),
  translatedPort: z.string().min(1).describe('Port that the traffic goes to.'),
});

const collectionFields = {
  name: z.string().min(1).describe('Name of the collection.'),
  priority: z.int().min(100).max(65_000).describe('Smaller numbers are looked at first.'),
};

export const ruleCollection = z.discriminatedUnion('ruleCollectionType', [
  z.strictObject({
    ruleCollectionType: z.literal('FirewallPolicyFilterRuleCollection').describe('Lets traffic through or not.'),
    ...collectionFields,
    action: z
      .strictObject({ type: z.enum(['Allow', 'Deny']).describe('What happens to the traffic.') })
      .describe('What happens to the traffic.'),
    rules: z
      .array(z.discriminatedUnion('ruleType', [applicationRule, networkRule]))
      .min(1)
      .describe('Rules, all of one type.'),
  }),
  z.strictObject({
    ruleCollectionType: z.literal('FirewallPolicyNatRuleCollection').describe('Translates inbound traffic.'),
    ...collectionFields,
    action: z.strictObject({ type: z.literal('DNAT').describe('Translates.') }).describe('Translates.'),
    rules: z.array(natRule).min(1).describe('Rules.'),
  }),
]);

export const ruleCollectionGroup = z.strictObject({
  name: resourceName.describe('Name of the group.'),
  priority: z.int().min(100).max(65_000).describe('Smaller numbers are looked at first.'),
  ruleCollections: z.array(ruleCollection).describe('Collections in Azure’s own fields.'),
});

export const ipGroup = z.strictObject({
  name: resourceName.describe('Name of the IP group.'),
  id: existingId('Microsoft.Network/ipGroups').optional().describe('Id of an existing IP group; it is not changed.'),
  ipAddresses: text.default([]).describe('Addresses, prefixes, or ranges.'),
});

export const firewallPolicy = z.strictObject({
  name: resourceName.optional().describe('Name of the policy.'),
  id: existingId('Microsoft.Network/firewallPolicies')
    .optional()
    .describe(
      'Id of an existing policy to adopt: our rule collection groups are added, and only what is given here is set.',
    ),
  basePolicyId: existingId('Microsoft.Network/firewallPolicies')
    .optional()
    .describe('Id of the policy whose rules this one inherits.'),
  threatIntelMode: z
    .enum(['Off', 'Alert', 'Deny'])
    .optional()
    .describe('Known bad addresses. Deny by default; Alert with the Basic tier.'),
  intrusionDetectionMode: z
    .enum(['Off', 'Alert', 'Deny'])
    .optional()
    .describe('Intrusion detection; Premium only, where Deny is the default.'),
  dnsProxy: z
    .boolean()
    .optional()
    .describe(
      'Whether the firewall answers DNS: needed for host names in network rules. On by default, off with Basic.',
    ),
  dnsServers: z.array(ipAddress).optional().describe('Servers that the proxy asks; Azure’s by default.'),
  insightsRetentionDays: z
    .int()
    .min(1)
    .max(730)
    .optional()
    .describe('How long policy insights are kept, in days; 30 by default.'),
});

export const firewallPublicIps = z.strictObject({
  count: z
    .int()
    .min(1)
    .max(250)
    .default(3)
    .describe('Public IP addresses: 2,496 SNAT ports each for every instance of the firewall.'),
  minimum: z.int().min(1).max(250).optional().describe('Fewest that a reaction may leave; the count by default.'),
  maximum: z.int().min(1).max(250).optional().describe('Most that a reaction may reach; the count by default.'),
  prefixLengths: z
    .array(z.int().min(28).max(31))
    .default([])
    .describe('Sizes of public IP prefixes that are made and filled in this order, such as [28, 30] for 20 addresses.'),
  prefixIds: z
    .array(existingId('Microsoft.Network/publicIPPrefixes'))
    .default([])
    .describe('Existing public IP prefixes, filled before those that are made.'),
  prefixIdLengths: z
    .array(z.int().min(24).max(31))
    .default([])
    .describe('Sizes of the prefixes in prefixIds, in the same order; 28 where one is missing.'),
  ids: z
    .array(existingId('Microsoft.Network/publicIPAddresses'))
    .default([])
    .describe('Existing public IP addresses that are used first; they are neither changed nor removed.'),
  pinned: z
    .array(resourceName)
    .default([])
    .describe('Names of public IP addresses that others rely on: no reaction ever removes them.'),
});

export const firewall = z.strictObject({
  name: resourceName.optional().describe('Name of the firewall.'),
  tier: z
    .enum(['Basic', 'Standard', 'Premium'])
    .default('Standard')
    .describe(
      'Basic needs a management subnet, has no DNS proxy, and passes 250 Mbps; Standard 30 Gbps; Premium 100 Gbps.',
    ),
  zones: zones.optional().describe('Zones of firewall and public IP addresses; all three by default.'),
  privateIpAddress: ipAddress
    .optional()
    .describe('Private address. By default the first that Azure leaves free in AzureFirewallSubnet.'),
  management: z
    .boolean()
    .optional()
    .describe('Whether it has a management address of its own, as forced tunnelling needs; always with Basic.'),
  publicIps: firewallPublicIps.prefault({}).describe('Public IP addresses for egress.'),
  privateRanges: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Ranges that are reached without SNAT besides Azure’s default IANAPrivateRanges, such as public ranges used privately.',
    ),
  policy: firewallPolicy.prefault({}).describe('Firewall policy.'),
  ipGroups: z.array(ipGroup).default([]).describe('IP groups for the rules below.'),
  ruleCollectionGroups: z
    .array(ruleCollectionGroup)
    .default([])
    .describe('The operator’s own rules. What AKS needs is generated besides them.'),
  natGateway: natGateway
    .optional()
    .describe('NAT gateway on AzureFirewallSubnet: 64,512 ports for each of up to 16 addresses.'),
  autoscale: z
    .strictObject({
      minCapacity: z
        .int()
        .min(2)
        .max(50)
        .optional()
        .describe('Fewest instances: more of them multiply the SNAT ports of every address.'),
      maxCapacity: z
        .int()
        .min(2)
        .max(50)
        .optional()
        .describe('Most instances: as many as the fewest, or at least 2 more.'),
    })
    .optional()
    .describe('Bounds for the number of instances.'),
});
