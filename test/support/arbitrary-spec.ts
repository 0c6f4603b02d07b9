import fc from 'fast-check';
import type { BaselineSpecInput } from '../../lib/baseline/spec.ts';

type Hub = BaselineSpecInput['hub'];
type Spoke = NonNullable<BaselineSpecInput['spokes']>[number];
type Subnet = Spoke['subnets'][number];
type Cluster = NonNullable<Spoke['cluster']>;
type Networking = NonNullable<Cluster['networking']>;
type NodePool = NonNullable<Cluster['nodePools']>[number];
type Firewall = NonNullable<Hub['firewall']>;
type RuleCollectionGroup = NonNullable<Firewall['ruleCollectionGroups']>[number];

/** Draws values while a spec is built; each answer is one that fast-check can shrink. */
class Draw {
  readonly #gen: fc.GeneratorValue;

  constructor(gen: fc.GeneratorValue) {
    this.#gen = gen;
  }

  flag(): boolean {
    return this.#gen(fc.boolean);
  }

  int(min: number, max: number): number {
    return this.#gen(fc.integer, { min, max });
  }

  one<T>(values: readonly T[]): T {
    const [value] = values.slice(this.int(0, values.length - 1));
    // The type cannot say that the list is not empty; `undefined` may be one of its values.
    return value as T;
  }

  some<T>(values: readonly T[]): T[] {
    return values.filter(() => this.flag());
  }

  maybe<T>(make: () => T): T | undefined {
    return this.flag() ? make() : undefined;
  }

  times<T>(min: number, max: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.int(min, max) }, (_, index) => make(index));
  }
}

/** Leaves out what is undefined, as a document does. */
function given<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}

const subscriptions = [
  '00000000-0000-4000-8000-000000000001',
  '00000000-0000-4000-8000-000000000002',
  '00000000-0000-4000-8000-000000000003',
];
const locations = ['westeurope', 'West Europe', 'northeurope', 'eastus2', 'Germany West Central'];
const zones = ['1', '2', '3'] as const;
const armId = (subscription: string, group: string, type: string, name: string) =>
  `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${name}`;

function ruleCollectionGroup(
  draw: Draw,
  index: number,
  ipGroups: readonly string[],
  tier: string,
  proxy: boolean,
): RuleCollectionGroup {
  const source = () =>
    ipGroups.length > 0 && draw.flag()
      ? { sourceIpGroups: [draw.one(ipGroups)] }
      : { sourceAddresses: [draw.one(['*', '10.0.0.0/8', '10.1.2.3', '10.1.0.1-10.1.0.9'])] };
  const destination = () =>
    draw.one([
      { destinationAddresses: ['AzureCloud.westeurope'] },
      { destinationAddresses: ['198.51.100.0/24'] },
      proxy ? { destinationFqdns: ['time.example.com'] } : { destinationAddresses: ['*'] },
    ]);
  const url = tier === 'Premium' ? [{ targetUrls: ['www.example.com/path'], terminateTLS: true }] : [];
  return {
    name: `rcg-own-${index}`,
    priority: 5000 + index * 10,
    ruleCollections: draw.times(0, 3, (at) => {
      const head = { name: `rc-${at}`, priority: 100 + at * 100 };
      switch (draw.int(0, 2)) {
        case 0:
          return {
            ...head,
            ruleCollectionType: 'FirewallPolicyFilterRuleCollection' as const,
            action: { type: draw.one(['Allow', 'Deny'] as const) },
            rules: draw.times(1, 3, (n) => ({
              ruleType: 'NetworkRule' as const,
              name: `r${n}`,
              ...source(),
              ...destination(),
              ipProtocols: [draw.one(['TCP', 'UDP', 'Any'] as const)],
              destinationPorts: [draw.one(['443', '8000-8080', '*'])],
            })),
          };
        case 1:
          return {
            ...head,
            ruleCollectionType: 'FirewallPolicyFilterRuleCollection' as const,
            action: { type: 'Allow' as const },
            rules: draw.times(1, 3, (n) => ({
              ruleType: 'ApplicationRule' as const,
              name: `r${n}`,
              ...source(),
              protocols: [{ protocolType: 'Https' as const, port: 443 }],
              ...draw.one([{ targetFqdns: ['*.example.com'] }, { fqdnTags: ['WindowsUpdate'] }, ...url]),
            })),
          };
        default:
          return {
            ...head,
            ruleCollectionType: 'FirewallPolicyNatRuleCollection' as const,
            action: { type: 'DNAT' as const },
            rules: draw.times(1, 2, (n) => ({
              ruleType: 'NatRule' as const,
              name: `r${n}`,
              sourceAddresses: ['*'],
              ipProtocols: ['TCP' as const],
              destinationAddresses: ['198.51.100.7'],
              destinationPorts: [String(8000 + n)],
              translatedAddress: '10.1.0.4',
              translatedPort: '443',
            })),
          };
      }
    }),
  };
}

