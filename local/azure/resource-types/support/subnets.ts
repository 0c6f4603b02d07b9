import type { ArmError } from '../../arm-error.ts';
import type { JsonObject } from '../../json.ts';
import type { Reference, StoredResource, World } from '../../resource-type.ts';
import { addressesIn, subnetPrefixes } from './address-allocation.ts';
import { validateBastionRules } from './bastion-rules.ts';
import { type ChildDraft, inlineChild, storedDrafts } from './children.ts';
import { given, objectAt, objectsAt, textAt, textsAt, without } from './fields.ts';
import { nameOf, sameName } from './ids.ts';
import { validateChildNames } from './names.ts';
import { firstError, firstOf, missingProperty, notProvisioned, refuse } from './network-errors.ts';
import { validatePrefix } from './prefix-rules.ts';
import { contains, overlap, type Prefix, prefixesOf } from './prefixes.ts';
import { validateReferencesExist, validateSameRegion } from './references.ts';
import { validateTableForSubnet } from './routes.ts';

export const SUBNETS = 'Microsoft.Network/virtualNetworks/subnets';

/** Microsoft documents 3,000 subnets for a virtual network. */
const MOST_SUBNETS = 3000;

/** Longest prefix of the subnets that Azure gives a meaning to by their name. */
const LONGEST_PREFIX: Readonly<Record<string, number>> = {
  azurefirewallsubnet: 26,
  azurefirewallmanagementsubnet: 26,
  azurebastionsubnet: 26,
  gatewaysubnet: 29,
  routeserversubnet: 27,
};

/** Reserved subnets that take no network security group. */
const WITHOUT_GROUP: readonly string[] = [
  'azurefirewallsubnet',
  'azurefirewallmanagementsubnet',
  'gatewaysubnet',
  'routeserversubnet',
];

/** Reserved subnets that take no NAT gateway; the firewall's may have one. */
const WITHOUT_NAT: readonly string[] = ['gatewaysubnet', 'azurebastionsubnet', 'routeserversubnet'];

/** Where a subnet lies. */
export interface SubnetPlace {
  readonly networkId: string;
  readonly location: string | undefined;
  readonly addressPrefixes: readonly string[];
}

export function isReservedSubnet(name: string): boolean {
  return name.toLowerCase() in LONGEST_PREFIX;
}

/** All subnets of one network together, as they would be after a write, and each of those that are written. */
export function validateSubnets(
  place: SubnetPlace,
  drafts: readonly ChildDraft[],
  written: readonly ChildDraft[],
  world: World,
): ArmError | null {
  if (drafts.length > MOST_SUBNETS) {
    return refuse(
      'SubnetCountLimitReached',
      `Cannot create more than ${MOST_SUBNETS} subnets for this virtual network ${place.networkId}.`,
    );
  }
  return firstError(
    () =>
      validateChildNames(
        place.networkId,
        drafts.map(({ name }) => name),
      ),
    () => firstOf(written, (draft) => validateSubnet(place, draft, world)),
    () => validateRanges(place, drafts),
  );
}

/** What an existing subnet may not lose or change while something is in it. */
export function validateSubnetChange(existing: StoredResource, draft: ChildDraft, world: World): ArmError | null {
  const held = addressesIn(existing.id.id, world);
  const users = world.referencedBy(existing.id.id);
  if (users.length === 0) return null;
  const wanted = prefixesOf(prefixTextsOf(draft.properties));
  const lost = subnetPrefixes(existing.body).filter((had) => !wanted.some((prefix) => prefix.text === had.text));
  const inUse = lost.find(
    (prefix) =>
      held.size === 0 || [...held.keys()].some((address) => prefix.first <= address && address <= prefix.last),
  );
  if (inUse !== undefined) {
    return refuse(
      'InUsePrefixCannotBeDeleted',
      `IpPrefix ${inUse.text} on Subnet ${existing.id.name} has active allocations and cannot be deleted.`,
    );
  }
  return null;
}

/** Refused while anything has an address in the subnet or points at it. */
export function validateSubnetUnused(subnet: StoredResource, world: World): ArmError | null {
  const user = world.referencedBy(subnet.id.id)[0];
  if (user === undefined) return null;
  return refuse(
    'InUseSubnetCannotBeDeleted',
    `Subnet ${subnet.id.name} is in use by ${user.reference.by} and cannot be deleted. In order to delete the subnet, ` +
      'delete all the resources within the subnet. See aka.ms/deletesubnet.',
  );
}

/** What a subnet's properties point at. */
export function subnetReferences(subnetId: string, properties: JsonObject): readonly Reference[] {
  const pointers: readonly (readonly [string, string])[] = [
    ['networkSecurityGroup', 'Microsoft.Network/networkSecurityGroups/join/action'],
    ['routeTable', 'Microsoft.Network/routeTables/join/action'],
    ['natGateway', 'Microsoft.Network/natGateways/join/action'],
  ];
  return pointers.flatMap(([property, linkedAction]) => {
    const to = textAt(properties, property, 'id');
    return to === undefined ? [] : [{ to, by: subnetId, linkedAction }];
  });
}

