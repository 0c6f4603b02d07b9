import { stringify } from 'yaml';

/**
 * A hub with firewall, Bastion and two DNS zones, and so many spokes, each with a private cluster whose egress passes
 * the firewall: Microsoft's AKS baseline, only wider. As YAML; its name is `spokes-COUNT`.
 */
export function specWithSpokes(count: number): string {
  return stringify({
    apiVersion: 'hubkeeper/v1',
    name: `spokes-${count}`,
    mode: 'no-delete',
    approvals: { requiredFor: 'none' },
    observability: { workspace: { retentionInDays: 30 }, diagnosticSettings: true },
    hub: {
      subscriptionId: '00000000-0000-4000-8000-000000000001',
      location: 'westeurope',
      resourceGroup: { name: 'rg-hub' },
      network: { addressPrefixes: ['10.200.0.0/22'] },
      subnets: {
        firewall: { addressPrefix: '10.200.0.0/26' },
        gateway: { addressPrefix: '10.200.0.64/27' },
        bastion: { addressPrefix: '10.200.0.128/26' },
      },
      firewall: { tier: 'Premium', zones: ['1', '2', '3'], publicIps: { count: 3, minimum: 3, maximum: 20 } },
      bastion: { sku: 'Standard' },
      privateDnsZones: [{ name: 'privatelink.azurecr.io' }, { name: 'privatelink.vaultcore.azure.net' }],
    },
    spokes: Array.from({ length: count }, (_, index) => ({
      name: `s${index}`,
      resourceGroup: { name: `rg-spoke-${index}` },
      network: { addressPrefixes: [`10.${index + 1}.0.0/16`] },
      subnets: [
        { name: 'snet-nodes', purpose: 'nodes' },
        { name: 'snet-lb', purpose: 'internalLoadBalancer' },
        { name: 'snet-agw', purpose: 'applicationGateway' },
        { name: 'snet-endpoints', purpose: 'privateEndpoints' },
      ],
      cluster: {
        nodePools: [{ name: 'system', mode: 'System', minCount: 3, maxCount: 5, maxPods: 30 }],
        outboundType: 'userDefinedRouting',
        apiServer: { access: 'private' },
      },
    })),
  });
}