function firewall(draw: Draw, subscription: string): Firewall {
  const tier = draw.one(['Basic', 'Standard', 'Premium'] as const);
  const basic = tier === 'Basic';
  const count = draw.int(1, 24);
  const dnsProxy = basic ? draw.one([undefined, false]) : draw.one([undefined, true, false]);
  const proxy = dnsProxy ?? !basic;
  const ipGroups = draw.times(0, 3, (index) =>
    draw.flag()
      ? { name: `ipg-${index}`, ipAddresses: ['10.1.0.0/16', '10.2.3.4', '10.3.0.1-10.3.0.9'].slice(0, draw.int(1, 3)) }
      : { name: `ipg-${index}`, id: armId(subscription, 'rg-shared', 'Microsoft.Network/ipGroups', `ipg-${index}`) },
  );
  const names = ipGroups.map(({ name }) => name);
  return given({
    name: draw.maybe(() => 'fw-own'),
    tier,
    zones: draw.maybe(() => draw.some(zones)),
    management: basic ? undefined : draw.maybe(() => draw.flag()),
    publicIps: given({
      count,
      minimum: draw.maybe(() => draw.int(1, count)),
      maximum: draw.maybe(() => draw.int(count, 200)),
      prefixLengths: draw.times(0, 2, () => draw.int(28, 31)),
      ids: draw.maybe(() => [armId(subscription, 'rg-hub', 'Microsoft.Network/publicIPAddresses', 'pip-old')]),
    }),
    privateRanges: draw.maybe(() => ['IANAPrivateRanges', '130.0.0.0/8']),
    policy: given({
      threatIntelMode: draw.maybe(() => (basic ? ('Alert' as const) : draw.one(['Off', 'Alert', 'Deny'] as const))),
      intrusionDetectionMode:
        tier === 'Premium' ? draw.maybe(() => draw.one(['Off', 'Alert', 'Deny'] as const)) : undefined,
      dnsProxy,
      basePolicyId: draw.maybe(() => armId(subscription, 'rg-shared', 'Microsoft.Network/firewallPolicies', 'base')),
      dnsServers: proxy ? draw.maybe(() => ['10.0.250.4']) : undefined,
    }),
    ipGroups,
    ruleCollectionGroups: draw.times(0, 2, (index) => ruleCollectionGroup(draw, index, names, tier, proxy)),
    natGateway: draw.maybe(() =>
      given({ publicIpCount: draw.int(1, 4), publicIpPrefixLength: draw.maybe(() => draw.int(29, 31)) }),
    ),
    autoscale: basic ? undefined : draw.maybe(() => ({ minCapacity: 2, maxCapacity: draw.one([2, 4, 5, 20]) })),
  });
}

function relief(draw: Draw, hasFirewall: boolean): NonNullable<BaselineSpecInput['egress']> {
  const url = 'https://hubkeeper.example/api/alerts';
  const secureWebhook = {
    objectId: '00000000-0000-4000-8000-00000000000a',
    identifierUri: 'api://hubkeeper',
    tenantId: '00000000-0000-4000-8000-00000000000c',
  };
  return given({
    mode: draw.one(hasFirewall ? (['off', 'observe', 'propose', 'act'] as const) : (['off', 'observe'] as const)),
    scaleOut: draw.maybe(() => ({ utilizationPercent: draw.int(70, 94), targetPercent: draw.int(50, 69) })),
    scaleIn: draw.maybe(() => ({ utilizationPercent: draw.int(10, 45), reservedHours: draw.int(0, 500) })),
    alertRules: hasFirewall ? draw.maybe(() => draw.flag()) : undefined,
    actionGroup: hasFirewall
      ? draw.maybe(() => ({ receiver: given({ url, secureWebhook: draw.maybe(() => secureWebhook) }) }))
      : undefined,
  });
}

