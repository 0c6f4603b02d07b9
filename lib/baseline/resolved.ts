import type { JsonObject } from '../json.ts';
import type { DesiredNode, Owner } from '../plan/graph.ts';
import type { BaselineSpec, Cloud, SubnetPurpose } from './spec.ts';

/** Something in Azure with its id. */
export interface ResolvedResource {
  /** ARM id in full. */
  readonly id: string;
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Lower case, without blanks: `westeurope`. `global` where Azure wants that. */
  readonly location: string;
  readonly presence: DesiredNode['presence'];
  /** Part of the baseline it belongs to: `hub`, `egress`, `spoke:NAME`. */
  readonly scope: string;
  /** Place in the document that asked for it. */
  readonly path: string;
}

export interface ResolvedResourceGroup extends ResolvedResource {}

export interface ResolvedSubnet {
  readonly id: string;
  readonly name: string;
  /** `reserved`: a subnet whose name Azure fixes. */
  readonly purpose: SubnetPurpose | 'reserved';
  /** IPv4 first. */
  readonly addressPrefixes: readonly string[];
  readonly networkSecurityGroupId?: string;
  readonly routeTableId?: string;
  readonly natGatewayId?: string;
  /** Service name, such as `Microsoft.ContainerService/managedClusters`. */
  readonly delegation?: string;
  readonly serviceEndpoints: readonly string[];
  /** Absent: Azure's default, which is Disabled. */
  readonly privateEndpointNetworkPolicies?: string;
  /** Absent: Azure's default, which is Enabled. */
  readonly privateLinkServiceNetworkPolicies?: string;
  /** Whether its 0.0.0.0/0 leads to the firewall or appliance. */
  readonly routesToFirewall: boolean;
  readonly path: string;
}

export interface ResolvedNetwork extends ResolvedResource {
  readonly role: 'hub' | 'spoke';
  /** Name of the spoke; absent for the hub. */
  readonly spoke?: string;
  readonly addressPrefixes: readonly string[];
  /** Empty: Azure's own. Absent: not ours to say (adopted network without servers in the spec). */
  readonly dnsServers?: readonly string[];
  readonly flowTimeoutInMinutes?: number;
  readonly ddosProtectionPlanId?: string;
  readonly subnets: readonly ResolvedSubnet[];
}

/** One security rule in Azure's plural form; lists of one become Azure's singular properties on the wire. */
export interface ResolvedSecurityRule {
  readonly name: string;
  readonly description?: string;
  readonly priority: number;
  readonly direction: 'Inbound' | 'Outbound';
  readonly access: 'Allow' | 'Deny';
  readonly protocol: 'Tcp' | 'Udp' | 'Icmp' | 'Esp' | 'Ah' | '*';
  readonly sourceAddressPrefixes: readonly string[];
  readonly sourcePortRanges: readonly string[];
  readonly destinationAddressPrefixes: readonly string[];
  readonly destinationPortRanges: readonly string[];
  /** Who wants it; default the spec. */
  readonly owner?: Owner;
}

export interface ResolvedNetworkSecurityGroup extends ResolvedResource {
  readonly rules: readonly ResolvedSecurityRule[];
  /** Networks with subnets that use it: their lanes are its lanes. */
  readonly networkIds: readonly string[];
}

export interface ResolvedRoute {
  readonly name: string;
  readonly addressPrefix: string;
  readonly nextHopType: 'VirtualNetworkGateway' | 'VnetLocal' | 'Internet' | 'VirtualAppliance' | 'None';
  readonly nextHopIpAddress?: string;
}

export interface ResolvedRouteTable extends ResolvedResource {
  readonly routes: readonly ResolvedRoute[];
  readonly disableBgpRoutePropagation: boolean;
  /** A route of it leads to the baseline's own firewall. */
  readonly leadsToFirewall: boolean;
  readonly networkIds: readonly string[];
}

export interface ResolvedPublicIpPrefix extends ResolvedResource {
  readonly prefixLength: number;
  readonly sku: 'Standard' | 'StandardV2';
  readonly zones: readonly string[];
}

export interface ResolvedPublicIpAddress extends ResolvedResource {
  readonly purpose: 'firewall' | 'firewallManagement' | 'bastion' | 'natGateway';
  readonly sku: 'Standard' | 'StandardV2';
  readonly zones: readonly string[];
  readonly prefixId?: string;
  readonly owner: Owner;
  /** ISO time; of one that is on nothing and that an adjustment keeps until then. */
  readonly keptUntil?: string;
}

export interface ResolvedNatGateway extends ResolvedResource {
  readonly sku: 'Standard' | 'StandardV2';
  readonly zones: readonly string[];
  readonly idleTimeoutInMinutes: number;
  readonly publicIpAddressIds: readonly string[];
  readonly publicIpPrefixIds: readonly string[];
  readonly networkIds: readonly string[];
}

export interface ResolvedIpGroup extends ResolvedResource {
  readonly ipAddresses: readonly string[];
}

export interface ResolvedRuleCollectionGroup extends ResolvedResource {
  readonly priority: number;
  /** Wire form, with ids of IP groups in place of names. */
  readonly ruleCollections: readonly JsonObject[];
  /** Whether it is made by Hubkeeper for a cluster, or written by the operator. */
  readonly origin: 'generated' | 'operator';
}

export interface ResolvedFirewallPolicy extends ResolvedResource {
  readonly tier: 'Basic' | 'Standard' | 'Premium';
  readonly basePolicyId?: string;
  /** Properties that are ours: all of a policy that is made, what the spec names of one that is adopted. */
  readonly properties: JsonObject;
}

