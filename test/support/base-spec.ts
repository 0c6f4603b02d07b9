import type { BaselineSpecInput } from '../../lib/baseline/spec.ts';

/** A valid spec with a little of everything: what the tables of invalid specs are mutations of. */
export function baseSpec(): BaselineSpecInput {
  return structuredClone(base);
}

const subscriptionId = '00000000-0000-4000-8000-000000000001';

const base: BaselineSpecInput = {
  apiVersion: 'hubkeeper/v1',
  name: 'aks-westeurope',
  tags: { environment: 'test' },
  changeWindows: [{ days: ['Saturday'], start: '22:00', durationMinutes: 240, timeZone: 'Europe/Berlin' }],
  hub: {
    subscriptionId,
    location: 'westeurope',
    resourceGroup: { name: 'rg-hub' },
    network: { addressPrefixes: ['10.200.0.0/23'] },
    subnets: {
      firewall: { addressPrefix: '10.200.0.0/26' },
      gateway: { prefixLength: 27 },
      additional: [{ name: 'snet-resolver', purpose: 'dnsResolverInbound' }],
    },
    firewall: {
      publicIps: { count: 3, maximum: 20, prefixLengths: [28, 30] },
      ipGroups: [{ name: 'ipg-office', ipAddresses: ['192.0.2.0/24'] }],
      ruleCollectionGroups: [
        {
          name: 'rcg-own',
          priority: 5000,
          ruleCollections: [
            {
              ruleCollectionType: 'FirewallPolicyFilterRuleCollection',
              name: 'rc-network',
              priority: 100,
              action: { type: 'Allow' },
              rules: [
                {
                  ruleType: 'NetworkRule',
                  name: 'to-office',
                  sourceAddresses: ['10.240.0.0/16'],
                  ipProtocols: ['TCP'],
                  destinationIpGroups: ['ipg-office'],
                  destinationPorts: ['443'],
                },
                {
                  ruleType: 'NetworkRule',
                  name: 'to-host',
                  sourceIpGroups: ['ipg-office'],
                  ipProtocols: ['TCP'],
                  destinationFqdns: ['time.example.com'],
                  destinationPorts: ['123', '8000-8080'],
                },
              ],
            },
            {
              ruleCollectionType: 'FirewallPolicyFilterRuleCollection',
              name: 'rc-application',
              priority: 200,
              action: { type: 'Allow' },
              rules: [
                {
                  ruleType: 'ApplicationRule',
                  name: 'to-example',
                  sourceAddresses: ['*'],
                  protocols: [{ protocolType: 'Https', port: 443 }],
                  targetFqdns: ['*.example.com'],
                },
              ],
            },
            {
              ruleCollectionType: 'FirewallPolicyNatRuleCollection',
              name: 'rc-nat',
              priority: 300,
              action: { type: 'DNAT' },
              rules: [
                {
                  ruleType: 'NatRule',
                  name: 'in',
                  sourceAddresses: ['*'],
                  ipProtocols: ['TCP'],
                  destinationAddresses: ['198.51.100.1'],
                  destinationPorts: ['443'],
                  translatedAddress: '10.240.4.4',
                  translatedPort: '443',
                },
              ],
            },
          ],
        },
      ],
    },
    bastion: {},
    privateDnsZones: [{ name: 'privatelink.vaultcore.azure.net', linkSpokes: ['a'] }],
  },
  spokes: [
    {
      name: 'a',
      resourceGroup: { name: 'rg-spoke-a' },
      network: { addressPrefixes: ['10.240.0.0/16'] },
      subnets: [
        { name: 'snet-nodes', purpose: 'nodes', addressPrefix: '10.240.0.0/22' },
        { name: 'snet-lb', purpose: 'internalLoadBalancer', addressPrefix: '10.240.4.0/28' },
        { name: 'snet-agw', purpose: 'applicationGateway', addressPrefix: '10.240.5.0/24' },
        {
          name: 'snet-endpoints',
          purpose: 'privateEndpoints',
          networkSecurityGroup: {
            rules: [
              { name: 'one', priority: 200, direction: 'Inbound', access: 'Allow', protocol: 'Tcp' },
              { name: 'two', priority: 300, direction: 'Inbound', access: 'Allow', protocol: 'Tcp' },
            ],
          },
        },
        { name: 'snet-api', purpose: 'apiServer' },
      ],
      routes: [{ name: 'to-office', addressPrefix: '10.9.0.0/16', nextHopType: 'VirtualAppliance' }],
      cluster: {
        kubernetesVersion: '1.33',
        nodePools: [
          { name: 'system', mode: 'System', maxCount: 4, maxSurge: '33%' },
          { name: 'user', maxCount: 10, zones: ['1', '2', '3'] },
        ],
        ingress: { internalLoadBalancerIp: '10.240.4.4' },
      },
    },
    {
      name: 'b',
      network: { addressPrefixes: ['10.241.0.0/20'] },
      subnets: [{ name: 'snet-vms', purpose: 'general' }],
    },
  ],
  spokeToSpokePeerings: [['a', 'b']],
};
