import type { ArmError } from '../arm-error.ts';
import type { JsonObject } from '../json.ts';
import type { ResourceLock, ResourceType, StoredResource, World, Write } from '../resource-type.ts';
import { addressesIn, subnetPrefixes } from './support/address-allocation.ts';
import {
  type ChildDraft,
  childEffects,
  draftsIn,
  droppedChildren,
  propertiesOf,
  storedDrafts,
} from './support/children.ts';
import { flagAt, objectAt, textAt, textsAt, without } from './support/fields.ts';
import { guidOf, sameName } from './support/ids.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle } from './support/network.ts';
import { firstError, firstOf, missingProperty, refuse } from './support/network-errors.ts';
import {
  inlinePeering,
  PEERINGS,
  peeringBody,
  remoteIdOf,
  settlePeerings,
  validatePeering,
  validateSpaceOfPeered,
} from './support/peerings.ts';
import { validatePrefix } from './support/prefix-rules.ts';
import {
  addressText,
  firstFreeAddress,
  isReservedAddress,
  overlap,
  parseAddress,
  parsePrefix,
  prefixesOf,
} from './support/prefixes.ts';
import {
  inlineSubnet,
  SUBNETS,
  subnetBody,
  subnetReferences,
  validateSubnetChange,
  validateSubnets,
  validateSubnetUnused,
} from './support/subnets.ts';

/** Address ranges that no virtual network may hold. */
const FORBIDDEN = prefixesOf([
  '224.0.0.0/4',
  '255.255.255.255/32',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '168.63.129.16/32',
]);

/**
 * Virtual networks. `subnets` and `virtualNetworkPeerings` inline are whole lists: a missing member is deleted, an empty
 * list deletes all; a body without the property keeps what is there.
 */
export const virtualNetworks: ResourceType = {
  type: 'Microsoft.Network/virtualNetworks',
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  etag: 'family',
  validate(write, world) {
    const space = textsAt(write.body, 'properties', 'addressSpace', 'addressPrefixes');
    const subnets = subnetDrafts(write, world);
    const place = { networkId: write.id.id, location: write.location, addressPrefixes: space };
    return firstError(
      () => validateAddressSpace(write.id.id, space),
      () => validateDnsServers(write.id.id, write.body),
      () => validateProtectionPlan(write.id.id, write.body),
      () => validateSubnets(place, subnets, draftsIn(write.body, 'subnets') ?? [], world),
      () => validateChangedSubnets(write, subnets, world),
      () => validatePeerings(write, space, world),
    );
  },
  store(write, world) {
    const guid = textAt(write.existing?.body, 'properties', 'resourceGuid') ?? guidOf(write.id.key, world.nowMs);
    const subnets = draftsIn(write.body, 'subnets');
    const peerings = draftsIn(write.body, 'virtualNetworkPeerings');
    const properties = without(
      propertiesOf(write.body),
      'subnets',
      'virtualNetworkPeerings',
      'flowLogs',
      'defaultPublicNatGateway',
    );
    return {
      body: {
        properties: {
          enableDdosProtection: false,
          privateEndpointVNetPolicies: 'Disabled',
          ...properties,
          resourceGuid: guid,
        },
      },
      also: [
        ...(subnets === undefined
          ? []
          : childEffects(write.id.id, SUBNETS, subnets, world, (draft) => subnetBody(draft.properties))),
        ...(peerings === undefined
          ? []
          : childEffects(write.id.id, PEERINGS, peerings, world, (draft, id) =>
              peeringBody(draft, world.get(id), false, write.id.id, world),
            )),
      ],
    };
  },
  present(resource, world) {
    return {
      properties: {
        ...objectAt(resource.body, 'properties'),
        subnets: world.children(resource.id.id, SUBNETS).map((subnet) => inlineSubnet(subnet, world)),
        virtualNetworkPeerings: world
          .children(resource.id.id, PEERINGS)
          .map((peering) => inlinePeering(peering, world)),
      },
    };
  },
  references(id, body) {
    const plan = textAt(body, 'properties', 'ddosProtectionPlan', 'id');
    return plan === undefined
      ? []
      : [{ to: plan, by: id.id, linkedAction: 'Microsoft.Network/ddosProtectionPlans/join/action' }];
  },
  locks: networkLocks,
  durationSeconds: durations({ create: [8, 40], update: [8, 40], delete: [8, 40] }),
  asyncStyle: networkStyle,
  whenSettled: (resource, world) => settlePeerings(resource.id.id, world),
  whenDeleted: (resource, world) => settlePeerings(resource.id.id, world),
  canDelete: (resource, world) =>
    firstOf(world.children(resource.id.id, SUBNETS), (subnet) => validateSubnetUnused(subnet, world)),
  actions: {
    CheckIPAddressAvailability: {
      method: 'GET',
      permission: 'Microsoft.Network/virtualNetworks/checkIpAddressAvailability/read',
      validate: (_resource, request) => {
        const text = request.query.ipAddress ?? request.query.ipaddress ?? '';
        return parseAddress(text) === null
          ? refuse('InvalidIPAddressFormat', `IP address ${text} is not formatted correctly.`)
          : null;
      },
      run: (resource, request, world) => ({
        answer: addressAvailability(resource, request.query.ipAddress ?? request.query.ipaddress ?? '', world),
      }),
    },
    usages: {
      method: 'GET',
      permission: 'Microsoft.Network/virtualNetworks/usages/read',
      run: (resource, _request, world) => ({ answer: { value: subnetUsages(resource, world) } }),
    },
  },
  quota: {
    name: 'VirtualNetworks',
    localizedName: 'Virtual Networks',
    limit: 1000,
    error: (limit) =>
      refuse(
        'VnetCountLimitReached',
        `Cannot create more than ${limit} virtual networks for this subscription in this region.`,
      ),
  },
};

