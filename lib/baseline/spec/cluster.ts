import { z } from 'zod';
import { addressPrefix, existingId, ipAddress, resourceName, zones } from './common.ts';

export const nodePool = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,11}$/, 'must be 1 to 12 lower-case letters or digits, with a letter first')
    .describe('Name of the pool: up to 12 characters, 6 with Windows.'),
  mode: z.enum(['System', 'User']).default('User').describe('System pools carry the cluster’s own pods.'),
  osType: z.enum(['Linux', 'Windows']).default('Linux').describe('Operating system.'),
  vmSize: z.string().min(1).optional().describe('Size of the virtual machines.'),
  gpu: z.boolean().default(false).describe('Whether the nodes have GPUs: their drivers need egress of their own.'),
  minCount: z.int().min(0).max(1000).default(1).describe('Fewest nodes.'),
  maxCount: z.int().min(1).max(1000).describe('Most nodes, autoscaler included: what addresses are planned for.'),
  maxPods: z.int().min(10).max(250).optional().describe('Most pods on a node.'),
  maxSurge: z
    .union([z.int().min(1).max(1000), z.string().regex(/^(?:100|[1-9]?[0-9])%$/)])
    .optional()
    .describe('Nodes added during an upgrade: a number, or a share such as 33%.'),
  zones: zones.optional().describe('Zones of the nodes.'),
  subnet: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the node subnet; the first one with purpose nodes by default.'),
  podSubnet: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the pod subnet; the first one with purpose pods by default.'),
});

export const clusterNetworking = z.strictObject({
  plugin: z
    .enum(['azure', 'kubenet', 'none'])
    .default('azure')
    .describe('Network plugin; kubenet retires on 2028-03-31.'),
  mode: z
    .enum(['overlay', 'nodeSubnet', 'podSubnet', 'podSubnetStaticBlock'])
    .optional()
    .describe('Where pods have their addresses, with plugin azure; overlay by default.'),
  dataplane: z.enum(['azure', 'cilium']).default('azure').describe('Dataplane; cilium is for Linux only.'),
  networkPolicy: z.enum(['none', 'azure', 'calico', 'cilium']).default('none').describe('Engine for network policies.'),
  podCidr: addressPrefix.optional().describe('Pod addresses with overlay and kubenet; 192.168.0.0/16 by default.'),
  podIpv6Cidr: addressPrefix.optional().describe('IPv6 pod addresses: a /64.'),
  serviceCidr: addressPrefix
    .default('172.16.0.0/16')
    .describe('Service addresses: smaller than /12, outside all networks.'),
  serviceIpv6Cidr: addressPrefix.optional().describe('IPv6 service addresses: a /108 at most.'),
  dnsServiceIp: ipAddress
    .default('172.16.0.10')
    .describe('Address of the cluster’s DNS, inside serviceCidr, not the first.'),
  ipFamilies: z
    .array(z.enum(['IPv4', 'IPv6']))
    .min(1)
    .max(2)
    .default(['IPv4'])
    .describe('IP families, IPv4 first.'),
  maxNodes: z
    .int()
    .min(1)
    .max(5000)
    .optional()
    .describe('Nodes to plan addresses for, if more than the pools can have together.'),
  maxPods: z.int().min(10).max(250).optional().describe('Most pods on a node, for pools that do not say.'),
  maxSurge: z
    .union([z.int().min(1).max(1000), z.string().regex(/^(?:100|[1-9]?[0-9])%$/)])
    .optional()
    .describe('Nodes added during an upgrade, for pools that do not say; 1 by default.'),
  internalFrontends: z
    .int()
    .min(0)
    .optional()
    .describe('Addresses to keep in the node subnet for internal load balancers and Private Link services.'),
});