export interface ResolvedFirewall extends ResolvedResource {
  readonly tier: 'Basic' | 'Standard' | 'Premium';
  readonly zones: readonly string[];
  /** First address that Azure leaves free in AzureFirewallSubnet, unless the spec says otherwise. */
  readonly privateIpAddress: string;
  readonly networkId: string;
  readonly subnetId: string;
  readonly policyId: string;
  readonly managementSubnetId?: string;
  readonly managementPublicIpId?: string;
  /** In the order of ipConfigurations; the first one names the subnet. */
  readonly publicIps: readonly { readonly configurationName: string; readonly id: string; readonly owner: Owner }[];
  /** Configurations of the spec's own addresses that an adjustment leaves out. */
  readonly releasedConfigurations?: readonly string[];
  /** Bounds that the spec sets for adjustments of the number of public IP addresses. */
  readonly publicIpBounds: { readonly minimum: number; readonly maximum: number };
  readonly autoscale?: { readonly minCapacity?: number; readonly maxCapacity?: number };
}

/** Whatever 0.0.0.0/0 of the spokes leads to. */
export interface ResolvedEgressHop {
  readonly privateIpAddress: string;
  readonly dnsProxy: boolean;
}

export interface ResolvedBastion extends ResolvedResource {
  readonly sku: 'Basic' | 'Standard' | 'Premium';
  readonly enableTunneling: boolean;
  readonly scaleUnits: number;
  readonly zones: readonly string[];
  readonly networkId: string;
  readonly subnetId: string;
  readonly publicIpId: string;
}

export interface ResolvedPeering extends ResolvedResource {
  readonly networkId: string;
  readonly remoteNetworkId: string;
  readonly allowVirtualNetworkAccess: boolean;
  readonly allowForwardedTraffic: boolean;
  readonly allowGatewayTransit: boolean;
  readonly useRemoteGateways: boolean;
  /** Id of the other side; both sides are changed and removed together. */
  readonly otherSideId: string;
}

export interface ResolvedPrivateDnsZoneLink extends ResolvedResource {
  readonly zoneId: string;
  readonly networkId: string;
}

export interface ResolvedWorkspace extends ResolvedResource {
  readonly retentionInDays: number;
  readonly dailyQuotaGb?: number;
}

export interface ResolvedDiagnosticSetting {
  readonly id: string;
  readonly name: string;
  readonly targetId: string;
  readonly workspaceId: string;
  readonly logs: boolean;
  readonly metrics: boolean;
  /** Firewall logs go to tables of their own. */
  readonly dedicatedTables: boolean;
  readonly scope: string;
  readonly owner: Owner;
}

/** Whom alerts tell. */
export interface ResolvedActionGroup extends ResolvedResource {
  readonly shortName: string;
  /** Absent for one that is only referred to. */
  readonly receiver?: {
    readonly url: string;
    readonly secureWebhook?: {
      readonly objectId: string;
      readonly identifierUri: string;
      readonly tenantId: string;
    };
  };
}

/** A rule on the utilisation of the firewall's SNAT ports. */
export interface ResolvedMetricAlert extends ResolvedResource {
  readonly description: string;
  readonly severity: number;
  readonly targetId: string;
  readonly aggregation: 'Average' | 'Maximum';
  /** Fires at this utilisation and above. */
  readonly thresholdPercent: number;
  readonly actionGroupId?: string;
}

/** A spec with every name, id and address worked out. Computed from the spec alone; nothing in it comes from Azure. */
export interface ResolvedBaseline {
  readonly name: string;
  readonly cloud: Cloud;
  readonly spec: BaselineSpec;
  /** Tags of every resource that is made. */
  readonly tags: Readonly<Record<string, string>>;
  readonly resourceGroups: readonly ResolvedResourceGroup[];
  /** The hub first, then the spokes in their order. */
  readonly networks: readonly ResolvedNetwork[];
  readonly networkSecurityGroups: readonly ResolvedNetworkSecurityGroup[];
  readonly routeTables: readonly ResolvedRouteTable[];
  readonly natGateways: readonly ResolvedNatGateway[];
  readonly publicIpPrefixes: readonly ResolvedPublicIpPrefix[];
  readonly publicIpAddresses: readonly ResolvedPublicIpAddress[];
  readonly ipGroups: readonly ResolvedIpGroup[];
  readonly firewallPolicy?: ResolvedFirewallPolicy;
  readonly ruleCollectionGroups: readonly ResolvedRuleCollectionGroup[];
  readonly firewall?: ResolvedFirewall;
  readonly egressHop?: ResolvedEgressHop;
  readonly bastion?: ResolvedBastion;
  readonly ddosProtectionPlan?: ResolvedResource;
  readonly peerings: readonly ResolvedPeering[];
  readonly privateDnsZones: readonly ResolvedResource[];
  readonly privateDnsZoneLinks: readonly ResolvedPrivateDnsZoneLink[];
  readonly workspace?: ResolvedWorkspace;
  readonly actionGroups: readonly ResolvedActionGroup[];
  readonly metricAlerts: readonly ResolvedMetricAlert[];
  readonly diagnosticSettings: readonly ResolvedDiagnosticSetting[];
  /** `kind/conventional name` of everything that can be renamed through `nameOverrides`, with the name it has. */
  readonly madeNames: ReadonlyMap<string, string>;
}
