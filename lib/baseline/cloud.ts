import type { Cloud } from './spec.ts';

/** Hosts of one Azure cloud that clusters and networks rely on (Microsoft's list of outbound rules for AKS). */
export interface CloudEndpoints {
  /** Azure Resource Manager. */
  readonly management: string;
  /** Microsoft Entra ID. */
  readonly login: readonly string[];
  /** Whether the firewall's FQDN tag AzureKubernetesService stands for the hosts of this cloud. */
  readonly kubernetesFqdnTag: boolean;
  /** API servers of a region. */
  readonly apiServers: (region: string) => readonly string[];
  /** Microsoft's container registry and its storage. */
  readonly registry: readonly string[];
  /** Packages and binaries for nodes. */
  readonly packages: readonly string[];
  /** TCP port of the tunnel between nodes and control plane that this cloud has besides UDP 1194 and TCP 9000. */
  readonly tunnelTcpPorts: readonly string[];
  readonly monitor: (region: string) => readonly string[];
  readonly logIngestion: readonly string[];
  readonly defender: readonly string[];
  readonly policy: readonly string[];
  readonly keyVault: readonly string[];
  /** Cluster extensions, such as Flux. */
  readonly extensions: (region: string) => readonly string[];
}

/** Microsoft lists these five regional endpoints of the registry for extensions from the marketplace. */
const MARKETPLACE_REGISTRY = [
  'arcmktplaceprod.azurecr.io',
  ...['centralindia', 'japaneast', 'westus2', 'westeurope', 'eastus'].map(
    (region) => `arcmktplaceprod.${region}.data.azurecr.io`,
  ),
];

const MICROSOFT_REGISTRY = ['mcr.microsoft.com', '*.data.mcr.microsoft.com'];

const CLOUDS: Readonly<Record<Cloud, CloudEndpoints>> = {
  AzurePublic: {
    management: 'management.azure.com',
    login: ['login.microsoftonline.com'],
    kubernetesFqdnTag: true,
    apiServers: (region) => [`*.hcp.${region}.azmk8s.io`],
    registry: [...MICROSOFT_REGISTRY, 'mcr-0001.mcr-msedge.net'],
    packages: ['packages.microsoft.com', 'acs-mirror.azureedge.net', 'packages.aks.azure.com'],
    tunnelTcpPorts: [],
    monitor: (region) => [
      'dc.services.visualstudio.com',
      '*.in.applicationinsights.azure.com',
      '*.monitoring.azure.com',
      'global.handler.control.monitor.azure.com',
      `${region}.handler.control.monitor.azure.com`,
      '*.ingest.monitor.azure.com',
      '*.metrics.ingest.monitor.azure.com',
    ],
    logIngestion: ['*.ods.opinsights.azure.com', '*.oms.opinsights.azure.com'],
    defender: ['*.cloud.defender.microsoft.com'],
    policy: ['data.policy.core.windows.net', 'store.policy.core.windows.net', 'dc.services.visualstudio.com'],
    keyVault: ['vault.azure.net', '*.vault.azure.net'],
    extensions: (region) => [
      `${region}.dp.kubernetesconfiguration.azure.com`,
      ...MICROSOFT_REGISTRY,
      ...MARKETPLACE_REGISTRY,
      'azurearcfork8s.azurecr.io',
      '*.ingestion.msftcloudes.com',
      '*.microsoftmetrics.com',
      'marketplaceapi.microsoft.com',
    ],
  },
  AzureUSGovernment: {
    management: 'management.usgovcloudapi.net',
    login: ['login.microsoftonline.us'],
    kubernetesFqdnTag: false,
    apiServers: (region) => [`*.hcp.${region}.cx.aks.containerservice.azure.us`],
    registry: MICROSOFT_REGISTRY,
    packages: ['packages.microsoft.com', 'acs-mirror.azureedge.net', 'packages.aks.azure.com'],
    tunnelTcpPorts: [],
    monitor: (region) => [
      'dc.services.visualstudio.us',
      'global.handler.control.monitor.azure.us',
      `${region}.handler.control.monitor.azure.us`,
    ],
    logIngestion: ['*.ods.opinsights.azure.us', '*.oms.opinsights.azure.us'],
    defender: [],
    policy: ['data.policy.azure.us', 'store.policy.azure.us'],
    keyVault: ['vault.usgovcloudapi.net', '*.vault.usgovcloudapi.net'],
    extensions: (region) => [`${region}.dp.kubernetesconfiguration.azure.us`, ...MICROSOFT_REGISTRY],
  },
  AzureChina: {
    management: 'management.chinacloudapi.cn',
    login: ['login.chinacloudapi.cn', 'login.microsoftonline.cn', 'login.partner.microsoftonline.cn'],
    kubernetesFqdnTag: false,
    apiServers: (region) => [`*.hcp.${region}.cx.prod.service.azk8s.cn`, `*.tun.${region}.cx.prod.service.azk8s.cn`],
    registry: [...MICROSOFT_REGISTRY, 'mcr.azure.cn', '*.data.mcr.azure.cn'],
    packages: ['packages.microsoft.com', '*.azk8s.cn'],
    tunnelTcpPorts: ['22'],
    monitor: (region) => [
      'dc.services.visualstudio.cn',
      'global.handler.control.monitor.azure.cn',
      `${region}.handler.control.monitor.azure.cn`,
    ],
    logIngestion: ['*.ods.opinsights.azure.cn', '*.oms.opinsights.azure.cn'],
    defender: [],
    policy: ['data.policy.azure.cn', 'store.policy.azure.cn'],
    keyVault: ['vault.azure.cn', '*.vault.azure.cn'],
    extensions: (region) => [`${region}.dp.kubernetesconfiguration.azure.cn`, ...MICROSOFT_REGISTRY],
  },
};

export function cloudEndpoints(cloud: Cloud): CloudEndpoints {
  return CLOUDS[cloud];
}

/** Regions whose service tags Microsoft spells differently from their ARM names. */
const REGION_IN_SERVICE_TAG: Readonly<Record<string, string>> = {
  francecentral: 'centralfrance',
  francesouth: 'southfrance',
  germanywestcentral: 'germanywc',
  germanynorth: 'germanyn',
  norwayeast: 'norwaye',
  norwaywest: 'norwayw',
  switzerlandnorth: 'switzerlandn',
  switzerlandwest: 'switzerlandw',
  brazilsoutheast: 'brazilse',
};

/** Service tag of Azure's addresses in a region, as firewall rules and security rules take it. */
export function azureCloudTag(region: string): string {
  return `AzureCloud.${REGION_IN_SERVICE_TAG[region] ?? region}`;
}

/** A region as ARM answers it: `West Europe` and `westeurope` are one. */
export function normaliseLocation(location: string): string {
  return location.toLowerCase().replace(/\s+/g, '');
}
