import type { JsonObject } from '../../json.ts';
import { clusterIpGroupName, spokesBehindFirewall } from '../cluster-ip-group.ts';
import { clusterEgressCollections } from '../egress-rules.ts';
import { hasFirewallManagement, RESERVED_SUBNET_NAMES } from '../network-requests.ts';
import type {
  ResolvedEgressHop,
  ResolvedFirewall,
  ResolvedFirewallPolicy,
  ResolvedIpGroup,
  ResolvedNetwork,
  ResolvedPublicIpAddress,
  ResolvedPublicIpPrefix,
  ResolvedRuleCollectionGroup,
  ResolvedWorkspace,
} from '../resolved.ts';
import type { BaselineSpec, Cloud, FirewallRuleSpec, FirewallSpec, RuleCollectionSpec, SpokeSpec } from '../spec.ts';
import type { NameBook } from './name-book.ts';
import { existing, made, type Place } from './place.ts';
import { firewallPublicEgress, firewallZones } from './public-egress.ts';

export interface FirewallInput {
  readonly spec: BaselineSpec;
  readonly names: NameBook;
  /** The hub, with scope `egress`. */
  readonly place: Place;
  readonly networks: readonly ResolvedNetwork[];
  readonly hop: ResolvedEgressHop | undefined;
  readonly workspace: ResolvedWorkspace | undefined;
}

export interface FirewallParts {
  readonly firewall?: ResolvedFirewall;
  readonly firewallPolicy?: ResolvedFirewallPolicy;
  readonly ipGroups: readonly ResolvedIpGroup[];
  readonly ruleCollectionGroups: readonly ResolvedRuleCollectionGroup[];
  readonly publicIpAddresses: readonly ResolvedPublicIpAddress[];
  readonly publicIpPrefixes: readonly ResolvedPublicIpPrefix[];
}

/** Generated rule collection groups come after the operator's; ten apart, so that none of them shares a number. */
const FIRST_GENERATED_PRIORITY = 30_000;

/** What Azure takes for private where nothing else is said, and the name that stands for it in a policy. */
const DEFAULT_PRIVATE_RANGES = 'IANAPrivateRanges';

/** Only what is there, so that a body has no empty properties. */
function present(properties: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}

function policyProperties(input: FirewallInput, firewall: FirewallSpec): JsonObject {
  const { policy, tier, privateRanges } = firewall;
  const adopted = policy.id !== undefined;
  const premium = tier === 'Premium';
  const threatIntelMode = policy.threatIntelMode ?? (adopted ? undefined : tier === 'Basic' ? 'Alert' : 'Deny');
  const intrusionMode = policy.intrusionDetectionMode ?? (adopted || !premium ? undefined : 'Deny');
  const dnsProxy = policy.dnsProxy ?? (adopted || tier === 'Basic' ? undefined : true);
  // A Basic policy may not even say that it has no DNS proxy.
  const dns = tier === 'Basic' ? {} : present({ enableProxy: dnsProxy, servers: policy.dnsServers });
  const insights = input.workspace !== undefined && tier !== 'Basic' && (!adopted || policy.insightsRetentionDays);
  return present({
    sku: adopted ? undefined : { tier },
    basePolicy: policy.basePolicyId === undefined ? undefined : { id: policy.basePolicyId },
    threatIntelMode,
    intrusionDetection: intrusionMode === undefined ? undefined : { mode: intrusionMode },
    dnsSettings: Object.keys(dns).length === 0 ? undefined : dns,
    snat:
      privateRanges === undefined
        ? undefined
        : { privateRanges: [...new Set([DEFAULT_PRIVATE_RANGES, ...privateRanges])] },
    insights: insights
      ? {
          isEnabled: true,
          retentionDays: policy.insightsRetentionDays ?? 30,
          logAnalyticsResources: { defaultWorkspaceId: { id: input.workspace?.id } },
        }
      : undefined,
  });
}

function resolvePolicy(input: FirewallInput, firewall: FirewallSpec): ResolvedFirewallPolicy {
  const { names } = input;
  const { policy, tier } = firewall;
  const place = { ...input.place, path: 'hub.firewall.policy' };
  const resource =
    policy.id === undefined
      ? made(
          place,
          'Microsoft.Network/firewallPolicies',
          names.name('firewallPolicy', `fw-policies-${place.location}`, policy.name),
        )
      : existing(policy.id, 'adopt', place);
  return { ...resource, tier, basePolicyId: policy.basePolicyId, properties: policyProperties(input, firewall) };
}

