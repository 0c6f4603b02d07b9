/** What a resource type can send. */
export interface DiagnosticCategories {
  readonly logs: readonly string[];
  readonly metrics: boolean;
}

const CATEGORIES: Readonly<Record<string, DiagnosticCategories>> = {
  'microsoft.network/azurefirewalls': {
    logs: [
      'AzureFirewallApplicationRule',
      'AzureFirewallNetworkRule',
      'AzureFirewallDnsProxy',
      'AZFWNetworkRule',
      'AZFWApplicationRule',
      'AZFWNatRule',
      'AZFWThreatIntel',
      'AZFWIdpsSignature',
      'AZFWDnsQuery',
      'AZFWFqdnResolveFailure',
      'AZFWFatFlow',
      'AZFWFlowTrace',
      'AZFWApplicationRuleAggregation',
      'AZFWNetworkRuleAggregation',
      'AZFWNatRuleAggregation',
      'AZFWDnsFlowTrace',
      'AZFWInternalFqdnResolutionFailure',
    ],
    metrics: true,
  },
  'microsoft.network/applicationgateways': {
    logs: ['ApplicationGatewayAccessLog', 'ApplicationGatewayPerformanceLog', 'ApplicationGatewayFirewallLog'],
    metrics: true,
  },
  'microsoft.network/virtualnetworks': { logs: ['VMProtectionAlerts'], metrics: true },
  'microsoft.network/networksecuritygroups': {
    logs: ['NetworkSecurityGroupEvent', 'NetworkSecurityGroupRuleCounter'],
    metrics: false,
  },
  'microsoft.network/publicipaddresses': {
    logs: ['DDoSProtectionNotifications', 'DDoSMitigationFlowLogs', 'DDoSMitigationReports'],
    metrics: true,
  },
  'microsoft.network/publicipprefixes': {
    logs: ['DDoSProtectionNotifications', 'DDoSMitigationFlowLogs', 'DDoSMitigationReports'],
    metrics: false,
  },
  'microsoft.network/bastionhosts': { logs: ['BastionAuditLogs'], metrics: true },
  'microsoft.network/natgateways': { logs: ['NatGatewayFlowlogsV1'], metrics: true },
  'microsoft.network/networkinterfaces': { logs: [], metrics: true },
  'microsoft.network/privatednszones': { logs: [], metrics: true },
  'microsoft.network/loadbalancers': { logs: ['LoadBalancerHealthEvent'], metrics: true },
  'microsoft.network/virtualnetworkgateways': {
    logs: ['GatewayDiagnosticLog', 'TunnelDiagnosticLog', 'RouteDiagnosticLog', 'IKEDiagnosticLog', 'P2SDiagnosticLog'],
    metrics: true,
  },
  'microsoft.network/expressroutecircuits': { logs: ['PeeringRouteLog'], metrics: true },
  'microsoft.operationalinsights/workspaces': { logs: ['Audit', 'SummaryLogs', 'Jobs'], metrics: true },
  'microsoft.containerservice/managedclusters': {
    logs: [
      'kube-apiserver',
      'kube-audit',
      'kube-audit-admin',
      'kube-controller-manager',
      'kube-scheduler',
      'cluster-autoscaler',
      'cloud-controller-manager',
      'guard',
      'csi-azuredisk-controller',
      'csi-azurefile-controller',
      'csi-snapshot-controller',
    ],
    metrics: true,
  },
  'microsoft.apimanagement/service': {
    logs: ['GatewayLogs', 'WebSocketConnectionLogs', 'DeveloperPortalAuditLogs', 'GatewayLlmLogs'],
    metrics: true,
  },
  'microsoft.keyvault/vaults': { logs: ['AuditEvent', 'AzurePolicyEvaluationDetails'], metrics: true },
  'microsoft.containerregistry/registries': {
    logs: ['ContainerRegistryRepositoryEvents', 'ContainerRegistryLoginEvents'],
    metrics: true,
  },
  'microsoft.cdn/profiles': {
    logs: ['AzureCdnAccessLog', 'FrontDoorAccessLog', 'FrontDoorHealthProbeLog', 'FrontDoorWebApplicationFirewallLog'],
    metrics: true,
  },
};

/** Undefined for a type that takes no diagnostic settings (route tables, IP groups, firewall policies, DDoS plans). */
export function diagnosticCategories(type: string): DiagnosticCategories | undefined {
  return CATEGORIES[type.toLowerCase()];
}