export const clusterAddons = z.strictObject({
  azureMonitor: z.boolean().default(false).describe('Container insights and managed Prometheus.'),
  defender: z.boolean().default(false).describe('Microsoft Defender for Containers.'),
  azurePolicy: z.boolean().default(false).describe('Azure Policy.'),
  keyVaultSecretsProvider: z.boolean().default(false).describe('Key Vault provider for the Secrets Store CSI driver.'),
  flux: z.boolean().default(false).describe('GitOps with Flux, or other cluster extensions.'),
  workloadIdentity: z.boolean().default(false).describe('Microsoft Entra workload identity.'),
  costAnalysis: z.boolean().default(false).describe('Cost analysis.'),
  istio: z.boolean().default(false).describe('Istio service mesh.'),
  appRouting: z.boolean().default(false).describe('Application routing.'),
  dapr: z.boolean().default(false).describe('Dapr extension.'),
  virtualNodes: z.boolean().default(false).describe('Virtual nodes on Azure Container Instances.'),
  openServiceMesh: z.boolean().default(false).describe('Open Service Mesh; the add-on ends on 2027-09-30.'),
  httpApplicationRouting: z.boolean().default(false).describe('HTTP application routing; Azure has removed it.'),
  podIdentity: z.boolean().default(false).describe('Pod-managed identity; Azure has removed it.'),
});

export const cluster = z.strictObject({
  name: resourceName.optional().describe('Name of the cluster.'),
  kubernetesVersion: z
    .string()
    .regex(/^1\.[0-9]{1,3}(?:\.[0-9]{1,3})?$/, 'must be a version such as "1.33"')
    .optional()
    .describe('Version of Kubernetes, such as 1.33.'),
  networking: clusterNetworking.prefault({}).describe('Network of the cluster.'),
  nodePools: z.array(nodePool).default([]).describe('Node pools: what addresses and egress rules are planned for.'),
  outboundType: z
    .enum([
      'userDefinedRouting',
      'loadBalancer',
      'managedNATGateway',
      'managedNATGatewayV2',
      'userAssignedNATGateway',
      'none',
      'block',
    ])
    .default('userDefinedRouting')
    .describe('How the cluster reaches the internet.'),
  apiServer: z
    .strictObject({
      access: z
        .enum(['public', 'private', 'vnetIntegrated'])
        .default('private')
        .describe('Public address, private endpoint, or inside the network through API server VNet integration.'),
      authorizedIpRanges: z
        .array(addressPrefix)
        .default([])
        .describe('Who may reach a public API server; the firewall’s addresses are added.'),
      privateDnsZoneId: existingId('Microsoft.Network/privateDnsZones')
        .optional()
        .describe('Existing private DNS zone of the API server.'),
      publicFqdn: z.boolean().default(true).describe('Whether a private API server has a public name too.'),
    })
    .prefault({})
    .describe('How the API server is reached.'),
  identity: z
    .strictObject({
      type: z.enum(['userAssigned', 'systemAssigned']).default('userAssigned').describe('Kind of identity.'),
      id: existingId('Microsoft.ManagedIdentity/userAssignedIdentities').optional().describe('Existing identity.'),
    })
    .prefault({})
    .describe('Identity of the control plane; a network of one’s own needs a user-assigned one.'),
  ingress: z
    .strictObject({
      profile: z
        .enum([
          'none',
          'applicationGatewayWithInternalLoadBalancer',
          'applicationGatewayIngressController',
          'applicationGatewayForContainers',
          'appRouting',
          'istio',
          'selfManaged',
        ])
        .default('applicationGatewayWithInternalLoadBalancer')
        .describe('How requests come into the cluster.'),
      internalLoadBalancerIp: ipAddress
        .optional()
        .describe('Fixed address of the ingress controller’s internal load balancer, in its subnet.'),
    })
    .prefault({})
    .describe('Ingress of the cluster.'),
  addons: clusterAddons.prefault({}).describe('Add-ons and extensions: each brings its egress rules.'),
  egress: z
    .strictObject({
      osUpdates: z.boolean().default(false).describe('Lets nodes reach Ubuntu’s update servers.'),
      gitHub: z.boolean().default(false).describe('Lets Flux and build agents reach github.com.'),
      dockerHub: z.boolean().default(false).describe('Lets nodes pull images from Docker Hub.'),
      gitHubPackages: z.boolean().default(false).describe('Lets nodes pull images from GitHub’s registry.'),
      networkTimeServer: z
        .boolean()
        .default(false)
        .describe('Lets nodes reach ntp.ubuntu.com, as those from before March 2021 need.'),
      tunnel: z
        .boolean()
        .default(false)
        .describe('Opens UDP 1194 and TCP 9000 to the region, as public clusters without konnectivity need.'),
      targetFqdns: z
        .array(z.string().min(1))
        .default([])
        .describe('More host names for HTTPS, for this cluster alone.'),
    })
    .prefault({})
    .describe('Egress of the cluster besides what Kubernetes and its add-ons need.'),
});
