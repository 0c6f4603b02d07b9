import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { z } from 'zod';
import { clusterEgressCollections } from '../../../lib/baseline/egress-rules.ts';
import { cluster as clusterSchema } from '../../../lib/baseline/spec/cluster.ts';
import type { Cloud, ClusterAddons } from '../../../lib/baseline/spec.ts';

type ClusterInput = z.input<typeof clusterSchema>;

interface Rule {
  readonly name: string;
  readonly ruleType: string;
  readonly sourceIpGroups: readonly string[];
  readonly fqdnTags?: readonly string[];
  readonly targetFqdns?: readonly string[];
  readonly destinationAddresses?: readonly string[];
  readonly destinationFqdns?: readonly string[];
  readonly destinationPorts?: readonly string[];
  readonly ipProtocols?: readonly string[];
  readonly protocols?: readonly { readonly protocolType: string; readonly port: number }[];
}

const SOURCE = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/ipGroups/nodes';

function rules(
  cluster: ClusterInput = {},
  more: { cloud?: Cloud; region?: string; dnsProxy?: boolean; customDnsServers?: readonly string[] } = {},
): readonly Rule[] {
  const collections = clusterEgressCollections({
    cluster: clusterSchema.parse(cluster),
    cloud: 'AzurePublic',
    region: 'westeurope',
    sourceIpGroupId: SOURCE,
    dnsProxy: true,
    customDnsServers: [],
    ...more,
  });
  return collections.flatMap((collection) => collection.rules as unknown as readonly Rule[]);
}

const named = (all: readonly Rule[], name: string) => all.find((rule) => rule.name === name);
const hosts = (all: readonly Rule[]) => new Set(all.flatMap(({ targetFqdns }) => targetFqdns ?? []));
const addons = (...on: (keyof ClusterAddons)[]): ClusterInput => ({
  addons: Object.fromEntries(on.map((name) => [name, true])),
});

