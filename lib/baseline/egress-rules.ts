import type { JsonObject } from '../json.ts';
import { azureCloudTag, cloudEndpoints } from './cloud.ts';
import type { Cloud, ClusterSpec } from './spec.ts';

/** What the egress rules of one cluster depend on. */
export interface ClusterEgress {
  readonly cluster: ClusterSpec;
  readonly cloud: Cloud;
  /** Region of the cluster as ARM spells it. */
  readonly region: string;
  /** IP group with the prefixes of its nodes and, where they have addresses of their own, its pods. */
  readonly sourceIpGroupId: string;
  /** Whether the firewall answers DNS: without that, network rules cannot name hosts. */
  readonly dnsProxy: boolean;
  /** DNS servers of the spoke that are neither Azure's nor the firewall. */
  readonly customDnsServers: readonly string[];
}

interface Hosts {
  readonly name: string;
  readonly description: string;
  readonly port: 443 | 80;
  readonly hosts: readonly string[];
}

function applicationRule(rule: Hosts, sourceIpGroupId: string): JsonObject {
  return {
    ruleType: 'ApplicationRule',
    name: rule.name,
    description: rule.description,
    sourceIpGroups: [sourceIpGroupId],
    protocols: [{ protocolType: rule.port === 80 ? 'Http' : 'Https', port: rule.port }],
    targetFqdns: [...new Set(rule.hosts)],
  };
}

function hostsOf({ cluster, cloud, region }: ClusterEgress): readonly Hosts[] {
  const endpoints = cloudEndpoints(cloud);
  const { addons, egress, nodePools, apiServer } = cluster;
  const https = (when: boolean, name: string, description: string, hosts: readonly string[]): readonly Hosts[] =>
    when && hosts.length > 0 ? [{ name, description, port: 443, hosts }] : [];
  const http = (when: boolean, name: string, description: string, hosts: readonly string[]): readonly Hosts[] =>
    when ? [{ name, description, port: 80, hosts }] : [];
  const gpu = nodePools.some((pool) => pool.gpu);
  const windows = nodePools.some((pool) => pool.osType === 'Windows');
  const extensions = addons.flux || addons.dapr;
  const keyVault = addons.keyVaultSecretsProvider || addons.appRouting || addons.istio;

  return [
    ...https(!endpoints.kubernetesFqdnTag, 'kubernetes-core', 'What every AKS cluster needs', [
      ...(apiServer.access === 'public' ? endpoints.apiServers(region) : []),
      ...endpoints.registry,
      endpoints.management,
      ...endpoints.login,
      ...endpoints.packages,
    ]),
    ...https(addons.azureMonitor, 'azure-monitor', 'Container insights and managed Prometheus', [
      ...endpoints.logIngestion,
      ...endpoints.monitor(region),
    ]),
    ...https(addons.defender, 'defender', 'Microsoft Defender for Containers', [
      ...endpoints.login,
      ...endpoints.logIngestion,
      ...endpoints.defender,
    ]),
    ...https(addons.azurePolicy, 'azure-policy', 'Azure Policy', endpoints.policy),
    ...https(keyVault, 'key-vault', 'Key Vault for secrets and certificates', endpoints.keyVault),
    ...https(extensions, 'extensions', 'Cluster extensions', endpoints.extensions(region)),
    ...https(addons.workloadIdentity, 'workload-identity', 'Workload identity', endpoints.login),
    ...https(addons.costAnalysis, 'cost-analysis', 'Cost analysis', [...endpoints.login, endpoints.management]),
    ...https(gpu, 'gpu', 'Drivers for GPU nodes', [
      'nvidia.github.io',
      'us.download.nvidia.com',
      'download.docker.com',
    ]),
    ...https(windows, 'windows', 'Binaries for Windows nodes', ['onegetcdn.azureedge.net', 'go.microsoft.com']),
    ...http(windows, 'windows-updates', 'Updates of Windows nodes', [
      '*.mp.microsoft.com',
      'www.msftconnecttest.com',
      'ctldl.windowsupdate.com',
    ]),
    ...http(egress.osUpdates, 'os-updates', 'Updates of Linux nodes', [
      'security.ubuntu.com',
      'azure.archive.ubuntu.com',
      'changelogs.ubuntu.com',
    ]),
    ...https(egress.osUpdates, 'os-snapshots', 'Updates of Linux nodes', ['snapshot.ubuntu.com']),
    ...https(egress.gitHub, 'github', 'Sources on GitHub', [
      'github.com',
      'api.github.com',
      'raw.githubusercontent.com',
      'objects.githubusercontent.com',
    ]),
    ...https(egress.dockerHub, 'docker-hub', 'Images from Docker Hub', [
      'docker.io',
      'auth.docker.io',
      'registry-1.docker.io',
      'production.cloudflare.docker.com',
    ]),
    ...https(egress.gitHubPackages, 'github-packages', 'Images from GitHub', [
      'ghcr.io',
      'pkg-containers.githubusercontent.com',
    ]),
    ...https(true, 'declared', 'Hosts that the spec names for this cluster', egress.targetFqdns),
  ];
}