/** A subnet's properties as stored. */
export function subnetBody(properties: JsonObject): JsonObject {
  const pointer = (name: string) => {
    const id = textAt(properties, name, 'id');
    return id === undefined ? {} : { [name]: { id } };
  };
  return {
    properties: {
      privateEndpointNetworkPolicies: 'Disabled',
      privateLinkServiceNetworkPolicies: 'Enabled',
      ...without(
        properties,
        'networkSecurityGroup',
        'routeTable',
        'natGateway',
        'serviceEndpoints',
        'delegations',
        'ipConfigurations',
        'ipConfigurationProfiles',
        'privateEndpoints',
        'resourceNavigationLinks',
        'serviceAssociationLinks',
        'purpose',
      ),
      ...pointer('networkSecurityGroup'),
      ...pointer('routeTable'),
      ...pointer('natGateway'),
      serviceEndpoints: objectsAt(properties, 'serviceEndpoints').map((endpoint) => ({
        service: textAt(endpoint, 'service') ?? '',
        locations: textsAt(endpoint, 'locations'),
      })),
      delegations: objectsAt(properties, 'delegations').map((delegation) => ({
        name: textAt(delegation, 'name') ?? '',
        properties: { serviceName: textAt(delegation, 'properties', 'serviceName') ?? '' },
      })),
    },
  };
}

/** A subnet's properties as answered: without its own provisioningState. */
export function presentSubnet(subnet: StoredResource, world: World): JsonObject {
  const properties = objectAt(subnet.body, 'properties');
  const users = [...new Set(world.referencedBy(subnet.id.id).map(({ reference }) => reference.by))];
  return {
    ...without(properties, 'serviceEndpoints', 'delegations'),
    ...(users.length === 0 ? {} : { ipConfigurations: users.map((id) => ({ id })) }),
    serviceEndpoints: objectsAt(properties, 'serviceEndpoints').map((endpoint) => ({
      provisioningState: 'Succeeded',
      ...endpoint,
      ...(textsAt(endpoint, 'locations').length === 0 ? given('locations', regionList(subnet, world)) : {}),
    })),
    delegations: objectsAt(properties, 'delegations').map((delegation) => ({
      name: textAt(delegation, 'name') ?? '',
      id: `${subnet.id.id}/delegations/${textAt(delegation, 'name') ?? ''}`,
      etag: subnet.etag,
      properties: {
        provisioningState: 'Succeeded',
        serviceName: textAt(delegation, 'properties', 'serviceName') ?? '',
        actions: delegationActions(textAt(delegation, 'properties', 'serviceName') ?? ''),
      },
      type: 'Microsoft.Network/virtualNetworks/subnets/delegations',
    })),
  };
}

/** A subnet inside its network's body. */
export function inlineSubnet(subnet: StoredResource, world: World): JsonObject {
  return inlineChild(subnet, presentSubnet(subnet, world));
}

function regionList(subnet: StoredResource, world: World): readonly string[] | undefined {
  const location = world.get(subnet.id.parentId ?? '')?.location;
  return location === undefined ? undefined : [location];
}

function delegationActions(service: string): readonly string[] {
  return sameName(service, 'Microsoft.ContainerService/managedClusters')
    ? ['Microsoft.Network/virtualNetworks/subnets/action', 'Microsoft.Network/virtualNetworks/subnets/join/action']
    : ['Microsoft.Network/virtualNetworks/subnets/join/action'];
}

function prefixTextsOf(properties: JsonObject): readonly string[] {
  const several = textsAt(properties, 'addressPrefixes');
  const one = textAt(properties, 'addressPrefix');
  return several.length > 0 ? several : one === undefined || one === '' ? [] : [one];
}

function validateSubnet(place: SubnetPlace, draft: ChildDraft, world: World): ArmError | null {
  const id = `${place.networkId}/subnets/${draft.name}`;
  const texts = prefixTextsOf(draft.properties);
  if (texts.length === 0) return missingProperty(id, 'addressPrefix');
  return firstError(
    () => firstOf(texts, (text) => validatePrefix(text, id)),
    () => validateSize(place, draft, prefixesOf(texts)),
    () => validateDelegations(id, draft),
    () => validateReferencesExist(subnetReferences(id, draft.properties), world),
    () => validateTargetsReady(id, draft, world),
    () =>
      validateSameRegion(
        id,
        place.location,
        subnetReferences(id, draft.properties).map(({ to }) => to),
        world,
      ),
    () => validateGroup(id, draft, world),
    () => validateTable(id, draft, world),
    () => validateNatGateway(draft),
  );
}