/** Whether an address of the network is free, and five others of its subnet that are where it is not. */
function addressAvailability(network: StoredResource, text: string, world: World): JsonObject {
  const address = parseAddress(text)?.first ?? 0n;
  for (const subnet of world.children(network.id.id, SUBNETS)) {
    const prefix = subnetPrefixes(subnet.body).find(({ first, last }) => first <= address && address <= last);
    if (prefix === undefined) continue;
    const held = new Set(addressesIn(subnet.id.id, world).keys());
    const isPlatformReserved = isReservedAddress(prefix, address);
    if (!isPlatformReserved && !held.has(address)) return { available: true, isPlatformReserved };
    const free: string[] = [];
    for (
      let next = firstFreeAddress(prefix, held);
      next !== null && free.length < 5;
      next = firstFreeAddress(prefix, held)
    ) {
      free.push(addressText(next, prefix.family));
      held.add(next);
    }
    return { available: false, availableIPAddresses: free, isPlatformReserved };
  }
  return { available: false, availableIPAddresses: [], isPlatformReserved: false };
}

/** How many addresses of each subnet are taken, of those that are not Azure's. */
function subnetUsages(network: StoredResource, world: World): readonly JsonObject[] {
  return world.children(network.id.id, SUBNETS).map((subnet) => {
    const four = subnetPrefixes(subnet.body).find(({ family }) => family === 4);
    return {
      id: subnet.id.id,
      currentValue: addressesIn(subnet.id.id, world).size,
      limit: four === undefined ? 0 : 2 ** (32 - four.length) - 5,
      name: { value: 'SubnetSpace', localizedValue: 'Subnet size and usage' },
      unit: 'Count',
    };
  });
}

/** The subnets as they would be after the write. */
function subnetDrafts(write: Write, world: World): readonly ChildDraft[] {
  return draftsIn(write.body, 'subnets') ?? storedDrafts(write.id.id, SUBNETS, world);
}