function networkRules(input: ClusterEgress): readonly JsonObject[] {
  const { cluster, cloud, region, sourceIpGroupId, dnsProxy, customDnsServers } = input;
  const region443 = azureCloudTag(region);
  const rule = (
    name: string,
    description: string,
    ipProtocols: readonly string[],
    destinationPorts: readonly string[],
    destination: JsonObject,
  ): JsonObject => ({
    ruleType: 'NetworkRule',
    name,
    description,
    ipProtocols,
    sourceIpGroups: [sourceIpGroupId],
    ...destination,
    destinationPorts,
  });
  const extraTunnelPorts = cloudEndpoints(cloud).tunnelTcpPorts;
  const rules: JsonObject[] = [];
  // A private API server is reached inside the network: neither of these leaves it.
  if (cluster.apiServer.access === 'public') {
    const destination = { destinationAddresses: [region443] };
    rules.push(rule('api-server', 'Pods that call the API server by its address', ['TCP'], ['443'], destination));
    if (cluster.egress.tunnel) {
      rules.push(rule('tunnel-udp', 'Tunnel between nodes and control plane', ['UDP'], ['1194'], destination));
    }
    if (cluster.egress.tunnel || extraTunnelPorts.length > 0) {
      const ports = [...(cluster.egress.tunnel ? ['9000'] : []), ...extraTunnelPorts];
      rules.push(rule('tunnel-tcp', 'Tunnel between nodes and control plane', ['TCP'], ports, destination));
    }
  }
  if (cluster.egress.networkTimeServer) {
    const destination = dnsProxy ? { destinationFqdns: ['ntp.ubuntu.com'] } : { destinationAddresses: ['*'] };
    rules.push(rule('time', 'Time for nodes made before March 2021', ['UDP'], ['123'], destination));
  }
  if (customDnsServers.length > 0) {
    const destination = { destinationAddresses: customDnsServers };
    rules.push(rule('dns', 'DNS servers of the spoke', ['UDP', 'TCP'], ['53'], destination));
  }
  if (cluster.addons.azureMonitor) {
    const destination = { destinationAddresses: ['AzureMonitor'] };
    rules.push(rule('azure-monitor-ingestion', 'Metrics and logs', ['TCP'], ['443'], destination));
  }
  return rules;
}

/**
 * Rule collections for everything that a cluster behind the firewall must reach, from its add-ons and pools. After
 * Microsoft's list of outbound rules for AKS (2026-06).
 */
export function clusterEgressCollections(input: ClusterEgress): readonly JsonObject[] {
  const network = networkRules(input);
  const tag: JsonObject = {
    ruleType: 'ApplicationRule',
    name: 'kubernetes-core',
    description: 'What every AKS cluster needs',
    sourceIpGroups: [input.sourceIpGroupId],
    protocols: [
      { protocolType: 'Http', port: 80 },
      { protocolType: 'Https', port: 443 },
    ],
    fqdnTags: ['AzureKubernetesService'],
  };
  const application = [
    ...(cloudEndpoints(input.cloud).kubernetesFqdnTag ? [tag] : []),
    ...hostsOf(input).map((hosts) => applicationRule(hosts, input.sourceIpGroupId)),
  ];
  const collection = (name: string, priority: number, rules: readonly JsonObject[]): JsonObject => ({
    ruleCollectionType: 'FirewallPolicyFilterRuleCollection',
    name,
    priority,
    action: { type: 'Allow' },
    rules,
  });
  return [
    ...(network.length > 0 ? [collection('aks-network', 200, network)] : []),
    collection('aks-application', 300, application),
  ];
}