function hub(draw: Draw, subscription: string, egress: 'firewall' | 'appliance' | 'none'): Hub {
  const planned = draw.flag();
  const adopted = draw.maybe(() => armId(subscription, 'rg-hub', 'Microsoft.Network/virtualNetworks', 'vnet-old'));
  const ownFirewall = egress === 'firewall' ? firewall(draw, subscription) : undefined;
  // What is adopted exists, and so does its group.
  const groupExists = adopted !== undefined || ownFirewall?.publicIps?.ids !== undefined || draw.flag();
  return given({
    subscriptionId: subscription,
    location: draw.one(locations),
    resourceGroup: groupExists ? { id: `/subscriptions/${subscription}/resourceGroups/rg-hub` } : { name: 'rg-hub' },
    network: given({
      addressPrefixes: ['10.200.0.0/22', ...(draw.flag() ? ['10.200.8.0/24'] : [])],
      id: adopted,
      flowTimeoutInMinutes: draw.maybe(() => draw.int(4, 30)),
    }),
    subnets: given({
      firewall: egress === 'firewall' ? (planned ? {} : { addressPrefix: '10.200.1.0/26' }) : undefined,
      gateway: { prefixLength: draw.one([26, 27]) },
      bastion: draw.maybe(() => ({ prefixLength: 26 })),
      additional: [
        ...(draw.flag() ? [{ name: 'snet-resolver-in', purpose: 'dnsResolverInbound' as const }] : []),
        ...(draw.flag()
          ? [{ name: 'snet-resolver-out', purpose: 'dnsResolverOutbound' as const, prefixLength: draw.int(26, 28) }]
          : []),
        ...(draw.flag() ? [{ name: 'snet-ops', purpose: 'management' as const, addressPrefix: '10.200.2.0/27' }] : []),
      ],
    }),
    firewall: ownFirewall,
    virtualAppliance: egress === 'appliance' ? { privateIpAddress: '10.200.3.4' } : undefined,
    bastion: draw.maybe(() =>
      draw.one([{}, { sku: 'Basic' as const }, { sku: 'Premium' as const, scaleUnits: 4, zones: ['1' as const] }]),
    ),
    ddosProtectionPlan: draw.maybe(() =>
      draw.flag()
        ? { create: true }
        : { id: armId(subscription, 'rg-shared', 'Microsoft.Network/ddosProtectionPlans', 'ddos') },
    ),
    privateDnsZones: draw.some([
      { name: 'privatelink.vaultcore.azure.net' },
      { name: 'privatelink.azurecr.io', linkHub: true, linkSpokes: 'all' as const },
      {
        id: armId(subscription, 'rg-dns', 'Microsoft.Network/privateDnsZones', 'privatelink.westeurope.azmk8s.io'),
        linkSpokes: 'none' as const,
      },
    ]),
  });
}

type Mode = 'overlay' | 'nodeSubnet' | 'podSubnet' | 'podSubnetStaticBlock' | 'kubenet' | 'none';

function nodePools(draw: Draw, windows: boolean): NodePool[] {
  const maxSurge = () => draw.maybe(() => draw.one([1, 3, '10%', '33%', '100%']));
  const pool = (name: string, more: Partial<NodePool>): NodePool =>
    given({
      name,
      maxCount: draw.int(3, 20),
      minCount: draw.int(1, 3),
      maxSurge: maxSurge(),
      maxPods: draw.maybe(() => draw.int(10, 110)),
      zones: draw.maybe(() => draw.some(zones)),
      ...more,
    });
  return [
    pool('system', { mode: 'System' }),
    ...draw.times(0, 2, (index) => pool(`user${index}`, { minCount: 0, gpu: draw.flag() })),
    ...(windows ? [pool('win', { osType: 'Windows' })] : []),
  ];
}