function validateAddressSpace(id: string, space: readonly string[]): ArmError | null {
  if (space.length === 0) return missingProperty(id, 'addressSpace.addressPrefixes');
  const bad = firstOf(space, (text) => validatePrefix(text, id));
  if (bad !== null) return bad;
  const prefixes = prefixesOf(space);
  return firstOf(prefixes, (prefix) => {
    const forbidden = FORBIDDEN.some((range) => overlap(range, prefix));
    if (forbidden || (prefix.family === 4 && (prefix.length > 29 || prefix.length < 2))) {
      return refuse(
        'AddressPrefixNotAllowed',
        `The address prefix ${prefix.text} in resource ${id} is not allowed in the address space of a virtual network.`,
      );
    }
    if (!prefixes.some((other) => other !== prefix && overlap(other, prefix))) return null;
    return refuse(
      'AddressPrefixesOverlap',
      `The address prefix ${prefix.text} in resource ${id} overlaps with another address prefix of the same resource.`,
    );
  });
}

function validateDnsServers(id: string, body: JsonObject): ArmError | null {
  const bad = textsAt(body, 'properties', 'dhcpOptions', 'dnsServers').find((server) => parseAddress(server) === null);
  if (bad === undefined) return null;
  return refuse(
    'InvalidIPAddressFormat',
    `IP address ${bad} of DNS servers in resource ${id} is not formatted correctly.`,
  );
}

function validateProtectionPlan(id: string, body: JsonObject): ArmError | null {
  const plan = textAt(body, 'properties', 'ddosProtectionPlan', 'id');
  if (!flagAt(body, 'properties', 'enableDdosProtection') || plan !== undefined) return null;
  return refuse(
    'DdosProtectionPlanIdNotProvided',
    `DDoS protection cannot be enabled on virtual network ${id} without a DDoS protection plan.`,
  );
}

/** Dropped subnets must be unused; changed ones must keep the ranges that are in use. */
function validateChangedSubnets(write: Write, drafts: readonly ChildDraft[], world: World): ArmError | null {
  return firstError(
    () =>
      firstOf(droppedChildren(write.id.id, SUBNETS, drafts, world), (subnet) => validateSubnetUnused(subnet, world)),
    () =>
      firstOf(world.children(write.id.id, SUBNETS), (subnet) => {
        const draft = drafts.find(({ name }) => sameName(name, subnet.id.name));
        return draft === undefined ? null : validateSubnetChange(subnet, draft, world);
      }),
  );
}

function validatePeerings(write: Write, space: readonly string[], world: World): ArmError | null {
  const drafts = draftsIn(write.body, 'virtualNetworkPeerings');
  const had = textsAt(write.existing?.body, 'properties', 'addressSpace', 'addressPrefixes');
  const grew = space.some((text) => parsePrefix(text) !== null && !had.includes(text));
  return firstError(
    () => (grew && write.existing !== undefined ? validateSpaceOfPeered(write.id.id, space, world) : null),
    () => firstOf(drafts ?? [], (draft) => validatePeering(write.id.id, draft, space, world)),
    () => {
      const missing = (drafts ?? []).map(({ properties }) => remoteIdOf(properties) ?? '');
      return firstOf(missing, (remote) =>
        world.get(remote) === undefined
          ? refuse(
              'InvalidResourceReference',
              `Resource ${remote} referenced by resource ${write.id.id} was not found. Please make sure that the ` +
                'referenced resource exists, and that both resources are in the same region.',
            )
          : null,
      );
    },
  );
}

/** The whole network, and against writes what its subnets use. */
function networkLocks(target: Write | StoredResource, world: World): readonly ResourceLock[] {
  const drafts = 'method' in target ? (draftsIn(target.body, 'subnets') ?? []) : [];
  const used = [...drafts, ...storedDrafts(target.id.id, SUBNETS, world)].flatMap((draft) =>
    subnetReferences(`${target.id.id}/subnets/${draft.name}`, draft.properties).map(({ to }) => to),
  );
  const plan = textAt(target.body, 'properties', 'ddosProtectionPlan', 'id');
  const shared = new Set([...used, ...(plan === undefined ? [] : [plan])]);
  return [{ id: target.id.id, mode: 'exclusive' }, ...[...shared].map((id): ResourceLock => ({ id, mode: 'shared' }))];
}