function validateSize(place: SubnetPlace, draft: ChildDraft, prefixes: readonly Prefix[]): ArmError | null {
  const four = prefixes.filter(({ family }) => family === 4);
  // A subnet is /29 at least: five of its addresses are Azure's. An IPv6 part is exactly /64.
  const bad =
    four.some(({ length }) => length > 29) || prefixes.some(({ family, length }) => family === 6 && length !== 64);
  if (bad) {
    return refuse(
      'NetcfgInvalidSubnet',
      `Subnet '${draft.name}' is not valid in virtual network '${nameOf(place.networkId)}'.`,
    );
  }
  const longest = LONGEST_PREFIX[draft.name.toLowerCase()];
  const small = longest === undefined ? undefined : four.find(({ length }) => length > longest);
  if (small === undefined) return null;
  return refuse(
    'SubnetPrefixLengthNotSupported',
    `Subnet '${draft.name}' with address prefix ${small.text} is too small. Subnet '${draft.name}' requires an address ` +
      `prefix of /${longest} or larger.`,
  );
}

function validateDelegations(id: string, draft: ChildDraft): ArmError | null {
  const delegations = objectsAt(draft.properties, 'delegations');
  if (delegations.length === 0) return null;
  if (isReservedSubnet(draft.name)) {
    return refuse('SubnetDelegationNotAllowed', `Subnet ${id} cannot be delegated: its name is reserved.`);
  }
  if (delegations.length > 1) {
    return refuse('SubnetMultipleDelegationsNotAllowed', `Subnet ${id} can be delegated to one service only.`);
  }
  return firstOf(delegations, (delegation) =>
    textAt(delegation, 'properties', 'serviceName') === undefined || textAt(delegation, 'name') === undefined
      ? missingProperty(`${id}/delegations`, 'serviceName')
      : null,
  );
}

/** Whatever a subnet joins must be in state Succeeded. */
function validateTargetsReady(id: string, draft: ChildDraft, world: World): ArmError | null {
  return firstOf(subnetReferences(id, draft.properties), ({ to }) => {
    const target = world.get(to);
    if (target === undefined || target.provisioningState === 'Succeeded') return null;
    const detail = notProvisioned(to, id, target.provisioningState, target.lastOperation ?? 'unknown');
    return {
      ...detail,
      status: 429,
      code: 'RetryableError',
      message: 'A retryable error occured.',
      details: [{ code: detail.code, message: detail.message }],
      headers: { 'Retry-After': '10' },
    };
  });
}

function validateGroup(id: string, draft: ChildDraft, world: World): ArmError | null {
  const group = textAt(draft.properties, 'networkSecurityGroup', 'id');
  if (group === undefined) return null;
  if (WITHOUT_GROUP.includes(draft.name.toLowerCase())) {
    return refuse(
      `NetworkSecurityGroupCannotBeAttachedFor${draft.name}`,
      `Network security group ${nameOf(group)} cannot be attached to subnet ${draft.name} (${id}).`,
    );
  }
  if (!sameName(draft.name, 'AzureBastionSubnet')) return null;
  const rules = storedDrafts(group, 'Microsoft.Network/networkSecurityGroups/securityRules', world);
  return validateBastionRules(nameOf(group), rules);
}

function validateTable(id: string, draft: ChildDraft, world: World): ArmError | null {
  const table = textAt(draft.properties, 'routeTable', 'id');
  if (table === undefined) return null;
  const routes = storedDrafts(table, 'Microsoft.Network/routeTables/routes', world);
  return validateTableForSubnet(id, nameOf(table), routes, world.get(table)?.body ?? {});
}

function validateNatGateway(draft: ChildDraft): ArmError | null {
  const gateway = textAt(draft.properties, 'natGateway', 'id');
  if (gateway === undefined || !WITHOUT_NAT.includes(draft.name.toLowerCase())) return null;
  return refuse(
    `NatGatewayCannotBeAttachedFor${draft.name}`,
    `NAT gateway ${nameOf(gateway)} cannot be attached to subnet ${draft.name}.`,
  );
}

function validateRanges(place: SubnetPlace, drafts: readonly ChildDraft[]): ArmError | null {
  const space = prefixesOf(place.addressPrefixes);
  const network = nameOf(place.networkId);
  const seen: Prefix[] = [];
  return firstOf(drafts, (draft) => {
    const prefixes = prefixesOf(prefixTextsOf(draft.properties));
    if (prefixes.some((prefix) => !space.some((outer) => contains(outer, prefix)))) {
      return refuse(
        'NetcfgSubnetRangeOutsideVnet',
        `Subnet '${draft.name}' is not valid because its IP address range is outside the IP address range of virtual ` +
          `network '${network}'.`,
      );
    }
    if (prefixes.some((prefix) => seen.some((other) => overlap(prefix, other)))) {
      return refuse(
        'NetcfgSubnetRangesOverlap',
        `Subnet '${draft.name}' is not valid because its IP address range overlaps with that of an existing subnet in ` +
          `virtual network '${network}'.`,
      );
    }
    seen.push(...prefixes);
    return null;
  });
}
