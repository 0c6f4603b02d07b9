import { isJsonObject, type Json, type JsonObject } from '../../json.ts';
import { normaliseId, type Owner, sameId } from '../../plan/graph.ts';
import { entryPath, setAt } from '../../plan/property-path.ts';
import type { Problem } from '../../problem.ts';
import type { Evidence, ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { dnatDestinations, mayMean } from '../kind-support/dnat-destinations.ts';
import { describeRuleCollection, namesAt, phrase, textsAt } from '../kind-support/entry-text.ts';
import { firewallFamilyLanes, laneOf } from '../kind-support/lanes.ts';
import { FIXED_LOCATION, NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { envelope, nodeOf, reference, zonesOf } from '../kind-support/node.ts';
import { foreignEntries, referencesAt, valuesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';
import type { ResolvedFirewall } from '../resolved.ts';

const CONFIGURATIONS = 'properties.ipConfigurations';
const ADDRESSES = `${CONFIGURATIONS}[].properties.publicIPAddress.id`;
const PRIVATE_ADDRESS = `${CONFIGURATIONS}[].properties.privateIPAddress`;
const MANAGEMENT = 'properties.managementIpConfiguration';
const CLASSIC_RULES = ['applicationRuleCollections', 'natRuleCollections', 'networkRuleCollections'] as const;

function configurations(firewall: ResolvedFirewall): readonly JsonObject[] {
  return firewall.publicIps.map(({ configurationName, id }, index) => ({
    name: configurationName,
    properties: {
      // Only the first one names the subnet; Azure refuses it in the others. The address is read-only: it says what
      // routes and DNS settings count on, for `verify`, and is never sent.
      ...(index === 0 ? { subnet: { id: firewall.subnetId }, privateIPAddress: firewall.privateIpAddress } : {}),
      publicIPAddress: { id },
    },
  }));
}

/** The one configuration that carries the subnet, wherever it is in the list. */
function subnetOf(body: JsonObject): { readonly name: string; readonly subnetId: string } | undefined {
  for (const member of valuesAt(body, `${CONFIGURATIONS}[]`)) {
    const [subnetId] = valuesAt(member, 'properties.subnet.id');
    if (isJsonObject(member) && typeof member.name === 'string' && typeof subnetId === 'string') {
      return { name: member.name, subnetId };
    }
  }
  return undefined;
}

function withSubnetAt(configuration: Json, name: string, subnetId: string): Json {
  if (!isJsonObject(configuration) || !isJsonObject(configuration.properties)) return configuration;
  const { subnet, ...others } = configuration.properties;
  const carries = String(configuration.name).toLowerCase() === name.toLowerCase();
  if (!carries && subnet === undefined) return configuration;
  return { ...configuration, properties: carries ? { subnet: { id: subnetId }, ...others } : others };
}

function management(firewall: ResolvedFirewall): JsonObject | undefined {
  const { managementSubnetId, managementPublicIpId } = firewall;
  if (managementSubnetId === undefined) return undefined;
  return {
    name: 'management',
    properties: { subnet: { id: managementSubnetId }, publicIPAddress: reference(managementPublicIpId) },
  };
}

/** Public addresses that a write would take off the firewall. */
function leavingAddresses(body: JsonObject, actual: JsonObject): readonly string[] {
  const staying = new Set(referencesAt(body, [ADDRESSES]).map(normaliseId));
  return referencesAt(actual, [ADDRESSES]).filter((id) => !staying.has(normaliseId(id)));
}

function policiesOf(body: JsonObject, actual: JsonObject): readonly string[] {
  return unique([body, actual].flatMap((one) => referencesAt(one, ['properties.firewallPolicy.id'])));
}

const unique = (ids: readonly string[]): readonly string[] => [
  ...new Map(ids.map((id) => [normaliseId(id), id])).values(),
];

/** Azure fails with an internal error when an address leaves that a DNAT rule names. */
function dnatHarm(body: JsonObject, actual: JsonObject, evidence: Evidence): Problem | undefined {
  const groups = policiesOf(body, actual).flatMap((id) => evidence.get(normaliseId(id)) ?? []);
  const destinations = dnatDestinations(actual, groups);
  const named = leavingAddresses(body, actual).find((id) => {
    const [publicIp] = evidence.get(normaliseId(id)) ?? [];
    const [address] = publicIp === undefined ? [] : valuesAt(publicIp, 'properties.ipAddress');
    return destinations.some((one) => mayMean(one, typeof address === 'string' ? address : undefined));
  });
  if (named === undefined) return undefined;
  const name = named.slice(named.lastIndexOf('/') + 1);
  return {
    code: 'AddressNamedByDnat',
    actor: 'operator',
    message: `${name} would leave the firewall, and a DNAT rule of the firewall or its policy names that address.`,
    remedy: `Take the DNAT rule away first, or keep ${name}: raise hub.firewall.publicIps.count or pin it.`,
    path: 'hub.firewall.publicIps',
  };
}

function describeConfiguration(configuration: Json): string {
  return phrase('public address', namesAt(configuration, 'properties.publicIPAddress.id'));
}

function describeClassicCollection(collection: Json): string {
  return describeRuleCollection(
    textsAt(collection, 'properties.action.type'),
    textsAt(collection, 'properties.priority'),
    valuesAt(collection, 'properties.rules[]').length,
  );
}

export const azureFirewall: ResourceKind = {
  name: 'azureFirewall',
  type: 'Microsoft.Network/azureFirewalls',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  // Microsoft and operators: 5 to 12 minutes to make, 3 to 5 for a change, 5 to 15 to delete.
  durationMinutes: { create: 10, update: 4, delete: 10 },
  comparison: {
    readOnly: [
      ...NETWORK_READ_ONLY,
      'properties.ipGroups',
      'properties.afcConfiguration',
      'properties.hubIPAddresses',
      `${CONFIGURATIONS}[].etag`,
      `${CONFIGURATIONS}[].type`,
      `${CONFIGURATIONS}[].properties.privateIPAddress`,
      `${CONFIGURATIONS}[].properties.privateIPAllocationMethod`,
      `${CONFIGURATIONS}[].properties.provisioningState`,
      `${MANAGEMENT}.etag`,
      `${MANAGEMENT}.type`,
      `${MANAGEMENT}.properties.privateIPAddress`,
      `${MANAGEMENT}.properties.privateIPAllocationMethod`,
      `${MANAGEMENT}.properties.provisioningState`,
      ...CLASSIC_RULES.flatMap((name) => [
        `properties.${name}[].etag`,
        `properties.${name}[].properties.provisioningState`,
      ]),
    ],
    entries: [
      // The first one carries the subnet, so the order means something.
      { path: CONFIGURATIONS, key: 'name', foreign: 'keep', ordered: true, describe: describeConfiguration },
      ...CLASSIC_RULES.map((name) => ({
        path: `properties.${name}`,
        key: 'name',
        foreign: 'keep' as const,
        describe: describeClassicCollection,
      })),
    ],
    sets: ['zones'],
    ignoreCase: ['properties.sku.name', 'properties.sku.tier', 'properties.threatIntelMode'],
    defaults: {
      'properties.threatIntelMode': 'Alert',
      'properties.additionalProperties': {},
      ...Object.fromEntries(CLASSIC_RULES.map((name) => [`properties.${name}`, []])),
    },
    immutable: {
      location: FIXED_LOCATION,
      zones: 'The zones of a firewall are fixed when it is made.',
      'properties.sku.name': 'A firewall in a virtual network stays one.',
      [`${CONFIGURATIONS}[].properties.subnet.id`]: 'A firewall stays in its virtual network.',
    },
    secret: [],
  },
  steersTraffic: ['properties'],
  leftWhenFailed:
    'Another write could make it worse: look at its activity log, put right what made it fail, and reconcile by hand.',
  riskOf: riskFrom(
    'destructive',
    [
      { path: CONFIGURATIONS, risk: 'safe', when: 'added' },
      // Connections that left from a removed address break.
      { path: CONFIGURATIONS, risk: 'disruptive' },
      { path: 'properties.autoscaleConfiguration', risk: 'safe' },
    ],
    'disruptive',
  ),
  referencesOf: (body) =>
    referencesAt(body, [
      ADDRESSES,
      `${CONFIGURATIONS}[].properties.subnet.id`,
      `${MANAGEMENT}.properties.publicIPAddress.id`,
      `${MANAGEMENT}.properties.subnet.id`,
      'properties.firewallPolicy.id',
    ]),
  foreignContentOf: (actual, isOurs) => [
    ...foreignEntries(actual, CONFIGURATIONS, 'ipConfiguration', isOurs),
    ...CLASSIC_RULES.flatMap((name) => foreignEntries(actual, `properties.${name}`, 'rule collection', isOurs)),
  ],
  align: (desired, actual) => {
    const wanted = subnetOf(desired);
    const found = subnetOf(actual);
    // Another network altogether is no matter of places: that is refused as what it is.
    if (wanted === undefined || found === undefined || !sameId(wanted.subnetId, found.subnetId)) return desired;
    if (wanted.name.toLowerCase() === found.name.toLowerCase()) return desired;
    const members = valuesAt(desired, `${CONFIGURATIONS}[]`);
    const moved = members.map((member) => withSubnetAt(member, found.name, wanted.subnetId));
    const aligned = setAt(desired, CONFIGURATIONS, moved);
    return isJsonObject(aligned) ? aligned : desired;
  },
  evidenceFor: (body, actual) => {
    const leaving = leavingAddresses(body, actual);
    if (leaving.length === 0) return [];
    return [
      ...leaving.map((id) => ({ kind: 'publicIPAddress', id })),
      ...policiesOf(body, actual).map((id) => ({
        kind: 'firewallPolicyRuleCollectionGroup',
        id,
        childrenOf: true as const,
      })),
    ];
  },
  harmOf: (body, actual, evidence) => {
    if (subnetOf(body) !== undefined) return actual === null ? undefined : dnatHarm(body, actual, evidence);
    return {
      code: 'FirewallWouldStop',
      actor: 'us',
      message:
        'The firewall would be left without the ipConfiguration that carries AzureFirewallSubnet, which stops it.',
      remedy: 'Report this with the plan; nothing was written.',
      path: 'hub.firewall.publicIps',
    };
  },
  verify: (desired, actual) => {
    const [expected] = valuesAt(desired, PRIVATE_ADDRESS);
    const addresses = valuesAt(actual, PRIVATE_ADDRESS).filter((address) => address !== null && address !== '');
    const [first] = addresses;
    if (first === undefined || addresses.includes(expected ?? '')) return undefined;
    return {
      code: 'FirewallPrivateAddressUnexpected',
      actor: 'operator',
      message: `The firewall has the private address ${String(first)}; routes and DNS servers of the spokes were computed for ${String(expected)}.`,
      remedy: `Set hub.firewall.privateIpAddress to ${String(first)} and put the spec again.`,
      path: 'hub.firewall.privateIpAddress',
    };
  },
  compile: (baseline) => {
    const { firewall } = baseline;
    if (firewall === undefined) return [];
    const adjusted = [
      ...firewall.publicIps.filter(({ owner }) => owner !== 'spec').map(({ configurationName }) => configurationName),
      ...(firewall.releasedConfigurations ?? []),
    ];
    const fieldOwners = adjusted.map((name): [string, Owner] => [entryPath(CONFIGURATIONS, name), 'adjustment']);
    return [
      nodeOf('azureFirewall', firewall, {
        body: {
          ...envelope(firewall, baseline),
          ...zonesOf(firewall.zones),
          properties: {
            sku: { name: 'AZFW_VNet', tier: firewall.tier },
            firewallPolicy: { id: firewall.policyId },
            ipConfigurations: configurations(firewall),
            managementIpConfiguration: management(firewall),
            autoscaleConfiguration: firewall.autoscale,
          },
        },
        fieldOwners: Object.fromEntries(fieldOwners),
        dependsOn: dependencies([
          groupOf(firewall),
          firewall.networkId,
          firewall.policyId,
          firewall.managementPublicIpId,
          ...firewall.publicIps.map(({ id }) => id),
          // Cheap while no firewall uses the policy, minutes each afterwards.
          ...baseline.ruleCollectionGroups.map(({ id }) => id),
        ]),
        lanes: [
          laneOf.virtualNetwork(firewall.networkId),
          ...firewallFamilyLanes(baseline),
          ...firewall.publicIps.map(({ id }) => laneOf.publicIpAddress(id)),
          ...(firewall.managementPublicIpId === undefined
            ? []
            : [laneOf.publicIpAddress(firewall.managementPublicIpId)]),
        ],
      }),
    ];
  },
};