function networking(draw: Draw, mode: Mode, dualStack: boolean, windows: boolean): Networking {
  const azure = mode !== 'kubenet' && mode !== 'none';
  const cilium = azure && !windows && draw.flag();
  const policies = cilium
    ? (['none', 'cilium'] as const)
    : dualStack || mode === 'none' || !azure
      ? (['none'] as const)
      : windows
        ? (['none', 'calico'] as const)
        : (['none', 'calico', 'azure'] as const);
  const ownRange = mode === 'overlay' || mode === 'kubenet';
  return given({
    plugin: mode === 'kubenet' ? ('kubenet' as const) : mode === 'none' ? ('none' as const) : ('azure' as const),
    mode: mode === 'kubenet' || mode === 'none' ? undefined : mode === 'overlay' ? draw.maybe(() => mode) : mode,
    dataplane: cilium ? ('cilium' as const) : ('azure' as const),
    networkPolicy: draw.one<(typeof policies)[number]>(policies),
    podCidr: ownRange ? draw.maybe(() => draw.one(['192.168.0.0/16', '100.64.0.0/13', '10.128.0.0/14'])) : undefined,
    podIpv6Cidr: dualStack ? draw.maybe(() => 'fd10::/64') : undefined,
    serviceIpv6Cidr: dualStack ? draw.maybe(() => 'fd20::/108') : undefined,
    ...draw.one([{}, { serviceCidr: '172.20.0.0/16', dnsServiceIp: '172.20.0.10' }]),
    ...(dualStack ? { ipFamilies: ['IPv4' as const, 'IPv6' as const] } : {}),
    internalFrontends: draw.maybe(() => draw.int(0, 8)),
  });
}

function clusterSpoke(
  draw: Draw,
  index: number,
  space: string,
  context: SpokeContext,
): Pick<Spoke, 'subnets' | 'cluster' | 'natGateway' | 'network'> {
  const mode = draw.one<Mode>(['overlay', 'nodeSubnet', 'podSubnet', 'podSubnetStaticBlock', 'kubenet', 'none']);
  const dualStack = mode === 'overlay' && draw.flag();
  const outbounds = [
    'loadBalancer',
    'userAssignedNATGateway',
    ...(mode === 'kubenet' ? [] : ['none']),
    ...(context.egress === 'none' ? [] : ['userDefinedRouting']),
  ] as const;
  const outboundType = draw.one(outbounds) as NonNullable<Cluster['outboundType']>;
  const isolated = outboundType === 'none';
  const windows = mode !== 'kubenet' && !isolated && draw.flag();
  const access = draw.one(
    isolated ? (['private', 'vnetIntegrated'] as const) : (['private', 'public', 'vnetIntegrated'] as const),
  );
  const virtualNodes = (mode === 'nodeSubnet' || mode === 'podSubnet') && draw.flag();
  const istio = draw.flag();
  const profiles = [
    'none',
    'applicationGatewayWithInternalLoadBalancer',
    'applicationGatewayIngressController',
    'selfManaged',
    ...(mode === 'kubenet' ? [] : ['applicationGatewayForContainers']),
    ...(istio ? ['istio'] : []),
  ] as const;
  const profile = draw.one(profiles) as NonNullable<NonNullable<Cluster['ingress']>['profile']>;
  const fixedLoadBalancer = draw.flag();
  const block = space.slice(0, space.indexOf('.0.0/'));
  const podsInSubnet = mode === 'podSubnet' || mode === 'podSubnetStaticBlock';
  const subnets: Subnet[] = [
    given({
      name: 'snet-nodes',
      purpose: 'nodes',
      ipv6AddressPrefix: dualStack ? `fd00:${index}:0:1::/64` : undefined,
    }),
    fixedLoadBalancer
      ? { name: 'snet-lb', purpose: 'internalLoadBalancer', addressPrefix: `${block}.250.0/28` }
      : { name: 'snet-lb', purpose: 'internalLoadBalancer' },
    ...(podsInSubnet ? [{ name: 'snet-pods', purpose: 'pods' as const }] : []),
    ...(access === 'vnetIntegrated' ? [{ name: 'snet-api', purpose: 'apiServer' as const }] : []),
    ...(virtualNodes ? [{ name: 'snet-aci', purpose: 'virtualNodes' as const }] : []),
    ...(profile === 'applicationGatewayForContainers'
      ? [{ name: 'snet-agc', purpose: 'applicationGatewayForContainers' as const }]
      : [{ name: 'snet-agw', purpose: 'applicationGateway' as const }]),
    ...(mode !== 'podSubnetStaticBlock' && draw.flag()
      ? [{ name: 'snet-pls', purpose: 'privateLinkService' as const }]
      : []),
  ];
  return {
    subnets,
    network: given({
      addressPrefixes: [space, ...(dualStack ? [`fd00:${index}::/48`] : [])],
      dnsServers: mode === 'kubenet' ? [] : draw.maybe(() => draw.one([[], ['10.200.2.4']])),
    }),
    natGateway:
      outboundType === 'userAssignedNATGateway'
        ? draw.one(dualStack ? [{}] : [{}, { sku: 'Standard' as const, zones: ['1' as const] }])
        : undefined,
    cluster: given({
      name: draw.maybe(() => `aks-${index}`),
      kubernetesVersion: draw.maybe(() => draw.one(['1.30', '1.33.2', '1.34'])),
      networking: networking(draw, mode, dualStack, windows),
      nodePools: nodePools(draw, windows),
      outboundType,
      apiServer: given({
        access,
        authorizedIpRanges: access === 'public' ? draw.maybe(() => []) : undefined,
        publicFqdn: draw.flag(),
        privateDnsZoneId:
          access === 'public'
            ? undefined
            : draw.maybe(() =>
                armId(
                  context.hubSubscription,
                  'rg-dns',
                  'Microsoft.Network/privateDnsZones',
                  'privatelink.westeurope.azmk8s.io',
                ),
              ),
      }),
      ingress: given({
        profile,
        internalLoadBalancerIp: fixedLoadBalancer ? draw.maybe(() => `${block}.250.4`) : undefined,
      }),
      addons: {
        azureMonitor: draw.flag(),
        defender: draw.flag(),
        azurePolicy: draw.flag(),
        keyVaultSecretsProvider: draw.flag(),
        workloadIdentity: draw.flag(),
        flux: !isolated && draw.flag(),
        dapr: !isolated && draw.flag(),
        istio,
        virtualNodes,
      },
    }),
  };
}

