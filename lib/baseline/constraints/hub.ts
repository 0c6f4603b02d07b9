import { addressAt, contains, isReservedByAzure, parseAddress, parsePrefix } from '../address-space.ts';
import type { FirewallSpec, NatGatewaySpec } from '../spec.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { isAddressOrRange, repeatsOf } from './address-text.ts';
import { addressFaults } from './addresses.ts';
import { type ConstraintContext, hasEgressHop } from './context.ts';

/** Microsoft documents 250 public IP addresses for a firewall, and 250 for them and the destinations of DNAT rules together. */
const maxFirewallPublicIps = 250;
/** Microsoft advises 20 addresses at least for a firewall that carries the egress of AKS in production. */
const advisedFirewallPublicIps = 20;

function* publicIpFaults(context: ConstraintContext, firewall: FirewallSpec): Iterable<Violation> {
  const { publicIps } = firewall;
  const path = 'hub.firewall.publicIps';
  const minimum = publicIps.minimum ?? publicIps.count;
  const maximum = publicIps.maximum ?? publicIps.count;
  if (minimum > publicIps.count || publicIps.count > maximum) {
    const message = `minimum ${minimum}, count ${publicIps.count} and maximum ${maximum} are not in that order.`;
    yield violation('PublicIpBounds', publicIps.count > maximum ? `${path}.maximum` : `${path}.minimum`, message);
  }
  if (publicIps.ids.length > publicIps.count) {
    const message = `${publicIps.ids.length} existing addresses are given for a count of ${publicIps.count}.`;
    yield violation('PublicIpIdsBeyondCount', `${path}.ids`, message);
  }
  if (publicIps.prefixIdLengths.length > publicIps.prefixIds.length) {
    const message = `${publicIps.prefixIdLengths.length} sizes are given for ${publicIps.prefixIds.length} existing prefixes.`;
    yield violation('PublicIpPrefixSizesBeyondIds', `${path}.prefixIdLengths`, message);
  }
  for (const key of ['ids', 'prefixIds'] as const) {
    for (const { index } of repeatsOf(publicIps[key])) {
      yield violation('AdoptedTwice', `${path}.${key}[${index}]`, 'The same existing resource is given twice.');
    }
  }
  const destinations = new Set<string>();
  for (const group of firewall.ruleCollectionGroups) {
    for (const collection of group.ruleCollections) {
      if (collection.ruleCollectionType !== 'FirewallPolicyNatRuleCollection') continue;
      for (const rule of collection.rules) {
        for (const address of rule.destinationAddresses) {
          for (const port of rule.destinationPorts) destinations.add(`${address}:${port}`);
        }
      }
    }
  }
  if (maximum + destinations.size > maxFirewallPublicIps) {
    const message = `${maximum} public addresses and ${destinations.size} DNAT destinations are more than ${maxFirewallPublicIps}.`;
    yield violation('FirewallPublicIpLimit', `${path}.maximum`, message);
  }
  const carriesClusters = context.spec.spokes.some((spoke) => spoke.cluster?.outboundType === 'userDefinedRouting');
  if (carriesClusters && maximum < advisedFirewallPublicIps && firewall.natGateway === undefined) {
    const message = `The firewall can reach ${maximum} public addresses; Microsoft advises ${advisedFirewallPublicIps} for the egress of AKS in production.`;
    yield violation(
      'FirewallPublicIpsFew',
      `${path}.${publicIps.maximum === undefined ? 'count' : 'maximum'}`,
      message,
    );
  }
}

function* firewallFaults(context: ConstraintContext, firewall: FirewallSpec): Iterable<Violation> {
  if (firewall.privateIpAddress !== undefined) {
    const path = 'hub.firewall.privateIpAddress';
    const address = parseAddress(firewall.privateIpAddress);
    const subnet = context.networks[0]?.subnets.find(({ reserved }) => reserved === 'firewall')?.prefix;
    yield* addressFaults(firewall.privateIpAddress, path);
    if (
      address?.family === 4 &&
      subnet !== undefined &&
      (!contains(subnet, address) || isReservedByAzure(subnet, address))
    ) {
      const message = `${firewall.privateIpAddress} is not an address that AzureFirewallSubnet (${subnet.text}) can give.`;
      yield violation('FirewallPrivateIpOutside', path, message, { first: addressAt(subnet, 4) ?? subnet.text });
    }
  }
  for (const [index, text] of (firewall.privateRanges ?? []).entries()) {
    if (text === 'IANAPrivateRanges' || isAddressOrRange(text)) continue;
    const message = `'${text.slice(0, 64)}' is neither an address, a prefix, a range, nor IANAPrivateRanges.`;
    yield violation('PrivateRangeInvalid', `hub.firewall.privateRanges[${index}]`, message);
  }
  const { minCapacity, maxCapacity } = firewall.autoscale ?? {};
  // Microsoft documents bounds that are equal or more than 1 apart.
  if (
    minCapacity !== undefined &&
    maxCapacity !== undefined &&
    (maxCapacity < minCapacity || maxCapacity - minCapacity === 1)
  ) {
    const message = `The firewall cannot have ${minCapacity} instances at least and ${maxCapacity} at most.`;
    yield violation('FirewallAutoscaleBounds', 'hub.firewall.autoscale', message);
  }
  yield* publicIpFaults(context, firewall);
  if (firewall.natGateway !== undefined) yield* natGatewayFaults(firewall.natGateway, 'hub.firewall.natGateway');
}

