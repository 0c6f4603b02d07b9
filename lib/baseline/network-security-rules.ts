import type { ResolvedSecurityRule } from './resolved.ts';
import type { SubnetPurpose } from './spec.ts';

/** Prefixes of a network that security rules refer to. */
export interface SecurityContext {
  /** Prefixes of this subnet. */
  readonly own: readonly string[];
  /** Prefixes of other subnets of the same network, by purpose. */
  readonly prefixesOf: (purpose: SubnetPurpose) => readonly string[];
  /** Prefixes of the hub's Bastion subnet. */
  readonly bastion: readonly string[];
  /** Address space of the hub, of this network and of what it is peered with. */
  readonly reachable: readonly string[];
  /** Pod addresses that leave nodes unencapsulated inside the subnet: the pod range with overlay and kubenet. */
  readonly podCidrs: readonly string[];
  /** Requests come into the cluster through a gateway in this network only. */
  readonly ingressThroughGateway: boolean;
}

type Rule = ResolvedSecurityRule;

/** Generated rules take priorities from here on, so that the operator's own, below, come first. */
export const GENERATED_PRIORITY = 3000;
const LAST_PRIORITY = 4096;
const ANY = ['*'];

interface Draft {
  readonly name: string;
  readonly description: string;
  readonly access?: 'Allow' | 'Deny';
  readonly protocol?: Rule['protocol'];
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly ports?: readonly string[];
  readonly last?: boolean;
}

function rules(direction: Rule['direction'], drafts: readonly Draft[]): readonly Rule[] {
  return drafts.map((draft, index) => ({
    name: draft.name,
    description: draft.description,
    priority: draft.last ? LAST_PRIORITY : GENERATED_PRIORITY + index * 10,
    direction,
    access: draft.access ?? 'Allow',
    protocol: draft.protocol ?? 'Tcp',
    sourceAddressPrefixes: draft.from ?? ANY,
    sourcePortRanges: ANY,
    destinationAddressPrefixes: draft.to ?? ANY,
    destinationPortRanges: draft.ports ?? ANY,
  }));
}

const denyRest = (name: string): Draft => ({
  name,
  description: 'Nothing else',
  access: 'Deny',
  protocol: '*',
  last: true,
});

/** Rules that Microsoft asks for on AzureBastionSubnet; without any one of them the host is refused or does not work. */
export function bastionRules(allowedSourcePrefixes: readonly string[]): readonly Rule[] {
  const network = ['VirtualNetwork'];
  return [
    ...rules('Inbound', [
      { name: 'AllowWebExperienceInbound', description: 'Operators', from: allowedSourcePrefixes, ports: ['443'] },
      { name: 'AllowControlPlaneInbound', description: 'Control plane', from: ['GatewayManager'], ports: ['443'] },
      { name: 'AllowHealthProbesInbound', description: 'Health probes', from: ['AzureLoadBalancer'], ports: ['443'] },
      {
        name: 'AllowBastionHostToHostInbound',
        description: 'Instances among themselves',
        protocol: '*',
        from: network,
        to: network,
        ports: ['8080', '5701'],
      },
      denyRest('DenyAllInbound'),
    ]),
    ...rules('Outbound', [
      { name: 'AllowSshRdpOutbound', description: 'Sessions', protocol: '*', to: network, ports: ['22', '3389'] },
      { name: 'AllowAzureCloudOutbound', description: 'Azure', to: ['AzureCloud'], ports: ['443'] },
      {
        name: 'AllowBastionHostToHostOutbound',
        description: 'Instances among themselves',
        protocol: '*',
        from: network,
        to: network,
        ports: ['8080', '5701'],
      },
      {
        name: 'AllowGetSessionInformationOutbound',
        description: 'Certificates',
        protocol: '*',
        to: ['Internet'],
        ports: ['80'],
      },
      denyRest('DenyAllOutbound'),
    ]),
  ];
}