interface ClusterRules {
  readonly group: ResolvedIpGroup;
  readonly conventional: string;
  readonly collections: readonly JsonObject[];
  readonly spoke: SpokeSpec;
}

/** The IP group of a cluster's nodes and pods, and what they may reach; nothing where its egress goes another way. */
function clusterRules(input: FirewallInput, cloud: Cloud): readonly ClusterRules[] {
  const { spec, names, networks, hop } = input;
  return spokesBehindFirewall(spec).flatMap((spoke): readonly ClusterRules[] => {
    const network = networks.find((candidate) => candidate.spoke === spoke.name);
    if (spoke.cluster === undefined || network === undefined) return [];
    const place = { ...input.place, path: `spokes[${spec.spokes.indexOf(spoke)}].cluster` };
    const conventional = clusterIpGroupName(spoke.name);
    const resource = made(place, 'Microsoft.Network/ipGroups', names.name('ipGroup', conventional));
    const collections = clusterEgressCollections({
      cluster: spoke.cluster,
      cloud,
      region: network.location,
      sourceIpGroupId: resource.id,
      dnsProxy: hop?.dnsProxy ?? false,
      customDnsServers: (network.dnsServers ?? []).filter((server) => server !== hop?.privateIpAddress),
    });
    const ipAddresses = network.subnets
      .filter(({ purpose }) => purpose === 'nodes' || purpose === 'pods')
      .flatMap(({ addressPrefixes }) => addressPrefixes)
      // IP groups take IPv4 only.
      .filter((prefix) => !prefix.includes(':'));
    return [{ group: { ...resource, ipAddresses }, conventional, collections, spoke }];
  });
}

function ipGroupsOf(rule: FirewallRuleSpec): readonly string[] {
  const destinations = 'destinationIpGroups' in rule ? rule.destinationIpGroups : undefined;
  return [...(rule.sourceIpGroups ?? []), ...(destinations ?? [])];
}

/** Puts ids in place of the names of IP groups. */
function withIpGroupIds(collection: RuleCollectionSpec, idOf: (nameOrId: string) => string): JsonObject {
  const rules = collection.rules.map((rule) =>
    present({
      ...rule,
      sourceIpGroups: rule.sourceIpGroups?.map(idOf),
      ...('destinationIpGroups' in rule ? { destinationIpGroups: rule.destinationIpGroups?.map(idOf) } : {}),
    }),
  );
  return { ...collection, rules };
}

function resolveIpGroups(input: FirewallInput, firewall: FirewallSpec): readonly ResolvedIpGroup[] {
  return firewall.ipGroups.map((group, index) => {
    const place = { ...input.place, path: `hub.firewall.ipGroups[${index}]` };
    if (group.id !== undefined) return { ...existing(group.id, 'reference', place), ipAddresses: [] };
    const name = input.names.name('ipGroup', group.name);
    return { ...made(place, 'Microsoft.Network/ipGroups', name), ipAddresses: group.ipAddresses };
  });
}

function resolveFirewall(input: FirewallInput, firewall: FirewallSpec, policyId: string): FirewallParts {
  const { names, place, networks, hop } = input;
  const zones = firewallZones(firewall);
  const hub = networks.find(({ role }) => role === 'hub');
  const subnet = hub?.subnets.find(({ name }) => name === RESERVED_SUBNET_NAMES.firewall);
  const egress = firewallPublicEgress(
    firewall,
    { ...place, path: 'hub.firewall.publicIps' },
    names,
    firewall.publicIps.count,
  );
  const managed = hasFirewallManagement(input.spec.hub);
  const managementAddress: ResolvedPublicIpAddress | undefined = managed
    ? {
        ...made(
          place,
          'Microsoft.Network/publicIPAddresses',
          names.name('publicIPAddress', `pip-fw-${place.location}-management`),
        ),
        purpose: 'firewallManagement',
        sku: 'Standard',
        zones,
        owner: 'spec',
      }
    : undefined;
  const resource = made(
    place,
    'Microsoft.Network/azureFirewalls',
    names.name('azureFirewall', `fw-${place.location}`, firewall.name),
  );
  const { count, minimum, maximum } = firewall.publicIps;
  const resolved: ResolvedFirewall = {
    ...resource,
    tier: firewall.tier,
    zones,
    privateIpAddress: hop?.privateIpAddress ?? '',
    networkId: hub?.id ?? '',
    subnetId: subnet?.id ?? '',
    policyId,
    ...(managed && hub !== undefined
      ? {
          managementSubnetId: `${hub.id}/subnets/${RESERVED_SUBNET_NAMES.firewallManagement}`,
          managementPublicIpId: managementAddress?.id,
        }
      : {}),
    publicIps: egress.addresses.map(({ id, name, owner }) => ({ configurationName: name, id, owner })),
    publicIpBounds: { minimum: minimum ?? count, maximum: maximum ?? count },
    autoscale: firewall.autoscale,
  };
  return {
    firewall: resolved,
    ipGroups: [],
    ruleCollectionGroups: [],
    publicIpAddresses: [...egress.addresses, ...(managementAddress === undefined ? [] : [managementAddress])],
    publicIpPrefixes: egress.prefixes,
  };
}