describe('egress rules of a cluster', () => {
  it('are the FQDN tag alone for a private cluster without add-ons', () => {
    expect(rules()).toEqual([
      {
        ruleType: 'ApplicationRule',
        name: 'kubernetes-core',
        description: expect.any(String),
        sourceIpGroups: [SOURCE],
        protocols: [
          { protocolType: 'Http', port: 80 },
          { protocolType: 'Https', port: 443 },
        ],
        fqdnTags: ['AzureKubernetesService'],
      },
    ]);
  });

  it.each<[Cloud, string, readonly string[]]>([
    [
      'AzureUSGovernment',
      'usgovvirginia',
      [
        '*.hcp.usgovvirginia.cx.aks.containerservice.azure.us',
        'management.usgovcloudapi.net',
        'login.microsoftonline.us',
      ],
    ],
    [
      'AzureChina',
      'chinanorth3',
      [
        '*.hcp.chinanorth3.cx.prod.service.azk8s.cn',
        '*.tun.chinanorth3.cx.prod.service.azk8s.cn',
        'mcr.azure.cn',
        'management.chinacloudapi.cn',
      ],
    ],
  ])('spell out the hosts of %s', (cloud, region, expected) => {
    const core = named(rules({ apiServer: { access: 'public' } }, { cloud, region }), 'kubernetes-core');

    expect(core?.fqdnTags).toBeUndefined();
    expect(core?.targetFqdns).toEqual(expect.arrayContaining([...expected]));
  });

  it.each<[keyof ClusterAddons, string]>([
    ['azureMonitor', '*.ods.opinsights.azure.com'],
    ['azureMonitor', 'westeurope.handler.control.monitor.azure.com'],
    ['defender', '*.cloud.defender.microsoft.com'],
    ['azurePolicy', 'store.policy.core.windows.net'],
    ['keyVaultSecretsProvider', '*.vault.azure.net'],
    ['istio', '*.vault.azure.net'],
    ['appRouting', '*.vault.azure.net'],
    ['flux', 'westeurope.dp.kubernetesconfiguration.azure.com'],
    ['flux', 'arcmktplaceprod.centralindia.data.azurecr.io'],
    ['dapr', 'marketplaceapi.microsoft.com'],
    ['workloadIdentity', 'login.microsoftonline.com'],
    ['costAnalysis', 'management.azure.com'],
  ])('let add-on %s reach %s, and only with it', (addon, host) => {
    expect(hosts(rules(addons(addon)))).toContain(host);
    expect(hosts(rules())).not.toContain(host);
  });

  it('name the hosts of the cloud for every add-on', () => {
    const everything = addons(
      'azureMonitor',
      'defender',
      'azurePolicy',
      'keyVaultSecretsProvider',
      'flux',
      'workloadIdentity',
      'costAnalysis',
    );

    for (const cloud of ['AzureUSGovernment', 'AzureChina'] as const) {
      const found = [...hosts(rules(everything, { cloud, region: 'somewhere' }))];
      const ofPublicCloud =
        /(?:management|opinsights|monitor|kubernetesconfiguration)\.azure\.com$|windows\.net$|microsoftonline\.com$|vault\.azure\.net$/;
      expect(found.filter((host) => ofPublicCloud.test(host))).toEqual([]);
    }
  });

  it('follow the pools: Windows and GPU nodes have hosts of their own', () => {
    const all = rules({
      nodePools: [
        { name: 'win', osType: 'Windows', maxCount: 1 },
        { name: 'gpu', gpu: true, maxCount: 1 },
      ],
    });

    expect(named(all, 'windows-updates')?.protocols).toEqual([{ protocolType: 'Http', port: 80 }]);
    expect(hosts(all)).toContain('us.download.nvidia.com');
    expect(hosts(rules({ nodePools: [{ name: 'linux', maxCount: 1 }] })).size).toBe(0);
  });

  it('open the control plane’s region for public API servers only, by the name of its service tag', () => {
    const open = rules({ apiServer: { access: 'public' }, egress: { tunnel: true } }, { region: 'switzerlandnorth' });

    expect(named(open, 'api-server')).toMatchObject({
      destinationAddresses: ['AzureCloud.switzerlandn'],
      destinationPorts: ['443'],
      ipProtocols: ['TCP'],
    });
    expect(named(open, 'tunnel-udp')).toMatchObject({ destinationPorts: ['1194'], ipProtocols: ['UDP'] });
    expect(named(open, 'tunnel-tcp')).toMatchObject({ destinationPorts: ['9000'], ipProtocols: ['TCP'] });
    for (const access of ['private', 'vnetIntegrated'] as const) {
      const closed = rules({ apiServer: { access }, egress: { tunnel: true } });
      expect(closed.filter(({ ruleType }) => ruleType === 'NetworkRule')).toEqual([]);
    }
    expect(
      named(rules({ apiServer: { access: 'public' } }, { cloud: 'AzureChina', region: 'chinaeast2' }), 'tunnel-tcp'),
    ).toMatchObject({ destinationPorts: ['22'] });
  });

  it('name the time server where the firewall resolves names, and any address where it does not', () => {
    const cluster: ClusterInput = { egress: { networkTimeServer: true } };

    expect(named(rules(cluster), 'time')).toMatchObject({
      destinationFqdns: ['ntp.ubuntu.com'],
      destinationPorts: ['123'],
    });
    const without = named(rules(cluster, { dnsProxy: false }), 'time');
    expect([without?.destinationFqdns, without?.destinationAddresses]).toEqual([undefined, ['*']]);
  });

  it('let the cluster ask the DNS servers of its spoke', () => {
    expect(named(rules({}, { customDnsServers: ['10.1.2.3'] }), 'dns')).toMatchObject({
      ipProtocols: ['UDP', 'TCP'],
      destinationAddresses: ['10.1.2.3'],
      destinationPorts: ['53'],
    });
  });

  it('come from the cluster’s IP group alone, under names used once, whatever is on', () => {
    const flags = (names: readonly string[]) =>
      fc.record(Object.fromEntries(names.map((name) => [name, fc.boolean()])));
    const shape = clusterSchema.parse({});
    const cluster = fc.record({
      addons: flags(Object.keys(shape.addons)),
      egress: flags(Object.keys(shape.egress).filter((name) => name !== 'targetFqdns')),
      apiServer: fc.record({
        access: fc.constantFrom('public' as const, 'private' as const, 'vnetIntegrated' as const),
      }),
    });

    fc.assert(
      fc.property(cluster, fc.constantFrom<Cloud>('AzurePublic', 'AzureUSGovernment', 'AzureChina'), (input, cloud) => {
        const all = rules(input, { cloud });

        expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
        for (const rule of all) {
          expect(rule.sourceIpGroups).toEqual([SOURCE]);
          const targets = [rule.fqdnTags, rule.targetFqdns, rule.destinationAddresses, rule.destinationFqdns].flatMap(
            (list) => list ?? [],
          );
          expect(targets.length).toBeGreaterThan(0);
          expect(new Set(targets).size).toBe(targets.length);
        }
      }),
    );
  });
});
