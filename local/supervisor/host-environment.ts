/** What the Functions host has to know about the other processes. */
export interface Surroundings {
  /** Base URL of the simulated ARM. */
  readonly armUrl: string;
  readonly identityEndpoint: string;
  readonly identityHeader: string;
  readonly blobUrl: string;
  readonly queueUrl: string;
  readonly tableUrl: string;
  /** Certificates to trust, in one file. */
  readonly trustedCertificatesFile: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings of somebody's shell that would make the app use another identity or another storage account. */
const FOREIGN = /^(AZURE_|MSI_|IDENTITY_|AzureWebJobs)/i;
const LOOPBACK = ['127.0.0.1', 'localhost'];

/**
 * The environment of a process that talks to the simulation: without a proxy on the loopback (HTTP clients would send
 * even that there) and with the simulation's certificates trusted.
 */
export function clientEnvironment(inherited: Environment, trustedCertificatesFile: string): Record<string, string> {
  const noProxy = [...(inherited.NO_PROXY ?? inherited.no_proxy ?? '').split(','), ...LOOPBACK]
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const merged = [...new Set(noProxy)].join(',');
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) if (value !== undefined) kept[name] = value;
  return { ...kept, NO_PROXY: merged, no_proxy: merged, NODE_EXTRA_CA_CERTS: trustedCertificatesFile };
}

/**
 * App settings and platform variables as the app finds them in Azure; only endpoints and credentials differ.
 * @param settings app settings from files; a variable of the shell wins.
 */
export function hostEnvironment(
  inherited: Environment,
  settings: Readonly<Record<string, string>>,
  surroundings: Surroundings,
): Record<string, string> {
  const base = clientEnvironment({ ...settings, ...inherited }, surroundings.trustedCertificatesFile);
  for (const name of Object.keys(base)) if (FOREIGN.test(name)) delete base[name];
  return {
    ...base,
    // .NET reads this one: the same app can run under Core Tools.
    SSL_CERT_FILE: surroundings.trustedCertificatesFile,
    FUNCTIONS_WORKER_RUNTIME: 'node',
    FUNCTIONS_EXTENSION_VERSION: '~4',
    TASKHUB_NAME: 'Hubkeeper',
    AzureWebJobsStorage__blobServiceUri: surroundings.blobUrl,
    AzureWebJobsStorage__queueServiceUri: surroundings.queueUrl,
    AzureWebJobsStorage__tableServiceUri: surroundings.tableUrl,
    AzureWebJobsStorage__credential: 'managedidentity',
    // The app registration of samples/aks-baseline.yaml, for the secure webhook of its action group.
    HUBKEEPER_ALERT_TOKEN_AUDIENCES:
      base.HUBKEEPER_ALERT_TOKEN_AUDIENCES || 'api://00000000-0000-4000-8000-00000000000b',
    HUBKEEPER_ALERT_TOKEN_TENANT_ID: base.HUBKEEPER_ALERT_TOKEN_TENANT_ID || '00000000-0000-4000-8000-00000000000c',
    IDENTITY_ENDPOINT: surroundings.identityEndpoint,
    IDENTITY_HEADER: surroundings.identityHeader,
    HUBKEEPER_ARM_ENDPOINT: surroundings.armUrl,
    // One address for all regions.
    HUBKEEPER_METRICS_ENDPOINT: surroundings.armUrl,
    HUBKEEPER_ENTRA_ENDPOINT: surroundings.armUrl,
    HUBKEEPER_TIME_URL: `${surroundings.armUrl}/_sim/clock`,
  };
}