/** What a NAT gateway of the spec may not combine; the same for firewall and spokes. */
export function* natGatewayFaults(gateway: NatGatewaySpec, path: string): Iterable<Violation> {
  const zones = gateway.zones ?? [];
  if (gateway.sku === 'Standard' && zones.length > 1) {
    yield violation(
      'NatGatewayZones',
      `${path}.zones`,
      `A Standard NAT gateway lives in one zone, not in ${zones.length}.`,
    );
  } else if (gateway.sku === 'StandardV2' && zones.length > 0 && new Set(zones).size < 3) {
    yield violation('NatGatewayZones', `${path}.zones`, 'A StandardV2 NAT gateway is always in all zones.');
  }
  const own = gateway.publicIpPrefixLength === undefined ? 0 : 2 ** (32 - gateway.publicIpPrefixLength);
  const total = own + (gateway.publicIpCount ?? 0);
  if (total > 16) {
    yield violation(
      'NatGatewayPublicIpLimit',
      `${path}.publicIpCount`,
      `A NAT gateway has 16 public addresses at most, not ${total}.`,
    );
  }
  for (const { index } of repeatsOf(gateway.publicIpPrefixIds)) {
    yield violation(
      'AdoptedTwice',
      `${path}.publicIpPrefixIds[${index}]`,
      'The same existing resource is given twice.',
    );
  }
}

function* bastionFaults(context: ConstraintContext): Iterable<Violation> {
  const { bastion } = context.spec.hub;
  if (bastion?.sku !== 'Basic') return;
  if (bastion.enableTunneling === true) {
    yield violation('BastionBasicFeature', 'hub.bastion.enableTunneling', 'A Basic Bastion host has no tunnels.');
  }
  if (bastion.scaleUnits !== 2) {
    yield violation(
      'BastionBasicFeature',
      'hub.bastion.scaleUnits',
      'A Basic Bastion host has two scale units, always.',
    );
  }
}

function* zoneListFaults(context: ConstraintContext): Iterable<Violation> {
  const { hub, spokes } = context.spec;
  const lists: (readonly [readonly string[] | undefined, string])[] = [
    [hub.firewall?.zones, 'hub.firewall.zones'],
    [hub.firewall?.natGateway?.zones, 'hub.firewall.natGateway.zones'],
    [hub.bastion?.zones, 'hub.bastion.zones'],
    ...spokes.flatMap((spoke, index) => [
      [spoke.natGateway?.zones, `spokes[${index}].natGateway.zones`] as const,
      ...(spoke.cluster?.nodePools ?? []).map(
        (pool, at) => [pool.zones, `spokes[${index}].cluster.nodePools[${at}].zones`] as const,
      ),
    ]),
  ];
  for (const [zones, path] of lists) {
    for (const { index, text } of repeatsOf(zones ?? [])) {
      yield violation('ZoneDuplicate', `${path}[${index}]`, `Zone ${text} is named twice.`);
    }
  }
}

/** Firewall, appliance, public addresses, NAT gateways, Bastion and zones. */
export function* hubConstraints(context: ConstraintContext): Iterable<Violation> {
  const { hub, spokes } = context.spec;
  if (hub.firewall !== undefined && hub.virtualAppliance !== undefined) {
    yield violation(
      'EgressHopTwice',
      'hub.virtualAppliance',
      'The hub has a firewall and another appliance for the same 0.0.0.0/0.',
    );
  }
  if (hub.virtualAppliance !== undefined) {
    yield* addressFaults(hub.virtualAppliance.privateIpAddress, 'hub.virtualAppliance.privateIpAddress');
  }
  if (hub.firewall !== undefined) yield* firewallFaults(context, hub.firewall);
  yield* bastionFaults(context);
  yield* zoneListFaults(context);
  for (const [index, spoke] of spokes.entries()) {
    if (spoke.natGateway !== undefined) yield* natGatewayFaults(spoke.natGateway, `spokes[${index}].natGateway`);
    const gateway = hub.subnets.gateway !== undefined || hub.network.id !== undefined;
    if (spoke.peering.useHubGateway && !gateway) {
      const message = `Spoke ${spoke.name} uses the hub's gateway, but the hub has no GatewaySubnet.`;
      yield violation('HubGatewayMissing', `spokes[${index}].peering.useHubGateway`, message);
    }
  }
  if (!hasEgressHop(context.spec) && hub.subnets.firewallManagement !== undefined) {
    yield violation(
      'FirewallManagementUnused',
      'hub.subnets.firewallManagement',
      'AzureFirewallManagementSubnet is there without a firewall.',
    );
  }
  const appliance = parsePrefix(`${hub.virtualAppliance?.privateIpAddress}/32`);
  if (
    appliance !== undefined &&
    context.networks.some(
      ({ role, space }) => role === 'spoke' && space.some(({ prefix }) => contains(prefix, appliance)),
    )
  ) {
    yield violation(
      'ApplianceInSpoke',
      'hub.virtualAppliance.privateIpAddress',
      'The appliance has an address of a spoke; the route to it would come back to itself.',
    );
  }
}