/** Client listeners, Azure's management of v2 gateways on 65200-65535, and probes. Outbound stays open: v2 needs it. */
function applicationGatewayRules(): readonly Rule[] {
  return rules('Inbound', [
    { name: 'AllowClientsInbound', description: 'Clients', from: ['Internet'], ports: ['443'] },
    {
      name: 'AllowGatewayManagerInbound',
      description: 'Control plane of the gateway',
      from: ['GatewayManager'],
      ports: ['65200-65535'],
    },
    { name: 'AllowAzureLoadBalancerInbound', description: 'Health probes', protocol: '*', from: ['AzureLoadBalancer'] },
    denyRest('DenyAllInbound'),
  ]);
}

/** Nodes talk to the API server on 443 and 4443, its load balancer probes 9988. Others keep Azure's default rules. */
function apiServerRules({ own, prefixesOf }: SecurityContext): readonly Rule[] {
  const nodes = [...prefixesOf('nodes'), ...prefixesOf('pods')];
  return rules('Inbound', [
    ...(nodes.length > 0
      ? [{ name: 'AllowNodesInbound', description: 'Nodes', from: nodes, to: own, ports: ['443', '4443'] }]
      : []),
    { name: 'AllowProbesInbound', description: 'Health probes', from: ['AzureLoadBalancer'], to: own, ports: ['9988'] },
  ]);
}

/**
 * Where all requests come through a gateway, nothing else of the network reaches nodes and pods. The destination covers
 * the internal load balancer too: with its floating IP, packets arrive at a node with the frontend's address. Without
 * such a gateway Azure's default rules stay: any client inside the networks may be one of the cluster's.
 */
function nodeRules(context: SecurityContext): readonly Rule[] {
  const { prefixesOf } = context;
  const gateways = [
    ...prefixesOf('applicationGateway'),
    ...prefixesOf('applicationGatewayForContainers'),
    ...prefixesOf('apiManagement'),
  ];
  if (!context.ingressThroughGateway || gateways.length === 0) return [];
  const pods = [...prefixesOf('pods'), ...prefixesOf('virtualNodes')];
  const cluster = [...prefixesOf('nodes'), ...pods, ...context.podCidrs];
  const targets = [...cluster, ...prefixesOf('internalLoadBalancer')];
  const apiServer = prefixesOf('apiServer');
  const management = [...context.bastion, ...prefixesOf('management')];
  return rules('Inbound', [
    {
      name: 'AllowClusterInbound',
      description: 'Nodes and pods among themselves',
      protocol: '*',
      from: cluster,
      to: targets,
    },
    { name: 'AllowGatewayInbound', description: 'Requests', protocol: '*', from: gateways, to: targets },
    ...(apiServer.length > 0
      ? [
          {
            name: 'AllowApiServerInbound',
            description: 'API server',
            protocol: '*' as const,
            from: apiServer,
            to: cluster,
          },
        ]
      : []),
    ...(management.length > 0
      ? [
          {
            name: 'AllowManagementInbound',
            description: 'Operators',
            from: management,
            to: targets,
            ports: ['22', '443', '3389'],
          },
        ]
      : []),
    { name: 'AllowAzureLoadBalancerInbound', description: 'Health probes', protocol: '*', from: ['AzureLoadBalancer'] },
    denyRest('DenyAllInbound'),
  ]);
}

/** Only HTTPS, only from networks that can reach it. Counts where network policies apply to private endpoints. */
function privateEndpointRules({ own, reachable }: SecurityContext): readonly Rule[] {
  return [
    ...rules('Inbound', [
      { name: 'AllowHttpsInbound', description: 'Clients', from: reachable, to: own, ports: ['443'] },
      denyRest('DenyAllInbound'),
    ]),
    ...rules('Outbound', [denyRest('DenyAllOutbound')]),
  ];
}