/** The firewall of the hub with its policy, rules, IP groups and public addresses. */
export function resolveFirewallParts(input: FirewallInput): FirewallParts {
  const { spec, names, place } = input;
  const { firewall } = spec.hub;
  if (firewall === undefined) {
    return { ipGroups: [], ruleCollectionGroups: [], publicIpAddresses: [], publicIpPrefixes: [] };
  }
  const policy = resolvePolicy(input, firewall);
  const generated = clusterRules(input, spec.cloud);
  const declaredGroups = resolveIpGroups(input, firewall);
  const ids = new Map<string, string>([
    ...firewall.ipGroups.map((group, index) => [group.name.toLowerCase(), declaredGroups[index]?.id ?? ''] as const),
    ...generated.flatMap(({ group, conventional }) =>
      [group.name, conventional].map((name) => [name.toLowerCase(), group.id] as const),
    ),
  ]);
  const idOf = (nameOrId: string): string => ids.get(nameOrId.toLowerCase()) ?? nameOrId;

  const child = (name: string, path: string) => ({
    ...made({ ...place, path }, 'Microsoft.Network/firewallPolicies', policy.name),
    id: `${policy.id}/ruleCollectionGroups/${name}`,
    name,
    subscriptionId: policy.subscriptionId,
    resourceGroup: policy.resourceGroup,
  });
  const operatorGroups = firewall.ruleCollectionGroups.map(
    (group, index): ResolvedRuleCollectionGroup => ({
      ...child(
        names.name('firewallPolicyRuleCollectionGroup', group.name),
        `hub.firewall.ruleCollectionGroups[${index}]`,
      ),
      priority: group.priority,
      ruleCollections: group.ruleCollections.map((collection) => withIpGroupIds(collection, idOf)),
      origin: 'operator',
    }),
  );
  const taken = new Set(firewall.ruleCollectionGroups.map(({ priority }) => priority));
  let priority = FIRST_GENERATED_PRIORITY;
  const generatedGroups = generated.map(({ spoke, collections, group }): ResolvedRuleCollectionGroup => {
    while (taken.has(priority)) priority += 1;
    taken.add(priority);
    return {
      ...child(names.name('firewallPolicyRuleCollectionGroup', `rcg-spoke-${spoke.name}-aks`), group.path),
      priority,
      ruleCollections: collections,
      origin: 'generated',
    };
  });

  // A rule may name an IP group that is nowhere else in the spec by its id: it has to exist.
  const namedById = firewall.ruleCollectionGroups.flatMap((group, index) =>
    group.ruleCollections
      .flatMap(({ rules }) => rules.flatMap(ipGroupsOf))
      .map(idOf)
      .filter((id) => id.startsWith('/'))
      .map((id): ResolvedIpGroup => {
        const path = `hub.firewall.ruleCollectionGroups[${index}]`;
        return { ...existing(id, 'reference', { ...place, path }), ipAddresses: [] };
      }),
  );

  return {
    ...resolveFirewall({ ...input, place: { ...place, path: 'hub.firewall' } }, firewall, policy.id),
    firewallPolicy: policy,
    // Those that are made come first: of two with one id the first stays.
    ipGroups: [...declaredGroups, ...generated.map(({ group }) => group), ...namedById],
    ruleCollectionGroups: [...operatorGroups, ...generatedGroups],
  };
}