interface SpokeContext {
  readonly egress: 'firewall' | 'appliance' | 'none';
  readonly hubSubscription: string;
}

function generalSubnets(draw: Draw, subscription: string, index: number): Subnet[] {
  const rules = draw.times(0, 3, (at) => ({
    name: `rule-${at}`,
    priority: 200 + at * 10,
    direction: draw.one(['Inbound', 'Outbound'] as const),
    access: 'Allow' as const,
    protocol: draw.one(['Tcp', 'Udp', '*'] as const),
    sourceAddressPrefixes: draw.one([['*'], ['VirtualNetwork'], ['10.0.0.0/8', '192.168.1.1']]),
    destinationPortRanges: draw.one([['*'], ['443', '8000-8080']]),
  }));
  return [
    { name: 'snet-endpoints', purpose: 'privateEndpoints', networkSecurityGroup: { rules } },
    given({
      name: 'snet-vms',
      purpose: 'general' as const,
      prefixLength: draw.maybe(() => draw.int(24, 29)),
      serviceEndpoints: draw.some(['Microsoft.Storage', 'Microsoft.KeyVault']),
      routeTableId: draw.maybe(() =>
        armId(subscription, 'rg-shared', 'Microsoft.Network/routeTables', `rt-old-${index}`),
      ),
    }),
    ...draw.times(0, 3, (at) => ({
      name: `snet-more-${at}`,
      purpose: 'general' as const,
      ...draw.one([
        {},
        { prefixLength: 27 },
        { routes: [{ name: 'none', addressPrefix: '11.255.0.0/16', nextHopType: 'None' as const }] },
      ]),
    })),
  ];
}