function managementRules({ own, bastion }: SecurityContext): readonly Rule[] {
  const ports = ['22', '3389'];
  return rules('Inbound', [
    ...(bastion.length > 0
      ? [{ name: 'AllowBastionInbound', description: 'Operators', from: bastion, to: own, ports }]
      : []),
    { name: 'DenySessionsInbound', description: 'Sessions through Bastion only', access: 'Deny', ports, last: true },
  ]);
}

/** What Microsoft lists for API Management injected into a network. Explicit source prefixes: tags would admit peers. */
function apiManagementRules({ own, prefixesOf }: SecurityContext): readonly Rule[] {
  const gateways = prefixesOf('applicationGateway');
  return [
    ...rules('Inbound', [
      { name: 'AllowManagementInbound', description: 'Management', from: ['ApiManagement'], to: own, ports: ['3443'] },
      {
        name: 'AllowAzureLoadBalancerInbound',
        description: 'Health probes',
        from: ['AzureLoadBalancer'],
        to: own,
        ports: ['6390', '6391'],
      },
      ...(gateways.length > 0
        ? [{ name: 'AllowGatewayInbound', description: 'Requests', from: gateways, to: own, ports: ['443'] }]
        : []),
      {
        name: 'AllowCacheInbound',
        description: 'Cache between units',
        from: own,
        to: own,
        ports: ['6380', '6381-6383'],
      },
      {
        name: 'AllowRateCountersInbound',
        description: 'Rate limit counters between units',
        protocol: 'Udp',
        from: own,
        to: own,
        ports: ['4290'],
      },
    ]),
    ...rules('Outbound', [
      { name: 'AllowStorageOutbound', description: 'Storage', from: own, to: ['Storage'], ports: ['443'] },
      { name: 'AllowSqlOutbound', description: 'Database', from: own, to: ['Sql'], ports: ['1433'] },
      { name: 'AllowKeyVaultOutbound', description: 'Certificates', from: own, to: ['AzureKeyVault'], ports: ['443'] },
      { name: 'AllowMonitorOutbound', description: 'Logs', from: own, to: ['AzureMonitor'], ports: ['1886', '443'] },
      { name: 'AllowEntraOutbound', description: 'Sign-in', from: own, to: ['AzureActiveDirectory'], ports: ['443'] },
      {
        name: 'AllowEventHubOutbound',
        description: 'Events',
        from: own,
        to: ['EventHub'],
        ports: ['5671', '5672', '443'],
      },
      {
        name: 'AllowCertificateChecksOutbound',
        description: 'Certificates',
        from: own,
        to: ['Internet'],
        ports: ['80'],
      },
      {
        name: 'AllowCacheOutbound',
        description: 'Cache between units',
        from: own,
        to: own,
        ports: ['6380', '6381-6383'],
      },
      {
        name: 'AllowRateCountersOutbound',
        description: 'Rate limit counters between units',
        protocol: 'Udp',
        from: own,
        to: own,
        ports: ['4290'],
      },
    ]),
  ];
}

/** Rules that the purpose of a subnet brings. Empty: the group exists for the operator's own rules. */
export function securityRulesFor(purpose: SubnetPurpose, context: SecurityContext): readonly Rule[] {
  switch (purpose) {
    case 'applicationGateway':
      return applicationGatewayRules();
    case 'apiServer':
      return apiServerRules(context);
    case 'nodes':
    case 'pods':
      return nodeRules(context);
    case 'privateEndpoints':
      return privateEndpointRules(context);
    case 'management':
      return managementRules(context);
    case 'apiManagement':
      return apiManagementRules(context);
    case 'internalLoadBalancer':
    case 'applicationGatewayForContainers':
    case 'privateLinkService':
    case 'virtualNodes':
    case 'dnsResolverInbound':
    case 'dnsResolverOutbound':
    case 'general':
      return [];
  }
}

/** Whether a subnet of that purpose gets a security group. Azure Container Instances bring their own rules. */
export function takesSecurityGroup(purpose: SubnetPurpose): boolean {
  return purpose !== 'virtualNodes';
}