function spoke(draw: Draw, index: number, context: SpokeContext): Spoke {
  const ownPlace = draw.flag();
  const subscriptionId = ownPlace ? draw.one(subscriptions) : undefined;
  const subscription = subscriptionId ?? context.hubSubscription;
  const space = `10.${index + 1}.0.0/16`;
  const parts = draw.flag()
    ? clusterSpoke(draw, index, space, context)
    : { network: { addressPrefixes: [space] }, subnets: [] };
  const adopted = draw.maybe(() =>
    armId(subscription, `rg-net-${index}`, 'Microsoft.Network/virtualNetworks', `vnet-old-${index}`),
  );
  const appliance =
    context.egress === 'none'
      ? []
      : [{ name: 'to-appliance', addressPrefix: '11.2.0.0/16', nextHopType: 'VirtualAppliance' as const }];
  return given({
    name: `s${index}`,
    subscriptionId,
    location: ownPlace ? draw.one(locations) : undefined,
    resourceGroup: ownPlace ? { name: `rg-spoke-${index}` } : undefined,
    ...parts,
    network: given({ ...parts.network, id: adopted }),
    subnets: [...parts.subnets, ...generalSubnets(draw, subscription, index)],
    routes: draw.some([
      { name: 'to-internet', addressPrefix: '11.1.0.0/16', nextHopType: 'Internet' as const },
      { name: 'to-tag', addressPrefix: 'AzureMonitor', nextHopType: 'Internet' as const },
      ...appliance,
    ]),
    peering: draw.maybe(() => ({ useHubGateway: draw.flag(), hubAllowForwardedTraffic: draw.flag() })),
  });
}

function buildSpec(draw: Draw): BaselineSpecInput {
  const hubSubscription = draw.one(subscriptions);
  const egress = draw.one(['firewall', 'firewall', 'appliance', 'none'] as const);
  const spokes = draw.times(0, 4, (index) => spoke(draw, index, { egress, hubSubscription }));
  const names = spokes.map(({ name }) => name);
  const pairs = names.flatMap((a, index) => names.slice(index + 1).map((b): [string, string] => [a, b]));
  const hubSpec = hub(draw, hubSubscription, egress);
  const location = hubSpec.location.toLowerCase().replaceAll(' ', '');
  const overrides: Record<string, string> =
    hubSpec.network.id === undefined && draw.flag() ? { [`virtualNetwork/vnet-${location}-hub`]: 'vnet-named' } : {};
  return given({
    apiVersion: 'hubkeeper/v1' as const,
    name: 'generated',
    mode: draw.maybe(() => draw.one(['observe', 'create-only', 'no-delete', 'full'] as const)),
    tags: draw.maybe(() => ({ costCentre: '42', 'hidden-title': 'x' })),
    approvals: draw.maybe(() => ({
      requiredFor: draw.one(['none', 'destructive', 'disruptive', 'all'] as const),
      selfApproval: draw.flag(),
    })),
    drift: draw.maybe(() => ({
      mode: draw.one(['off', 'observe', 'propose', 'act'] as const),
      policies: draw.some([
        { kind: 'routeTable', path: 'properties.routes', policy: 'report' as const },
        { scope: 'hub', policy: 'approve' as const },
        { path: 'tags', policy: 'ignore' as const },
        { kind: 'virtualNetwork', path: 'properties.subnets[].properties.addressPrefix', policy: 'enforce' as const },
      ]),
    })),
    budgets: draw.maybe(() => ({ perRun: draw.int(1, 20), perDay: draw.int(20, 60) })),
    changeWindows: draw.times(0, 2, () => ({
      days: draw.one([['Saturday' as const], ['Monday' as const, 'Tuesday' as const]]),
      start: '22:00',
      durationMinutes: draw.int(15, 600),
      timeZone: draw.one(['UTC', 'Europe/Berlin']),
    })),
    egress: draw.maybe(() => relief(draw, hubSpec.firewall !== undefined)),
    observability: draw.maybe(() => ({ enabled: draw.flag(), diagnosticSettings: draw.flag() })),
    hub: hubSpec,
    spokes,
    spokeToSpokePeerings: draw.some(pairs),
    nameOverrides: overrides,
  });
}

/**
 * Valid specs: hubs with firewalls of every tier, appliances or neither, and up to four spokes in several
 * subscriptions and regions, with clusters of every network mode, given and planned prefixes, adopted networks,
 * own rules and routes. Validation has nothing against them but warnings.
 */
export function arbitrarySpec(): fc.Arbitrary<BaselineSpecInput> {
  return fc.gen().map((gen) => buildSpec(new Draw(gen)));
}
